//! The people of these tests, each with a client and a storage of their own.

use std::sync::Arc;

use conclave::*;

pub(crate) struct Person {
    pub(crate) client: Arc<Client>,
    pub(crate) storage: Arc<MemoryStorage>,
}

pub(crate) fn config(name: &str) -> ClientConfig {
    ClientConfig { past_epochs: 1, max_forward: 3, max_skipped: 2, ..ClientConfig::basic(name) }
}

pub(crate) fn person(name: &str) -> Person {
    let storage = MemoryStorage::new();
    let client = Client::new(config(name), Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap();
    Person { client, storage }
}

impl Person {
    pub(crate) fn key_package(&self) -> Vec<u8> {
        self.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }
}

/// Alice and bob in one group, at epoch 1.
pub(crate) struct Pair {
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    pub(crate) a: Arc<Group>,
    pub(crate) b: Arc<Group>,
}

pub(crate) fn pair(public_handshakes: bool) -> Pair {
    pair_called(None, public_handshakes)
}

pub(crate) fn pair_called(group_id: Option<&[u8]>, public_handshakes: bool) -> Pair {
    let (alice, bob) = (person("alice"), person("bob"));
    let group_id = group_id.map(<[u8]>::to_vec);
    let a = alice.client.create_group(GroupOptions { group_id, public_handshakes, ..GroupOptions::default() }).unwrap();
    let b = welcome(&a, &bob, public_handshakes);
    Pair { alice, bob, a, b }
}

/// Adds a person by a commit that takes effect at once.
pub(crate) fn welcome(group: &Arc<Group>, person: &Person, public_handshakes: bool) -> Arc<Group> {
    let added = group.clone().new_commit().add(person.key_package()).unwrap().build().unwrap();
    group.confirm_commit(None, vec![]).unwrap();
    let options = JoinOptions { public_handshakes, ..JoinOptions::default() };
    person.client.join(added.welcome.unwrap(), options).unwrap()
}

/// A commit without changes, confirmed by its sender.
pub(crate) fn refresh(group: &Arc<Group>) -> Vec<u8> {
    let commit = group.clone().new_commit().build().unwrap().commit;
    group.confirm_commit(None, vec![]).unwrap();
    commit
}

pub(crate) fn say(group: &Arc<Group>, text: &str) -> Vec<u8> {
    group.encrypt(text.as_bytes().to_vec(), vec![], vec![]).unwrap()
}

pub(crate) fn hear(group: &Arc<Group>, message: Vec<u8>) -> String {
    match group.receive(message, vec![]).unwrap() {
        Event::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// That two members are in one epoch and hear each other.
pub(crate) fn in_touch(a: &Arc<Group>, b: &Arc<Group>) {
    assert_eq!(a.epoch_authenticator().unwrap(), b.epoch_authenticator().unwrap());
    assert_eq!(hear(b, say(a, "ping")), "ping");
    assert_eq!(hear(a, say(b, "pong")), "pong");
}
