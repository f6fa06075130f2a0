//! `secret-tree.json`: the keys of messages and of their sender data (RFC 9420 §6.3.2, §9), by way of stored records.

use std::sync::Arc;

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, field, list, number, secret, suite, words};
use crate::base::{Epoch, GroupId, LeafIndex};
use crate::codec::{Opaque, Short, decode_exact, encode};
use crate::crypto::{SignaturePublicKey, Suite};
use crate::message::{ContentType, PrivateMessage};
use crate::schedule::{Advance, MessageKey, Ratchet, RatchetLimits, SecretTree, SenderIdentity};
use crate::store::{GroupKeys, Incarnation, MemoryStorage, RatchetKind, Store, Txn};
use crate::tree::Width;

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let suite = suite(entry)?;
    check_sender_data(suite, field(entry, "sender_data")?)?;
    let leaves = list(entry, "leaves")?;
    let store = Store::open(MemoryStorage::new(), b"vectors", None).map_err(words)?;
    let keys = GroupKeys::new(store.keyspace().clone(), Incarnation([0; 8]));
    let width = u32::try_from(leaves.len()).ok().and_then(Width::new).ok_or("no tree has so many leaves")?;
    let tree = SecretTree { suite, keys: &keys, epoch: Epoch(0), width };
    let mut txn = Txn::begin(store.clone());
    tree.plant(&mut txn, secret(entry, "encryption_secret")?);
    write(&store, txn)?;
    for (leaf, generations) in (0..).map(LeafIndex).zip(leaves) {
        for expected in generations.as_array().ok_or("a leaf is not a list")? {
            check_keys(&store, tree, leaf, expected)?;
        }
    }
    Ok(())
}

/// Seals sender data with the key and nonce expected, and lets a message find its sender with those it derives.
fn check_sender_data(suite: &Suite, expected: &Value) -> Result<(), String> {
    let aad = encode(&(GroupId(b"group".to_vec()), Epoch(5), ContentType::Application)).map_err(words)?;
    let sender_data = [0, 0, 0, 3, 0, 0, 0, 9, 1, 2, 3, 4];
    let (key, nonce) = (secret(expected, "key")?, bytes(expected, "nonce")?);
    let sealed = suite.seal(&key, &nonce, &aad, &sender_data).map_err(words)?;
    // As it comes over the wire: what the AAD covers, then authenticated data, sender data and content.
    let fields = (Opaque::default(), Opaque(sealed), Opaque(bytes(expected, "ciphertext")?));
    let message = [aad, encode(&fields).map_err(words)?].concat();
    let message: PrivateMessage = decode_exact(&message).map_err(words)?;
    let located = message.locate(suite, &secret(expected, "sender_data_secret")?, 4).map_err(words)?;
    match (located.leaf_index(), located.generation()) {
        (LeafIndex(3), 9) => Ok(()),
        _ => Err("the sender data open to something else".to_owned()),
    }
}

fn check_keys(store: &Arc<Store>, tree: SecretTree<'_>, leaf: LeafIndex, expected: &Value) -> Result<(), String> {
    for (name, kind) in [("handshake", RatchetKind::Handshake), ("application", RatchetKind::Application)] {
        let mut txn = Txn::begin(store.clone());
        let (found, advance) = seek(&mut txn, tree, (leaf, kind), number(expected, "generation")?).map_err(words)?;
        expect(expected, &format!("{name}_key"), found.key.expose())?;
        expect(expected, &format!("{name}_nonce"), found.nonce.expose())?;
        advance.stage_sealed(&mut txn).map_err(words)?;
        write(store, txn)?;
    }
    Ok(())
}

fn seek<'a>(
    txn: &mut Txn,
    tree: SecretTree<'a>,
    (leaf, kind): (LeafIndex, RatchetKind),
    generation: u32,
) -> crate::Result<(MessageKey, Advance<'a>)> {
    let ratchet = match Ratchet::load(txn, tree, leaf, kind)? {
        Some(ratchet) => ratchet,
        None => Ratchet::first(txn, tree, (leaf, kind), nobody())?,
    };
    ratchet.seek(txn, generation, (RatchetLimits::default(), 0))
}

fn nobody() -> SenderIdentity {
    let signature_key = SignaturePublicKey(Short::default());
    SenderIdentity { signature_key, client_id: Vec::new(), user_id: Vec::new() }
}

fn write(store: &Store, txn: Txn) -> Result<(), String> {
    txn.finish(None).and_then(|batch| store.write(batch)).map_err(words)
}
