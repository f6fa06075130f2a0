//! Keys of generations that were skipped, kept for messages that come late: sixteen generations share a record. Each key
//! knows since when it has been kept, and serves only as long as the client keeps such keys (RFC 9420 §15.3).

use super::message_key::MessageKey;
use super::ratchet_record::RatchetRecord;
use crate::base::{Epoch, Result, is_over};
use crate::store::{GroupKeys, Key, Reader, Record, Txn, Writer};

/// Generations in a chunk.
const CHUNK: u32 = 16;

/// Chunks looked at in one scan while old keys are evicted.
const SCANNED: u32 = 64;

/// Which chunk a generation belongs to.
pub(super) fn chunk_of(generation: u32) -> u32 {
    generation / CHUNK
}

/// The first generation behind a chunk.
pub(super) fn end_of(chunk: u32) -> u32 {
    chunk.saturating_add(1).saturating_mul(CHUNK)
}

/// The keys of sixteen consecutive generations that are still unused, oldest first, each with its place in the chunk.
#[derive(Default)]
pub(super) struct SkippedKeys(Vec<Kept>);

/// A key in a chunk.
struct Kept {
    slot: u8,
    key: MessageKey,
    /// When it was skipped; what the first version of the record left open is a time to come.
    since: u64,
}

/// What the first version of the record says of times: nothing.
const UNKNOWN: u64 = u64::MAX;

/// The time, and for how long skipped keys are kept, in seconds.
pub(crate) type Shelf = (u64, Option<u64>);

impl SkippedKeys {
    /// Gets room for so many keys more.
    pub(super) fn reserve(&mut self, count: u32) {
        self.0.reserve_exact(count.min(CHUNK) as usize);
    }

    /// Adds the key of a generation later than all that are in here.
    pub(super) fn keep(&mut self, (generation, since): (u32, u64), key: MessageKey) {
        self.0.push(Kept { slot: slot(generation), key, since });
    }

    /// Takes out the key of a generation.
    pub(super) fn take(&mut self, generation: u32) -> Option<MessageKey> {
        let position = self.0.iter().position(|kept| kept.slot == slot(generation))?;
        Some(self.0.remove(position).key)
    }

    /// Drops the keys that have been kept too long, and tells how many those were. Those of an unknown time are dated.
    pub(super) fn expire(&mut self, (now, limit): Shelf) -> u32 {
        let before = self.0.len();
        self.0.retain(|kept| !is_over(kept.since, now, limit));
        self.0.iter_mut().for_each(|kept| kept.since = kept.since.min(now));
        (before - self.0.len()) as u32
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

/// Chunks looked at in one scan while an epoch is searched for keys that have been kept too long.
const PAGE: usize = 256;

/// Stages the deletion of every skipped key of an epoch that has been kept too long, and guards what it rewrites.
pub(crate) fn expire_skipped(txn: &mut Txn, (keys, epoch): (&GroupKeys, Epoch), shelf: Shelf) -> Result<()> {
    let prefix = keys.skipped_of(epoch);
    let mut after: Option<Key> = None;
    loop {
        let found = txn.scan(&prefix, after.as_ref(), PAGE)?;
        let chunks: Vec<Key> = found.into_iter().map(|(key, _)| key).collect();
        let ratchets = chunks.iter().filter_map(|chunk| keys.ratchet_of(chunk));
        txn.prefetch(chunks.iter().cloned().chain(ratchets))?;
        after = chunks.last().cloned();
        let ended = chunks.len() < PAGE;
        chunks.into_iter().try_for_each(|chunk| expire_in(txn, keys, chunk, shelf))?;
        if ended {
            return Ok(());
        }
    }
}

fn expire_in(txn: &mut Txn, keys: &GroupKeys, key: Key, shelf: Shelf) -> Result<()> {
    let Some(mut chunk) = txn.load::<SkippedKeys>(&key)? else { return Ok(()) };
    let undated = chunk.0.iter().any(|kept| kept.since > shelf.0);
    let dropped = chunk.expire(shelf);
    if dropped == 0 && !undated {
        return Ok(());
    }
    txn.guard(&key)?;
    if let Some(ratchet) = keys.ratchet_of(&key)
        && let Some(mut record) = txn.load::<RatchetRecord>(&ratchet)?
    {
        txn.guard(&ratchet)?;
        record.kept = record.kept.saturating_sub(dropped);
        txn.store(ratchet, &record);
    }
    chunk.stage(txn, key);
    Ok(())
}

fn slot(generation: u32) -> u8 {
    (generation % CHUNK) as u8
}

impl Record for SkippedKeys {
    const VERSION: u8 = 2;

    fn size_hint(&self) -> usize {
        let entry = |kept: &Kept| 16 + kept.key.key.expose().len() + kept.key.nonce.expose().len();
        8 + self.0.iter().map(entry).sum::<usize>()
    }

    fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |writer, kept| {
            writer.u8(kept.slot);
            writer.secret(&kept.key.key);
            writer.secret(&kept.key.nonce);
        });
        self.0.iter().for_each(|kept| writer.u64(kept.since));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut chunk = reader.list(|reader| {
            let (slot, key, nonce) = (reader.u8()?, reader.secret()?, reader.secret()?);
            Ok(Kept { slot, key: MessageKey { key, nonce }, since: UNKNOWN })
        })?;
        if reader.version() >= 2 {
            chunk.iter_mut().try_for_each(|kept| reader.u64().map(|since| kept.since = since))?;
        }
        Ok(SkippedKeys(chunk))
    }
}
