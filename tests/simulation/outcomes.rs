//! Commits that take effect, and the Welcomes that they send out.

use std::sync::Arc;

use conclave::*;

use crate::model::{Pending, Sent, Standing};
use crate::world::{Mail, Person, World};

impl World {
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
        let Person { mail, seats, .. } = &mut self.people[who];
        // A Welcome may be so slow that its client has come in and gone in another way.
        mail.retain(|mail| seats.get(&mail.room).is_none_or(|seat| mail.epoch > seat.epoch()));
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
            // Key packages stay behind in a move.
            _ if code == 408 => self.people[who].moved,
            None => code == 407 && self.may_lack_an_epoch(who, mail.room, mail.epoch - 1),
            Some((room, epoch)) => {
                let seat = self.people[who].seats.get(&room);
                let there = seat.is_some_and(|seat| seat.standing != Standing::Removed && seat.epoch() == epoch);
                !there && matches!(code, 407 | 318)
            }
        }
    }
}
