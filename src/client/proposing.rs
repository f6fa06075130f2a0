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
    pub fn propose_add(&self, key_package: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        let key_package = foreign_key_package(&key_package)?;
        self.propose(&tag, |_, _| Ok(Proposal::Add(key_package.clone())))
    }

    /// Proposes to remove the member at this leaf. Gives the message to send.
    pub fn propose_remove(&self, leaf: u32, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, _| Ok(Proposal::Remove(LeafIndex(leaf))))
    }

    /// Proposes our own removal; another member has to commit it. Gives the message to send.
    pub fn propose_leave(&self, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| Ok(Proposal::Remove(state.head.own_leaf)))
    }

    /// Proposes fresh keys for our own leaf; another member has to commit it. Gives the message to send.
    pub fn propose_update(&self, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |txn, state| propose::own_update(txn, state, &self.shared.services))
    }

    /// Proposes to mix an external pre-shared key in. Gives the message to send.
    pub fn propose_psk(&self, psk_id: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| with_nonce(state.suite, Psk::External(psk_id.as_slice().into())))
    }

    /// Proposes to mix in the secret that an earlier epoch of this or another group left. Gives the message to send.
    pub fn propose_resumption_psk(&self, psk: ResumptionPsk, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.propose(&tag, |_, state| with_nonce(state.suite, application_psk(psk.clone())))
    }

    /// Proposes to replace the group's extensions by this encoded list (`Extension extensions<V>` of RFC 9420). Gives the
    /// message to send.
    pub fn propose_extensions(&self, extensions: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        let extensions = for_group(&extensions)?;
        self.propose(&tag, |_, _| Ok(Proposal::GroupContextExtensions(extensions.clone())))
    }
}
