//! Putting new members into the tree (RFC 9420 §12.1.1), as many as a commit adds: what their paths share is loaded and marked
//! once for all of them.

use super::index::NodeIndex;
use super::paged::Tree;
use super::record::{LeafRecord, ParentRecord};
use super::summary::{Facts, Summary};
use crate::base::{LeafIndex, Result};
use crate::codec::Short;
use crate::crypto::Digest;
use crate::store::{Txn, corrupt};

impl Tree {
    /// Puts a new member into the leftmost blank leaf, widening the tree if there is none, and lists it as unmerged in every
    /// keyed node above (RFC 9420 §12.1.1).
    pub(crate) fn add(&mut self, txn: &mut Txn, record: LeafRecord) -> Result<LeafIndex> {
        self.add_all(txn, vec![record])?.pop().ok_or_else(corrupt)
    }

    /// Does so with each of these in turn, and tells where they are.
    pub(crate) fn add_all(&mut self, txn: &mut Txn, records: Vec<LeafRecord>) -> Result<Vec<LeafIndex>> {
        let leaves = self.make_room(txn, records.len())?;
        let touched = self.paths_of(&leaves);
        let stored: Vec<NodeIndex> = touched.iter().copied().filter(|node| node.0 < self.untouched_from).collect();
        self.load(txn, stored)?;
        self.grow(&touched);
        self.mark(&touched);
        self.list_unmerged(&touched, &leaves);
        self.changed_leaves.extend(leaves.iter().map(|leaf| leaf.0));
        self.leaves.extend(leaves.iter().zip(records).map(|(leaf, record)| (leaf.0, Some(record))));
        Ok(leaves)
    }

    /// The leftmost so many blank leaves of a tree that is widened until it has them.
    fn make_room(&mut self, txn: &mut Txn, count: usize) -> Result<Vec<LeafIndex>> {
        let mut blank = Vec::with_capacity(count);
        self.find_blank(txn, self.width.root(), (count, &mut blank))?;
        while blank.len() < count {
            let first = self.width.leaves();
            self.extend(txn)?;
            blank.extend((first..self.width.leaves()).map(LeafIndex).take(count - blank.len()));
        }
        Ok(blank)
    }

    /// Adds the blank leaves below a node to those that were found, up to so many. A subtree that has to be looked into is loaded
    /// along the path to its first one, in one call.
    fn find_blank(
        &mut self,
        txn: &mut Txn,
        node: NodeIndex,
        (count, found): (usize, &mut Vec<LeafIndex>),
    ) -> Result<()> {
        let facts = self.facts(txn, node)?;
        let Some(first) = facts.first_blank().filter(|_| found.len() < count) else { return Ok(()) };
        let Some((left, right)) = node.children().filter(|_| facts.occupied > 0) else {
            found.extend(node.leaves().map(LeafIndex).take(count - found.len()));
            return Ok(());
        };
        if !self.parents.contains_key(&node.0) {
            self.load_paths(txn, &[LeafIndex(first)])?;
        }
        self.find_blank(txn, left, (count, found))?;
        self.find_blank(txn, right, (count, found))
    }

    /// The nodes of these leaves, which ascend, and all above them; each once, in ascending order.
    fn paths_of(&self, leaves: &[LeafIndex]) -> Vec<NodeIndex> {
        let root = self.width.root();
        let mut level: Vec<NodeIndex> = leaves.iter().copied().map(NodeIndex::from).collect();
        let mut nodes = level.clone();
        while level.first().is_some_and(|node| *node != root) {
            level.iter_mut().for_each(|node| *node = node.parent());
            level.dedup();
            nodes.extend_from_slice(&level);
        }
        nodes.sort_unstable();
        nodes
    }

    /// Makes those of these parents that were never stored. Their summaries are hashed when they are needed.
    fn grow(&mut self, touched: &[NodeIndex]) {
        let missing = touched.iter().filter(|node| !node.is_leaf() && !self.parents.contains_key(&node.0));
        let missing: Vec<_> = missing.filter_map(|node| Some((node, node.children()?))).collect();
        for (node, (left, right)) in missing {
            self.parents.insert(node.0, Box::new(ParentRecord::blank(blank(left), blank(right))));
            self.counted.extend([left, right]);
            self.stale.extend([left, right]);
        }
    }

    /// Marks these nodes as stale: whatever is above one of them is among them.
    fn mark(&mut self, touched: &[NodeIndex]) {
        for node in touched {
            self.counted.remove(node);
            self.stale.insert(*node);
            if !node.is_leaf() {
                self.changed_parents.insert(node.0);
            }
        }
    }

    /// Lists each leaf in the keyed ones among the nodes above it.
    fn list_unmerged(&mut self, touched: &[NodeIndex], leaves: &[LeafIndex]) {
        for node in touched {
            let Some(record) = self.parents.get_mut(&node.0).filter(|record| record.key.is_some()) else { continue };
            let below = node.leaves();
            let first = leaves.partition_point(|leaf| leaf.0 < below.start);
            let here = leaves.iter().skip(first).take_while(|leaf| below.contains(&leaf.0));
            here.for_each(|leaf| record.unmerged.insert(leaf.0));
        }
    }
}

/// The summary, yet to be hashed, of a subtree without members.
fn blank(node: NodeIndex) -> Summary {
    Summary { tree_hash: Digest(Short::default()), facts: Facts::blank(node.leaves().start) }
}
