//! What a proposal is to change, chosen so that it can stand beside those that wait: RFC 9420 §12.2 forbids the rest.

use super::{MOST, Waiting};
use crate::Outcome;
use crate::actor::{Change, EXTENSION, Library, PROPOSAL};
use crate::script::Script;
use crate::tally::Feature;
use crate::world::Who;

/// So many epochs back, the secrets are used for resumption.
const MOST_EPOCHS: u64 = 3;

/// A kind of proposal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Add,
    Remove,
    Leave,
    /// Fresh keys: by reference as an Update, in a commit by its path.
    Update,
    Psk,
    Resumption,
    Reinit,
    Extensions,
    Custom,
}

/// A change, in terms of people.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    Add(Who),
    Remove(Who),
    Update,
    Psk(Vec<u8>),
    /// The secret of this epoch.
    Resumption(u64),
    /// The id of the group that comes after.
    Reinit(Vec<u8>),
    /// The encoded list, and whether it requires capabilities.
    Extensions(Vec<u8>, bool),
    Custom(Vec<u8>),
}

impl Plan {
    /// Whether a commit of it can do without a path (RFC 9420 §12.4).
    pub(crate) fn goes_without_path(&self) -> bool {
        matches!(self, Plan::Add(_) | Plan::Psk(_) | Plan::Resumption(_) | Plan::Reinit(_))
    }

    /// Whether it mixes a pre-shared key in.
    pub(crate) fn is_psk(&self) -> bool {
        matches!(self, Plan::Psk(_) | Plan::Resumption(_))
    }

    /// What it counts as, by value and by reference.
    pub(crate) fn features(&self, by: Who) -> (Feature, Feature) {
        match self {
            Plan::Add(_) => (Feature::AddByValue, Feature::AddByReference),
            Plan::Remove(who) if *who == by => (Feature::Leave, Feature::Leave),
            Plan::Remove(_) => (Feature::RemoveByValue, Feature::RemoveByReference),
            Plan::Update => (Feature::SelfUpdate, Feature::UpdateByReference),
            Plan::Psk(_) => (Feature::PskByValue, Feature::PskByReference),
            Plan::Resumption(_) => (Feature::ResumptionByValue, Feature::ResumptionByReference),
            Plan::Reinit(_) => (Feature::ReinitByValue, Feature::ReinitByReference),
            Plan::Extensions(..) => (Feature::ExtensionsByValue, Feature::ExtensionsByReference),
            Plan::Custom(_) => (Feature::CustomByValue, Feature::CustomByReference),
        }
    }
}

impl Script {
    /// A plan of this kind that can stand beside what waits; nothing if there is none.
    pub(crate) fn plan(&mut self, kind: Kind, by: Who) -> Outcome<Option<Plan>> {
        Ok(match kind {
            Kind::Add => self.newcomer().map(Plan::Add),
            Kind::Remove => self.expendable(by).map(Plan::Remove),
            Kind::Leave => self.can_go(by).then_some(Plan::Remove(by)),
            Kind::Update => (!self.touched().contains(&by)).then_some(Plan::Update),
            Kind::Psk => Some(Plan::Psk(self.any_psk())).filter(|psk| !self.waits(psk)),
            Kind::Resumption => self.lived_through().map(Plan::Resumption).filter(|psk| !self.waits(psk)),
            Kind::Reinit => self.waiting.is_empty().then(|| Plan::Reinit(self.group_id())),
            Kind::Extensions => (!self.extensions_wait()).then(|| self.extensions()),
            Kind::Custom => Some(Plan::Custom(self.dice.bytes(40))).filter(|custom| !self.waits(custom)),
        })
    }

    /// People in whom a waiting proposal is interested already.
    pub(crate) fn touched(&self) -> Vec<Who> {
        let touched = self.waiting.iter().filter_map(|Waiting { by, plan }| match plan {
            Plan::Add(who) | Plan::Remove(who) => Some(*who),
            Plan::Update => Some(*by),
            _ => None,
        });
        touched.collect()
    }

    /// Members that may commit what waits: nobody commits their own removal or Update.
    pub(crate) fn committers(&self) -> Vec<Who> {
        let touched = self.touched();
        self.world.members().into_iter().filter(|who| !touched.contains(who)).collect()
    }

    /// An epoch that all members have lived through, and whose secret they still have. Who is added with the same commit would
    /// not have it.
    fn lived_through(&mut self) -> Option<u64> {
        if self.waiting.iter().any(|waiting| matches!(waiting.plan, Plan::Add(_))) {
            return None;
        }
        let since = self.world.people.iter().filter_map(|person| person.since).max()?;
        let first = since.max(self.world.epoch.saturating_sub(MOST_EPOCHS));
        let count = self.world.epoch.checked_sub(first).filter(|count| *count > 0)?;
        Some(first + self.dice.below(count as usize) as u64)
    }

    pub(crate) fn newcomer(&mut self) -> Option<Who> {
        if self.waiting.iter().any(|waiting| matches!(waiting.plan, Plan::Resumption(_))) {
            return None;
        }
        let waiting = self.waiting.iter().filter(|waiting| matches!(waiting.plan, Plan::Add(_))).count();
        let touched = self.touched();
        let free: Vec<_> = self.world.outsiders().into_iter().filter(|who| !touched.contains(who)).collect();
        if self.world.members().len() + waiting < MOST { self.dice.pick(&free) } else { None }
    }

    fn expendable(&mut self, by: Who) -> Option<Who> {
        let members: Vec<_> = self.world.members().into_iter().filter(|who| *who != by && self.can_go(*who)).collect();
        self.dice.pick(&members)
    }

    /// Whether this member can be removed and enough others remain, two of whom can commit.
    fn can_go(&self, who: Who) -> bool {
        let committers = self.committers();
        committers.contains(&who) && committers.len() > 3
    }

    fn waits(&self, plan: &Plan) -> bool {
        self.waiting.iter().any(|waiting| waiting.plan == *plan)
    }

    fn extensions_wait(&self) -> bool {
        self.waiting.iter().any(|waiting| matches!(waiting.plan, Plan::Extensions(..)))
    }

    fn extensions(&mut self) -> Plan {
        let own = extension(EXTENSION, &self.dice.bytes(60));
        // OpenMLS refuses extensions that are not required (docs/interop.md).
        let required = self.dice.chance(30) || self.world.takes_part(Library::OpenMls);
        let list = if required { [own, extension(3, &required_capabilities())].concat() } else { own };
        Plan::Extensions(vector(&list), required)
    }

    /// What the library is told of a plan; an Add takes a fresh key package.
    pub(crate) fn change(&mut self, plan: &Plan) -> Outcome<Change> {
        Ok(match plan {
            Plan::Add(who) => Change::Add(self.world.act(*who, "make a key package", |actor| actor.key_package())?),
            Plan::Remove(who) => Change::Remove(self.world.leaf(*who)?),
            Plan::Update => Change::Update,
            Plan::Psk(psk_id) => Change::Psk(psk_id.clone()),
            Plan::Resumption(epoch) => Change::Resumption(*epoch),
            Plan::Reinit(group_id) => Change::Reinit(group_id.clone()),
            Plan::Extensions(list, _) => Change::Extensions(list.clone()),
            Plan::Custom(content) => Change::Custom(content.clone()),
        })
    }

    /// A plan in words.
    pub(crate) fn describe(&self, plan: &Plan) -> String {
        match plan {
            Plan::Add(who) => format!("add {}", self.world.name(*who)),
            Plan::Remove(who) => format!("remove {}", self.world.name(*who)),
            Plan::Update => "update".to_owned(),
            Plan::Psk(psk_id) => String::from_utf8_lossy(psk_id).into_owned(),
            Plan::Resumption(epoch) => format!("the secret of epoch {epoch}"),
            Plan::Reinit(_) => "close the group".to_owned(),
            Plan::Extensions(_, required) => format!("extensions, required capabilities: {required}"),
            Plan::Custom(_) => "custom".to_owned(),
        }
    }
}

/// One `Extension` (RFC 9420 §12.1.7).
fn extension(number: u16, content: &[u8]) -> Vec<u8> {
    [number.to_be_bytes().to_vec(), vector(content)].concat()
}

/// The content of required_capabilities (RFC 9420 §11.1).
fn required_capabilities() -> Vec<u8> {
    const BASIC: u16 = 1;
    [EXTENSION, PROPOSAL, BASIC].iter().flat_map(|number| vector(&number.to_be_bytes())).collect()
}

/// A vector with its length in front (RFC 9420 §2.1.2); all here are shorter than 2^14 bytes.
fn vector(content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16;
    let header = if length < 64 { vec![length as u8] } else { (length | 0x4000).to_be_bytes().to_vec() };
    [header, content.to_vec()].concat()
}
