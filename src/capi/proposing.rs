//! Proposing changes to a group, each for a commit to take in.

use super::answer::{Out, Owned, answer, hand_over};
use super::bytes::{conclave_buf, conclave_bytes};
use super::group::{conclave_group, held};
use super::growing::read_or_initial;
use super::memory::conclave_memory;
use super::names::conclave_resumption_psk;
use super::proposal::{conclave_author, conclave_proposal_summary};
use super::status::conclave_status;
use super::successor::conclave_reinit_options;
use crate::base::Result;
use crate::client::Group;

/// A proposal that waits for a commit.
#[repr(C)]
pub struct conclave_pending_proposal {
    /// Who proposed it.
    pub author: conclave_author,
    /// The reference by which a commit names it.
    pub reference: conclave_bytes,
    /// What it would change.
    pub summary: *const conclave_proposal_summary,
}

/// Proposals that wait for a commit. Free them with `conclave_pending_proposals_free`.
#[repr(C)]
pub struct conclave_pending_proposals {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The proposals, in the order they came.
    pub items: *const *const conclave_pending_proposal,
    /// How many there are.
    pub count: usize,
}

/// Makes a proposal, and gives the message to send.
fn propose(
    handle: Option<&conclave_group>,
    message: Out<'_, Owned<conclave_buf>>,
    make: impl FnOnce(&Group) -> Result<Vec<u8>>,
) -> conclave_status {
    hand_over(message, || Ok(conclave_buf::new(make(held(handle)?)?)))
}

/// Proposes to add the client of this key package. Whether it could be added at all is for the commit to find out.
///
/// Returns: those of `conclave_group_propose_leave`, the 2xx of bytes that are no message, `CONCLAVE_WRONG_CONTENT` for another
/// kind of message, `CONCLAVE_UNSUPPORTED_VERSION`, `CONCLAVE_BAD_KEY_PACKAGE`, `CONCLAVE_BAD_LEAF_NODE` and
/// `CONCLAVE_BAD_SIGNATURE` for a key package that breaks a rule or is for another suite, `CONCLAVE_EXPIRED`,
/// `CONCLAVE_CREDENTIAL_REJECTED`.
/// In: `group`; `key_package`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_add(
    group: Option<&conclave_group>,
    key_package: conclave_bytes,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_add(key_package.copy("key_package")?, tag.copy("tag")?))
}

/// Proposes to remove the member at this leaf.
///
/// Returns: those of `conclave_group_propose_leave`, and `CONCLAVE_NO_SUCH_MEMBER`.
/// In: `group`; `leaf`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_remove(
    group: Option<&conclave_group>,
    leaf: u32,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_remove(leaf, tag.copy("tag")?))
}

/// Proposes our own removal; another member has to commit it.
///
/// Returns: `CONCLAVE_OK`, and what every proposal may meet: `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_NOT_HEALED`,
/// `CONCLAVE_POLICY_REJECTED`, `CONCLAVE_LIMIT_REACHED` if too many proposals wait or this one is too long,
/// `CONCLAVE_USAGE_LIMIT`.
/// In: `group`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_leave(
    group: Option<&conclave_group>,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_leave(tag.copy("tag")?))
}

/// Proposes fresh keys for our own leaf; another member has to commit it.
///
/// Returns: those of `conclave_group_propose_leave`, and `CONCLAVE_CREDENTIAL_REJECTED` if the app does not take the client's
/// present credential for a successor of the one in the leaf.
/// In: `group`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal and its private key.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_update(
    group: Option<&conclave_group>,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_update(tag.copy("tag")?))
}

/// Proposes to mix an external pre-shared key in. Whether anybody has the key is not asked yet.
///
/// Returns: those of `conclave_group_propose_leave`.
/// In: `group`; `psk_id`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_psk(
    group: Option<&conclave_group>,
    psk_id: conclave_bytes,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_psk(psk_id.copy("psk_id")?, tag.copy("tag")?))
}

/// Proposes to mix in the secret that an earlier epoch of this or another group left. Whether anybody has it is not asked yet.
///
/// Returns: those of `conclave_group_propose_leave`.
/// In: `group`; `psk`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_resumption_psk(
    group: Option<&conclave_group>,
    psk: conclave_resumption_psk,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_resumption_psk(psk.copy()?, tag.copy("tag")?))
}

/// Proposes to replace the group's extensions by this list.
///
/// Returns: those of `conclave_group_propose_leave`, `CONCLAVE_BAD_ARGUMENT` for a list that is malformed, empty or has types
/// reserved for GREASE, `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a group, the 2xx for one of RFC 9420's
/// that is malformed, `CONCLAVE_LIMIT_REACHED` for a list that is too long, `CONCLAVE_CREDENTIAL_REJECTED` for an external sender.
/// In: `group`; `extensions`, as `conclave_encode_extensions` encodes them; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_extensions(
    group: Option<&conclave_group>,
    extensions: conclave_bytes,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_extensions(extensions.copy("extensions")?, tag.copy("tag")?))
}

/// Proposes a change of a type that the app defines; a commit takes it in if every member supports the type.
///
/// Returns: those of `conclave_group_propose_leave`, and `CONCLAVE_BAD_ARGUMENT` for a type of RFC 9420's own or one reserved for
/// GREASE.
/// In: `group`; `proposal_type`; `content`; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_custom(
    group: Option<&conclave_group>,
    proposal_type: u16,
    content: conclave_bytes,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| group.propose_custom(proposal_type, content.copy("content")?, tag.copy("tag")?))
}

/// Proposes to close the group and begin it anew with other parameters.
///
/// Returns: those of `conclave_group_propose_leave`, `CONCLAVE_TOO_LONG` for an id of more than 1024 bytes,
/// `CONCLAVE_BAD_PROPOSAL` for that of the group itself, `CONCLAVE_UNSUPPORTED_SUITE`, and for the extensions those of
/// `conclave_group_propose_extensions`.
/// In: `group`; `options`, or NULL for the defaults; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: writes the proposal.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_propose_reinit(
    group: Option<&conclave_group>,
    options: *const conclave_reinit_options,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(group, message, |group| {
        group.propose_reinit(read_or_initial(options, "options")?.copy()?, tag.copy("tag")?)
    })
}

/// Lists the proposals that wait for a commit, in the order they came.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: `waiting`, to be freed with `conclave_pending_proposals_free`.
/// State: reads their records.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_pending_proposals(
    group: Option<&conclave_group>,
    waiting: Out<'_, Owned<conclave_pending_proposals>>,
) -> conclave_status {
    hand_over(waiting, || {
        let waiting = held(group)?.pending_proposals()?;
        let mut owner = conclave_memory::new();
        let waiting = waiting.into_iter().map(|waiting| conclave_pending_proposal {
            author: conclave_author::of(&mut owner, waiting.author),
            reference: owner.bytes(waiting.reference),
            summary: conclave_proposal_summary::item(&mut owner, waiting.summary),
        });
        let waiting = waiting.collect();
        let (items, count) = owner.pointers(waiting);
        Ok(Box::new(conclave_pending_proposals { owner, items, count }))
    })
}

/// Frees a list of proposals. (Those in the storage stay.)
///
/// Returns: nothing.
/// In: `waiting`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_pending_proposals_free(waiting: Option<Box<conclave_pending_proposals>>) {
    drop(waiting);
}

/// Forgets the proposals that wait. A commit of another member that names one of them can then not be read; this is for a
/// delivery service that has dropped them.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: nothing.
/// State: deletes their records.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_clear_proposals(group: Option<&conclave_group>) -> conclave_status {
    answer(|| held(group)?.clear_proposals())
}
