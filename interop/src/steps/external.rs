//! Commits from outside the group.

use crate::Outcome;
use crate::actor::Entrance;
use crate::script::Script;
use crate::tally::Feature;
use crate::world::Who;

impl Script {
    /// Someone joins by an external commit, or a member replaces its former self by one. What waited is lost.
    pub(crate) fn join_from_outside(&mut self) -> Outcome<()> {
        let able = |script: &Self, who: &Who| {
            script.world.person(*who).is_ok_and(|person| Feature::ExternalJoin.is_expected_of(person.library))
        };
        let everybody = 0..self.world.people.len();
        let able: Vec<_> = everybody.filter(|who| able(self, who)).collect();
        let joiner = self.one_of(&able)?;
        let others: Vec<_> = self.world.members().into_iter().filter(|who| *who != joiner).collect();
        let host = self.one_of(&others)?;
        self.join_external(joiner, host)
    }

    fn join_external(&mut self, joiner: Who, host: Who) -> Outcome<()> {
        let former = self.world.person(joiner)?.leaf;
        let with_tree = self.dice.chance(50);
        let (one, other) = (self.world.name(joiner), self.world.name(host));
        self.world
            .note(format!("{one} joins by {other}'s GroupInfo, tree inside: {with_tree}, former leaf: {former:?}"));
        let entrance = self.entrance(host, with_tree, former)?;
        let commit = self.world.act(joiner, "join from outside", |actor| actor.join_external(&entrance))?;
        if !commit.starts_with(&[0, 1, 0, 1]) {
            return Err(format!("{one} joined by something else than a PublicMessage").into());
        }
        self.world.deliver_commit(joiner, &commit, &[])?;
        self.world.enrol(joiner)?;
        self.count_join(joiner, with_tree, former.is_some())?;
        self.waiting.clear();
        self.stop_holding_for(&[joiner]);
        self.world.settle()
    }

    fn entrance(&mut self, host: Who, with_tree: bool, former: Option<u32>) -> Outcome<Entrance> {
        let group_info = self.world.act(host, "make a GroupInfo", |actor| actor.group_info(with_tree))?;
        self.world.count(Feature::GroupInfo, host)?;
        let tree = if with_tree { None } else { Some(self.any_tree()?) };
        Ok(Entrance { group_info, tree, former })
    }

    fn count_join(&mut self, joiner: Who, with_tree: bool, again: bool) -> Outcome<()> {
        self.world.count(if with_tree { Feature::ExternalJoin } else { Feature::ExternalBesideTree }, joiner)?;
        match again {
            true => self.world.count(Feature::ExternalAgain, joiner),
            false => Ok(()),
        }
    }
}
