//! The journal of effects: what came of calls, kept in the store until the app has acknowledged it.
//!
//! Ids are given without a counter that all would fight over (docs/adr/004): every batch writes a mark of its own under an id
//! higher than all marks it has seen, and deletes those. So the highest id ever given is always marked, and whoever comes
//! after a write gets a higher one. Those that race differ by a random part.

use crate::base::event::Effect;
use crate::base::{Code, Result};
use crate::crypto::random_bytes;
use crate::store::{Txn, Value, corrupt, decode_record, encode_record};

/// Bits of an id that are random. The others count; the topmost is never set, so that an id is also a signed integer.
const RANDOM_BITS: u32 = 24;

/// Most marks deleted by one batch; more than one there is only after a race.
const MARKS: usize = 8;

/// Stages an effect, as the newest. To be called when the act has read all that it rests on.
pub(crate) fn append(txn: &mut Txn, effect: &Effect) -> Result<()> {
    let id = next_id(txn)?;
    let key = txn.keyspace().effect(id);
    txn.put_new_large(&key, &Value::new(encode_record(effect)));
    Ok(())
}

/// Up to `limit` effects with their ids, oldest first, after the id `after`.
pub(crate) fn list(txn: &mut Txn, after: Option<u64>, limit: usize) -> Result<Vec<(u64, Effect)>> {
    let prefix = txn.keyspace().effects();
    let mut from = after.map(|id| Txn::end_of_large(&txn.keyspace().effect(id)));
    let mut effects = Vec::new();
    while effects.len() < limit {
        let found = txn.scan(&prefix, from.as_ref(), 1)?;
        let Some((first, _)) = found.first() else { break };
        let id = first.number_behind(&prefix).ok_or_else(corrupt)?;
        let key = txn.keyspace().effect(id);
        txn.watch_large(&key)?;
        let value = txn.read_large(&key)?.ok_or_else(corrupt)?;
        effects.push((id, decode_record(&value)?));
        from = Some(Txn::end_of_large(&key));
    }
    Ok(effects)
}

/// Stages the deletion of an effect, if it is there.
pub(crate) fn delete(txn: &mut Txn, id: u64) {
    let key = txn.keyspace().effect(id);
    txn.delete_large(&key);
}

/// An id higher than all that have been given, as far as this transaction can see, and marks it.
fn next_id(txn: &mut Txn) -> Result<u64> {
    let prefix = txn.keyspace().latests();
    let marks = txn.scan(&prefix, None, MARKS)?;
    let latest = match marks.first() {
        Some((mark, _)) => !mark.number_behind(&prefix).ok_or_else(corrupt)?,
        None => 0,
    };
    let random = u64::from(u32::from_be_bytes(random_bytes()?) >> (u32::BITS - RANDOM_BITS));
    let count = (latest >> RANDOM_BITS) + 1;
    if count >= 1 << (63 - RANDOM_BITS) {
        return Err(Code::LimitReached.with("the journal has given all its ids"));
    }
    let id = (count << RANDOM_BITS) | random;
    marks.into_iter().for_each(|(mark, _)| txn.delete(mark));
    let mark = txn.keyspace().latest(id);
    txn.guard_absent(&mark);
    txn.put(mark, Vec::new());
    Ok(id)
}
