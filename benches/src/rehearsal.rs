//! A storage that can stand still, so that one operation can be repeated from the same state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use conclave::{MemoryStorage, Storage, StorageError, StoredRecord, WriteBatch};

/// Storage in memory. Once it is still, it takes batches as before, guards included, and forgets them.
pub struct Rehearsal {
    records: Arc<MemoryStorage>,
    still: AtomicBool,
}

impl Rehearsal {
    /// An empty storage.
    pub fn new() -> Arc<Self> {
        Arc::new(Rehearsal { records: MemoryStorage::new(), still: AtomicBool::new(false) })
    }

    /// From now on nothing changes, or things change again.
    pub fn hold_still(&self, still: bool) {
        self.still.store(still, Ordering::Relaxed);
    }
}

impl Storage for Rehearsal {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.records.read(keys)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.records.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        if !self.still.load(Ordering::Relaxed) {
            return self.records.write(batch);
        }
        let guards = batch.guards();
        let found = self.records.read(guards.iter().map(|guard| guard.key.clone()).collect())?;
        if guards.iter().zip(found).any(|(guard, found)| guard.expected != found) {
            return Err(StorageError::Conflict);
        }
        while !batch.next_chunk(1024).is_empty() {}
        Ok(())
    }
}
