//! Joining by a commit of one's own: whoever is outside, was removed, or cannot follow any more.

use std::collections::BTreeSet;

use conclave::*;

use crate::model::{Kind, Post, Seat, Sent, Standing};
use crate::world::{Join, Room, World};

/// How a group can be joined: its GroupInfo, the tree beside it, and of which epoch they are.
pub(crate) struct Invitation {
    pub(crate) group_info: Vec<u8>,
    pub(crate) tree: Option<Vec<u8>>,
    pub(crate) epoch: u64,
}

impl World {
    /// What a member of the newest epoch that somebody is in hands out.
    fn invitation(&mut self, room: usize) -> Option<Invitation> {
        let seats = self.people.iter().filter_map(|person| person.seats.get(&room));
        let active = seats.filter(|seat| seat.is_active());
        let seat = active.max_by_key(|seat| seat.epoch())?;
        let (group, epoch, inside) = (seat.group.clone(), seat.epoch(), self.dice.chance(70));
        let tree = if inside { None } else { Some(group.export_tree().unwrap()) };
        Some(Invitation { group_info: group.group_info(inside).unwrap(), tree, epoch })
    }

    /// A group that goes on.
    fn an_open_room(&mut self) -> Option<usize> {
        let open: Vec<usize> = (0..self.rooms.len()).filter(|room| !self.rooms[*room].closed).collect();
        self.dice.pick(&open)
    }

    pub(crate) fn some_invitation(&mut self) -> Option<(usize, Invitation)> {
        let room = self.an_open_room()?;
        Some((room, self.invitation(room)?))
    }

    /// A member whose own commit waits.
    fn someone_waiting(&self) -> Option<(usize, usize)> {
        self.people.iter().enumerate().find_map(|(who, person)| {
            let mut seats = person.seats.iter().filter(|(room, _)| !self.rooms[**room].closed);
            seats.find(|(_, seat)| seat.is_active() && seat.pending.is_some()).map(|(room, _)| (who, *room))
        })
    }

    /// Someone joins by itself, or comes back so.
    pub(crate) fn join_external(&mut self, who: usize) {
        let waiting = if self.dice.chance(40) { self.someone_waiting() } else { None };
        let Some((who, room)) = waiting.or_else(|| Some((who, self.an_open_room()?))) else { return };
        let rejoin = self.dice.chance(70);
        if self.try_external(who, room, rejoin) && self.dice.chance(50) {
            self.decide_join(who, room);
        }
    }

    /// Makes the commit and offers it. Whether it was made.
    fn try_external(&mut self, who: usize, room: usize, rejoin: bool) -> bool {
        let Some(Invitation { group_info, tree, epoch }) = self.invitation(room) else { return false };
        let (psks, with_psk) = (self.people[who].psks.iter().map(|psk| psk.as_bytes().to_vec()), self.dice.chance(20));
        let psks = if with_psk { psks.collect() } else { vec![] };
        let public_handshakes = self.people[who].public;
        let options = ExternalJoinOptions { tree, rejoin, psks, public_handshakes, ..ExternalJoinOptions::default() };
        let (must, may) = self.obstacle_to_join(who, (room, epoch), rejoin);
        match self.people[who].client.join_external(group_info, options) {
            Ok(join) => {
                assert_eq!(must, None, "p{who:02} joins group {room}");
                assert_eq!(join.epoch, epoch + 1);
                let sent = self.offer_join(who, room, (epoch, join.commit.clone()));
                self.people[who].joins.insert(room, Join { commit: join.commit, epoch: epoch + 1, sent });
                self.tally.count("external join");
                true
            }
            Err(error) => {
                let allowed = must.into_iter().chain(may).any(|code| code == error.code());
                assert!(allowed, "p{who:02} joins group {room}: {error}, not {must:?}");
                self.tally.count(format!("external join not made: {}", error.code()));
                false
            }
        }
    }

    /// The code that a join must be refused with, and one that it may be.
    fn obstacle_to_join(&self, who: usize, (room, epoch): (usize, u64), rejoin: bool) -> (Option<u32>, Option<u32>) {
        let person = &self.people[who];
        let must = match person.seats.get(&room).map(|seat| (seat.standing, seat.epoch())) {
            _ if person.joins.contains_key(&room) => Some(510),
            Some((Standing::Frozen, _)) => Some(506),
            Some((Standing::Active, _)) if !rejoin => Some(507),
            Some((Standing::Active | Standing::Imported, now)) if epoch < now => Some(315),
            Some((Standing::Removed, now)) if epoch <= now => Some(315),
            _ => None,
        };
        (must, (!person.capable).then_some(311))
    }

    fn offer_join(&mut self, who: usize, room: usize, (epoch, bytes): (u64, Vec<u8>)) -> Sent {
        if self.rooms[room].epoch != epoch || self.rooms[room].closed {
            self.tally.count("external join refused");
            return Sent::Refused;
        }
        self.rooms[room].epoch += 1;
        let number = self.rooms[room].log.len();
        self.rooms[room].joins.insert(number);
        Sent::Accepted(self.publish(room, Post { bytes, from: who, epoch, kind: Kind::Commit, read: BTreeSet::new() }))
    }

    /// What becomes of a join that waits.
    pub(crate) fn decide_join(&mut self, who: usize, room: usize) {
        let Some(join) = self.people[who].joins.get(&room) else { return };
        let (sent, commit) = (join.sent, join.commit.clone());
        let (client, group_id) = (self.people[who].client.clone(), self.rooms[room].id.clone());
        let waiting = client.pending_join(group_id.clone()).unwrap().unwrap();
        assert!(waiting.commit == commit, "p{who:02}: pending join of group {room}");
        let named = self.dice.chance(50).then_some(commit);
        match sent {
            Sent::Accepted(_) => {
                client.confirm_join(group_id, named, vec![]).unwrap();
                self.entered(who, room, None);
            }
            _ => {
                client.discard_join(group_id, named).unwrap();
                self.people[who].joins.remove(&room);
                self.tally.count("external join discarded");
            }
        }
    }

    fn is_imported(&self, who: usize, room: usize) -> bool {
        self.people[who].seats.get(&room).is_some_and(|seat| seat.standing == Standing::Imported)
    }

    /// A join took effect.
    pub(crate) fn entered(&mut self, who: usize, room: usize, change: Option<&EpochChange>) {
        let person = &mut self.people[who];
        let join = person.joins.remove(&room).unwrap();
        let Sent::Accepted(number) = join.sent else { panic!("p{who:02}: a join that nobody accepted") };
        let group = person.client.open_group(self.rooms[room].id.clone()).unwrap();
        if person.seats.get(&room).is_some_and(Seat::is_active) {
            self.tally.count("rejoin confirmed");
        }
        // A commit that was accepted and not confirmed goes down with the old stay; its Welcome must not.
        let pending = person.seats.get_mut(&room).and_then(|seat| seat.pending.take());
        if let Some(pending) = pending.filter(|pending| matches!(pending.sent, Sent::Accepted(_))) {
            self.invite_added(who, room, pending);
        }
        let imported = self.is_imported(who, room);
        self.sit_down(who, (room, number + 1), (group, join.epoch), change);
        if imported {
            self.tell_old_device(who, room, (join.epoch, join.commit));
        }
        self.tally.count("external join confirmed");
    }

    /// A client takes its place in a group, and gets what is sent from then on.
    pub(crate) fn sit_down(
        &mut self,
        who: usize,
        (room, from): (usize, usize),
        (group, epoch): (std::sync::Arc<Group>, u64),
        change: Option<&EpochChange>,
    ) {
        let status = group.status().unwrap();
        assert_eq!(status.epoch, epoch);
        let Room { log, .. } = &self.rooms[room];
        let person = &mut self.people[who];
        let mut seat = Seat::new(group, person.window(), (epoch, status.own_leaf));
        // A little of what was before, which cannot be read.
        seat.queue.extend(from.saturating_sub(4)..log.len());
        if let Some(old) = person.seats.remove(&room) {
            seat.come_back(old, log);
            self.tally.count("joined again");
        }
        person.seats.insert(room, seat);
        person.stranded.remove(&room);
        self.tally.count("joined");
        self.arrived(who, room, change);
    }

    /// Whoever cannot follow a group comes back by a commit of its own. Whether it is back.
    pub(crate) fn recover(&mut self, who: usize) -> bool {
        self.find_shut_out(who);
        let stranded: Vec<usize> = self.people[who].stranded.iter().copied().collect();
        let mut back = false;
        for room in stranded {
            // A new device need not say that it gives the group up.
            let imported = self.is_imported(who, room);
            if self.people[who].joins.contains_key(&room) {
                self.decide_join(who, room);
            }
            if self.people[who].stranded.contains(&room)
                && !self.rooms[room].closed
                && self.try_external(who, room, !imported)
            {
                self.decide_join(who, room);
            }
            if !self.people[who].stranded.contains(&room) {
                self.tally.count("recovered");
                back = true;
            }
        }
        back
    }
}
