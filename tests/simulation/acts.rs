//! What a step does.

use std::collections::BTreeSet;

use conclave::*;

use crate::model::{Expected, Kind, Post, Proposed, Seat, Sent, Standing};
use crate::steps::{Act, PEOPLE, Step};
use crate::world::{Person, Room, World};

/// The most groups of a scenario.
const ROOMS: usize = 3;

impl World {
    /// Does one step, and lets some messages arrive.
    pub(crate) fn step(&mut self, step: Step) {
        self.dice = crate::dice::Dice::new(step.dice.into());
        self.tally.count(format!("step {:?}", step.act));
        if step.act == Act::Create || self.rooms.is_empty() {
            self.create(step.who);
        } else if step.act == Act::JoinExternal {
            self.join_external(step.who);
        } else if step.act == Act::AskToJoin {
            self.ask_to_join(step.who);
        } else if let Some((who, room)) = self.someone(step.who) {
            self.act(step.act, who, room);
        }
        self.deliver();
    }

    fn act(&mut self, act: Act, who: usize, room: usize) {
        match act {
            Act::Create => self.create(who),
            Act::Say => self.say(who, room),
            Act::Flood => self.flood(who, room),
            Act::ProposeAdd => self.propose_add(who, room),
            Act::ProposeRemove => self.propose_remove(who, room),
            Act::ProposeUpdate => self.propose_update(who, room),
            Act::ProposePsk => self.propose_psk(who, room),
            Act::ProposeExtensions => self.propose_extensions(who, room),
            Act::Leave => self.leave(who, room),
            Act::Commit => self.commit_anything(who, room),
            Act::Invite => self.invite(who, room),
            Act::SelfUpdate => self.self_update(who, room),
            Act::Race => self.race(who, room),
            Act::Decide => self.decide(who, room),
            Act::Clear => self.clear(who, room),
            Act::Restart => self.restart(),
            Act::Delete => self.delete(),
            Act::Forge => self.forge(who, room),
            Act::Settle => self.settle(),
            Act::Prune => self.prune(who, room),
            Act::JoinExternal => self.join_external(who),
            Act::AskToJoin => self.ask_to_join(who),
            Act::ProposeOutside => self.propose_as_outsider(),
            Act::ProposeCustom => self.propose_custom(who, room),
            Act::ProposeResumption => self.propose_resumption(who, room),
            Act::Reinit => self.reinit(who, room),
            Act::ProposeReinit => self.propose_reinit(who, room),
            Act::Successor => self.found_successor(),
            Act::Branch => self.branch(who, room),
            Act::Archive => self.archive(who),
        }
    }

    fn create(&mut self, who: usize) {
        if self.rooms.len() >= ROOMS {
            return;
        }
        let room = self.rooms.len();
        let options = GroupOptions {
            group_id: Some(vec![room as u8]),
            public_handshakes: self.people[who].public,
            without_padding: self.dice.chance(50),
            ..GroupOptions::default()
        };
        let group = self.people[who].client.create_group(options).unwrap();
        let seat = Seat::new(group, self.people[who].window(), (0, 0));
        self.people[who].seats.insert(room, seat);
        self.rooms.push(Room::new(vec![room as u8]));
        self.arrived(who, room, None);
        // A group of one has nobody to talk to.
        self.invite(who, room);
    }

    /// The code with which a member cannot do anything at all, or cannot send messages.
    pub(crate) fn obstacle(&self, who: usize, room: usize, to_send: bool) -> Option<u32> {
        let seat = self.seat(who, room);
        match seat.standing {
            Standing::Removed => Some(409),
            Standing::Frozen => Some(506),
            Standing::Imported => Some(509),
            Standing::Active if to_send && !seat.waiting.is_empty() => Some(505),
            Standing::Active => None,
        }
    }

    /// Sends a message, if the rules allow it.
    fn encrypt(&mut self, who: usize, room: usize) -> Option<Post> {
        let number = self.rooms[room].log.len();
        let (text, aad) = (format!("{who} says {number} {}", self.dice.throw()).into_bytes(), self.dice.chance(30));
        let aad = if aad { b"in the open".to_vec() } else { vec![] };
        let message_of = |effect| match effect {
            Effect::Outbound { message, .. } => message,
            _ => unreachable!(),
        };
        let encrypt = |group: &Group| group.encrypt(text.clone(), aad.clone(), vec![]);
        let (outcome, ended) = self.through_faults((who, room), encrypt, message_of);
        if let Some(code) = self.obstacle(who, room, true) {
            assert_eq!(outcome.map(drop).map_err(|error| error.code()), Err(code), "p{who:02} sends");
            self.tally.count(format!("sending refused with {code}"));
            return None;
        }
        let bytes = outcome.unwrap();
        if self.seat(who, room).has_reserve() {
            self.tally.count("message sent from a reserve");
        }
        let seat = self.seat_mut(who, room);
        let kind = Kind::Application { text, aad, leaf: seat.stay.leaf, generation: seat.count_sent() };
        if ended {
            seat.lose_reserve();
        }
        Some(Post { bytes, from: who, epoch: seat.epoch(), kind, read: BTreeSet::new() })
    }

    fn say(&mut self, who: usize, room: usize) {
        for _ in 0..1 + self.dice.below(3) {
            let Some(post) = self.encrypt(who, room) else { return };
            self.publish(room, post);
            self.tally.count("message sent");
        }
    }

    /// Of many messages only some are delivered at all.
    fn flood(&mut self, who: usize, room: usize) {
        for _ in 0..10 + self.dice.below(60) {
            let Some(post) = self.encrypt(who, room) else { return };
            if self.dice.chance(8) {
                self.publish(room, post);
            }
        }
    }

    fn restart(&mut self) {
        for who in 0..PEOPLE {
            if self.dice.chance(30) {
                self.people[who].restart();
                self.check_restarted(who);
            }
        }
    }

    /// Old keys are deleted before their time.
    fn prune(&mut self, who: usize, room: usize) {
        let keep = self.dice.below(3) as u32;
        self.group(who, room).prune(Some(keep)).unwrap();
        let oldest = self.seat(who, room).stay.oldest;
        self.seat_mut(who, room).pruned(keep.into());
        if oldest < self.seat(who, room).stay.oldest {
            self.tally.count("pruned");
        }
        self.check_handle(who, room);
    }

    fn delete(&mut self) {
        for person in &mut self.people {
            let Person { seats, joins, .. } = person;
            let over = |room: usize, seat: &Seat| seat.standing == Standing::Removed && !joins.contains_key(&room);
            let found = seats.iter().find(|(room, seat)| over(**room, seat)).map(|(room, _)| *room);
            let Some(room) = found else { continue };
            let seat = person.seats.remove(&room).unwrap();
            let id = seat.group.id();
            seat.group.delete().unwrap();
            assert_eq!(person.client.open_group(id).map(drop).map_err(|error| error.code()), Err(401));
            assert_eq!(seat.group.status().map(drop).map_err(|error| error.code()), Err(401));
            return self.tally.count("deleted");
        }
    }

    /// Whoever alters a message that could be read gets nothing for it, and takes nothing away.
    fn forge(&mut self, who: usize, room: usize) {
        let seat = self.seat(who, room);
        // Which handshakes a new device cannot take, nobody knows.
        if !seat.torn.is_empty() {
            return;
        }
        let wanted = seat.queue.iter().copied().find(|number| {
            let expected = self.expected(who, room, *number);
            let own = self.rooms[room].log[*number].from == who;
            !own && matches!(expected, Expected::Read | Expected::Proposal | Expected::Change)
        });
        let Some(number) = wanted else { return };
        let mut bytes = self.rooms[room].log[number].bytes.clone();
        *bytes.last_mut().unwrap() ^= 1;
        let before = self.people[who].records();
        let code = self.group(who, room).receive(bytes, vec![]).map_err(|error| error.code());
        // The confirmation tag of a commit by a newcomer is looked at last, when the rest is there.
        let lacks = self.rooms[room].log[number].kind == Kind::Commit && matches!(code, Err(406 | 407));
        assert!(lacks || matches!(code, Err(301..=303)), "p{who:02}: {code:?}");
        assert!(self.people[who].records() == before, "a forged message changed the store of p{who:02}");
        self.tally.count("forged");
        let place = self.seat(who, room).queue.iter().position(|queued| *queued == number).unwrap();
        self.seat_mut(who, room).queue.remove(place);
        self.receive(who, room, number);
    }

    /// The delivery service drops the proposals that a member has, which tells the member so. It does not drop what it has
    /// already accepted a commit for.
    fn clear(&mut self, who: usize, room: usize) {
        if self.rooms[room].epoch != self.seat(who, room).epoch() {
            return;
        }
        let outcome = self.group(who, room).clear_proposals();
        let waiting = std::mem::take(&mut self.seat_mut(who, room).waiting);
        outcome.unwrap();
        for number in waiting {
            if let Kind::Proposal(Proposed { dropped, .. }) = &mut self.rooms[room].log[number].kind {
                *dropped = true;
            }
        }
    }

    /// Everything arrives everywhere, until nothing moves any more.
    pub(crate) fn settle(&mut self) {
        while (0..PEOPLE).fold(false, |moved, who| self.drain(who) | moved) {}
        self.check_settled();
        self.tally.count("settled");
    }

    /// What becomes of a commit that waits.
    pub(crate) fn decide(&mut self, who: usize, room: usize) {
        self.decide_join(who, room);
        if !self.people[who].seats.contains_key(&room) {
            return;
        }
        let Some(pending) = &self.seat(who, room).pending else { return };
        let (sent, commit) = (pending.sent, pending.built.commit.clone());
        let named = self.dice.chance(50).then_some(commit);
        match sent {
            Sent::Not => self.offer(who, room),
            Sent::Accepted(_) => {
                let event = self.group(who, room).confirm_commit(named, vec![]).unwrap();
                self.changed(who, room, event);
            }
            Sent::Refused => {
                self.group(who, room).discard_commit(named).unwrap();
                self.seat_mut(who, room).pending = None;
                self.tally.count("discarded");
            }
        }
    }
}
