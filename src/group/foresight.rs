//! What the last act on a group tells about the next one: which records it will read, so that they are read in one call.
//! A wrong guess costs a longer read and nothing else; what is read is judged as if there had been no guess.

use super::open::{Inbound, ratchet_kind};
use super::state::GroupState;
use crate::base::{Epoch, LeafIndex, Secret};
use crate::crypto::Suite;
use crate::message::ContentType;
use crate::store::{GroupKeys, Key, RatchetKind, Txn};
use crate::tree::Width;

/// The state that the last act left.
pub(crate) struct Foresight {
    suite: &'static Suite,
    keys: GroupKeys,
    head: Key,
    epoch: Epoch,
    own_leaf: LeafIndex,
    sender_data_secret: Secret,
    width: Width,
}

impl Foresight {
    pub(crate) fn of(txn: &Txn, state: &GroupState) -> Self {
        Foresight {
            suite: state.suite,
            keys: state.keys.clone(),
            head: txn.keyspace().head(&state.head.group_id),
            epoch: state.head.epoch,
            own_leaf: state.head.own_leaf,
            sender_data_secret: state.epoch.sender_data_secret.duplicate(),
            width: state.epoch.width,
        }
    }

    /// What any act reads first.
    pub(crate) fn to_load(&self) -> Vec<Key> {
        vec![self.head.clone(), self.keys.epoch(self.epoch)]
    }

    /// What encrypting reads.
    pub(crate) fn to_send(&self, content_type: ContentType) -> Vec<Key> {
        let mut keys = self.to_load();
        keys.push(self.keys.ratchet(self.epoch, self.own_leaf, ratchet_kind(content_type)));
        keys
    }

    /// What receiving this message reads: if its sender has been heard of, that is all.
    pub(crate) fn to_receive(&self, inbound: &Inbound) -> Vec<Key> {
        let mut keys = self.to_load();
        keys.extend(self.sender_ratchet(inbound));
        keys
    }

    fn sender_ratchet(&self, inbound: &Inbound) -> Option<Key> {
        let message = inbound.private().filter(|message| message.epoch == self.epoch)?;
        let located = message.clone().locate(self.suite, &self.sender_data_secret, self.width.leaves()).ok()?;
        let kind: RatchetKind = ratchet_kind(located.content_type());
        Some(self.keys.ratchet(self.epoch, located.leaf_index(), kind))
    }
}
