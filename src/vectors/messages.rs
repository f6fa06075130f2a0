//! `messages.json`: every struct decodes, and encodes to the same bytes.

use serde_json::Value;
use tls_codec::{DeserializeBytes, Serialize};

use super::NewStorage;
use super::field::bytes;
use crate::base::{LeafIndex, Result};
use crate::codec::{Opaque, decode_exact, encode};
use crate::message::{Commit, GroupSecrets, KeyPackage, Message, ReInit, WireFormat};
use crate::schedule::PreSharedKeyId;
use crate::tree::{Extensions, LeafNode, TreeNodes, Unverified};

/// Runs one entry of the file; says which field failed and how.
pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let message = |field, wire_format| check(entry, field, |bytes| message_again(bytes, wire_format));
    message("mls_welcome", WireFormat::WELCOME)?;
    message("mls_group_info", WireFormat::GROUP_INFO)?;
    message("mls_key_package", WireFormat::KEY_PACKAGE)?;
    message("public_message_application", WireFormat::PUBLIC_MESSAGE)?;
    message("public_message_proposal", WireFormat::PUBLIC_MESSAGE)?;
    message("public_message_commit", WireFormat::PUBLIC_MESSAGE)?;
    message("private_message", WireFormat::PRIVATE_MESSAGE)?;
    check(entry, "ratchet_tree", tree_again)?;
    check(entry, "group_secrets", |bytes| Ok(GroupSecrets::decode(bytes)?.encode()?.expose().to_vec()))?;
    run_proposals(entry)?;
    check(entry, "commit", again::<Commit>)
}

fn run_proposals(entry: &Value) -> Result<(), String> {
    check(entry, "add_proposal", again::<Unverified<KeyPackage>>)?;
    check(entry, "update_proposal", again::<Unverified<LeafNode>>)?;
    check(entry, "remove_proposal", again::<LeafIndex>)?;
    check(entry, "pre_shared_key_proposal", again::<PreSharedKeyId>)?;
    check(entry, "re_init_proposal", again::<ReInit>)?;
    check(entry, "external_init_proposal", again::<Opaque>)?;
    check(entry, "group_context_extensions_proposal", again::<Extensions>)
}

fn check(entry: &Value, field: &str, run: impl Fn(&[u8]) -> Result<Vec<u8>>) -> Result<(), String> {
    let bytes = bytes(entry, field)?;
    match run(&bytes) {
        Ok(encoded) if encoded == bytes => Ok(()),
        Ok(_) => Err(format!("{field} changed when encoded again")),
        Err(error) => Err(format!("{field}: {error}")),
    }
}

fn again<T: DeserializeBytes + Serialize>(bytes: &[u8]) -> Result<Vec<u8>> {
    encode(&decode_exact::<T>(bytes)?)
}

fn message_again(bytes: &[u8], wire_format: WireFormat) -> Result<Vec<u8>> {
    let message = Message::decode(bytes)?;
    match message.wire_format() == wire_format {
        true => message.encode(),
        false => Ok(Vec::new()),
    }
}

fn tree_again(bytes: &[u8]) -> Result<Vec<u8>> {
    let nodes = TreeNodes::new(bytes)?.map(|node| Ok(node?.map(|node| node.node)));
    encode(&nodes.collect::<Result<Vec<_>>>()?)
}
