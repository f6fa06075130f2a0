//! Commits and proposals from outside the group.

use super::{Plan, Waiting};
use crate::Outcome;
use crate::actor::Entrance;
use crate::script::Script;
use crate::tally::Feature;
use crate::world::{Turn, Who};

impl Script {
    /// Someone joins by an external commit, or a member replaces its former self by one. What waited is lost.
    pub(crate) fn join_from_outside(&mut self) -> Outcome<()> {
        let joiner = self.dice.below(self.world.people.len());
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
        let psk = if self.dice.chance(30) { Some(self.any_psk()) } else { None };
        let entrance = Entrance { former, psk, ..self.entrance(host, with_tree)? };
        let commit = self.world.act(joiner, "join from outside", |actor| actor.join_external(&entrance))?;
        if !commit.starts_with(&[0, 1, 0, 1]) {
            return Err(format!("{one} joined by something else than a PublicMessage").into());
        }
        self.world.deliver_commit(joiner, &commit, &Turn::default())?;
        self.world.enrol(joiner)?;
        self.count_join(joiner, with_tree, &entrance)?;
        self.waiting.clear();
        self.stop_holding_for(&[joiner]);
        self.world.settle()
    }

    fn entrance(&mut self, host: Who, with_tree: bool) -> Outcome<Entrance> {
        let group_info = self.world.act(host, "make a GroupInfo", |actor| actor.group_info(with_tree))?;
        self.world.count(Feature::GroupInfo, host)?;
        let tree = if with_tree { None } else { Some(self.any_tree()?) };
        Ok(Entrance { group_info, tree, former: None, psk: None })
    }

    fn count_join(&mut self, joiner: Who, with_tree: bool, entrance: &Entrance) -> Outcome<()> {
        self.world.count(if with_tree { Feature::ExternalJoin } else { Feature::ExternalBesideTree }, joiner)?;
        if entrance.psk.is_some() {
            self.world.count(Feature::ExternalWithPsk, joiner)?;
        }
        match entrance.former {
            Some(_) => self.world.count(Feature::ExternalAgain, joiner),
            None => Ok(()),
        }
    }

    /// Someone outside proposes to be added, by the GroupInfo of a member.
    pub(crate) fn ask_to_join(&mut self) -> Outcome<()> {
        let Some(newcomer) = self.newcomer() else { return self.commit_something() };
        let members = self.world.members();
        let host = self.one_of(&members)?;
        let with_tree = self.dice.chance(50);
        self.world.note(format!("{} asks to be added, tree inside: {with_tree}", self.world.name(newcomer)));
        let entrance = self.entrance(host, with_tree)?;
        let message = self.world.act(newcomer, "ask to be added", |actor| actor.ask_to_join(&entrance))?;
        self.world.deliver_proposal(newcomer, &message)?;
        self.world.count(Feature::AskToJoin, newcomer)?;
        self.waiting.push(Waiting { by: newcomer, plan: Plan::Add(newcomer) });
        Ok(())
    }
}
