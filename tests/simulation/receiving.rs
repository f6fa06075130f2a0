//! What becomes of a message at a client, held against what the model says.

use conclave::*;

use crate::model::{By, Expected, Kind, Proposed, Sent, Standing};
use crate::outsiders::OUTSIDER;
use crate::world::{PSKS, World, number_of};

impl World {
    /// Whether this is the commit by which a client wants to come back.
    pub(crate) fn is_join(&self, who: usize, room: usize, number: usize) -> bool {
        self.people[who].joins.get(&room).is_some_and(|join| join.sent == Sent::Accepted(number))
    }

    /// What receiving a message should come to.
    pub(crate) fn expected(&self, who: usize, room: usize, number: usize) -> Expected {
        if self.is_join(who, room, number) {
            return Expected::Change;
        }
        if let Some(expected) = self.expect_own_commit(who, room, number) {
            return expected;
        }
        let (seat, log) = (self.seat(who, room), &self.rooms[room].log);
        match seat.expect(who, (number, &log[number])) {
            Expected::Refused(402) if seat.is_following() => {
                let kept = seat.deferred.iter().any(|kept| log[*kept].bytes == log[number].bytes);
                match seat.deferred.len() < seat.window.deferred {
                    _ if kept => Expected::Duplicate,
                    true => Expected::Deferred,
                    false => Expected::Refused(402),
                }
            }
            expected => expected,
        }
    }

    /// A client receives a message, which must come to what the model says.
    pub(crate) fn receive(&mut self, who: usize, room: usize, number: usize) {
        let expected = self.expected(who, room, number);
        let bytes = self.rooms[room].log[number].bytes.clone();
        let event_of = |effect| match effect {
            Effect::Received { event, .. } | Effect::Confirmed { event, .. } => event,
            _ => unreachable!(),
        };
        let receive = |group: &Group| group.receive(bytes.clone(), vec![]);
        let (outcome, _) = self.through_faults((who, room), receive, event_of);
        self.came(who, room, number, (expected, outcome));
    }

    fn came(&mut self, who: usize, room: usize, number: usize, (expected, outcome): (Expected, Result<Event>)) {
        match (expected, outcome) {
            (Expected::Refused(code), Err(error)) if error.code() == code => self.refused(who, room, (number, code)),
            (Expected::Read, Ok(event)) => self.read(who, room, (number, event)),
            (Expected::Proposal, Ok(Event::Proposal { author, .. })) => self.proposal_came(who, room, (number, author)),
            (Expected::Duplicate, Ok(Event::Duplicate)) => self.duplicate_came(who, room, number),
            (Expected::Echo, Ok(Event::OwnEcho)) => self.tally.count("echo"),
            (Expected::Deferred, Ok(Event::Deferred { .. })) => {
                self.seat_mut(who, room).deferred.push(number);
                self.tally.count("deferred");
            }
            (Expected::Change, Ok(Event::EpochChanged { change })) if self.is_join(who, room, number) => {
                assert!(change.own && number_of(&change.committer.client_id) == who);
                self.entered(who, room, Some(&change));
            }
            (Expected::Change, Ok(event)) => {
                self.changed(who, room, event);
                // A device that was archived has come back before its copy.
                if self.rooms[room].log[number].from == who && self.seat(who, room).standing == Standing::Removed {
                    self.strand(who, room);
                }
            }
            (Expected::Change | Expected::Proposal, Err(error))
                if error.code() == 405 && self.may_be_torn(who, room, number) =>
            {
                self.missed(who, room, number);
            }
            (Expected::Change, Err(error)) => self.complete(who, room, (number, error)),
            (expected, outcome) => {
                panic!("p{who:02}, group {room}, message {number}: {expected:?}, and it came to {outcome:?}")
            }
        }
    }

    fn proposal_came(&mut self, who: usize, room: usize, (number, named): (usize, Author)) {
        let post = &self.rooms[room].log[number];
        let Kind::Proposal(Proposed { author, .. }) = &post.kind else { unreachable!() };
        let named = match named {
            Author::Member { member } => (By::Member, number_of(&member.client_id)),
            Author::External { index: 0 } => (By::Outsider, OUTSIDER),
            Author::NewMember => (By::NewMember, post.from),
            other => panic!("{other:?}"),
        };
        assert_eq!(named, (*author, post.from));
        self.keep(who, room, number);
        self.tally.count("proposal received");
    }

    /// A proposal that waits already, or a message of a future epoch that is kept already.
    fn duplicate_came(&mut self, who: usize, room: usize, number: usize) {
        if self.rooms[room].log[number].epoch == self.seat(who, room).epoch() {
            self.keep(who, room, number);
        }
        self.tally.count("duplicate");
    }

    /// Messages that were kept for the epoch that has begun come out.
    pub(crate) fn release(&mut self, who: usize, room: usize) {
        loop {
            let outcome = self.group(who, room).next_deferred(vec![]).unwrap();
            let due = self.seat(who, room).due(&self.rooms[room].log);
            // Those that are refused are forgotten in silence.
            let out = due.iter().position(|number| !matches!(self.expected(who, room, *number), Expected::Refused(_)));
            let gone = &due[..out.map_or(due.len(), |out| out + 1)];
            self.seat_mut(who, room).deferred.retain(|number| !gone.contains(number));
            for number in &due[..out.unwrap_or(due.len())] {
                if self.expected(who, room, *number) == Expected::Refused(509) {
                    self.refused(who, room, (*number, 509));
                }
            }
            match (out.map(|out| due[out]), outcome) {
                (Some(number), Some(event)) => {
                    let expected = self.expected(who, room, number);
                    self.came(who, room, number, (expected, Ok(event)));
                    self.tally.count("released");
                }
                (None, None) => break,
                (number, event) => panic!("p{who:02}, group {room}: {number:?} should come out, and {event:?} did"),
            }
        }
        // What was for epochs that will not come is gone.
        if !self.seat(who, room).is_following() {
            self.seat_mut(who, room).deferred.clear();
        }
        self.check_handle(who, room);
    }

    /// What came too early comes again after the next commit.
    fn refused(&mut self, who: usize, room: usize, (number, code): (usize, u32)) {
        self.tally.count(format!("refused with {code}"));
        if code == 509 && !matches!(self.rooms[room].log[number].kind, Kind::Application { .. }) {
            return self.missed(who, room, number);
        }
        if code != 402 {
            return;
        }
        let log = &self.rooms[room].log;
        let seat = self.people[who].seats.get_mut(&room).unwrap();
        let next = seat.queue.iter().position(|queued| log[*queued].kind == Kind::Commit);
        let next = next.unwrap_or_else(|| panic!("p{who:02}, group {room}: message {number} is ahead of all commits"));
        seat.queue.insert(next + 1, number);
    }

    fn read(&mut self, who: usize, room: usize, (number, event): (usize, Event)) {
        let post = &mut self.rooms[room].log[number];
        let Kind::Application { text, aad, leaf, generation } = post.kind.clone() else { unreachable!() };
        let sender = format!("p{:02}", post.from).into_bytes();
        let sender = MemberName { leaf, client_id: sender.clone(), user_id: sender };
        let meant = Event::Message { sender, plaintext: text, aad, epoch: post.epoch, generation };
        assert!(event == meant, "p{who:02}, group {room}, message {number}: {event:?}");
        assert!(post.read.insert(who), "p{who:02} has read message {number} of group {room} twice");
        let epoch = post.epoch;
        let seat = self.seat_mut(who, room);
        let (late, imported) = (epoch < seat.epoch(), seat.standing == Standing::Imported);
        seat.took((epoch, leaf, generation));
        if imported {
            self.tally.count("message read by a new device");
        }
        self.tally.count(if late { "message read late" } else { "message read" });
    }

    pub(crate) fn keep(&mut self, who: usize, room: usize, number: usize) {
        let Kind::Proposal(Proposed { first, .. }) = self.rooms[room].log[number].kind else { unreachable!() };
        let seat = self.seat_mut(who, room);
        seat.came.insert(number);
        seat.waiting.insert(first);
    }

    /// A commit cannot be read for want of a proposal or a key: that is fetched, and then it can.
    fn complete(&mut self, who: usize, room: usize, (number, error): (usize, Error)) {
        self.tally.count(format!("commit that lacks something: {}", error.code()));
        let lacking = match error.code() {
            406 => self.fetch_proposals(who, room, self.rooms[room].log[number].epoch),
            407 => self.learn_psks(who),
            _ => 0,
        };
        let epoch = self.rooms[room].log[number].epoch;
        if lacking == 0 && error.code() == 407 && self.may_lack_an_epoch(who, room, epoch) {
            return self.give_up(who, room, number);
        }
        if lacking == 0 && error.code() == 406 && !self.seat(who, room).missed.is_empty() {
            return self.give_up(who, room, number);
        }
        assert!(lacking > 0, "p{who:02}, group {room}, commit {number}: {error}");
        self.receive(who, room, number);
    }

    fn fetch_proposals(&mut self, who: usize, room: usize, epoch: u64) -> usize {
        let posts = self.rooms[room].log.iter().enumerate();
        let wanted = posts.filter(|(_, post)| post.epoch == epoch && matches!(post.kind, Kind::Proposal(_)));
        let numbers: Vec<usize> = wanted.map(|(number, _)| number).collect();
        let seat = self.seat(who, room);
        let there = |number: &&usize| seat.came.contains(number) || seat.missed.contains(number);
        let lacking = numbers.iter().filter(|number| !there(number)).count();
        numbers.iter().for_each(|number| self.receive(who, room, *number));
        lacking
    }

    pub(crate) fn learn_psks(&mut self, who: usize) -> usize {
        let person = &mut self.people[who];
        let unknown: Vec<&str> = PSKS.into_iter().filter(|psk| !person.psks.contains(psk)).collect();
        unknown.iter().for_each(|psk| person.learn_psk(psk));
        unknown.len()
    }
}
