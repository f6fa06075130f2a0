//! A tree in a store of its own: what the entries about trees are proven on is what was stored, not what was in memory.

use std::sync::Arc;

use super::NewStorage;
use crate::base::{GroupId, LeafIndex, Result};
use crate::codec::{decode_exact, encode};
use crate::crypto::Suite;
use crate::store::{GroupKeys, Incarnation, Store, Txn};
use crate::tree::{Judge, LeafNode, LeafRecord, Names, Newcomer, Scrutiny, Signed, Tree, TreeHead};
use crate::{Observer, Unobserved};

/// A stored tree; every operation on it begins with a transaction that has read nothing.
pub(super) struct StoredTree {
    pub(super) suite: &'static Suite,
    pub(super) head: TreeHead,
    store: Arc<Store>,
    keys: GroupKeys,
}

impl StoredTree {
    /// Imports an encoded `ratchet_tree` into fresh storage and writes it. With a group id, leaf signatures are verified.
    pub(super) fn import(
        suite: &'static Suite,
        payload: &[u8],
        (storage, group_id): (NewStorage<'_>, Option<GroupId>),
    ) -> Result<Self> {
        let store = Store::open(storage(), b"vectors", None)?;
        let keys = GroupKeys::new(store.keyspace().clone(), Incarnation([1; 8]));
        let mut txn = Txn::begin(store.clone());
        txn.clear(keys.all());
        let (mut judge, observer): (_, Arc<dyn Observer>) = (Verifier { suite, group_id }, Arc::new(Unobserved));
        let scrutiny = Scrutiny { rules: None, judge: &mut judge, threads: 1, observer: &observer };
        let head = Tree::import(&mut txn, (keys.clone(), suite), &Arc::new(payload.to_vec()), scrutiny)?;
        store.write(txn.finish(None)?)?;
        Ok(StoredTree { suite, head, store, keys })
    }

    /// The tree as it is stored.
    pub(super) fn open(&self) -> (Tree, Txn) {
        (Tree::open(self.keys.clone(), self.suite, &self.head), Txn::begin(self.store.clone()))
    }

    /// Writes what an operation changed.
    pub(super) fn write(&mut self, (mut tree, mut txn): (Tree, Txn)) -> Result<()> {
        self.head = tree.flush(&mut txn)?;
        self.store.write(txn.finish(None)?)
    }

    /// The encoded `ratchet_tree`.
    pub(super) fn export(&self) -> Result<Vec<u8>> {
        let (mut tree, mut txn) = self.open();
        tree.export(&mut txn, &Unobserved)
    }
}

/// The record of a leaf. Its client is named by its signature key, as credentials of different leaves may be equal here.
pub(super) fn leaf_record(node: &LeafNode) -> Result<LeafRecord> {
    let (client_id, user_id) = names(node)?;
    Ok(LeafRecord::new(encode(node)?, (client_id, user_id), crate::base::Epoch(0)))
}

/// A leaf's record, read back.
pub(super) fn leaf_node(record: &LeafRecord) -> Result<LeafNode> {
    decode_exact(&record.node)
}

fn names(node: &LeafNode) -> Result<Names> {
    Ok((node.signature_key.0.to_vec(), encode(&node.credential)?))
}

/// Verifies the signature of each leaf.
struct Verifier {
    suite: &'static Suite,
    group_id: Option<GroupId>,
}

impl Judge for Verifier {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        newcomers.iter().map(|(leaf, node)| self.verify(*leaf, node)).collect()
    }
}

impl Verifier {
    fn verify(&self, leaf: LeafIndex, node: &LeafNode) -> Result<Names> {
        if let Some(group_id) = &self.group_id {
            let signed = node.to_be_signed(Some((group_id, leaf)))?;
            self.suite.verify_with_label(&node.signature_key, LeafNode::LABEL, &signed, &node.signature)?;
        }
        names(node)
    }
}
