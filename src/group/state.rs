//! A group as an act finds it: its head and its current epoch, read in one call when their keys can be foretold.

use super::epoch::EpochRecord;
use super::head::Head;
use crate::base::event::MemberName;
use crate::base::{Code, Epoch, GroupId, LeafIndex, Result};
use crate::crypto::Suite;
use crate::message::GroupContext;
use crate::store::{GroupKeys, Txn, corrupt};
use crate::tree::{LeafRecord, Tree};

/// The loaded state of one group.
pub(crate) struct GroupState {
    pub(crate) head: Head,
    pub(crate) epoch: EpochRecord,
    pub(crate) context: GroupContext,
    pub(crate) keys: GroupKeys,
    pub(crate) suite: &'static Suite,
}

impl GroupState {
    /// Reads the head and the current epoch.
    pub(crate) fn load(txn: &mut Txn, group_id: &GroupId) -> Result<Self> {
        let head_key = txn.keyspace().head(group_id);
        // Whatever the act decides rests on the head, so a verdict is checked against it once more.
        txn.watch(&head_key)?;
        let head: Head = txn.load(&head_key)?.ok_or(Code::NoSuchGroup)?;
        if head.group_id != *group_id {
            return Err(corrupt());
        }
        let suite = Suite::of(head.suite)?;
        let keys = GroupKeys::new(txn.keyspace().clone(), head.incarnation);
        let epoch: EpochRecord = txn.require(&keys.epoch(head.epoch))?;
        let context = epoch.context()?;
        Ok(GroupState { head, epoch, context, keys, suite })
    }

    /// The stay in the group that an epoch belongs to, if its messages can still be read.
    pub(crate) fn stay_of(&self, epoch: Epoch) -> Option<Stay> {
        if (self.head.oldest_epoch..=self.head.epoch).contains(&epoch) {
            return Some(Stay { keys: self.keys.clone(), own_leaf: self.head.own_leaf, last_epoch: self.head.epoch });
        }
        let stay = self.head.earlier_stay(epoch)?;
        let keys = self.keys.of_incarnation(stay.incarnation);
        Some(Stay { keys, own_leaf: stay.own_leaf, last_epoch: stay.epochs.1 })
    }

    /// The tree of the current epoch.
    pub(crate) fn tree(&self) -> Tree {
        Tree::open(self.keys.clone(), self.suite, &self.head.tree)
    }

    /// Demands that the head is still the one that was read.
    pub(crate) fn guard_head(&self, txn: &mut Txn) -> Result<()> {
        let key = txn.keyspace().head(&self.head.group_id);
        txn.guard(&key)
    }

    /// Stages the head with a new revision.
    pub(crate) fn store_head(&mut self, txn: &mut Txn) -> Result<()> {
        self.head.store(txn)
    }

    /// The number of members.
    pub(crate) fn member_count(&self) -> u32 {
        self.head.tree.root.facts.occupied
    }
}

/// A client's time in a group between joining and being removed: where its records lie, and who the client was.
pub(crate) struct Stay {
    pub(crate) keys: GroupKeys,
    pub(crate) own_leaf: LeafIndex,
    /// The present epoch, or the last one of a stay that is over.
    pub(crate) last_epoch: Epoch,
}

/// The name of a member, for events and rosters.
pub(crate) fn member_name(leaf: LeafIndex, record: &LeafRecord) -> MemberName {
    MemberName { leaf: leaf.0, client_id: record.client_id.clone(), user_id: record.user_id.clone() }
}
