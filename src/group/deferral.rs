//! Messages of future epochs, kept until the commits before them have come.
//!
//! It is the one place where something is stored that nobody has authenticated, so it is bounded in every direction: in number,
//! in bytes, and in how many epochs ahead. A message lies under its place in the order of release: by epoch, in an epoch the
//! commits last, then by arrival. Every change of the buffer writes the head, which counts it and is guarded, so whoever holds
//! the head as it was read holds the buffer as it was read.

use super::host::Host;
use super::inbound::{self, Inbound};
use super::receive::{self, Received};
use super::state::GroupState;
use crate::base::event::Event;
use crate::base::host::LogLevel;
use crate::base::trace::log;
use crate::base::{Code, Epoch, Error, Result, limits};
use crate::message::ContentType;
use crate::store::{Deferred, Key, KeyRange, Reader, Record, Txn, Writer, corrupt, decode_record};

/// What was found when the buffer was asked for a message.
#[derive(Default)]
pub(crate) struct Release {
    /// The message, processed.
    pub(crate) received: Option<Received>,
    /// Why the first of those that stay stays, if its epoch has come.
    pub(crate) blocked: Option<Error>,
}

/// A deferred message: where it lies, and what is needed to forget it.
struct Entry {
    place: Vec<u8>,
    record: EntryRecord,
}

struct EntryRecord {
    hash: [u8; 32],
    length: u32,
}

/// Receives a message, or defers it if its epoch has not come and the app wants that.
pub(crate) fn receive(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (inbound, bytes): (Inbound, &[u8]),
) -> Result<Received> {
    inbound.require_group(&state.head.group_id)?;
    // The echo of our own external join is of the epoch that it found, and is not early.
    let is_echo = state.head.rejoining.is_some_and(|rejoining| rejoining.hash == inbound.hash);
    let is_early = !is_echo && inbound.epoch() > state.head.epoch && state.head.is_following();
    let kept = if is_early { keep(txn, (state, host), (&inbound, bytes))? } else { None };
    match kept {
        Some(event) => Ok(Received { event, own_commit: false, welcome: None }),
        None => receive::message(txn, (state, host), inbound),
    }
}

/// Keeps a message, if there is room for it.
fn keep(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (inbound, bytes): (&Inbound, &[u8]),
) -> Result<Option<Event>> {
    let mark = state.keys.deferred(Deferred::Mark, &inbound.hash);
    if state.head.deferred.messages > 0 {
        txn.watch(&mark)?;
        if txn.read(&mark)?.is_some() {
            return Ok(Some(Event::Duplicate));
        }
    }
    let Some(length) = room(state, host, (inbound, bytes.len())) else { return Ok(None) };
    let place = place(inbound, state.head.deferred.next);
    txn.store(state.keys.deferred(Deferred::Entry, &place), &EntryRecord { hash: inbound.hash, length });
    txn.put_large(&state.keys.deferred(Deferred::Body, &place), bytes);
    txn.put(mark, Vec::new());
    let backlog = &mut state.head.deferred;
    backlog.messages += 1;
    backlog.bytes += length;
    backlog.next += 1;
    state.store_head(txn)?;
    Ok(Some(Event::Deferred { epoch: inbound.epoch().0 }))
}

/// The length of a message that may be kept.
fn room(state: &GroupState, host: &Host, (inbound, length): (&Inbound, usize)) -> Option<u32> {
    let (backlog, limits) = (state.head.deferred, host.limits.deferred);
    let length = u32::try_from(length).ok()?;
    let ahead = inbound.epoch().0.saturating_sub(state.head.epoch.0);
    let fits = backlog.messages < limits.messages
        && backlog.bytes.checked_add(length)? <= limits.bytes
        && ahead <= limits::MAX_EPOCHS_AHEAD
        && backlog.next < u32::MAX;
    fits.then_some(length)
}

/// Where a message lies in the order of release. A commit ends its epoch, so all else of the epoch goes before it.
fn place(inbound: &Inbound, number: u32) -> Vec<u8> {
    let is_commit = inbound.content_type() == ContentType::Commit;
    [&inbound.epoch().0.to_be_bytes()[..], &[u8::from(is_commit)], &number.to_be_bytes()].concat()
}

/// Processes the first deferred message whose epoch has come, and forgets it. Those before it that are refused for good are
/// forgotten in the same batch; those that lack something which may still come stay where they are.
pub(crate) fn release(txn: &mut Txn, (state, host): (&mut GroupState, &Host)) -> Result<Release> {
    let mut release = Release::default();
    let mut done = Vec::new();
    let mut after = None;
    while let Some(entry) = next_due(txn, state, after.as_ref())? {
        after = Some(state.keys.deferred(Deferred::Entry, &entry.place));
        match attempt(txn, (state, host), &entry) {
            Ok(received) => {
                release.received = Some(received);
                done.push(entry);
                break;
            }
            Err(error) if may_still_come(&error) => drop(release.blocked.get_or_insert(error)),
            Err(error) if is_final(&error) => {
                log(LogLevel::Info, "conclave::deferral", || {
                    format!("a deferred message is dropped: {}", error.code())
                });
                txn.guard_watched();
                done.push(entry);
            }
            Err(error) => return Err(error),
        }
        // What a refused message has staged or changed in memory has not happened.
        txn.take_staged();
        let group_id = state.head.group_id.clone();
        *state = GroupState::load(txn, &group_id)?;
    }
    forget(txn, state, &done)?;
    Ok(release)
}

/// The first deferred message after this one, if its epoch has come.
fn next_due(txn: &mut Txn, state: &GroupState, after: Option<&Key>) -> Result<Option<Entry>> {
    if state.head.deferred.messages == 0 {
        return Ok(None);
    }
    let entry = entries(txn, state, after, 1)?.pop();
    Ok(entry.filter(|entry| entry.epoch() <= state.head.epoch))
}

fn attempt(txn: &mut Txn, (state, host): (&mut GroupState, &Host), entry: &Entry) -> Result<Received> {
    let body = state.keys.deferred(Deferred::Body, &entry.place);
    let bytes = txn.read_large(&body)?.ok_or_else(corrupt)?;
    txn.guard_large(&body)?;
    receive::message(txn, (state, host), inbound::parse(&bytes)?)
}

/// Whether what the message lacks may still come: a proposal over the network, a key from the app.
fn may_still_come(error: &Error) -> bool {
    error.is(Code::UnknownProposal) || error.is(Code::UnknownPsk)
}

/// Whether the message will be refused whenever it is tried again.
fn is_final(error: &Error) -> bool {
    let limits =
        [Code::Frozen, Code::NotHealed, Code::UnsupportedVersion, Code::UnsupportedContent, Code::LimitReached];
    error.is_verdict() || limits.into_iter().any(|code| error.is(code))
}

/// Forgets what cannot be read any more, now that another epoch has begun or none will: messages of epochs whose keys are
/// gone, and of those that come without us.
pub(crate) fn expire(txn: &mut Txn, state: &mut GroupState) -> Result<()> {
    if state.head.deferred.messages == 0 {
        return Ok(());
    }
    let is_following = state.head.is_following();
    let mut over = Vec::new();
    let mut after = None;
    loop {
        let page = entries(txn, state, after.as_ref(), PAGE)?;
        let ended = page.len() < PAGE || (is_following && page.iter().any(|entry| !entry.is_over(state)));
        after = page.last().map(|entry| state.keys.deferred(Deferred::Entry, &entry.place));
        over.extend(page.into_iter().filter(|entry| entry.is_over(state)));
        if ended {
            break;
        }
    }
    forget(txn, state, &over)
}

/// Forgets every deferred message.
pub(crate) fn clear(txn: &mut Txn, state: &mut GroupState) -> Result<()> {
    if state.head.deferred.messages == 0 {
        return Ok(());
    }
    txn.clear(state.keys.all_deferred());
    state.head.deferred = Default::default();
    state.store_head(txn)
}

/// Entries read in one call.
const PAGE: usize = 64;

fn entries(txn: &mut Txn, state: &GroupState, after: Option<&Key>, limit: usize) -> Result<Vec<Entry>> {
    let prefix = state.keys.deferred(Deferred::Entry, &[]);
    let found = txn.scan(&prefix, after, limit)?;
    let entries = found.into_iter().map(|(key, value)| {
        let place = key.0.get(prefix.0.len()..).unwrap_or_default().to_vec();
        Ok(Entry { place, record: decode_record(&value)? })
    });
    entries.collect()
}

fn forget(txn: &mut Txn, state: &mut GroupState, entries: &[Entry]) -> Result<()> {
    let mut forgotten = false;
    for entry in entries {
        let key = state.keys.deferred(Deferred::Entry, &entry.place);
        // The epoch that a message has begun may have forgotten it already.
        if txn.read(&key)?.is_none() {
            continue;
        }
        txn.delete(key);
        txn.clear(KeyRange::of_prefix(&state.keys.deferred(Deferred::Body, &entry.place).0));
        txn.delete(state.keys.deferred(Deferred::Mark, &entry.record.hash));
        let backlog = &mut state.head.deferred;
        backlog.messages = backlog.messages.saturating_sub(1);
        backlog.bytes = backlog.bytes.saturating_sub(entry.record.length);
        forgotten = true;
    }
    match forgotten {
        true => state.store_head(txn),
        false => Ok(()),
    }
}

impl Entry {
    fn epoch(&self) -> Epoch {
        Epoch(u64::from_be_bytes(self.place.first_chunk().copied().unwrap_or_default()))
    }

    fn is_over(&self, state: &GroupState) -> bool {
        self.epoch() < state.head.oldest_epoch || (!state.head.is_following() && self.epoch() > state.head.epoch)
    }
}

impl Record for EntryRecord {
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.hash);
        writer.u32(self.length);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(EntryRecord { hash: reader.array()?, length: reader.u32()? })
    }
}
