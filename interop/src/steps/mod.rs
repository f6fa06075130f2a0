//! What can happen in a script. Each file has the steps of one kind.

mod commits;
mod external;
mod follow;
mod messages;
mod plans;
mod proposals;

use crate::Outcome;
use crate::script::Script;
pub(crate) use messages::Held;
pub(crate) use plans::{Kind, Plan};

/// So many members may be in the group at most.
const MOST: usize = 8;

/// With fewer members than this, others are added soon.
const FEW: usize = 4;

/// Most proposals that wait.
const MOST_WAITING: usize = 4;

/// A proposal that waits for a commit.
pub(crate) struct Waiting {
    /// Who made it.
    pub(crate) by: crate::world::Who,
    /// What it changes.
    pub(crate) plan: Plan,
}

impl Script {
    /// One step, whatever comes.
    pub(crate) fn step(&mut self) -> Outcome<()> {
        self.deliver_some_held()?;
        if self.world.members().len() < 2 {
            return self.commit_of(Kind::Add);
        }
        if !self.waiting.is_empty() && (self.waiting.len() >= MOST_WAITING || self.dice.chance(40)) {
            return self.commit_waiting();
        }
        if self.waiting.is_empty() && self.dice.chance(25) {
            return self.say_something();
        }
        match self.dice.below(100) {
            0..30 => self.propose_something(),
            30..38 => self.join_from_outside(),
            38..42 => self.ask_to_join(),
            42..46 => self.go_on_elsewhere(),
            _ => self.commit_something(),
        }
    }

    fn say_something(&mut self) -> Outcome<()> {
        match self.dice.below(3) {
            0 => self.talk(),
            1 => self.shuffle(),
            _ => self.hold(),
        }
    }

    pub(crate) fn commit_something(&mut self) -> Outcome<()> {
        let kind = match self.dice.below(100) {
            _ if self.world.members().len() < FEW && self.dice.chance(60) => Kind::Add,
            0..35 => Kind::Add,
            35..60 => Kind::Remove,
            60..75 => Kind::Update,
            75..80 => Kind::Psk,
            80..85 => Kind::Resumption,
            85..93 => Kind::Extensions,
            _ => Kind::Custom,
        };
        self.commit_of(kind)
    }
}
