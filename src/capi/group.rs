//! A group: how it stands, sending, its secrets, and its end.

use std::ffi::{CStr, c_char};
use std::sync::Arc;

use super::answer::{Out, Owned, answer, hand_over, required};
use super::bytes::{conclave_buf, conclave_bytes};
use super::growing::{Growing, fill};
use super::names::conclave_flag;
use super::status::conclave_status;
use crate::base::{Code, Result};
use crate::client::{Group, GroupStatus};

/// A group that a client is or was in. It holds no state, that is all in the storage: several handles, on several threads and
/// in several processes, may be on one group.
pub struct conclave_group {
    pub(super) group: Arc<Group>,
}

impl conclave_group {
    pub(super) fn new(group: Arc<Group>) -> Box<Self> {
        Box::new(conclave_group { group })
    }
}

/// The group behind a handle.
pub(super) fn held(handle: Option<&conclave_group>) -> Result<&Arc<Group>> {
    required(handle, "group").map(|handle| &handle.group)
}

/// How a group stands.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_group_standing {
    /// Set it to `sizeof(conclave_group_standing)` before the call.
    pub struct_size: u32,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// Whether this client may act in the group: false once it was removed, the group was closed, or it came out of an archive.
    pub active: bool,
    /// Whether the group was closed by a ReInit.
    pub frozen: bool,
    /// Whether the group came out of an archive, and sends nothing until it was rejoined.
    pub imported: bool,
    /// Whether a commit of our own waits.
    pub pending_commit: bool,
    /// The epoch it is in.
    pub epoch: u64,
    /// The first epoch whose messages can still be read.
    pub oldest_epoch: u64,
    /// Our own position.
    pub own_leaf: u32,
    /// How many members it has.
    pub members: u32,
    /// How many proposals wait for a commit.
    pub pending_proposals: u32,
    /// How many messages of future epochs are kept.
    pub deferred: u32,
}

impl Growing for conclave_group_standing {
    fn initial() -> Self {
        conclave_group_standing {
            struct_size: size_of::<Self>() as u32,
            cipher_suite: 0,
            active: false,
            frozen: false,
            imported: false,
            pending_commit: false,
            epoch: 0,
            oldest_epoch: 0,
            own_leaf: 0,
            members: 0,
            pending_proposals: 0,
            deferred: 0,
        }
    }
}

impl conclave_group_standing {
    fn of(status: &GroupStatus) -> Self {
        conclave_group_standing {
            struct_size: size_of::<Self>() as u32,
            cipher_suite: status.cipher_suite,
            active: status.active,
            frozen: status.frozen,
            imported: status.imported,
            pending_commit: status.pending_commit,
            epoch: status.epoch,
            oldest_epoch: status.oldest_epoch,
            own_leaf: status.own_leaf,
            members: status.members,
            pending_proposals: status.pending_proposals,
            deferred: status.deferred,
        }
    }
}

/// Lets a handle on a group go. The group itself stays in the storage.
///
/// Returns: nothing.
/// In: `group`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none; what is left of a reserve is skipped.
/// Threads: any, when no other call uses this handle.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_free(group: Option<Box<conclave_group>>) {
    drop(group);
}

/// Gives the id of the group.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: `id`, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_id(
    group: Option<&conclave_group>,
    id: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(id, || Ok(conclave_buf::new(held(group)?.id())))
}

/// Tells how the group stands.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`; `standing->struct_size`.
/// Out: `standing`.
/// State: reads two records.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_status(
    group: Option<&conclave_group>,
    standing: *mut conclave_group_standing,
) -> conclave_status {
    answer(|| fill(standing, conclave_group_standing::of(&held(group)?.status()?)))
}

/// Encrypts an application message. The key is used up durably before this returns: send the bytes again when in doubt, and
/// never encrypt again.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_PENDING_PROPOSALS` while proposals wait for a commit (RFC 9420 section 12.4),
/// `CONCLAVE_USAGE_LIMIT` once as much was encrypted in the epoch as is safe (a commit is the remedy), `CONCLAVE_NOT_HEALED` in a
/// group that came out of an archive, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_TOO_LONG`.
/// In: `group`; `plaintext`; `aad`, authenticated with it and readable for everyone; `tag`, which comes back in the effect.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: reads three records and writes one; some more for the first message of an epoch. With a reserve, most calls read one
/// and write none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_encrypt(
    group: Option<&conclave_group>,
    plaintext: conclave_bytes,
    aad: conclave_bytes,
    tag: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(message, || {
        let plaintext = plaintext.copy("plaintext")?;
        let encrypted = held(group)?.encrypt(plaintext, aad.copy("aad")?, tag.copy("tag")?)?;
        Ok(conclave_buf::new(encrypted))
    })
}

/// Derives a secret from the current epoch that all members can derive (RFC 9420 section 8.5).
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for NULL, a label that is not UTF-8, or a `length` of more than 255 times that
/// of the suite's hash; `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`.
/// In: `group`; `label`, a C string; `context`; `length`, how many bytes are wanted.
/// Out: `secret`, `length` bytes, which the caller wipes.
/// State: reads the head and the epoch.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_export_secret(
    group: Option<&conclave_group>,
    label: *const c_char,
    context: conclave_bytes,
    secret: *mut u8,
    length: usize,
) -> conclave_status {
    answer(|| {
        if label.is_null() || secret.is_null() {
            return Err(Code::BadArgument.with("label or secret is NULL"));
        }
        // SAFETY: the caller vouches that `label` is a C string.
        let label =
            unsafe { CStr::from_ptr(label) }.to_str().map_err(|_| Code::BadArgument.with("label is not UTF-8"))?;
        let wanted = u32::try_from(length).map_err(|_| Code::BadArgument.with("length is out of range"))?;
        let exported = held(group)?.export_secret(label.to_owned(), context.copy("context")?, wanted)?;
        let exported = exported.expose();
        // SAFETY: the caller vouches that `secret` has room for `length` bytes, which is how long the export is.
        unsafe { std::ptr::copy_nonoverlapping(exported.as_ptr(), secret, exported.len()) };
        Ok(())
    })
}

/// Gives a value that is equal for all members of an epoch and for nobody else: compare it out of band (RFC 9420 section 8.7).
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`.
/// In: `group`.
/// Out: `authenticator`, to be freed with `conclave_buf_free`.
/// State: reads the head and the epoch.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_epoch_authenticator(
    group: Option<&conclave_group>,
    authenticator: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(authenticator, || Ok(conclave_buf::new(held(group)?.epoch_authenticator()?)))
}

/// Gives the GroupInfo of the current epoch, signed by us, for clients that join by themselves.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_NOT_HEALED`, `CONCLAVE_SIGNER_FAILED`.
/// In: `group`; `with_tree`, whether the ratchet tree is inside.
/// Out: `group_info`, to be freed with `conclave_buf_free`.
/// State: reads the head and the epoch; with the tree, all of it: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_info(
    group: Option<&conclave_group>,
    with_tree: conclave_flag,
    group_info: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(group_info, || Ok(conclave_buf::new(held(group)?.group_info(with_tree != 0)?)))
}

/// Gives the whole ratchet tree, to be passed beside a Welcome or GroupInfo that does not hold it.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_CANCELLED`.
/// In: `group`.
/// Out: `tree`, to be freed with `conclave_buf_free`.
/// State: reads the tree: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_export_tree(
    group: Option<&conclave_group>,
    tree: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(tree, || Ok(conclave_buf::new(held(group)?.export_tree()?)))
}

/// What stands for as many past epochs as the configuration says.
pub const CONCLAVE_KEEP_CONFIGURED: u32 = 0xffff_ffff;

/// Deletes keys of past epochs and of skipped messages that the configuration says are too old, and of all past epochs but the
/// last `keep_epochs`: messages of theirs that come later can not be read.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`; `keep_epochs`, or `CONCLAVE_KEEP_CONFIGURED`.
/// Out: nothing.
/// State: reads the records of the epochs that go, and looks through the skipped keys of those that stay; writes only if there
/// is something to delete.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_prune(group: Option<&conclave_group>, keep_epochs: u32) -> conclave_status {
    let keep = (keep_epochs != CONCLAVE_KEEP_CONFIGURED).then_some(keep_epochs);
    answer(|| held(group)?.prune(keep))
}

/// Deletes everything this client has of the group, in one batch, also when its records are damaged. The others are not told:
/// leave the group first.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`; the handle has to be freed as ever.
/// Out: nothing.
/// State: reads the head; deletes all records of the group.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_delete(group: Option<&conclave_group>) -> conclave_status {
    answer(|| held(group)?.delete())
}
