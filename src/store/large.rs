//! Values too long for one record: cut into chunks that lie one after another behind a common prefix.

use super::key::{Key, KeyRange};
use super::record::corrupt;
use super::seal::Value;
use super::txn::Txn;
use crate::base::Result;

/// Bytes in one chunk; sealed, it still fits a record.
const CHUNK: usize = 60 << 10;

/// Chunks read in one call.
const CHUNKS_PER_READ: u32 = 16;

impl Txn {
    /// Stages a value of any length under `prefix`, in place of whatever was there.
    pub(crate) fn put_large(&mut self, prefix: &Key, value: &[u8]) {
        self.clear(KeyRange::of_prefix(&prefix.0));
        self.stage_chunks(prefix, value);
    }

    /// Stages a value of any length under a prefix that nothing has been stored under: the write is refused otherwise.
    pub(crate) fn put_new_large(&mut self, prefix: &Key, value: &[u8]) {
        self.guard_absent(&chunk_key(prefix, 0));
        self.stage_chunks(prefix, value);
    }

    fn stage_chunks(&mut self, prefix: &Key, value: &[u8]) {
        let length = (value.len() as u64).to_be_bytes();
        self.put(chunk_key(prefix, 0), length.to_vec());
        for (number, chunk) in (1u32..).zip(value.chunks(CHUNK)) {
            self.put(chunk_key(prefix, number), chunk.to_vec());
        }
    }

    /// Reads the beginning of the value of any length under `prefix`, along with other records, in one call.
    pub(crate) fn prefetch_large(&mut self, prefix: &Key, along: Vec<Key>) -> Result<()> {
        self.prefetch(along.into_iter().chain([chunk_key(prefix, 0)]))
    }

    /// The value of any length under `prefix`.
    pub(crate) fn read_large(&mut self, prefix: &Key) -> Result<Option<Value>> {
        let Some(length) = self.read(&chunk_key(prefix, 0))? else { return Ok(None) };
        let length = u64::from_be_bytes(length.try_into().map_err(|_| corrupt())?);
        let length = usize::try_from(length).map_err(|_| corrupt())?;
        let count = u32::try_from(length.div_ceil(CHUNK)).map_err(|_| corrupt())?;
        let mut present = 0;
        for number in 1..=count {
            if (number - 1) % CHUNKS_PER_READ == 0 {
                let last = count.min(number + CHUNKS_PER_READ - 1);
                self.prefetch((number..=last).map(|number| chunk_key(prefix, number)))?;
            }
            present += self.read(&chunk_key(prefix, number))?.ok_or_else(corrupt)?.len();
        }
        if present != length {
            return Err(corrupt());
        }
        // The length is believed now, so the secrets are copied once and never moved.
        let mut value = Value::new(Vec::with_capacity(length));
        for number in 1..=count {
            value.extend_from_slice(self.read(&chunk_key(prefix, number))?.ok_or_else(corrupt)?);
        }
        Ok(Some(value))
    }

    /// Demands that the value under `prefix` is still the one that was read.
    pub(crate) fn guard_large(&mut self, prefix: &Key) -> Result<()> {
        self.guard(&chunk_key(prefix, 0))
    }

    /// Demands the same before a verdict, and not of a write.
    pub(crate) fn watch_large(&mut self, prefix: &Key) -> Result<()> {
        self.watch(&chunk_key(prefix, 0))
    }

    /// The last key that a value under `prefix` may take up.
    pub(crate) fn end_of_large(prefix: &Key) -> Key {
        chunk_key(prefix, u32::MAX)
    }

    /// Stages the deletion of the value under `prefix`.
    pub(crate) fn delete_large(&mut self, prefix: &Key) {
        self.clear(KeyRange::of_prefix(&prefix.0));
    }
}

fn chunk_key(prefix: &Key, number: u32) -> Key {
    let mut key = prefix.clone();
    key.0.extend_from_slice(&number.to_be_bytes());
    key
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::Code;
    use crate::store::{MemoryStorage, Store};

    #[test]
    fn a_new_value_never_takes_the_place_of_another() {
        let store = Store::open(MemoryStorage::new(), b"alice", None).unwrap();
        let prefix = store.keyspace().effect(7);
        let write = |value: &[u8]| {
            let mut txn = Txn::begin(store.clone());
            txn.put_new_large(&prefix, value);
            store.write(txn.finish(None).unwrap())
        };
        write(b"first").unwrap();
        assert!(write(b"second").is_err_and(|error| error.is(Code::Conflict)));
        assert_eq!(Txn::begin(store.clone()).read_large(&prefix).unwrap().unwrap().as_slice(), b"first");
    }
}
