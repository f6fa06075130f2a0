//! One client's share of the host's storage: what the host returns is checked here, once, and its failures get their codes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::batch::{Guard, WriteBatch, WriteOp};
use super::key::{Key, Keyspace};
use super::record::corrupt;
use super::seal::{Seal, StorageKeys, Value};
use super::storage::{Storage, StorageError};
use crate::base::{Code, Error, Result, Secret, Wiped, limits};
use crate::crypto::{SEALED_OVERHEAD, random_bytes};

/// The format of the store that this release writes. It reads every earlier one, and takes such a store over when it opens it:
/// from then on the releases before it are refused.
const FORMAT: u32 = 3;

/// Length of the random bytes behind the number of the format. They tell a client from one that was made anew under its name
/// after it was wiped: handles of the old one cannot write to the new one.
const NONCE: usize = 16;

/// What the record of the format says of a store.
enum Mark {
    /// Nobody has opened it yet.
    Absent,
    /// An earlier release wrote it; the record as it stands.
    Earlier(Vec<u8>),
    /// It has the present format; the record as it stands.
    Present(Vec<u8>),
}

/// The host's storage, the keys of one client in it, and the seal on its values.
pub(crate) struct Store {
    storage: Arc<dyn Storage>,
    keyspace: Arc<Keyspace>,
    seal: Option<Seal>,
    journal: bool,
    /// The record of the format, as it was when this handle was opened.
    mark: Vec<u8>,
    wiped: AtomicBool,
}

impl Store {
    /// Opens the share of the client called `name`, and marks it with the format if it is new.
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn open(storage: Arc<dyn Storage>, name: &[u8], storage_key: Option<&Secret>) -> Result<Arc<Self>> {
        Self::open_with(storage, (name, storage_key), false)
    }

    /// The same, and says whether effects are kept in a journal.
    pub(crate) fn open_with(
        storage: Arc<dyn Storage>,
        (name, storage_key): (&[u8], Option<&Secret>),
        journal: bool,
    ) -> Result<Arc<Self>> {
        let (seal, tag) = match storage_key.map(StorageKeys::derive).transpose()? {
            Some(keys) => (Some(keys.seal), Some(keys.tag)),
            None => (None, None),
        };
        let keyspace = Arc::new(Keyspace::new(name, tag));
        let mut store = Store { storage, keyspace, seal, journal, mark: Vec::new(), wiped: AtomicBool::new(false) };
        store.mark = store.settle_format()?;
        Ok(Arc::new(store))
    }

    pub(crate) fn keyspace(&self) -> &Arc<Keyspace> {
        &self.keyspace
    }

    pub(crate) fn seals(&self) -> bool {
        self.seal.is_some()
    }

    /// Whether effects are kept in a journal.
    pub(crate) fn journals(&self) -> bool {
        self.journal
    }

    /// Refuses once the client was wiped through this handle.
    pub(crate) fn require_unwiped(&self) -> Result<()> {
        match self.wiped.load(Ordering::Acquire) {
            true => Err(Code::Consumed.with("the client was wiped")),
            false => Ok(()),
        }
    }

    /// Deletes every record of the client in one batch. From then on this handle reads nothing and writes nothing.
    pub(crate) fn wipe(&self) -> Result<()> {
        self.require_unwiped()?;
        let range = self.keyspace.everything();
        let ops = vec![WriteOp::DeleteRange { from: range.from.to_vec(), to: range.to.to_vec() }];
        match self.hand_over(WriteBatch::new(vec![self.format_guard()], ops, None)) {
            // No batch is taken without the record of the format: where it is gone, somebody else has wiped the client.
            Err(error) if error.is(Code::Conflict) && !self.is_there()? => {}
            outcome => outcome?,
        }
        self.wiped.store(true, Ordering::Release);
        Ok(())
    }

    /// The values of `keys`, as stored.
    pub(crate) fn read(&self, keys: &[Key]) -> Result<Vec<Option<Value>>> {
        if self.require_unwiped().is_err() {
            return Ok(keys.iter().map(|_| None).collect());
        }
        let wanted = keys.iter().map(Key::to_vec).collect();
        let values = self.storage.read(wanted).map_err(unread)?;
        if values.len() != keys.len() {
            return Err(Code::StorageNonsense.with("read returned another number of values than it was asked for"));
        }
        values.into_iter().map(|value| value.map(plausible).transpose()).collect()
    }

    /// Records that begin with `prefix`, after the key `after`, as stored.
    pub(crate) fn scan(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Vec<(Key, Value)>> {
        if self.require_unwiped().is_err() {
            return Ok(Vec::new());
        }
        let from = after.map(Key::to_vec).unwrap_or_default();
        let count = u32::try_from(limit).unwrap_or(u32::MAX);
        let found = self.storage.scan(prefix.to_vec(), from.clone(), count).map_err(unread)?;
        let mut last = from;
        for record in &found {
            if record.key <= last || !record.key.starts_with(&prefix.0) || found.len() > limit {
                return Err(
                    Code::StorageNonsense.with("scan returned records that it was not asked for, or out of order")
                );
            }
            last.clone_from(&record.key);
        }
        found.into_iter().map(|record| Ok((Key::of(&[&record.key]), plausible(record.value)?))).collect()
    }

    /// Hands a batch to the host. A conflict over the format itself means that a newer release has taken the store over, or that
    /// the client was wiped.
    pub(crate) fn write(&self, batch: WriteBatch) -> Result<()> {
        self.require_unwiped()?;
        let outcome = self.hand_over(batch);
        if outcome.as_ref().is_err_and(|error| error.is(Code::Conflict)) && !self.is_there()? {
            return Err(
                Code::StorageCorrupt.with("the client was wiped through another handle, or its records are gone")
            );
        }
        outcome
    }

    /// Has the host write a batch, and sees that it did not forget to.
    fn hand_over(&self, batch: WriteBatch) -> Result<()> {
        let batch = Arc::new(batch);
        self.storage.write(batch.clone()).map_err(refused)?;
        batch.require_taken()
    }

    /// The guard that every batch carries: the store still has the format that this release knows.
    pub(crate) fn format_guard(&self) -> Guard {
        Guard { key: self.keyspace.format().to_vec(), expected: Some(self.mark.clone()) }
    }

    /// A stored value, opened.
    pub(crate) fn unseal(&self, key: &Key, stored: Value) -> Result<Value> {
        match &self.seal {
            Some(seal) => seal.open(key, &stored),
            None => Ok(stored),
        }
    }

    /// A value, as it is stored.
    pub(crate) fn seal(&self, key: &Key, mut value: Value) -> Result<Vec<u8>> {
        match &self.seal {
            Some(seal) => seal.close(key, &value),
            None => Ok(std::mem::take(&mut *value)),
        }
    }

    /// How long a value of this length is as it is stored.
    pub(crate) fn sealed_length(&self, length: usize) -> usize {
        if self.seals() { length + SEALED_OVERHEAD } else { length }
    }

    /// Whether the client that this handle was opened on is still there.
    fn is_there(&self) -> Result<bool> {
        Ok(matches!(self.find_mark()?, Mark::Present(mark) if mark == self.mark))
    }

    /// What format the store has; if it has one, it must be sealed under this key.
    fn find_mark(&self) -> Result<Mark> {
        let mut found = self.read(&[self.keyspace.format(), self.keyspace.key_check()])?.into_iter();
        let (format, check) = (found.next().flatten(), found.next().flatten());
        let Some(format) = format else { return Ok(Mark::Absent) };
        let (number, nonce) = format.split_first_chunk().ok_or_else(corrupt)?;
        let mark = match (u32::from_be_bytes(*number), nonce.len()) {
            (FORMAT, NONCE) => Mark::Present(format.to_vec()),
            (1..FORMAT, 0) => Mark::Earlier(format.to_vec()),
            (newer, _) if newer > FORMAT => return Err(Code::StoreNewer.into()),
            _ => return Err(corrupt()),
        };
        self.check_key(check).map(|()| mark)
    }

    fn check_key(&self, check: Option<Value>) -> Result<()> {
        let fits = match (&self.seal, check) {
            (None, None) => true,
            (Some(seal), Some(sealed)) => seal.open(&self.keyspace.key_check(), &sealed).is_ok(),
            _ => false,
        };
        if fits { Ok(()) } else { Err(Code::BadKey.with("the store was not written under this storage key")) }
    }

    /// Marks the store with the present format, unless it has it, and gives the mark. Another process may do so at the same time.
    fn settle_format(&self) -> Result<Vec<u8>> {
        let (expected, is_new) = match self.find_mark()? {
            Mark::Present(mark) => return Ok(mark),
            Mark::Earlier(mark) => (Some(mark), false),
            Mark::Absent => (None, true),
        };
        let key = self.keyspace.format().to_vec();
        let mark = [&FORMAT.to_be_bytes()[..], &random_bytes::<NONCE>()?].concat();
        let guard = Guard { key: key.clone(), expected };
        let mut ops = vec![WriteOp::Put { key, value: mark.clone() }];
        if let Some(seal) = self.seal.as_ref().filter(|_| is_new) {
            let key = self.keyspace.key_check();
            let value = seal.close(&key, &[])?;
            ops.push(WriteOp::Put { key: key.to_vec(), value });
        }
        match self.hand_over(WriteBatch::new(vec![guard], ops, None)) {
            Ok(()) => Ok(mark),
            Err(error) if error.is(Code::Conflict) => match self.find_mark()? {
                Mark::Present(other) => Ok(other),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// What a failed callback means to the caller.
pub(crate) fn refused(error: StorageError) -> Error {
    match error {
        StorageError::Conflict => Code::Conflict.into(),
        StorageError::Unavailable { detail } => Code::StorageFailed.with(detail),
        StorageError::Locked { detail } => Code::StorageLocked.with(detail),
    }
}

/// The same of one that has no guards to match.
pub(crate) fn unread(error: StorageError) -> Error {
    match error {
        StorageError::Conflict => Code::StorageNonsense.with("a conflict where nothing was guarded"),
        other => refused(other),
    }
}

fn plausible(value: Vec<u8>) -> Result<Value> {
    match value.len() <= limits::MAX_VALUE {
        true => Ok(Wiped::new(value)),
        false => Err(Code::StorageNonsense.with("a value is longer than any that was written")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{MemoryStorage, StoredRecord};

    /// A storage whose writes take so much and leave the rest: guards, first operations, all.
    struct Forgetful(Arc<MemoryStorage>, [bool; 2]);

    impl Storage for Forgetful {
        fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
            self.0.read(keys)
        }

        fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
            self.0.scan(prefix, after, limit)
        }

        fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
            let [guards, ops] = self.1;
            if guards {
                batch.guards();
            }
            while ops && !batch.next_chunk(1).is_empty() {}
            Ok(())
        }
    }

    #[test]
    fn a_write_that_did_not_take_its_batch_is_none() {
        for taken in [[false, false], [false, true], [true, false]] {
            let opened = Store::open(Arc::new(Forgetful(MemoryStorage::new(), taken)), b"alice", None);
            assert_eq!(opened.err().map(|error| error.code()), Some(703), "{taken:?}");
        }
        assert!(Store::open(Arc::new(Forgetful(MemoryStorage::new(), [true, true])), b"alice", None).is_ok());
    }
}
