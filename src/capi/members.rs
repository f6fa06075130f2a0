//! Who is in a group.

use super::answer::{Out, Owned, give, hand_over};
use super::bytes::conclave_bytes;
use super::extensions::conclave_extension;
use super::group::{conclave_group, held};
use super::memory::conclave_memory;
use super::names::{conclave_identity, conclave_member_name};
use super::policy::CONCLAVE_NO_LEAF;
use super::status::conclave_status;
use crate::client::Member;

/// A member of a group. What it says it supports (RFC 9420 section 7.2) may hold values that mean nothing (section 13.5).
#[repr(C)]
pub struct conclave_member {
    /// Position and canonical names.
    pub name: conclave_member_name,
    /// The credential it shows.
    pub identity: conclave_identity,
    /// The key it signs with.
    pub signature_key: conclave_bytes,
    /// Versions of the protocol that it supports.
    pub versions: *const u16,
    /// How many there are.
    pub version_count: usize,
    /// Cipher suites that it supports.
    pub cipher_suites: *const u16,
    /// How many there are.
    pub cipher_suite_count: usize,
    /// Types of extensions that it supports, beyond those of RFC 9420.
    pub extension_types: *const u16,
    /// How many there are.
    pub extension_type_count: usize,
    /// Types of proposals that it supports, beyond those of RFC 9420.
    pub proposal_types: *const u16,
    /// How many there are.
    pub proposal_type_count: usize,
    /// Types of credentials that it supports.
    pub credential_types: *const u16,
    /// How many there are.
    pub credential_type_count: usize,
    /// What else its leaf carries.
    pub extensions: *const conclave_extension,
    /// How many extensions there are.
    pub extension_count: usize,
}

/// Members. Free them with `conclave_members_free`.
#[repr(C)]
pub struct conclave_members {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The members, in the order of the tree.
    pub items: *const *const conclave_member,
    /// How many there are.
    pub count: usize,
}

impl conclave_members {
    fn new(members: Vec<Member>) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let members = members.into_iter().map(|member| conclave_member::of(&mut owner, member)).collect();
        let (items, count) = owner.pointers(members);
        Box::new(conclave_members { owner, items, count })
    }
}

impl conclave_member {
    fn of(memory: &mut conclave_memory, member: Member) -> Self {
        let name = conclave_member_name::of(memory, member.name);
        let identity = conclave_identity::of(memory, member.identity);
        let signature_key = memory.bytes(member.signature_key);
        let (versions, version_count) = memory.list(member.capabilities.versions);
        let (cipher_suites, cipher_suite_count) = memory.list(member.capabilities.cipher_suites);
        let (extension_types, extension_type_count) = memory.list(member.capabilities.extensions);
        let (proposal_types, proposal_type_count) = memory.list(member.capabilities.proposals);
        let (credential_types, credential_type_count) = memory.list(member.capabilities.credentials);
        let (extensions, extension_count) = conclave_extension::list(memory, member.extensions);
        conclave_member {
            name,
            identity,
            signature_key,
            versions,
            version_count,
            cipher_suites,
            cipher_suite_count,
            extension_types,
            extension_type_count,
            proposal_types,
            proposal_type_count,
            credential_types,
            credential_type_count,
            extensions,
            extension_count,
        }
    }
}

/// Lists members in the order of the tree.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`; `after`, the leaf after which to begin, or `CONCLAVE_NO_LEAF` to begin at the start; `limit`, the most that are
/// wanted.
/// Out: `members`, to be freed with `conclave_members_free`.
/// State: reads the head and the leaves.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_members(
    group: Option<&conclave_group>,
    after: u32,
    limit: u32,
    members: Out<'_, Owned<conclave_members>>,
) -> conclave_status {
    hand_over(members, || Ok(conclave_members::new(held(group)?.members(leaf(after), limit)?)))
}

/// Finds the member with this client id, as the app's validator named it.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`; `client_id`.
/// Out: `members`, which has one member, or is NULL if there is none; to be freed with `conclave_members_free`.
/// State: reads a few records, whatever the group's size.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_find_member(
    group: Option<&conclave_group>,
    client_id: conclave_bytes,
    members: Out<'_, Owned<conclave_members>>,
) -> conclave_status {
    give(members, || {
        let found = held(group)?.find_member(client_id.copy("client_id")?)?;
        Ok(found.map(|member| conclave_members::new(vec![member])))
    })
}

/// Finds the members with this user id, as the app's validator named it: a user's devices. In the order of the tree.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`; `user_id`; `after` and `limit`, as for `conclave_group_members`.
/// Out: `members`, to be freed with `conclave_members_free`.
/// State: reads every leaf up to the last one it finds, and all of them if it finds fewer than `limit`: O(n).
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_find_members(
    group: Option<&conclave_group>,
    user_id: conclave_bytes,
    after: u32,
    limit: u32,
    members: Out<'_, Owned<conclave_members>>,
) -> conclave_status {
    hand_over(members, || {
        let found = held(group)?.find_members(user_id.copy("user_id")?, leaf(after), limit)?;
        Ok(conclave_members::new(found))
    })
}

/// Frees members.
///
/// Returns: nothing.
/// In: `members`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_members_free(members: Option<Box<conclave_members>>) {
    drop(members);
}

fn leaf(given: u32) -> Option<u32> {
    (given != CONCLAVE_NO_LEAF).then_some(given)
}
