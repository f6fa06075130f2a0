//! A client: its key package (RFC 9420 §10), its leaf (§7.2), and what it can do.

use super::credential::credential;
use super::extension::extensions;
use super::names::{CIPHER_SUITES, CREDENTIAL_TYPES, EXTENSION_TYPES, LEAF_NODE_SOURCES, PROPOSAL_TYPES, VERSIONS};
use super::page::Page;
use crate::base::Result;

/// KeyPackage (§10).
pub(super) fn key_package(page: &mut Page<'_>) -> Result<()> {
    page.registered("version", VERSIONS)?;
    page.registered("cipher_suite", CIPHER_SUITES)?;
    page.opaque("init_key")?;
    page.inner("leaf_node", ("LeafNode", leaf_node))?;
    extensions(page)?;
    page.opaque("signature")
}

/// LeafNode (§7.2).
pub(super) fn leaf_node(page: &mut Page<'_>) -> Result<()> {
    page.opaque("encryption_key")?;
    page.opaque("signature_key")?;
    page.inner("credential", ("Credential", credential))?;
    page.inner("capabilities", ("Capabilities", capabilities))?;
    match page.choice("leaf_node_source", LEAF_NODE_SOURCES)? {
        1 => page.inner("lifetime", ("Lifetime, in seconds since 1970", lifetime))?,
        3 => page.opaque("parent_hash")?,
        _ => {}
    }
    extensions(page)?;
    page.opaque("signature")
}

/// Lifetime (§7.2).
fn lifetime(page: &mut Page<'_>) -> Result<()> {
    page.uint64("not_before")?;
    page.uint64("not_after").map(drop)
}

/// Capabilities (§7.2).
pub(super) fn capabilities(page: &mut Page<'_>) -> Result<()> {
    page.list("versions", |page, item| page.registered(item, VERSIONS).map(drop))?;
    page.list("cipher_suites", |page, item| page.registered(item, CIPHER_SUITES).map(drop))?;
    page.list("extensions", |page, item| page.registered(item, EXTENSION_TYPES).map(drop))?;
    page.list("proposals", |page, item| page.registered(item, PROPOSAL_TYPES).map(drop))?;
    page.list("credentials", |page, item| page.registered(item, CREDENTIAL_TYPES).map(drop))
}
