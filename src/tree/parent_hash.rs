//! Whether the keyed nodes of an imported tree were set by members (RFC 9420 §7.9.2): each must be chained to a leaf by
//! parent hashes.

use std::collections::BTreeSet;

use super::hash::{leaf_hash, parent_hash, parent_node_hash};
use super::index::NodeIndex;
use super::record::ParentRecord;
use super::unmerged::Unmerged;
use crate::base::{Code, Result};
use crate::crypto::{Digest, Suite};
use crate::store::corrupt;

/// The resolution of a subtree, each node with the parent hash it carries.
#[derive(Default)]
pub(super) struct Branch(Vec<(NodeIndex, Option<Digest>)>);

impl Branch {
    /// A node that stands for itself alone.
    pub(super) fn of(node: NodeIndex, parent_hash: Option<Digest>) -> Self {
        Branch(vec![(node, parent_hash)])
    }

    /// The resolution of a blank node over two subtrees.
    pub(super) fn join(mut left: Branch, mut right: Branch) -> Self {
        left.0.append(&mut right.0);
        left
    }

    /// The resolution of a keyed node. Its unmerged leaves cannot authenticate a node further up: without such a leaf the
    /// resolution would still hold this node, which is no leaf and so not unmerged above.
    pub(super) fn keyed(node: NodeIndex, parent_hash: Digest, unmerged: Vec<u32>) -> Self {
        let leaves = unmerged.into_iter().map(|leaf| (crate::base::LeafIndex(leaf).into(), None));
        Branch(std::iter::once((node, Some(parent_hash))).chain(leaves).collect())
    }

    /// The entries that are not among `unmerged`, and how many are.
    fn split(&self, unmerged: &Unmerged) -> (Vec<&(NodeIndex, Option<Digest>)>, usize) {
        let merged: Vec<_> = self.0.iter().filter(|(node, _)| !is_unmerged(*node, unmerged)).collect();
        let others = self.0.len() - merged.len();
        (merged, others)
    }
}

fn is_unmerged(node: NodeIndex, unmerged: &Unmerged) -> bool {
    node.leaf().is_some_and(|leaf| unmerged.contains(leaf.0))
}

/// The suite, and what gives the record of a parent below, with all its unmerged leaves.
type Below<'a> = (&'static Suite, &'a mut dyn FnMut(NodeIndex) -> Result<ParentRecord>);

/// Refuses a keyed node whose unmerged leaves are not unmerged all the way down, or that is not parent-hash valid with
/// respect to exactly one node below it.
pub(super) fn check_parent(
    (suite, below): Below<'_>,
    (node, record): (NodeIndex, &ParentRecord),
    (left, right): (&Branch, &Branch),
) -> Result<()> {
    let (left_merged, left_unmerged) = left.split(&record.unmerged);
    let (right_merged, right_unmerged) = right.split(&record.unmerged);
    // An unmerged leaf that is blank, outside this subtree, or merged at a keyed node in between, is in neither resolution.
    if left_unmerged + right_unmerged != record.unmerged.len() as usize {
        return Err(Code::BadTree.with("an unmerged leaf is blank, misplaced, or merged further down"));
    }
    let (left_child, right_child) = node.children().ok_or(Code::BadTree)?;
    let mut chains = 0;
    for (merged, sibling, hash) in
        [(left_merged, right_child, &record.right.tree_hash), (right_merged, left_child, &record.left.tree_hash)]
    {
        // D and the unmerged leaves of P below C must be the whole resolution of C.
        let [(_, Some(carried))] = merged.as_slice() else { continue };
        let original = original_tree_hash((suite, &mut *below), (sibling, hash), &record.unmerged)?;
        let key = record.key.as_ref().ok_or_else(corrupt)?;
        let expected = parent_hash(suite, &key.encryption_key, &key.parent_hash.0, &original)?;
        chains += usize::from(*carried == expected);
    }
    match chains {
        1 => Ok(()),
        _ => Err(Code::BadTree.with("a parent node is not chained to a member by parent hashes")),
    }
}

/// The tree hash that a subtree had before `unmerged` were added: with those leaves blank, and unmerged nowhere.
fn original_tree_hash(below: Below<'_>, (node, current): (NodeIndex, &Digest), unmerged: &Unmerged) -> Result<Digest> {
    let leaves = node.leaves();
    let gone: BTreeSet<u32> = unmerged.iter().filter(|leaf| leaves.contains(leaf)).collect();
    without(below, (node, current), &gone)
}

fn without((suite, below): Below<'_>, (node, current): (NodeIndex, &Digest), gone: &BTreeSet<u32>) -> Result<Digest> {
    if gone.range(node.leaves()).next().is_none() {
        return Ok(current.clone());
    }
    let Some((left, right)) = node.children() else {
        return Ok(leaf_hash(suite, node.leaf().ok_or_else(corrupt)?, None));
    };
    let record = below(node)?;
    let left = without((suite, &mut *below), (left, &record.left.tree_hash), gone)?;
    let right = without((suite, &mut *below), (right, &record.right.tree_hash), gone)?;
    let unmerged = Unmerged::of(record.unmerged.iter().filter(|leaf| !gone.contains(leaf)));
    parent_node_hash(suite, record.key.as_ref().map(|key| (key, &unmerged)), &left, &right)
}
