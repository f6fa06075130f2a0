//! A commit of our own that waits for the delivery service's word, and what becomes of it.

use super::answer::{Out, Owned, answer, give, hand_over};
use super::bytes::conclave_bytes;
use super::event::conclave_event;
use super::group::{conclave_group, held};
use super::memory::conclave_memory;
use super::status::conclave_status;

/// A commit of our own that waits. Free it with `conclave_pending_commit_free`.
#[repr(C)]
pub struct conclave_pending_commit {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The epoch that it would end.
    pub epoch: u64,
    /// The message for the group, as it was made: send it again unchanged when in doubt.
    pub commit: conclave_bytes,
    /// The Welcome for the clients it adds; absent if it adds none.
    pub welcome: conclave_bytes,
}

/// Makes our waiting commit take effect, when the delivery service has accepted it. The effect holds the Welcome.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_COMMIT`, also if another commit than the given one waits.
/// In: `group`; `commit`, the message that was accepted, where several processes share the store, or absent for whichever waits;
/// `tag`, which comes back in the effect.
/// Out: `event`, to be freed with `conclave_event_free`.
/// State: writes the new epoch and deletes the keys of the old one.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_confirm_commit(
    group: Option<&conclave_group>,
    commit: conclave_bytes,
    tag: conclave_bytes,
    event: Out<'_, Owned<conclave_event>>,
) -> conclave_status {
    hand_over(event, || {
        let commit = commit.copy_optional("commit")?;
        Ok(conclave_event::new(held(group)?.confirm_commit(commit, tag.copy("tag")?)?))
    })
}

/// Gives our waiting commit up. Only for a commit that the delivery service has refused for good: if the group adopts it after
/// all, this client has to rejoin.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_COMMIT`, also if another commit than the given one waits.
/// In: `group`; `commit`, as for `conclave_group_confirm_commit`.
/// Out: nothing.
/// State: deletes the waiting commit.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_discard_commit(
    group: Option<&conclave_group>,
    commit: conclave_bytes,
) -> conclave_status {
    answer(|| held(group)?.discard_commit(commit.copy_optional("commit")?))
}

/// Gives our waiting commit as it was made; it survives restarts. A tree that goes beside its Welcome is not kept: take it with
/// `conclave_group_export_tree` when the commit is confirmed.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: `waiting`, NULL if none waits; to be freed with `conclave_pending_commit_free`.
/// State: reads its record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_pending_commit(
    group: Option<&conclave_group>,
    waiting: Out<'_, Owned<conclave_pending_commit>>,
) -> conclave_status {
    give(waiting, || {
        let waiting = held(group)?.pending_commit()?;
        Ok(waiting.map(|waiting| {
            let mut owner = conclave_memory::new();
            let (commit, welcome) = (owner.bytes(waiting.commit), owner.optional(waiting.welcome));
            Box::new(conclave_pending_commit { owner, epoch: waiting.epoch, commit, welcome })
        }))
    })
}

/// Frees a copy of the commit that waits. (The one in the storage stays.)
///
/// Returns: nothing.
/// In: `waiting`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_pending_commit_free(waiting: Option<Box<conclave_pending_commit>>) {
    drop(waiting);
}
