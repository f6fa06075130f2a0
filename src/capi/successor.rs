//! Groups that follow from another.

use super::answer::{Out, Owned, answer, required};
use super::bytes::{conclave_bytes, copy_list};
use super::client::suite;
use super::commit::conclave_commit_result;
use super::group::{conclave_group, held};
use super::growing::{Growing, read_or_initial};
use super::names::conclave_flag;
use super::status::conclave_status;
use crate::base::Result;
use crate::client::{BranchOptions, Group, ReinitOptions, Successor, SuccessorOptions};

/// With what a group is to be begun anew. Begin with `CONCLAVE_INIT(conclave_reinit_options)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_reinit_options {
    /// `sizeof(conclave_reinit_options)`.
    pub struct_size: u32,
    /// The cipher suite of the successor; 0 for that of the old group.
    pub cipher_suite: u16,
    /// The id of the successor; absent for 16 random bytes.
    pub group_id: conclave_bytes,
    /// Its extensions, as `conclave_encode_extensions` encodes them; absent for those of the old group.
    pub extensions: conclave_bytes,
}

/// Who comes along into a new group, and how they are told. Begin with `CONCLAVE_INIT(conclave_successor_options)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_successor_options {
    /// `sizeof(conclave_successor_options)`.
    pub struct_size: u32,
    /// Whether the ratchet tree is handed out beside the Welcome instead of inside.
    pub tree_beside_welcome: conclave_flag,
    /// Whether proposals and commits of this client go out unencrypted.
    pub public_handshakes: conclave_flag,
    /// Whether messages keep their exact length.
    pub without_padding: conclave_flag,
    /// A key package of each member that comes along, for the cipher suite of the new group.
    pub key_packages: *const conclave_bytes,
    /// How many key packages there are.
    pub key_package_count: usize,
    /// A tag of the app, which comes back in the effect.
    pub tag: conclave_bytes,
    /// Of a branch, the id of the new group; absent for 16 random bytes. A successor has the id that its ReInit says.
    pub group_id: conclave_bytes,
    /// Of a branch, the extensions of the new group; absent for those of the old one. A successor has those of its ReInit.
    pub extensions: conclave_bytes,
}

impl Growing for conclave_reinit_options {
    fn initial() -> Self {
        let (struct_size, none) = (size_of::<Self>() as u32, conclave_bytes::NONE);
        conclave_reinit_options { struct_size, cipher_suite: 0, group_id: none, extensions: none }
    }
}

impl Growing for conclave_successor_options {
    fn initial() -> Self {
        conclave_successor_options {
            struct_size: size_of::<Self>() as u32,
            tree_beside_welcome: 0,
            public_handshakes: 0,
            without_padding: 0,
            key_packages: std::ptr::null(),
            key_package_count: 0,
            tag: conclave_bytes::NONE,
            group_id: conclave_bytes::NONE,
            extensions: conclave_bytes::NONE,
        }
    }
}

impl conclave_reinit_options {
    pub(super) fn copy(&self) -> Result<ReinitOptions> {
        Ok(ReinitOptions {
            group_id: self.group_id.copy_optional("group_id")?,
            cipher_suite: suite(self.cipher_suite),
            extensions: self.extensions.copy_optional("extensions")?,
        })
    }
}

impl conclave_successor_options {
    fn copy(&self) -> Result<SuccessorOptions> {
        Ok(SuccessorOptions {
            key_packages: copy_list(self.key_packages, self.key_package_count, "key_packages")?,
            tree_beside_welcome: self.tree_beside_welcome != 0,
            public_handshakes: self.public_handshakes != 0,
            without_padding: self.without_padding != 0,
            tag: self.tag.copy("tag")?,
        })
    }
}

/// Makes the group that takes the place of this one, after a commit with a ReInit has closed it (RFC 9420 section 11.2): every
/// other member must come along. One member does this for all; the effect holds the Welcome, to be sent at once.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NOT_CLOSED`, `CONCLAVE_BAD_ARGUMENT` if the key package of a member is missing,
/// `CONCLAVE_ALREADY_MEMBER` if the successor is here already, `CONCLAVE_UNSUPPORTED_SUITE` if this client has no key for the suite
/// of the successor, `CONCLAVE_INCAPABLE` if it or a key package does not support what the successor asks for,
/// `CONCLAVE_POLICY_REJECTED`, and for key packages, what `conclave_group_propose_add` says of them.
/// In: `group`; `options`.
/// Out: `successor`, the new group in its epoch 1, to be freed with `conclave_group_free`; `result`, whose `commit` is absent, to be
/// freed with `conclave_commit_result_free`.
/// State: writes the new group: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_create_successor(
    group: Option<&conclave_group>,
    options: *const conclave_successor_options,
    successor: Out<'_, Owned<conclave_group>>,
    result: Out<'_, Owned<conclave_commit_result>>,
) -> conclave_status {
    follow(group, (successor, result), |group| group.create_successor(read_or_initial(options, "options")?.copy()?))
}

/// Makes a group of some of the members, with the parameters of this one (RFC 9420 section 11.3); this group goes on as it is. The
/// effect holds the Welcome, to be sent at once.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_SUCH_MEMBER` if a key package is of a client that is not in this group,
/// `CONCLAVE_ALREADY_MEMBER` if the id is taken, `CONCLAVE_TOO_LONG` for an id of more than 1024 bytes, `CONCLAVE_REMOVED`,
/// `CONCLAVE_FROZEN`, `CONCLAVE_NOT_HEALED`, `CONCLAVE_BAD_ARGUMENT`, `CONCLAVE_WRONG_CONTENT` and `CONCLAVE_LIMIT_REACHED` for the
/// extensions, `CONCLAVE_INCAPABLE` if this client or a key package does not support what the group asks for,
/// `CONCLAVE_POLICY_REJECTED`, and for key packages, what `conclave_group_propose_add` says of them.
/// In: `group`; `options`.
/// Out: `branch`, the new group in its epoch 1, to be freed with `conclave_group_free`; `result`, whose `commit` is absent, to be
/// freed with `conclave_commit_result_free`.
/// State: writes the new group: O(n) in its size.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_branch(
    group: Option<&conclave_group>,
    options: *const conclave_successor_options,
    branch: Out<'_, Owned<conclave_group>>,
    result: Out<'_, Owned<conclave_commit_result>>,
) -> conclave_status {
    follow(group, (branch, result), |group| {
        let given = read_or_initial(options, "options")?;
        group.branch(BranchOptions {
            group_id: given.group_id.copy_optional("group_id")?,
            extensions: given.extensions.copy_optional("extensions")?,
            members: given.copy()?,
        })
    })
}

fn follow(
    handle: Option<&conclave_group>,
    (successor, result): (Out<'_, Owned<conclave_group>>, Out<'_, Owned<conclave_commit_result>>),
    make: impl FnOnce(&Group) -> Result<Successor>,
) -> conclave_status {
    answer(|| {
        let (successor, result) = (required(successor, "the new group")?, required(result, "result")?);
        let Successor { group, welcome, tree } = make(held(handle)?)?;
        successor.write(Some(conclave_group::new(group)));
        result.write(Some(conclave_commit_result::new(None, welcome, tree)));
        Ok(())
    })
}
