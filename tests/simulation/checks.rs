//! What must be true: all members of an epoch are in the same state, whenever they get there and however often they restart;
//! and when everything has arrived, everybody is in the newest one.

use std::collections::BTreeSet;

use conclave::*;

use crate::model::Standing;
use crate::world::{World, number_of};

/// What all members of an epoch must see alike.
#[derive(Clone, PartialEq)]
struct View {
    roster: Vec<Member>,
    /// Authenticator, exported secret and tree, which a closed group does not tell.
    open: Option<[Vec<u8>; 3]>,
}

impl View {
    fn of(group: &Group) -> Self {
        let roster = group.members(None, u32::MAX).unwrap();
        if group.status().unwrap().frozen {
            assert_eq!(group.export_tree().map_err(|error| error.code()), Err(506));
            return View { roster, open: None };
        }
        let exported = group.export_secret("simulation".into(), b"context".to_vec(), 32).unwrap().copy().unwrap();
        let open = [group.epoch_authenticator().unwrap(), exported, group.export_tree().unwrap()];
        View { roster, open: Some(open) }
    }

    fn names(&self) -> BTreeSet<(u32, Vec<u8>)> {
        self.roster.iter().map(|member| (member.name.leaf, member.name.client_id.clone())).collect()
    }
}

/// An epoch, as the first who got there saw it.
pub(crate) struct Facts {
    view: View,
    /// What the commit changed that began it; nobody knows of a group's first.
    change: Option<EpochChange>,
}

impl Facts {
    /// Whom the commit added that began the epoch.
    pub(crate) fn added(&self) -> Vec<usize> {
        let added = self.change.iter().flat_map(|change| &change.added);
        added.map(|member| number_of(&member.client_id)).collect()
    }

    /// The ratchet tree, as members export it.
    pub(crate) fn tree(&self) -> Option<Vec<u8>> {
        self.view.open.as_ref().map(|[_, _, tree]| tree.clone())
    }

    /// Whether this person is a member.
    pub(crate) fn has(&self, who: usize) -> bool {
        self.view.roster.iter().any(|member| number_of(&member.name.client_id) == who)
    }
}

impl World {
    /// A member has reached an epoch: it must find there what the others found, and have been told the same.
    pub(crate) fn arrived(&mut self, who: usize, room: usize, change: Option<&EpochChange>) {
        let seat = self.seat(who, room);
        let (epoch, view) = (seat.epoch(), View::of(&seat.group));
        let change = change.map(|change| EpochChange { own: false, lost_commit: None, ..change.clone() });
        self.check_handle(who, room);
        let Some(facts) = self.rooms[room].facts.get_mut(&epoch) else {
            self.check_change(room, (epoch, &view, change.as_ref()));
            self.rooms[room].facts.insert(epoch, Facts { view, change });
            return;
        };
        assert!(facts.view == view, "p{who:02} differs in epoch {epoch} of group {room}");
        match (&facts.change, change) {
            (Some(told), Some(change)) => assert_eq!(*told, change, "p{who:02} was told otherwise"),
            (None, Some(change)) => facts.change = Some(change),
            _ => {}
        }
    }

    /// The roster is the one before with the change made.
    fn check_change(&self, room: usize, (epoch, view, change): (u64, &View, Option<&EpochChange>)) {
        let before = epoch.checked_sub(1).and_then(|before| self.rooms[room].facts.get(&before));
        let (Some(before), Some(change)) = (before, change) else { return };
        let named = |members: &[MemberName]| -> BTreeSet<(u32, Vec<u8>)> {
            members.iter().map(|member| (member.leaf, member.client_id.clone())).collect()
        };
        let stayed = &before.view.names() - &named(&change.removed);
        assert!(view.names() == &stayed | &named(&change.added), "epoch {epoch} of group {room} has other members");
    }

    /// The handle says of itself what it should.
    pub(crate) fn check_handle(&self, who: usize, room: usize) {
        let seat = self.seat(who, room);
        let status = seat.group.status().unwrap();
        let of_model = (seat.epoch(), seat.stay.oldest, seat.stay.leaf, seat.waiting.len());
        let of_handle = (status.epoch, status.oldest_epoch, status.own_leaf, status.pending_proposals as usize);
        assert_eq!(of_handle, of_model, "p{who:02}: epoch, oldest epoch, leaf, waiting proposals");
        assert_eq!(status.deferred as usize, seat.deferred.len(), "p{who:02}: deferred messages");
        assert_eq!((status.active, status.frozen), (seat.is_active(), seat.standing == Standing::Frozen), "p{who:02}");
        assert_eq!(status.imported, seat.standing == Standing::Imported, "p{who:02}");
        let waiting = seat.group.pending_commit().unwrap().map(|pending| (pending.commit, pending.welcome));
        let built = seat.pending.as_ref().map(|pending| (pending.built.commit.clone(), pending.built.welcome.clone()));
        assert!(waiting == built, "p{who:02}: pending commit");
        let joining = self.people[who].client.pending_join(self.rooms[room].id.clone()).unwrap();
        assert_eq!(joining.is_some(), self.people[who].joins.contains_key(&room), "p{who:02}: pending join");
    }

    /// A client that was opened anew is in the state that it was closed in.
    pub(crate) fn check_restarted(&self, who: usize) {
        for (room, seat) in &self.people[who].seats {
            self.check_handle(who, *room);
            if seat.standing != Standing::Removed {
                let facts = &self.rooms[*room].facts[&seat.epoch()];
                assert!(facts.view == View::of(&seat.group), "p{who:02} differs after a restart");
            }
        }
    }

    /// Everything has been delivered: all members are in the newest epoch, and nobody else is.
    pub(crate) fn check_settled(&self) {
        for (room, known) in self.rooms.iter().enumerate() {
            let newest = &known.facts[&known.epoch];
            for (who, person) in self.people.iter().enumerate() {
                if known.closed && person.stranded.contains(&room) {
                    continue;
                }
                let seat = person.seats.get(&room);
                let here = seat.is_some_and(|seat| seat.standing != Standing::Removed);
                assert_eq!(here, newest.has(who), "p{who:02} and group {room}");
                match seat {
                    Some(seat) if here => {
                        assert_eq!(seat.epoch(), known.epoch, "p{who:02} in group {room}");
                        assert!(newest.view == View::of(&seat.group), "p{who:02} differs when all is settled");
                    }
                    Some(seat) => assert!(!known.facts[&(seat.epoch() + 1)].has(who), "p{who:02} was not removed"),
                    None => {}
                }
            }
            self.check_readers(room);
        }
    }

    /// Nobody has read a message that was not a member when it was sent.
    fn check_readers(&self, room: usize) {
        for (number, post) in self.rooms[room].log.iter().enumerate() {
            let members = &self.rooms[room].facts[&post.epoch];
            assert!(post.read.iter().all(|who| members.has(*who)), "message {number} was read by an outsider");
        }
    }
}
