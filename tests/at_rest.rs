//! What lies in the storage: sealed if the app wants it, and apart for each client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::*;
use conclave::*;

const GROUP_ID: &[u8] = b"a group id that nobody may see";
const PSK: &[u8] = b"a secret that nobody may see at all";

/// Alice and Bob in a group, with Alice's storage sealed or not.
fn little_group(storage_key: Option<Vec<u8>>) -> World {
    let mut world = World::of(&["bob the builder"]);
    world.enlist(ClientConfig { storage_key, ..ClientConfig::basic("alice the admin") }, |_| {});
    let group_id = Some(GROUP_ID.to_vec());
    world.create("alice the admin", GroupOptions { group_id, ..Default::default() });
    world.add("alice the admin", &["bob the builder"]);
    world.client("alice the admin").put_psk(b"the id of a key".to_vec(), PSK.to_vec()).unwrap();
    world.key_package("alice the admin");
    world.propose("bob the builder", |group| group.propose_update(vec![]));
    world.update("alice the admin");
    world.group("alice the admin").new_commit().build().unwrap();
    world
}

fn holds(records: &[StoredRecord], needle: &[u8]) -> bool {
    let found = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    records.iter().any(|record| found(&record.key) || found(&record.value))
}

#[test]
fn a_sealed_store_shows_nothing() {
    let open = little_group(None).records("alice the admin");
    let sealed = little_group(Some(vec![7; 32])).records("alice the admin");
    assert!(!holds(&sealed, b"the id of a key"));
    for needle in [GROUP_ID, PSK, b"alice the admin", b"bob the builder"] {
        assert!(holds(&open, needle), "{}", String::from_utf8_lossy(needle));
        assert!(!holds(&sealed, needle), "{}", String::from_utf8_lossy(needle));
    }
}

#[test]
fn a_sealed_store_works() {
    let mut world = little_group(Some(vec![7; 32]));
    world.reopen_all();
    world.group("alice the admin").discard_commit(None).unwrap();
    world.update("alice the admin");
    world.update("bob the builder");
    world.remove("alice the admin", "bob the builder");
}

#[test]
fn one_value_is_sealed_differently_each_time() {
    let world = little_group(Some(vec![7; 32]));
    let client = world.client("alice the admin");
    let before = world.records("alice the admin");
    client.put_psk(b"the id of a key".to_vec(), PSK.to_vec()).unwrap();
    let after = world.records("alice the admin");
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert_eq!((before.len(), changed), (after.len(), 1));
}

#[test]
fn a_wrong_key_opens_nothing() {
    let mut world = little_group(Some(vec![7; 32]));
    let config = world.person("alice the admin").config.clone();
    let host = world.person("alice the admin").host.clone();
    let before = world.records("alice the admin");
    for storage_key in [Some(vec![8; 32]), None] {
        let opened = Client::new(ClientConfig { storage_key, ..config.clone() }, host.clone());
        assert_eq!(code(opened), 102);
    }
    for length in [0, 16, 31, 33] {
        let storage_key = Some(vec![7; length]);
        assert_eq!(code(Client::new(ClientConfig { storage_key, ..config.clone() }, host.clone())), 102);
    }
    assert!(world.records("alice the admin") == before);
    world.reopen("alice the admin");
}

#[test]
fn an_unsealed_store_is_not_opened_with_a_key() {
    let world = little_group(None);
    let config = ClientConfig { storage_key: Some(vec![7; 32]), ..ClientConfig::basic("alice the admin") };
    let opened = Client::new(config, world.person("alice the admin").host.clone());
    assert_eq!(code(opened), 102);
}

#[test]
fn a_sealed_value_that_was_altered_is_an_error() {
    let world = little_group(Some(vec![7; 32]));
    let person = world.person("alice the admin");
    for record in person.storage.records() {
        let storage = person.storage.memory.duplicate();
        let mut value = record.value;
        *value.last_mut().unwrap() ^= 1;
        put(&storage, record.key, value);
        let outcome = Client::new(person.config.clone(), Host { storage, ..person.host.clone() }).and_then(|client| {
            let group = client.open_group(GROUP_ID.to_vec())?;
            group.discard_commit(None).and(group.encrypt(vec![], vec![], vec![]))
        });
        if let Err(error) = &outcome {
            // The format is not sealed, and a mark that does not open is taken for another key.
            assert!([102, 702, 804].contains(&error.code()), "{error}");
        }
    }
}

fn put(storage: &MemoryStorage, key: Vec<u8>, value: Vec<u8>) {
    let op = WriteOp::Put { key, value };
    storage.write(WriteBatch::by_hand(vec![], vec![op], None)).unwrap();
}

#[test]
fn two_clients_in_one_storage_do_not_see_each_other() {
    for storage_key in [None, Some(vec![7; 32])] {
        let storage = MemoryStorage::new();
        let open = |name: &str| {
            let config = ClientConfig { storage_key: storage_key.clone(), ..ClientConfig::basic(name) };
            Client::new(config, Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap()
        };
        let (alice, bob) = (open("client"), open("client 2"));
        let options = || GroupOptions { group_id: Some(GROUP_ID.to_vec()), ..Default::default() };
        let group = alice.create_group(options()).unwrap();
        alice.create_key_packages(3, KeyPackageOptions::default()).unwrap();
        alice.put_psk(b"key".to_vec(), PSK.to_vec()).unwrap();
        assert_eq!(code(bob.open_group(GROUP_ID.to_vec())), 401);
        assert!(bob.groups(None, 10).unwrap().groups.is_empty());
        assert!(bob.key_packages(None, 10).unwrap().is_empty());
        let other = bob.create_group(options()).unwrap();
        assert_eq!(code(other.clone().new_commit().psk(b"key".to_vec()).unwrap().build()), 407);
        other.delete().unwrap();
        assert!(group.status().unwrap().active);
        assert_eq!(open("client").key_packages(None, 10).unwrap().len(), 3);
    }
}

#[test]
fn two_clients_in_one_storage_share_a_group() {
    let storage = MemoryStorage::new();
    let open =
        |name: &str| Client::new(ClientConfig::basic(name), Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap();
    let (alice, bob) = (open("alice"), open("bob"));
    let a = alice.create_group(GroupOptions::default()).unwrap();
    let package = bob.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message;
    let built = a.clone().new_commit().add(package).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = bob.join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
    let message = a.encrypt(b"hello".to_vec(), vec![], vec![]).unwrap();
    assert_eq!(text_of(b.receive(message.clone(), vec![]).unwrap()), "hello");
    assert_eq!(a.receive(message, vec![]).unwrap(), Event::OwnEcho);
}
