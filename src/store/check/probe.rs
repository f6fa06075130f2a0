//! What the rules are written with: keys of their own, short calls, and a way to say what was seen.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;

use super::Finding;
use crate::store::batch::{Guard, WriteBatch, WriteOp};
use crate::store::storage::{Storage, StorageError, StoredRecord};

/// What was seen of a broken rule.
#[derive(Debug)]
pub(super) struct Broken(String);

/// Whether a rule holds.
pub(super) type Verdict = Result<(), Broken>;

impl Broken {
    pub(super) fn new(seen: impl fmt::Display) -> Self {
        Broken(seen.to_string())
    }

    pub(super) fn into_finding(self, rule: &str) -> Finding {
        Finding { rule: rule.to_owned(), detail: self.0 }
    }
}

impl From<StorageError> for Broken {
    fn from(error: StorageError) -> Self {
        Broken::new(format_args!("a call failed that should not: {error}"))
    }
}

/// Holds, or says in words what does not.
pub(super) fn demand(holds: bool, otherwise: impl fmt::Display) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(Broken::new(otherwise)),
    }
}

/// A storage, and a prefix of keys to try it on.
pub(super) struct Probe {
    storage: Arc<dyn Storage>,
    prefix: Vec<u8>,
    written: Arc<Mutex<BTreeSet<Vec<u8>>>>,
}

impl Probe {
    /// On a prefix that nothing else uses.
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        let prefix = RandomState::new().hash_one("conclave check").to_be_bytes().to_vec();
        Probe { storage, prefix, written: Arc::default() }
    }

    /// The same storage, on keys for one rule.
    pub(super) fn for_rule(&self, number: u8) -> Probe {
        let prefix = [&self.prefix[..], &[number]].concat();
        Probe { storage: self.storage.clone(), prefix, written: self.written.clone() }
    }

    /// The key that ends with `tail`.
    pub(super) fn key(&self, tail: impl AsRef<[u8]>) -> Vec<u8> {
        [&self.prefix[..], tail.as_ref()].concat()
    }

    pub(super) fn keys<const N: usize>(&self, tails: [&[u8]; N]) -> Vec<Vec<u8>> {
        tails.iter().map(|tail| self.key(tail)).collect()
    }

    pub(super) fn put(&self, tail: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> WriteOp {
        WriteOp::Put { key: self.key(tail), value: value.as_ref().to_vec() }
    }

    pub(super) fn delete(&self, tail: impl AsRef<[u8]>) -> WriteOp {
        WriteOp::Delete { key: self.key(tail) }
    }

    pub(super) fn clear(&self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> WriteOp {
        WriteOp::DeleteRange { from: self.key(from), to: self.key(to) }
    }

    pub(super) fn guard(&self, tail: impl AsRef<[u8]>, expected: Option<&[u8]>) -> Guard {
        Guard { key: self.key(tail), expected: expected.map(<[u8]>::to_vec) }
    }

    pub(super) fn write(&self, ops: Vec<WriteOp>) -> Result<(), StorageError> {
        self.write_if(vec![], ops)
    }

    pub(super) fn write_if(&self, guards: Vec<Guard>, ops: Vec<WriteOp>) -> Result<(), StorageError> {
        self.write_batch(WriteBatch::new(guards, self.remember(ops), None))
    }

    /// Writes a batch whose operations have been through [`remember`](Self::remember).
    pub(super) fn write_batch(&self, batch: WriteBatch) -> Result<(), StorageError> {
        self.storage.write(Arc::new(batch))
    }

    /// Notes the keys that are put, so that they can be deleted whatever else fails.
    pub(super) fn remember(&self, ops: Vec<WriteOp>) -> Vec<WriteOp> {
        let puts = ops.iter().filter_map(|op| match op {
            WriteOp::Put { key, .. } => Some(key.clone()),
            _ => None,
        });
        self.written.lock().extend(puts);
        ops
    }

    pub(super) fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.storage.read(keys)
    }

    /// One record's value.
    pub(super) fn value(&self, tail: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.storage.read(vec![self.key(tail)])?.into_iter().next().flatten())
    }

    pub(super) fn scan(&self, prefix: &[u8], after: &[u8], limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.storage.scan(prefix.to_vec(), after.to_vec(), limit)
    }

    /// The tails of all keys that begin with `tail`, as a scan finds them.
    pub(super) fn tails(&self, tail: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>, StorageError> {
        let found = self.scan(&self.key(tail), &[], u32::MAX)?;
        Ok(found.iter().map(|record| self.tail_of(&record.key)).collect())
    }

    /// What follows the prefix in a key; all of it, if it does not begin with the prefix.
    pub(super) fn tail_of(&self, key: &[u8]) -> Vec<u8> {
        key.strip_prefix(&self.prefix[..]).unwrap_or(key).to_vec()
    }

    /// Whether the storage answers at all.
    pub(super) fn first_touch(&self) -> Result<(), StorageError> {
        self.write(vec![self.put([0], [0]), self.delete([0])])?;
        self.read(vec![self.key([0])]).map(drop)
    }

    /// Deletes every key that was ever put, one by one, and looks whether it is gone.
    pub(super) fn clean(&self) -> Verdict {
        let keys: Vec<Vec<u8>> = std::mem::take(&mut *self.written.lock()).into_iter().collect();
        for some in keys.chunks(1000) {
            self.write(some.iter().map(|key| WriteOp::Delete { key: key.clone() }).collect())?;
            let left = self.read(some.to_vec())?.into_iter().flatten().count();
            demand(left == 0, format_args!("{left} deleted records are still there"))?;
        }
        let left = self.scan(&self.prefix, &[], 1)?.len();
        demand(left == 0, "a scan still finds records after each was deleted")
    }
}
