//! The secret tree of an epoch as it lies in the store (RFC 9420 §9): one record for each node that has not been consumed
//! and whose parent has. At first that is the root alone; the first use of a leaf consumes the one node above it that is
//! left, and leaves the siblings of the way down.

use super::ratchet_record::{RatchetRecord, SenderIdentity};
use crate::base::{Code, Epoch, LeafIndex, Result, Secret};
use crate::crypto::Suite;
use crate::store::{GroupKeys, Key, KeyRange, RatchetKind, Txn};
use crate::tree::{NodeIndex, Width};

/// Both ratchets of a leaf.
const KINDS: [RatchetKind; 2] = [RatchetKind::Handshake, RatchetKind::Application];

/// A node of the secret tree, by its index, and its secret.
pub(super) type FrontierNode = (u32, Secret);

/// Names the secret tree of one epoch.
#[derive(Clone, Copy)]
pub(crate) struct SecretTree<'a> {
    pub(crate) suite: &'static Suite,
    pub(crate) keys: &'a GroupKeys,
    pub(crate) epoch: Epoch,
    /// The width of the ratchet tree in that epoch.
    pub(crate) width: Width,
}

impl SecretTree<'_> {
    /// Stages the tree of a new epoch: nothing but its root.
    pub(crate) fn plant(&self, txn: &mut Txn, encryption_secret: Secret) {
        txn.store(self.frontier(self.width.root()), &encryption_secret);
    }

    /// What [`Ratchet::load`](super::Ratchet::load) reads, for the caller to prefetch along with records of its own.
    #[cfg(test)]
    pub(crate) fn keys_needed(&self, leaf: LeafIndex, kind: RatchetKind) -> Vec<Key> {
        vec![self.ratchet(leaf, kind)]
    }

    /// What [`Ratchet::first`](super::Ratchet::first) reads, for the caller to prefetch along with the leaf.
    pub(crate) fn first_keys_needed(&self, leaf: LeafIndex) -> Result<Vec<Key>> {
        let ratchets = KINDS.map(|kind| self.ratchet(leaf, kind));
        let frontier = self.path(leaf)?.into_iter().map(|node| self.frontier(node));
        Ok(ratchets.into_iter().chain(frontier).collect())
    }

    /// The key of a leaf's ratchet.
    pub(super) fn ratchet(&self, leaf: LeafIndex, kind: RatchetKind) -> Key {
        self.keys.ratchet(self.epoch, leaf, kind)
    }

    /// Finds where the derivation of a leaf's ratchets begins, and guards what they will rest on. `KeyGone` if the
    /// leaf's secrets are consumed.
    pub(super) fn unconsumed(&self, txn: &mut Txn, leaf: LeafIndex) -> Result<Unconsumed> {
        txn.prefetch(self.first_keys_needed(leaf)?)?;
        for kind in KINDS {
            txn.guard(&self.ratchet(leaf, kind))?;
        }
        let path = self.path(leaf)?;
        for node in &path {
            let key = self.frontier(*node);
            if let Some(secret) = txn.load::<Secret>(&key)? {
                // While this record stands, nothing below it has been derived.
                txn.guard(&key)?;
                return Ok(Unconsumed { node: *node, secret });
            }
        }
        path.into_iter().try_for_each(|node| txn.guard(&self.frontier(node)))?;
        Err(Code::KeyGone.with("the secrets of this sender in this epoch are gone"))
    }

    /// The node above a leaf that has not been consumed, if there is one, and what takes its place when the leaf is taken out:
    /// the secrets beside the way down. Nothing is staged.
    pub(super) fn split_off(&self, txn: &mut Txn, leaf: LeafIndex) -> Result<Option<(u32, Vec<FrontierNode>)>> {
        match self.unconsumed(txn, leaf) {
            Ok(unconsumed) => {
                let node = unconsumed.node.0;
                Ok(Some((node, unconsumed.descend(self, leaf)?.0)))
            }
            Err(error) if error.is(Code::KeyGone) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The nodes from the leaf up to the root.
    fn path(&self, leaf: LeafIndex) -> Result<Vec<NodeIndex>> {
        if !self.width.holds(leaf) {
            return Err(Code::BadSender.with("a leaf index outside the tree"));
        }
        let node = NodeIndex::from(leaf);
        Ok(std::iter::once(node).chain(self.width.direct_path(node)).collect())
    }

    fn frontier(&self, node: NodeIndex) -> Key {
        self.keys.frontier(self.epoch, node.0)
    }

    /// The secret of `node`, from that of its parent.
    fn child(&self, parent: &Secret, node: NodeIndex) -> Result<Secret> {
        let side: &[u8] = if node.is_right() { b"right" } else { b"left" };
        self.suite.expand_with_label(parent, "tree", side, self.suite.secret_length())
    }
}

/// The one node above a leaf that has not been consumed, with its secret.
pub(super) struct Unconsumed {
    node: NodeIndex,
    secret: Secret,
}

impl Unconsumed {
    /// Derives the way down to `leaf`, and both of its ratchets. The one of `kind` comes first, for use.
    pub(super) fn derive(
        self,
        tree: &SecretTree<'_>,
        (leaf, kind): (LeafIndex, RatchetKind),
        sender: SenderIdentity,
    ) -> Result<(RatchetRecord, FirstUse)> {
        let consumed = tree.frontier(self.node);
        let (siblings, secret) = self.descend(tree, leaf)?;
        let siblings = siblings.into_iter().map(|(node, secret)| (tree.frontier(NodeIndex(node)), secret)).collect();
        let other = match kind {
            RatchetKind::Handshake => RatchetKind::Application,
            RatchetKind::Application => RatchetKind::Handshake,
        };
        let unused = RatchetRecord::root(tree.suite, &secret, other, sender.clone())?;
        let used = RatchetRecord::root(tree.suite, &secret, kind, sender)?;
        Ok((used, FirstUse { consumed, siblings, other: (tree.ratchet(leaf, other), unused) }))
    }

    /// The secrets beside the way down to `leaf`, and that of the leaf itself.
    fn descend(self, tree: &SecretTree<'_>, leaf: LeafIndex) -> Result<(Vec<FrontierNode>, Secret)> {
        let Unconsumed { mut node, mut secret } = self;
        let mut siblings = Vec::new();
        while let Some((left, right)) = node.children() {
            let (below, beside) = if left.covers(leaf.into()) { (left, right) } else { (right, left) };
            siblings.push((beside.0, tree.child(&secret, beside)?));
            secret = tree.child(&secret, below)?;
            node = below;
        }
        Ok((siblings, secret))
    }
}

/// What the first use of a leaf writes besides the ratchet that it uses.
pub(super) struct FirstUse {
    consumed: Key,
    siblings: Vec<(Key, Secret)>,
    other: (Key, RatchetRecord),
}

impl FirstUse {
    /// Stages the deletion of the consumed node, the siblings of the way down, and the ratchet that is not used yet.
    pub(super) fn stage(self, txn: &mut Txn) {
        txn.delete(self.consumed);
        self.siblings.into_iter().for_each(|(key, secret)| txn.store(key, &secret));
        let (key, record) = self.other;
        txn.store(key, &record);
    }
}

/// Stages the deletion of what we could still send with in an epoch that is over: both ratchets of our own leaf, their
/// skipped keys, and the secret of the leaf if it was left alone in the tree.
pub(crate) fn forget_own(txn: &mut Txn, keys: &GroupKeys, epoch: Epoch, own_leaf: LeafIndex) {
    txn.delete(keys.frontier(epoch, NodeIndex::from(own_leaf).0));
    for kind in KINDS {
        txn.delete(keys.ratchet(epoch, own_leaf, kind));
        txn.clear(KeyRange::of_prefix(&keys.skipped_all(epoch, own_leaf, kind).0));
    }
}

/// Stages the deletion of every secret of the epochs from `first` up to `last`, exclusive.
pub(crate) fn forget_epochs(txn: &mut Txn, keys: &GroupKeys, first: Epoch, last: Epoch) {
    txn.clear(keys.epochs(first, last));
}
