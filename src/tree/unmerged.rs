//! The unmerged leaves of a parent node (RFC 9420 §4.1.1): a short list inside its record, or bitmaps of 1 024 leaves each in
//! records of their own, so that one more entry in a long list writes one chunk.

use std::collections::BTreeSet;

use super::index::NodeIndex;
use crate::base::Result;
use crate::store::{GroupKeys, Key, Reader, Txn, Writer, corrupt};

/// Entries that are kept inside the node's record.
const INLINE: usize = 32;

/// Leaves in one chunk.
const CHUNK: u32 = 1024;

/// A sorted set of leaf indices.
#[derive(Default, Clone, Debug)]
pub(crate) struct Unmerged {
    leaves: BTreeSet<u32>,
    /// Whether the store holds the set in chunks.
    chunked: bool,
    /// Chunks that differ from the store.
    changed: BTreeSet<u32>,
}

impl Unmerged {
    /// A set that has never been stored.
    pub(crate) fn of(leaves: impl IntoIterator<Item = u32>) -> Self {
        let leaves: BTreeSet<u32> = leaves.into_iter().collect();
        let changed = leaves.iter().map(|leaf| leaf / CHUNK).collect();
        Unmerged { leaves, chunked: false, changed }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.leaves.len()).unwrap_or(u32::MAX)
    }

    /// The entries in ascending order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = u32> {
        self.leaves.iter().copied()
    }

    pub(crate) fn contains(&self, leaf: u32) -> bool {
        self.leaves.contains(&leaf)
    }

    pub(crate) fn insert(&mut self, leaf: u32) {
        self.leaves.insert(leaf);
        self.changed.insert(leaf / CHUNK);
    }

    /// Empties the set; what the store holds is cleared when it is written.
    pub(crate) fn clear(&mut self) {
        self.changed.extend(self.leaves.iter().map(|leaf| leaf / CHUNK));
        self.leaves.clear();
    }

    /// Writes the short form, or a mark that chunks follow.
    pub(crate) fn write(&self, writer: &mut Writer) {
        let long = self.leaves.len() > INLINE;
        writer.flag(long);
        if !long {
            let leaves: Vec<u32> = self.iter().collect();
            writer.list(&leaves, |writer, leaf| writer.u32(*leaf));
        }
    }

    /// Reads the short form; a long one still lacks its chunks.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.flag()? {
            return Ok(Unmerged { chunked: true, ..Unmerged::default() });
        }
        let leaves = reader.list(|reader| reader.u32())?;
        Ok(Unmerged { leaves: leaves.into_iter().collect(), ..Unmerged::default() })
    }

    /// Whether the chunks are still to be read.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.chunked && self.leaves.is_empty() && self.changed.is_empty()
    }

    /// The keys of all chunks that there can be.
    pub(crate) fn chunks(&self, keys: &GroupKeys, node: NodeIndex) -> Vec<Key> {
        chunks_of(node).map(|chunk| keys.unmerged(node.0, chunk)).collect()
    }

    /// Takes in the chunks of a long set; a short one has none.
    pub(crate) fn complete(&mut self, txn: &mut Txn, keys: &GroupKeys, node: NodeIndex) -> Result<()> {
        if !self.is_incomplete() {
            return Ok(());
        }
        txn.prefetch(self.chunks(keys, node))?;
        for chunk in chunks_of(node) {
            let Some(bitmap) = txn.read(&keys.unmerged(node.0, chunk))? else { continue };
            for (offset, byte) in (0u32..).zip(bitmap) {
                let bits = (0..8).filter(|bit| byte & (1 << bit) != 0);
                self.leaves.extend(bits.map(|bit| chunk * CHUNK + offset * 8 + bit));
            }
        }
        Ok(())
    }

    /// Stages the chunks that changed, and clears them if the set has become short.
    pub(crate) fn flush(&mut self, txn: &mut Txn, keys: &GroupKeys, node: NodeIndex) -> Result<()> {
        let long = self.leaves.len() > INLINE;
        if self.chunked && !long {
            txn.clear(keys.unmerged_of(node.0, node.0.checked_add(1).ok_or_else(corrupt)?));
        }
        if long {
            let all: BTreeSet<u32> = self.leaves.iter().map(|leaf| leaf / CHUNK).collect();
            let changed = std::mem::take(&mut self.changed);
            let due = if self.chunked { changed } else { all };
            due.into_iter().for_each(|chunk| self.stage_chunk(txn, keys.unmerged(node.0, chunk), chunk));
        }
        self.chunked = long;
        self.changed.clear();
        Ok(())
    }

    fn stage_chunk(&self, txn: &mut Txn, key: Key, chunk: u32) {
        let mut bitmap = vec![0u8; CHUNK as usize / 8];
        for leaf in self.leaves.range(chunk * CHUNK..(chunk + 1) * CHUNK) {
            let offset = leaf % CHUNK;
            if let Some(byte) = bitmap.get_mut(offset as usize / 8) {
                *byte |= 1 << (offset % 8);
            }
        }
        let empty = bitmap.iter().all(|byte| *byte == 0);
        if empty { txn.delete(key) } else { txn.put(key, bitmap) }
    }
}

fn chunks_of(node: NodeIndex) -> std::ops::RangeInclusive<u32> {
    let leaves = node.leaves();
    leaves.start / CHUNK..=(leaves.end - 1) / CHUNK
}
