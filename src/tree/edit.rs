//! Changing the tree as proposals ask (RFC 9420 §7.7, §12.1). Leaves are named in the directory and counted in the census by
//! [`roster`](super::roster); the keys of parent nodes are entered and freed here.

use super::index::NodeIndex;
use super::paged::Tree;
use super::record::{LeafRecord, ParentKey};
use crate::base::{LeafIndex, Result};
use crate::store::{Namespace, Txn};

impl Tree {
    /// Replaces a member's leaf and blanks the nodes above it (RFC 9420 §12.1.2).
    pub(crate) fn update(&mut self, txn: &mut Txn, leaf: LeafIndex, record: LeafRecord) -> Result<()> {
        self.put_leaf(txn, leaf, Some(record))?;
        self.blank_path(txn, leaf)
    }

    /// Blanks a member's leaf and the nodes above it (RFC 9420 §12.1.3). The tree is narrowed by [`Tree::shrink`].
    pub(crate) fn remove(&mut self, txn: &mut Txn, leaf: LeafIndex) -> Result<()> {
        self.put_leaf(txn, leaf, None)?;
        self.blank_path(txn, leaf)
    }

    /// Halves the tree for as long as its right half has no member (RFC 9420 §12.1.3).
    pub(crate) fn shrink(&mut self, txn: &mut Txn) -> Result<()> {
        let mut width = self.width;
        while let (Some((_, right)), Some(half)) = (width.root().children(), width.halved()) {
            if self.facts(txn, right)?.occupied > 0 {
                break;
            }
            self.rekey(txn, width.root(), None)?;
            width = half;
        }
        if width < self.width { self.truncate(txn, width) } else { Ok(()) }
    }

    /// Puts the committer's own new leaf in place, leaving the nodes above it.
    pub(crate) fn replace_leaf(&mut self, txn: &mut Txn, leaf: LeafIndex, record: LeafRecord) -> Result<()> {
        self.put_leaf(txn, leaf, Some(record))
    }

    /// Blanks every node above a leaf, and frees its keys.
    pub(crate) fn blank_path(&mut self, txn: &mut Txn, leaf: LeafIndex) -> Result<()> {
        for node in self.width.direct_path(leaf.into()).collect::<Vec<_>>() {
            self.rekey(txn, node, None)?;
        }
        Ok(())
    }

    /// Gives a parent node a new key with no unmerged leaves, or none.
    pub(super) fn rekey(&mut self, txn: &mut Txn, node: NodeIndex, key: Option<ParentKey>) -> Result<()> {
        let old = self.parent(txn, node)?.key.as_ref().map(|key| key.encryption_key.clone());
        if old.is_none() && key.is_none() {
            return Ok(());
        }
        if let Some(old) = old {
            txn.delete(self.keys.directory(Namespace::EncryptionKey, &old.0));
        }
        if let Some(new) = &key {
            txn.store(self.keys.directory(Namespace::EncryptionKey, &new.encryption_key.0), &node.0);
        }
        let record = self.parent_mut(txn, node)?;
        record.key = key;
        record.unmerged.clear();
        self.rekeyed.insert(node);
        Ok(())
    }

    /// Where the next new member will be.
    pub(crate) fn next_leaf(&mut self, txn: &mut Txn) -> Result<LeafIndex> {
        let root = self.width.root();
        let blank = self.facts(txn, root)?.first_blank();
        Ok(LeafIndex(blank.unwrap_or(self.width.leaves())))
    }

    /// The number of members.
    pub(crate) fn member_count(&mut self, txn: &mut Txn) -> Result<u32> {
        let root = self.width.root();
        Ok(self.facts(txn, root)?.occupied)
    }
}
