//! Keys of generations that were skipped, kept for messages that come late: sixteen generations share a record.

use super::message_key::MessageKey;
use crate::base::Result;
use crate::store::{Key, Reader, Record, Txn, Writer};

/// Generations in a chunk.
const CHUNK: u32 = 16;

/// Chunks looked at in one scan while old keys are evicted.
const SCANNED: u32 = 64;

/// Which chunk a generation belongs to.
pub(super) fn chunk_of(generation: u32) -> u32 {
    generation / CHUNK
}

/// The keys of sixteen consecutive generations that are still unused, oldest first, each with its place in the chunk.
#[derive(Default)]
pub(super) struct SkippedKeys(Vec<(u8, MessageKey)>);

impl SkippedKeys {
    /// Adds the key of a generation later than all that are in here.
    pub(super) fn keep(&mut self, generation: u32, key: MessageKey) {
        self.0.push((slot(generation), key));
    }

    /// Takes out the key of a generation.
    pub(super) fn take(&mut self, generation: u32) -> Option<MessageKey> {
        let position = self.0.iter().position(|(place, _)| *place == slot(generation))?;
        Some(self.0.remove(position).1)
    }

    /// Drops the oldest keys, at most `count`, and tells how many those were.
    fn drop_oldest(&mut self, count: u32) -> u32 {
        let dropped = self.0.len().min(count as usize);
        self.0.drain(..dropped);
        dropped as u32
    }

    /// Stages the chunk under `key`, or its deletion if nothing is left in it.
    pub(super) fn stage(&self, txn: &mut Txn, key: Key) {
        match self.0.is_empty() {
            true => txn.delete(key),
            false => txn.store(key, self),
        }
    }
}

/// Stages the removal of the `count` oldest keys under `prefix`, a ratchet's chunks, and guards what it rewrites. A chunk
/// that another process took away meanwhile is passed over: the guard on the ratchet refuses the batch then.
pub(super) fn evict(txn: &mut Txn, prefix: &Key, count: u32) -> Result<()> {
    let mut left = count;
    let mut after: Option<Key> = None;
    while left > 0 {
        let found = txn.scan(prefix, after.as_ref(), left.min(SCANNED) as usize)?;
        let keys: Vec<Key> = found.into_iter().map(|(key, _)| key).collect();
        txn.prefetch(keys.iter().cloned())?;
        after = keys.last().cloned();
        if after.is_none() {
            break;
        }
        for key in keys {
            left -= evict_from(txn, key, left)?;
        }
    }
    Ok(())
}

fn evict_from(txn: &mut Txn, key: Key, count: u32) -> Result<u32> {
    let Some(mut chunk) = txn.load::<SkippedKeys>(&key)?.filter(|_| count > 0) else {
        return Ok(0);
    };
    txn.guard(&key)?;
    let dropped = chunk.drop_oldest(count);
    chunk.stage(txn, key);
    Ok(dropped)
}

fn slot(generation: u32) -> u8 {
    (generation % CHUNK) as u8
}

impl Record for SkippedKeys {
    fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |writer, (slot, key)| {
            writer.u8(*slot);
            writer.secret(&key.key);
            writer.secret(&key.nonce);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let key =
            |reader: &mut Reader<'_>| Ok((reader.u8()?, MessageKey { key: reader.secret()?, nonce: reader.secret()? }));
        reader.list(key).map(SkippedKeys)
    }
}
