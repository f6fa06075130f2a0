//! People whose storage fails when it is told to, keeps a ledger of what was written, and whose groups can be copied.
#![allow(dead_code, reason = "each test program uses its share")]

#[path = "../common/records.rs"]
pub(crate) mod records;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use conclave::*;
use parking_lot::Mutex;
use records::of_epoch::{FORMER_LEAF, FRONTIER, RATCHET};
use records::of_group::{EPOCH, PATH_KEYS, PENDING, UPDATE_KEY};

pub(crate) const GROUP: &[u8] = b"group";

/// How a storage call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call fails and does nothing; later calls work.
    Refused,
    /// The same, with the device locked.
    Locked,
    /// A write is applied and then fails; later calls work.
    Applied,
    /// The process ends before the call does anything: so do all later calls.
    DeadBefore,
    /// The process ends after the call was applied, before it could return.
    DeadAfter,
}

impl Fault {
    pub(crate) const ALL: [Fault; 5] =
        [Fault::Refused, Fault::Locked, Fault::Applied, Fault::DeadBefore, Fault::DeadAfter];

    pub(crate) fn is_death(self) -> bool {
        matches!(self, Fault::DeadBefore | Fault::DeadAfter)
    }

    fn error(self) -> StorageError {
        let detail = "armed".to_owned();
        match self {
            Fault::Locked => StorageError::Locked { detail },
            _ => StorageError::Unavailable { detail },
        }
    }

    pub(crate) fn code(self) -> u32 {
        if self == Fault::Locked { 704 } else { 701 }
    }
}

/// What has been written to one storage, whoever wrote it.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Written>);

#[derive(Default)]
struct Written {
    batches: usize,
    effects: Vec<Effect>,
    /// Secrets of the past: a record and a value that it no longer has, as a hash.
    gone: HashSet<(Vec<u8>, Vec<u8>)>,
    resurrected: Vec<Vec<u8>>,
}

impl Ledger {
    pub(crate) fn effects(&self) -> Vec<Effect> {
        self.0.lock().effects.clone()
    }

    pub(crate) fn batches(&self) -> usize {
        self.0.lock().batches
    }

    /// No secret that was deleted or replaced may ever lie in its place again.
    pub(crate) fn assert_nothing_came_back(&self) {
        let written = self.0.lock();
        assert!(written.resurrected.is_empty(), "came back: {:02x?}", written.resurrected);
    }

    fn write(&self, memory: &MemoryStorage, batch: Arc<WriteBatch>) -> std::result::Result<(), StorageError> {
        let mut written = self.0.lock();
        let before = secrets(memory);
        let effect = batch.effect();
        memory.write(batch)?;
        let after = secrets(memory);
        for (key, value) in &before {
            if after.get(key) != Some(value) {
                written.gone.insert((key.clone(), value.clone()));
            }
        }
        for (key, value) in after {
            if before.get(&key) != Some(&value) && written.gone.contains(&(key.clone(), value)) {
                written.resurrected.push(key);
            }
        }
        written.resurrected.extend(derivable_again(memory));
        written.batches += 1;
        written.effects.extend(effect);
        Ok(())
    }
}

/// Records that hold keys which must not come back: key packages; and of groups: epochs with their ratchets, private keys
/// of the path, the pending commit, and keys of Updates.
fn secrets(memory: &MemoryStorage) -> HashMap<Vec<u8>, Vec<u8>> {
    let holds_keys = |key: &[u8]| match (records::kind(key), records::kind_in_group(key)) {
        (records::KEY_PACKAGE, _) => true,
        (_, Some(EPOCH | PATH_KEYS | PENDING | UPDATE_KEY)) => !is_leaf_or_length(key),
        _ => false,
    };
    let records = memory.records().into_iter().filter(|record| holds_keys(&record.key));
    records.map(|record| (record.key, record.value)).collect()
}

/// Nodes of secret trees above leaves whose ratchets were derived: from them, keys that were used could be derived again.
fn derivable_again(memory: &MemoryStorage) -> Vec<Vec<u8>> {
    let keys: Vec<Vec<u8>> = memory.records().into_iter().map(|record| record.key).collect();
    let covers = |node: &[u8], ratchet: &[u8]| {
        records::are_of_one_epoch(node, ratchet) && records::covers(records::number(node), records::number(ratchet))
    };
    let ratchets: Vec<&Vec<u8>> = keys.iter().filter(|key| records::is_of_epoch(key, RATCHET)).collect();
    let nodes = keys.iter().filter(|key| records::is_of_epoch(key, FRONTIER));
    nodes.filter(|node| ratchets.iter().any(|ratchet| covers(node, ratchet))).cloned().collect()
}

/// A former leaf is public, and the length of a pending commit may be that of another.
fn is_leaf_or_length(key: &[u8]) -> bool {
    let is_length = records::kind_in_group(key) == Some(PENDING) && key.ends_with(&[0; 4]);
    records::is_of_epoch(key, FORMER_LEAF) || is_length
}

/// A storage in memory that fails at the call it is armed for.
pub(crate) struct Faulty {
    pub(crate) memory: Arc<MemoryStorage>,
    pub(crate) ledger: Arc<Ledger>,
    armed: Mutex<Armed>,
}

#[derive(Default)]
struct Armed {
    fault: Option<(Fault, usize)>,
    calls: usize,
    hit: bool,
}

enum Verdict {
    Go,
    Fail(Fault),
    GoAndFail(Fault),
}

impl Faulty {
    pub(crate) fn over(memory: Arc<MemoryStorage>, ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Faulty { memory, ledger, armed: Mutex::default() })
    }

    /// Makes the `call`-th call from now fail.
    pub(crate) fn arm(&self, fault: Fault, call: usize) {
        *self.armed.lock() = Armed { fault: Some((fault, call)), calls: 0, hit: false };
    }

    /// Lets every call work again, and tells whether one had failed.
    pub(crate) fn disarm(&self) -> bool {
        std::mem::take(&mut *self.armed.lock()).hit
    }

    fn next(&self) -> Verdict {
        let mut armed = self.armed.lock();
        armed.calls += 1;
        let Some((fault, call)) = armed.fault else { return Verdict::Go };
        match armed.calls {
            calls if calls == call => {
                armed.hit = true;
                let after = matches!(fault, Fault::Applied | Fault::DeadAfter);
                if after { Verdict::GoAndFail(fault) } else { Verdict::Fail(fault) }
            }
            calls if calls > call && fault.is_death() => Verdict::Fail(fault),
            _ => Verdict::Go,
        }
    }

    fn call<T>(
        &self,
        act: impl FnOnce() -> std::result::Result<T, StorageError>,
    ) -> std::result::Result<T, StorageError> {
        match self.next() {
            Verdict::Go => act(),
            Verdict::Fail(fault) => Err(fault.error()),
            Verdict::GoAndFail(fault) => act().and(Err(fault.error())),
        }
    }
}

impl Storage for Faulty {
    fn read(&self, keys: Vec<Vec<u8>>) -> std::result::Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.call(|| self.memory.read(keys))
    }

    fn scan(
        &self,
        prefix: Vec<u8>,
        after: Vec<u8>,
        limit: u32,
    ) -> std::result::Result<Vec<StoredRecord>, StorageError> {
        self.call(|| self.memory.scan(prefix, after, limit))
    }

    fn write(&self, batch: Arc<WriteBatch>) -> std::result::Result<(), StorageError> {
        self.call(|| self.ledger.write(&self.memory, batch))
    }
}

/// A client, its storage, and its hold on the group.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) storage: Arc<Faulty>,
    pub(crate) client: Arc<Client>,
    pub(crate) handle: Option<Arc<Group>>,
    /// How many generations this person's handles reserve at once.
    pub(crate) reserve: u32,
}

pub(crate) fn open_client(name: &str, storage: Arc<dyn Storage>, reserve: u32) -> Arc<Client> {
    let config = ClientConfig { max_deferred: 10, reserve, ..ClientConfig::basic(name) };
    Client::new(config, Host::new(storage, Arc::new(AcceptAll))).unwrap()
}

impl Person {
    pub(crate) fn new(name: &'static str) -> Self {
        Self::over((name, 0), MemoryStorage::new(), Arc::default())
    }

    fn over((name, reserve): (&'static str, u32), memory: Arc<MemoryStorage>, ledger: Arc<Ledger>) -> Self {
        let storage = Faulty::over(memory, ledger);
        let client = open_client(name, storage.clone(), reserve);
        let handle = client.open_group(GROUP.to_vec()).ok();
        Person { name, storage, client, handle, reserve }
    }

    /// The same person with a storage of its own, an empty ledger and handles that know nothing.
    pub(crate) fn copy(&self) -> Self {
        Self::over((self.name, self.reserve), self.storage.memory.duplicate(), Arc::default())
    }

    /// What a new process finds.
    pub(crate) fn reopen(&mut self) {
        *self = Self::over((self.name, self.reserve), self.storage.memory.clone(), self.storage.ledger.clone());
    }

    pub(crate) fn group(&self) -> Arc<Group> {
        self.handle.clone().unwrap_or_else(|| self.client.open_group(GROUP.to_vec()).unwrap())
    }

    pub(crate) fn key_package(&self) -> Vec<u8> {
        self.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }

    pub(crate) fn say(&self, text: &str) -> Vec<u8> {
        self.group().encrypt(text.as_bytes().to_vec(), vec![], vec![]).unwrap()
    }

    pub(crate) fn receive(&self, message: &[u8]) -> Event {
        self.group().receive(message.to_vec(), vec![]).unwrap_or_else(|error| panic!("{}: {error:?}", self.name))
    }

    /// A commit with nothing said, made and confirmed.
    pub(crate) fn commit(&self) -> Vec<u8> {
        let built = self.group().new_commit().build().unwrap();
        self.group().confirm_commit(None, vec![]).unwrap();
        built.commit
    }

    pub(crate) fn join(&mut self, welcome: Vec<u8>) {
        self.handle = Some(self.client.join(welcome, JoinOptions::default()).unwrap());
    }

    pub(crate) fn leaf(&self) -> u32 {
        self.group().status().unwrap().own_leaf
    }
}

/// Everything that was deferred and whose time has come.
pub(crate) fn drain(person: &Person) -> Vec<Event> {
    std::iter::from_fn(|| person.group().next_deferred(vec![]).unwrap()).collect()
}

pub(crate) fn text(event: Event) -> String {
    match event {
        Event::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Alice, Bob and Carol, and Dave outside.
pub(crate) struct Cast {
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    pub(crate) carol: Person,
    pub(crate) dave: Person,
}

pub(crate) const PSK: &[u8] = b"psk";

impl Cast {
    fn strangers() -> Self {
        let [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(Person::new);
        for person in [&alice, &bob, &carol, &dave] {
            person.client.put_psk(PSK.to_vec(), vec![7; 32]).unwrap();
        }
        Cast { alice, bob, carol, dave }
    }

    /// Alice has made a group with Bob and Carol.
    pub(crate) fn together() -> Self {
        let mut cast = Self::strangers();
        let Cast { alice, bob, carol, .. } = &mut cast;
        found(alice, &mut [bob, carol]);
        cast
    }

    /// Bob and Carol are in a group; Alice is not.
    pub(crate) fn without_alice() -> Self {
        let mut cast = Self::strangers();
        let Cast { bob, carol, .. } = &mut cast;
        found(bob, &mut [carol]);
        cast
    }

    /// Alice has made a group with Bob and Carol, and reserves eight generations at once.
    pub(crate) fn reserving() -> Self {
        let mut cast = Self::together();
        cast.alice.reserve = 8;
        cast.alice.reopen();
        cast
    }

    pub(crate) fn copy(&self) -> Self {
        let Cast { alice, bob, carol, dave } = self;
        Cast { alice: alice.copy(), bob: bob.copy(), carol: carol.copy(), dave: dave.copy() }
    }
}

fn found(founder: &mut Person, others: &mut [&mut Person]) {
    let options = GroupOptions { group_id: Some(GROUP.to_vec()), ..GroupOptions::default() };
    founder.handle = Some(founder.client.create_group(options).unwrap());
    let mut builder = founder.group().new_commit();
    for other in others.iter() {
        builder = builder.add(other.key_package()).unwrap();
    }
    let welcome = builder.build().unwrap().welcome.unwrap();
    founder.group().confirm_commit(None, vec![]).unwrap();
    others.iter_mut().for_each(|other| other.join(welcome.clone()));
}

/// Everyone is in one epoch, reads everyone, and follows a commit of each.
pub(crate) fn assert_alive(members: &[&Person]) {
    assert_same_epoch(members);
    talk(members);
    for committer in members.iter().rev() {
        let commit = committer.commit();
        for other in members.iter().filter(|other| other.name != committer.name) {
            assert!(matches!(other.receive(&commit), Event::EpochChanged { .. }));
        }
        assert_same_epoch(members);
    }
    talk(members);
    members.iter().for_each(|member| member.storage.ledger.assert_nothing_came_back());
}

/// The same for less: everyone reads everyone, and follows one commit, of the first.
pub(crate) fn assert_going(members: &[&Person]) {
    assert_same_epoch(members);
    let commit = members[0].commit();
    for other in &members[1..] {
        assert!(matches!(other.receive(&commit), Event::EpochChanged { .. }));
    }
    assert_same_epoch(members);
    talk(members);
}

fn talk(members: &[&Person]) {
    for speaker in members {
        let message = speaker.say(speaker.name);
        for other in members.iter().filter(|other| other.name != speaker.name) {
            assert_eq!(text(other.receive(&message)), speaker.name);
        }
    }
}

pub(crate) fn assert_same_epoch(members: &[&Person]) {
    let authenticators: HashSet<Vec<u8>> =
        members.iter().map(|member| member.group().epoch_authenticator().unwrap()).collect();
    assert_eq!(authenticators.len(), 1, "the members are in different epochs");
}

/// The messages that a person's storage was told to send, each once.
pub(crate) fn outbox(person: &Person) -> Vec<Vec<u8>> {
    let effects = person.storage.ledger.effects().into_iter();
    let sent = effects.filter_map(|effect| match effect {
        Effect::Outbound { message, .. } => Some(message),
        _ => None,
    });
    sent.collect()
}

/// The Welcomes of commits that took effect.
pub(crate) fn welcomes(person: &Person) -> Vec<Vec<u8>> {
    let effects = person.storage.ledger.effects().into_iter();
    let confirmed = effects.filter_map(|effect| match effect {
        Effect::Confirmed { welcome, .. } => welcome,
        _ => None,
    });
    confirmed.collect()
}
