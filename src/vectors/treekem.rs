//! `treekem.json`: update paths are consumed and made (RFC 9420 §7.4 to §7.6).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, field, list, number, secret, suite, words};
use super::stored_tree::{StoredTree, leaf_node, leaf_record};
use crate::base::{Code, Epoch, GroupId, LeafIndex, ProtocolVersion, Result as Outcome, Secret};
use crate::codec::{decode_exact, encode};
use crate::crypto::{Digest, HpkePrivateKey, HpkePublicKey, SignaturePrivateKey, Suite};
use crate::message::GroupContext;
use crate::store::Txn;
use crate::tree::{
    DerivedPath, Extensions, LeafNode, LeafNodeSource, NewPath, NodeIndex, PathKeys, PathSecret, PathStep,
    ReceivedPath, Signed, Tree, UpdatePath, UpdatePathNode,
};
use crate::{MemoryStorage, Storage, Unobserved};

/// What an entry is about.
struct Scene {
    stored: StoredTree,
    context: GroupContext,
    members: Vec<Member>,
}

/// A member's private state.
struct Member {
    leaf: LeafIndex,
    keys: PathKeys,
    signature_key: SignaturePrivateKey,
}

pub(super) fn run(entry: &Value, storage: NewStorage<'_>) -> Result<(), String> {
    let scene = read_scene(entry, storage)?;
    for update_path in list(entry, "update_paths")? {
        check_received(&scene, update_path)?;
        check_created(&scene, LeafIndex(number(update_path, "sender")?))?;
    }
    Ok(())
}

fn read_scene(entry: &Value, storage: NewStorage<'_>) -> Result<Scene, String> {
    let suite = suite(entry)?;
    let group_id = GroupId(bytes(entry, "group_id")?);
    let tree = bytes(entry, "ratchet_tree")?;
    let stored = StoredTree::import(suite, &tree, (storage, Some(group_id.clone()))).map_err(words)?;
    let context = GroupContext {
        version: ProtocolVersion::MLS10,
        cipher_suite: suite.id(),
        group_id,
        epoch: Epoch(number(entry, "epoch")?),
        tree_hash: stored.head.root.tree_hash.clone(),
        confirmed_transcript_hash: Digest(bytes(entry, "confirmed_transcript_hash")?.into()),
        extensions: Extensions::default(),
    };
    let members = list(entry, "leaves_private")?.iter().map(|member| read_member(&stored, member));
    let members = members.collect::<Result<_, _>>()?;
    Ok(Scene { stored, context, members })
}

/// Reads a member's private keys, each of which must belong to the public key in the tree.
fn read_member(stored: &StoredTree, entry: &Value) -> Result<Member, String> {
    let suite = stored.suite;
    let leaf = LeafIndex(number(entry, "index")?);
    let own = HpkePrivateKey(secret(entry, "encryption_priv")?);
    let signature_key = suite.signature_key(secret(entry, "signature_priv")?).map_err(words)?;
    check_key(stored, leaf.into(), &suite.hpke_public_key(&own).map_err(words)?)?;
    check_signer(stored, leaf, &signature_key)?;
    let mut keys = PathKeys::of_leaf(leaf, own);
    for known in list(entry, "path_secrets")? {
        let node = NodeIndex(number(known, "node")?);
        let path_secret = PathSecret::received(suite, secret(known, "path_secret")?).map_err(words)?;
        let (private, public) = path_secret.node_keys(suite).map_err(words)?;
        check_key(stored, node, &public)?;
        keys.replace(vec![(node, private)]);
    }
    Ok(Member { leaf, keys, signature_key })
}

fn check_key(stored: &StoredTree, node: NodeIndex, key: &HpkePublicKey) -> Result<(), String> {
    let (mut tree, mut txn) = stored.open();
    match tree.public_key(&mut txn, node).map_err(words)? == *key {
        true => Ok(()),
        false => Err(format!("the private key of node {} is another one's", node.0)),
    }
}

fn check_signer(stored: &StoredTree, leaf: LeafIndex, key: &SignaturePrivateKey) -> Result<(), String> {
    let (mut tree, mut txn) = stored.open();
    match current_leaf(&mut tree, &mut txn, leaf).map_err(words)?.signature_key == key.public_key() {
        true => Ok(()),
        false => Err(format!("the signature key of leaf {} is another one's", leaf.0)),
    }
}

/// A tree into which a path was merged.
struct Merged {
    tree: Tree,
    txn: Txn,
    steps: Vec<PathStep>,
    context: Vec<u8>,
    tree_hash: Digest,
}

/// Every other member consumes the path of the entry.
fn check_received(scene: &Scene, entry: &Value) -> Result<(), String> {
    let sender = LeafIndex(number(entry, "sender")?);
    let path: UpdatePath = decode_exact(&bytes(entry, "update_path")?).map_err(words)?;
    let path_secrets = list(entry, "path_secrets")?;
    for member in scene.members.iter().filter(|member| member.leaf != sender) {
        let mut merged = merge(scene, sender, &path).map_err(words)?;
        expect(entry, "tree_hash_after", &merged.tree_hash.0)?;
        let derived = consume(&mut merged, &path.nodes, member).map_err(words)?;
        let expected = path_secrets.get(member.leaf.0 as usize).ok_or("path_secrets is too short")?;
        let found = derived.secrets.first().ok_or("no path secret was derived")?;
        if expected.as_str() != Some(&hex::encode(found.0.expose())) {
            return Err(format!("the path secret of leaf {} differs", member.leaf.0));
        }
        expect(entry, "commit_secret", derived.commit_secret.expose())?;
    }
    check_written(scene, (sender, &path), field(entry, "tree_hash_after")?)
}

/// The merged tree, exported and imported again, is valid and has the expected hash.
fn check_written(scene: &Scene, (sender, path): (LeafIndex, &UpdatePath), expected: &Value) -> Result<(), String> {
    let merged = merge(scene, sender, path).map_err(words)?;
    let Merged { mut tree, mut txn, .. } = merged;
    let payload = tree.export(&mut txn, &Unobserved).map_err(words)?;
    let memory = || -> Arc<dyn Storage> { MemoryStorage::new() };
    let group_id = scene.context.group_id.clone();
    let again = StoredTree::import(scene.stored.suite, &payload, (&memory, Some(group_id))).map_err(words)?;
    match expected.as_str() == Some(&hex::encode(&*again.head.root.tree_hash.0)) {
        true => Ok(()),
        false => Err("tree_hash_after differs after an import".into()),
    }
}

/// Checks a path as a receiver does, and merges it.
fn merge(scene: &Scene, sender: LeafIndex, path: &UpdatePath) -> Outcome<Merged> {
    let (mut tree, mut txn) = scene.stored.open();
    let leaf = path.leaf_node.peek();
    let signed = leaf.to_be_signed(Some((&scene.context.group_id, sender)))?;
    scene.stored.suite.verify_with_label(&leaf.signature_key, LeafNode::LABEL, &signed, &leaf.signature)?;
    tree.check_path_keys(&mut txn, &Tree::sent_keys(&leaf.encryption_key, &path.nodes))?;
    let keys: Vec<HpkePublicKey> = path.nodes.iter().map(|node| node.encryption_key.clone()).collect();
    let steps = tree.filtered_direct_path(&mut txn, sender)?;
    let expected = tree.merge_path(&mut txn, sender, (&steps, &keys))?;
    if leaf.leaf_node_source != LeafNodeSource::Commit(expected) {
        return Err(Code::BadPath.with("the parent hash of the leaf differs"));
    }
    put_leaf(&mut tree, &mut txn, (sender, leaf))?;
    finish_merge(scene, (tree, txn), steps)
}

fn finish_merge(scene: &Scene, (mut tree, mut txn): (Tree, Txn), steps: Vec<PathStep>) -> Outcome<Merged> {
    let tree_hash = tree.head(&mut txn)?.root.tree_hash;
    let context = encode(&GroupContext { tree_hash: tree_hash.clone(), ..scene.context.clone() })?;
    Ok(Merged { tree, txn, steps, context, tree_hash })
}

fn put_leaf(tree: &mut Tree, txn: &mut Txn, (leaf, node): (LeafIndex, &LeafNode)) -> Outcome<()> {
    let old = tree.leaf(txn, leaf)?.cloned().ok_or(Code::BadTree)?;
    let record = leaf_record(node)?;
    tree.strike(txn, &old)?;
    tree.replace_leaf(txn, leaf, record.clone())?;
    tree.enter(txn, leaf, &record)
}

fn consume(merged: &mut Merged, nodes: &[UpdatePathNode], member: &Member) -> Outcome<DerivedPath> {
    let received = ReceivedPath { steps: &merged.steps, nodes, added: &BTreeSet::new() };
    merged.tree.open_path(&mut merged.txn, &received, (member.leaf, &member.keys, &merged.context))
}

/// The sender makes a path of its own, and every other member consumes it.
fn check_created(scene: &Scene, sender: LeafIndex) -> Result<(), String> {
    let (path, commit_secret) = create(scene, sender).map_err(words)?;
    for member in scene.members.iter().filter(|member| member.leaf != sender) {
        let mut merged = merge(scene, sender, &path).map_err(words)?;
        let derived = consume(&mut merged, &path.nodes, member).map_err(words)?;
        if !derived.commit_secret.matches(commit_secret.expose()) {
            return Err(format!("leaf {} derives another commit secret from a new path", member.leaf.0));
        }
    }
    Ok(())
}

fn create(scene: &Scene, sender: LeafIndex) -> Outcome<(UpdatePath, Secret)> {
    let suite: &'static Suite = scene.stored.suite;
    let (mut tree, mut txn) = scene.stored.open();
    let steps = tree.filtered_direct_path(&mut txn, sender)?;
    let path = NewPath::generate(suite, steps)?;
    let parent_hash = tree.merge_path(&mut txn, sender, (&path.steps, &path.derived.public_keys))?;
    let mut leaf = current_leaf(&mut tree, &mut txn, sender)?;
    leaf.encryption_key = suite.generate_hpke_keys()?.1;
    leaf.leaf_node_source = LeafNodeSource::Commit(parent_hash);
    let signer = scene.members.iter().find(|member| member.leaf == sender).ok_or(Code::Internal)?;
    let signed = leaf.to_be_signed(Some((&scene.context.group_id, sender)))?;
    leaf.signature = signer.signature_key.sign_with_label(LeafNode::LABEL, &signed)?;
    put_leaf(&mut tree, &mut txn, (sender, &leaf))?;
    let mut merged = finish_merge(scene, (tree, txn), Vec::new())?;
    let nodes = merged.tree.seal_path(&mut merged.txn, &path, (&BTreeSet::new(), &merged.context))?;
    Ok((UpdatePath { leaf_node: leaf.into(), nodes }, path.derived.commit_secret))
}

fn current_leaf(tree: &mut Tree, txn: &mut Txn, leaf: LeafIndex) -> Outcome<LeafNode> {
    leaf_node(tree.leaf(txn, leaf)?.ok_or(Code::BadTree)?)
}
