//! Putting a commit together, and what becomes of it.

use std::sync::Arc;

use super::answer::{Out, Owned, answer, hand_over, required};
use super::bytes::conclave_bytes;
use super::group::{conclave_group, held};
use super::growing::read_or_initial;
use super::memory::conclave_memory;
use super::names::conclave_resumption_psk;
use super::status::conclave_status;
use super::successor::conclave_reinit_options;
use crate::base::Result;
use crate::client::{CommitBuilder, CommitResult};

/// Collects what a commit is to change; `conclave_commit_build` makes it, once; after an error it can be tried again. With
/// nothing said, a commit takes in the proposals that wait and gives this member fresh keys. Every call on it returns
/// `CONCLAVE_CONSUMED` once the commit was built.
pub struct conclave_commit {
    builder: Arc<CommitBuilder>,
}

/// What a commit sends out. Free it with `conclave_commit_result_free`.
#[repr(C)]
pub struct conclave_commit_result {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The message for the group. Nothing has changed yet: confirm the commit when the delivery service has accepted it.
    pub commit: conclave_bytes,
    /// The Welcome for the clients it adds, to be sent once the commit is confirmed; absent if it adds none.
    pub welcome: conclave_bytes,
    /// The ratchet tree that goes with the Welcome, when it is not inside; else absent.
    pub tree: conclave_bytes,
}

impl conclave_commit_result {
    pub(super) fn new(commit: Option<Vec<u8>>, welcome: Option<Vec<u8>>, tree: Option<Vec<u8>>) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let [commit, welcome, tree] = [commit, welcome, tree].map(|part| owner.optional(part));
        Box::new(conclave_commit_result { owner, commit, welcome, tree })
    }
}

/// Adds something to a commit.
fn change(
    commit: Option<&conclave_commit>,
    change: impl FnOnce(Arc<CommitBuilder>) -> Result<Arc<CommitBuilder>>,
) -> conclave_status {
    answer(|| change(required(commit, "commit")?.builder.clone()).map(drop))
}

/// Begins a commit: say what it is to change, then build it.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: `commit`, to be freed with `conclave_commit_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_new_commit(
    group: Option<&conclave_group>,
    commit: Out<'_, Owned<conclave_commit>>,
) -> conclave_status {
    hand_over(commit, || Ok(Box::new(conclave_commit { builder: held(group)?.clone().new_commit() })))
}

/// Lets a commit that is put together go. One that was built stays in the storage.
///
/// Returns: nothing.
/// In: `commit`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any, when no other call uses this handle.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_free(commit: Option<Box<conclave_commit>>) {
    drop(commit);
}

/// Adds the client of this key package. Whether it is good is found out by `conclave_commit_build`.
///
/// Returns: `CONCLAVE_OK`, the 2xx of bytes that are no message, `CONCLAVE_WRONG_CONTENT` for another kind of message,
/// `CONCLAVE_UNSUPPORTED_VERSION`.
/// In: `commit`; `key_package`, an MLSMessage.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_add(
    commit: Option<&conclave_commit>,
    key_package: conclave_bytes,
) -> conclave_status {
    change(commit, |builder| builder.add(key_package.copy("key_package")?))
}

/// Removes the member at this leaf.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`; `leaf`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_remove(commit: Option<&conclave_commit>, leaf: u32) -> conclave_status {
    change(commit, |builder| builder.remove(leaf))
}

/// Mixes an external pre-shared key in, which every member must hold.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`; `psk_id`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_psk(commit: Option<&conclave_commit>, psk_id: conclave_bytes) -> conclave_status {
    change(commit, |builder| builder.psk(psk_id.copy("psk_id")?))
}

/// Mixes in the secret that an earlier epoch of this or another group left, as proof of having been there: every member must have
/// been, and still keep that epoch. Nobody can join by this commit who was not.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`; `psk`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_resumption_psk(
    commit: Option<&conclave_commit>,
    psk: conclave_resumption_psk,
) -> conclave_status {
    change(commit, |builder| builder.resumption_psk(psk.copy()?))
}

/// Closes the group, to be begun anew with other parameters: no other change may stand beside this one.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`; `options`, or NULL for the defaults.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_reinit(
    commit: Option<&conclave_commit>,
    options: *const conclave_reinit_options,
) -> conclave_status {
    change(commit, |builder| builder.reinit(read_or_initial(options, "options")?.copy()?))
}

/// Replaces the group's extensions by this list.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a list that is malformed, empty or has types reserved for GREASE.
/// In: `commit`; `extensions`, as `conclave_encode_extensions` encodes them.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_extensions(
    commit: Option<&conclave_commit>,
    extensions: conclave_bytes,
) -> conclave_status {
    change(commit, |builder| builder.extensions(extensions.copy("extensions")?))
}

/// Carries a proposal of a type that the app defines; every member must support the type.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a type of RFC 9420's own or one reserved for GREASE.
/// In: `commit`; `proposal_type`; `content`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_custom(
    commit: Option<&conclave_commit>,
    proposal_type: u16,
    content: conclave_bytes,
) -> conclave_status {
    change(commit, |builder| builder.custom(proposal_type, content.copy("content")?))
}

/// Authenticates these bytes beside the commit; everyone can read them.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`; `aad`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_aad(commit: Option<&conclave_commit>, aad: conclave_bytes) -> conclave_status {
    change(commit, |builder| builder.aad(aad.copy("aad")?))
}

/// Sets a tag of the app, which comes back in the effect.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`; `tag`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_tag(commit: Option<&conclave_commit>, tag: conclave_bytes) -> conclave_status {
    change(commit, |builder| builder.tag(tag.copy("tag")?))
}

/// Leaves the proposals that wait out; they are gone when the commit takes effect.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_without_pending(commit: Option<&conclave_commit>) -> conclave_status {
    change(commit, CommitBuilder::without_pending)
}

/// Leaves the path out if the changes allow it: a smaller commit that gives this member no fresh keys.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_without_path(commit: Option<&conclave_commit>) -> conclave_status {
    change(commit, CommitBuilder::without_path)
}

/// Hands the ratchet tree out beside the Welcome instead of inside: better for large groups.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_tree_beside_welcome(commit: Option<&conclave_commit>) -> conclave_status {
    change(commit, CommitBuilder::tree_beside_welcome)
}

/// Neither puts the ratchet tree into the Welcome nor hands it out, which costs time in proportion to the group: take it with
/// `conclave_group_export_tree` when the commit is confirmed, once for however many Welcomes.
///
/// Returns: `CONCLAVE_OK`.
/// In: `commit`.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_tree_later(commit: Option<&conclave_commit>) -> conclave_status {
    change(commit, CommitBuilder::tree_later)
}

/// Makes the commit. The group stays as it is until the commit is confirmed; until then it is kept, across restarts. Waiting
/// proposals that the commit could not stand with are left out.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_PENDING_COMMIT` if one waits already, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`,
/// `CONCLAVE_NOT_HEALED`, `CONCLAVE_UNKNOWN_PSK` for a key that is not here, `CONCLAVE_NO_SUCH_MEMBER` and
/// `CONCLAVE_BAD_ARGUMENT` for the removal of nobody and of ourselves, `CONCLAVE_TOO_LONG` and `CONCLAVE_UNSUPPORTED_SUITE` for a ReInit, `CONCLAVE_LIMIT_REACHED`, and the 3xx of whatever a change
/// breaks: `CONCLAVE_KEY_REUSED` for a client that is a member, `CONCLAVE_INCAPABLE` if a member or a new one lacks what the group
/// asks for, `CONCLAVE_EXPIRED`, `CONCLAVE_CREDENTIAL_REJECTED`, `CONCLAVE_POLICY_REJECTED` and others.
/// In: `commit`; it has to be freed as ever.
/// Out: `result`, to be freed with `conclave_commit_result_free`.
/// State: reads the path it touches, O(log n) for each change; writes the waiting commit.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_build(
    commit: Option<&conclave_commit>,
    result: Out<'_, Owned<conclave_commit_result>>,
) -> conclave_status {
    hand_over(result, || {
        let CommitResult { commit, welcome, tree } = required(commit, "commit")?.builder.build()?;
        Ok(conclave_commit_result::new(Some(commit), welcome, tree))
    })
}

/// Frees what a commit sends out.
///
/// Returns: nothing.
/// In: `result`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_commit_result_free(result: Option<Box<conclave_commit_result>>) {
    drop(result);
}
