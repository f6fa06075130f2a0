//! Storage that fails when it is told to: before a batch is written, or after, when nobody hears of it.

use std::sync::{Arc, Mutex};

use conclave::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Before,
    After,
}

pub(crate) struct Shaky {
    memory: Arc<MemoryStorage>,
    fault: Mutex<Option<Fault>>,
    /// What the batch meant that was written although its write failed.
    effect: Mutex<Option<Effect>>,
}

impl Shaky {
    pub(crate) fn over(memory: Arc<MemoryStorage>) -> Arc<Self> {
        Arc::new(Shaky { memory, fault: Mutex::default(), effect: Mutex::default() })
    }

    /// A storage of its own with the same bytes.
    pub(crate) fn duplicate(&self) -> Arc<Self> {
        Shaky::over(self.memory.duplicate())
    }

    pub(crate) fn records(&self) -> Vec<StoredRecord> {
        self.memory.records()
    }

    /// What the next write is to suffer. Gives what was planned and has not happened.
    pub(crate) fn plan(&self, fault: Option<Fault>) -> Option<Fault> {
        std::mem::replace(&mut *self.fault.lock().unwrap(), fault)
    }

    pub(crate) fn take_effect(&self) -> Option<Effect> {
        self.effect.lock().unwrap().take()
    }
}

impl Storage for Shaky {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.memory.read(keys)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.memory.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        let lost = || Err(StorageError::Unavailable { detail: "the power failed".into() });
        match self.plan(None) {
            None => self.memory.write(batch),
            Some(Fault::Before) => lost(),
            Some(Fault::After) => {
                let effect = batch.effect();
                self.memory.write(batch)?;
                *self.effect.lock().unwrap() = effect;
                lost()
            }
        }
    }
}
