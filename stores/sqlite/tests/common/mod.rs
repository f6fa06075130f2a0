//! Short words for batches, and files looked at raw.
#![allow(dead_code, reason = "each test program uses its share")]

use std::path::Path;
use std::sync::Arc;

use conclave::{Effect, Guard, StorageError, WriteBatch, WriteOp};

pub(crate) fn put(key: &[u8], value: &[u8]) -> WriteOp {
    WriteOp::Put { key: key.to_vec(), value: value.to_vec() }
}

pub(crate) fn clear(from: &[u8], to: &[u8]) -> WriteOp {
    WriteOp::DeleteRange { from: from.to_vec(), to: to.to_vec() }
}

pub(crate) fn batch(ops: Vec<WriteOp>) -> Arc<WriteBatch> {
    WriteBatch::by_hand(vec![], ops, None)
}

pub(crate) fn guarded(key: &[u8], expected: Option<&[u8]>, ops: Vec<WriteOp>) -> Arc<WriteBatch> {
    let guard = Guard { key: key.to_vec(), expected: expected.map(<[u8]>::to_vec) };
    WriteBatch::by_hand(vec![guard], ops, None)
}

pub(crate) fn joined(ops: Vec<WriteOp>) -> Arc<WriteBatch> {
    let effect = Effect::Joined { group_id: b"group".to_vec(), tag: b"tag".to_vec(), epoch: 7 };
    WriteBatch::by_hand(vec![], ops, Some(effect))
}

pub(crate) fn words(outcome: Result<(), StorageError>) -> String {
    match outcome {
        Err(StorageError::Unavailable { detail }) => detail,
        other => panic!("expected Unavailable, found {other:?}"),
    }
}

/// How often `needle` stands in the database, its log and its index, as bytes.
pub(crate) fn occurrences(path: &Path, needle: &[u8]) -> usize {
    let files = ["", "-wal", "-shm"].map(|suffix| format!("{}{suffix}", path.display()));
    let contents = files.iter().filter_map(|file| std::fs::read(file).ok());
    contents.map(|bytes| bytes.windows(needle.len()).filter(|window| *window == needle).count()).sum()
}
