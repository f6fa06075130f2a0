//! A script: what the people of a world do, one step after the other, as the dice of its seed fall.

use crate::Outcome;
use crate::actor::{Library, Persona};
use crate::dice::Dice;
use crate::steps::{Held, Waiting};
use crate::tally::{Feature, Tally};
use crate::world::{Who, World};

/// How many steps a script has.
pub const STEPS: usize = 40;

/// How many people there are, in and outside the group.
const PEOPLE: usize = 8;

/// The names, as many as there are people.
const NAMES: [&str; PEOPLE] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];

/// How many pre-shared keys everybody has.
const PSKS: u8 = 4;

/// Which libraries take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// conclave and OpenMLS.
    WithOpenMls,
    /// conclave and mls-rs.
    WithMlsRs,
    /// All three.
    All,
}

impl Cast {
    /// The libraries.
    pub fn libraries(self) -> &'static [Library] {
        match self {
            Cast::WithOpenMls => &[Library::Conclave, Library::OpenMls],
            Cast::WithMlsRs => &[Library::Conclave, Library::MlsRs],
            Cast::All => &Library::ALL,
        }
    }

    /// The cipher suites that all of them have.
    fn suites(self) -> Vec<u16> {
        let common = |suite: &u16| self.libraries().iter().all(|library| library.suites().contains(suite));
        (1..=7).filter(common).collect()
    }
}

/// A script under way.
pub struct Script {
    pub(crate) dice: Dice,
    pub(crate) world: World,
    /// Proposals that wait for a commit.
    pub(crate) waiting: Vec<Waiting>,
    /// Messages that are still on their way.
    pub(crate) held: Vec<Held>,
    /// How many messages were written.
    pub(crate) written: usize,
}

/// What came of a script.
pub struct Played {
    /// What was exercised.
    pub tally: Tally,
    /// What happened, a line each.
    pub log: Vec<String>,
    /// The step that failed, and why.
    pub failed: Option<String>,
}

/// Plays the script of this seed.
pub fn play(cast: Cast, seed: u64) -> Outcome<Played> {
    let mut script = Script::new(cast, seed)?;
    let failed = script.run().err().map(|error| error.to_string());
    Ok(Played { tally: script.world.tally, log: script.world.log, failed })
}

impl Script {
    fn new(cast: Cast, seed: u64) -> Outcome<Self> {
        let mut dice = Dice::new(seed);
        let suite = dice.pick(&cast.suites()).ok_or("no common cipher suite")?;
        // Everybody's library comes from a list that has each of them as often as the others.
        let libraries = (0..PEOPLE).filter_map(|at| cast.libraries().get(at % cast.libraries().len()).copied());
        let libraries = dice.shuffled(libraries.collect());
        // OpenMLS takes no leaf with a random extension, though it is listed as it should be (docs/interop.md).
        let tolerant = !cast.libraries().contains(&Library::OpenMls);
        let people = NAMES.iter().zip(libraries).map(|(name, library)| {
            let (public, padded, grease) = (dice.chance(50), dice.chance(50), tolerant && dice.chance(50));
            (library, Persona { name: (*name).to_owned(), suite, public, padded, grease })
        });
        let world = World::of(people.collect())?;
        Ok(Script { dice, world, waiting: Vec::new(), held: Vec::new(), written: 0 })
    }

    fn run(&mut self) -> Outcome<()> {
        self.hand_out_psks()?;
        self.begin()?;
        for number in 1..=STEPS {
            self.world.note(format!("{number}."));
            self.step()?;
        }
        self.deliver_held(usize::MAX)
    }

    fn hand_out_psks(&mut self) -> Outcome<()> {
        for number in 0..PSKS {
            for who in 0..self.world.people.len() {
                let (psk_id, secret) = (psk_id(number), [number; 32]);
                self.world.act(who, "keep a pre-shared key", |actor| actor.put_psk(&psk_id, &secret))?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Outcome<()> {
        let founder = self.dice.below(self.world.people.len());
        let group_id = self.group_id();
        let suite = self.world.person(founder)?.persona.suite;
        self.world.note(format!("{} creates a group with cipher suite {suite}", self.world.name(founder)));
        self.world.act(founder, "create a group", |actor| actor.create(&group_id))?;
        let feature = Feature::suite(suite).ok_or("no such cipher suite")?;
        self.world.count(feature, founder)?;
        self.world.enrol(founder)?;
        self.world.settle()
    }

    /// One of these people.
    pub(crate) fn one_of(&mut self, people: &[Who]) -> Outcome<Who> {
        self.dice.pick(people).ok_or_else(|| "nobody to choose from".into())
    }

    /// One of the ids of pre-shared keys.
    pub(crate) fn any_psk(&mut self) -> Vec<u8> {
        psk_id(self.dice.below(usize::from(PSKS)) as u8)
    }
}

fn psk_id(number: u8) -> Vec<u8> {
    format!("psk {number}").into_bytes()
}
