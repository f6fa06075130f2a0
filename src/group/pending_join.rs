//! An external join of our own while it waits for the delivery service's word. All that it would begin lies under an
//! incarnation of its own already, where nobody looks; confirming it flips the head to that.

use super::event_record::{read_event, write_event};
use super::head::{Head, PreviousStay, Rejoining, Standing};
use super::host::Host;
use super::state::GroupState;
use super::stay::{self, retire, start_afresh};
use super::{record, successor};
use crate::base::event::Event;
use crate::base::{Code, Epoch, GroupId, Result};
use crate::crypto::sha256;
use crate::message::GroupContext;
use crate::store::{GroupKeys, Incarnation, Reader, Record, Txn, Writer, corrupt, decode_record, encode_record};

/// Where an external join keeps what it would begin, and which stay it would end.
pub(crate) struct Place {
    pub(crate) keys: GroupKeys,
    pub(crate) incarnation: Incarnation,
    replaces: Option<Head>,
}

impl Place {
    /// Makes room for a join of the group that this is the context of. Demands that nothing else happens to the group meanwhile.
    pub(crate) fn make(txn: &mut Txn, context: &GroupContext, rejoin: bool) -> Result<Self> {
        let waiting = txn.keyspace().joining(&context.group_id);
        txn.guard(&waiting)?;
        if txn.read(&waiting)?.is_some() {
            return Err(Code::PendingJoin.into());
        }
        let head = txn.keyspace().head(&context.group_id);
        txn.guard(&head)?;
        let replaces: Option<Head> = txn.load(&head)?;
        if let Some(head) = &replaces {
            check_replaceable(head, context.epoch, rejoin)?;
        }
        let (keys, incarnation) = start_afresh(txn)?;
        Ok(Place { keys, incarnation, replaces })
    }
}

/// A closed group goes on elsewhere; one that we are in is given up only when asked for; and none is joined in an epoch that
/// was lived through before.
fn check_replaceable(head: &Head, epoch: Epoch, rejoin: bool) -> Result<()> {
    match head.standing {
        Standing::Frozen => Err(Code::Frozen.into()),
        Standing::Active if !rejoin => Err(Code::AlreadyMember.into()),
        Standing::Active | Standing::Imported if epoch < head.epoch => Err(outdated()),
        Standing::Removed if epoch <= head.epoch => Err(outdated()),
        _ => Ok(()),
    }
}

fn outdated() -> crate::base::Error {
    Code::BadGroupInfo.with("it is of an epoch that was lived through before")
}

/// The record of a join that waits.
struct PendingJoin {
    hash: [u8; 32],
    /// The head as it would be.
    head: Head,
    /// The stay that it would end.
    replaces: Option<Incarnation>,
    event: Event,
}

/// Whether a join that waits was signed with this key.
pub(crate) fn any_signed_by(txn: &mut Txn, signing_key: &[u8]) -> Result<bool> {
    let (prefix, mut found) = (txn.keyspace().joinings(), false);
    txn.each(&prefix, |_, value| {
        found |= decode_record::<PendingJoin>(value)?.head.signing_key == signing_key;
        Ok(())
    })?;
    Ok(found)
}

/// A join that waits, as the app sees it.
pub(crate) struct Waiting {
    /// The epoch that it would begin.
    pub(crate) epoch: Epoch,
    pub(crate) commit: Vec<u8>,
}

/// Keeps a join until it is confirmed or discarded, and marks the stay that it would end.
pub(crate) fn keep(txn: &mut Txn, (state, place): (&GroupState, Place), event: Event, commit: &[u8]) -> Result<()> {
    let hash = sha256(&[commit]);
    txn.put_large(&state.keys.pending(), commit);
    let replaces = place.replaces.as_ref().map(|head| head.incarnation);
    let waiting = PendingJoin { hash, head: state.head.clone(), replaces, event };
    let key = txn.keyspace().joining(&state.head.group_id);
    txn.store(key, &waiting);
    if let Some(mut head) = place.replaces {
        head.rejoining = Some(Rejoining { hash, incarnation: place.incarnation, epoch: state.head.epoch });
        head.store(txn)?;
    }
    Ok(())
}

/// The join of a group that waits, if there is one.
pub(crate) fn waiting(txn: &mut Txn, group_id: &GroupId) -> Result<Option<Waiting>> {
    let Some(join) = find(txn, group_id)? else { return Ok(None) };
    let prefix = GroupKeys::new(txn.keyspace().clone(), join.head.incarnation).pending();
    let commit = txn.read_large(&prefix)?.ok_or_else(corrupt)?;
    Ok(Some(Waiting { epoch: join.head.epoch, commit: commit.to_vec() }))
}

/// Makes the waiting join take effect: the head flips to the new stay, and what late messages of the old one need is kept.
/// `hash` is that of the commit that was accepted, where it is known.
pub(crate) fn confirm(
    txn: &mut Txn,
    host: &Host,
    group_id: &GroupId,
    hash: Option<[u8; 32]>,
) -> Result<(GroupState, Event)> {
    let join = require(txn, group_id, hash)?;
    let head_key = txn.keyspace().head(group_id);
    txn.guard(&head_key)?;
    let old: Option<Head> = txn.load(&head_key)?;
    if old.as_ref().map(|head| head.incarnation) != join.replaces {
        return Err(Code::NoPendingJoin.with("the group was joined or left in another way since"));
    }
    let mut head = join.head;
    head.previous = old.map(|old| end_stay(txn, host, old)).transpose()?.flatten();
    let keys = GroupKeys::new(txn.keyspace().clone(), head.incarnation);
    txn.delete_large(&keys.pending());
    txn.delete(txn.keyspace().joining(group_id));
    head.store(txn)?;
    successor::fulfil(txn, group_id);
    Ok((GroupState::load(txn, group_id)?, join.event))
}

/// Leaves of a stay what its late messages need. Of one whose records cannot be read nothing is left: that it could not go on
/// may be why it is ended.
fn end_stay(txn: &mut Txn, host: &Host, head: Head) -> Result<Option<PreviousStay>> {
    if head.standing == Standing::Removed {
        return Ok(Some(retire(txn, head)));
    }
    let mut state = match GroupState::load(txn, &head.group_id) {
        Err(error) if error.is(Code::StorageCorrupt) => return stay::forget_records(txn, &head).map(|()| None),
        loaded => loaded?,
    };
    state.head.rejoining = None;
    record::removal(txn, (&mut state, host))?;
    Ok(Some(retire(txn, state.head)))
}

/// Gives the waiting join up, with all that it would have begun.
pub(crate) fn discard(txn: &mut Txn, group_id: &GroupId, hash: Option<[u8; 32]>) -> Result<()> {
    let join = require(txn, group_id, hash)?;
    let head_key = txn.keyspace().head(group_id);
    txn.guard(&head_key)?;
    if let Some(mut head) = txn.load::<Head>(&head_key)?.filter(|head| head.rejoining.is_some()) {
        head.rejoining = None;
        head.store(txn)?;
    }
    drop_records(txn, group_id, join.head.incarnation);
    Ok(())
}

/// Drops a join that another commit has outrun: it was for an epoch that `next` has taken the place of. The head is stored
/// by the caller.
pub(crate) fn drop_outrun(txn: &mut Txn, head: &mut Head, next: Epoch) {
    if let Some(rejoining) = head.rejoining.take_if(|rejoining| rejoining.epoch <= next) {
        drop_records(txn, &head.group_id, rejoining.incarnation);
    }
}

/// Drops whatever join of a group waits: the group is entered in another way.
pub(crate) fn drop_waiting(txn: &mut Txn, group_id: &GroupId) -> Result<()> {
    let key = txn.keyspace().joining(group_id);
    txn.guard(&key)?;
    if let Some(join) = txn.load::<PendingJoin>(&key)? {
        drop_records(txn, group_id, join.head.incarnation);
    }
    Ok(())
}

/// Deletes all that a join has stored.
pub(crate) fn drop_records(txn: &mut Txn, group_id: &GroupId, incarnation: Incarnation) {
    let (key, keys) = (txn.keyspace().joining(group_id), GroupKeys::new(txn.keyspace().clone(), incarnation));
    txn.delete(key);
    txn.clear(keys.all());
}

fn find(txn: &mut Txn, group_id: &GroupId) -> Result<Option<PendingJoin>> {
    let key = txn.keyspace().joining(group_id);
    txn.watch(&key)?;
    txn.load(&key)
}

fn require(txn: &mut Txn, group_id: &GroupId, hash: Option<[u8; 32]>) -> Result<PendingJoin> {
    let join = find(txn, group_id)?.filter(|join| hash.is_none_or(|hash| hash == join.hash));
    let key = txn.keyspace().joining(group_id);
    txn.guard(&key)?;
    join.ok_or_else(|| Code::NoPendingJoin.into())
}

impl Record for PendingJoin {
    // The version of the events in it.
    const VERSION: u8 = 2;

    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.hash);
        writer.option(self.replaces.as_ref(), |writer, incarnation| writer.raw(&incarnation.0));
        write_event(writer, &self.event);
        writer.bytes(&encode_record(&self.head));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(PendingJoin {
            hash: reader.array()?,
            replaces: reader.option(|reader| Ok(Incarnation(reader.array()?)))?,
            event: {
                let with_resumption = reader.version() >= 2;
                read_event(reader, with_resumption)?
            },
            head: decode_record(reader.bytes()?)?,
        })
    }
}
