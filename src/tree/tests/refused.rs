//! Imports that must be refused (RFC 9420 §7.3, §7.9.2, §12.4.3.3). That one node is chained to two members cannot be made
//! to happen: each of the two hashes would have to contain the other.

use super::super::leaf_node::{LeafNode, LeafNodeSource};
use super::super::parent_node::ParentNode;
use super::bench::{Bench, Plan, Stored};
use super::from_key_package;
use super::model::Model;
use crate::base::{Code, LeafIndex};
use crate::codec::{Opaque, Short, encode};
use crate::crypto::Digest;

/// Eight members under keyed nodes only; the last to commit was leaf 0.
fn full() -> Bench {
    let mut bench = Bench::new(21);
    bench.commit(&Plan { adds: 7, ..Plan::default() });
    for committer in [6, 4, 2, 0] {
        bench.commit(&Plan { committer: Some(committer), ..Plan::default() });
    }
    assert_eq!(bench.model.parents.len(), 7);
    bench.compare();
    bench
}

/// The same after leaf 0 removed leaf 1: it is chained to node 3 directly.
fn with_gap() -> Bench {
    let mut bench = full();
    bench.commit(&Plan { removes: vec![1], committer: Some(0), ..Plan::default() });
    assert!(!bench.model.parents.contains_key(&1));
    bench.compare();
    bench
}

fn refuse_bytes(payload: &[u8], code: Code, detail: &str) {
    let error = Stored::import(payload).err().expect("an import that must be refused");
    assert!(error.is(code) && error.detail().contains(detail), "{error:?}");
}

fn refuse(change: impl FnOnce(&mut Model), code: Code, detail: &str) {
    let mut model = full().model;
    change(&mut model);
    refuse_bytes(&model.export(), code, detail);
}

fn leaf(model: &mut Model, index: usize) -> &mut LeafNode {
    model.leaves[index].as_mut().unwrap()
}

fn parent(model: &mut Model, index: u32) -> &mut ParentNode {
    model.parents.get_mut(&index).unwrap()
}

const UNMERGED: &str = "an unmerged leaf is blank, misplaced, or merged further down";
const CHAIN: &str = "not chained to a member";

#[test]
fn unmerged_leaves_out_of_place() {
    let unmerged = |node: u32, leaves: &[u32]| {
        let leaves = leaves.iter().copied().map(LeafIndex).collect();
        move |model: &mut Model| parent(model, node).unmerged_leaves = leaves
    };
    // Below another node, beyond the tree, merged at a node in between.
    refuse(unmerged(3, &[5]), Code::BadTree, UNMERGED);
    refuse(unmerged(3, &[1000]), Code::BadTree, UNMERGED);
    refuse(unmerged(3, &[u32::MAX]), Code::BadTree, UNMERGED);
    refuse(unmerged(7, &[1]), Code::BadTree, UNMERGED);
    refuse(unmerged(11, &[4, 6]), Code::BadTree, UNMERGED);
    // Merged by a node above, though not by the one below.
    refuse(unmerged(1, &[1]), Code::BadTree, CHAIN);
    refuse(unmerged(7, &[3, 1]), Code::BadTree, "do not ascend");
    refuse(unmerged(7, &[1, 1]), Code::BadTree, "do not ascend");
}

#[test]
fn a_blank_unmerged_leaf() {
    let mut model = with_gap().model;
    parent(&mut model, 3).unmerged_leaves = vec![LeafIndex(1)];
    refuse_bytes(&model.export(), Code::BadTree, UNMERGED);
}

#[test]
fn every_change_of_a_chain() {
    refuse(
        |model| leaf(model, 0).leaf_node_source = LeafNodeSource::Commit(Digest(Short::default())),
        Code::BadTree,
        CHAIN,
    );
    refuse(|model| leaf(model, 0).leaf_node_source = LeafNodeSource::Update, Code::BadTree, CHAIN);
    refuse(|model| leaf(model, 0).leaf_node_source = from_key_package(), Code::BadTree, CHAIN);
    for node in [1, 3] {
        refuse(|model| parent(model, node).parent_hash = Digest(Short::default()), Code::BadTree, CHAIN);
        refuse(|model| parent(model, node).parent_hash.0.0[31] ^= 1, Code::BadTree, CHAIN);
        refuse(|model| parent(model, node).encryption_key.0.0[0] ^= 1, Code::BadTree, CHAIN);
    }
    refuse(|model| parent(model, 7).parent_hash = Digest(vec![0; 32].into()), Code::BadTree, CHAIN);
    // What stands beside the chain is in its hashes: a leaf that has no key above of its own, and a node.
    refuse(|model| leaf(model, 7).signature.0.0[0] ^= 1, Code::BadTree, CHAIN);
    refuse(|model| drop(model.parents.remove(&13)), Code::BadTree, CHAIN);
    refuse(|model| drop(model.parents.remove(&1)), Code::BadTree, CHAIN);
    refuse(|model| model.leaves[1] = None, Code::BadTree, CHAIN);
}

#[test]
fn a_leaf_that_slipped_in_beside_a_chain() {
    let mut bench = with_gap();
    let stranger = bench.rng.leaf("stranger", from_key_package());
    let mut model = bench.model.clone();
    // Hashes of the chain do not cover this place, only the resolution tells.
    model.leaves[1] = Some(stranger.clone());
    refuse_bytes(&model.export(), Code::BadTree, CHAIN);
    parent(&mut model, 3).unmerged_leaves = vec![LeafIndex(1)];
    refuse_bytes(&model.export(), Code::BadTree, "");
    bench.model.add(stranger);
    Stored::import(&bench.model.export()).unwrap();
}

#[test]
fn keys_and_clients_that_are_there_twice() {
    fn two(model: &mut Model) -> (LeafNode, &mut LeafNode) {
        (leaf(model, 2).clone(), leaf(model, 5))
    }
    let reused = |change: fn(&mut Model)| refuse(change, Code::KeyReused, "");
    reused(|model| {
        let (other, node) = two(model);
        node.encryption_key = other.encryption_key;
    });
    reused(|model| {
        let (other, node) = two(model);
        node.signature_key = other.signature_key;
    });
    reused(|model| {
        let (other, node) = two(model);
        node.credential = other.credential.clone();
    });
    reused(|model| leaf(model, 5).encryption_key = parent(model, 1).encryption_key.clone());
    reused(|model| parent(model, 11).encryption_key = leaf(model, 0).encryption_key.clone());
    reused(|model| parent(model, 11).encryption_key = parent(model, 3).encryption_key.clone());
}

#[test]
fn keys_that_are_none() {
    refuse(|model| parent(model, 3).encryption_key.0.0.truncate(31), Code::Malformed, "");
    refuse(|model| parent(model, 3).encryption_key.0.0.clear(), Code::Malformed, "");
}

#[test]
fn an_array_that_is_no_tree() {
    let nodes = full().model.encoded_nodes();
    let refuse_nodes = |nodes: &[Vec<u8>], detail| {
        refuse_bytes(&encode(&Opaque(nodes.concat())).unwrap(), Code::BadTree, detail);
    };
    let mut parity = nodes.clone();
    parity[1] = parity.remove(0);
    refuse_nodes(&parity, "a leaf stands in a parent's place");
    let mut parity = nodes.clone();
    parity[2] = parity[1].clone();
    refuse_nodes(&parity, "a leaf stands in a parent's place");
    let blank = |count| [nodes.clone(), vec![vec![0]; count]].concat();
    refuse_nodes(&blank(1), "the last node is blank");
    refuse_nodes(&blank(16), "the last node is blank");
    refuse_nodes(&[], "the last node is blank");
    // A tree cut short: its last parent has nothing below it on the right.
    refuse_nodes(&nodes[..14], "");
    refuse_nodes(&nodes[..8], "");
}
