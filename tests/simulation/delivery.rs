//! The delivery service: it puts handshakes in one order, accepts one commit for each epoch, and otherwise loses, doubles,
//! reorders and delays what it can.

use std::collections::BTreeSet;

use crate::model::{Kind, Post, Proposed, Sent};
use crate::world::World;

impl World {
    /// Takes a message for a group, and puts it on its way to all clients that know the group.
    pub(crate) fn publish(&mut self, room: usize, post: Post) -> usize {
        let number = self.rooms[room].log.len();
        self.rooms[room].log.push(post);
        self.dispatch(room, number);
        number
    }

    fn dispatch(&mut self, room: usize, number: usize) {
        let is_commit = self.rooms[room].log[number].kind == Kind::Commit;
        for person in &mut self.people {
            let Some(seat) = person.seats.get_mut(&room) else { continue };
            match self.dice.below(100) {
                _ if is_commit => seat.queue.push_back(number),
                0..10 => {}
                10..20 => seat.queue.extend([number, number]),
                20..32 => seat.late.push(number),
                _ => seat.queue.push_back(number),
            }
        }
    }

    /// Takes a commit, if it is the first for its epoch and names nothing that was dropped.
    pub(crate) fn offer(&mut self, who: usize, room: usize) {
        let seat = self.seat(who, room);
        let Some(pending) = seat.pending.as_ref().filter(|pending| pending.sent == Sent::Not) else { return };
        let (epoch, bytes) = (seat.epoch(), pending.built.commit.clone());
        let unwanted = pending.names.iter().any(|number| {
            let post = &self.rooms[room].log[*number];
            matches!(post.kind, Kind::Proposal(Proposed { dropped: true, .. }))
        });
        let sent = match self.rooms[room].epoch == epoch && !unwanted && !self.rooms[room].closed {
            true => {
                self.rooms[room].epoch += 1;
                self.tally.count("commit accepted");
                let post = Post { bytes, from: who, epoch, kind: Kind::Commit, read: BTreeSet::new() };
                Sent::Accepted(self.publish(room, post))
            }
            false => {
                self.tally.count("commit refused");
                Sent::Refused
            }
        };
        self.seat_mut(who, room).pending.as_mut().unwrap().sent = sent;
    }

    /// Some of the people fetch some of what is there for them.
    pub(crate) fn deliver(&mut self) {
        for who in 0..self.people.len() {
            let lazy = self.people[who].lazy;
            if !self.dice.chance(if lazy { 8 } else { 60 }) {
                continue;
            }
            self.open_mail(who);
            self.recover(who);
            let rooms: Vec<usize> = self.people[who].seats.keys().copied().collect();
            for room in rooms {
                let count = if lazy { 100 } else { 1 + self.dice.below(8) };
                (0..count).for_each(|_| self.fetch(who, room));
            }
        }
    }

    /// One message of those that are there, not always the first.
    fn fetch(&mut self, who: usize, room: usize) {
        let Some(seat) = self.people[who].seats.get_mut(&room).filter(|seat| !seat.stuck) else { return };
        if !seat.late.is_empty() && self.dice.chance(10) {
            let held_up = seat.late.swap_remove(self.dice.below(seat.late.len()));
            seat.queue.push_front(held_up);
        }
        if seat.queue.is_empty() {
            return;
        }
        let chosen = if self.dice.chance(30) { self.dice.below(seat.queue.len().min(6)) } else { 0 };
        // Commits stay in order.
        let log = &self.rooms[room].log;
        let is_commit = |number: &usize| log[*number].kind == Kind::Commit;
        let place = match is_commit(&seat.queue[chosen]) {
            true => seat.queue.iter().position(is_commit).unwrap_or(chosen),
            false => chosen,
        };
        let number = seat.queue.remove(place).unwrap();
        self.receive(who, room, number);
    }

    /// Everything that is on its way arrives.
    pub(crate) fn drain(&mut self, who: usize) -> bool {
        let joining: Vec<usize> = self.people[who].joins.keys().copied().collect();
        joining.iter().for_each(|room| self.decide_join(who, *room));
        let mut moved = self.recover(who) | self.open_mail(who) | !joining.is_empty();
        let rooms: Vec<usize> = self.people[who].seats.keys().copied().collect();
        for room in rooms {
            let seat = self.seat_mut(who, room);
            let held_up = std::mem::take(&mut seat.late);
            seat.queue.extend(held_up);
            while !self.seat(who, room).stuck {
                let Some(number) = self.seat_mut(who, room).queue.pop_front() else { break };
                self.receive(who, room, number);
                moved = true;
            }
        }
        moved
    }
}
