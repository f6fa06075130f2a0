//! The ratchet tree of RFC 9420 as the text has it: everything in memory, everything computed anew when asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::leaf_node::LeafNode;
use super::super::node::{Node, TreeNodes};
use super::super::parent_node::ParentNode;
use super::suite;
use crate::base::LeafIndex;
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{Digest, HpkePublicKey};

/// A whole tree. A node is named by the range of leaves below it.
#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) leaves: Vec<Option<LeafNode>>,
    /// Keyed parent nodes by array index.
    pub(crate) parents: BTreeMap<u32, ParentNode>,
}

/// What hangs below a node, in leaves.
pub(crate) type Below = Range<u32>;

pub(crate) fn index(below: &Below) -> u32 {
    below.start + below.end - 1
}

pub(crate) fn halves(below: &Below) -> Option<(Below, Below)> {
    let middle = (below.start + below.end) / 2;
    (below.end - below.start > 1).then_some((below.start..middle, middle..below.end))
}

impl Model {
    pub(crate) fn of_one(leaf: LeafNode) -> Self {
        Model { leaves: vec![Some(leaf)], parents: BTreeMap::new() }
    }

    /// The tree that these encoded nodes make.
    pub(crate) fn import(payload: &[u8]) -> Self {
        let mut model = Model::default();
        for (at, node) in (0u32..).zip(TreeNodes::new(payload).unwrap()) {
            if at % 2 == 0 {
                model.leaves.push(None);
            }
            match node.unwrap().map(|node| node.node) {
                Some(Node::Leaf(leaf)) => *model.leaves.last_mut().unwrap() = Some(leaf.peek().clone()),
                Some(Node::Parent(parent)) => drop(model.parents.insert(at, parent)),
                None => {}
            }
        }
        model.leaves.resize(model.leaves.len().next_power_of_two(), None);
        model
    }

    pub(crate) fn width(&self) -> u32 {
        self.leaves.len() as u32
    }

    pub(crate) fn root(&self) -> Below {
        0..self.width()
    }

    pub(crate) fn members(&self) -> Vec<u32> {
        (0..).zip(&self.leaves).filter(|(_, leaf)| leaf.is_some()).map(|(index, _)| index).collect()
    }

    pub(crate) fn first_blank(&self, below: &Below) -> Option<u32> {
        below.clone().find(|leaf| self.leaves[*leaf as usize].is_none())
    }

    /// Every node of the tree, in order of array indices.
    pub(crate) fn nodes(&self) -> Vec<Below> {
        let mut nodes = vec![self.root()];
        let mut at = 0;
        while at < nodes.len() {
            nodes.extend(halves(&nodes[at]).into_iter().flat_map(|(left, right)| [left, right]));
            at += 1;
        }
        nodes.sort_by_key(index);
        nodes
    }

    /// The parents above a leaf from the lowest up, each with its child on the other side.
    pub(crate) fn path(&self, leaf: u32) -> Vec<(Below, Below)> {
        let (mut at, mut path) = (self.root(), Vec::new());
        while let Some((left, right)) = halves(&at) {
            let (next, other) = if left.contains(&leaf) { (left, right) } else { (right, left) };
            path.push((std::mem::replace(&mut at, next), other));
        }
        path.reverse();
        path
    }

    pub(crate) fn filtered_path(&self, leaf: u32) -> Vec<(Below, Below)> {
        self.path(leaf).into_iter().filter(|(_, other)| !self.resolution(other).is_empty()).collect()
    }

    pub(crate) fn resolution(&self, below: &Below) -> Vec<u32> {
        let Some((left, right)) = halves(below) else {
            return self.leaves[below.start as usize].iter().map(|_| index(below)).collect();
        };
        match self.parents.get(&index(below)) {
            Some(parent) => {
                let unmerged = parent.unmerged_leaves.iter().map(|leaf| 2 * leaf.0);
                std::iter::once(index(below)).chain(unmerged).collect()
            }
            None => [self.resolution(&left), self.resolution(&right)].concat(),
        }
    }

    pub(crate) fn add(&mut self, node: LeafNode) -> u32 {
        let leaf = self.first_blank(&self.root()).unwrap_or(self.width());
        if leaf == self.width() {
            self.leaves.resize(2 * leaf as usize, None);
        }
        self.leaves[leaf as usize] = Some(node);
        for (above, _) in self.path(leaf) {
            if let Some(parent) = self.parents.get_mut(&index(&above)) {
                parent.unmerged_leaves.push(LeafIndex(leaf));
                parent.unmerged_leaves.sort();
            }
        }
        leaf
    }

    pub(crate) fn update(&mut self, leaf: u32, node: LeafNode) {
        self.leaves[leaf as usize] = Some(node);
        self.blank_path(leaf);
    }

    pub(crate) fn remove(&mut self, leaf: u32) {
        self.leaves[leaf as usize] = None;
        self.blank_path(leaf);
    }

    pub(crate) fn shrink(&mut self) {
        while let Some((left, right)) = halves(&self.root()) {
            if self.leaves[right.start as usize..].iter().any(Option::is_some) {
                break;
            }
            self.leaves.truncate(left.end as usize);
            self.parents.remove(&index(&(left.start..right.end)));
            assert!(self.parents.keys().all(|node| *node < index(&(left.start..right.end))), "a key over no member");
        }
    }

    fn blank_path(&mut self, leaf: u32) {
        for (above, _) in self.path(leaf) {
            self.parents.remove(&index(&above));
        }
    }

    /// Sets new keys above a leaf, and gives the parent hash for the leaf.
    pub(crate) fn merge_path(&mut self, leaf: u32, keys: &[HpkePublicKey]) -> Digest {
        let steps = self.filtered_path(leaf);
        assert_eq!(steps.len(), keys.len());
        self.blank_path(leaf);
        let mut above = Digest(Short::default());
        for ((node, other), key) in steps.iter().zip(keys).rev() {
            let input = [encode(key), encode(&above), encode(&self.hash(other))].map(Result::unwrap).concat();
            let parent = ParentNode { encryption_key: key.clone(), parent_hash: above, unmerged_leaves: Vec::new() };
            self.parents.insert(index(node), parent);
            above = suite().hash(&input);
        }
        above
    }

    pub(crate) fn hash(&self, below: &Below) -> Digest {
        let input = match halves(below) {
            None => {
                let node = optional(self.leaves[below.start as usize].as_ref());
                [vec![1], below.start.to_be_bytes().to_vec(), node].concat()
            }
            Some((left, right)) => {
                let hashes = [left, right].map(|child| encode(&self.hash(&child)).unwrap()).concat();
                [vec![2], optional(self.parents.get(&index(below))), hashes].concat()
            }
        };
        suite().hash(&input)
    }

    /// Every node as an encoded `optional<Node>`, up to the last one that is not blank.
    pub(crate) fn encoded_nodes(&self) -> Vec<Vec<u8>> {
        let nodes = self.nodes().into_iter().map(|below| match halves(&below) {
            None => tagged(1, self.leaves[below.start as usize].as_ref()),
            Some(_) => tagged(2, self.parents.get(&index(&below))),
        });
        let mut nodes: Vec<Vec<u8>> = nodes.collect();
        while nodes.last().is_some_and(|node| node == &[0]) {
            nodes.pop();
        }
        nodes
    }

    pub(crate) fn export(&self) -> Vec<u8> {
        encode(&Opaque(self.encoded_nodes().concat())).unwrap()
    }

    /// Every encryption key with the array index of its node.
    pub(crate) fn encryption_keys(&self) -> BTreeMap<HpkePublicKeyBytes, u32> {
        let leaves = self.members().into_iter().map(|leaf| {
            let node = self.leaves[leaf as usize].as_ref().unwrap();
            (node.encryption_key.0.to_vec(), 2 * leaf)
        });
        let parents = self.parents.iter().map(|(index, node)| (node.encryption_key.0.to_vec(), *index));
        leaves.chain(parents).collect()
    }

    /// How many members have a type in the list that `listed` gives.
    pub(crate) fn counts<I: IntoIterator<Item = u16>>(&self, listed: impl Fn(&LeafNode) -> I) -> BTreeMap<u16, u32> {
        let mut counts = BTreeMap::new();
        for leaf in self.leaves.iter().flatten() {
            let distinct: BTreeSet<u16> = listed(leaf).into_iter().collect();
            distinct.into_iter().for_each(|which| *counts.entry(which).or_default() += 1);
        }
        counts
    }
}

type HpkePublicKeyBytes = Vec<u8>;

fn optional<T: tls_codec::Serialize>(node: Option<&T>) -> Vec<u8> {
    node.map_or(vec![0], |node| [vec![1], encode(node).unwrap()].concat())
}

fn tagged<T: tls_codec::Serialize>(node_type: u8, node: Option<&T>) -> Vec<u8> {
    node.map_or(vec![0], |node| [vec![1, node_type], encode(node).unwrap()].concat())
}
