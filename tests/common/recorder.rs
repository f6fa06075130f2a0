//! Storage in memory that keeps the effects of what was written.

use std::sync::{Arc, Mutex};

use conclave::*;

/// Storage in memory with a list of effects.
pub(crate) struct Recorder {
    pub(crate) memory: Arc<MemoryStorage>,
    effects: Mutex<Vec<Effect>>,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Recorder { memory: MemoryStorage::new(), effects: Mutex::default() })
    }

    pub(crate) fn records(&self) -> Vec<StoredRecord> {
        self.memory.records()
    }

    /// The effects since the last call of this.
    pub(crate) fn take_effects(&self) -> Vec<Effect> {
        std::mem::take(&mut self.effects.lock().unwrap())
    }
}

impl Storage for Recorder {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.memory.read(keys)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.memory.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        let effect = batch.effect();
        self.memory.write(batch)?;
        self.effects.lock().unwrap().extend(effect);
        Ok(())
    }
}
