//! Who and what there is: people with their clients, and the groups as the delivery service knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conclave::*;

use crate::checks::Facts;
use crate::dice::Dice;
use crate::model::{Post, Seat, Sent, Window};
use crate::moves::{Archived, OldGroups};
use crate::shaky::{Fault, Shaky};
use crate::steps::PEOPLE;
use crate::tally::Tally;

/// An extension and a proposal type that only some of the people support.
pub(crate) const PRIVATE_TYPE: u16 = 0xf001;

/// The pre-shared keys there are.
pub(crate) const PSKS: [&str; 3] = ["one", "two", "three"];

/// A Welcome on its way.
pub(crate) struct Mail {
    pub(crate) room: usize,
    pub(crate) welcome: Vec<u8>,
    pub(crate) tree: Option<Vec<u8>>,
    /// The epoch that it leads to, and what is delivered from then on.
    pub(crate) epoch: u64,
    pub(crate) from: usize,
    /// The epoch of another group that has to be reached before, as the group follows from that one.
    pub(crate) after: Option<(usize, u64)>,
}

/// A commit by which a client wants to join by itself.
pub(crate) struct Join {
    pub(crate) commit: Vec<u8>,
    /// The epoch that it would begin.
    pub(crate) epoch: u64,
    pub(crate) sent: Sent,
}

/// One client, and what it was opened with.
pub(crate) struct Person {
    config: ClientConfig,
    host: Host,
    storage: Arc<Shaky>,
    pub(crate) client: Arc<Client>,
    pub(crate) seats: BTreeMap<usize, Seat>,
    pub(crate) mail: Vec<Mail>,
    pub(crate) joins: BTreeMap<usize, Join>,
    /// The groups that this client is in for the others, and cannot follow.
    pub(crate) stranded: BTreeSet<usize>,
    /// A key package that is used again and again.
    last_resort: Option<Vec<u8>>,
    pub(crate) psks: BTreeSet<&'static str>,
    /// What a new device would begin from, and whether this is one.
    pub(crate) archived: Option<Archived>,
    pub(crate) moved: bool,
    /// The groups on the device before.
    pub(crate) old: OldGroups,
    /// Whether messages are fetched seldom, and many at a time.
    pub(crate) lazy: bool,
    /// Whether handshakes go out as PublicMessage.
    pub(crate) public: bool,
    /// Whether [`PRIVATE_TYPE`] is supported.
    pub(crate) capable: bool,
}

impl Person {
    fn new(number: usize, dice: &mut Dice) -> Self {
        let name = format!("p{number:02}");
        let capable = dice.chance(85);
        let types = if capable { vec![PRIVATE_TYPE] } else { vec![] };
        let near = dice.chance(25);
        let config = ClientConfig {
            extensions: types.clone(),
            proposals: types,
            past_epochs: dice.pick(&[0, 2, 5, 5]).unwrap_or_default(),
            max_forward: if near { 40 } else { 1000 },
            max_skipped: if near { 24 } else { 1000 },
            max_deferred: dice.pick(&[0, 0, 4, 50]).unwrap_or_default(),
            reserve: dice.pick(&[0, 0, 5]).unwrap_or_default(),
            storage_key: dice.chance(20).then(|| vec![number as u8; 32]),
            ..ClientConfig::basic(&name)
        };
        let storage = Shaky::over(MemoryStorage::new());
        let host = Host::new(storage.clone(), Arc::new(AcceptAll));
        let client = Client::new(config.clone(), host.clone()).unwrap();
        Person {
            config,
            host,
            storage,
            client,
            seats: BTreeMap::new(),
            mail: Vec::new(),
            joins: BTreeMap::new(),
            stranded: BTreeSet::new(),
            last_resort: None,
            psks: BTreeSet::new(),
            archived: None,
            moved: false,
            old: OldGroups::new(),
            lazy: dice.chance(30),
            public: dice.chance(40),
            capable,
        }
    }

    pub(crate) fn window(&self) -> Window {
        Window {
            past_epochs: self.config.past_epochs.into(),
            forward: self.config.max_forward,
            skipped: self.config.max_skipped as usize,
            deferred: self.config.max_deferred as usize,
            reserve: self.config.reserve.max(1),
        }
    }

    /// The process ends, and another begins: the stored bytes are all that is left.
    pub(crate) fn restart(&mut self) {
        self.storage = self.storage.duplicate();
        self.host.storage = self.storage.clone();
        self.client = Client::new(self.config.clone(), self.host.clone()).unwrap();
        for seat in self.seats.values_mut() {
            seat.reopened(self.client.open_group(seat.group.id()).unwrap());
        }
    }

    /// The storage is lost; another is filled before the client goes on.
    pub(crate) fn renew<T>(&mut self, fill: impl FnOnce(&Client) -> Result<T>) -> T {
        self.storage = Shaky::over(MemoryStorage::new());
        self.host.storage = self.storage.clone();
        let filled = fill(&Client::new(self.config.clone(), self.host.clone()).unwrap()).unwrap();
        self.client = Client::new(self.config.clone(), self.host.clone()).unwrap();
        self.last_resort = None;
        self.moved = true;
        filled
    }

    pub(crate) fn records(&self) -> Vec<StoredRecord> {
        self.storage.records()
    }

    /// A key package, for others to add this client.
    pub(crate) fn key_package(&mut self, dice: &mut Dice) -> Vec<u8> {
        let last_resort = dice.chance(15);
        if let Some(message) = self.last_resort.clone().filter(|_| last_resort) {
            return message;
        }
        let options = KeyPackageOptions { last_resort, ..KeyPackageOptions::default() };
        let message = self.client.create_key_packages(1, options).unwrap().remove(0).message;
        if last_resort {
            self.last_resort = Some(message.clone());
        }
        message
    }

    pub(crate) fn learn_psk(&mut self, psk: &'static str) {
        self.client.put_psk(psk.into(), format!("the key {psk}").into_bytes()).unwrap();
        self.psks.insert(psk);
    }
}

/// A group, as the delivery service knows it.
pub(crate) struct Room {
    pub(crate) id: Vec<u8>,
    /// The epoch whose commit it waits for.
    pub(crate) epoch: u64,
    /// Everything that was sent, in the order that the service gave it.
    pub(crate) log: Vec<Post>,
    /// What the members know of each epoch.
    pub(crate) facts: BTreeMap<u64, Facts>,
    /// The epochs whose secrets are asked for by what was proposed or committed, and in which epoch: group and epoch.
    pub(crate) resumption: Vec<(u64, (usize, u64))>,
    /// The commits by which clients joined.
    pub(crate) joins: BTreeSet<usize>,
    /// Whether a ReInit has closed it, and whether it was begun anew.
    pub(crate) closed: bool,
    pub(crate) succeeded: bool,
}

impl Room {
    pub(crate) fn new(id: Vec<u8>) -> Self {
        let (log, facts, resumption) = (Vec::new(), BTreeMap::new(), Vec::new());
        Room { id, epoch: 0, log, facts, resumption, joins: BTreeSet::new(), closed: false, succeeded: false }
    }
}

pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) rooms: Vec<Room>,
    /// Whom groups may let propose without being a member.
    pub(crate) outsider: Arc<Client>,
    pub(crate) dice: Dice,
    pub(crate) tally: Tally,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let people = (0..PEOPLE).map(|number| Person::new(number, &mut dice)).collect();
        let host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
        let outsider = Client::new(ClientConfig::basic("outsider"), host).unwrap();
        World { people, rooms: Vec::new(), outsider, dice, tally: Tally::default() }
    }

    pub(crate) fn seat(&self, who: usize, room: usize) -> &Seat {
        &self.people[who].seats[&room]
    }

    pub(crate) fn seat_mut(&mut self, who: usize, room: usize) -> &mut Seat {
        self.people[who].seats.get_mut(&room).unwrap()
    }

    /// Makes a call during which the storage may fail; then the process ends. `call` is made again if nothing was written, and
    /// else what it would have given is in the effect. Also tells whether it is.
    pub(crate) fn through_faults<T>(
        &mut self,
        (who, room): (usize, usize),
        call: impl Fn(&Group) -> Result<T>,
        of_effect: impl Fn(Effect) -> T,
    ) -> (Result<T>, bool) {
        let fault = if self.dice.chance(50) { Fault::Before } else { Fault::After };
        let planned = self.dice.chance(4).then_some(fault);
        let storage = self.people[who].storage.clone();
        storage.plan(planned);
        let outcome = call(&self.group(who, room));
        if planned.is_none() || storage.plan(None).is_some() {
            return (outcome, false);
        }
        assert_eq!(outcome.err().map(|error| error.code()), Some(701), "p{who:02}: the storage failed");
        self.tally.count(format!("storage failed {fault:?}"));
        self.people[who].restart();
        match storage.take_effect() {
            Some(effect) => (Ok(of_effect(effect)), true),
            None => (call(&self.group(who, room)), false),
        }
    }

    pub(crate) fn group(&self, who: usize, room: usize) -> Arc<Group> {
        self.seat(who, room).group.clone()
    }

    /// Where a person can act: in a group that it is in, or else where it was.
    pub(crate) fn a_room_of(&mut self, who: usize) -> Option<usize> {
        let seats = &self.people[who].seats;
        let active: Vec<usize> = seats.iter().filter(|(_, seat)| seat.is_active()).map(|(room, _)| *room).collect();
        let any: Vec<usize> = seats.keys().copied().collect();
        if self.dice.chance(3) { self.dice.pick(&any) } else { self.dice.pick(&active) }
    }

    /// The person of this number, or the next who is in a group, and the group.
    pub(crate) fn someone(&mut self, from: usize) -> Option<(usize, usize)> {
        (from..from + PEOPLE).find_map(|number| Some((number % PEOPLE, self.a_room_of(number % PEOPLE)?)))
    }

    /// Who the members are, as this member sees it.
    pub(crate) fn roster(&self, who: usize, room: usize) -> Vec<(usize, u32)> {
        let members = self.group(who, room).members(None, u32::MAX).unwrap();
        members.iter().map(|member| (number_of(&member.name.client_id), member.name.leaf)).collect()
    }
}

/// The person of this name.
pub(crate) fn number_of(client_id: &[u8]) -> usize {
    std::str::from_utf8(&client_id[1..]).unwrap().parse().unwrap()
}
