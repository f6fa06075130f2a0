//! The sender ratchets (RFC 9420 §9.1, §9.2), in steps that are consumed: a [`Ratchet`] is loaded, asked for the key of one
//! message, and leaves an [`Advance`], which is committed once that message has been authenticated. Nothing is staged
//! before, so a forged message uses up no key; what the answer rests on is guarded from the start, so that the answer can
//! be found stale.

use std::collections::{BTreeMap, VecDeque};

use super::message_key::MessageKey;
use super::ratchet_record::{RatchetRecord, SenderIdentity};
use super::secret_tree::{FirstUse, SecretTree, Unconsumed};
use super::skipped::{SkippedKeys, chunk_of, end_of, evict};
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::SignatureVerified;
use crate::store::{Key, RatchetKind, Txn};

/// How far a ratchet is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RatchetLimits {
    /// Most generations that one message may skip.
    pub(crate) forward: u32,
    /// Most keys of skipped generations kept for one ratchet; the oldest go first.
    pub(crate) kept: u32,
    /// How long such a key is kept, in seconds.
    pub(crate) kept_for: Option<u64>,
}

impl Default for RatchetLimits {
    fn default() -> Self {
        RatchetLimits { forward: 1000, kept: 1000, kept_for: None }
    }
}

/// How much one of our own ratchets may seal in an epoch (RFC 9420 §15.2). The other one has as much again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SealLimits {
    pub(crate) messages: u32,
    pub(crate) bytes: u64,
}

impl SealLimits {
    /// What only the number of generations ends.
    pub(crate) const NONE: SealLimits = SealLimits { messages: u32::MAX, bytes: u64::MAX };

    /// No more bytes than these.
    pub(crate) fn within(self, bytes: u64) -> Self {
        SealLimits { bytes: self.bytes.min(bytes), ..self }
    }
}

/// A leaf's ratchet of one kind, ready to give one key.
pub(crate) struct Ratchet<'a> {
    place: Place<'a>,
    state: State,
}

/// Which ratchet of which tree.
#[derive(Clone, Copy)]
struct Place<'a> {
    tree: SecretTree<'a>,
    leaf: LeafIndex,
    kind: RatchetKind,
}

enum State {
    Stored(RatchetRecord),
    Unused(Unconsumed, SenderIdentity),
}

impl<'a> Ratchet<'a> {
    /// The ratchet of a sender that has been heard of in this epoch; reads [`SecretTree::keys_needed`].
    pub(crate) fn load(
        txn: &mut Txn,
        tree: SecretTree<'a>,
        leaf: LeafIndex,
        kind: RatchetKind,
    ) -> Result<Option<Self>> {
        let place = Place { tree, leaf, kind };
        let key = place.ratchet();
        let record = txn.load::<RatchetRecord>(&key)?;
        txn.guard(&key)?;
        Ok(record.map(|record| Ratchet { place, state: State::Stored(record) }))
    }

    /// The ratchet of a leaf that [`Ratchet::load`] does not know yet, at its root; `sender` stands at that leaf in this
    /// epoch. Reads [`SecretTree::first_keys_needed`] in one call. `KeyGone` if the leaf's secrets were deleted.
    pub(crate) fn first(
        txn: &mut Txn,
        tree: SecretTree<'a>,
        (leaf, kind): (LeafIndex, RatchetKind),
        sender: SenderIdentity,
    ) -> Result<Self> {
        let unconsumed = tree.unconsumed(txn, leaf)?;
        Ok(Ratchet { place: Place { tree, leaf, kind }, state: State::Unused(unconsumed, sender) })
    }

    /// The key that opens the message of this generation. `GenerationTooFar` if it skips more than the limit, before
    /// anything is derived; `KeyGone` if the key was used, has been evicted, or was kept too long at the time `now`.
    pub(crate) fn seek(
        self,
        txn: &mut Txn,
        generation: u32,
        (limits, now): (RatchetLimits, u64),
    ) -> Result<(MessageKey, Advance<'a>)> {
        match self.state {
            State::Stored(record) if generation < record.next => {
                self.place.take_kept(txn, record, generation, (limits, now))
            }
            state => {
                check_reach(state.next(), generation, limits.forward)?;
                let (record, first_use) = state.derive(&self.place)?;
                let (key, mut advance) = self.place.skip_to(txn, record, generation, (limits, now))?;
                advance.first_use = first_use;
                Ok((key, advance))
            }
        }
    }

    /// The key of the next message of our own; [`Advance::generation`] tells its number. `UsageLimit` if all are used.
    pub(crate) fn next_to_send(self) -> Result<(MessageKey, Advance<'a>)> {
        let (mut record, first_use) = self.state.derive(&self.place)?;
        let generation = record.next;
        let key = record.take(self.place.tree.suite)?;
        let chunks = BTreeMap::new();
        Ok((key, Advance { place: self.place, generation, record, chunks, evicted: 0, first_use }))
    }
}

impl State {
    fn next(&self) -> u32 {
        match self {
            State::Stored(record) => record.next,
            State::Unused(..) => 0,
        }
    }

    fn derive(self, place: &Place<'_>) -> Result<(RatchetRecord, Option<FirstUse>)> {
        match self {
            State::Stored(record) => Ok((record, None)),
            State::Unused(unconsumed, sender) => {
                let (record, first_use) = unconsumed.derive(&place.tree, (place.leaf, place.kind), sender)?;
                Ok((record, Some(first_use)))
            }
        }
    }
}

/// The very last generation is out of reach: the ratchet could not move past it.
fn check_reach(next: u32, generation: u32, forward: u32) -> Result<()> {
    match generation.saturating_sub(next) <= forward && generation < u32::MAX {
        true => Ok(()),
        false => Err(Code::GenerationTooFar.into()),
    }
}

impl<'a> Place<'a> {
    /// Moves on to `generation`, and keeps the keys in between, as many as may be kept at all.
    fn skip_to(
        self,
        txn: &mut Txn,
        mut record: RatchetRecord,
        generation: u32,
        (limits, now): (RatchetLimits, u64),
    ) -> Result<(MessageKey, Advance<'a>)> {
        let suite = self.tree.suite;
        let mut chunks = BTreeMap::new();
        if record.kept > 0 && record.next < generation {
            // Only the chunk that the ratchet stands in can exist already.
            let number = chunk_of(record.next);
            let mut chunk = self.chunk(txn, number)?;
            record.kept = record.kept.saturating_sub(chunk.expire((now, limits.kept_for)));
            chunks.insert(number, chunk);
        }
        while record.next < generation.saturating_sub(limits.kept) {
            record.skip(suite)?;
        }
        while record.next < generation {
            let number = chunk_of(record.next);
            let end = generation.min(end_of(number));
            let chunk: &mut SkippedKeys = chunks.entry(number).or_default();
            chunk.reserve(end - record.next);
            while record.next < end {
                chunk.keep((record.next, now), record.take(suite)?);
                record.kept = record.kept.saturating_add(1);
            }
        }
        let key = record.take(suite)?;
        Ok((key, Advance::new(self, (generation, record), chunks, limits)))
    }

    /// Takes the key of a generation that was skipped.
    fn take_kept(
        self,
        txn: &mut Txn,
        mut record: RatchetRecord,
        generation: u32,
        (limits, now): (RatchetLimits, u64),
    ) -> Result<(MessageKey, Advance<'a>)> {
        if record.kept == 0 {
            return Err(Code::KeyGone.into());
        }
        let number = chunk_of(generation);
        let mut chunk = self.chunk(txn, number)?;
        let expired = chunk.expire((now, limits.kept_for));
        let key = chunk.take(generation).ok_or(Code::KeyGone)?;
        record.kept = record.kept.saturating_sub(expired.saturating_add(1));
        Ok((key, Advance::new(self, (generation, record), BTreeMap::from([(number, chunk)]), limits)))
    }

    /// Reads and guards a chunk of skipped keys.
    fn chunk(&self, txn: &mut Txn, number: u32) -> Result<SkippedKeys> {
        let key = self.chunk_key(number);
        let chunk = txn.load(&key)?.unwrap_or_default();
        txn.guard(&key)?;
        Ok(chunk)
    }

    fn ratchet(&self) -> Key {
        self.tree.ratchet(self.leaf, self.kind)
    }

    fn chunk_key(&self, number: u32) -> Key {
        self.tree.keys.skipped(self.tree.epoch, self.leaf, self.kind, number)
    }

    fn chunks(&self) -> Key {
        self.tree.keys.skipped_all(self.tree.epoch, self.leaf, self.kind)
    }
}

/// What the use of one key changes. Dropped, nothing has happened.
#[must_use = "a key that was used must be staged"]
pub(crate) struct Advance<'a> {
    place: Place<'a>,
    generation: u32,
    record: RatchetRecord,
    /// The chunks that changed, by number.
    chunks: BTreeMap<u32, SkippedKeys>,
    /// How many of the oldest skipped keys have no room any more.
    evicted: u32,
    first_use: Option<FirstUse>,
}

impl<'a> Advance<'a> {
    fn new(
        place: Place<'a>,
        (generation, mut record): (u32, RatchetRecord),
        chunks: BTreeMap<u32, SkippedKeys>,
        limits: RatchetLimits,
    ) -> Self {
        let evicted = record.kept.saturating_sub(limits.kept);
        record.kept -= evicted;
        Advance { place, generation, record, chunks, evicted, first_use: None }
    }

    /// Who sends from this ratchet.
    pub(crate) fn sender(&self) -> &SenderIdentity {
        &self.record.sender
    }

    /// The generation of the key.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// Counts what the key has sealed. `UsageLimit` if the ratchet has sealed more than it may in an epoch.
    pub(crate) fn count_sealed(&mut self, bytes: u64, limits: SealLimits) -> Result<()> {
        self.record.sealed = self.record.sealed.saturating_add(bytes);
        match self.generation < limits.messages && self.record.sealed <= limits.bytes {
            true => Ok(()),
            false => Err(Code::UsageLimit.into()),
        }
    }

    /// Takes the keys of up to `count` generations more, as far as the limits reach; each is counted as if it had sealed
    /// `bytes`. They are skipped if they are not used.
    pub(crate) fn reserve(
        &mut self,
        count: u32,
        (bytes, limits): (u64, SealLimits),
    ) -> Result<VecDeque<(u32, MessageKey)>> {
        let mut reserved = VecDeque::new();
        for _ in 0..count {
            let (generation, sealed) = (self.record.next, self.record.sealed.saturating_add(bytes));
            if generation >= limits.messages || sealed > limits.bytes {
                break;
            }
            reserved.push_back((generation, self.record.take(self.place.tree.suite)?));
            self.record.sealed = sealed;
        }
        Ok(reserved)
    }

    /// Stages the use of a key that opened a message, which must be known to be its sender's.
    pub(crate) fn stage_opened(self, txn: &mut Txn, _proof: &SignatureVerified) -> Result<()> {
        self.stage(txn)
    }

    /// Stages the use of a key that sealed a message of ours, before the message leaves the library.
    pub(crate) fn stage_sealed(self, txn: &mut Txn) -> Result<()> {
        self.stage(txn)
    }

    /// Stages the ratchet behind the key, skipped keys, evictions, and on first use the secret tree.
    fn stage(self, txn: &mut Txn) -> Result<()> {
        let place = self.place;
        txn.store(place.ratchet(), &self.record);
        self.chunks.iter().for_each(|(number, chunk)| chunk.stage(txn, place.chunk_key(*number)));
        if let Some(first_use) = self.first_use {
            first_use.stage(txn);
        }
        evict(txn, &place.chunks(), self.evicted)
    }
}

#[cfg(test)]
#[path = "ratchet_tests.rs"]
mod tests;
