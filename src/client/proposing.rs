//! Proposing changes to a group, each for a commit to take in.

use super::client::foreign_key_package;
use super::extensions::for_group;
use super::group::Group;
use super::types::application_psk;
use crate::base::event::ResumptionPsk;
use crate::base::{LeafIndex, Result};
use crate::group::propose;
use crate::group::psk::with_nonce;
use crate::message::Proposal;
use crate::schedule::Psk;

#[uniffi::export]
impl Group {
    /// Proposes to add the client of this key package. Gives the message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`], the 2xx of bytes that are no message, `WrongContent` for another kind of message,
    /// `UnsupportedVersion`, `BadKeyPackage`, `BadLeafNode` and `BadSignature` for a key package that breaks a rule or is
    /// for another suite, `Expired`, `CredentialRejected`. Whether the client could be added at all is for the commit to
    /// find out.
    #[uniffi::method(default(tag))]
    pub fn propose_add(&self, key_package: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        let key_package = foreign_key_package(&key_package)?;
        self.propose(&tag, |_, _| Ok(Proposal::Add(key_package.clone())))
    }

    /// Proposes to remove the member at this leaf. Gives the message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`], and `NoSuchMember`.
    #[uniffi::method(default(tag))]
    pub fn propose_remove(&self, leaf: u32, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, _| Ok(Proposal::Remove(LeafIndex(leaf))))
    }

    /// Proposes our own removal; another member has to commit it. Gives the message to send.
    ///
    /// # Errors
    /// What every proposal may meet: `Removed`, `Frozen`, `NotHealed`, `PolicyRejected`, `LimitReached` if too many
    /// proposals wait or this one is too long, `UsageLimit` as for [`Group::encrypt`].
    #[uniffi::method(default(tag))]
    pub fn propose_leave(&self, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| Ok(Proposal::Remove(state.head.own_leaf)))
    }

    /// Proposes fresh keys for our own leaf; another member has to commit it. Gives the message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`], and `CredentialRejected` if the app does not take the client's present credential
    /// for a successor of the one in the leaf.
    #[uniffi::method(default(tag))]
    pub fn propose_update(&self, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |txn, state| propose::own_update(txn, state, &self.shared.services))
    }

    /// Proposes to mix an external pre-shared key in. Gives the message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`]. Whether anybody has the key is not asked yet.
    #[uniffi::method(default(tag))]
    pub fn propose_psk(&self, psk_id: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| with_nonce(state.suite, Psk::External(psk_id.as_slice().into())))
    }

    /// Proposes to mix in the secret that an earlier epoch of this or another group left. Gives the message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`]. Whether anybody has the secret is not asked yet.
    #[uniffi::method(default(tag))]
    pub fn propose_resumption_psk(&self, psk: ResumptionPsk, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| with_nonce(state.suite, application_psk(psk.clone())))
    }

    /// Proposes to replace the group's extensions by this encoded list (`Extension extensions<V>` of RFC 9420). Gives the
    /// message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`], `BadArgument` for a list that is malformed, empty or has types reserved for
    /// GREASE, `WrongContent` for an extension that does not belong in a group, the 2xx for one of RFC 9420's that is
    /// malformed, `LimitReached` for a list that is too long, `CredentialRejected` for an external sender.
    #[uniffi::method(default(tag))]
    pub fn propose_extensions(&self, extensions: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        let extensions = for_group(&extensions)?;
        self.propose(&tag, |_, _| Ok(Proposal::GroupContextExtensions(extensions.clone())))
    }
}
