//! Proposals and commits: what members ask for, and what they may be refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use conclave::*;

use crate::model::{By, Kind, Pending, Post, Proposed, Sent};
use crate::steps::PEOPLE;
use crate::world::{PRIVATE_TYPE, PSKS, World};

/// A commit that is put together, and with which codes it may be refused.
struct Draft {
    builder: Arc<CommitBuilder>,
    may: BTreeSet<u32>,
    /// Whether one of these codes must come.
    must: bool,
    tree_later: bool,
}

impl Draft {
    fn with(self, add: impl FnOnce(Arc<CommitBuilder>) -> Result<Arc<CommitBuilder>>) -> Self {
        Draft { builder: add(self.builder).unwrap(), ..self }
    }

    fn may_fail(mut self, code: u32) -> Self {
        self.may.insert(code);
        self
    }

    fn must_fail(mut self, code: u32) -> Self {
        self.must = true;
        self.may_fail(code)
    }
}

impl World {
    /// Proposes something. `what` tells proposals that are the same from others.
    pub(crate) fn propose(
        &mut self,
        (who, room): (usize, usize),
        what: Option<Vec<u8>>,
        make: impl FnOnce(&Group) -> Result<Vec<u8>>,
    ) {
        let outcome = make(&self.group(who, room));
        if let Some(code) = self.obstacle(who, room, false) {
            assert_eq!(outcome.map(drop).map_err(|error| error.code()), Err(code), "p{who:02} proposes");
            return;
        }
        let bytes = outcome.unwrap_or_else(|error| panic!("p{who:02} proposes: {error}"));
        let epoch = self.seat(who, room).epoch();
        let proposed = Proposed { what, first: 0, author: By::Member, public: self.people[who].public, dropped: false };
        let number = self.publish_proposal(room, (who, epoch, bytes), proposed);
        self.keep(who, room, number);
    }

    /// Takes a proposal, and finds out whether it was made before.
    pub(crate) fn publish_proposal(
        &mut self,
        room: usize,
        (from, epoch, bytes): (usize, u64, Vec<u8>),
        mut proposed: Proposed,
    ) -> usize {
        let same = |post: &Post| match &post.kind {
            Kind::Proposal(earlier) => {
                (post.from, post.epoch) == (from, epoch) && proposed.what.is_some() && earlier.what == proposed.what
            }
            _ => false,
        };
        let log = &self.rooms[room].log;
        proposed.first = log.iter().position(same).unwrap_or(log.len());
        self.tally.count(format!("proposed by {:?}", proposed.author));
        self.publish(room, Post { bytes, from, epoch, kind: Kind::Proposal(proposed), read: BTreeSet::new() })
    }

    pub(crate) fn propose_custom(&mut self, who: usize, room: usize) {
        let what = Some(b"custom".to_vec());
        self.propose((who, room), what, |group| group.propose_custom(PRIVATE_TYPE, b"custom".to_vec(), vec![]));
    }

    /// Somebody, who is mostly not a member.
    fn a_stranger(&mut self, who: usize, room: usize) -> usize {
        let members: Vec<usize> = self.roster(who, room).into_iter().map(|(member, _)| member).collect();
        let strangers: Vec<usize> = (0..PEOPLE).filter(|number| !members.contains(number)).collect();
        if self.dice.chance(4) { self.dice.below(PEOPLE) } else { self.dice.pick(&strangers).unwrap_or(who) }
    }

    fn package_of(&mut self, whom: usize) -> Vec<u8> {
        self.people[whom].key_package(&mut self.dice)
    }

    pub(crate) fn propose_add(&mut self, who: usize, room: usize) {
        if !self.seat(who, room).is_active() {
            return;
        }
        let whom = self.a_stranger(who, room);
        let package = self.package_of(whom);
        self.propose((who, room), Some(package.clone()), |group| group.propose_add(package, vec![]));
    }

    pub(crate) fn propose_remove(&mut self, who: usize, room: usize) {
        if !self.seat(who, room).is_active() {
            return;
        }
        let roster = self.roster(who, room);
        let Some((_, leaf)) = self.dice.pick(&roster) else { return };
        self.propose((who, room), Some(format!("remove {leaf}").into_bytes()), |group| {
            group.propose_remove(leaf, vec![])
        });
    }

    pub(crate) fn propose_psk(&mut self, who: usize, room: usize) {
        let psk = self.dice.pick(&PSKS).unwrap();
        self.propose((who, room), None, |group| group.propose_psk(psk.into(), vec![]));
    }

    pub(crate) fn propose_extensions(&mut self, who: usize, room: usize) {
        let list = self.some_extensions();
        self.propose((who, room), Some(list.clone()), |group| group.propose_extensions(list, vec![]));
    }

    pub(crate) fn propose_update(&mut self, who: usize, room: usize) {
        self.propose((who, room), None, |group| group.propose_update(vec![]));
    }

    pub(crate) fn leave(&mut self, who: usize, room: usize) {
        let leaf = self.seat(who, room).stay.leaf;
        self.propose((who, room), Some(format!("remove {leaf}").into_bytes()), |group| group.propose_leave(vec![]));
    }

    pub(crate) fn propose_reinit(&mut self, who: usize, room: usize) {
        let options = self.reinit_options(room);
        self.propose((who, room), Some(b"reinit".to_vec()), |group| group.propose_reinit(options, vec![]));
    }

    pub(crate) fn propose_resumption(&mut self, who: usize, room: usize) {
        let (psk, _) = self.a_resumption_psk(who, room);
        self.propose((who, room), None, |group| group.propose_resumption_psk(psk, vec![]));
    }

    /// A commit that closes the group, and does nothing else.
    pub(crate) fn reinit(&mut self, who: usize, room: usize) {
        let options = self.reinit_options(room);
        let draft = self.draft(who, room).with(|builder| builder.reinit(options)?.without_pending());
        self.build(who, room, draft);
        self.follow_up(who, room);
    }

    fn draft(&self, who: usize, room: usize) -> Draft {
        let builder = self.group(who, room).new_commit();
        let draft = Draft { builder, may: BTreeSet::new(), must: false, tree_later: false };
        match self.obstacle(who, room, false) {
            Some(code) => draft.must_fail(code),
            None if self.seat(who, room).pending.is_some() => draft.must_fail(503),
            None => draft,
        }
    }

    /// Adds some people; whoever lacks an extension of the group cannot come.
    fn with_strangers(&mut self, mut draft: Draft, (who, room): (usize, usize), count: usize) -> Draft {
        let mut chosen = BTreeSet::new();
        if self.seat(who, room).is_active() {
            chosen.extend((0..count).map(|_| self.a_stranger(who, room)));
        }
        let roster = self.roster(who, room);
        for whom in chosen {
            let package = self.package_of(whom);
            draft = draft.with(|builder| builder.add(package));
            if roster.iter().any(|(member, _)| *member == whom) {
                draft = draft.may_fail(310).may_fail(306);
            }
            if !self.people[whom].capable {
                draft = draft.may_fail(311);
            }
        }
        draft
    }

    fn with_options(&mut self, mut draft: Draft) -> Draft {
        if self.dice.chance(20) {
            draft = draft.with(CommitBuilder::without_pending);
        }
        if self.dice.chance(40) {
            draft = draft.with(CommitBuilder::without_path);
        }
        if self.dice.chance(20) {
            draft = draft.with(|builder| builder.aad(b"why".to_vec()));
        }
        match self.dice.below(10) {
            0 | 1 => draft.with(CommitBuilder::tree_beside_welcome),
            2 | 3 => Draft { tree_later: true, ..draft.with(CommitBuilder::tree_later) },
            _ => draft,
        }
    }

    /// A commit with some of everything.
    pub(crate) fn commit_anything(&mut self, who: usize, room: usize) {
        let mut draft = self.draft(who, room);
        let count = self.dice.below(2);
        draft = self.with_strangers(draft, (who, room), count);
        let (roster, own) = (self.roster(who, room), self.seat(who, room).stay.leaf);
        if self.dice.chance(30)
            && let Some((_, leaf)) = self.dice.pick(&roster)
        {
            draft = draft.with(|builder| builder.remove(leaf));
            draft = if leaf == own { draft.must_fail(101) } else { draft };
        }
        if self.dice.chance(20) {
            let psk = self.dice.pick(&PSKS).unwrap();
            if self.dice.chance(70) {
                self.people[who].learn_psk(psk);
            }
            draft = draft.with(|builder| builder.psk(psk.into()));
            draft = if self.people[who].psks.contains(psk) { draft } else { draft.must_fail(407) };
        }
        if self.dice.chance(6) {
            let (psk, kept) = self.a_resumption_psk(who, room);
            draft = draft.with(|builder| builder.resumption_psk(psk));
            draft = if kept { draft } else { draft.may_fail(407) };
        }
        let all_capable = roster.iter().all(|(member, _)| self.people[*member].capable);
        if self.dice.chance(15) {
            let list = self.some_extensions();
            draft = draft.with(|builder| builder.extensions(list));
            draft = if all_capable { draft } else { draft.may_fail(311) };
        }
        if self.dice.chance(15) {
            draft = draft.with(|builder| builder.custom(PRIVATE_TYPE, b"custom".to_vec()));
            draft = if all_capable { draft } else { draft.may_fail(311) };
        }
        let draft = self.with_options(draft);
        self.build(who, room, draft);
        self.follow_up(who, room);
    }

    pub(crate) fn invite(&mut self, who: usize, room: usize) {
        let draft = self.draft(who, room);
        let count = 1 + self.dice.below(6);
        let draft = self.with_strangers(draft, (who, room), count);
        let draft = self.with_options(draft);
        self.build(who, room, draft);
        self.follow_up(who, room);
    }

    pub(crate) fn self_update(&mut self, who: usize, room: usize) {
        let draft = self.draft(who, room);
        self.build(who, room, draft);
        self.follow_up(who, room);
    }

    /// Another member commits at the same time; which of both is sent first is left to chance.
    pub(crate) fn race(&mut self, who: usize, room: usize) {
        let others: Vec<usize> = (0..PEOPLE)
            .filter(|other| *other != who && self.people[*other].seats.get(&room).is_some_and(|seat| seat.is_active()))
            .collect();
        let mut racers = vec![who];
        racers.extend(self.dice.pick(&others));
        for racer in &racers {
            let draft = self.draft(*racer, room);
            let draft = self.with_options(draft);
            self.build(*racer, room, draft);
        }
        if self.dice.chance(50) {
            racers.reverse();
        }
        racers.iter().for_each(|racer| self.offer(*racer, room));
    }

    fn build(&mut self, who: usize, room: usize, draft: Draft) {
        match draft.builder.build() {
            Ok(built) => {
                assert!(!draft.must, "p{who:02} commits, which must fail with {:?}", draft.may);
                let names = self.seat(who, room).waiting.clone();
                let pending = Pending { built, names, tree_later: draft.tree_later, sent: Sent::Not };
                self.seat_mut(who, room).pending = Some(pending);
                self.tally.count("commit built");
            }
            Err(error) => {
                assert!(draft.may.contains(&error.code()), "p{who:02} commits: {error}, not one of {:?}", draft.may);
                self.tally.count(format!("commit not built: {}", error.code()));
            }
        }
    }

    /// A commit is mostly sent at once, and often its outcome is heard of at once.
    fn follow_up(&mut self, who: usize, room: usize) {
        if self.dice.chance(85) {
            self.offer(who, room);
            if self.dice.chance(50) {
                self.decide(who, room);
            }
        }
    }
}
