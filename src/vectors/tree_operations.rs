//! `tree-operations.json`: one proposal changes a tree (RFC 9420 §12.1).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, number, suite, words};
use super::stored_tree::{StoredTree, leaf_record};
use crate::base::{Code, LeafIndex, Result as Outcome};
use crate::codec::decode_exact;
use crate::message::Proposal;
use crate::store::Txn;
use crate::tree::Tree;

pub(super) fn run(entry: &Value, storage: NewStorage<'_>) -> Result<(), String> {
    let before = bytes(entry, "tree_before")?;
    let mut stored = StoredTree::import(suite(entry)?, &before, (storage, None)).map_err(words)?;
    expect(entry, "tree_hash_before", &stored.head.root.tree_hash.0)?;
    expect(entry, "tree_before", &stored.export().map_err(words)?)?;
    let proposal: Proposal = decode_exact(&bytes(entry, "proposal")?).map_err(words)?;
    let (mut tree, mut txn) = stored.open();
    apply(&mut tree, &mut txn, (LeafIndex(number(entry, "proposal_sender")?), proposal)).map_err(words)?;
    stored.write((tree, txn)).map_err(words)?;
    expect(entry, "tree_after", &stored.export().map_err(words)?)?;
    expect(entry, "tree_hash_after", &stored.head.root.tree_hash.0)
}

fn apply(tree: &mut Tree, txn: &mut Txn, (sender, proposal): (LeafIndex, Proposal)) -> Outcome<()> {
    match proposal {
        Proposal::Add(key_package) => {
            let record = leaf_record(&key_package.peek().leaf_node)?;
            let leaf = tree.add(txn, record.clone())?;
            tree.enter(txn, leaf, &record)
        }
        Proposal::Update(leaf_node) => {
            let record = leaf_record(leaf_node.peek())?;
            strike(tree, txn, sender)?;
            tree.update(txn, sender, record.clone())?;
            tree.enter(txn, sender, &record)
        }
        Proposal::Remove(leaf) => {
            strike(tree, txn, leaf)?;
            tree.remove(txn, leaf)?;
            tree.shrink(txn)
        }
        _ => Err(Code::Internal.into()),
    }
}

fn strike(tree: &mut Tree, txn: &mut Txn, leaf: LeafIndex) -> Outcome<()> {
    let old = tree.leaf(txn, leaf)?.cloned().ok_or(Code::BadTree)?;
    tree.strike(txn, &old)
}
