//! What each operation touches of the storage, counted and never timed, against the budgets that the design sets.
//!
//! A full group of 1 000; with `CONCLAVE_LARGE=1` also one of 100 000. With `CONCLAVE_TOUCHES=<file>` the counts are
//! written there as a table.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write;
use std::sync::Arc;

use conclave::testing::crowd;
use conclave::*;

const KIB: u64 = 1024;

struct Person {
    client: Arc<Client>,
    storage: Arc<MemoryStorage>,
}

/// A client with a name of 64 bytes.
fn person(name: &str) -> Person {
    let storage = MemoryStorage::new();
    let config = ClientConfig::basic(&format!("{name:->64}"));
    let client = Client::new(config, Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap();
    Person { client, storage }
}

fn key_package() -> Vec<u8> {
    person("newcomer").client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
}

/// The most that an operation may touch.
#[derive(Clone, Copy)]
struct Budget {
    /// Calls of `read` and `scan`.
    calls: u64,
    /// Records asked for by key.
    records: u64,
    bytes_read: u64,
    bytes_written: u64,
}

/// One operation, counted.
struct Row {
    operation: String,
    touches: Touches,
    budget: Option<Budget>,
}

impl Row {
    fn check(&self) -> Result<(), String> {
        let (Some(budget), found) = (self.budget, self.touches) else { return Ok(()) };
        let kept = found.reads + found.scans <= budget.calls
            && found.records_read <= budget.records
            && found.bytes_read <= budget.bytes_read
            && found.bytes_written <= budget.bytes_written;
        if kept { Ok(()) } else { Err(format!("{}: {found:?}", self.operation)) }
    }
}

/// A group with three clients in it: the first member, the last one, and one between.
struct Scene {
    people: Vec<Person>,
    groups: Vec<Arc<Group>>,
    size: u32,
    rows: Vec<Row>,
}

const KNOWN_SENDER: Budget = Budget { calls: 1, records: 3, bytes_read: 4 * KIB, bytes_written: KIB };
const FIRST_OF_SENDER: Budget = Budget { calls: 2, records: 30, bytes_read: 8 * KIB, bytes_written: 4 * KIB };
const PATH: Budget = Budget { calls: 4, records: 300, bytes_read: 128 * KIB, bytes_written: 32 * KIB };
const NO_BUDGET: Option<Budget> = None;

impl Scene {
    fn new(size: u32, public_handshakes: bool) -> Self {
        let people = vec![person("first"), person("middle"), person("last")];
        let leaves = [0, size / 3, size - 1];
        let seats: Vec<_> = leaves.into_iter().zip(people.iter().map(|person| person.client.clone())).collect();
        let groups = crowd(size, &seats, public_handshakes).unwrap();
        Scene { people, groups, size, rows: Vec::new() }
    }

    /// Runs one operation of the person `who`, and enters what it touched.
    fn count<T>(
        &mut self,
        operation: &str,
        who: usize,
        budget: Option<Budget>,
        act: impl FnOnce(&Arc<Group>) -> T,
    ) -> T {
        self.people[who].storage.take_touches();
        let outcome = act(&self.groups[who]);
        let touches = self.people[who].storage.take_touches();
        self.rows.push(Row { operation: operation.to_owned(), touches, budget });
        outcome
    }

    fn say(&self, who: usize) -> Vec<u8> {
        self.groups[who].encrypt(vec![7; 1024], vec![], vec![]).unwrap()
    }

    /// A commit of the person `who`, which the others process.
    fn commit(&mut self, what: &str, who: usize, draft: impl FnOnce(Arc<CommitBuilder>) -> Arc<CommitBuilder>) {
        let made = format!("make a commit: {what}");
        let commit =
            self.count(&made, who, NO_BUDGET, |group| draft(group.clone().new_commit()).build().unwrap().commit);
        self.count(&format!("confirm it: {what}"), who, NO_BUDGET, |group| group.confirm_commit(None, vec![]).unwrap());
        for other in (0..3).filter(|other| *other != who) {
            let processed = format!("process a commit: {what}");
            self.count(&processed, other, Some(PATH), |group| group.receive(commit.clone(), vec![]).unwrap());
        }
        let authenticators: Vec<_> = self.groups.iter().map(|group| group.epoch_authenticator().unwrap()).collect();
        assert!(authenticators.iter().all(|authenticator| *authenticator == authenticators[0]));
    }

    fn messages(&mut self) {
        let encrypted = |group: &Arc<Group>| group.encrypt(vec![7; 1024], vec![], vec![]).unwrap();
        self.groups.iter().for_each(|group| drop(group.status().unwrap()));
        let first = self.count("encrypt, first message in the epoch", 0, Some(FIRST_OF_SENDER), encrypted);
        let second = self.count("encrypt", 0, Some(KNOWN_SENDER), encrypted);
        self.receive("decrypt, first message of a sender in the epoch", first, FIRST_OF_SENDER);
        self.receive("decrypt, known sender, in order", second, KNOWN_SENDER);
        let later: Vec<Vec<u8>> = (0..64).map(|_| self.say(0)).collect();
        let one_chunk = Budget { calls: 2, records: 4, bytes_written: 2 * KIB, ..KNOWN_SENDER };
        let five_chunks = Budget { bytes_written: 8 * KIB, ..one_chunk };
        self.receive("decrypt, 3 messages skipped", later[3].clone(), one_chunk);
        self.receive("decrypt, late", later[1].clone(), one_chunk);
        self.receive("decrypt, 59 messages skipped", later[63].clone(), five_chunks);
        self.receive("decrypt, late", later[30].clone(), one_chunk);
    }

    fn receive(&mut self, operation: &str, message: Vec<u8>, budget: Budget) {
        let event = self.count(operation, 1, Some(budget), |group| group.receive(message, vec![]).unwrap());
        assert!(matches!(event, Event::Message { .. }));
    }

    fn late_messages(&mut self) {
        let (known, unknown) = (self.say(0), self.say(2));
        self.commit("fresh keys, by the first member", 0, |draft| draft);
        self.commit("fresh keys, by the last member", 2, |draft| draft);
        self.receive("decrypt, known sender, past epoch", known, Budget { calls: 2, records: 4, ..KNOWN_SENDER });
        let budget = Budget { records: 35, calls: 3, ..FIRST_OF_SENDER };
        self.receive("decrypt, first message of a sender, past epoch, leaf replaced since", unknown, budget);
    }

    fn commits(&mut self) {
        let leaf = self.size / 2;
        self.commit("fresh keys, by the member in the middle", 1, |draft| draft);
        self.commit("add one", 0, |draft| draft.add(key_package()).unwrap().tree_beside_welcome().unwrap());
        self.commit("remove one", 2, |draft| draft.remove(leaf).unwrap());
        self.commit("fresh keys, over blank nodes", 0, |draft| draft);
        self.commit("fresh keys, after that", 1, |draft| draft);
    }

    fn proposals(&mut self) {
        let update = self.count("propose an update", 1, NO_BUDGET, |group| group.propose_update(vec![]).unwrap());
        let add = self.groups[2].propose_add(key_package(), vec![]).unwrap();
        let remove = self.groups[2].propose_remove(self.size / 2 + 1, vec![]).unwrap();
        for (what, message, from) in [("update", &update, 1), ("add", &add, 2), ("remove", &remove, 2)] {
            for other in (0..3).filter(|other| *other != from) {
                let operation = format!("process a proposal: {what}");
                self.count(&operation, other, NO_BUDGET, |group| group.receive(message.clone(), vec![]).unwrap());
            }
        }
        self.commit("update, add and remove by reference", 0, |draft| draft.tree_beside_welcome().unwrap());
    }

    /// Another handle on the same storage, as a process has that was started for one message.
    fn cold_start(&mut self) {
        let (warm_up, message) = (self.say(0), self.say(0));
        self.groups[1].receive(warm_up, vec![]).unwrap();
        let group_id = self.groups[1].id();
        let client = self.people[1].client.clone();
        let open = Budget { calls: 1, records: 1, bytes_read: KIB, bytes_written: 0 };
        self.groups[1] = self.count("open a group", 1, Some(open), |_| client.open_group(group_id).unwrap());
        self.receive("decrypt, known sender, just opened", message, Budget { calls: 3, ..KNOWN_SENDER });
    }

    fn check(&self) {
        let missed: Vec<String> = self.rows.iter().filter_map(|row| row.check().err()).collect();
        assert!(missed.is_empty(), "over budget:\n{}", missed.join("\n"));
    }

    fn table(&self, title: &str) -> String {
        let mut table = format!("## {title}, n = {}\n\n", self.size);
        table +=
            "| Operation | Calls | Records by key | Bytes read | Bytes written | Budget |\n|---|--:|--:|--:|--:|---|\n";
        for Row { operation, touches, budget } in &self.rows {
            let calls = touches.reads + touches.scans;
            let (records, read, written) = (touches.records_read, touches.bytes_read, touches.bytes_written);
            let budget = budget.map_or(String::new(), |budget| {
                let Budget { calls, records, bytes_read, bytes_written } = budget;
                format!("{calls} calls, {records} records, {bytes_read} / {bytes_written} bytes")
            });
            writeln!(table, "| {operation} | {calls} | {records} | {read} | {written} | {budget} |").unwrap();
        }
        table
    }
}

/// Plays the whole scene in both forms of handshakes.
fn play(size: u32) -> Vec<(Scene, &'static str)> {
    let played =
        [(false, "Handshakes as PrivateMessage"), (true, "Handshakes as PublicMessage")].map(|(public, title)| {
            let mut scene = Scene::new(size, public);
            scene.messages();
            scene.late_messages();
            scene.commits();
            scene.proposals();
            scene.cold_start();
            (scene, title)
        });
    played.into()
}

#[test]
fn operations_keep_their_budgets() {
    let large = std::env::var_os("CONCLAVE_LARGE").is_some();
    let sizes: &[u32] = if large { &[1_000, 100_000] } else { &[1_000] };
    let scenes: Vec<_> = sizes.iter().flat_map(|size| play(*size)).collect();
    if let Some(path) = std::env::var_os("CONCLAVE_TOUCHES") {
        let tables: Vec<String> = scenes.iter().map(|(scene, title)| scene.table(title)).collect();
        std::fs::write(path, format!("{}{}", include_str!("budget.md"), tables.join("\n"))).unwrap();
    }
    scenes.iter().for_each(|(scene, _)| scene.check());
}
