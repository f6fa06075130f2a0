//! `tree-validation.json`: resolutions, tree hashes, parent hashes and leaf signatures of whole trees (RFC 9420 §7).

use std::collections::BTreeSet;

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, list, suite, words};
use super::stored_tree::StoredTree;
use crate::base::GroupId;
use crate::tree::NodeIndex;

pub(super) fn run(entry: &Value, storage: NewStorage<'_>) -> Result<(), String> {
    let group_id = GroupId(bytes(entry, "group_id")?);
    // The import checks the parent hashes and, with the group's id, the signatures.
    let stored = StoredTree::import(suite(entry)?, &bytes(entry, "tree")?, (storage, Some(group_id))).map_err(words)?;
    expect(entry, "tree", &stored.export().map_err(words)?)?;
    check_hashes(&stored, list(entry, "tree_hashes")?)?;
    check_resolutions(&stored, list(entry, "resolutions")?)
}

fn check_hashes(stored: &StoredTree, expected: &[Value]) -> Result<(), String> {
    let (mut tree, mut txn) = stored.open();
    let mut found = Vec::new();
    for node in 0..stored.head.width.nodes() {
        let summary = tree.refresh(&mut txn, NodeIndex(node)).map_err(words)?;
        found.push(Value::from(hex::encode(&*summary.tree_hash.0)));
    }
    if found == expected { Ok(()) } else { Err("tree_hashes differ".into()) }
}

fn check_resolutions(stored: &StoredTree, expected: &[Value]) -> Result<(), String> {
    let (mut tree, mut txn) = stored.open();
    let nodes: Vec<NodeIndex> = (0..stored.head.width.nodes()).map(NodeIndex).collect();
    let resolutions = tree.resolutions(&mut txn, &nodes, &BTreeSet::new()).map_err(words)?;
    let found: Vec<Value> = resolutions.iter().map(|nodes| nodes.iter().map(|node| node.0).collect()).collect();
    if found != expected {
        return Err("resolutions differ".into());
    }
    for (node, resolution) in nodes.into_iter().zip(resolutions) {
        let facts = tree.facts(&mut txn, node).map_err(words)?;
        if facts.resolution as usize != resolution.len() {
            return Err(format!("the length of the resolution of node {} is stored wrongly", node.0));
        }
    }
    Ok(())
}
