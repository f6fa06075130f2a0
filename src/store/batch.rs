//! What one operation writes: guards, operations and the effect, handed to the host as one value that it pulls from.

use parking_lot::Mutex;
use zeroize::Zeroize;

use crate::base::event::Effect;

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

    fn wipe(&mut self) {
        if let WriteOp::Put { value, .. } = self {
            value.zeroize();
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
}

impl WriteBatch {
    pub(crate) fn new(guards: Vec<Guard>, ops: Vec<WriteOp>, effect: Option<Effect>) -> Self {
        WriteBatch { guards, ops, effect, position: Mutex::new(0) }
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
        self.guards.clone()
    }

    /// The next operations, in order: at least one while any are left, at most `max_ops` (at least 1) and about 1 MiB.
    /// Empty at the end.
    pub fn next_chunk(&self, max_ops: u32) -> Vec<WriteOp> {
        let mut position = self.position.lock();
        let left = self.ops.get(*position..).unwrap_or_default();
        let mut bytes = 0usize;
        let fitting = left.iter().take(max_ops.max(1) as usize).take_while(|op| {
            let first = bytes == 0;
            bytes += op.size();
            first || bytes <= CHUNK_BYTES
        });
        let chunk: Vec<WriteOp> = fitting.cloned().collect();
        *position += chunk.len();
        chunk
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

impl Drop for WriteBatch {
    fn drop(&mut self) {
        self.ops.iter_mut().for_each(WriteOp::wipe);
    }
}
