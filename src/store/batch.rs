//! What one operation writes: guards, operations and the effect, handed to the host as one value that it pulls from.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::latent::{Drawn, LatentOps};
use crate::base::event::Effect;
use crate::base::secret::wipe;
use crate::base::{Code, Error, Result, limits};

/// A record that must still be as it was read, or the batch is refused with `Conflict`.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Guard {
    /// The key of the record.
    pub key: Vec<u8>,
    /// The value it must have; nothing if it must be absent.
    pub expected: Option<Vec<u8>>,
}

/// One change of the store. Operations are applied in order.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum WriteOp {
    /// Insert or replace a record.
    Put {
        /// Its key.
        key: Vec<u8>,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Delete a record, if it is there.
    Delete {
        /// Its key.
        key: Vec<u8>,
    },
    /// Delete every record from `from` (inclusive) up to `to` (exclusive).
    DeleteRange {
        /// First key deleted.
        from: Vec<u8>,
        /// First key kept.
        to: Vec<u8>,
    },
}

impl WriteOp {
    /// Key and value bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            WriteOp::Put { key, value } => key.len() + value.len(),
            WriteOp::Delete { key } => key.len(),
            WriteOp::DeleteRange { from, to } => from.len() + to.len(),
        }
    }

    /// Whether its key and value have lengths that every store takes.
    fn fits(&self) -> bool {
        match self {
            WriteOp::Put { key, value } => key.len() <= limits::MAX_KEY && value.len() <= limits::MAX_VALUE,
            WriteOp::Delete { .. } | WriteOp::DeleteRange { .. } => true,
        }
    }

    fn wipe(&mut self) {
        if let WriteOp::Put { value, .. } = self {
            wipe(value);
        }
    }
}

/// How much a batch will write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct BatchSize {
    /// The number of operations.
    pub ops: u64,
    /// The bytes of all keys and values in them.
    pub bytes: u64,
}

/// Most bytes handed out in one chunk.
const CHUNK_BYTES: usize = 1 << 20;

/// One atomic write: the host checks [`guards`](WriteBatch::guards), pulls the operations chunk by chunk inside one
/// transaction of its own, stores the [`effect`](WriteBatch::effect) beside them if it wants exactly-once delivery, and
/// makes all of it durable together.
#[derive(uniffi::Object)]
pub struct WriteBatch {
    guards: Vec<Guard>,
    ops: Vec<WriteOp>,
    /// Puts that are made when they are drawn, and how many of `ops` come before them.
    latent: Option<(usize, LatentOps)>,
    effect: Option<Effect>,
    position: Mutex<Position>,
    /// Whether anyone has looked at the guards.
    guarded: AtomicBool,
    /// Whether the last operation was the last one that was asked for.
    finished: AtomicBool,
    /// Whether an operation could not be made.
    spoiled: AtomicBool,
}

/// How far the host has come.
#[derive(Default)]
struct Position {
    ops: usize,
    drawn: Drawn,
}

impl WriteBatch {
    pub(crate) fn new(guards: Vec<Guard>, ops: Vec<WriteOp>, effect: Option<Effect>) -> Self {
        WriteBatch {
            guards,
            ops,
            latent: None,
            effect,
            position: Mutex::default(),
            guarded: false.into(),
            finished: false.into(),
            spoiled: false.into(),
        }
    }

    /// Demands one thing more.
    pub(super) fn require(&mut self, guard: Guard) {
        self.guards.push(guard);
    }

    /// Appends an operation, unless it would write a record that no store need keep.
    pub(super) fn push(&mut self, op: WriteOp) -> Result<()> {
        let fits = op.fits();
        self.ops.push(op);
        match fits {
            true => Ok(()),
            false => Err(too_long()),
        }
    }

    /// Puts records here in the order that are made when they are drawn.
    pub(super) fn push_latent(&mut self, latent: LatentOps) -> Result<()> {
        let fits = latent.store.sealed_length(latent.latent.longest()) <= limits::MAX_VALUE;
        self.latent = Some((self.ops.len(), latent));
        match fits {
            true => Ok(()),
            false => Err(too_long()),
        }
    }

    /// Refuses a `write` that says it has written, and has not even asked for what there was to write.
    pub(super) fn require_taken(&self) -> Result<()> {
        if self.spoiled.load(Ordering::Relaxed) {
            return Err(Code::Internal.with("a record could not be made"));
        }
        let taken = [&self.guarded, &self.finished].into_iter().all(|flag| flag.load(Ordering::Relaxed));
        match taken {
            true => Ok(()),
            false => {
                let missed = "write returned without having taken all guards and operations of the batch";
                Err(Code::StorageNonsense.with(missed))
            }
        }
    }

    /// A batch made by hand, for the tests of a store.
    #[cfg(feature = "test-util")]
    pub fn by_hand(guards: Vec<Guard>, ops: Vec<WriteOp>, effect: Option<Effect>) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self::new(guards, ops, effect))
    }
}

#[uniffi::export]
impl WriteBatch {
    /// What must still hold, to be checked inside the transaction before the first operation.
    pub fn guards(&self) -> Vec<Guard> {
        self.lend_guards().to_vec()
    }

    /// The next operations, in order: at least one while any are left, at most `max_ops` (at least 1) and about 1 MiB.
    /// Empty at the end.
    pub fn next_chunk(&self, max_ops: u32) -> Vec<WriteOp> {
        self.lend_chunk(max_ops).into_owned()
    }

    /// Starts over at the first operation, for a database that runs its transaction again.
    pub fn rewind(&self) {
        *self.position.lock() = Position::default();
        self.spoiled.store(false, Ordering::Relaxed);
    }

    /// What the call produced: the event, or the bytes to send. Nothing for mere bookkeeping.
    pub fn effect(&self) -> Option<Effect> {
        self.effect.clone()
    }

    /// How much the batch writes.
    pub fn size(&self) -> BatchSize {
        let bytes: usize = self.ops.iter().map(WriteOp::size).sum();
        let (ops, bytes) = (self.ops.len() as u64, bytes as u64);
        match &self.latent {
            None => BatchSize { ops, bytes },
            // What cannot be made is found out when it is drawn.
            Some((_, latent)) => {
                BatchSize { ops: ops + latent.latent.count(), bytes: bytes + latent.bytes().unwrap_or_default() }
            }
        }
    }
}

impl WriteBatch {
    /// The guards, lent.
    pub(crate) fn lend_guards(&self) -> &[Guard] {
        self.guarded.store(true, Ordering::Relaxed);
        &self.guards
    }

    /// The next operations: lent, or made for the occasion.
    pub(crate) fn lend_chunk(&self, max_ops: u32) -> Cow<'_, [WriteOp]> {
        let most = max_ops.max(1) as usize;
        let mut position = self.position.lock();
        let chunk = match &self.latent {
            Some((before, latent)) if position.ops == *before && !latent.all_drawn(&position.drawn) => {
                Cow::Owned(self.make(latent, &mut position.drawn, most))
            }
            // Nothing goes past the place of what is made.
            Some((before, _)) if position.ops < *before => {
                let until = *before - position.ops;
                Cow::Borrowed(self.lend(&mut position.ops, most.min(until)))
            }
            _ => Cow::Borrowed(self.lend(&mut position.ops, most)),
        };
        self.finished.store(self.is_finished(&position), Ordering::Relaxed);
        let (drawn, made) = (position.drawn.count(), matches!(chunk, Cow::Owned(_)));
        // The observer is the app's, and may do anything: the batch is not locked meanwhile.
        drop(position);
        if let Some((_, latent)) = self.latent.as_ref().filter(|_| made) {
            latent.latent.drawn(drawn);
        }
        chunk
    }

    fn lend(&self, position: &mut usize, most: usize) -> &[WriteOp] {
        let left = self.ops.get(*position..).unwrap_or_default();
        let mut bytes = 0usize;
        let fitting = left.iter().take(most).take_while(|op| {
            let first = bytes == 0;
            bytes += op.size();
            first || bytes <= CHUNK_BYTES
        });
        let chunk = left.get(..fitting.count()).unwrap_or_default();
        *position += chunk.len();
        chunk
    }

    /// A host that asks for operations cannot be told of an error, so it is kept for when its `write` returns. It takes a source
    /// of randomness that fails. What was put until then lies where nothing leads to it: the records that lead there come later.
    fn make(&self, latent: &LatentOps, drawn: &mut Drawn, most: usize) -> Vec<WriteOp> {
        latent.draw(drawn, (most, CHUNK_BYTES)).unwrap_or_else(|_| {
            self.spoiled.store(true, Ordering::Relaxed);
            Vec::new()
        })
    }

    fn is_finished(&self, position: &Position) -> bool {
        let drawn = self.latent.as_ref().is_none_or(|(_, latent)| latent.all_drawn(&position.drawn));
        drawn && position.ops == self.ops.len()
    }

    fn wipe(&mut self) {
        self.ops.iter_mut().for_each(WriteOp::wipe);
        self.guards.iter_mut().filter_map(|guard| guard.expected.as_mut()).for_each(wipe);
        self.effect.iter_mut().for_each(Effect::wipe);
    }
}

fn too_long() -> Error {
    Code::LimitReached.with("a record is longer than a store must keep")
}

impl Drop for WriteBatch {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::event::{Event, MemberName};

    #[test]
    fn a_batch_wipes_what_users_wrote() {
        let sender = MemberName { leaf: 0, client_id: vec![], user_id: vec![] };
        let event = Event::Message { sender, plaintext: vec![7; 9], aad: vec![], epoch: 0, generation: 0 };
        let effect = Effect::Received { group_id: vec![], tag: vec![], event };
        let mut batch = WriteBatch::new(Vec::new(), Vec::new(), Some(effect));
        batch.wipe();
        let wiped = matches!(&batch.effect,
            Some(Effect::Received { event: Event::Message { plaintext, .. }, .. }) if plaintext.is_empty());
        assert!(wiped);
    }

    #[test]
    fn a_batch_wipes_what_it_writes_and_what_it_expects() {
        let guard = Guard { key: vec![1], expected: Some(vec![7; 9]) };
        let mut batch = WriteBatch::new(vec![guard], Vec::new(), None);
        batch.push(WriteOp::Put { key: vec![2], value: vec![7; 9] }).unwrap();
        assert!(batch.push(WriteOp::Put { key: vec![3], value: vec![7; limits::MAX_VALUE + 1] }).is_err());
        batch.wipe();
        assert!(batch.guards.iter().all(|guard| guard.expected.as_ref().is_some_and(Vec::is_empty)));
        assert!(batch.ops.iter().all(|op| matches!(op, WriteOp::Put { value, .. } if value.is_empty())));
    }
}
