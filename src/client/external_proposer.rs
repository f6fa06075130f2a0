//! Proposing from outside a group (RFC 9420 §12.1.8): as one of the senders whom the group names, or to be added.

use std::sync::Arc;

use super::call::run;
use super::client::{Client, Shared, foreign_key_package};
use super::extensions::for_group;
use super::lease::Inside;
use crate::base::event::Effect;
use crate::base::{CipherSuite, Epoch, GroupId, LeafIndex, ProtocolVersion, Result};
use crate::crypto::Suite;
use crate::group::outside::{self, Destination};
use crate::group::psk::with_nonce;
use crate::message::{Proposal, ReInit};
use crate::schedule::Psk;

/// Where an external sender stands, as a group's members or its delivery service told it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExternalPlace {
    /// The id of the group.
    pub group_id: Vec<u8>,
    /// The epoch it is in.
    pub epoch: u64,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// The place of this client in the group's list of external senders.
    pub sender_index: u32,
}

/// A message that asks a group to add this client.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct JoinProposal {
    /// The message for the group.
    pub message: Vec<u8>,
    /// The group that is asked.
    pub group_id: Vec<u8>,
    /// The epoch in which the message can be committed; after it, the group has to be asked again.
    pub epoch: u64,
    /// The reference of the key package inside, whose private keys wait for the Welcome. Delete it when nothing came of it.
    pub key_package: Vec<u8>,
}

/// Someone whom a group lets propose changes without being a member, in one epoch of that group: a bot that adds new staff, or
/// a server that removes who has been away too long. A member has to commit what it proposes.
///
/// It signs with the client's own key, in the storage or with the host's signer. The group must have been given
/// [`Client::external_sender`] in its extensions. Nothing is stored, and each call gives the message to send.
///
/// # Errors
/// Every call that can fail may return what [`Client`] says of its calls, beside what it names.
#[derive(uniffi::Object)]
pub struct ExternalProposer {
    shared: Arc<Shared>,
    destination: Destination,
    index: u32,
}

#[uniffi::export]
impl ExternalProposer {
    /// Finds the client's key among the external senders that a GroupInfo shows. With the ratchet tree, inside the GroupInfo or
    /// beside it, the GroupInfo is verified; without, whoever brought it is believed.
    ///
    /// # Errors
    /// `BadArgument` if the group does not name the client, `UnsupportedSuite` if the client has no key for the group's, and what
    /// makes a GroupInfo invalid: the 2xx, `WrongContent` for another kind of message, `BadGroupInfo`, `BadSignature`, `BadTree`,
    /// and `CredentialRejected` for the member who signed it.
    #[uniffi::constructor(default(tree))]
    pub fn new(client: Arc<Client>, group_info: Vec<u8>, tree: Option<Vec<u8>>) -> Result<Arc<Self>> {
        let _inside = Inside::enter()?;
        let shared = client.shared().clone();
        let (host, tree) = (&shared.services, tree.map(Arc::new));
        let (destination, index) = run(&shared.store, |txn| {
            let context = outside::read_group_info(txn, host, (&group_info, tree.as_ref()))?;
            let destination = Destination::of(&context)?;
            let index = outside::place_of(host.identity_for(destination.suite)?, &context)?;
            Ok(((destination, index), None))
        })?;
        Ok(Arc::new(ExternalProposer { shared, destination, index }))
    }

    /// Takes the app's word for where the client stands.
    ///
    /// # Errors
    /// `UnsupportedSuite` if the client has no key for the group's.
    #[uniffi::constructor]
    pub fn at_place(client: Arc<Client>, place: ExternalPlace) -> Result<Arc<Self>> {
        let shared = client.shared().clone();
        let suite = Suite::of(CipherSuite(place.cipher_suite))?;
        shared.services.identity_for(suite)?;
        let destination = Destination { group_id: GroupId(place.group_id), epoch: Epoch(place.epoch), suite };
        Ok(Arc::new(ExternalProposer { shared, destination, index: place.sender_index }))
    }

    /// The same sender in another epoch: every commit begins one, and proposals of an earlier one are refused. If a commit
    /// replaced the group's extensions, look the place up anew.
    pub fn at_epoch(&self, epoch: u64) -> Arc<Self> {
        let destination = Destination { epoch: Epoch(epoch), ..self.destination.clone() };
        Arc::new(ExternalProposer { shared: self.shared.clone(), destination, index: self.index })
    }

    /// Where the client stands.
    pub fn place(&self) -> ExternalPlace {
        ExternalPlace {
            group_id: self.destination.group_id.as_slice().to_vec(),
            epoch: self.destination.epoch.0,
            cipher_suite: self.destination.suite.id().0,
            sender_index: self.index,
        }
    }

    /// Proposes to add the client of this key package.
    ///
    /// # Errors
    /// The 2xx of bytes that are no message, `WrongContent` for another kind of message, `UnsupportedVersion`,
    /// `BadKeyPackage`, `BadLeafNode` and `BadSignature` for a key package that breaks a rule or is for another suite,
    /// `Expired`, `CredentialRejected`.
    pub fn propose_add(&self, key_package: Vec<u8>) -> Result<Vec<u8>> {
        let key_package = foreign_key_package(&key_package)?;
        self.propose(|| Ok(Proposal::Add(key_package)))
    }

    /// Proposes to remove the member at this leaf.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn propose_remove(&self, leaf: u32) -> Result<Vec<u8>> {
        self.propose(|| Ok(Proposal::Remove(LeafIndex(leaf))))
    }

    /// Proposes to mix an external pre-shared key in, which the members must hold.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn propose_psk(&self, psk_id: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(|| with_nonce(self.destination.suite, Psk::External(psk_id.as_slice().into())))
    }

    /// Proposes to close the group, in favour of one with this id, cipher suite and encoded list of extensions.
    ///
    /// # Errors
    /// `UnsupportedSuite`, `BadArgument` for a list of extensions that is malformed, empty or has types reserved for
    /// GREASE, `WrongContent` for an extension that does not belong in a group, the 2xx for one of RFC 9420's that is
    /// malformed, `LimitReached` for a list that is too long.
    pub fn propose_reinit(&self, group_id: Vec<u8>, cipher_suite: u16, extensions: Vec<u8>) -> Result<Vec<u8>> {
        let (group_id, version) = (GroupId(group_id), ProtocolVersion::MLS10);
        let (cipher_suite, extensions) = (CipherSuite(cipher_suite), for_group(&extensions)?);
        self.propose(|| Ok(Proposal::ReInit(ReInit { group_id, version, cipher_suite, extensions })))
    }

    /// Proposes to replace the group's extensions by this encoded list.
    ///
    /// # Errors
    /// `BadArgument` for a list that is malformed, empty or has types reserved for GREASE, `WrongContent` for an extension
    /// that does not belong in a group, the 2xx for one of RFC 9420's that is malformed, `LimitReached` for a list that is
    /// too long, `CredentialRejected` for an external sender.
    pub fn propose_extensions(&self, extensions: Vec<u8>) -> Result<Vec<u8>> {
        let extensions = for_group(&extensions)?;
        self.propose(|| Ok(Proposal::GroupContextExtensions(extensions)))
    }
}

impl ExternalProposer {
    fn propose(&self, make: impl FnOnce() -> Result<Proposal>) -> Result<Vec<u8>> {
        let _inside = Inside::enter()?;
        self.shared.store.require_unwiped()?;
        outside::propose(&self.shared.services, (&self.destination, self.index), (make()?, &[]))
    }
}

#[uniffi::export]
impl Client {
    /// Asks a group to add this client, as its GroupInfo shows it (RFC 9420 §12.1.8): a member has to commit that, and sends
    /// the Welcome, to be opened with `join`. With the ratchet tree, inside the GroupInfo or beside it, the GroupInfo is
    /// verified; without, whoever brought it is believed.
    ///
    /// Makes a key package for it, which must not be published.
    ///
    /// # Errors
    /// `Incapable` if the group asks for what this client does not support, `UnsupportedSuite` if it has no key for the group's,
    /// and what makes a GroupInfo invalid, as for [`ExternalProposer::new`].
    #[uniffi::method(default(tree), default(tag))]
    pub fn propose_join(&self, group_info: Vec<u8>, tree: Option<Vec<u8>>, tag: Vec<u8>) -> Result<JoinProposal> {
        let _inside = Inside::enter()?;
        let (host, tree) = (&self.shared().services, tree.map(Arc::new));
        run(&self.shared().store, |txn| {
            let context = outside::read_group_info(txn, host, (&group_info, tree.as_ref()))?;
            let (own, message) = outside::propose_join(txn, host, (&context, &[]))?;
            let (group_id, epoch) = (context.group_id.as_slice().to_vec(), context.epoch.0);
            let effect = Effect::Outbound { group_id: group_id.clone(), tag: tag.clone(), message: message.clone() };
            Ok((JoinProposal { message, group_id, epoch, key_package: own.reference.0.to_vec() }, Some(effect)))
        })
    }
}
