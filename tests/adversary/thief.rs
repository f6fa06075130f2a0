//! Someone who has a full copy of one client's store, and everything that was ever sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use conclave::*;

use crate::common::World;

/// A copied store, with what is needed to open it.
#[derive(Clone)]
pub(crate) struct Thief {
    config: ClientConfig,
    clock: Arc<dyn Clock>,
    records: Vec<StoredRecord>,
    /// The group that the client may have been about to join.
    joining: Option<Vec<u8>>,
}

/// A group by its id, and how it stands: epoch, leaf, whether a member, whether a commit waits, and the authenticator.
type Identity = (Vec<u8>, u64, u32, bool, bool, Vec<u8>);

/// A store that was filled with the records of the thief, and the groups in it.
struct Attempt {
    storage: Arc<MemoryStorage>,
    client: Arc<Client>,
    groups: Vec<Arc<Group>>,
}

impl Thief {
    /// Copies the store of this person as it is now.
    pub(crate) fn of(world: &World, name: &str) -> Self {
        let person = world.person(name);
        let records = person.storage.scan(vec![], vec![], u32::MAX).unwrap();
        let joining = world.members().first().map(|member| world.group(member).id());
        Thief { config: person.config.clone(), clock: world.clock.clone(), records, joining }
    }

    /// The same copy, with this storage key in the hands of the thief.
    pub(crate) fn with_key(&self, key: Option<[u8; 32]>) -> Self {
        let config = ClientConfig { storage_key: key.map(|key| key.to_vec()), ..self.config.clone() };
        Thief { config, ..self.clone() }
    }

    /// The code with which the copy cannot be opened at all.
    pub(crate) fn code(&self) -> Option<u32> {
        self.attempt().err().map(|error| error.code())
    }

    /// Every text on the wire that the copy gives access to, in whatever way.
    ///
    /// Each message is tried by itself in each state that can be reached. These are the copy as it is, with the member's leaf
    /// disguised as another's (so that what the member itself has sent is not passed over) or its removal undone, and all
    /// that commits, Welcomes and a waiting commit lead on to.
    pub(crate) fn opens(&self, wire: &[Vec<u8>]) -> BTreeSet<String> {
        let (mut texts, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut states = self.disguises();
        while let Some(state) = states.pop() {
            let Ok(identity) = state.identify() else { continue };
            if !seen.insert(identity) {
                continue;
            }
            let state = state.with_proposals(wire);
            for message in wire {
                states.extend(state.try_message(message, &mut texts));
                states.extend(state.try_welcome(message));
            }
            states.extend(state.try_pending());
        }
        texts
    }

    /// Opens the store anew from the copied records.
    fn attempt(&self) -> Result<Attempt> {
        let storage = MemoryStorage::new();
        let puts = self.records.iter().cloned().map(|StoredRecord { key, value }| WriteOp::Put { key, value });
        storage.write(WriteBatch::by_hand(vec![], puts.collect(), None)).unwrap();
        let mut host = Host::new(storage.clone(), Arc::new(AcceptAll));
        host.clock = Some(self.clock.clone());
        let client = Client::new(self.config.clone(), host)?;
        let listed = client.groups(None, 100)?.groups;
        let groups = listed.into_iter().map(|group| client.open_group(group.group_id)).collect::<Result<_>>()?;
        Ok(Attempt { storage, client, groups })
    }

    fn after(&self, attempt: &Attempt) -> Self {
        Thief { records: attempt.storage.records(), ..self.clone() }
    }

    /// What tells one state from others.
    fn identify(&self) -> Result<Vec<Identity>> {
        let identify = |group: &Arc<Group>| {
            let status = group.status()?;
            let authenticator = group.epoch_authenticator().unwrap_or_default();
            Ok((status.group_id, status.epoch, status.own_leaf, status.active, status.pending_commit, authenticator))
        };
        self.attempt()?.groups.iter().map(identify).collect()
    }

    /// The state in which all proposals that can be read are known.
    fn with_proposals(&self, wire: &[Vec<u8>]) -> Self {
        wire.iter().fold(self.clone(), |state, message| {
            let attempt = state.attempt().unwrap();
            match attempt.receive(message) {
                Some(Event::Proposal { .. }) => state.after(&attempt),
                _ => state,
            }
        })
    }

    /// Tries to read a message. The text goes to the others; what it leads on to is given back.
    fn try_message(&self, message: &[u8], texts: &mut BTreeSet<String>) -> Option<Self> {
        let attempt = self.attempt().unwrap();
        match attempt.receive(message)? {
            Event::Message { plaintext, .. } => {
                texts.insert(String::from_utf8(plaintext).unwrap());
                None
            }
            Event::EpochChanged { .. } | Event::Reinit { .. } => Some(self.after(&attempt)),
            _ => None,
        }
    }

    /// Tries to join, and if need be in the place of a group that is there.
    fn try_welcome(&self, message: &[u8]) -> Option<Self> {
        let attempt = self.attempt().unwrap();
        let join = || attempt.client.join(message.to_vec(), JoinOptions::default()).map(drop);
        let joined = attempt.groups.iter().fold(join(), |joined, group| match joined {
            Err(error) if error.code() == 507 => group.delete().and_then(|()| join()),
            joined => joined,
        });
        joined.ok().map(|()| self.after(&attempt))
    }

    /// Lets a commit or a join of the client's own take effect that was waiting.
    fn try_pending(&self) -> Vec<Self> {
        let groups = self.attempt().unwrap().groups.len();
        let confirmed = (0..groups).filter_map(|place| {
            let attempt = self.attempt().unwrap();
            attempt.groups[place].confirm_commit(None, vec![]).ok()?;
            Some(self.after(&attempt))
        });
        let joined = self.joining.iter().filter_map(|group_id| {
            let attempt = self.attempt().unwrap();
            attempt.client.confirm_join(group_id.clone(), None, vec![]).ok()?;
            Some(self.after(&attempt))
        });
        confirmed.chain(joined).collect()
    }

    /// The copy as it is, and with what the head says of the member itself altered, where that is possible.
    fn disguises(&self) -> Vec<Self> {
        let mut states = vec![self.clone()];
        if self.config.storage_key.is_none() && self.code().is_none() {
            states.extend((0..8).map(|leaf| self.disguised(leaf)));
        }
        states
    }

    /// The member is active, and at another leaf.
    fn disguised(&self, leaf: u32) -> Self {
        let mut records = self.records.clone();
        for record in records.iter_mut().filter(|record| record.key[8] == HEAD) {
            let group_id = u16::from_be_bytes([record.value[1], record.value[2]]) as usize;
            let standing = 3 + group_id + BEFORE_STANDING;
            record.value[standing] = ACTIVE;
            record.value[standing + 1..standing + 5].copy_from_slice(&leaf.to_be_bytes());
        }
        Thief { records, ..self.clone() }
    }
}

impl Attempt {
    /// What the message turns into in the group that it is for, if in any.
    fn receive(&self, message: &[u8]) -> Option<Event> {
        self.groups.iter().find_map(|group| group.receive(message.to_vec(), vec![]).ok())
    }
}

/// The kind of the record that says how a group stands, what is between the group's id and the standing in it (incarnation,
/// suite, epoch, revision), and the standing of a member.
const HEAD: u8 = 0x04;
const BEFORE_STANDING: usize = 8 + 2 + 8 + 8;
const ACTIVE: u8 = 0;
