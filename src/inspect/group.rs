//! What brings a client into a group: Welcome and GroupInfo (RFC 9420 §12.4.3), and the group context (§8.1).

use super::commit::hpke_ciphertext;
use super::extension::extensions;
use super::names::{CIPHER_SUITES, VERSIONS};
use super::page::{Name, Page};
use crate::base::Result;

/// Welcome (§12.4.3.1).
pub(super) fn welcome(page: &mut Page<'_>) -> Result<()> {
    page.registered("cipher_suite", CIPHER_SUITES)?;
    page.list("secrets", |page, item| page.inner(item, ("EncryptedGroupSecrets", encrypted_group_secrets)))?;
    page.opaque("encrypted_group_info")
}

/// EncryptedGroupSecrets (§12.4.3.1).
fn encrypted_group_secrets(page: &mut Page<'_>) -> Result<()> {
    page.opaque("new_member")?;
    hpke_ciphertext(page, Name::Field("encrypted_group_secrets"))
}

/// GroupInfo (§12.4.3).
pub(super) fn group_info(page: &mut Page<'_>) -> Result<()> {
    page.inner("group_context", ("GroupContext", group_context))?;
    extensions(page)?;
    page.opaque("confirmation_tag")?;
    page.uint32("signer")?;
    page.opaque("signature")
}

/// GroupContext (§8.1).
pub(super) fn group_context(page: &mut Page<'_>) -> Result<()> {
    page.registered("version", VERSIONS)?;
    page.registered("cipher_suite", CIPHER_SUITES)?;
    page.words("group_id")?;
    page.uint64("epoch")?;
    page.opaque("tree_hash")?;
    page.opaque("confirmed_transcript_hash")?;
    extensions(page)
}
