//! Lists of extensions (RFC 9420 §13.4), with the payloads of those that the RFC defines.

use std::collections::BTreeSet;

use super::credential::credential;
use super::names::{CREDENTIAL_TYPES, EXTENSION_TYPES, PROPOSAL_TYPES};
use super::page::{Fields, Name, Page};
use super::tree::ratchet_tree;
use crate::base::{Code, Result};

/// The field `extensions` of many structs (§13.4), which has each type once.
pub(super) fn extensions(page: &mut Page<'_>) -> Result<()> {
    let mut seen = BTreeSet::new();
    page.list("extensions", |page, item| {
        let extension_type = extension(page, item)?;
        match seen.insert(extension_type) {
            true => Ok(()),
            false => Err(page.fault(item, Code::Duplicated, format_args!("type {extension_type} for the second time"))),
        }
    })
}

/// Extension (§13.4): its type in the line of the item itself.
fn extension(page: &mut Page<'_>, item: Name) -> Result<u16> {
    let extension_type = page.registered(item, EXTENSION_TYPES)?;
    page.below(item, |page| match payload(extension_type) {
        Some(fields) => page.payload("extension_data", fields),
        None => page.opaque("extension_data"),
    })?;
    Ok(extension_type)
}

/// How the payload of a known extension is read.
fn payload(extension_type: u16) -> Option<Fields> {
    match extension_type {
        1 => Some(|page| page.words("application_id")),
        2 => Some(ratchet_tree),
        3 => Some(required_capabilities),
        4 => Some(|page| page.opaque("external_pub")),
        5 => Some(|page| {
            page.list("external_senders", |page, item| page.inner(item, ("ExternalSender", external_sender)))
        }),
        _ => None,
    }
}

/// RequiredCapabilities (§11.1).
fn required_capabilities(page: &mut Page<'_>) -> Result<()> {
    page.list("extension_types", |page, item| page.registered(item, EXTENSION_TYPES).map(drop))?;
    page.list("proposal_types", |page, item| page.registered(item, PROPOSAL_TYPES).map(drop))?;
    page.list("credential_types", |page, item| page.registered(item, CREDENTIAL_TYPES).map(drop))
}

/// ExternalSender (§12.1.8.1).
fn external_sender(page: &mut Page<'_>) -> Result<()> {
    page.opaque("signature_key")?;
    page.inner("credential", ("Credential", credential))
}
