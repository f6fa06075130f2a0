//! Groups that follow from another: the script goes on in the new one.

use super::Kind;
use crate::Outcome;
use crate::actor::{Library, Origin};
use crate::script::Script;
use crate::tally::Feature;
use crate::world::Who;

impl Script {
    /// The group is closed and begun anew, or some members branch off. OpenMLS can do neither.
    pub(crate) fn go_on_elsewhere(&mut self) -> Outcome<()> {
        if self.world.takes_part(Library::OpenMls) || !self.waiting.is_empty() {
            return self.commit_something();
        }
        if self.dice.chance(60) && self.is_dense()? { self.begin_anew() } else { self.branch() }
    }

    /// Whether no leaf before the last member's is blank: mls-rs begins no other group anew (docs/interop.md).
    fn is_dense(&self) -> Outcome<bool> {
        let members = self.world.members();
        let last = self.world.people.iter().filter_map(|person| person.leaf).max().ok_or("nobody is left")?;
        Ok(last as usize + 1 == members.len())
    }

    fn begin_anew(&mut self) -> Outcome<()> {
        let members = self.world.members();
        let (proposer, by) = (self.one_of(&members)?, self.one_of(&members)?);
        let plan = self.plan(Kind::Reinit, proposer)?.ok_or("a group that could not be closed")?;
        if self.dice.chance(50) {
            self.propose(proposer, plan)?;
            self.commit(by, Vec::new())?;
        } else {
            self.commit(by, vec![plan])?;
        }
        let founder = self.one_of(&members)?;
        self.world.count(Feature::Successor, founder)?;
        self.found(&Origin::Reinit, founder, members)
    }

    fn branch(&mut self) -> Outcome<()> {
        let members = self.world.members();
        let founder = self.one_of(&members)?;
        let mut along: Vec<_> = members.into_iter().filter(|who| *who == founder || self.dice.chance(80)).collect();
        if along.len() < 2 {
            along = self.world.members();
        }
        for who in self.world.members().into_iter().filter(|who| !along.contains(who)) {
            self.world.part(who)?;
        }
        let origin = Origin::Branch(self.group_id());
        self.world.count(Feature::Branch, founder)?;
        self.found(&origin, founder, along)
    }

    /// One makes the new group, and the others follow.
    fn found(&mut self, origin: &Origin, founder: Who, along: Vec<Who>) -> Outcome<()> {
        let others: Vec<_> = along.into_iter().filter(|who| *who != founder).collect();
        let tree_inside = self.dice.chance(50);
        self.world.note(format!("{} founds, tree inside: {tree_inside}, for {origin:?}", self.world.name(founder)));
        let key_packages = others.iter().map(|who| self.world.act(*who, "make a key package", |it| it.key_package()));
        let key_packages = key_packages.collect::<Outcome<Vec<_>>>()?;
        let welcome = self.world.act(founder, "found", |actor| actor.found(origin, key_packages, tree_inside))?;
        let tree = match tree_inside {
            true => None,
            false => Some(self.world.act(founder, "hand out the tree", |actor| actor.tree())?),
        };
        self.world.enrol(founder)?;
        for who in others {
            self.world.act(who, "follow", |actor| actor.follow(origin, &welcome, tree.as_deref()))?;
            self.world.count(follows(origin), who)?;
            self.world.enrol(who)?;
        }
        self.held.clear();
        self.world.settle()
    }

    /// An id for a new group.
    pub(crate) fn group_id(&mut self) -> Vec<u8> {
        [b"group ".to_vec(), self.dice.bytes(32)].concat()
    }
}

fn follows(origin: &Origin) -> Feature {
    match origin {
        Origin::Reinit => Feature::FollowReinit,
        Origin::Branch(_) => Feature::FollowBranch,
    }
}
