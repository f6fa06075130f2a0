//! Changes to a group: proposals and commits (RFC 9420 §12), update paths, and the names of pre-shared keys.

use super::extension::extensions;
use super::leaf_node::{key_package, leaf_node};
use super::names::{CIPHER_SUITES, PROPOSAL_OR_REF_TYPES, PROPOSAL_TYPES, PSK_TYPES, RESUMPTION_PSK_USAGES, VERSIONS};
use super::page::{Name, Page};
use crate::base::Result;

/// Commit (§12.4).
pub(super) fn commit(page: &mut Page<'_>) -> Result<()> {
    page.list("proposals", |page, item| page.inner(item, ("ProposalOrRef", proposal_or_ref)))?;
    match page.optional("path")? {
        true => page.inner("path", ("UpdatePath", update_path)),
        false => Ok(()),
    }
}

/// ProposalOrRef (§12.4).
fn proposal_or_ref(page: &mut Page<'_>) -> Result<()> {
    match page.choice("type", PROPOSAL_OR_REF_TYPES)? {
        1 => page.inner("proposal", ("Proposal", proposal)),
        _ => page.opaque("reference"),
    }
}

/// Proposal (§12.1). The content of an unknown type is taken to be one `opaque<V>`: nothing says how long it is.
pub(super) fn proposal(page: &mut Page<'_>) -> Result<()> {
    match page.registered("proposal_type", PROPOSAL_TYPES)? {
        1 => page.inner("add.key_package", ("KeyPackage", key_package)),
        2 => page.inner("update.leaf_node", ("LeafNode", leaf_node)),
        3 => page.uint32("remove.removed").map(drop),
        4 => page.inner("psk", ("PreSharedKeyID", pre_shared_key_id)),
        5 => page.inner("reinit", ("ReInit", reinit)),
        6 => page.opaque("external_init.kem_output"),
        7 => page.inner("group_context_extensions", ("GroupContextExtensions", extensions)),
        _ => page.opaque("content"),
    }
}

/// ReInit (§12.1.5).
fn reinit(page: &mut Page<'_>) -> Result<()> {
    page.words("group_id")?;
    page.registered("version", VERSIONS)?;
    page.registered("cipher_suite", CIPHER_SUITES)?;
    extensions(page)
}

/// PreSharedKeyID (§8.4).
pub(super) fn pre_shared_key_id(page: &mut Page<'_>) -> Result<()> {
    match page.choice("psktype", PSK_TYPES)? {
        1 => page.words("psk_id")?,
        _ => {
            page.choice("usage", RESUMPTION_PSK_USAGES)?;
            page.words("psk_group_id")?;
            page.uint64("psk_epoch")?;
        }
    }
    page.opaque("psk_nonce")
}

/// UpdatePath (§7.6).
pub(super) fn update_path(page: &mut Page<'_>) -> Result<()> {
    page.inner("leaf_node", ("LeafNode", leaf_node))?;
    page.list("nodes", |page, item| page.inner(item, ("UpdatePathNode", update_path_node)))
}

/// UpdatePathNode (§7.6).
fn update_path_node(page: &mut Page<'_>) -> Result<()> {
    page.opaque("encryption_key")?;
    page.list("encrypted_path_secret", hpke_ciphertext)
}

/// HPKECiphertext (§7.6).
pub(super) fn hpke_ciphertext(page: &mut Page<'_>, name: Name) -> Result<()> {
    page.inner(
        name,
        ("HPKECiphertext", |page| {
            page.opaque("kem_output")?;
            page.opaque("ciphertext")
        }),
    )
}
