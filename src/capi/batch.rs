//! What one operation writes, for the host's `write` to pull from.

use std::borrow::Cow;
use std::ptr::null;
use std::sync::Arc;

use parking_lot::Mutex;

use super::answer::{Out, answer, give, required};
use super::bytes::conclave_bytes;
use super::effect::conclave_effect;
use super::status::conclave_status;
use crate::store::{WriteBatch, WriteOp};

/// One atomic write. It is lent to the host's `write`, and gone when that returns. See `conclave_storage.write`.
pub struct conclave_batch {
    pub(super) batch: Arc<WriteBatch>,
    /// What the host has been shown.
    shown: Mutex<Shown>,
}

/// Each part is kept for as long as the host may look at it.
#[derive(Default)]
struct Shown {
    guards: Option<Vec<conclave_guard>>,
    ops: Vec<conclave_write_op>,
    /// What `ops` point to, where the batch does not hold it.
    made: Vec<WriteOp>,
    effect: Option<Box<conclave_effect>>,
}

/// A record that must still be as it was read. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_guard {
    /// The key of the record.
    pub key: conclave_bytes,
    /// The value it must have. NULL `data`: the record must be absent.
    pub expected: conclave_bytes,
}

/// One of `CONCLAVE_WRITE_*`.
pub type conclave_write_kind = i32;

/// Insert or replace the record `key`: it has `value` from now on, which may be empty.
pub const CONCLAVE_WRITE_PUT: conclave_write_kind = 1;
/// Delete the record `key`, if it is there.
pub const CONCLAVE_WRITE_DELETE: conclave_write_kind = 2;
/// Delete every record from `key` (inclusive) up to `to` (exclusive).
pub const CONCLAVE_WRITE_DELETE_RANGE: conclave_write_kind = 3;

/// One change of the store. This struct never grows, and there will be no other kinds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_write_op {
    /// One of `CONCLAVE_WRITE_*`.
    pub kind: conclave_write_kind,
    /// The key; of a range, the first one that is deleted.
    pub key: conclave_bytes,
    /// Of a put, the value.
    pub value: conclave_bytes,
    /// Of a range, the first key that is kept.
    pub to: conclave_bytes,
}

impl conclave_batch {
    pub(super) fn new(batch: Arc<WriteBatch>) -> Self {
        conclave_batch { batch, shown: Mutex::default() }
    }
}

/// What must still hold, to be checked inside the transaction before the first operation.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: `batch`.
/// Out: `guards`, the first of `count` guards, which live until `write` returns.
/// State: none.
/// Threads: the one that `write` runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_batch_guards(
    batch: Option<&conclave_batch>,
    guards: Out<'_, *const conclave_guard>,
    count: Out<'_, usize>,
) -> conclave_status {
    answer(|| {
        let (guards, count) = (required(guards, "guards")?, required(count, "count")?);
        let batch = required(batch, "batch")?;
        let mut shown = batch.shown.lock();
        let lent = shown.guards.get_or_insert_with(|| batch.batch.lend_guards().iter().map(guard).collect());
        guards.write(lent.as_ptr());
        count.write(lent.len());
        Ok(())
    })
}

/// The next operations, in order: at least one while any are left, at most `most` (at least 1), and about 1 MiB. None at the
/// end. Apply them in this order.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: `batch`; `most`.
/// Out: `ops`, the first of `count` operations, which live until the next call of this function, or until `write` returns.
/// State: moves on in the batch.
/// Threads: the one that `write` runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_batch_next(
    batch: Option<&conclave_batch>,
    most: u32,
    ops: Out<'_, *const conclave_write_op>,
    count: Out<'_, usize>,
) -> conclave_status {
    answer(|| {
        let (ops, count) = (required(ops, "ops")?, required(count, "count")?);
        let batch = required(batch, "batch")?;
        let mut shown = batch.shown.lock();
        match batch.batch.lend_chunk(most) {
            Cow::Borrowed(lent) => shown.ops = lent.iter().map(write_op).collect(),
            Cow::Owned(made) => {
                shown.ops = made.iter().map(write_op).collect();
                shown.made = made;
            }
        }
        ops.write(shown.ops.as_ptr());
        count.write(shown.ops.len());
        Ok(())
    })
}

/// Starts over at the first operation, for a database that runs its transaction again.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: `batch`.
/// Out: nothing.
/// State: goes back to the start of the batch.
/// Threads: the one that `write` runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_batch_rewind(batch: Option<&conclave_batch>) -> conclave_status {
    answer(|| {
        required(batch, "batch")?.batch.rewind();
        Ok(())
    })
}

/// What the call produced: the event, or the bytes to send. An app that writes it into its own tables in the transaction of
/// the batch has every message exactly once, whatever crashes.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: `batch`.
/// Out: `effect`, which lives until `write` returns; NULL for mere bookkeeping.
/// State: none.
/// Threads: the one that `write` runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_batch_effect(
    batch: Option<&conclave_batch>,
    effect: Out<'_, *const conclave_effect>,
) -> conclave_status {
    give(effect, || {
        let batch = required(batch, "batch")?;
        let mut shown = batch.shown.lock();
        if shown.effect.is_none() {
            shown.effect = batch.batch.effect().map(|effect| Box::new(conclave_effect::of(effect)));
        }
        Ok(shown.effect.as_deref().map_or(null(), |effect| &raw const *effect))
    })
}

/// How much the batch writes, for a database that wants to know in advance.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: `batch`.
/// Out: `ops`, the number of operations; `bytes`, those of all keys and values in them.
/// State: none.
/// Threads: the one that `write` runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_batch_size(
    batch: Option<&conclave_batch>,
    ops: Out<'_, u64>,
    bytes: Out<'_, u64>,
) -> conclave_status {
    answer(|| {
        let (ops, bytes) = (required(ops, "ops")?, required(bytes, "bytes")?);
        let size = required(batch, "batch")?.batch.size();
        ops.write(size.ops);
        bytes.write(size.bytes);
        Ok(())
    })
}

fn guard(guard: &crate::store::Guard) -> conclave_guard {
    let expected = guard.expected.as_deref().map_or(conclave_bytes::NONE, conclave_bytes::lend);
    conclave_guard { key: conclave_bytes::lend(&guard.key), expected }
}

fn write_op(op: &WriteOp) -> conclave_write_op {
    let of_kind = |kind, key: &[u8]| conclave_write_op {
        kind,
        key: conclave_bytes::lend(key),
        value: conclave_bytes::NONE,
        to: conclave_bytes::NONE,
    };
    match op {
        WriteOp::Put { key, value } => {
            conclave_write_op { value: conclave_bytes::lend(value), ..of_kind(CONCLAVE_WRITE_PUT, key) }
        }
        WriteOp::Delete { key } => of_kind(CONCLAVE_WRITE_DELETE, key),
        WriteOp::DeleteRange { from, to } => {
            conclave_write_op { to: conclave_bytes::lend(to), ..of_kind(CONCLAVE_WRITE_DELETE_RANGE, from) }
        }
    }
}
