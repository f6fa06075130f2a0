//! The storage format is frozen: stores that earlier releases wrote open for ever, and what they hold means the same.
//!
//! `tests/format/store-*.txt` are whole stores, a record a line, with messages that were waiting when they were written. A
//! release that changes the format adds a file and keeps the old ones: `CONCLAVE_WRITE_FORMAT=1` writes the files that are
//! missing, and never touches one that is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conclave::*;

/// The stores of each format, plain and sealed; the last ones are those of the present release.
const STORES: [(&str, Option<[u8; 32]>); 6] = [
    ("store-1.txt", None),
    ("store-1-sealed.txt", Some([7; 32])),
    ("store-2.txt", None),
    ("store-2-sealed.txt", Some([7; 32])),
    ("store-3.txt", None),
    ("store-3-sealed.txt", Some([7; 32])),
];

const ARCHIVE_KEY: [u8; 32] = [9; 32];

/// The keys that the present release seals with.
const KEYS: [Option<[u8; 32]>; 2] = [None, Some([7; 32])];

/// A store as a file has it: records, and by name what else is needed to go on from it.
#[derive(Default)]
struct Golden {
    records: Vec<(Vec<u8>, Vec<u8>)>,
    extra: BTreeMap<String, Vec<u8>>,
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format").join(name)
}

fn client(name: &str, storage: &Arc<MemoryStorage>, key: Option<[u8; 32]>) -> Arc<Client> {
    let mut config = ClientConfig::basic(name);
    config.storage_key = key.map(|key| key.to_vec());
    config.max_deferred = 10;
    let mut host = Host::new(storage.clone(), Arc::new(AcceptAll));
    host.clock = Some(Arc::new(Stopped));
    Client::new(config, host).unwrap()
}

/// The key packages of a stored scenario must not expire.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Result<u64> {
        Ok(1_800_000_000)
    }
}

fn key_package(client: &Client) -> Vec<u8> {
    client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
}

fn commit(from: &Arc<Group>, to: &[&Arc<Group>]) {
    let built = from.clone().new_commit().build().unwrap();
    from.confirm_commit(None, vec![]).unwrap();
    to.iter().for_each(|group| drop(group.receive(built.commit.clone(), vec![]).unwrap()));
}

/// Alice's store with something of every kind in it: past epochs, ratchets of either kind, skipped keys, a proposal, a key
/// package, a pre-shared key, a proposed Update, a replaced leaf, a pending commit, a discarded one.
fn write(key: Option<[u8; 32]>) -> Golden {
    let (store, bob_store, carol_store) = (MemoryStorage::new(), MemoryStorage::new(), MemoryStorage::new());
    let (alice, bob, carol) =
        (client("alice", &store, key), client("bob", &bob_store, None), client("carol", &carol_store, None));
    let a = alice.create_group(GroupOptions { group_id: Some(b"golden".to_vec()), ..GroupOptions::default() }).unwrap();
    let added =
        a.clone().new_commit().add(key_package(&bob)).unwrap().add(key_package(&carol)).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = bob.join(added.welcome.clone().unwrap(), JoinOptions::default()).unwrap();
    let c = carol.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    let mut extra = BTreeMap::new();
    let late = b.encrypt(b"late".to_vec(), vec![], vec![]).unwrap();
    commit(&c, &[&a, &b]);
    commit(&b, &[&a, &c]);
    let skipped: Vec<Vec<u8>> = (0..40u8).map(|number| b.encrypt(vec![number], vec![], vec![]).unwrap()).collect();
    a.receive(skipped[39].clone(), vec![]).unwrap();
    a.receive(a_proposal(&c), vec![]).unwrap();
    a.propose_update(vec![]).unwrap();
    alice.put_psk(b"psk".to_vec(), b"golden secret".to_vec()).unwrap();
    extra.insert("key package".to_owned(), key_package(&alice));
    a.clone().new_commit().build().unwrap();
    a.discard_commit(None).unwrap();
    let pending = a.clone().new_commit().without_pending().unwrap().psk(b"psk".to_vec()).unwrap().build().unwrap();
    extra.insert("late".to_owned(), late);
    extra.insert("skipped".to_owned(), skipped[17].clone());
    extra.insert("next".to_owned(), b.encrypt(b"next".to_vec(), vec![], vec![]).unwrap());
    extra.insert("pending".to_owned(), pending.commit);
    extra.insert("authenticator".to_owned(), a.epoch_authenticator().unwrap());
    write_early(&alice, &bob, &mut extra);
    write_closed(&alice, &bob);
    extra.insert("archive".to_owned(), alice.export_archive(ARCHIVE_KEY.to_vec()).unwrap());
    let records = store.records().into_iter().map(|record| (record.key, record.value)).collect();
    Golden { records, extra }
}

/// Two people in a group.
fn pair(alice: &Client, bob: &Client, name: &[u8]) -> (Arc<Group>, Arc<Group>) {
    let a = alice.create_group(GroupOptions { group_id: Some(name.to_vec()), ..GroupOptions::default() }).unwrap();
    let added = a.clone().new_commit().add(key_package(bob)).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = bob.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    (a, b)
}

/// A group in which a message has come before the commit that it follows, and which alice is about to join anew.
fn write_early(alice: &Client, bob: &Client, extra: &mut BTreeMap<String, Vec<u8>>) {
    let (a, b) = pair(alice, bob, b"early");
    let commit = b.clone().new_commit().build().unwrap().commit;
    b.confirm_commit(None, vec![]).unwrap();
    let message = b.encrypt(b"early".to_vec(), vec![], vec![]).unwrap();
    assert!(matches!(a.receive(message, vec![]).unwrap(), Event::Deferred { .. }));
    let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
    let join = alice.join_external(b.group_info(true).unwrap(), options).unwrap();
    extra.insert("commit before".to_owned(), commit);
    extra.insert("rejoin".to_owned(), join.commit);
}

/// A group that was closed.
fn write_closed(alice: &Client, bob: &Client) {
    let (a, _) = pair(alice, bob, b"closed");
    let options = ReinitOptions { group_id: Some(b"successor".to_vec()), ..ReinitOptions::default() };
    a.clone().new_commit().reinit(options).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
}

fn a_proposal(from: &Arc<Group>) -> Vec<u8> {
    from.propose_update(vec![]).unwrap()
}

/// Opens the store and goes on from everything that was waiting in it.
fn read(golden: &Golden, key: Option<[u8; 32]>) {
    let storage = MemoryStorage::new();
    let puts = golden.records.iter().map(|(key, value)| WriteOp::Put { key: key.clone(), value: value.clone() });
    storage.write(WriteBatch::by_hand(vec![], puts.collect(), None)).unwrap();
    let alice = client("alice", &storage, key);
    let group = alice.open_group(b"golden".to_vec()).unwrap();
    let status = group.status().unwrap();
    assert_eq!((status.epoch, status.members, status.pending_proposals, status.pending_commit), (3, 3, 2, true));
    assert_eq!(group.epoch_authenticator().unwrap(), golden.extra["authenticator"]);
    assert_eq!(group.members(None, 10).unwrap().len(), 3);
    assert_eq!(group.find_member(b"carol".to_vec()).unwrap().unwrap().name.leaf, 2);
    assert_eq!(group.pending_proposals().unwrap().len(), 2);
    assert_eq!(alice.key_packages(None, 10).unwrap()[0].message, golden.extra["key package"]);
    for (name, expected) in [("late", &b"late"[..]), ("skipped", &[17]), ("next", b"next")] {
        match group.receive(golden.extra[name].clone(), vec![]).unwrap() {
            Event::Message { plaintext, sender, .. } => assert_eq!((plaintext.as_slice(), sender.leaf), (expected, 1)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(group.pending_commit().unwrap().unwrap().commit, golden.extra["pending"]);
    let event = group.receive(golden.extra["pending"].clone(), vec![]).unwrap();
    assert!(matches!(event, Event::EpochChanged { change } if change.own && change.psks == [b"psk".to_vec()]));
    group.encrypt(b"goes on".to_vec(), vec![], vec![]).unwrap();
    if golden.extra.contains_key("rejoin") {
        read_early(golden, &alice);
        read_closed(&alice, key);
        read_archive(golden);
    }
}

/// An archive opens for ever, too, and on a device that has nothing.
fn read_archive(golden: &Golden) {
    let alice = client("alice", &MemoryStorage::new(), None);
    let options = ImportOptions::default();
    let imported = alice.import_archive(golden.extra["archive"].clone(), ARCHIVE_KEY.to_vec(), options).unwrap();
    assert!(imported.signing_keys && imported.group_ids.len() == 3);
    let group = alice.open_group(b"golden".to_vec()).unwrap();
    assert_eq!(group.epoch_authenticator().unwrap(), golden.extra["authenticator"]);
    let next = group.receive(golden.extra["next"].clone(), vec![]).unwrap();
    assert!(matches!(next, Event::Message { plaintext, .. } if plaintext == b"next"));
}

fn read_early(golden: &Golden, alice: &Client) {
    let group = alice.open_group(b"early".to_vec()).unwrap();
    assert_eq!(group.status().unwrap().deferred, 1);
    group.receive(golden.extra["commit before"].clone(), vec![]).unwrap();
    let event = group.next_deferred(vec![]).unwrap().unwrap();
    assert!(matches!(event, Event::Message { plaintext, .. } if plaintext == b"early"));
    let join = alice.pending_join(b"early".to_vec()).unwrap().unwrap();
    assert_eq!(join.commit, golden.extra["rejoin"]);
    alice.confirm_join(b"early".to_vec(), Some(join.commit), vec![]).unwrap();
    assert_eq!(group.status().unwrap().epoch, join.epoch);
    group.encrypt(b"goes on".to_vec(), vec![], vec![]).unwrap();
}

fn read_closed(alice: &Client, key: Option<[u8; 32]>) {
    let group = alice.open_group(b"closed".to_vec()).unwrap();
    assert!(group.status().unwrap().frozen);
    let bob = client("bob", &MemoryStorage::new(), key);
    let options = SuccessorOptions { key_packages: vec![key_package(&bob)], ..SuccessorOptions::default() };
    assert_eq!(group.create_successor(options).unwrap().group.id(), b"successor");
}

/// An app that was updated takes the store over; a process of the release before it is refused from then on, and writes nothing.
#[test]
fn an_earlier_release_is_refused_once_a_later_one_has_opened_the_store() {
    let golden = parse(&std::fs::read_to_string(path("store-1.txt")).unwrap());
    let storage = MemoryStorage::new();
    let puts = golden.records.iter().map(|(key, value)| WriteOp::Put { key: key.clone(), value: value.clone() });
    storage.write(WriteBatch::by_hand(vec![], puts.collect(), None)).unwrap();
    // What every batch of the earlier release demands.
    let format = golden.records.iter().find(|(key, _)| key.len() == 9 && key[8] == 0x01).unwrap();
    let guard = || vec![Guard { key: format.0.clone(), expected: Some(format.1.clone()) }];
    storage.write(WriteBatch::by_hand(guard(), vec![], None)).unwrap();
    client("alice", &storage, None);
    let before = storage.records();
    let put = WriteOp::Put { key: b"written by the earlier release".to_vec(), value: vec![1] };
    assert_eq!(storage.write(WriteBatch::by_hand(guard(), vec![put], None)), Err(StorageError::Conflict));
    assert!(storage.records() == before);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn print(golden: &Golden) -> String {
    let records = golden.records.iter().map(|(key, value)| format!("record {} {}\n", hex(key), hex(value)));
    let extra = golden.extra.iter().map(|(name, value)| format!("{} {}\n", name.replace(' ', "_"), hex(value)));
    records.chain(extra).collect()
}

fn parse(text: &str) -> Golden {
    let mut golden = Golden::default();
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["record", key, value] => golden.records.push((unhex(key), unhex(value))),
            [name, value] => drop(golden.extra.insert(name.replace('_', " "), unhex(value))),
            other => panic!("{other:?}"),
        }
    }
    golden
}

#[test]
fn stores_of_every_release_open() {
    for (name, key) in STORES {
        let path = path(name);
        if !path.exists() && std::env::var_os("CONCLAVE_WRITE_FORMAT").is_some() {
            std::fs::write(&path, print(&write(key))).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        read(&parse(&text), key);
    }
}

#[test]
fn the_present_release_writes_what_it_reads() {
    for key in KEYS {
        let golden = write(key);
        assert!(golden.records.len() > 20);
        read(&parse(&print(&golden)), key);
    }
}

/// The kinds of records that the golden store holds, so that none is forgotten when one is added.
#[test]
fn the_golden_store_has_every_kind_of_record() {
    let golden = write(None);
    let client_kinds: Vec<u8> = kinds(golden.records.iter().map(|(key, _)| key[8]));
    assert_eq!(client_kinds, [0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x08, 0x10]);
    let group: Vec<&Vec<u8>> = golden.records.iter().map(|(key, _)| key).filter(|key| key[8] == 0x10).collect();
    // Chunks of unmerged leaves (0x03) need more than thirty-two of them, and have tests of their own.
    assert_eq!(
        kinds(group.iter().map(|key| key[17])),
        [0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x08, 0x10, 0x11, 0x12, 0x13]
    );
    let epochs = group.iter().filter(|key| key[17] == 0x01);
    assert_eq!(kinds(epochs.map(|key| key[26])), [0x00, 0x01, 0x02, 0x03, 0x04]);
}

fn kinds(found: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut kinds: Vec<u8> = found.collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
