//! What is deleted is gone from the disk: the secrets that an operation should have used up are taken from the records
//! before it, and looked for afterwards, in every record and in the raw bytes of the files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use conclave::*;
use conclave_sqlite::SqliteStorage;
use tempfile::TempDir;

/// Where a secret stood, and the secret.
type Secrets = BTreeMap<String, Vec<u8>>;

const PAST_EPOCHS: u32 = 2;

struct Time(AtomicU64);

impl Clock for Time {
    fn now(&self) -> Result<u64> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

/// Alice over SQLite, and Bob and Carol.
struct Scene {
    dir: TempDir,
    storage: Arc<SqliteStorage>,
    client: Arc<Client>,
    time: Arc<Time>,
    others: Vec<Arc<Client>>,
}

impl Scene {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let storage = SqliteStorage::open(dir.path().join("alice.db")).unwrap();
        let config = ClientConfig { past_epochs: PAST_EPOCHS, ..ClientConfig::basic("alice") };
        let time = Arc::new(Time(AtomicU64::new(SystemClock.now().unwrap())));
        let mut host = Host::new(storage.clone(), Arc::new(AcceptAll));
        host.clock = Some(time.clone());
        let client = Client::new(config, host).unwrap();
        let others = ["bob", "carol"].map(|name| {
            Client::new(ClientConfig::basic(name), Host::new(MemoryStorage::new(), Arc::new(AcceptAll))).unwrap()
        });
        Scene { dir, storage, client, time, others: others.to_vec() }
    }

    /// Alice's group with Bob and Carol, each at their own.
    fn together(&self) -> [Arc<Group>; 3] {
        let alice = self.client.create_group(GroupOptions::default()).unwrap();
        let packages = self.others.iter().map(key_package);
        let builder = packages.fold(alice.clone().new_commit(), |builder, package| builder.add(package).unwrap());
        let welcome = builder.build().unwrap().welcome.unwrap();
        alice.confirm_commit(None, vec![]).unwrap();
        let joined = |other: &Arc<Client>| other.join(welcome.clone(), JoinOptions::default()).unwrap();
        [alice, joined(&self.others[0]), joined(&self.others[1])]
    }

    fn records(&self) -> Vec<StoredRecord> {
        self.storage.scan(vec![], vec![], 100_000).unwrap()
    }

    /// Every secret in the records that hold some.
    fn secrets(&self) -> Secrets {
        secrets_in(&self.records())
    }

    /// None of these is in a record; none is in the log; and after scrubbing, none is in a file.
    fn assert_gone(&self, secrets: &Secrets) {
        assert!(!secrets.is_empty(), "nothing to look for");
        for record in self.records() {
            let left = secrets.iter().find(|(_, secret)| contains(&record.value, secret));
            assert!(left.is_none(), "{} is in a record of {}", left.unwrap().0, kind(&record.key));
        }
        self.storage.scrub().unwrap();
        for file in self.files() {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let left = secrets.iter().find(|(_, secret)| contains(&bytes, secret));
            assert!(left.is_none(), "{} is in {}", left.unwrap().0, file.display());
        }
    }

    /// A change of the epoch empties the log, without being told to.
    fn assert_log_is_empty(&self) {
        let log = std::fs::metadata(&self.files()[1]).map(|log| log.len()).unwrap_or(0);
        assert_eq!(log, 0, "the write-ahead log was not emptied");
    }

    fn files(&self) -> [PathBuf; 3] {
        ["alice.db", "alice.db-wal", "alice.db-shm"].map(|name| self.dir.path().join(name))
    }
}

fn secrets_in(records: &[StoredRecord]) -> Secrets {
    let mut found = Secrets::new();
    for record in records {
        let name = kind(&record.key);
        for (place, secret) in secrets_of(name, &record.value).into_iter().enumerate() {
            let key: String = record.key.iter().map(|byte| format!("{byte:02x}")).collect();
            found.insert(format!("{name} {key} {place}"), secret);
        }
    }
    found
}

fn key_package(client: &Arc<Client>) -> Vec<u8> {
    client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
}

fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

/// The kind of a record, by the table of the store's keys.
fn kind(key: &[u8]) -> &'static str {
    match (key[8], key.get(17), key.get(26)) {
        (0x02, ..) => "key package",
        (0x10, Some(0x01), Some(0x00)) => "epoch",
        (0x10, Some(0x01), Some(0x01)) => "frontier",
        (0x10, Some(0x01), Some(0x02)) => "ratchet",
        (0x10, Some(0x01), Some(0x03)) => "skipped",
        (0x10, Some(0x06), _) => "path keys",
        (0x10, Some(0x11), _) => "pending",
        (0x10, Some(0x12), _) => "update key",
        _ => "other",
    }
}

/// The secrets in a record, by the form that the format's golden files freeze.
fn secrets_of(kind: &str, value: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Fields(&value[1.min(value.len())..]);
    match kind {
        "key package" => {
            fields.bytes();
            fields.bytes();
            vec![fields.bytes(), fields.bytes()]
        }
        "epoch" => {
            fields.bytes();
            fields.skip(4);
            let mut secrets = vec![fields.bytes(), fields.bytes()];
            if fields.skip(1) == [1] {
                secrets.extend((0..6).map(|_| fields.bytes()));
            }
            secrets
        }
        "frontier" | "update key" => vec![value[value.len() - 32..].to_vec()],
        "ratchet" => {
            fields.skip(8);
            vec![fields.bytes()]
        }
        "skipped" => {
            let count = fields.count();
            let key = |fields: &mut Fields<'_>| {
                fields.skip(1);
                let key = fields.bytes();
                fields.bytes();
                key
            };
            (0..count).map(|_| key(&mut fields)).collect()
        }
        "path keys" => {
            let count = fields.count();
            let key = |fields: &mut Fields<'_>| {
                fields.skip(4);
                fields.bytes()
            };
            (0..count).map(|_| key(&mut fields)).collect()
        }
        _ => vec![],
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn skip(&mut self, length: usize) -> Vec<u8> {
        let (field, rest) = self.0.split_at(length);
        self.0 = rest;
        field.to_vec()
    }

    fn count(&mut self) -> u32 {
        u32::from_be_bytes(self.skip(4).try_into().unwrap())
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = u16::from_be_bytes(self.skip(2).try_into().unwrap());
        self.skip(length.into())
    }
}

/// Those whose place begins with one of the names.
fn only(secrets: &Secrets, names: &[&str]) -> Secrets {
    let wanted = |place: &String| names.iter().any(|name| place.starts_with(name));
    secrets.iter().filter(|(place, _)| wanted(place)).map(|(place, secret)| (place.clone(), secret.clone())).collect()
}

/// What only the epoch that runs has: all but the sender data secret and the resumption key, which late messages and later
/// groups need.
fn of_the_epoch(secrets: &Secrets) -> Secrets {
    let mut found = only(secrets, &["epoch"]);
    found.retain(|place, _| !place.ends_with(" 0") && !place.ends_with(" 1"));
    found
}

fn say(from: &Arc<Group>) -> Vec<u8> {
    from.encrypt(b"hello".to_vec(), vec![], vec![]).unwrap()
}

fn hear(by: &Arc<Group>, message: &[u8]) {
    by.receive(message.to_vec(), vec![]).unwrap();
}

/// A commit of one of the others, which everyone follows.
fn commit(by: &Arc<Group>, others: &[&Arc<Group>]) {
    let commit = by.clone().new_commit().build().unwrap().commit;
    by.confirm_commit(None, vec![]).unwrap();
    others.iter().for_each(|other| hear(other, &commit));
}

#[test]
fn a_received_commit_ends_the_secrets_of_its_epoch() {
    let scene = Scene::new();
    let [alice, bob, carol] = scene.together();
    hear(&bob, &say(&alice));
    hear(&alice, &say(&bob));
    let before = scene.secrets();
    // Alice sits at leaf 0: her ratchets are those she could still send with.
    let own = before.iter().filter(|(place, _)| place.starts_with("ratchet") && is_of_leaf_0(place));
    let mut doomed: Secrets = own.map(|(place, secret)| (place.clone(), secret.clone())).collect();
    assert_eq!(doomed.len(), 2);
    doomed.extend(of_the_epoch(&before));
    commit(&bob, &[&alice, &carol]);
    scene.assert_log_is_empty();
    scene.assert_gone(&doomed);
}

fn is_of_leaf_0(place: &str) -> bool {
    let key = place.split(' ').nth(1).unwrap();
    &key[54..62] == "00000000"
}

#[test]
fn our_own_commit_ends_them_and_our_private_keys() {
    for echo in [false, true] {
        let scene = Scene::new();
        let [alice, bob, carol] = scene.together();
        commit(&bob, &[&alice, &carol]);
        let before = scene.secrets();
        let mut doomed = of_the_epoch(&before);
        doomed.extend(only(&before, &["path keys"]));
        let built = alice.clone().new_commit().build().unwrap();
        match echo {
            true => hear(&alice, &built.commit),
            false => drop(alice.confirm_commit(None, vec![]).unwrap()),
        }
        scene.assert_log_is_empty();
        scene.assert_gone(&doomed);
    }
}

#[test]
fn a_message_key_goes_with_its_message() {
    let scene = Scene::new();
    let [alice, bob, _] = scene.together();
    let messages: Vec<Vec<u8>> = (0..20).map(|_| say(&bob)).collect();
    let frontier = only(&scene.secrets(), &["frontier"]);
    hear(&alice, &messages[0]);
    scene.assert_gone(&frontier);
    let ratchets = only(&scene.secrets(), &["ratchet"]);
    hear(&alice, &messages[19]);
    // The ratchet that moved; the one for handshakes did not.
    let after = only(&scene.secrets(), &["ratchet"]);
    let moved: Secrets = ratchets.into_iter().filter(|(place, secret)| after.get(place) != Some(secret)).collect();
    scene.assert_gone(&moved);
    let skipped = only(&scene.secrets(), &["skipped"]);
    assert_eq!(skipped.len(), 18);
    messages[1..19].iter().for_each(|message| hear(&alice, message));
    scene.assert_gone(&skipped);
    let own = only(&scene.secrets(), &["frontier"]);
    say(&alice);
    let used: Secrets = own.into_iter().filter(|(place, _)| !scene.secrets().contains_key(place)).collect();
    scene.assert_gone(&used);
}

#[test]
fn nothing_is_left_of_epochs_beyond_the_window() {
    let scene = Scene::new();
    let [alice, bob, carol] = scene.together();
    let messages: Vec<Vec<u8>> = (0..5).map(|_| say(&bob)).collect();
    hear(&alice, &messages[4]);
    hear(&alice, &say(&carol));
    let doomed = only(&scene.secrets(), &["epoch", "frontier", "ratchet", "skipped"]);
    (0..=PAST_EPOCHS).for_each(|_| commit(&bob, &[&alice, &carol]));
    scene.assert_log_is_empty();
    scene.assert_gone(&doomed);
}

#[test]
fn a_key_package_is_used_up_by_joining() {
    let scene = Scene::new();
    let package = key_package(&scene.client);
    let doomed = scene.secrets();
    assert_eq!(doomed.len(), 2);
    let bob = scene.others[0].create_group(GroupOptions::default()).unwrap();
    let built = bob.clone().new_commit().add(package).unwrap().build().unwrap();
    bob.confirm_commit(None, vec![]).unwrap();
    let alice = scene.client.join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
    // The second private key is that of the leaf, which lives on as such until it is replaced.
    let mut init_key = doomed.clone();
    init_key.retain(|place, _| place.ends_with(" 0"));
    scene.assert_gone(&init_key);
    commit(&alice, &[&bob]);
    scene.assert_gone(&doomed);
}

#[test]
fn deleted_and_expired_key_packages_are_gone() {
    let scene = Scene::new();
    let made = scene.client.create_key_packages(2, KeyPackageOptions::default()).unwrap();
    let both = scene.secrets();
    scene.client.delete_key_packages(vec![made[0].reference.clone()]).unwrap();
    let left = scene.secrets();
    let deleted: Secrets = both.into_iter().filter(|(place, _)| !left.contains_key(place)).collect();
    assert_eq!(deleted.len(), 2);
    scene.assert_gone(&deleted);
    scene.time.0.fetch_add((84 + 31) * 24 * 60 * 60, Ordering::Relaxed);
    key_package(&scene.client);
    scene.assert_gone(&left);
}

#[test]
fn what_is_pruned_is_gone() {
    let scene = Scene::new();
    let [alice, bob, carol] = scene.together();
    let skip_one = || drop((say(&bob), hear(&alice, &say(&bob))));
    skip_one();
    commit(&bob, &[&alice, &carol]);
    // Nobody has spoken in the new epoch.
    let of_the_past = only(&scene.secrets(), &["skipped", "ratchet"]);
    assert!(of_the_past.keys().any(|place| place.starts_with("skipped")));
    alice.prune(Some(0)).unwrap();
    scene.assert_gone(&of_the_past);
    skip_one();
    let too_old = only(&scene.secrets(), &["skipped"]);
    scene.time.0.fetch_add(31 * 24 * 60 * 60, Ordering::Relaxed);
    scene.client.prune().unwrap();
    scene.assert_gone(&too_old);
    hear(&alice, &say(&bob));
}

#[test]
fn nothing_is_left_of_a_deleted_group() {
    let scene = Scene::new();
    let [alice, bob, _] = scene.together();
    hear(&alice, &say(&bob));
    alice.propose_update(vec![]).unwrap();
    alice.clone().new_commit().build().unwrap();
    let doomed = scene.secrets();
    alice.delete().unwrap();
    scene.assert_log_is_empty();
    scene.assert_gone(&doomed);
}

#[test]
fn a_removed_member_keeps_what_late_messages_need_and_nothing_else() {
    let scene = Scene::new();
    let [alice, bob, carol] = scene.together();
    let late = say(&bob);
    say(&alice);
    alice.propose_update(vec![]).unwrap();
    alice.clone().new_commit().build().unwrap();
    let before = scene.secrets();
    let mut doomed = of_the_epoch(&before);
    doomed.extend(only(&before, &["path keys", "update key"]));
    doomed.extend(only(&before, &["ratchet"]).into_iter().filter(|(place, _)| is_of_leaf_0(place)));
    let removal = bob.clone().new_commit().remove(0).unwrap().build().unwrap().commit;
    bob.confirm_commit(None, vec![]).unwrap();
    hear(&carol, &removal);
    assert!(matches!(alice.receive(removal, vec![]).unwrap(), Event::Removed { .. }));
    scene.assert_log_is_empty();
    scene.assert_gone(&doomed);
    hear(&alice, &late);
    let rest = scene.secrets();
    alice.delete().unwrap();
    scene.assert_gone(&rest);
}

#[test]
fn a_lost_or_discarded_commit_leaves_none_of_its_secrets() {
    for discarded in [true, false] {
        let scene = Scene::new();
        let [alice, bob, carol] = scene.together();
        let built = alice.clone().new_commit().build().unwrap();
        let doomed = secrets_if_confirmed(&scene, &alice.id());
        match discarded {
            true => alice.discard_commit(None).unwrap(),
            false => commit(&bob, &[&alice, &carol]),
        }
        scene.assert_log_is_empty();
        scene.assert_gone(&doomed);
        let code = alice.receive(built.commit, vec![]).unwrap_err().code();
        assert_eq!(code, if discarded { 411 } else { 403 });
    }
}

/// What the waiting commit would have brought, seen in a copy of the store: they all stand in the record that waits.
fn secrets_if_confirmed(scene: &Scene, group_id: &[u8]) -> Secrets {
    let records = scene.records();
    let pending = records.iter().filter(|record| kind(&record.key) == "pending");
    let pending: Vec<u8> = pending.flat_map(|record| record.value.clone()).collect();
    let known = secrets_in(&records);
    let copy = MemoryStorage::new();
    let puts = records.into_iter().map(|StoredRecord { key, value }| WriteOp::Put { key, value });
    copy.write(WriteBatch::by_hand(vec![], puts.collect(), None)).unwrap();
    let twin = Client::new(ClientConfig::basic("alice"), Host::new(copy.clone(), Arc::new(AcceptAll))).unwrap();
    twin.open_group(group_id.to_vec()).unwrap().confirm_commit(None, vec![]).unwrap();
    let mut fresh = secrets_in(&copy.records());
    fresh.retain(|_, secret| known.values().all(|known| known != secret));
    // Eight of the epoch, the root of its secret tree, and the keys of our leaf and of the path above it.
    assert!(fresh.len() >= 11);
    assert!(fresh.values().all(|secret| contains(&pending, secret)));
    fresh
}
