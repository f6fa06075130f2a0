//! Our own commit while it waits for the delivery service's word: everything it will change is staged in one record, so
//! that it survives a restart and can be confirmed, discarded, or recognised when it comes back.

use super::deferral;
use super::event_record::{read_event, read_summary, write_event, write_summary};
use super::host::Host;
use super::pending_join;
use super::retention;
use super::state::GroupState;
use crate::base::event::{Event, ProposalSummary};
use crate::base::{Code, Epoch, Result, Wiped};
use crate::crypto::sha256;
use crate::store::{Key, KeyRange, Reader, Record, Staged, Txn, Writer, corrupt, decode_record, encode_record};

/// A commit of our own that waits.
pub(crate) struct Pending {
    /// The epoch that it ends.
    pub(crate) base: Epoch,
    /// The bytes that were sent.
    pub(crate) commit: Vec<u8>,
    pub(crate) welcome: Option<Vec<u8>>,
    /// What will have happened.
    pub(crate) event: Event,
    /// What was wanted, to be done again if another commit comes first.
    pub(crate) intents: Vec<ProposalSummary>,
    pub(crate) staged: Staged,
}

/// A commit of our own that took effect.
pub(crate) struct Confirmed {
    pub(crate) event: Event,
    pub(crate) welcome: Option<Vec<u8>>,
}

/// Keeps a commit until it is confirmed or discarded.
pub(crate) fn keep(txn: &mut Txn, state: &mut GroupState, pending: &Pending, hash: [u8; 32]) -> Result<()> {
    let prefix = state.keys.pending();
    txn.put_large(&prefix, &Wiped::new(encode_record(pending)));
    state.head.pending = Some(hash);
    state.store_head(txn)
}

/// Refuses if no commit waits, or another than the one that is meant.
pub(crate) fn require(state: &GroupState, commit: Option<&[u8]>) -> Result<()> {
    let meant = commit.map(|commit| sha256(&[commit]));
    match state.head.pending {
        Some(hash) if meant.is_none_or(|meant| meant == hash) => Ok(()),
        _ => Err(Code::NoPendingCommit.into()),
    }
}

/// The commit that waits.
pub(crate) fn load(txn: &mut Txn, state: &GroupState) -> Result<Pending> {
    if state.head.pending.is_none() {
        return Err(Code::NoPendingCommit.into());
    }
    let prefix = state.keys.pending();
    let value = txn.read_large(&prefix)?.ok_or_else(corrupt)?;
    txn.guard_large(&prefix)?;
    let pending: Pending = decode_record(&value)?;
    if pending.base == state.head.epoch { Ok(pending) } else { Err(corrupt()) }
}

/// Makes the waiting commit take effect.
pub(crate) fn confirm(txn: &mut Txn, (state, host): (&mut GroupState, &Host)) -> Result<Confirmed> {
    txn.prefetch_large(&state.keys.pending(), retention::oldest_records(state))?;
    let pending = load(txn, state)?;
    let head_key = txn.keyspace().head(&state.head.group_id);
    txn.guard(&head_key)?;
    let now = state.head.clone();
    txn.replay(pending.staged);
    *state = GroupState::load(txn, &now.group_id)?;
    state.head.carry_over(now);
    let begun = state.head.epoch;
    pending_join::drop_outrun(txn, &mut state.head, begun);
    deferral::expire(txn, state)?;
    retention::end_now(txn, (state, host), pending.base)?;
    state.store_head(txn)?;
    Ok(Confirmed { event: pending.event, welcome: pending.welcome })
}

/// Gives the waiting commit up. A mark of it stays until the epoch ends: should the group adopt it after all, this client
/// must rejoin.
pub(crate) fn discard(txn: &mut Txn, state: &mut GroupState) -> Result<()> {
    let hash = state.head.pending.take().ok_or(Code::NoPendingCommit)?;
    let prefix = state.keys.pending();
    txn.guard_large(&prefix)?;
    txn.delete_large(&prefix);
    txn.put(state.keys.tombstone(&hash), Vec::new());
    state.store_head(txn)
}

/// What a waiting commit wanted, now that another member's came first.
pub(crate) fn lost(txn: &mut Txn, state: &GroupState) -> Result<Option<Vec<ProposalSummary>>> {
    match state.head.pending {
        Some(_) => load(txn, state).map(|pending| Some(pending.intents)),
        None => Ok(None),
    }
}

impl Record for Pending {
    const VERSION: u8 = 2;

    fn size_hint(&self) -> usize {
        let staged = self.staged.records.iter();
        let staged: usize =
            staged.map(|(key, value)| key.0.len() + value.as_ref().map_or(0, |value| value.len()) + 5).sum();
        // The event and the intents name each client.
        self.commit.len() + self.welcome.as_ref().map_or(0, Vec::len) + staged + staged / 8 + 256
    }

    fn write(&self, writer: &mut Writer) {
        writer.u64(self.base.0);
        writer.bytes(&self.commit);
        writer.option(self.welcome.as_ref(), |writer, welcome| writer.bytes(welcome));
        write_event(writer, &self.event);
        writer.list(&self.intents, write_summary);
        write_staged(writer, &self.staged);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Pending {
            base: Epoch(reader.u64()?),
            commit: reader.bytes()?.to_vec(),
            welcome: reader.option(|reader| Ok(reader.bytes()?.to_vec()))?,
            event: {
                let with_resumption = reader.version() >= 2;
                read_event(reader, with_resumption)?
            },
            intents: reader.list(read_summary)?,
            staged: read_staged(reader)?,
        })
    }
}

fn write_staged(writer: &mut Writer, staged: &Staged) {
    writer.list(&staged.cleared, |writer, range| {
        writer.bytes(&range.from.0);
        writer.bytes(&range.to.0);
    });
    let records: Vec<_> = staged.records.iter().collect();
    writer.list(&records, |writer, (key, value)| {
        writer.bytes(&key.0);
        writer.option(value.as_ref(), |writer, value| writer.bytes(value));
    });
}

fn read_staged(reader: &mut Reader<'_>) -> Result<Staged> {
    let cleared = reader.list(|reader| {
        let (from, to) = (Key::of(&[reader.bytes()?]), Key::of(&[reader.bytes()?]));
        Ok(KeyRange { from, to })
    })?;
    let records = reader.list(|reader| {
        let key = Key::of(&[reader.bytes()?]);
        let value = reader.option(|reader| Ok(Wiped::new(reader.bytes()?.to_vec())))?;
        Ok((key, value))
    })?;
    Ok(Staged::kept(cleared, records.into_iter().collect()))
}
