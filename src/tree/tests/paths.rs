//! Update paths with real keys: who commits, who receives and who joins end up with the same secrets, and every member knows
//! exactly the keys that the tree says it should.

use std::collections::{BTreeMap, BTreeSet};

use super::super::index::NodeIndex;
use super::super::leaf_node::{LeafNode, LeafNodeSource};
use super::super::paged::Tree;
use super::super::path_keys::PathKeys;
use super::super::path_open::ReceivedPath;
use super::super::path_seal::NewPath;
use super::super::path_secret::PathSecret;
use super::bench::{Stored, record};
use super::{Rng, from_key_package, suite};
use crate::base::LeafIndex;
use crate::crypto::HpkePrivateKey;
use crate::store::{Txn, decode_record, encode_record};

const CONTEXT: &[u8] = b"group context";

/// A group, and the private keys of all its members.
struct Group {
    stored: Stored,
    members: BTreeMap<u32, PathKeys>,
    rng: Rng,
    names: u32,
}

/// A commit in the making: the changed tree and the new members' keys.
struct Round {
    tree: Tree,
    txn: Txn,
    joined: BTreeMap<u32, PathKeys>,
}

impl Group {
    fn new(seed: u64) -> Self {
        Group { stored: Stored::empty(), members: BTreeMap::new(), rng: Rng(seed), names: 0 }
    }

    fn fresh_leaf(&mut self, source: LeafNodeSource) -> (LeafNode, HpkePrivateKey) {
        self.names += 1;
        let mut leaf = self.rng.leaf(&format!("u{}", self.names), source);
        let (private, public) = suite().generate_hpke_keys().unwrap();
        leaf.encryption_key = public;
        (leaf, private)
    }

    fn begin(&mut self, removed: Option<u32>, adds: usize) -> Round {
        let (mut tree, mut txn) = self.stored.open();
        if let Some(leaf) = removed {
            let old = tree.leaf(&mut txn, LeafIndex(leaf)).unwrap().unwrap().clone();
            tree.strike(&mut txn, &old).unwrap();
            tree.remove(&mut txn, LeafIndex(leaf)).unwrap();
            tree.shrink(&mut txn).unwrap();
            self.members.remove(&leaf);
        }
        let mut joined = BTreeMap::new();
        for _ in 0..adds {
            let (node, private) = self.fresh_leaf(from_key_package());
            let leaf = tree.add(&mut txn, record(&node)).unwrap();
            tree.enter(&mut txn, leaf, &record(&node)).unwrap();
            joined.insert(leaf.0, PathKeys::of_leaf(leaf, private));
        }
        Round { tree, txn, joined }
    }

    fn commit(&mut self, round: Round, committer: u32) {
        let Round { mut tree, mut txn, mut joined } = round;
        let own = LeafIndex(committer);
        let steps = tree.filtered_direct_path(&mut txn, own).unwrap();
        let path = NewPath::generate(suite(), steps).unwrap();
        let hash = tree.merge_path(&mut txn, own, (&path.steps, &path.derived.public_keys)).unwrap();
        let (node, private) = self.fresh_leaf(LeafNodeSource::Commit(hash));
        let old = tree.leaf(&mut txn, own).unwrap().unwrap().clone();
        tree.strike(&mut txn, &old).unwrap();
        tree.replace_leaf(&mut txn, own, record(&node)).unwrap();
        tree.enter(&mut txn, own, &record(&node)).unwrap();
        let added: BTreeSet<u32> = joined.keys().copied().collect();
        let nodes = tree.seal_path(&mut txn, &path, (&added, CONTEXT)).unwrap();
        let received = ReceivedPath { steps: &path.steps, nodes: &nodes, added: &added };
        for (leaf, keys) in self.members.iter_mut().filter(|(leaf, _)| **leaf != committer) {
            let derived = tree.open_path(&mut txn, &received, (LeafIndex(*leaf), keys, CONTEXT)).unwrap();
            assert!(derived.commit_secret.matches(path.derived.commit_secret.expose()));
            keys.forget_outdated(&tree);
            keys.replace(derived.keys);
        }
        for (leaf, keys) in &mut joined {
            let told = path.secret_for(LeafIndex(*leaf)).unwrap().0.duplicate();
            let told = PathSecret::received(suite(), told).unwrap();
            let derived = tree.adopt_path_secret(&mut txn, told, (LeafIndex(*leaf), own)).unwrap();
            assert!(derived.commit_secret.matches(path.derived.commit_secret.expose()));
            keys.replace(derived.keys);
        }
        let keys = self.members.get_mut(&committer).unwrap();
        keys.forget_outdated(&tree);
        keys.replace(path.derived.keys);
        keys.replace(vec![(own.into(), private)]);
        self.end(Round { tree, txn, joined });
    }

    /// Ends a commit without a path.
    fn end_plainly(&mut self, round: Round) {
        self.members.values_mut().for_each(|keys| keys.forget_outdated(&round.tree));
        self.end(round);
    }

    fn end(&mut self, round: Round) {
        self.members.extend(round.joined);
        self.stored.write((round.tree, round.txn));
        for (leaf, keys) in &mut self.members {
            *keys = decode_record(&encode_record(keys)).unwrap();
            check_keys(&self.stored, *leaf, keys);
        }
    }
}

/// A member knows the private key of every keyed node above it that has merged it, and of no other node.
fn check_keys(stored: &Stored, leaf: u32, keys: &PathKeys) {
    let (mut tree, mut txn) = stored.open();
    for node in (0..tree.width().nodes()).map(NodeIndex) {
        let known = match node.leaf() {
            Some(other) => other.0 == leaf,
            None => {
                let parent = tree.parent(&mut txn, node).unwrap();
                node.leaves().contains(&leaf) && parent.key.is_some() && !parent.unmerged.contains(leaf)
            }
        };
        let found = keys.find(node).map(|key| suite().hpke_public_key(key).unwrap());
        let expected = known.then(|| tree.public_key(&mut txn, node).unwrap());
        assert_eq!(found, expected, "leaf {leaf}, node {node:?}");
    }
}

#[test]
fn all_members_of_a_changing_group_agree() {
    for seed in [31, 32, 33] {
        let mut group = Group::new(seed);
        let first = group.begin(None, 1);
        group.end_plainly(first);
        for step in 0..30 {
            let members: Vec<u32> = group.members.keys().copied().collect();
            let committer = members[group.rng.below(members.len())];
            let removed = members[group.rng.below(members.len())];
            let removed = Some(removed).filter(|leaf| *leaf != committer && (step > 15 || step % 3 == 0));
            let adds = if step < 18 { group.rng.below(4) } else { group.rng.below(2) };
            let round = group.begin(removed, adds);
            if removed.is_none() && group.rng.chance(30) {
                group.end_plainly(round);
            } else {
                group.commit(round, committer);
            }
        }
    }
}
