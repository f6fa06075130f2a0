//! Objects of the protocol in words, and the conformance kit for storages.

use super::answer::{Out, Owned, answer, hand_over, required};
use super::bytes::{conclave_buf, conclave_bytes};
use super::memory::conclave_memory;
use super::status::conclave_status;
use super::storage::{HostStorage, conclave_storage};
use crate::base::{Code, Result};
use crate::client::Inside;
use crate::inspect::{ObjectKind, inspect, inspect_as, inspect_tree};
use crate::store::check_storage;

/// One of `CONCLAVE_OBJECT_*`.
pub type conclave_object_kind = i32;

/// MLSMessage (RFC 9420 section 6), of every wire format: what clients send each other.
pub const CONCLAVE_OBJECT_MLS_MESSAGE: conclave_object_kind = 1;
/// PublicMessage (section 6.2).
pub const CONCLAVE_OBJECT_PUBLIC_MESSAGE: conclave_object_kind = 2;
/// PrivateMessage (section 6.3).
pub const CONCLAVE_OBJECT_PRIVATE_MESSAGE: conclave_object_kind = 3;
/// Welcome (section 12.4.3.1).
pub const CONCLAVE_OBJECT_WELCOME: conclave_object_kind = 4;
/// GroupInfo (section 12.4.3).
pub const CONCLAVE_OBJECT_GROUP_INFO: conclave_object_kind = 5;
/// KeyPackage (section 10).
pub const CONCLAVE_OBJECT_KEY_PACKAGE: conclave_object_kind = 6;
/// GroupContext (section 8.1).
pub const CONCLAVE_OBJECT_GROUP_CONTEXT: conclave_object_kind = 7;
/// LeafNode (section 7.2).
pub const CONCLAVE_OBJECT_LEAF_NODE: conclave_object_kind = 8;
/// The payload of the ratchet_tree extension (section 12.4.3.3), which is also what `conclave_group_export_tree` gives.
pub const CONCLAVE_OBJECT_RATCHET_TREE: conclave_object_kind = 9;
/// Commit (section 12.4).
pub const CONCLAVE_OBJECT_COMMIT: conclave_object_kind = 10;
/// Proposal (section 12.1).
pub const CONCLAVE_OBJECT_PROPOSAL: conclave_object_kind = 11;
/// UpdatePath (section 7.6).
pub const CONCLAVE_OBJECT_UPDATE_PATH: conclave_object_kind = 12;
/// PreSharedKeyID (section 8.4).
pub const CONCLAVE_OBJECT_PRE_SHARED_KEY_ID: conclave_object_kind = 13;
/// Capabilities (section 7.2).
pub const CONCLAVE_OBJECT_CAPABILITIES: conclave_object_kind = 14;
/// A list of extensions (section 13.4).
pub const CONCLAVE_OBJECT_EXTENSIONS: conclave_object_kind = 15;

/// A rule that a storage breaks.
#[repr(C)]
pub struct conclave_finding {
    /// The short name of the rule, in UTF-8, with a zero byte behind it.
    pub rule: conclave_bytes,
    /// What was seen, in words, likewise.
    pub detail: conclave_bytes,
}

/// Rules that a storage breaks. Free them with `conclave_findings_free`.
#[repr(C)]
pub struct conclave_findings {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The findings; none for a storage that is fit for use.
    pub items: *const *const conclave_finding,
    /// How many there are.
    pub count: usize,
}

/// Describes an MLS object in words: one field a line, named as in RFC 9420. The bytes are an MLSMessage, or else the first other
/// kind that they are in full; the first line says which. Nothing is checked but the form. The text is bounded, however long the
/// object is.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_HOLDS_SECRETS` for a GroupSecrets, the 2xx of bytes that are no object,
/// `CONCLAVE_UNSUPPORTED_VERSION`, `CONCLAVE_UNSUPPORTED_CONTENT`, `CONCLAVE_LIMIT_REACHED`.
/// In: `bytes`.
/// Out: `text`, in UTF-8, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_inspect(bytes: conclave_bytes, text: Out<'_, Owned<conclave_buf>>) -> conclave_status {
    hand_over(text, || Ok(conclave_buf::new(inspect(bytes.copy("bytes")?)?.into_bytes())))
}

/// Describes an MLS object of a known kind in words, as `conclave_inspect` does.
///
/// Returns: those of `conclave_inspect`, and `CONCLAVE_BAD_ARGUMENT` for a kind that is none.
/// In: `kind`, one of `CONCLAVE_OBJECT_*`; `bytes`.
/// Out: `text`, in UTF-8, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_inspect_as(
    kind: conclave_object_kind,
    bytes: conclave_bytes,
    text: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(text, || Ok(conclave_buf::new(inspect_as(object_kind(kind)?, bytes.copy("bytes")?)?.into_bytes())))
}

/// Draws a ratchet tree in text: who stands where, which nodes are blank, which members are unmerged. The bytes are a ratchet tree
/// as it travels, or a GroupInfo that has one inside.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_TREE_MISSING` for a GroupInfo without one, `CONCLAVE_HOLDS_SECRETS`, the 2xx of bytes that are
/// no tree, `CONCLAVE_LIMIT_REACHED`.
/// In: `bytes`.
/// Out: `text`, in UTF-8, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_inspect_tree(bytes: conclave_bytes, text: Out<'_, Owned<conclave_buf>>) -> conclave_status {
    hand_over(text, || Ok(conclave_buf::new(inspect_tree(bytes.copy("bytes")?)?.into_bytes())))
}

/// Checks a host's storage against its contract, and gives every rule that it breaks. It takes seconds, works on a random prefix
/// of its own, deletes what it wrote, and writes no effects. A storage that is broken may well damage other records meanwhile,
/// so it should be one that was made for the test.
///
/// Returns: `CONCLAVE_OK`, also if rules are broken; `CONCLAVE_BAD_ARGUMENT`; the 7xx if a first write and read of nothing much
/// fails.
/// In: `storage`, whose context is released before this returns.
/// Out: `findings`, to be freed with `conclave_findings_free`.
/// State: writes into the storage, and deletes it again.
/// Threads: any. The callbacks run on several at once.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_check_storage(
    storage: *const conclave_storage,
    findings: Out<'_, Owned<conclave_findings>>,
) -> conclave_status {
    answer(|| {
        let _inside = Inside::enter()?;
        // Before anything else can fail: from here on, what was lent is released.
        let storage = HostStorage::new(storage)?;
        let out = required(findings, "the output")?;
        let found = check_storage(storage)?;
        let mut owner = conclave_memory::new();
        let mut text = |text: String| {
            let (data, len) = owner.text(text.into_bytes());
            conclave_bytes { data, len }
        };
        let found: Vec<_> = found
            .into_iter()
            .map(|found| conclave_finding { rule: text(found.rule), detail: text(found.detail) })
            .collect();
        let (items, count) = owner.pointers(found);
        out.write(Some(Box::new(conclave_findings { owner, items, count })));
        Ok(())
    })
}

/// Frees findings.
///
/// Returns: nothing.
/// In: `findings`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_findings_free(findings: Option<Box<conclave_findings>>) {
    drop(findings);
}

fn object_kind(kind: conclave_object_kind) -> Result<ObjectKind> {
    Ok(match kind {
        CONCLAVE_OBJECT_MLS_MESSAGE => ObjectKind::MlsMessage,
        CONCLAVE_OBJECT_PUBLIC_MESSAGE => ObjectKind::PublicMessage,
        CONCLAVE_OBJECT_PRIVATE_MESSAGE => ObjectKind::PrivateMessage,
        CONCLAVE_OBJECT_WELCOME => ObjectKind::Welcome,
        CONCLAVE_OBJECT_GROUP_INFO => ObjectKind::GroupInfo,
        CONCLAVE_OBJECT_KEY_PACKAGE => ObjectKind::KeyPackage,
        CONCLAVE_OBJECT_GROUP_CONTEXT => ObjectKind::GroupContext,
        CONCLAVE_OBJECT_LEAF_NODE => ObjectKind::LeafNode,
        CONCLAVE_OBJECT_RATCHET_TREE => ObjectKind::RatchetTree,
        CONCLAVE_OBJECT_COMMIT => ObjectKind::Commit,
        CONCLAVE_OBJECT_PROPOSAL => ObjectKind::Proposal,
        CONCLAVE_OBJECT_UPDATE_PATH => ObjectKind::UpdatePath,
        CONCLAVE_OBJECT_PRE_SHARED_KEY_ID => ObjectKind::PreSharedKeyId,
        CONCLAVE_OBJECT_CAPABILITIES => ObjectKind::Capabilities,
        CONCLAVE_OBJECT_EXTENSIONS => ObjectKind::Extensions,
        _ => return Err(Code::BadArgument.with("no such kind of object")),
    })
}
