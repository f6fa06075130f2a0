//! What clients send each other (RFC 9420 §6).

use super::names::{CONTENT_TYPES, SENDER_TYPES, VERSIONS, WIRE_FORMATS};
use super::page::Page;
use super::{commit, group, leaf_node};
use crate::base::{Code, Result};

/// MLSMessage (§6).
pub(super) fn mls_message(page: &mut Page<'_>) -> Result<()> {
    let version = page.registered("version", VERSIONS)?;
    if version != 1 {
        return Err(page.fault("version", Code::UnsupportedVersion, format_args!("protocol version {version}")));
    }
    match page.registered("wire_format", WIRE_FORMATS)? {
        1 => page.inner("public_message", ("PublicMessage", public_message)),
        2 => page.inner("private_message", ("PrivateMessage", private_message)),
        3 => page.inner("welcome", ("Welcome", group::welcome)),
        4 => page.inner("group_info", ("GroupInfo", group::group_info)),
        5 => page.inner("key_package", ("KeyPackage", leaf_node::key_package)),
        other => Err(page.fault("wire_format", Code::UnsupportedContent, format_args!("wire format {other}"))),
    }
}

/// PublicMessage (§6.2). Members alone have a membership tag.
pub(super) fn public_message(page: &mut Page<'_>) -> Result<()> {
    const MEMBER: u8 = 1;
    page.words("group_id")?;
    page.uint64("epoch")?;
    let sender_type = sender(page)?;
    page.words("authenticated_data")?;
    let content_type = content(page)?;
    auth_data(page, content_type)?;
    match sender_type {
        MEMBER => page.opaque("membership_tag"),
        _ => Ok(()),
    }
}

/// PrivateMessage (§6.3).
pub(super) fn private_message(page: &mut Page<'_>) -> Result<()> {
    page.words("group_id")?;
    page.uint64("epoch")?;
    page.choice("content_type", CONTENT_TYPES)?;
    page.words("authenticated_data")?;
    page.opaque("encrypted_sender_data")?;
    page.opaque("ciphertext")
}

/// Sender (§6).
fn sender(page: &mut Page<'_>) -> Result<u8> {
    let sender_type = page.choice("sender_type", SENDER_TYPES)?;
    match sender_type {
        1 => page.uint32("leaf_index")?,
        2 => page.uint32("sender_index")?,
        _ => 0,
    };
    Ok(sender_type)
}

/// The content of FramedContent (§6).
fn content(page: &mut Page<'_>) -> Result<u8> {
    let content_type = page.choice("content_type", CONTENT_TYPES)?;
    match content_type {
        1 => page.words("application_data")?,
        2 => page.inner("proposal", ("Proposal", commit::proposal))?,
        _ => page.inner("commit", ("Commit", commit::commit))?,
    }
    Ok(content_type)
}

/// FramedContentAuthData (§6.1). Commits alone have a confirmation tag.
fn auth_data(page: &mut Page<'_>, content_type: u8) -> Result<()> {
    const COMMIT: u8 = 3;
    page.opaque("signature")?;
    match content_type {
        COMMIT => page.opaque("confirmation_tag"),
        _ => Ok(()),
    }
}
