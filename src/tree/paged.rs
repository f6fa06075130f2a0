//! The ratchet tree over stored records: nodes are loaded when touched, changed in memory, and staged in the transaction by
//! [`Tree::flush`]. The tree is never loaded whole.
//!
//! A parent's record holds the summaries of its children, so the records of one path are all that a change needs. Whatever
//! changes marks the path above it stale; [`Tree::refresh`] brings summaries up to date from the bottom, each node once.

use std::collections::{BTreeMap, BTreeSet};

use super::census::Census;
use super::hash::{blank_summary, leaf_summary, parent_summary};
use super::index::{NodeIndex, Width};
use super::record::{LeafRecord, ParentRecord};
use super::summary::{Facts, Summary, TreeHead};
use crate::base::{LeafIndex, Result};
use crate::codec::Short;
use crate::crypto::{Digest, Suite};
use crate::store::{GroupKeys, Key, Txn, corrupt};

/// Where the record of a leaf lies.
pub(crate) fn leaf_key(keys: &GroupKeys, leaf: LeafIndex) -> Key {
    record_key(keys, leaf.into())
}

/// The ratchet tree of one group, as far as an operation has touched it.
pub(crate) struct Tree {
    pub(super) keys: GroupKeys,
    pub(super) suite: &'static Suite,
    pub(super) width: Width,
    pub(super) root: Summary,
    pub(super) leaves: BTreeMap<u32, Option<LeafRecord>>,
    pub(super) parents: BTreeMap<u32, Box<ParentRecord>>,
    pub(super) changed_leaves: BTreeSet<u32>,
    pub(super) changed_parents: BTreeSet<u32>,
    /// Nodes whose summary is no longer the one that their parent's record (or the head) holds.
    pub(super) stale: BTreeSet<NodeIndex>,
    /// Stale nodes whose facts, at least, are up to date above.
    pub(super) counted: BTreeSet<NodeIndex>,
    /// Nodes from this index on have never been stored.
    pub(super) untouched_from: u32,
    /// Parents whose key this operation took away or replaced.
    pub(super) rekeyed: BTreeSet<NodeIndex>,
    /// What the members support, counted.
    pub(crate) census: Census,
}

/// The keys of the records of a leaf and of the parents above it; none for a leaf outside the tree.
pub(crate) fn path_records(keys: &GroupKeys, width: Width, leaf: LeafIndex) -> Vec<Key> {
    if !width.holds(leaf) {
        return Vec::new();
    }
    let mut records = Vec::with_capacity(usize::from(width.bands()) * 4 + 1);
    records.push(record_key(keys, leaf.into()));
    records.extend(width.direct_path(leaf.into()).map(|node| record_key(keys, node)));
    records
}

fn record_key(keys: &GroupKeys, node: NodeIndex) -> Key {
    keys.node(node.band(), node.0)
}

impl Tree {
    /// The tree that the head describes.
    pub(crate) fn open(keys: GroupKeys, suite: &'static Suite, head: &TreeHead) -> Self {
        Tree {
            census: Census::new(keys.clone()),
            keys,
            suite,
            width: head.width,
            root: head.root.clone(),
            leaves: BTreeMap::new(),
            parents: BTreeMap::new(),
            changed_leaves: BTreeSet::new(),
            changed_parents: BTreeSet::new(),
            stale: BTreeSet::new(),
            counted: BTreeSet::new(),
            untouched_from: head.width.nodes(),
            rekeyed: BTreeSet::new(),
        }
    }

    /// A tree of one blank leaf, of which nothing is stored.
    pub(crate) fn blank(keys: GroupKeys, suite: &'static Suite) -> Self {
        let root = leaf_summary(suite, LeafIndex(0), None);
        let mut tree = Tree::open(keys, suite, &TreeHead { width: Width::ONE, root });
        tree.untouched_from = 0;
        tree
    }

    pub(crate) fn width(&self) -> Width {
        self.width
    }

    /// Reads the given leaves, and the parents above them, in one call.
    pub(crate) fn load_paths(&mut self, txn: &mut Txn, leaves: &[LeafIndex]) -> Result<()> {
        if leaves.iter().all(|leaf| self.holds_path((*leaf).into())) {
            return Ok(());
        }
        let nodes = leaves.iter().flat_map(|leaf| {
            let at = NodeIndex::from(*leaf);
            std::iter::once(at).chain(self.width.direct_path(at))
        });
        let nodes: BTreeSet<NodeIndex> = nodes.collect();
        self.load(txn, nodes)
    }

    /// Reads the given nodes in one call (and the chunks of long unmerged lists in a second one).
    pub(crate) fn load(&mut self, txn: &mut Txn, nodes: impl IntoIterator<Item = NodeIndex>) -> Result<()> {
        let unknown: Vec<NodeIndex> = nodes.into_iter().filter(|node| !self.holds(*node)).collect();
        let stored = unknown.iter().filter(|node| node.0 < self.untouched_from);
        txn.prefetch(stored.map(|node| self.key(*node)).collect::<Vec<_>>())?;
        let (mut incomplete, mut chunks) = (Vec::new(), Vec::new());
        for node in unknown {
            self.take_in(txn, node)?;
            if let Some(record) = self.parents.get(&node.0).filter(|record| record.unmerged.is_incomplete()) {
                chunks.extend(record.unmerged.chunks(&self.keys, node));
                incomplete.push(node);
            }
        }
        txn.prefetch(chunks)?;
        for node in incomplete {
            if let Some(record) = self.parents.get_mut(&node.0) {
                record.unmerged.complete(txn, &self.keys, node)?;
            }
        }
        Ok(())
    }

    /// The leaf at this position, unless it is blank.
    pub(crate) fn leaf(&mut self, txn: &mut Txn, leaf: LeafIndex) -> Result<Option<&LeafRecord>> {
        if !self.width.holds(leaf) {
            return Ok(None);
        }
        if !self.leaves.contains_key(&leaf.0) {
            self.load(txn, [leaf.into()])?;
        }
        Ok(self.leaves.get(&leaf.0).and_then(Option::as_ref))
    }

    /// The parent at this position.
    pub(crate) fn parent(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<&ParentRecord> {
        if !self.parents.contains_key(&node.0) {
            self.load(txn, [node])?;
        }
        self.parents.get(&node.0).map(|record| &**record).ok_or_else(corrupt)
    }

    /// Puts a leaf in its place, or blanks it.
    pub(super) fn put_leaf(&mut self, txn: &mut Txn, leaf: LeafIndex, record: Option<LeafRecord>) -> Result<()> {
        self.load_paths(txn, &[leaf])?;
        self.leaves.insert(leaf.0, record);
        self.changed_leaves.insert(leaf.0);
        self.touch(leaf.into());
        Ok(())
    }

    /// The parent at this position, to be changed.
    pub(super) fn parent_mut(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<&mut ParentRecord> {
        if !self.is_touched(node) {
            self.load(txn, std::iter::once(node).chain(self.width.direct_path(node)).collect::<Vec<_>>())?;
            self.touch(node);
        }
        self.parents.get_mut(&node.0).map(|record| &mut **record).ok_or_else(corrupt)
    }

    /// The facts of a subtree, without hashing.
    pub(crate) fn facts(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<Facts> {
        if !self.stale.contains(&node) || self.counted.contains(&node) {
            return Ok(self.summary_above(txn, node)?.facts);
        }
        let facts = match node.children() {
            None => self.leaf_facts(node),
            Some((left, right)) => {
                let (left, right) = (self.facts(txn, left)?, self.facts(txn, right)?);
                Facts::over(left, right, self.parent(txn, node)?.keyed())
            }
        };
        self.summary_above_mut(node)?.facts = facts;
        self.counted.insert(node);
        Ok(facts)
    }

    /// The summary of a subtree, hashing what changed and nothing else.
    pub(crate) fn refresh(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<Summary> {
        // A parent that was never stored has no hashes of its children: only when it is loaded are they known to be stale.
        self.summary_above(txn, node)?;
        if !self.stale.contains(&node) {
            return self.summary_above(txn, node).cloned();
        }
        let summary = match node.children() {
            _ if !self.holds(node) => blank_summary(self.suite, node)?,
            None => self.leaf_summary(node)?,
            Some((left, right)) => {
                self.refresh(txn, left)?;
                self.refresh(txn, right)?;
                let suite = self.suite;
                parent_summary(suite, self.parent(txn, node)?)?
            }
        };
        self.summary_above_mut(node)?.clone_from(&summary);
        self.stale.remove(&node);
        self.counted.remove(&node);
        Ok(summary)
    }

    /// What the head is to say of the tree, all changes included.
    pub(crate) fn head(&mut self, txn: &mut Txn) -> Result<TreeHead> {
        let root = self.refresh(txn, self.width.root())?;
        Ok(TreeHead { width: self.width, root })
    }

    /// Stages every node that changed.
    pub(crate) fn flush(&mut self, txn: &mut Txn) -> Result<TreeHead> {
        let head = self.head(txn)?;
        for leaf in std::mem::take(&mut self.changed_leaves) {
            let node = NodeIndex::from(LeafIndex(leaf));
            match self.leaves.get(&leaf).and_then(Option::as_ref) {
                Some(record) => txn.store(self.key(node), record),
                None => self.unstore(txn, node),
            }
        }
        for node in std::mem::take(&mut self.changed_parents).into_iter().map(NodeIndex) {
            let key = self.key(node);
            let Some(record) = self.parents.get_mut(&node.0) else { continue };
            record.unmerged.flush(txn, &self.keys, node)?;
            match record.is_vacant() {
                true => self.unstore(txn, node),
                false => txn.store(key, &**record),
            }
        }
        self.untouched_from = self.width.nodes();
        self.census.flush(txn)?;
        Ok(head)
    }

    /// Deletes the record of a node without members below it, if there can be one.
    fn unstore(&self, txn: &mut Txn, node: NodeIndex) {
        if node.0 < self.untouched_from {
            txn.delete(self.key(node));
        }
    }

    fn holds_path(&self, node: NodeIndex) -> bool {
        self.holds(node) && self.width.direct_path(node).all(|above| self.parents.contains_key(&above.0))
    }

    fn holds(&self, node: NodeIndex) -> bool {
        match node.leaf() {
            Some(leaf) => self.leaves.contains_key(&leaf.0),
            None => self.parents.contains_key(&node.0),
        }
    }

    pub(super) fn key(&self, node: NodeIndex) -> Key {
        record_key(&self.keys, node)
    }

    fn take_in(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<()> {
        let (key, stored) = (self.key(node), node.0 < self.untouched_from);
        if let Some(leaf) = node.leaf() {
            let record = if stored { txn.load::<LeafRecord>(&key)? } else { None };
            self.leaves.insert(leaf.0, record);
            return Ok(());
        }
        let stored = if stored { txn.load::<ParentRecord>(&key)? } else { None };
        let record = match (stored, node.children()) {
            (Some(record), _) => record,
            (None, Some((left, right))) => ParentRecord::blank(self.unhashed(left), self.unhashed(right)),
            (None, None) => return Err(corrupt()),
        };
        self.parents.insert(node.0, Box::new(record));
        Ok(())
    }

    /// The summary of a subtree that was never stored, so that all of it is blank. It is hashed when it is still blank at the
    /// time its hash is needed, and not before: most such subtrees are about to be filled.
    pub(super) fn unhashed(&mut self, node: NodeIndex) -> Summary {
        self.stale.insert(node);
        self.counted.insert(node);
        Summary { tree_hash: Digest(Short::default()), facts: Facts::blank(node.leaves().start) }
    }

    /// Marks a node and all above it as stale. What lies above a touched node was touched with it.
    fn touch(&mut self, node: NodeIndex) {
        let width = self.width;
        for at in std::iter::once(node).chain(width.direct_path(node)) {
            if self.is_touched(at) {
                break;
            }
            self.counted.remove(&at);
            self.stale.insert(at);
            if !at.is_leaf() {
                self.changed_parents.insert(at.0);
            }
        }
    }

    /// Whether a node was touched since its facts were last brought up to date: then its path is loaded, and all of it is touched.
    fn is_touched(&self, node: NodeIndex) -> bool {
        self.stale.contains(&node) && !self.counted.contains(&node)
    }

    fn leaf_record(&self, node: NodeIndex) -> Option<&LeafRecord> {
        self.leaves.get(&node.leaf()?.0).and_then(Option::as_ref)
    }

    fn leaf_facts(&self, node: NodeIndex) -> Facts {
        match self.leaf_record(node) {
            Some(_) => Facts::OCCUPIED_LEAF,
            None => Facts::blank(node.leaves().start),
        }
    }

    fn leaf_summary(&self, node: NodeIndex) -> Result<Summary> {
        let leaf = node.leaf().ok_or_else(corrupt)?;
        Ok(leaf_summary(self.suite, leaf, self.leaf_record(node).map(|record| record.node.as_slice())))
    }

    /// The summary of `node` as its parent's record, or the head, has it.
    pub(super) fn summary_above(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<&Summary> {
        if node == self.width.root() {
            return Ok(&self.root);
        }
        let record = self.parent(txn, node.parent())?;
        Ok(if node.is_right() { &record.right } else { &record.left })
    }

    fn summary_above_mut(&mut self, node: NodeIndex) -> Result<&mut Summary> {
        if node == self.width.root() {
            return Ok(&mut self.root);
        }
        let record = self.parents.get_mut(&node.parent().0).ok_or_else(corrupt)?;
        Ok(if node.is_right() { &mut record.right } else { &mut record.left })
    }
}
