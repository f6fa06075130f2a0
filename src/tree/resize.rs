//! Widening and narrowing the tree (RFC 9420 §7.7).

use super::index::Width;
use super::paged::Tree;
use super::record::ParentRecord;
use super::summary::Facts;
use crate::base::{Code, Result};
use crate::store::Txn;

impl Tree {
    /// Doubles the tree: the old one becomes the left half under a new blank root (RFC 9420 §7.7).
    pub(super) fn extend(&mut self, txn: &mut Txn) -> Result<()> {
        let old = self.width.root();
        let width = self.width.doubled().ok_or_else(|| {
            Code::LimitReached.with(format_args!("a group has at most {} leaves", self.width.leaves()))
        })?;
        self.facts(txn, old)?;
        let record = ParentRecord::blank(self.root.clone(), self.unhashed(old.sibling()));
        self.root.facts = Facts::over(record.left.facts, record.right.facts, None);
        self.width = width;
        self.parents.insert(width.root().0, Box::new(record));
        self.changed_parents.insert(width.root().0);
        self.stale.insert(width.root());
        self.counted.insert(width.root());
        Ok(())
    }

    /// Cuts the tree down to its leftmost part, beside which everything must be blank (RFC 9420 §7.7).
    pub(super) fn truncate(&mut self, txn: &mut Txn, width: Width) -> Result<()> {
        let root = width.root();
        self.facts(txn, root)?;
        let summary = self.summary_above(txn, root)?.clone();
        let first_dropped = width.nodes();
        for band in 0..self.width.bands() {
            txn.clear(self.keys.nodes_from(band, first_dropped));
        }
        txn.clear(self.keys.unmerged_of(first_dropped, self.width.nodes()));
        self.leaves.retain(|leaf, _| *leaf < width.leaves());
        self.parents.retain(|node, _| *node < first_dropped);
        self.changed_leaves.retain(|leaf| *leaf < width.leaves());
        self.changed_parents.retain(|node| *node < first_dropped);
        self.stale.retain(|node| node.0 < first_dropped);
        self.counted.retain(|node| node.0 < first_dropped);
        self.width = width;
        self.root = summary;
        self.untouched_from = self.untouched_from.min(first_dropped);
        Ok(())
    }
}
