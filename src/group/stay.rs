//! The stays of this client in a group, each under an incarnation of its own: how one begins, what is left of it when another
//! takes its place, and how all is deleted.

use super::head::{Head, PreviousStay, Standing};
use super::{pending_join, successor};
use crate::base::{Code, GroupId, Result};
use crate::crypto::random_bytes;
use crate::store::{GroupKeys, Incarnation, Txn};

/// A stay in a group that begins.
pub(crate) struct NewStay {
    pub(crate) keys: GroupKeys,
    pub(crate) incarnation: Incarnation,
    pub(crate) previous: Option<PreviousStay>,
}

/// Begins a stay in a group under a fresh incarnation. A group that this client was removed from is replaced, but for what
/// late messages of that stay need; one that it is in is not.
pub(crate) fn begin_stay(txn: &mut Txn, group_id: &GroupId) -> Result<NewStay> {
    let head_key = txn.keyspace().head(group_id);
    txn.guard(&head_key)?;
    pending_join::drop_waiting(txn, group_id)?;
    let previous = match txn.load::<Head>(&head_key)? {
        None => None,
        Some(head) if head.standing == Standing::Removed => Some(retire(txn, head)),
        Some(_) => return Err(Code::AlreadyMember.into()),
    };
    let (keys, incarnation) = start_afresh(txn)?;
    Ok(NewStay { keys, incarnation, previous })
}

/// A fresh incarnation, and the keys of its records.
pub(crate) fn start_afresh(txn: &mut Txn) -> Result<(GroupKeys, Incarnation)> {
    let incarnation = Incarnation(random_bytes()?);
    let keys = GroupKeys::new(txn.keyspace().clone(), incarnation);
    // Nothing lies under a fresh incarnation, and saying so spares every look.
    txn.clear(keys.all());
    Ok((keys, incarnation))
}

/// What is left of a stay that has ended when another takes its place; the one before it goes.
pub(crate) fn retire(txn: &mut Txn, head: Head) -> PreviousStay {
    if let Some(older) = head.previous {
        txn.clear(GroupKeys::new(txn.keyspace().clone(), older.incarnation).all());
    }
    let Head { incarnation, own_leaf, oldest_epoch, epoch, .. } = head;
    // The new head counts nothing of what the stay that is over has deferred.
    txn.clear(GroupKeys::new(txn.keyspace().clone(), incarnation).all_deferred());
    PreviousStay { incarnation, own_leaf, epochs: (oldest_epoch, epoch) }
}

/// Deletes all that there is of a group. Reads no more than its head, so that also one whose records are damaged can go.
pub(crate) fn delete(txn: &mut Txn, group_id: &GroupId) -> Result<()> {
    let key = txn.keyspace().head(group_id);
    txn.guard(&key)?;
    let head: Head = txn.load(&key)?.ok_or(Code::NoSuchGroup)?;
    forget(txn, &head)?;
    txn.delete(key);
    Ok(())
}

/// Deletes all but the head: the stay, the one before it, a join that would end it, and what a closed group announces.
pub(crate) fn forget(txn: &mut Txn, head: &Head) -> Result<()> {
    forget_records(txn, head)?;
    if let Some(rejoining) = head.rejoining {
        pending_join::drop_records(txn, &head.group_id, rejoining.incarnation);
    }
    Ok(())
}

/// Deletes the records of a stay and of the one before it.
pub(crate) fn forget_records(txn: &mut Txn, head: &Head) -> Result<()> {
    let keys = GroupKeys::new(txn.keyspace().clone(), head.incarnation);
    if head.standing == Standing::Frozen {
        successor::withdraw(txn, &keys, &head.group_id);
    }
    txn.clear(keys.all());
    head.previous.iter().for_each(|stay| txn.clear(keys.of_incarnation(stay.incarnation).all()));
    Ok(())
}
