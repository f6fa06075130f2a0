//! Storage in memory, for tests and for groups that need not outlive the process. It counts what is touched.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::Mutex;

use super::batch::{WriteBatch, WriteOp};
use super::storage::{Storage, StorageError, StoredRecord};
use crate::base::Wiped;

/// What has been asked of a storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Touches {
    /// Calls of `read`.
    pub reads: u64,
    /// Records asked for in them.
    pub records_read: u64,
    /// Calls of `scan`.
    pub scans: u64,
    /// Bytes of keys and values returned by both.
    pub bytes_read: u64,
    /// Batches written.
    pub writes: u64,
    /// Operations in them.
    pub ops: u64,
    /// Bytes of keys and values in them.
    pub bytes_written: u64,
}

#[derive(Default)]
struct Inner {
    records: BTreeMap<Vec<u8>, Wiped>,
    touches: Touches,
}

/// An ordered map behind a lock. Nothing is durable.
#[derive(Default)]
pub struct MemoryStorage(Mutex<Inner>);

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// What was touched since the last call of this.
    pub fn take_touches(&self) -> Touches {
        std::mem::take(&mut self.0.lock().touches)
    }

    /// A copy of everything stored, in order of keys.
    pub fn records(&self) -> Vec<StoredRecord> {
        let inner = self.0.lock();
        inner.records.iter().map(|(key, value)| StoredRecord { key: key.clone(), value: value.to_vec() }).collect()
    }

    /// A second storage with the same content.
    pub fn duplicate(&self) -> Arc<Self> {
        let records = self.0.lock().records.clone();
        Arc::new(MemoryStorage(Mutex::new(Inner { records, touches: Touches::default() })))
    }
}

/// An empty [`MemoryStorage`], as the storage that a [`Host`](crate::Host) wants.
#[uniffi::export]
pub fn memory_storage() -> Arc<dyn Storage> {
    MemoryStorage::new()
}

impl Storage for MemoryStorage {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let mut inner = self.0.lock();
        let values: Vec<Option<Vec<u8>>> =
            keys.iter().map(|key| inner.records.get(key).map(|value| value.to_vec())).collect();
        let found = keys.iter().zip(&values).filter_map(|(key, value)| Some(key.len() + value.as_ref()?.len()));
        inner.touches.bytes_read += found.sum::<usize>() as u64;
        inner.touches.reads += 1;
        inner.touches.records_read += keys.len() as u64;
        Ok(values)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        let mut inner = self.0.lock();
        let start = if after >= prefix { Bound::Excluded(after) } else { Bound::Included(prefix.clone()) };
        let range = inner.records.range((start, Bound::Unbounded));
        let inside = range.take_while(|(key, _)| key.starts_with(&prefix)).take(limit as usize);
        let found: Vec<StoredRecord> =
            inside.map(|(key, value)| StoredRecord { key: key.clone(), value: value.to_vec() }).collect();
        inner.touches.scans += 1;
        inner.touches.bytes_read +=
            found.iter().map(|record| record.key.len() + record.value.len()).sum::<usize>() as u64;
        Ok(found)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        let mut inner = self.0.lock();
        if batch
            .lend_guards()
            .iter()
            .any(|guard| inner.records.get(&guard.key).map(|value| &**value) != guard.expected.as_ref())
        {
            return Err(StorageError::Conflict);
        }
        loop {
            let chunk = batch.next_chunk(1024);
            if chunk.is_empty() {
                break;
            }
            inner.touches.ops += chunk.len() as u64;
            inner.touches.bytes_written += chunk.iter().map(WriteOp::size).sum::<usize>() as u64;
            chunk.into_iter().for_each(|op| inner.apply(op));
        }
        inner.touches.writes += 1;
        Ok(())
    }
}

impl Inner {
    fn apply(&mut self, op: WriteOp) {
        match op {
            WriteOp::Put { key, value } => {
                self.records.insert(key, Wiped::new(value));
            }
            WriteOp::Delete { key } => {
                self.records.remove(&key);
            }
            // A range that ends before it begins is empty; the map would panic over it.
            WriteOp::DeleteRange { from, to } if from >= to => {}
            WriteOp::DeleteRange { from, to } => {
                let doomed: Vec<Vec<u8>> = self.records.range(from..to).map(|(key, _)| key.clone()).collect();
                doomed.iter().for_each(|key| {
                    self.records.remove(key);
                });
            }
        }
    }
}
