//! Proposing from outside a group.

use std::sync::Arc;

use super::answer::{Out, Owned, hand_over, required};
use super::bytes::{conclave_buf, conclave_bytes};
use super::client::conclave_client;
use super::memory::conclave_memory;
use super::status::conclave_status;
use crate::base::Result;
use crate::client::{ExternalPlace, ExternalProposer};

/// Someone whom a group lets propose changes without being a member (RFC 9420 section 12.1.8), in one epoch of that group: a bot
/// that adds new staff, or a server that removes who has been away too long. A member has to commit what it proposes. Nothing is
/// stored, and each call gives the message to send.
pub struct conclave_external_proposer {
    proposer: Arc<ExternalProposer>,
}

/// Where an external sender stands. Free it with `conclave_external_place_free`.
#[repr(C)]
pub struct conclave_external_place {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The id of the group.
    pub group_id: conclave_bytes,
    /// The epoch it is in.
    pub epoch: u64,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// The place of this client in the group's list of external senders.
    pub sender_index: u32,
}

/// A message that asks a group to add this client. Free it with `conclave_join_proposal_free`.
#[repr(C)]
pub struct conclave_join_proposal {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The message for the group.
    pub message: conclave_bytes,
    /// The group that is asked.
    pub group_id: conclave_bytes,
    /// The epoch in which the message can be committed; after it, the group has to be asked again.
    pub epoch: u64,
    /// The reference of the key package inside, whose private keys wait for the Welcome. Delete it when nothing came of it.
    pub key_package: conclave_bytes,
}

impl conclave_external_proposer {
    fn new(proposer: Arc<ExternalProposer>) -> Box<Self> {
        Box::new(conclave_external_proposer { proposer })
    }
}

/// Makes a proposal, and gives the message to send.
fn propose(
    handle: Option<&conclave_external_proposer>,
    message: Out<'_, Owned<conclave_buf>>,
    make: impl FnOnce(&ExternalProposer) -> Result<Vec<u8>>,
) -> conclave_status {
    hand_over(message, || Ok(conclave_buf::new(make(&required(handle, "proposer")?.proposer)?)))
}

/// Asks a group to add this client, as its GroupInfo shows it: a member has to commit that, and sends the Welcome, to be opened
/// with `conclave_client_join`. With the ratchet tree, inside the GroupInfo or beside it, the GroupInfo is verified; without,
/// whoever brought it is believed. Makes a key package for it, which must not be published.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_INCAPABLE` if the group asks for what this client does not support,
/// `CONCLAVE_UNSUPPORTED_SUITE` if it has no key for the group's, and what makes a GroupInfo invalid, as for
/// `conclave_external_proposer_new`.
/// In: `client`; `group_info`; `tree`, or absent; `tag`, which comes back in the effect.
/// Out: `proposal`, to be freed with `conclave_join_proposal_free`.
/// State: writes the key package.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_propose_join(
    client: Option<&conclave_client>,
    group_info: conclave_bytes,
    tree: conclave_bytes,
    tag: conclave_bytes,
    proposal: Out<'_, Owned<conclave_join_proposal>>,
) -> conclave_status {
    hand_over(proposal, || {
        let (group_info, tree) = (group_info.copy("group_info")?, tree.copy_optional("tree")?);
        let made = required(client, "client")?.client.propose_join(group_info, tree, tag.copy("tag")?)?;
        let mut owner = conclave_memory::new();
        let parts = [made.message, made.group_id, made.key_package];
        let [message, group_id, key_package] = parts.map(|part| owner.bytes(part));
        Ok(Box::new(conclave_join_proposal { owner, message, group_id, epoch: made.epoch, key_package }))
    })
}

/// Frees a message that asks to be added.
///
/// Returns: nothing.
/// In: `proposal`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_join_proposal_free(proposal: Option<Box<conclave_join_proposal>>) {
    drop(proposal);
}

/// Finds the client's key among the external senders that a GroupInfo shows. With the ratchet tree, inside the GroupInfo or beside
/// it, the GroupInfo is verified; without, whoever brought it is believed.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` if the group does not name the client, `CONCLAVE_UNSUPPORTED_SUITE` if the client
/// has no key for the group's, and what makes a GroupInfo invalid: the 2xx, `CONCLAVE_WRONG_CONTENT` for another kind of message,
/// `CONCLAVE_BAD_GROUP_INFO`, `CONCLAVE_BAD_SIGNATURE`, `CONCLAVE_BAD_TREE`, and `CONCLAVE_CREDENTIAL_REJECTED` for the member who
/// signed it.
/// In: `client`; `group_info`; `tree`, or absent.
/// Out: `proposer`, to be freed with `conclave_external_proposer_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_new(
    client: Option<&conclave_client>,
    group_info: conclave_bytes,
    tree: conclave_bytes,
    proposer: Out<'_, Owned<conclave_external_proposer>>,
) -> conclave_status {
    hand_over(proposer, || {
        let client = required(client, "client")?.client.clone();
        let (group_info, tree) = (group_info.copy("group_info")?, tree.copy_optional("tree")?);
        Ok(conclave_external_proposer::new(ExternalProposer::new(client, group_info, tree)?))
    })
}

/// Takes the app's word for where the client stands.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for the group's.
/// In: `client`; `group_id`; `epoch`, the one that the group is in; `cipher_suite`, the group's; `sender_index`, the place of this
/// client in the group's list of external senders.
/// Out: `proposer`, to be freed with `conclave_external_proposer_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_at_place(
    client: Option<&conclave_client>,
    group_id: conclave_bytes,
    epoch: u64,
    cipher_suite: u16,
    sender_index: u32,
    proposer: Out<'_, Owned<conclave_external_proposer>>,
) -> conclave_status {
    hand_over(proposer, || {
        let place = ExternalPlace { group_id: group_id.copy("group_id")?, epoch, cipher_suite, sender_index };
        let client = required(client, "client")?.client.clone();
        Ok(conclave_external_proposer::new(ExternalProposer::at_place(client, place)?))
    })
}

/// Gives the same sender in another epoch: every commit begins one, and proposals of an earlier one are refused. If a commit
/// replaced the group's extensions, look the place up anew.
///
/// Returns: `CONCLAVE_OK`.
/// In: `proposer`; `epoch`.
/// Out: `later`, to be freed with `conclave_external_proposer_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_at_epoch(
    proposer: Option<&conclave_external_proposer>,
    epoch: u64,
    later: Out<'_, Owned<conclave_external_proposer>>,
) -> conclave_status {
    hand_over(later, || Ok(conclave_external_proposer::new(required(proposer, "proposer")?.proposer.at_epoch(epoch))))
}

/// Lets a proposer go.
///
/// Returns: nothing.
/// In: `proposer`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any, when no other call uses this handle.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_free(proposer: Option<Box<conclave_external_proposer>>) {
    drop(proposer);
}

/// Tells where the client stands.
///
/// Returns: `CONCLAVE_OK`.
/// In: `proposer`.
/// Out: `place`, to be freed with `conclave_external_place_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_place(
    proposer: Option<&conclave_external_proposer>,
    place: Out<'_, Owned<conclave_external_place>>,
) -> conclave_status {
    hand_over(place, || {
        let place = required(proposer, "proposer")?.proposer.place();
        let mut owner = conclave_memory::new();
        let group_id = owner.bytes(place.group_id);
        let (epoch, cipher_suite, sender_index) = (place.epoch, place.cipher_suite, place.sender_index);
        Ok(Box::new(conclave_external_place { owner, group_id, epoch, cipher_suite, sender_index }))
    })
}

/// Frees a place.
///
/// Returns: nothing.
/// In: `place`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_place_free(place: Option<Box<conclave_external_place>>) {
    drop(place);
}

/// Proposes to add the client of this key package.
///
/// Returns: `CONCLAVE_OK`, and for the key package, what `conclave_group_propose_add` says of it.
/// In: `proposer`; `key_package`.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_propose_add(
    proposer: Option<&conclave_external_proposer>,
    key_package: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(proposer, message, |proposer| proposer.propose_add(key_package.copy("key_package")?))
}

/// Proposes to remove the member at this leaf.
///
/// Returns: `CONCLAVE_OK`.
/// In: `proposer`; `leaf`.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_propose_remove(
    proposer: Option<&conclave_external_proposer>,
    leaf: u32,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(proposer, message, |proposer| proposer.propose_remove(leaf))
}

/// Proposes to mix an external pre-shared key in, which the members must hold.
///
/// Returns: `CONCLAVE_OK`.
/// In: `proposer`; `psk_id`.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_propose_psk(
    proposer: Option<&conclave_external_proposer>,
    psk_id: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(proposer, message, |proposer| proposer.propose_psk(psk_id.copy("psk_id")?))
}

/// Proposes to close the group, in favour of one with this id, cipher suite and extensions.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_UNSUPPORTED_SUITE`, and for the extensions those of
/// `conclave_external_proposer_propose_extensions`.
/// In: `proposer`; `group_id`; `cipher_suite`; `extensions`, as `conclave_encode_extensions` encodes them.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_propose_reinit(
    proposer: Option<&conclave_external_proposer>,
    group_id: conclave_bytes,
    cipher_suite: u16,
    extensions: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(proposer, message, |proposer| {
        proposer.propose_reinit(group_id.copy("group_id")?, cipher_suite, extensions.copy("extensions")?)
    })
}

/// Proposes to replace the group's extensions by this list.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a list that is malformed, empty or has types reserved for GREASE,
/// `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a group, the 2xx for one of RFC 9420's that is malformed,
/// `CONCLAVE_LIMIT_REACHED` for a list that is too long, `CONCLAVE_CREDENTIAL_REJECTED` for an external sender.
/// In: `proposer`; `extensions`, as `conclave_encode_extensions` encodes them.
/// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_proposer_propose_extensions(
    proposer: Option<&conclave_external_proposer>,
    extensions: conclave_bytes,
    message: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    propose(proposer, message, |proposer| proposer.propose_extensions(extensions.copy("extensions")?))
}
