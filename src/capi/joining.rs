//! Joining a group by a commit of one's own.

use super::answer::{Out, Owned, answer, give, hand_over, required};
use super::bytes::{conclave_bytes, copy_list, read_list};
use super::client::conclave_client;
use super::group::conclave_group;
use super::growing::{Growing, read_or_initial};
use super::memory::conclave_memory;
use super::names::{conclave_flag, conclave_resumption_psk};
use super::status::conclave_status;
use crate::base::Result;
use crate::client::{ExternalJoin, ExternalJoinOptions};

/// How a group is joined by a commit of one's own. Begin with `CONCLAVE_INIT(conclave_external_join_options)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_external_join_options {
    /// `sizeof(conclave_external_join_options)`.
    pub struct_size: u32,
    /// Whether to give up what this client has of the group, and come in anew. Without it, a group that this client is a member of
    /// is not joined again. A group that came out of an archive, or that this client was removed from, needs no `rejoin`.
    pub rejoin: conclave_flag,
    /// Whether later proposals and commits of this client go out unencrypted.
    pub public_handshakes: conclave_flag,
    /// Whether messages keep their exact length.
    pub without_padding: conclave_flag,
    /// The ratchet tree, when the GroupInfo does not hold it.
    pub tree: conclave_bytes,
    /// The ids of pre-shared keys to mix in, which every member must hold.
    pub psks: *const conclave_bytes,
    /// How many there are.
    pub psk_count: usize,
    /// Earlier epochs whose secrets to mix in, as proof of having been a member: every member must have been, too.
    pub resumption_psks: *const conclave_resumption_psk,
    /// How many there are.
    pub resumption_psk_count: usize,
    /// Authenticated beside the commit; everyone can read it.
    pub aad: conclave_bytes,
    /// A tag of the app, which comes back in the effect.
    pub tag: conclave_bytes,
}

/// A commit of ours that waits to let us in. Free it with `conclave_external_join_free`.
#[repr(C)]
pub struct conclave_external_join {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The group.
    pub group_id: conclave_bytes,
    /// The epoch that it would begin.
    pub epoch: u64,
    /// The message for the group: send it again unchanged when in doubt.
    pub commit: conclave_bytes,
}

impl Growing for conclave_external_join_options {
    fn initial() -> Self {
        conclave_external_join_options {
            struct_size: size_of::<Self>() as u32,
            rejoin: 0,
            public_handshakes: 0,
            without_padding: 0,
            tree: conclave_bytes::NONE,
            psks: std::ptr::null(),
            psk_count: 0,
            resumption_psks: std::ptr::null(),
            resumption_psk_count: 0,
            aad: conclave_bytes::NONE,
            tag: conclave_bytes::NONE,
        }
    }
}

impl conclave_external_join_options {
    fn copy(&self) -> Result<ExternalJoinOptions> {
        let resumption_psks = read_list(self.resumption_psks, self.resumption_psk_count, "resumption_psks")?;
        Ok(ExternalJoinOptions {
            tree: self.tree.copy_optional("tree")?,
            rejoin: self.rejoin != 0,
            psks: copy_list(self.psks, self.psk_count, "psks")?,
            resumption_psks: resumption_psks.iter().map(conclave_resumption_psk::copy).collect::<Result<_>>()?,
            aad: self.aad.copy("aad")?,
            public_handshakes: self.public_handshakes != 0,
            without_padding: self.without_padding != 0,
            tag: self.tag.copy("tag")?,
        })
    }
}

impl conclave_external_join {
    fn new(join: ExternalJoin) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let (group_id, commit) = (owner.bytes(join.group_id), owner.bytes(join.commit));
        Box::new(conclave_external_join { owner, group_id, epoch: join.epoch, commit })
    }
}

/// Makes the commit by which this client joins the group that a GroupInfo announces (RFC 9420 section 12.4.3.2), and keeps it
/// until it is confirmed or discarded; nothing else changes until then. If this client is in the group already, the commit
/// removes it there: that is how to come back after its state was lost, restored, or left behind.
///
/// The delivery service accepts the commit if no other one has ended the epoch of the GroupInfo; otherwise discard it, and try
/// again with a newer GroupInfo.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_PENDING_JOIN`, `CONCLAVE_ALREADY_MEMBER`, `CONCLAVE_FROZEN`, `CONCLAVE_TREE_MISSING`,
/// `CONCLAVE_BAD_GROUP_INFO` if the group lets nobody in by itself or the epoch was lived through before,
/// `CONCLAVE_UNKNOWN_PSK`, `CONCLAVE_UNSUPPORTED_SUITE`, `CONCLAVE_LIMIT_REACHED`, and the 2xx and 3xx of whatever breaks a rule.
/// In: `client`; `group_info`; `options`, or NULL for the defaults.
/// Out: `join`, to be freed with `conclave_external_join_free`.
/// State: verifies the whole tree, and writes it: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_join_external(
    client: Option<&conclave_client>,
    group_info: conclave_bytes,
    options: *const conclave_external_join_options,
    join: Out<'_, Owned<conclave_external_join>>,
) -> conclave_status {
    hand_over(join, || {
        let options = read_or_initial(options, "options")?.copy()?;
        let client = &required(client, "client")?.client;
        Ok(conclave_external_join::new(client.join_external(group_info.copy("group_info")?, options)?))
    })
}

/// Gives the external join of a group that waits; it survives restarts.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `group_id`.
/// Out: `join`, NULL if none waits; to be freed with `conclave_external_join_free`.
/// State: reads its record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_pending_join(
    client: Option<&conclave_client>,
    group_id: conclave_bytes,
    join: Out<'_, Owned<conclave_external_join>>,
) -> conclave_status {
    give(join, || {
        let waiting = required(client, "client")?.client.pending_join(group_id.copy("group_id")?)?;
        Ok(waiting.map(conclave_external_join::new))
    })
}

/// Frees an external join. (The one in the storage stays.)
///
/// Returns: nothing.
/// In: `join`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_join_free(join: Option<Box<conclave_external_join>>) {
    drop(join);
}

/// Enters the group, when the delivery service has accepted our commit. (In a group that is joined anew, its echo does the same.)
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_JOIN`, also if another commit than the given one waits.
/// In: `client`; `group_id`; `commit`, the message that was accepted, where several processes share the store, or absent for
/// whichever waits; `tag`, which comes back in the effect.
/// Out: `group`, to be freed with `conclave_group_free`.
/// State: writes the group's head, and deletes what is left of an earlier stay but for the window of past epochs.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_confirm_join(
    client: Option<&conclave_client>,
    group_id: conclave_bytes,
    commit: conclave_bytes,
    tag: conclave_bytes,
    group: Out<'_, Owned<conclave_group>>,
) -> conclave_status {
    hand_over(group, || {
        let (group_id, commit) = (group_id.copy("group_id")?, commit.copy_optional("commit")?);
        let client = &required(client, "client")?.client;
        Ok(conclave_group::new(client.confirm_join(group_id, commit, tag.copy("tag")?)?))
    })
}

/// Gives the waiting join up, when the delivery service has refused its commit for good.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_JOIN`, also if another commit than the given one waits.
/// In: `client`; `group_id`; `commit`, as for `conclave_client_confirm_join`.
/// Out: nothing.
/// State: deletes what the join has written.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_discard_join(
    client: Option<&conclave_client>,
    group_id: conclave_bytes,
    commit: conclave_bytes,
) -> conclave_status {
    answer(|| {
        let (group_id, commit) = (group_id.copy("group_id")?, commit.copy_optional("commit")?);
        required(client, "client")?.client.discard_join(group_id, commit)
    })
}
