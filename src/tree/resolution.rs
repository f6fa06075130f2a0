//! Resolutions (RFC 9420 §4.1.1) and filtered direct paths (§4.1.2), from summaries as far as they suffice.

use std::collections::BTreeSet;

use super::index::NodeIndex;
use super::paged::Tree;
use super::summary::Facts;
use crate::base::{LeafIndex, Result};
use crate::crypto::HpkePublicKey;
use crate::store::{Txn, corrupt};

/// A node of a filtered direct path, and its child that the path does not go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathStep {
    pub(crate) node: NodeIndex,
    pub(crate) copath: NodeIndex,
}

impl Tree {
    /// The nodes above a leaf whose copath child has a resolution that is not empty, from the leaf up. Leaves added by the
    /// running commit count.
    pub(crate) fn filtered_direct_path(&mut self, txn: &mut Txn, leaf: LeafIndex) -> Result<Vec<PathStep>> {
        self.load_paths(txn, &[leaf])?;
        let mut at = NodeIndex::from(leaf);
        let mut steps = Vec::new();
        for node in self.width.direct_path(at).collect::<Vec<_>>() {
            let copath = at.sibling();
            if self.facts(txn, copath)?.resolution > 0 {
                steps.push(PathStep { node, copath });
            }
            at = node;
        }
        Ok(steps)
    }

    /// The resolution of each of `nodes`, each in order, without the leaves in `except`. Blank nodes are opened level by
    /// level, all of one level in one read, and those below that are likely to be blank along with them.
    pub(crate) fn resolutions(
        &mut self,
        txn: &mut Txn,
        nodes: &[NodeIndex],
        except: &BTreeSet<u32>,
    ) -> Result<Vec<Vec<NodeIndex>>> {
        let mut open: Vec<NodeIndex> = nodes.to_vec();
        while !open.is_empty() {
            let mut wanted = open.clone();
            for node in &open {
                wanted.extend(likely_blank(*node, self.facts(txn, *node)?));
            }
            self.load(txn, wanted)?;
            let mut below = Vec::new();
            for node in open {
                let Some((left, right)) = node.children() else { continue };
                if self.parent(txn, node)?.key.is_some() {
                    continue;
                }
                for child in [left, right] {
                    if self.facts(txn, child)?.resolution > 0 {
                        below.push(child);
                    }
                }
            }
            open = below;
        }
        nodes.iter().map(|node| self.collect(txn, *node, except)).collect()
    }

    /// The public keys of the given nodes, read in one call. None of them may be blank.
    pub(crate) fn public_keys(&mut self, txn: &mut Txn, nodes: &[NodeIndex]) -> Result<Vec<HpkePublicKey>> {
        self.load(txn, nodes.iter().copied())?;
        nodes.iter().map(|node| self.public_key(txn, *node)).collect()
    }

    /// The public key of a node that is not blank.
    pub(crate) fn public_key(&mut self, txn: &mut Txn, node: NodeIndex) -> Result<HpkePublicKey> {
        match node.leaf() {
            Some(leaf) => Ok(self.leaf(txn, leaf)?.ok_or_else(corrupt)?.leaf_node()?.encryption_key.clone()),
            None => {
                let key = self.parent(txn, node)?.key.as_ref().ok_or_else(corrupt)?;
                Ok(key.encryption_key.clone())
            }
        }
    }

    /// Where in the resolution of `node`, without the leaves in `except`, a member finds itself: the node whose private key
    /// it has, and its place. Only the member's own path is read.
    pub(crate) fn locate(
        &mut self,
        txn: &mut Txn,
        (node, member): (NodeIndex, LeafIndex),
        except: &BTreeSet<u32>,
    ) -> Result<(NodeIndex, usize)> {
        self.load_paths(txn, &[member])?;
        let mut at = node;
        let mut before = 0u32;
        loop {
            let Some((left, right)) = at.children() else {
                return self.place(at, before, except, (node, at.leaves().start));
            };
            let record = self.parent(txn, at)?;
            let unmerged = record.unmerged.contains(member.0);
            if record.key.is_some() {
                if !unmerged {
                    return self.place(at, before, except, (node, at.leaves().start));
                }
                let earlier = record.unmerged.iter().take_while(|leaf| *leaf < member.0).count();
                let place = before + 1 + u32::try_from(earlier).map_err(|_| corrupt())?;
                return self.place(member.into(), place, except, (node, member.0));
            }
            if right.covers(member.into()) {
                before += self.facts(txn, left)?.resolution;
                at = right;
            } else {
                at = left;
            }
        }
    }

    /// Takes off the excepted leaves that stand before a place: each is an entry of its own in the resolution.
    fn place(
        &self,
        found: NodeIndex,
        place: u32,
        except: &BTreeSet<u32>,
        (node, end): (NodeIndex, u32),
    ) -> Result<(NodeIndex, usize)> {
        let skipped = except.range(node.leaves().start..end).count();
        let place = (place as usize).checked_sub(skipped).ok_or_else(corrupt)?;
        Ok((found, place))
    }

    fn collect(&mut self, txn: &mut Txn, node: NodeIndex, except: &BTreeSet<u32>) -> Result<Vec<NodeIndex>> {
        let mut found = Vec::new();
        let mut open = vec![node];
        while let Some(at) = open.pop() {
            if self.facts(txn, at)?.resolution == 0 {
                continue;
            }
            let Some((left, right)) = at.children() else {
                found.extend(at.leaf().filter(|leaf| !except.contains(&leaf.0)).map(NodeIndex::from));
                continue;
            };
            let record = self.parent(txn, at)?;
            if record.key.is_none() {
                open.extend([right, left]);
                continue;
            }
            found.push(at);
            let merged = record.unmerged.iter().filter(|leaf| !except.contains(leaf));
            found.extend(merged.map(|leaf| NodeIndex::from(LeafIndex(leaf))));
        }
        Ok(found)
    }
}

/// Where a subtree has a blank leaf, the nodes above it are likely to be blank too, if the subtree's own root may be: they
/// and their siblings.
fn likely_blank(node: NodeIndex, facts: Facts) -> Vec<NodeIndex> {
    let half_empty = facts.occupied <= (node.leaves().end - node.leaves().start) / 2;
    let Some(leaf) = facts.first_blank().filter(|_| facts.resolution > 1 || half_empty) else { return Vec::new() };
    let way_up = std::iter::successors(Some(NodeIndex::from(LeafIndex(leaf))), |at| Some(at.parent()));
    way_up.take_while(|at| *at != node).flat_map(|at| [at, at.sibling()]).collect()
}
