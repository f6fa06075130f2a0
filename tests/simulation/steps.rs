//! What a scenario consists of. A step names an act, who does it, and the seed of everything else that is left to chance in
//! it; it can be done in any world, so that a failing scenario can be cut down step by step.

use proptest::prelude::*;
use proptest::strategy::Union;

/// How many people there are.
pub(crate) const PEOPLE: usize = 20;

/// How many steps a scenario has.
pub(crate) const STEPS: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    /// A group is made.
    Create,
    /// A message is sent.
    Say,
    /// Many messages are sent, of which few arrive.
    Flood,
    ProposeAdd,
    ProposeRemove,
    ProposeUpdate,
    ProposePsk,
    ProposeExtensions,
    Leave,
    /// A commit with anything in it.
    Commit,
    /// A commit that adds several people.
    Invite,
    /// A commit without changes of its own.
    SelfUpdate,
    /// Two members commit at once.
    Race,
    /// A commit that waits is sent, confirmed or given up.
    Decide,
    /// The delivery service drops the proposals that wait.
    Clear,
    /// Clients are closed and opened anew.
    Restart,
    /// Someone who was removed deletes what is left of the group.
    Delete,
    /// A message is altered on its way.
    Forge,
    /// Everything is delivered.
    Settle,
    /// Someone joins by a commit of its own, or comes back so.
    JoinExternal,
    ProposeResumption,
    /// A commit that closes the group.
    Reinit,
    ProposeReinit,
    /// A closed group is begun anew.
    Successor,
    Branch,
    ProposeCustom,
    /// Someone asks to be added.
    AskToJoin,
    /// The outsider proposes something.
    ProposeOutside,
    Prune,
    /// Someone is archived, or goes on from an archive on a new device.
    Archive,
}

/// How often each act is done, of a hundred or so.
const WEIGHTS: [(u32, Act); 30] = [
    (2, Act::Create),
    (22, Act::Say),
    (2, Act::Flood),
    (5, Act::ProposeAdd),
    (4, Act::ProposeRemove),
    (6, Act::ProposeUpdate),
    (3, Act::ProposePsk),
    (3, Act::ProposeExtensions),
    (3, Act::Leave),
    (14, Act::Commit),
    (8, Act::Invite),
    (5, Act::SelfUpdate),
    (4, Act::Race),
    (4, Act::Decide),
    (3, Act::Clear),
    (5, Act::Restart),
    (1, Act::Delete),
    (2, Act::Forge),
    (4, Act::Settle),
    (6, Act::JoinExternal),
    (2, Act::ProposeResumption),
    (1, Act::Reinit),
    (1, Act::ProposeReinit),
    (3, Act::Successor),
    (2, Act::Branch),
    (2, Act::ProposeCustom),
    (3, Act::AskToJoin),
    (4, Act::ProposeOutside),
    (2, Act::Prune),
    (5, Act::Archive),
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) act: Act,
    pub(crate) who: usize,
    pub(crate) dice: u32,
}

/// Scenarios of [`STEPS`] steps, which shrink by leaving steps out.
pub(crate) fn scenarios() -> impl Strategy<Value = Vec<Option<Step>>> {
    let acts = Union::new_weighted(WEIGHTS.map(|(weight, act)| (weight, Just(act).boxed())).to_vec());
    let step = (acts, 0..PEOPLE, any::<u32>()).prop_map(|(act, who, dice)| Step { act, who, dice }).no_shrink();
    prop::collection::vec(prop::option::weighted(0.999, step), STEPS)
}
