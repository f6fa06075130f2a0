//! New devices: a client's archive on an empty storage, possibly long after it was made, which follows the groups until it has
//! healed by joining anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conclave::*;

use crate::model::{Expected, Kind, Post, Proposed, Seat, Sent, Standing};
use crate::world::World;

const KEY: [u8; 32] = [7; 32];

/// A client's archive, and what the model knows of the moment it was made.
pub(crate) struct Archived {
    bytes: Vec<u8>,
    seats: Vec<(usize, SeatCopy)>,
    psks: BTreeSet<&'static str>,
}

impl World {
    /// A client is archived, or one that was is lost and goes on elsewhere from its archive.
    pub(crate) fn archive(&mut self, who: usize) {
        if self.people[who].archived.is_some() && self.dice.chance(70) {
            return self.move_device(who);
        }
        let bytes = self.people[who].client.export_archive(KEY.to_vec()).unwrap();
        let seats = self.people[who].seats.iter().filter(|(_, seat)| seat.standing != Standing::Removed);
        let seats = seats.map(|(room, seat)| (*room, seat.copy(who, &self.rooms[*room].log))).collect();
        let psks = self.people[who].psks.clone();
        self.people[who].archived = Some(Archived { bytes, seats, psks });
        self.tally.count("archived");
        if self.dice.chance(40) {
            self.move_device(who);
        }
    }

    /// Whether somebody else is where a new device of this client will have to come back to.
    fn can_lose(&self, who: usize) -> bool {
        self.people[who].seats.iter().all(|(room, seat)| {
            let others = self.people.iter().enumerate().filter(|(other, _)| *other != who);
            let mut seats = others.filter_map(|(_, person)| person.seats.get(room));
            let newest = self.rooms[*room].epoch;
            seat.standing == Standing::Removed || seats.any(|seat| seat.is_or_was_active() && seat.epoch() == newest)
        })
    }

    /// The storage is gone, and the archive goes on in another.
    fn move_device(&mut self, who: usize) {
        self.finish_sending(who);
        if !self.can_lose(who) {
            return;
        }
        let Archived { bytes, seats, psks } = self.people[who].archived.take().unwrap();
        let person = &mut self.people[who];
        let old_seats = std::mem::take(&mut person.seats);
        person.old = old_seats.iter().map(|(room, seat)| (*room, seat.group.clone())).collect();
        let imported = person.renew(|client| client.import_archive(bytes, KEY.to_vec(), ImportOptions::default()));
        assert!(imported.signing_keys && imported.group_ids.len() == seats.len());
        person.psks = psks;
        let lost = old_seats.iter().filter(|(room, seat)| {
            seat.standing != Standing::Removed && !seats.iter().any(|(copied, _)| copied == *room)
        });
        person.stranded.extend(lost.map(|(room, _)| *room));
        for (room, copy) in seats {
            self.resume(who, room, copy);
        }
        self.tally.count("moved to a new device");
    }

    /// What was accepted is confirmed, and goes out, before the device is lost.
    fn finish_sending(&mut self, who: usize) {
        let rooms: Vec<usize> = self.people[who].joins.keys().copied().collect();
        rooms.into_iter().for_each(|room| self.decide_join(who, room));
        let accepted = |seat: &Seat| seat.pending.as_ref().is_some_and(|own| matches!(own.sent, Sent::Accepted(_)));
        let seats = self.people[who].seats.iter();
        let rooms: Vec<usize> = seats.filter(|(_, seat)| accepted(seat)).map(|(room, _)| *room).collect();
        rooms.into_iter().for_each(|room| self.decide(who, room));
    }

    /// A group of the archive: all that was sent since its epoch began comes to the new device.
    fn resume(&mut self, who: usize, room: usize, copy: SeatCopy) {
        let known = &mut self.rooms[room];
        for (number, post) in known.log.iter_mut().enumerate() {
            if !copy.read.contains(&number) {
                post.read.remove(&who);
            }
        }
        let person = &mut self.people[who];
        let group = person.client.open_group(known.id.clone()).unwrap();
        let seat = Seat::imported(group, person.window(), copy, &known.log);
        person.stranded.remove(&room);
        person.seats.insert(room, seat);
        self.arrived(who, room, None);
    }

    /// New devices come back by joining anew, some sooner than others. Whether any begins to.
    pub(crate) fn heal(&mut self, who: usize, percent: u64) -> bool {
        let seats = self.people[who].seats.iter().filter(|(_, seat)| seat.standing == Standing::Imported);
        let rooms: Vec<usize> = seats.map(|(room, _)| *room).collect();
        let mut any = false;
        for room in rooms {
            if !self.people[who].stranded.contains(&room) && self.dice.chance(percent) {
                any |= self.people[who].stranded.insert(room);
            }
        }
        any
    }

    /// A device that came back has taken the place of the one that was archived, which is told if it still listens.
    pub(crate) fn tell_old_device(&mut self, who: usize, room: usize, (epoch, commit): (u64, Vec<u8>)) {
        self.tally.count("healed");
        let Some(old) = self.people[who].old.remove(&room) else { return };
        let status = old.status().unwrap();
        if !status.active || status.epoch + 1 != epoch {
            return;
        }
        match old.receive(commit, vec![]) {
            Ok(Event::Removed { .. }) => self.tally.count("old device removed"),
            Err(error) if error.code() == 407 => {}
            other => panic!("p{who:02}, group {room}: the old device: {other:?}"),
        }
    }

    /// What the device that was archived sent since, as a new one takes it.
    pub(crate) fn expect_own_commit(&self, who: usize, room: usize, number: usize) -> Option<Expected> {
        let (seat, post) = (self.seat(who, room), &self.rooms[room].log[number]);
        let own = post.from == who && post.kind == Kind::Commit && !self.rooms[room].joins.contains(&number);
        (own && seat.standing == Standing::Imported && post.epoch == seat.epoch()).then_some(Expected::Refused(509))
    }

    /// A new device that was removed as the old one was, and whose old one has used up the Welcome by which it is a member again.
    pub(crate) fn find_shut_out(&mut self, who: usize) {
        let person = &self.people[who];
        let shut_out = |(room, seat): (&usize, &Seat)| {
            let known = &self.rooms[*room];
            let let_in = known.facts.get(&known.epoch).is_some_and(|facts| facts.has(who));
            let waits = person.joins.contains_key(room) || person.mail.iter().any(|mail| mail.room == *room);
            seat.standing == Standing::Removed && let_in && !waits
        };
        let rooms: Vec<usize> =
            person.seats.iter().filter(|seat| person.moved && shut_out(*seat)).map(|(room, _)| *room).collect();
        self.people[who].stranded.extend(rooms);
    }

    /// A handshake whose key was skipped when the archive was made, and so stayed behind.
    pub(crate) fn may_be_torn(&self, who: usize, room: usize, number: usize) -> bool {
        let (seat, post) = (self.seat(who, room), &self.rooms[room].log[number]);
        seat.standing == Standing::Imported && seat.torn.contains(&(post.epoch, post.from))
    }

    /// A handshake that a new device cannot take. Without a commit it is at an end.
    pub(crate) fn missed(&mut self, who: usize, room: usize, number: usize) {
        self.tally.count("handshake that a new device cannot take");
        self.seat_mut(who, room).missed.insert(number);
        if self.rooms[room].log[number].kind == Kind::Commit {
            self.give_up(who, room, number);
        }
    }

    /// A commit that cannot be followed, by which the group is lost.
    pub(crate) fn give_up(&mut self, who: usize, room: usize, number: usize) {
        let seat = self.seat_mut(who, room);
        seat.queue.push_front(number);
        seat.stuck = true;
        self.strand(who, room);
    }
}

/// A seat as an archive holds it: what the old device skipped, deferred or was about to send is not in it.
pub(crate) struct SeatCopy {
    pub(crate) standing: Standing,
    pub(crate) place: (u64, u32),
    pub(crate) waiting: BTreeSet<usize>,
    pub(crate) came: BTreeSet<usize>,
    pub(crate) next: BTreeMap<(u64, u32), u32>,
    /// What was read before.
    pub(crate) read: BTreeSet<usize>,
    pub(crate) torn: BTreeSet<(u64, usize)>,
    pub(crate) missed: BTreeSet<usize>,
}

impl Seat {
    /// What an archive holds of a seat.
    fn copy(&self, who: usize, log: &[Post]) -> SeatCopy {
        let private = self
            .came
            .iter()
            .filter(|number| matches!(log[**number].kind, Kind::Proposal(Proposed { public: false, .. })));
        SeatCopy {
            standing: if self.is_following() { Standing::Imported } else { self.standing },
            place: (self.epoch(), self.stay.leaf),
            waiting: self.waiting.clone(),
            came: self.came.clone(),
            next: self.next_generations(),
            read: (0..log.len()).filter(|number| log[*number].read.contains(&who)).collect(),
            torn: private.map(|number| (log[*number].epoch, log[*number].from)).chain(self.torn.clone()).collect(),
            missed: self.missed.clone(),
        }
    }

    fn is_or_was_active(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::Frozen)
    }
}

/// A group that a client had on the device it was archived on.
pub(crate) type OldGroups = BTreeMap<usize, Arc<Group>>;
