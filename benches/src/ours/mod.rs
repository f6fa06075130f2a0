//! Conclave as a contender, in each of its configurations.

mod bulk;
pub mod fresh;
pub mod person;
mod rehearsal;
pub mod scene;

use std::collections::HashMap;

use conclave::GroupOptions;

use crate::contender::{Contender, Operation, Sample};
use bulk::Bulk;
use person::Storing;
use scene::{Change, Scene};

/// What the receiver hears in several rounds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Said {
    Update,
    Add,
    Remove,
    First,
    Second,
    Late,
    External,
}

/// Messages skipped before the late one.
const SKIPPED: usize = 1000;

/// Most proposals that Conclave takes in one commit.
const MOST_AT_ONCE: u32 = 65_536;

/// Conclave on one kind of storage.
pub struct Ours {
    storing: Storing,
    n: u32,
    scene: Option<Scene>,
    bulk: Option<Bulk>,
    said: HashMap<Said, Vec<u8>>,
}

/// Conclave in all its configurations.
pub fn all() -> Vec<Box<dyn Contender>> {
    let storings =
        [Storing::Memory, Storing::Sealed, Storing::Sqlite { durable: true }, Storing::Sqlite { durable: false }];
    storings.into_iter().map(|storing| Box::new(Ours::new(storing)) as Box<dyn Contender>).collect()
}

impl Ours {
    /// Conclave storing in this way.
    pub fn new(storing: Storing) -> Self {
        Ours { storing, n: 0, scene: None, bulk: None, said: HashMap::new() }
    }

    fn bulk(&mut self) -> &mut Bulk {
        self.bulk.get_or_insert_with(|| Bulk::new(self.n, self.storing))
    }

    fn alone(&self, operation: Operation) -> Option<Sample> {
        let newcomer = &self.scene.as_ref()?.newcomer;
        newcomer.storage.rewind();
        Some(match operation {
            Operation::KeyPackage => newcomer.storage.timed(|| newcomer.key_package()).1,
            _ => newcomer.storage.timed(|| newcomer.client.create_group(GroupOptions::default()).unwrap()).1,
        })
    }

    /// The sender makes a commit.
    fn make(&self, change: Change) -> Option<Sample> {
        let scene = self.scene.as_ref()?;
        scene.rewind();
        Some(scene.sender.storage.timed(|| scene.commit(change)).1)
    }

    fn confirm(&self) -> Option<Sample> {
        let scene = self.scene.as_ref()?;
        scene.rewind();
        scene.commit(Change::Nothing);
        Some(scene.sender.storage.timed(|| scene.sending.confirm_commit(None, vec![]).unwrap()).1)
    }

    fn encrypt(&self) -> Option<Sample> {
        let scene = self.scene.as_ref()?;
        scene.rewind();
        scene.encrypt();
        Some(scene.sender.storage.timed(|| scene.encrypt()).1)
    }

    /// The receiver receives a message, after what comes before it.
    fn hear(&mut self, message: Said) -> Option<Sample> {
        let earlier = (message == Said::Second).then(|| self.said(Said::First)).flatten();
        let message = self.said(message)?;
        let scene = self.scene.as_ref()?;
        scene.rewind();
        earlier.iter().for_each(|earlier| scene.receive(earlier));
        Some(scene.receiver.storage.timed(|| scene.receive(&message)).1)
    }

    fn open(&mut self) -> Option<Sample> {
        let message = self.said(Said::First)?;
        let scene = self.scene.as_ref()?;
        scene.rewind();
        Some(scene.receiver.storage.timed(|| scene.open_and_receive(&message)).1)
    }

    fn said(&mut self, message: Said) -> Option<Vec<u8>> {
        if !self.said.contains_key(&message) {
            let said = say(self.scene.as_ref()?, message);
            self.said.insert(message, said);
        }
        self.said.get(&message).cloned()
    }
}

impl Contender for Ours {
    fn name(&self) -> &'static str {
        match self.storing {
            Storing::Memory => "conclave",
            Storing::Sealed => "conclave, sealed",
            Storing::Sqlite { durable: true } => "conclave, SQLite",
            Storing::Sqlite { durable: false } => "conclave, SQLite unsynced",
        }
    }

    fn gather(&mut self, n: u32) -> bool {
        // The old ones go before the new ones come, which may not both fit into memory.
        *self = Ours { n, ..Ours::new(self.storing) };
        self.scene = Some(Scene::new(n, self.storing));
        true
    }

    fn round(&mut self, operation: Operation) -> Option<Sample> {
        match operation {
            Operation::KeyPackage | Operation::Create => self.alone(operation),
            Operation::BulkAdd | Operation::JoinBulk if self.n > MOST_AT_ONCE => {
                eprintln!("{}: one commit adds at most {MOST_AT_ONCE} members", self.name());
                None
            }
            Operation::BulkAdd => Some(self.bulk().add()),
            Operation::JoinBulk => Some(self.bulk().join()),
            Operation::JoinFull => Some(self.scene.as_ref()?.join()),
            Operation::SelfUpdate => self.make(Change::Nothing),
            Operation::ConfirmUpdate => self.confirm(),
            Operation::ProcessUpdate => self.hear(Said::Update),
            Operation::Add => self.make(Change::Add),
            Operation::ProcessAdd => self.hear(Said::Add),
            Operation::Remove => self.make(Change::Remove),
            // In a group of two or three the one who is removed is the one who would see it.
            Operation::ProcessRemove if self.n < 4 => None,
            Operation::ProcessRemove => self.hear(Said::Remove),
            Operation::Encrypt => self.encrypt(),
            Operation::Decrypt => self.hear(Said::Second),
            Operation::DecryptSkipped => self.hear(Said::Late),
            Operation::OpenDecrypt => self.open(),
            Operation::ExternalJoin => Some(self.scene.as_ref()?.join_external().1),
            Operation::ProcessExternal => self.hear(Said::External),
        }
    }
}

/// Has the message made, from the beginning.
fn say(scene: &Scene, message: Said) -> Vec<u8> {
    let nth = |skipped| (0..skipped).fold(scene.encrypt(), |_, _| scene.encrypt());
    scene.rewind();
    match message {
        Said::Update => scene.commit(Change::Nothing).commit,
        Said::Add => scene.commit(Change::Add).commit,
        Said::Remove => scene.commit(Change::Remove).commit,
        Said::First => nth(0),
        Said::Second => nth(1),
        Said::Late => nth(SKIPPED),
        Said::External => scene.join_external().0,
    }
}
