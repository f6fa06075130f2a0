//! Commits by members.

use super::{Kind, Plan};
use crate::Outcome;
use crate::actor::{Built, Library, Manner};
use crate::script::Script;
use crate::tally::Feature;
use crate::world::{Turn, Who};

impl Script {
    /// A member commits what waits, and sometimes something of its own beside it.
    pub(crate) fn commit_waiting(&mut self) -> Outcome<()> {
        let kind = if self.dice.chance(30) { Kind::Psk } else { Kind::Update };
        self.commit_of(kind)
    }

    /// A member commits a change of this kind, and what waits. If there is no such change now, it gives itself fresh keys.
    pub(crate) fn commit_of(&mut self, kind: Kind) -> Outcome<()> {
        let committers = self.committers();
        let by = self.one_of(&committers)?;
        let mut plans: Vec<_> = self.plan(kind, by)?.into_iter().collect();
        if let Some(second) = self.another_newcomer(&plans, by)? {
            plans.push(second);
        }
        let confused = self.confuses_psks(by)?;
        plans.retain(|plan| *plan != Plan::Update && !(confused && plan.is_psk()));
        self.commit(by, plans)
    }

    /// Whether another pre-shared key, by value, is one too many: OpenMLS mixes the keys of its own commit in another order
    /// than its commit names them in, if some are by value and some by reference (docs/interop.md).
    fn confuses_psks(&self, by: Who) -> Outcome<bool> {
        let waits = self.waiting.iter().any(|waiting| waiting.plan.is_psk());
        Ok(waits && self.world.person(by)?.library == Library::OpenMls)
    }

    /// Now and then, two are added at once.
    fn another_newcomer(&mut self, plans: &[Plan], by: Who) -> Outcome<Option<Plan>> {
        let [Plan::Add(_)] = plans else { return Ok(None) };
        match self.dice.chance(40) && self.world.members().len() + 3 < super::MOST {
            true => Ok(self.plan(Kind::Add, by)?.filter(|second| !plans.contains(second))),
            false => Ok(None),
        }
    }

    pub(crate) fn commit(&mut self, by: Who, plans: Vec<Plan>) -> Outcome<()> {
        let all: Vec<Plan> = self.waiting.iter().map(|waiting| waiting.plan.clone()).chain(plans.clone()).collect();
        let without_path = !all.is_empty() && all.iter().all(Plan::goes_without_path) && self.dice.chance(50);
        let manner = Manner { path: !without_path, tree_inside: self.dice.chance(50) };
        let told: Vec<_> = plans.iter().map(|plan| self.describe(plan)).collect();
        let waiting = self.waiting.len();
        self.world.note(format!("{} commits {waiting} waiting and {told:?}, {manner:?}", self.world.name(by)));
        self.race(by)?;
        let changes = plans.iter().map(|plan| self.change(plan)).collect::<Outcome<Vec<_>>>()?;
        let built = self.world.act(by, "commit", |actor| actor.commit(&changes, manner))?;
        self.world.check_format(by, &built.commit)?;
        self.count_commit(by, &plans, manner)?;
        self.publish(by, &built, &all)?;
        self.welcome(&built, &all, manner.tree_inside)?;
        // A closed group is to be left, and not every library tells its secrets.
        if closes(&all) { Ok(()) } else { self.world.settle() }
    }

    /// Sometimes another member has made a commit at the same time, which the delivery service refuses.
    fn race(&mut self, by: Who) -> Outcome<()> {
        let rivals: Vec<_> = self.committers().into_iter().filter(|who| *who != by).collect();
        let Some(rival) = self.dice.pick(&rivals).filter(|_| self.dice.chance(15)) else { return Ok(()) };
        self.world.note(format!("{} commits too, and loses", self.world.name(rival)));
        let manner = Manner { path: true, tree_inside: true };
        self.world.act(rival, "commit what will lose", |actor| actor.commit(&[], manner))?;
        self.world.count(Feature::Race, rival)
    }

    /// The commit takes effect everywhere, first at its maker's or last.
    fn publish(&mut self, by: Who, built: &Built, all: &[Plan]) -> Outcome<()> {
        let removed = all.iter().filter_map(|plan| match plan {
            Plan::Remove(who) => Some(*who),
            _ => None,
        });
        let removed: Vec<_> = removed.collect();
        let confirm_first = self.dice.chance(50);
        if confirm_first {
            self.world.act(by, "confirm its commit", |actor| actor.confirm())?;
        }
        let turn = Turn { removed, closes: closes(all) };
        self.world.deliver_commit(by, &built.commit, &turn)?;
        if !confirm_first {
            self.world.act(by, "confirm its commit", |actor| actor.confirm())?;
        }
        self.waiting.clear();
        self.stop_holding_for(&turn.removed);
        Ok(())
    }

    /// Those that the commit adds join.
    fn welcome(&mut self, built: &Built, all: &[Plan], tree_inside: bool) -> Outcome<()> {
        let added = all.iter().filter_map(|plan| match plan {
            Plan::Add(who) => Some(*who),
            _ => None,
        });
        let added: Vec<_> = added.collect();
        if added.is_empty() {
            return Ok(());
        }
        let welcome = built.welcome.as_deref().ok_or("a commit adds someone without a Welcome")?;
        let tree = if tree_inside { None } else { Some(self.any_tree()?) };
        for who in added {
            self.world.act(who, "join", |actor| actor.join(welcome, tree.as_deref()))?;
            self.world.count(if tree_inside { Feature::JoinWithTree } else { Feature::JoinBesideTree }, who)?;
            let person = self.world.person(who)?;
            let grease = person.persona.grease && person.library == Library::Conclave;
            let counted = [(person.left, Feature::JoinAgain), (grease, Feature::Grease)];
            for (_, feature) in counted.into_iter().filter(|(happened, _)| *happened) {
                self.world.count(feature, who)?;
            }
            self.world.enrol(who)?;
        }
        Ok(())
    }

    /// The tree, as one of the members has it.
    pub(crate) fn any_tree(&mut self) -> Outcome<Vec<u8>> {
        let members = self.world.members();
        let from = self.one_of(&members)?;
        self.world.act(from, "hand out the tree", |actor| actor.tree())
    }

    fn count_commit(&mut self, by: Who, plans: &[Plan], manner: Manner) -> Outcome<()> {
        for plan in plans {
            let (feature, _) = plan.features(by);
            self.world.count(feature, by)?;
        }
        let required = plans.iter().any(|plan| matches!(plan, Plan::Extensions(_, true)));
        let foreign = self.waiting.iter().any(|waiting| waiting.by != by);
        let counted = [
            (required, Feature::RequiredCapabilities),
            (foreign, Feature::CommitReferences),
            (!self.waiting.is_empty() && !plans.is_empty(), Feature::CommitMixed),
            (self.waiting.is_empty() && plans.is_empty(), Feature::SelfUpdate),
            (!manner.path, Feature::WithoutPath),
        ];
        for (_, feature) in counted.into_iter().filter(|(happened, _)| *happened) {
            self.world.count(feature, by)?;
        }
        Ok(())
    }
}

fn closes(all: &[Plan]) -> bool {
    all.iter().any(|plan| matches!(plan, Plan::Reinit(_)))
}
