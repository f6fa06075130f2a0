//! The head of a group: the one record that is read first, names everything else, and changes with every epoch and every
//! change of what is pending.

use crate::base::{CipherSuite, Code, Epoch, GroupId, LeafIndex, Result};
use crate::message::GroupContext;
use crate::store::{Incarnation, Reader, Record, Txn, Writer, corrupt};
use crate::tree::TreeHead;

/// Whether this client may still act in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A member.
    Active,
    /// Removed by a commit; late messages of earlier epochs can still be read.
    Removed,
    /// A commit with a ReInit closed the group (RFC 9420 §12.4.2).
    Frozen,
    /// A member whose state came out of an archive: its keys may have been used since, so it sends nothing.
    Imported,
}

/// What the members of a group may choose for themselves, each on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Whether proposals and commits of this client go out as PrivateMessage.
    pub(crate) encrypt_handshakes: bool,
    /// Whether PrivateMessages are padded.
    pub(crate) pad: bool,
}

/// The head record.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) group_id: GroupId,
    pub(crate) incarnation: Incarnation,
    pub(crate) suite: CipherSuite,
    pub(crate) epoch: Epoch,
    /// Grows with every write of the head.
    pub(crate) revision: u64,
    pub(crate) standing: Standing,
    pub(crate) own_leaf: LeafIndex,
    /// Which of the client's signing keys this group uses.
    pub(crate) signing_key: Vec<u8>,
    pub(crate) tree: TreeHead,
    /// The first epoch whose keys are still kept.
    pub(crate) oldest_epoch: Epoch,
    /// How many proposals wait for a commit.
    pub(crate) proposals: u32,
    /// The hash of our own pending commit's bytes.
    pub(crate) pending: Option<[u8; 32]>,
    pub(crate) settings: Settings,
    /// The stay in the group before this one, for as long as its messages can still be read.
    pub(crate) previous: Option<PreviousStay>,
    /// An external join of our own that waits to take the place of this stay.
    pub(crate) rejoining: Option<Rejoining>,
    /// The messages of future epochs that wait.
    pub(crate) deferred: Backlog,
}

/// How much is deferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// How many messages.
    pub(crate) messages: u32,
    /// How long they are together.
    pub(crate) bytes: u32,
    /// The number that the next one gets.
    pub(crate) next: u32,
}

/// The mark that an external join of our own leaves on the stay that it would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejoining {
    /// The hash of the commit, by which its echo is known.
    pub(crate) hash: [u8; 32],
    /// The stay that it would begin.
    pub(crate) incarnation: Incarnation,
    /// The epoch that it would begin.
    pub(crate) epoch: Epoch,
}

/// A stay in the group that ended with a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PreviousStay {
    pub(crate) incarnation: Incarnation,
    pub(crate) own_leaf: LeafIndex,
    /// Its first epoch whose keys are still kept, and its last one.
    pub(crate) epochs: (Epoch, Epoch),
}

impl PreviousStay {
    /// Whether all its epochs have left the window when `current` has begun.
    pub(crate) fn is_outlived(&self, current: Epoch, past_epochs: u32) -> bool {
        // Epochs are numbered by others and may be as high as numbers go.
        self.epochs.1.0.saturating_add(past_epochs.into()) < current.0
    }
}

/// Who this client is in a stay that begins, and what it chose for itself.
pub(crate) struct Seat {
    pub(crate) own_leaf: LeafIndex,
    pub(crate) signing_key: Vec<u8>,
    pub(crate) settings: Settings,
}

impl Head {
    /// The head of a stay that begins in the epoch of this context, in which nothing has happened yet.
    pub(crate) fn begin(incarnation: Incarnation, context: &GroupContext, tree: TreeHead, seat: Seat) -> Self {
        Head {
            group_id: context.group_id.clone(),
            incarnation,
            suite: context.cipher_suite,
            epoch: context.epoch,
            revision: 0,
            standing: Standing::Active,
            own_leaf: seat.own_leaf,
            signing_key: seat.signing_key,
            tree,
            oldest_epoch: context.epoch,
            proposals: 0,
            pending: None,
            settings: seat.settings,
            previous: None,
            rejoining: None,
            deferred: Backlog::default(),
        }
    }

    /// Stages the head with a new revision, and demands that the stored one is still the one that was read.
    pub(crate) fn store(&mut self, txn: &mut Txn) -> Result<()> {
        self.revision += 1;
        let key = txn.keyspace().head(&self.group_id);
        txn.guard(&key)?;
        txn.store(key, self);
        Ok(())
    }

    /// Takes over what went on while a commit of ours waited: this head was staged when it was built, and `now` is the stored
    /// one. Messages were deferred, a rejoin was made or given up, and more may have been deleted.
    pub(crate) fn carry_over(&mut self, now: Head) {
        self.revision = now.revision;
        self.deferred = now.deferred;
        self.rejoining = now.rejoining;
        self.oldest_epoch = self.oldest_epoch.max(now.oldest_epoch);
        self.previous = self.previous.zip(now.previous).map(|(built, now)| {
            let epochs = (built.epochs.0.max(now.epochs.0), now.epochs.1);
            PreviousStay { epochs, ..now }
        });
    }

    /// Whether the keys of an epoch are still kept, of this stay in the group or the one before.
    pub(crate) fn keeps(&self, epoch: Epoch) -> bool {
        (self.oldest_epoch..=self.epoch).contains(&epoch) || self.earlier_stay(epoch).is_some()
    }

    /// The stay before this one, if the epoch is of those kept of it.
    pub(crate) fn earlier_stay(&self, epoch: Epoch) -> Option<PreviousStay> {
        self.previous.filter(|stay| epoch >= stay.epochs.0 && epoch <= stay.epochs.1)
    }

    /// Refuses to act in a group that this client has left, or that is closed.
    pub(crate) fn require_active(&self) -> Result<()> {
        match self.standing {
            Standing::Active => Ok(()),
            Standing::Removed => Err(Code::Removed.into()),
            Standing::Frozen => Err(Code::Frozen.into()),
            Standing::Imported => Err(Code::NotHealed.into()),
        }
    }

    /// Refuses to follow a group that this client has left, or that is closed.
    pub(crate) fn require_following(&self) -> Result<()> {
        if self.is_following() { Ok(()) } else { self.require_active() }
    }

    /// Whether this client goes along with what the group does.
    pub(crate) fn is_following(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::Imported)
    }
}

impl Record for Head {
    const VERSION: u8 = 2;

    fn size_hint(&self) -> usize {
        192
    }

    fn write(&self, writer: &mut Writer) {
        writer.bytes(self.group_id.as_slice());
        writer.raw(&self.incarnation.0);
        writer.u16(self.suite.0);
        writer.u64(self.epoch.0);
        writer.u64(self.revision);
        writer.u8(match self.standing {
            Standing::Active => 0,
            Standing::Removed => 1,
            Standing::Frozen => 2,
            Standing::Imported => 3,
        });
        writer.u32(self.own_leaf.0);
        writer.bytes(&self.signing_key);
        self.tree.write(writer);
        writer.u64(self.oldest_epoch.0);
        writer.u32(self.proposals);
        writer.option(self.pending.as_ref(), |writer, hash| writer.raw(hash));
        writer.flag(self.settings.encrypt_handshakes);
        writer.flag(self.settings.pad);
        writer.option(self.previous.as_ref(), |writer, stay| {
            writer.raw(&stay.incarnation.0);
            writer.u32(stay.own_leaf.0);
            writer.u64(stay.epochs.0.0);
            writer.u64(stay.epochs.1.0);
        });
        writer.option(self.rejoining.as_ref(), |writer, rejoining| {
            writer.raw(&rejoining.hash);
            writer.raw(&rejoining.incarnation.0);
            writer.u64(rejoining.epoch.0);
        });
        writer.u32(self.deferred.messages);
        writer.u32(self.deferred.bytes);
        writer.u32(self.deferred.next);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Head {
            group_id: GroupId(reader.bytes()?.to_vec()),
            incarnation: Incarnation(reader.array()?),
            suite: CipherSuite(reader.u16()?),
            epoch: Epoch(reader.u64()?),
            revision: reader.u64()?,
            standing: match reader.u8()? {
                0 => Standing::Active,
                1 => Standing::Removed,
                2 => Standing::Frozen,
                3 => Standing::Imported,
                _ => return Err(corrupt()),
            },
            own_leaf: LeafIndex(reader.u32()?),
            signing_key: reader.bytes()?.to_vec(),
            tree: TreeHead::read(reader)?,
            oldest_epoch: Epoch(reader.u64()?),
            proposals: reader.u32()?,
            pending: reader.option(|reader| reader.array())?,
            settings: Settings { encrypt_handshakes: reader.flag()?, pad: reader.flag()? },
            previous: reader.option(|reader| {
                let incarnation = Incarnation(reader.array()?);
                let own_leaf = LeafIndex(reader.u32()?);
                Ok(PreviousStay { incarnation, own_leaf, epochs: (Epoch(reader.u64()?), Epoch(reader.u64()?)) })
            })?,
            rejoining: match reader.version() {
                1 => None,
                _ => reader.option(|reader| {
                    let (hash, incarnation) = (reader.array()?, Incarnation(reader.array()?));
                    Ok(Rejoining { hash, incarnation, epoch: Epoch(reader.u64()?) })
                })?,
            },
            deferred: match reader.version() {
                2.. => Backlog { messages: reader.u32()?, bytes: reader.u32()?, next: reader.u32()? },
                _ => Backlog::default(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stay_is_outlived_when_its_last_epoch_leaves_the_window() {
        let outlived = |last, current| {
            let stay = PreviousStay {
                incarnation: Incarnation([0; 8]),
                own_leaf: LeafIndex(0),
                epochs: (Epoch(0), Epoch(last)),
            };
            stay.is_outlived(Epoch(current), 5)
        };
        assert!(!outlived(3, 8));
        assert!(outlived(3, 9));
        assert!(!outlived(u64::MAX - 1, u64::MAX));
    }
}
