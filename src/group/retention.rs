//! How long keys of the past are kept (RFC 9420 §9.2, §15.3): so many epochs, and none longer than so many seconds after its
//! end. What is too old is refused when it is used (`open`), and deleted here: when an epoch ends, and when the app asks.
//!
//! The clock may be wrong. What it says decides what is too old, never what is deleted already; an epoch that seems to have
//! ended at a time to come, or at no known time, is dated anew when it is met here, and so is not kept for ever.

use super::epoch::{EpochRecord, oldest_kept};
use super::head::{Head, PreviousStay, Standing};
use super::host::Host;
use super::state::GroupState;
use crate::base::{Epoch, Result, is_over};
use crate::schedule::{expire_skipped, forget_epochs};
use crate::store::{GroupKeys, Key, Txn};

/// What may still be read.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) now: u64,
    age: Option<u64>,
    current: Epoch,
    past_epochs: u32,
}

/// Records of epochs read in one call.
const PAGE: u64 = 64;

impl Window {
    /// The window when `current` is the epoch of the group, or was its last one for us.
    pub(crate) fn of(host: &Host, current: Epoch, past_epochs: u32) -> Result<Self> {
        Ok(Window { now: host.now()?, age: host.limits.past_age, current, past_epochs })
    }

    /// The first epoch from `first` on, and before `end`, that is not too old; `end` if all are.
    fn first_fresh(&self, txn: &mut Txn, keys: &GroupKeys, (first, end): (Epoch, Epoch)) -> Result<Epoch> {
        let mut fresh = None;
        for epoch in first.0..end.0 {
            if self.age.is_none() {
                return Ok(first);
            }
            // One record tells as a rule; only after a gap in time are there more.
            if (epoch - first.0) % PAGE == 1 {
                txn.prefetch((epoch..end.0.min(epoch.saturating_add(PAGE))).map(|epoch| keys.epoch(Epoch(epoch))))?;
            }
            let key = keys.epoch(Epoch(epoch));
            let Some(record) = txn.load::<EpochRecord>(&key)? else { continue };
            match record.ended_at {
                Some(at) if is_over(at, self.now, self.age) => continue,
                Some(at) if at <= self.now => return Ok(fresh.unwrap_or(Epoch(epoch))),
                _ => date(txn, (key, record), self.now)?,
            }
            fresh = fresh.or(Some(Epoch(epoch)));
        }
        Ok(fresh.unwrap_or(end))
    }
}

/// Sets the time at which an epoch ended.
fn date(txn: &mut Txn, (key, mut record): (Key, EpochRecord), now: u64) -> Result<()> {
    txn.guard(&key)?;
    record.ended_at = Some(now);
    txn.store(key, &record);
    Ok(())
}

/// The records that tell whether anything is too old, as a rule: to be read along with others.
pub(crate) fn oldest_records(state: &GroupState) -> Vec<Key> {
    let head = &state.head;
    let oldest = [Some(head.oldest_epoch), head.oldest_epoch.next()].into_iter().flatten();
    let mut keys: Vec<Key> = oldest.filter(|epoch| *epoch < head.epoch).map(|epoch| state.keys.epoch(epoch)).collect();
    keys.extend(head.previous.map(|stay| state.keys.of_incarnation(stay.incarnation).epoch(stay.epochs.0)));
    keys
}

/// Stages the deletion of what has left the window, of this stay before the epoch `end` and of the one before it, and moves
/// the head's bounds. The head is still to be stored.
pub(crate) fn delete(txn: &mut Txn, state: &mut GroupState, (end, window): (Epoch, Window)) -> Result<()> {
    let first = state.head.oldest_epoch;
    let mut oldest = oldest_kept(window.current, window.past_epochs, first);
    if oldest < end {
        oldest = window.first_fresh(txn, &state.keys, (oldest, end))?;
    }
    if first < oldest {
        forget_epochs(txn, &state.keys, first, oldest);
        state.head.oldest_epoch = oldest;
    }
    match state.head.previous {
        Some(stay) => delete_previous(txn, state, (stay, window)),
        None => Ok(()),
    }
}

fn delete_previous(txn: &mut Txn, state: &mut GroupState, (stay, window): (PreviousStay, Window)) -> Result<()> {
    let keys = state.keys.of_incarnation(stay.incarnation);
    let (first, last) = stay.epochs;
    let Some(end) = last.next() else { return Ok(()) };
    let oldest = match stay.is_outlived(window.current, window.past_epochs) {
        true => end,
        false => window.first_fresh(txn, &keys, (first, end))?,
    };
    if oldest >= end {
        txn.clear(keys.all());
        state.head.previous = None;
    } else if first < oldest {
        forget_epochs(txn, &keys, first, oldest);
        state.head.previous = Some(PreviousStay { epochs: (oldest, last), ..stay });
    }
    Ok(())
}

/// Dates the epoch that our own commit ended: it was built some time before it took effect.
pub(crate) fn end_now(txn: &mut Txn, (state, host): (&mut GroupState, &Host), ended: Epoch) -> Result<()> {
    let window = Window::of(host, state.head.epoch, host.limits.past_epochs)?;
    let key = state.keys.epoch(ended);
    if let Some(mut record) = txn.load::<EpochRecord>(&key)? {
        record.ended_at = Some(window.now);
        txn.store(key, &record);
    }
    delete(txn, state, (ended, window))
}

/// Deletes what has left the window now, with no more past epochs than `keep_epochs` and never more than configured, and
/// skipped keys that have been kept too long.
pub(crate) fn prune(txn: &mut Txn, (state, host): (&mut GroupState, &Host), keep_epochs: Option<u32>) -> Result<()> {
    let past_epochs = keep_epochs.map_or(host.limits.past_epochs, |keep| keep.min(host.limits.past_epochs));
    let window = Window::of(host, state.head.epoch, past_epochs)?;
    let before = (state.head.oldest_epoch, state.head.previous);
    state.guard_head(txn)?;
    delete(txn, state, (end_of(&state.head), window))?;
    if state.head.oldest_epoch > state.head.epoch && before.0 <= state.head.epoch {
        // The last epoch of a stay that is over: its record still tells how the group was.
        state.epoch.forget();
        txn.store(state.keys.epoch(state.head.epoch), &state.epoch);
    }
    prune_skipped(txn, (state, host), window.now)?;
    match before == (state.head.oldest_epoch, state.head.previous) {
        true => Ok(()),
        false => state.store_head(txn),
    }
}

/// The first epoch that is not over: the present one, unless we were removed in it.
fn end_of(head: &Head) -> Epoch {
    match head.standing {
        Standing::Removed => head.epoch.next().unwrap_or(head.epoch),
        Standing::Active | Standing::Frozen | Standing::Imported => head.epoch,
    }
}

fn prune_skipped(txn: &mut Txn, (state, host): (&GroupState, &Host), now: u64) -> Result<()> {
    let kept_for = host.limits.ratchet.kept_for;
    if kept_for.is_none() {
        return Ok(());
    }
    let stays = state.head.previous.map(|stay| (state.keys.of_incarnation(stay.incarnation), stay.epochs));
    let stays = stays.into_iter().chain([(state.keys.clone(), (state.head.oldest_epoch, state.head.epoch))]);
    for (keys, (first, last)) in stays {
        (first.0..=last.0).try_for_each(|epoch| expire_skipped(txn, (&keys, Epoch(epoch)), (now, kept_for)))?;
    }
    Ok(())
}
