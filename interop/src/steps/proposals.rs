//! Proposals by reference.

use super::{Kind, Plan, Waiting};
use crate::Outcome;
use crate::script::Script;
use crate::tally::Feature;

/// What is proposed, as often as it stands here.
const KINDS: [Kind; 10] = [
    Kind::Add,
    Kind::Add,
    Kind::Remove,
    Kind::Leave,
    Kind::Update,
    Kind::Update,
    Kind::Psk,
    Kind::Resumption,
    Kind::Extensions,
    Kind::Custom,
];

impl Script {
    /// A member proposes something, and all others keep it.
    pub(crate) fn propose_something(&mut self) -> Outcome<()> {
        let members = self.world.members();
        let by = self.one_of(&members)?;
        let kind = self.dice.pick(&KINDS).ok_or("nothing to propose")?;
        let library = self.world.person(by)?.library;
        let able = kind != Kind::Resumption || Feature::ResumptionByReference.is_expected_of(library);
        // Somebody must remain who can commit it all, and be it with an Update of their own.
        match self.plan(kind, by)?.filter(|_| able && self.committers().len() > 2) {
            Some(plan) => self.propose(by, plan),
            None => self.commit_something(),
        }
    }

    pub(crate) fn propose(&mut self, by: usize, plan: Plan) -> Outcome<()> {
        self.world.note(format!("{} proposes: {}", self.world.name(by), self.describe(&plan)));
        let change = self.change(&plan)?;
        let message = self.world.act(by, "propose", |actor| actor.propose(&change))?;
        self.world.check_format(by, &message)?;
        self.world.deliver_proposal(by, &message)?;
        let (_, feature) = plan.features(by);
        self.world.count(feature, by)?;
        self.waiting.push(Waiting { by, plan });
        Ok(())
    }
}
