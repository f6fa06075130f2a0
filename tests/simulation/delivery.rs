//! The delivery service: it puts handshakes in one order, accepts one commit for each epoch, and otherwise loses, doubles,
//! reorders and delays what it can.

use std::collections::BTreeSet;
use std::sync::Arc;

use conclave::*;

use crate::model::{By, Expected, Kind, Pending, Post, Proposed, Sent, Standing};
use crate::outsiders::OUTSIDER;
use crate::world::{Mail, PSKS, World, number_of};

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
        let unwanted = seat.waiting.iter().any(|number| {
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

    /// Whether this is the commit by which a client wants to come back.
    fn is_join(&self, who: usize, room: usize, number: usize) -> bool {
        self.people[who].joins.get(&room).is_some_and(|join| join.sent == Sent::Accepted(number))
    }

    /// What receiving a message should come to.
    pub(crate) fn expected(&self, who: usize, room: usize, number: usize) -> Expected {
        if self.is_join(who, room, number) {
            return Expected::Change;
        }
        let (seat, log) = (self.seat(who, room), &self.rooms[room].log);
        match seat.expect(who, (number, &log[number])) {
            Expected::Refused(402) if seat.is_active() => {
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
            (Expected::Change, Ok(event)) => self.changed(who, room, event),
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
        if !self.seat(who, room).is_active() {
            self.seat_mut(who, room).deferred.clear();
        }
        self.check_handle(who, room);
    }

    /// What came too early comes again after the next commit.
    fn refused(&mut self, who: usize, room: usize, (number, code): (usize, u32)) {
        self.tally.count(format!("refused with {code}"));
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
        let late = epoch < seat.epoch();
        seat.took((epoch, leaf, generation));
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
            let seat = self.seat_mut(who, room);
            seat.queue.push_front(number);
            seat.stuck = true;
            return self.strand(who, room);
        }
        assert!(lacking > 0, "p{who:02}, group {room}, commit {number}: {error}");
        self.receive(who, room, number);
    }

    fn fetch_proposals(&mut self, who: usize, room: usize, epoch: u64) -> usize {
        let posts = self.rooms[room].log.iter().enumerate();
        let wanted = posts.filter(|(_, post)| post.epoch == epoch && matches!(post.kind, Kind::Proposal(_)));
        let numbers: Vec<usize> = wanted.map(|(number, _)| number).collect();
        let lacking = numbers.iter().filter(|number| !self.seat(who, room).came.contains(number)).count();
        numbers.iter().for_each(|number| self.receive(who, room, *number));
        lacking
    }

    fn learn_psks(&mut self, who: usize) -> usize {
        let person = &mut self.people[who];
        let unknown: Vec<&str> = PSKS.into_iter().filter(|psk| !person.psks.contains(psk)).collect();
        unknown.iter().for_each(|psk| person.learn_psk(psk));
        unknown.len()
    }

    /// A commit took effect at a client.
    pub(crate) fn changed(&mut self, who: usize, room: usize, event: Event) {
        let seat = self.seat_mut(who, room);
        let pending = seat.pending.take();
        let next = seat.epoch() + 1;
        let change = match event {
            Event::EpochChanged { change } => change,
            Event::Reinit { change, group_id, .. } => {
                assert_eq!(group_id, World::successor_id(room));
                seat.standing = Standing::Frozen;
                self.rooms[room].closed = true;
                change
            }
            Event::Removed { epoch, .. } => {
                assert_eq!(epoch, next);
                seat.was_removed();
                self.tally.count("removed");
                self.drop_outrun(who, room, next);
                return self.release(who, room);
            }
            other => panic!("p{who:02}, group {room}: {other:?}"),
        };
        let seat = self.seat_mut(who, room);
        seat.advanced();
        assert_eq!(change.epoch, next);
        assert_eq!(change.lost_commit.is_some(), pending.is_some() && !change.own);
        if change.lost_commit.is_some() {
            self.tally.count("lost commit");
        }
        self.drop_outrun(who, room, next);
        self.tally.count("commit processed");
        self.arrived(who, room, Some(&change));
        if let Some(pending) = pending.filter(|_| change.own) {
            assert_eq!(pending.built.welcome.is_some(), !change.added.is_empty());
            self.invite_added(who, room, pending);
        }
        self.release(who, room);
    }

    /// The Welcome of a commit that was accepted goes out.
    pub(crate) fn invite_added(&mut self, who: usize, room: usize, pending: Pending) {
        let Sent::Accepted(number) = pending.sent else { panic!("p{who:02}: a commit that nobody accepted") };
        let Some(welcome) = pending.built.welcome else { return };
        let epoch = self.rooms[room].log[number].epoch + 1;
        let facts = &self.rooms[room].facts[&epoch];
        let tree = if pending.tree_later { facts.tree() } else { pending.built.tree };
        for whom in facts.added() {
            let (welcome, tree) = (welcome.clone(), tree.clone());
            self.people[whom].mail.push(Mail { room, welcome, tree, epoch, from: number + 1, after: None });
        }
    }

    /// A rejoin that was not accepted is given up when another commit has begun its epoch.
    fn drop_outrun(&mut self, who: usize, room: usize, next: u64) {
        let joins = &mut self.people[who].joins;
        if joins.get(&room).is_some_and(|join| join.epoch <= next) {
            let join = joins.remove(&room).unwrap();
            assert_eq!(join.sent, Sent::Refused, "p{who:02}: an accepted rejoin was outrun");
            self.tally.count("rejoin outrun");
        }
    }

    /// Joins by the first Welcome whose group this client is not in any more, and whose time has come.
    pub(crate) fn open_mail(&mut self, who: usize) -> bool {
        let person = &self.people[who];
        let is_member = |room: usize| person.seats.get(&room).is_some_and(|seat| seat.standing != Standing::Removed);
        let reached = |(room, epoch): (usize, u64)| {
            let seat = person.seats.get(&room).filter(|seat| seat.standing != Standing::Removed && !seat.stuck);
            seat.is_none_or(|seat| seat.epoch() >= epoch)
        };
        let ready = |mail: &Mail| !is_member(mail.room) && mail.after.is_none_or(reached);
        let Some(place) = person.mail.iter().position(ready) else { return false };
        let room = person.mail[place].room;
        if person.joins.contains_key(&room) {
            self.decide_join(who, room);
            return true;
        }
        let mail = self.people[who].mail.remove(place);
        match self.try_welcome(who, &mail) {
            Ok(group) => self.sit_down(who, (mail.room, mail.from), (group, mail.epoch), None),
            Err(error) => {
                assert!(self.may_stay_out(who, &mail, error.code()), "p{who:02} joins group {}: {error}", mail.room);
                self.tally.count(format!("Welcome refused with {}", error.code()));
                self.strand(who, mail.room);
            }
        }
        true
    }

    fn try_welcome(&mut self, who: usize, mail: &Mail) -> Result<Arc<Group>> {
        let person = &self.people[who];
        let (tree, public_handshakes) = (mail.tree.clone(), person.public);
        let options = JoinOptions { tree, public_handshakes, ..JoinOptions::default() };
        match person.client.join(mail.welcome.clone(), options.clone()) {
            Err(error) if error.code() == 407 && self.learn_psks(who) > 0 => {
                self.people[who].client.join(mail.welcome.clone(), options)
            }
            joined => joined,
        }
    }

    /// Whether a Welcome may fail to let a client in: for want of the secrets of another epoch, or because the group it follows
    /// from has moved on without the client.
    fn may_stay_out(&self, who: usize, mail: &Mail, code: u32) -> bool {
        match mail.after {
            None => code == 407 && self.may_lack_an_epoch(who, mail.room, mail.epoch - 1),
            Some((room, epoch)) => {
                let seat = self.people[who].seats.get(&room);
                let there = seat.is_some_and(|seat| seat.standing != Standing::Removed && seat.epoch() == epoch);
                !there && matches!(code, 407 | 318)
            }
        }
    }
}
