//! Opening a client, and what concerns all of it.

use std::sync::Arc;

use super::answer::{Out, Owned, answer, hand_over, required};
use super::bytes::conclave_bytes;
use super::config::{conclave_client_config, conclave_host, lent};
use super::group::conclave_group;
use super::growing::{Growing, read, read_or_initial};
use super::memory::conclave_memory;
use super::names::{conclave_flag, conclave_identity};
use super::status::conclave_status;
use super::version::check_header;
use crate::client::{Client, GroupOptions, JoinOptions};

/// One member identity on one device, with its key packages, its groups and its pre-shared keys. It holds no state: that is
/// all in the storage.
pub struct conclave_client {
    pub(super) client: Arc<Client>,
}

/// Who a client claims to be. Free it with `conclave_own_identity_free`.
#[repr(C)]
pub struct conclave_own_identity {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// What its credential says.
    pub identity: conclave_identity,
}

/// One group in a listing.
#[repr(C)]
pub struct conclave_group_summary {
    /// The id of the group.
    pub group_id: conclave_bytes,
    /// The epoch it is in.
    pub epoch: u64,
    /// Whether this client may act in the group: false once it was removed, the group was closed, or it came out of an archive.
    pub active: bool,
}

/// Some of a client's groups. Free it with `conclave_groups_free`.
#[repr(C)]
pub struct conclave_groups {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The groups, in an order of the library's own.
    pub items: *const *const conclave_group_summary,
    /// How many there are.
    pub count: usize,
    /// What to pass to get the next page; absent (NULL `data`) at the end.
    pub next: conclave_bytes,
}

/// How a group is created. Begin with `CONCLAVE_INIT(conclave_group_options)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_group_options {
    /// `sizeof(conclave_group_options)`.
    pub struct_size: u32,
    /// The cipher suite; 0 for the client's preferred one.
    pub cipher_suite: u16,
    /// Whether proposals and commits of this client go out unencrypted, for a delivery service that must read them.
    pub public_handshakes: conclave_flag,
    /// Whether messages keep their exact length. By default they are padded, so that lengths tell little.
    pub without_padding: conclave_flag,
    /// The id of the group; absent for 16 random bytes.
    pub group_id: conclave_bytes,
    /// The extensions of the group, as `conclave_encode_extensions` encodes them.
    pub extensions: conclave_bytes,
    /// A tag of the app, which comes back in the effect.
    pub tag: conclave_bytes,
}

/// How a group is joined. Begin with `CONCLAVE_INIT(conclave_join_options)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_join_options {
    /// `sizeof(conclave_join_options)`.
    pub struct_size: u32,
    /// Whether proposals and commits of this client go out unencrypted.
    pub public_handshakes: conclave_flag,
    /// Whether messages keep their exact length.
    pub without_padding: conclave_flag,
    /// The ratchet tree, when the Welcome does not hold it.
    pub tree: conclave_bytes,
    /// A tag of the app, which comes back in the effect.
    pub tag: conclave_bytes,
}

impl Growing for conclave_group_options {
    fn initial() -> Self {
        conclave_group_options {
            struct_size: size_of::<Self>() as u32,
            cipher_suite: 0,
            public_handshakes: 0,
            without_padding: 0,
            group_id: conclave_bytes::NONE,
            extensions: conclave_bytes::NONE,
            tag: conclave_bytes::NONE,
        }
    }
}

impl Growing for conclave_join_options {
    fn initial() -> Self {
        conclave_join_options {
            struct_size: size_of::<Self>() as u32,
            public_handshakes: 0,
            without_padding: 0,
            tree: conclave_bytes::NONE,
            tag: conclave_bytes::NONE,
        }
    }
}

/// Opens the client that the configuration names in the host's storage, and makes it if it is not there yet.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_HEADER_MISMATCH` if header and library are not of one release, `CONCLAVE_UNSUPPORTED_SUITE`,
/// `CONCLAVE_BAD_KEY` for a storage key that is not 32 bytes or not the one that the store was written under, and for a signing
/// key that does not fit its suite, `CONCLAVE_BAD_ARGUMENT` for an incomplete host, no cipher suite, or lists of types that name
/// what RFC 9420 or GREASE reserves, `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a leaf, the 2xx for one of
/// RFC 9420's own that is malformed, `CONCLAVE_LIMIT_REACHED` for credential and leaf extensions of more than 47 KiB.
/// In: `header_version`, always `CONCLAVE_VERSION_NUMBER`; `config`; `host`, see there for who releases what.
/// Out: `client`, to be freed with `conclave_client_free`.
/// State: reads the store's format and the signing keys; writes them the first time.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_new(
    header_version: u32,
    config: *const conclave_client_config,
    host: *const conclave_host,
    client: Out<'_, Owned<conclave_client>>,
) -> conclave_status {
    answer(|| {
        check_header(header_version)?;
        // Before anything else can fail: from here on, what was lent is released.
        let host = lent(host)?;
        let out = required(client, "the output")?;
        let config = read(config, "config")?.copy()?;
        out.write(Some(Box::new(conclave_client { client: Client::new(config, host)? })));
        Ok(())
    })
}

/// Lets a client go. Groups and other handles that came from it stay as they are, and keep alive what they need.
///
/// Returns: nothing.
/// In: `client`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any, when no other call uses this handle.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_free(client: Option<Box<conclave_client>>) {
    drop(client);
}

/// Tells who the client claims to be in groups.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`.
/// Out: `identity`, to be freed with `conclave_own_identity_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_identity(
    client: Option<&conclave_client>,
    identity: Out<'_, Owned<conclave_own_identity>>,
) -> conclave_status {
    hand_over(identity, || {
        let mut owner = conclave_memory::new();
        let identity = conclave_identity::of(&mut owner, required(client, "client")?.client.identity());
        Ok(Box::new(conclave_own_identity { owner, identity }))
    })
}

/// Frees an identity.
///
/// Returns: nothing.
/// In: `identity`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_own_identity_free(identity: Option<Box<conclave_own_identity>>) {
    drop(identity);
}

/// Creates a group with this client as its only member.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_ALREADY_MEMBER` if the id is taken, `CONCLAVE_TOO_LONG` for an id of more than 1024 bytes,
/// `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for it, `CONCLAVE_INCAPABLE` if it does not support the extensions it
/// asks for, `CONCLAVE_BAD_ARGUMENT`, `CONCLAVE_WRONG_CONTENT`, `CONCLAVE_LIMIT_REACHED` and the 2xx for the extensions,
/// `CONCLAVE_CREDENTIAL_REJECTED` if the app does not believe us or an external sender.
/// In: `client`; `options`, or NULL for the defaults.
/// Out: `group`, to be freed with `conclave_group_free`.
/// State: writes the group.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_create_group(
    client: Option<&conclave_client>,
    options: *const conclave_group_options,
    group: Out<'_, Owned<conclave_group>>,
) -> conclave_status {
    hand_over(group, || {
        let given = read_or_initial(options, "options")?;
        let options = GroupOptions {
            group_id: given.group_id.copy_optional("group_id")?,
            cipher_suite: suite(given.cipher_suite),
            extensions: given.extensions.copy("extensions")?,
            public_handshakes: given.public_handshakes != 0,
            without_padding: given.without_padding != 0,
            tag: given.tag.copy("tag")?,
        };
        Ok(conclave_group::new(required(client, "client")?.client.create_group(options)?))
    })
}

/// Opens a group that this client is or was in.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_SUCH_GROUP`.
/// In: `client`; `group_id`.
/// Out: `group`, to be freed with `conclave_group_free`.
/// State: reads one record.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_open_group(
    client: Option<&conclave_client>,
    group_id: conclave_bytes,
    group: Out<'_, Owned<conclave_group>>,
) -> conclave_status {
    hand_over(group, || {
        let client = &required(client, "client")?.client;
        Ok(conclave_group::new(client.open_group(group_id.copy("group_id")?)?))
    })
}

/// Lists groups that this client is or was in, a page at a time: pass `next` of the page before as `after`.
///
/// Returns: `CONCLAVE_OK`.
/// In: `client`; `after`, absent for the first page; `limit`, the most that are wanted.
/// Out: `groups`, to be freed with `conclave_groups_free`.
/// State: reads the groups' heads.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_groups(
    client: Option<&conclave_client>,
    after: conclave_bytes,
    limit: u32,
    groups: Out<'_, Owned<conclave_groups>>,
) -> conclave_status {
    hand_over(groups, || {
        let page = required(client, "client")?.client.groups(after.copy_optional("after")?, limit)?;
        let mut owner = conclave_memory::new();
        let summaries = page.groups.into_iter().map(|group| conclave_group_summary {
            group_id: owner.bytes(group.group_id),
            epoch: group.epoch,
            active: group.active,
        });
        let summaries = summaries.collect();
        let (items, count) = owner.pointers(summaries);
        let next = owner.optional(page.next);
        Ok(Box::new(conclave_groups { owner, items, count, next }))
    })
}

/// Frees a list of groups.
///
/// Returns: nothing.
/// In: `groups`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_groups_free(groups: Option<Box<conclave_groups>>) {
    drop(groups);
}

/// Joins the group that a Welcome opens, with the key package that it was made for.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_NOT_FOR_US`, `CONCLAVE_TREE_MISSING`, `CONCLAVE_UNKNOWN_PSK`, `CONCLAVE_ALREADY_MEMBER`,
/// `CONCLAVE_UNSUPPORTED_SUITE`, `CONCLAVE_LIMIT_REACHED`, `CONCLAVE_CANCELLED`, and the 2xx and 3xx of whatever breaks a rule.
/// In: `client`; `welcome`; `options`, or NULL for the defaults.
/// Out: `group`, to be freed with `conclave_group_free`.
/// State: verifies the whole tree, and writes it: O(n). Deletes the private keys of the key package in the same batch, unless it
/// is one of last resort.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_join(
    client: Option<&conclave_client>,
    welcome: conclave_bytes,
    options: *const conclave_join_options,
    group: Out<'_, Owned<conclave_group>>,
) -> conclave_status {
    hand_over(group, || {
        let given = read_or_initial(options, "options")?;
        let options = JoinOptions {
            tree: given.tree.copy_optional("tree")?,
            public_handshakes: given.public_handshakes != 0,
            without_padding: given.without_padding != 0,
            tag: given.tag.copy("tag")?,
        };
        Ok(conclave_group::new(required(client, "client")?.client.join(welcome.copy("welcome")?, options)?))
    })
}

/// Deletes what is too old in all groups, as `conclave_group_prune` does, and key packages whose time is over. Call it now and
/// then, once a day for instance.
///
/// Returns: `CONCLAVE_OK`, or the first error; one group that fails does not keep the others from it.
/// In: `client`.
/// Out: nothing.
/// State: one write for each group that has something to delete.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_prune(client: Option<&conclave_client>) -> conclave_status {
    answer(|| required(client, "client")?.client.prune())
}

/// A cipher suite that may be left open.
pub(super) fn suite(given: u16) -> Option<u16> {
    (given != 0).then_some(given)
}
