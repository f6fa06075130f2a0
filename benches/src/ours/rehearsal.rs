//! A storage that can be taken back to where it was, so that one operation can be repeated from the same state.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use conclave::{Storage, StorageError, StoredRecord, WriteBatch, WriteOp};

use crate::contender::Sample;

/// Records looked at in one call while a range is remembered.
const PAGE: u32 = 1024;

/// A storage that counts, and remembers what it replaces.
pub struct Rehearsal {
    records: Arc<dyn Storage>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// What there was under each key that has changed since the beginning; nothing while nothing is remembered.
    before: Option<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    touched: Sample,
    /// How long the remembering itself took.
    aside: Duration,
}

impl Rehearsal {
    /// Over a storage, remembering nothing yet.
    pub fn new(records: Arc<dyn Storage>) -> Arc<Self> {
        Arc::new(Rehearsal { records, book: Mutex::default() })
    }

    /// Makes the present state the one to go back to.
    pub fn begin(&self) {
        self.book().before = Some(BTreeMap::new());
    }

    /// Goes back to the beginning.
    pub fn rewind(&self) {
        let changed = self.book().before.replace(BTreeMap::new()).unwrap_or_default();
        if changed.is_empty() {
            return;
        }
        let ops = changed.into_iter().map(|(key, value)| match value {
            Some(value) => WriteOp::Put { key, value },
            None => WriteOp::Delete { key },
        });
        self.records.write(WriteBatch::by_hand(Vec::new(), ops.collect(), None)).unwrap();
    }

    /// Times an act on this storage; what remembering costs is not part of it.
    pub fn timed<T>(&self, act: impl FnOnce() -> T) -> (T, Sample) {
        let mut book = self.book();
        *book = Book { before: book.before.take(), ..Book::default() };
        drop(book);
        let start = Instant::now();
        let outcome = measured(act);
        let elapsed = start.elapsed();
        let book = self.book();
        (outcome, Sample { elapsed: elapsed.saturating_sub(book.aside), ..book.touched })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// Counts what the batch writes, and remembers what it is about to replace.
    fn remember(&self, batch: &WriteBatch) {
        let start = Instant::now();
        let mut book = self.book();
        book.touched.writes += 1;
        loop {
            let chunk = batch.next_chunk(PAGE);
            if chunk.is_empty() {
                break;
            }
            book.touched.written_bytes += chunk.iter().map(length).sum::<u64>();
            let Some(before) = &mut book.before else { continue };
            let keys = chunk.into_iter().flat_map(|op| self.keys_of(op)).filter(|key| !before.contains_key(key));
            let keys: Vec<Vec<u8>> = keys.collect();
            let values = self.records.read(keys.clone()).unwrap();
            for (key, value) in keys.into_iter().zip(values) {
                before.entry(key).or_insert(value);
            }
        }
        batch.rewind();
        book.aside += start.elapsed();
    }

    fn keys_of(&self, op: WriteOp) -> Vec<Vec<u8>> {
        match op {
            WriteOp::Put { key, .. } | WriteOp::Delete { key } => vec![key],
            WriteOp::DeleteRange { from, to } => self.range(&from, &to),
        }
    }

    fn range(&self, from: &[u8], to: &[u8]) -> Vec<Vec<u8>> {
        let common = from.iter().zip(to).take_while(|(from, to)| from == to).count();
        let (mut keys, mut after) = (vec![from.to_vec()], from.to_vec());
        loop {
            let page = self.records.scan(from[..common].to_vec(), after, PAGE).unwrap();
            let last = page.len() < PAGE as usize || page.iter().any(|record| record.key.as_slice() >= to);
            after = page.last().map(|record| record.key.clone()).unwrap_or_default();
            keys.extend(page.into_iter().map(|record| record.key).filter(|key| key.as_slice() < to));
            if last {
                return keys;
            }
        }
    }

    fn count_read(&self, bytes: usize) {
        let touched = &mut self.book().touched;
        touched.reads += 1;
        touched.read_bytes += bytes as u64;
    }
}

/// The bytes of keys and value in an operation.
fn length(op: &WriteOp) -> u64 {
    let bytes = match op {
        WriteOp::Put { key, value } => key.len() + value.len(),
        WriteOp::Delete { key } => key.len(),
        WriteOp::DeleteRange { from, to } => from.len() + to.len(),
    };
    bytes as u64
}

/// A name for profilers to look for.
#[inline(never)]
fn measured<T>(act: impl FnOnce() -> T) -> T {
    act()
}

impl Storage for Rehearsal {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let lengths: Vec<usize> = keys.iter().map(Vec::len).collect();
        let values = self.records.read(keys)?;
        self.count_read(lengths.iter().zip(&values).filter_map(|(key, value)| Some(key + value.as_ref()?.len())).sum());
        Ok(values)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        let found = self.records.scan(prefix, after, limit)?;
        self.count_read(found.iter().map(|record| record.key.len() + record.value.len()).sum());
        Ok(found)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        self.remember(&batch);
        self.records.write(batch)
    }
}

#[cfg(test)]
mod tests {
    use conclave::MemoryStorage;

    use super::*;

    #[test]
    fn a_rewound_storage_is_as_it_was() {
        let records = MemoryStorage::new();
        let key = |number: u8| vec![b'k', number];
        let put = |number: u8, value: u8| WriteOp::Put { key: key(number), value: vec![value] };
        let write = |storage: &dyn Storage, ops: Vec<WriteOp>| {
            storage.write(WriteBatch::by_hand(Vec::new(), ops, None)).unwrap();
        };
        write(&*records, (0..10).map(|number| put(number, 1)).collect());
        let before = records.records();
        let rehearsal = Rehearsal::new(records.clone());
        rehearsal.begin();
        let range = |from, to| WriteOp::DeleteRange { from: key(from), to: key(to) };
        let act = || write(&*rehearsal, vec![put(1, 2), put(20, 2), range(2, 5), WriteOp::Delete { key: key(7) }]);
        let touched = rehearsal.timed(act).1;
        write(&*rehearsal, vec![put(1, 3), put(3, 3), range(6, 30)]);
        assert_eq!((touched.reads, touched.writes, records.records().len()), (0, 1, 4));
        rehearsal.rewind();
        assert!(records.records() == before);
    }
}
