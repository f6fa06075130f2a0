//! What one operation writes: guards, operations and the effect, handed to the host as one value that it pulls from.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::base::event::Effect;
use crate::base::secret::wipe;
use crate::base::{Code, Result, limits};

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
    effect: Option<Effect>,
    position: Mutex<usize>,
    /// Whether anyone has looked at the guards.
    guarded: AtomicBool,
    /// Whether the last operation was the last one that was asked for.
    finished: AtomicBool,
}

impl WriteBatch {
    pub(crate) fn new(guards: Vec<Guard>, ops: Vec<WriteOp>, effect: Option<Effect>) -> Self {
        WriteBatch { guards, ops, effect, position: Mutex::new(0), guarded: false.into(), finished: false.into() }
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
            false => Err(Code::LimitReached.with("a record is longer than a store must keep")),
        }
    }

    /// Refuses a `write` that says it has written, and has not even asked for what there was to write.
    pub(super) fn require_taken(&self) -> Result<()> {
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
        self.lend_chunk(max_ops).to_vec()
    }

    /// Starts over at the first operation, for a database that runs its transaction again.
    pub fn rewind(&self) {
        *self.position.lock() = 0;
    }

    /// What the call produced: the event, or the bytes to send. Nothing for mere bookkeeping.
    pub fn effect(&self) -> Option<Effect> {
        self.effect.clone()
    }

    /// How much the batch writes.
    pub fn size(&self) -> BatchSize {
        let bytes: usize = self.ops.iter().map(WriteOp::size).sum();
        BatchSize { ops: self.ops.len() as u64, bytes: bytes as u64 }
    }
}

impl WriteBatch {
    /// The guards, lent.
    pub(crate) fn lend_guards(&self) -> &[Guard] {
        self.guarded.store(true, Ordering::Relaxed);
        &self.guards
    }

    /// The next operations, lent.
    pub(crate) fn lend_chunk(&self, max_ops: u32) -> &[WriteOp] {
        let mut position = self.position.lock();
        let left = self.ops.get(*position..).unwrap_or_default();
        let mut bytes = 0usize;
        let fitting = left.iter().take(max_ops.max(1) as usize).take_while(|op| {
            let first = bytes == 0;
            bytes += op.size();
            first || bytes <= CHUNK_BYTES
        });
        let chunk = left.get(..fitting.count()).unwrap_or_default();
        *position += chunk.len();
        self.finished.store(*position == self.ops.len(), Ordering::Relaxed);
        chunk
    }

    fn wipe(&mut self) {
        self.ops.iter_mut().for_each(WriteOp::wipe);
        self.guards.iter_mut().filter_map(|guard| guard.expected.as_mut()).for_each(wipe);
        self.effect.iter_mut().for_each(Effect::wipe);
    }
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
        assert!(batch.guards.iter().all(|guard| guard.expected.is_none()));
        assert!(batch.ops.iter().all(|op| matches!(op, WriteOp::Put { value, .. } if value.is_empty())));
    }
}
