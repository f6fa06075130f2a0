//! A library as a contender: each operation with what comes before it, untimed.

use std::time::Instant;

use conclave_benches::contender::{Contender, Operation, Sample};

use crate::bulk::Bulk;
use crate::person::{Change, Person};
use crate::scene::{Scene, TEXT};

/// Members of the largest group that other libraries are measured in.
const MOST_MEMBERS: u32 = 10_000;

/// A library in one configuration.
pub struct Peer<P: Person> {
    name: &'static str,
    enter: fn(&str) -> P,
    n: u32,
    scene: Option<Scene<P>>,
    bulk: Option<Bulk<P>>,
}

impl<P: Person> Peer<P> {
    /// A library whose people enter like this.
    pub fn new(name: &'static str, enter: fn(&str) -> P) -> Self {
        Peer { name, enter, n: 0, scene: None, bulk: None }
    }

    fn alone(&self, operation: Operation) -> Sample {
        let mut person = (self.enter)("alone");
        match operation {
            Operation::Create => timed(&mut person, P::create),
            _ => timed(&mut person, |person| drop(person.key_package())),
        }
    }

    fn in_bulk(&mut self, operation: Operation) -> Sample {
        let bulk = self.bulk.get_or_insert_with(|| Bulk::new(self.n, self.enter));
        let mut creator = (self.enter)("creator");
        creator.create();
        if operation == Operation::BulkAdd {
            return timed(&mut creator, |creator| drop(bulk.add(creator)));
        }
        if bulk.welcome().is_none() {
            bulk.add(&mut creator);
        }
        let welcome = bulk.welcome().unwrap().to_vec();
        timed(bulk.joiner.again(), |joiner| joiner.join(&welcome, None))
    }
}

impl<P: Person> Contender for Peer<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn gather(&mut self, n: u32) -> bool {
        (self.n, self.scene, self.bulk) = (n, None, None);
        if n > MOST_MEMBERS {
            eprintln!("{}: not measured with {n} members", self.name);
            return false;
        }
        self.scene = Some(Scene::new(n, self.enter));
        true
    }

    fn round(&mut self, operation: Operation) -> Option<Sample> {
        use Operation::*;
        match operation {
            KeyPackage | Create => Some(self.alone(operation)),
            BulkAdd | JoinBulk => Some(self.in_bulk(operation)),
            JoinFull | ExternalJoin => Some(enter(self.scene.as_mut()?, operation)),
            SelfUpdate | ConfirmUpdate | Add | Remove | Encrypt => send(self.scene.as_mut()?, operation),
            _ => receive(self.scene.as_mut()?, operation),
        }
    }
}

fn enter<P: Person>(scene: &mut Scene<P>, operation: Operation) -> Sample {
    let Scene { newcomer, visitor, add, grown, entrance: (group_info, tree), .. } = scene;
    match operation {
        Operation::JoinFull => {
            timed(newcomer.again(), |newcomer| newcomer.join(add.welcome.as_ref().unwrap(), Some(grown)))
        }
        _ => timed(visitor.again(), |visitor| drop(visitor.join_external(group_info, tree))),
    }
}

fn send<P: Person>(scene: &mut Scene<P>, operation: Operation) -> Option<Sample> {
    let sender = scene.sender.again();
    let change = match operation {
        Operation::ConfirmUpdate => {
            sender.commit(Change::default());
            return Some(timed(sender, P::confirm));
        }
        Operation::Encrypt => {
            sender.encrypt(&TEXT);
            return Some(timed(sender, |sender| drop(sender.encrypt(&TEXT))));
        }
        Operation::Add => Change { add: std::slice::from_ref(&scene.key_package), ..Change::default() },
        Operation::Remove => Change { remove: Some(scene.other), ..Change::default() },
        _ => Change::default(),
    };
    Some(timed(sender, |sender| drop(sender.commit(change))))
}

fn receive<P: Person>(scene: &mut Scene<P>, operation: Operation) -> Option<Sample> {
    let receiver = scene.receiver.again();
    let [first, second, late] = &scene.messages;
    let message = match operation {
        Operation::OpenDecrypt => {
            receiver.close();
            return Some(timed(receiver, |receiver| {
                receiver.open();
                receiver.receive(first);
            }));
        }
        Operation::Decrypt => {
            receiver.receive(first);
            second
        }
        Operation::DecryptSkipped => late,
        Operation::ProcessAdd => &scene.add.commit,
        // In a group of two or three, it is the receiver who is removed.
        Operation::ProcessRemove if scene.is_small => return None,
        Operation::ProcessRemove => &scene.removal.commit,
        Operation::ProcessExternal => &scene.external,
        _ => &scene.update.commit,
    };
    Some(timed(receiver, |receiver| receiver.receive(message)))
}

/// How long a person needs, and what is asked of the storage.
fn timed<P: Person>(person: &mut P, act: impl FnOnce(&mut P)) -> Sample {
    let before = person.shelf().tally();
    let start = Instant::now();
    act(person);
    let elapsed = start.elapsed();
    let after = person.shelf().tally();
    Sample {
        elapsed,
        reads: after.reads - before.reads,
        read_bytes: after.read_bytes - before.read_bytes,
        writes: after.writes - before.writes,
        written_bytes: after.written_bytes - before.written_bytes,
    }
}
