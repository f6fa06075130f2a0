//! Groups that follow from others: resumption secrets, groups that are closed and begun anew, and branches.

use std::collections::BTreeSet;

use conclave::*;

use crate::model::{Seat, Standing};
use crate::world::{Mail, Room, World};

/// The most groups of a scenario, with those that follow from others.
const ROOMS: usize = 7;

impl World {
    /// The id that a group's successor has.
    pub(crate) fn successor_id(room: usize) -> Vec<u8> {
        vec![100 + room as u8]
    }

    pub(crate) fn reinit_options(&self, room: usize) -> ReinitOptions {
        ReinitOptions { group_id: Some(Self::successor_id(room)), ..ReinitOptions::default() }
    }

    /// A secret of an epoch that this member was in, and whether it can be relied on to be there still.
    pub(crate) fn a_resumption_psk(&mut self, who: usize, room: usize) -> (ResumptionPsk, bool) {
        let rooms: Vec<usize> = self.people[who].seats.keys().copied().collect();
        let from = if self.dice.chance(70) { room } else { self.dice.pick(&rooms).unwrap_or(room) };
        let epoch = self.seat(who, from).epoch().saturating_sub(self.dice.below(3) as u64);
        let base = self.seat(who, room).epoch();
        self.rooms[room].resumption.push((base, (from, epoch)));
        let psk = ResumptionPsk { group_id: self.rooms[from].id.clone(), epoch };
        (psk, self.keeps(who, (from, epoch)))
    }

    /// Whether a client certainly has the secret of this epoch.
    fn keeps(&self, who: usize, (room, epoch): (usize, u64)) -> bool {
        let seat = self.people[who].seats.get(&room);
        seat.is_some_and(|seat| (seat.stay.oldest..=seat.stay.last).contains(&epoch) && seat.stay.last - epoch <= REACH)
    }

    /// Whether a commit of this epoch may ask for a secret that this client does not have.
    pub(crate) fn may_lack_an_epoch(&self, who: usize, room: usize, epoch: u64) -> bool {
        let asked = self.rooms[room].resumption.iter().filter(|(base, _)| *base == epoch);
        asked.into_iter().any(|(_, secret)| !self.keeps(who, *secret))
    }

    /// A member that cannot follow the group any more.
    pub(crate) fn strand(&mut self, who: usize, room: usize) {
        self.people[who].stranded.insert(room);
        self.tally.count("stranded");
    }

    /// One member of a closed group begins it anew, for all.
    pub(crate) fn found_successor(&mut self) {
        let closed = |seat: &Seat| seat.standing == Standing::Frozen;
        let found = self.people.iter().enumerate().find_map(|(who, person)| {
            let mut rooms = person.seats.iter().filter(|(_, seat)| closed(seat)).map(|(room, _)| *room);
            Some((who, rooms.find(|room| !self.rooms[*room].succeeded)?))
        });
        let Some((who, room)) = found else { return };
        let others: Vec<usize> = self.roster(who, room).into_iter().map(|(member, _)| member).collect();
        let members = self.moving(who, &others);
        let successor = self.group(who, room).create_successor(members).unwrap();
        self.rooms[room].succeeded = true;
        self.tally.count("successor");
        self.begin(who, room, (Self::successor_id(room), successor));
    }

    /// A member and some others begin a group of their own.
    pub(crate) fn branch(&mut self, who: usize, room: usize) {
        if self.rooms.len() >= ROOMS || !self.seat(who, room).is_active() {
            return;
        }
        let roster = self.roster(who, room);
        let chosen: BTreeSet<usize> =
            (0..4).filter_map(|_| self.dice.pick(&roster)).map(|(member, _)| member).collect();
        let members = self.moving(who, &chosen.into_iter().collect::<Vec<_>>());
        let id = vec![50 + self.rooms.len() as u8];
        let options = BranchOptions { group_id: Some(id.clone()), members, ..BranchOptions::default() };
        let branch = self.group(who, room).branch(options).unwrap();
        self.tally.count("branch");
        self.begin(who, room, (id, branch));
    }

    fn moving(&mut self, who: usize, members: &[usize]) -> SuccessorOptions {
        let others = members.iter().filter(|member| **member != who);
        SuccessorOptions {
            key_packages: others.map(|member| self.people[*member].key_package(&mut self.dice)).collect(),
            tree_beside_welcome: self.dice.chance(40),
            public_handshakes: self.people[who].public,
            ..SuccessorOptions::default()
        }
    }

    /// A group that follows from `old` has begun; everybody in it but its founder has to join.
    fn begin(&mut self, who: usize, old: usize, (id, new): (Vec<u8>, Successor)) {
        let room = self.rooms.len();
        let after = Some((old, self.seat(who, old).epoch()));
        self.rooms.push(Room { epoch: 1, ..Room::new(id) });
        // The founder has lived through the epoch that was for it alone.
        let mut seat = Seat::new(new.group, self.people[who].window(), (0, 0));
        seat.advanced();
        self.people[who].seats.insert(room, seat);
        self.arrived(who, room, None);
        for (whom, _) in self.roster(who, room).into_iter().filter(|(member, _)| *member != who) {
            let (welcome, tree) = (new.welcome.clone().unwrap(), new.tree.clone());
            self.people[whom].mail.push(Mail { room, welcome, tree, epoch: 1, from: 0, after });
        }
    }
}

/// How far back clients look for the secrets of epochs.
const REACH: u64 = 5;
