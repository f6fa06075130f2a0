//! Our own commit while it waits for the delivery service's word: everything it will change is staged in one record, so
//! that it survives a restart and can be confirmed, discarded, or recognised when it comes back.

use super::host::Host;
use super::retention;
use super::state::GroupState;
use crate::base::event::{EpochChange, Event, MemberName, ProposalSummary};
use crate::base::{Code, Epoch, Result};
use crate::crypto::sha256;
use crate::store::{Key, KeyRange, Reader, Record, Staged, Txn, Writer, corrupt, decode_record, encode_record};
use zeroize::Zeroizing;

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
    txn.put_large(&prefix, &Zeroizing::new(encode_record(pending)));
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
    let kept = retention::Kept::by(&state.head);
    let head_key = txn.keyspace().head(&state.head.group_id);
    txn.guard(&head_key)?;
    let (group_id, revision) = (state.head.group_id.clone(), state.head.revision);
    txn.replay(pending.staged);
    *state = GroupState::load(txn, &group_id)?;
    state.head.revision = revision;
    // Since the commit was built, time has passed, and more may have been deleted.
    kept.carry_over(&mut state.head);
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
            event: read_event(reader)?,
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
        let (from, to) = (Key(reader.bytes()?.to_vec()), Key(reader.bytes()?.to_vec()));
        Ok(KeyRange { from, to })
    })?;
    let records = reader.list(|reader| {
        let key = Key(reader.bytes()?.to_vec());
        let value = reader.option(|reader| Ok(Zeroizing::new(reader.bytes()?.to_vec())))?;
        Ok((key, value))
    })?;
    Ok(Staged { cleared, records: records.into_iter().collect() })
}

fn write_event(writer: &mut Writer, event: &Event) {
    let (change, successor) = match event {
        Event::Reinit { change, group_id, cipher_suite } => (change, Some((group_id, *cipher_suite))),
        Event::EpochChanged { change } => (change, None),
        // A commit has no other outcome.
        _ => return,
    };
    writer.option(successor.as_ref(), |writer, (group_id, cipher_suite)| {
        writer.bytes(group_id);
        writer.u16(*cipher_suite);
    });
    writer.u64(change.epoch);
    write_name(writer, &change.committer);
    writer.list(&change.added, write_name);
    writer.list(&change.removed, write_name);
    writer.list(&change.updated, write_name);
    writer.flag(change.extensions_changed);
    writer.list(&change.psks, |writer, psk_id| writer.bytes(psk_id));
    writer.list(&change.custom, write_summary);
}

fn read_event(reader: &mut Reader<'_>) -> Result<Event> {
    let successor = reader.option(|reader| Ok((reader.bytes()?.to_vec(), reader.u16()?)))?;
    let change = EpochChange {
        epoch: reader.u64()?,
        committer: read_name(reader)?,
        own: true,
        added: reader.list(read_name)?,
        removed: reader.list(read_name)?,
        updated: reader.list(read_name)?,
        extensions_changed: reader.flag()?,
        psks: reader.list(|reader| Ok(reader.bytes()?.to_vec()))?,
        custom: reader.list(read_summary)?,
        lost_commit: None,
    };
    Ok(match successor {
        Some((group_id, cipher_suite)) => Event::Reinit { change, group_id, cipher_suite },
        None => Event::EpochChanged { change },
    })
}

fn write_name(writer: &mut Writer, name: &MemberName) {
    writer.u32(name.leaf);
    writer.bytes(&name.client_id);
    writer.bytes(&name.user_id);
}

fn read_name(reader: &mut Reader<'_>) -> Result<MemberName> {
    Ok(MemberName { leaf: reader.u32()?, client_id: reader.bytes()?.to_vec(), user_id: reader.bytes()?.to_vec() })
}

fn write_summary(writer: &mut Writer, summary: &ProposalSummary) {
    match summary {
        ProposalSummary::Add { client_id } => {
            writer.u8(1);
            writer.bytes(client_id);
        }
        ProposalSummary::Update => writer.u8(2),
        ProposalSummary::Remove { member } => {
            writer.u8(3);
            write_name(writer, member);
        }
        ProposalSummary::Psk { psk_id } => {
            writer.u8(4);
            writer.bytes(psk_id);
        }
        ProposalSummary::Reinit => writer.u8(5),
        ProposalSummary::ExternalInit => writer.u8(6),
        ProposalSummary::Extensions { types } => {
            writer.u8(7);
            writer.list(types, |writer, extension_type| writer.u16(*extension_type));
        }
        ProposalSummary::Custom { proposal_type, content } => {
            writer.u8(8);
            writer.u16(*proposal_type);
            writer.bytes(content);
        }
    }
}

fn read_summary(reader: &mut Reader<'_>) -> Result<ProposalSummary> {
    Ok(match reader.u8()? {
        1 => ProposalSummary::Add { client_id: reader.bytes()?.to_vec() },
        2 => ProposalSummary::Update,
        3 => ProposalSummary::Remove { member: read_name(reader)? },
        4 => ProposalSummary::Psk { psk_id: reader.bytes()?.to_vec() },
        5 => ProposalSummary::Reinit,
        6 => ProposalSummary::ExternalInit,
        7 => ProposalSummary::Extensions { types: reader.list(|reader| reader.u16())? },
        8 => ProposalSummary::Custom { proposal_type: reader.u16()?, content: reader.bytes()?.to_vec() },
        _ => return Err(corrupt()),
    })
}
