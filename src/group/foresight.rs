//! What the last act on a group tells about the next one: which records it will read, so that they are read in one call.
//! A wrong guess costs a longer read and nothing else; what is read is judged as if there had been no guess.

use super::inbound::Inbound;
use super::state::GroupState;
use super::touch;
use crate::base::{Epoch, LeafIndex, Secret};
use crate::crypto::Suite;
use crate::message::ContentType;
use crate::schedule::SecretTree;
use crate::store::{GroupKeys, Key, Txn};
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
    encrypts_handshakes: bool,
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
            encrypts_handshakes: state.head.settings.encrypt_handshakes,
        }
    }

    /// What any act reads first.
    pub(crate) fn to_load(&self) -> Vec<Key> {
        vec![self.head.clone(), self.keys.epoch(self.epoch)]
    }

    /// What making a message of this kind reads first.
    pub(crate) fn to_send(&self, content_type: ContentType) -> Vec<Key> {
        let own = (self.own_leaf, self.own_leaf);
        let mut keys = self.to_load();
        keys.extend(touch::of_sender(self.secret_tree(), own, (content_type, self.encrypts_handshakes)));
        keys
    }

    /// What receiving this message reads first: if its sender has been heard of, that is all for application data.
    pub(crate) fn to_receive(&self, inbound: &Inbound) -> Vec<Key> {
        let mut keys = self.to_load();
        if inbound.epoch() != self.epoch {
            keys.push(self.keys.epoch(inbound.epoch()));
            return keys;
        }
        let tree = self.secret_tree();
        if let Some((sender, content_type)) = inbound.claimed_sender(&tree, &self.sender_data_secret) {
            keys.extend(touch::of_sender(tree, (sender, self.own_leaf), (content_type, inbound.is_private())));
        }
        keys
    }

    fn secret_tree(&self) -> SecretTree<'_> {
        SecretTree { suite: self.suite, keys: &self.keys, epoch: self.epoch, width: self.width }
    }
}
