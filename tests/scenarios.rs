//! Whole groups of clients, over storage in memory, through the public API alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use conclave::*;

struct Person {
    client: Arc<Client>,
    storage: Arc<MemoryStorage>,
}

fn person(name: &str) -> Person {
    let storage = MemoryStorage::new();
    let client = Client::new(ClientConfig::basic(name), Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap();
    Person { client, storage }
}

fn key_package(person: &Person) -> Vec<u8> {
    person.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
}

fn same_epoch(groups: &[&Arc<Group>]) {
    let first = groups[0].epoch_authenticator().unwrap();
    assert!(groups.iter().all(|group| group.epoch_authenticator().unwrap() == first));
}

fn text(event: Event) -> String {
    match event {
        Event::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_people_talk() {
    let (alice, bob, carol) = (person("alice"), person("bob"), person("carol"));
    let a = alice.client.create_group(GroupOptions::default()).unwrap();
    let added = a.clone().new_commit().add(key_package(&bob)).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = bob.client.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    same_epoch(&[&a, &b]);
    let hello = a.encrypt(b"hello bob".to_vec(), vec![], vec![]).unwrap();
    assert_eq!(text(b.receive(hello.clone(), vec![]).unwrap()), "hello bob");
    assert_eq!(b.receive(hello, vec![]).unwrap_err().code(), 405);
    let reply = b.encrypt(b"hello alice".to_vec(), b"aad".to_vec(), vec![]).unwrap();
    assert_eq!(text(a.receive(reply, vec![]).unwrap()), "hello alice");

    let added =
        b.clone().new_commit().add(key_package(&carol)).unwrap().tree_beside_welcome().unwrap().build().unwrap();
    let event = b.receive(added.commit.clone(), vec![]).unwrap();
    assert!(matches!(event, Event::EpochChanged { change } if change.own && change.added.len() == 1));
    let event = a.receive(added.commit, vec![]).unwrap();
    assert!(matches!(event, Event::EpochChanged { change } if !change.own && change.added.len() == 1));
    let options = JoinOptions { tree: added.tree, ..JoinOptions::default() };
    let c = carol.client.join(added.welcome.unwrap(), options).unwrap();
    same_epoch(&[&a, &b, &c]);

    for _ in 0..3 {
        let update = c.clone().new_commit().build().unwrap();
        c.confirm_commit(None, vec![]).unwrap();
        a.receive(update.commit.clone(), vec![]).unwrap();
        b.receive(update.commit, vec![]).unwrap();
        same_epoch(&[&a, &b, &c]);
    }
    let removal = a.clone().new_commit().remove(1).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    assert!(matches!(b.receive(removal.commit.clone(), vec![]).unwrap(), Event::Removed { .. }));
    c.receive(removal.commit, vec![]).unwrap();
    same_epoch(&[&a, &c]);
    let secret = c.encrypt(b"bob is gone".to_vec(), vec![], vec![]).unwrap();
    assert_eq!(b.receive(secret.clone(), vec![]).unwrap_err().code(), 409);
    assert_eq!(text(a.receive(secret, vec![]).unwrap()), "bob is gone");
    assert!(!alice.storage.records().is_empty());
}

#[test]
fn late_messages_of_an_earlier_stay_are_read_after_coming_back() {
    let (alice, bob) = (person("alice"), person("bob"));
    let a = alice.client.create_group(GroupOptions::default()).unwrap();
    let added = a.clone().new_commit().add(key_package(&bob)).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = bob.client.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    let late: Vec<Vec<u8>> = (0..2u8).map(|number| a.encrypt(vec![b'a' + number], vec![], vec![]).unwrap()).collect();
    let removal = a.clone().new_commit().remove(1).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    b.receive(removal.commit, vec![]).unwrap();
    assert_eq!(text(b.receive(late[0].clone(), vec![]).unwrap()), "a");
    let added = a.clone().new_commit().add(key_package(&bob)).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = bob.client.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    same_epoch(&[&a, &b]);
    assert_eq!(text(b.receive(late[1].clone(), vec![]).unwrap()), "b");
    for _ in 0..6 {
        let update = a.clone().new_commit().build().unwrap();
        a.confirm_commit(None, vec![]).unwrap();
        b.receive(update.commit, vec![]).unwrap();
    }
    assert_eq!(b.receive(late[1].clone(), vec![]).unwrap_err().code(), 403);
    b.delete().unwrap();
    let left = bob.storage.records();
    // The format, the signature key, and nothing of the group.
    assert_eq!(left.len(), 2, "{:?}", left.iter().map(|record| record.key.clone()).collect::<Vec<_>>());
}
