//! Changes that may not be made: by value in a commit of our own, or proposed. Each is refused before anything is stored, and
//! the group works on.

use std::sync::Arc;

use conclave::*;

use super::people::*;

/// Refuses a call for this reason, and finds the storage as it was.
fn refused<T>(storage: &MemoryStorage, code: u32, call: impl FnOnce() -> Result<T>) {
    let before = storage.records();
    match call() {
        Ok(_) => panic!("a call that should give {code} succeeded"),
        Err(error) => assert_eq!(error.code(), code, "{error}"),
    }
    assert!(storage.records() == before);
}

/// The change by value in a commit, and alone as a proposal where there is a call for it.
#[test]
fn adds() {
    let Pair { alice, a, b, .. } = pair(false);
    let commit = |key_package: Vec<u8>| a.clone().new_commit().add(key_package)?.build();
    let propose = |key_package: Vec<u8>| a.propose_add(key_package, vec![]);
    let both = |code, key_package: Vec<u8>| {
        refused(&alice.storage, code, || commit(key_package.clone()));
        refused(&alice.storage, code, || propose(key_package));
    };
    // Made for another suite.
    let storage = MemoryStorage::new();
    let config = ClientConfig { cipher_suites: vec![2], ..config("carol") };
    let other_suite = Client::new(config.clone(), Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap();
    both(309, other_suite.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message);
    // Over, not begun, and valid for too long.
    let day = 24 * 60 * 60;
    for (now, lifetime, code) in
        [(1, day, 316), (u64::MAX / 2, day, 316), (SystemClock.now().unwrap(), 1000 * day, 308)]
    {
        let config = ClientConfig { max_lifetime: lifetime, ..super::people::config("carol") };
        let mut host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
        host.clock = Some(Arc::new(Stopped(now)));
        let carol = Client::new(config, host).unwrap();
        both(code, carol.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message);
    }
    // The name of a member, and one name twice.
    refused(&alice.storage, 310, || commit(person("bob").key_package()));
    let twice = || {
        let carol = person("carol");
        a.clone().new_commit().add(carol.key_package())?.add(carol.key_package())?.build()
    };
    refused(&alice.storage, 310, twice);
    in_touch(&a, &b);
}

/// In some languages a callback that is torn off in the middle seems to have answered 0.
#[test]
fn a_clock_that_says_nothing_has_failed() {
    let mut host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
    host.clock = Some(Arc::new(Stopped(0)));
    let carol = Client::new(config("carol"), host).unwrap();
    let made = carol.create_key_packages(1, KeyPackageOptions::default());
    assert_eq!(made.err().map(|error| error.code()), Some(741));
}

/// A clock that stands still.
struct Stopped(u64);

impl Clock for Stopped {
    fn now(&self) -> Result<u64> {
        Ok(self.0)
    }
}

#[test]
fn removes() {
    let Pair { alice, a, b, .. } = pair(false);
    for leaf in [2, 3, 4, 1 << 24, u32::MAX] {
        refused(&alice.storage, 103, || a.propose_remove(leaf, vec![]));
        let before = alice.storage.records();
        let error = a.clone().new_commit().remove(leaf).unwrap().build().err().unwrap();
        assert!(matches!(error.code(), 103 | 305), "{error}");
        assert!(alice.storage.records() == before);
    }
    refused(&alice.storage, 101, || a.clone().new_commit().remove(0)?.build());
    refused(&alice.storage, 306, || a.clone().new_commit().remove(1)?.remove(1)?.build());
    in_touch(&a, &b);
}

#[test]
fn extensions() {
    let Pair { alice, a, b, .. } = pair(false);
    let change = |extensions: &[u8]| a.clone().new_commit().extensions(extensions.to_vec())?.build();
    let propose = |extensions: &[u8]| a.propose_extensions(extensions.to_vec(), vec![]);
    // No bytes, a length too long and not minimal, bytes left over, half an extension, a type twice: not a list.
    for malformed in [&[][..], &[5], &[0x40, 0], &[0, 0], &[2, 0, 1], &[6, 0xf0, 1, 0, 0xf0, 1, 0]] {
        refused(&alice.storage, 101, || change(malformed));
        refused(&alice.storage, 101, || propose(malformed));
    }
    // A type that nobody supports; a ratchet tree, which has no place here; a requirement that nobody meets.
    let unknown = [3, 0xf0, 1, 0];
    refused(&alice.storage, 311, || change(&unknown));
    let tree = [4, 0, 2, 1, 0];
    assert!(change(&tree).is_err());
    let required = [8, 0, 3, 5, 2, 0xf0, 1, 0, 0];
    refused(&alice.storage, 311, || change(&required));
    refused(&alice.storage, 306, || a.clone().new_commit().extensions(vec![0])?.extensions(vec![0])?.build());
    in_touch(&a, &b);
}

#[test]
fn keys_and_custom_proposals() {
    let Pair { alice, a, b, .. } = pair(false);
    refused(&alice.storage, 407, || a.clone().new_commit().psk(b"unknown".to_vec())?.build());
    for number in [1, 3, 7] {
        refused(&alice.storage, 101, || a.clone().new_commit().custom(number, vec![]));
    }
    refused(&alice.storage, 311, || a.clone().new_commit().custom(0xf001, vec![])?.build());
    refused(&alice.storage, 105, || alice.client.put_psk(vec![0; 5000], vec![1]));
    in_touch(&a, &b);
}

#[test]
fn calls_out_of_turn() {
    let Pair { alice, a, b, .. } = pair(false);
    refused(&alice.storage, 504, || a.confirm_commit(None, vec![]));
    refused(&alice.storage, 504, || a.discard_commit(None));
    let builder = a.clone().new_commit();
    builder.build().unwrap();
    refused(&alice.storage, 508, || builder.build());
    refused(&alice.storage, 503, || a.clone().new_commit().build());
    a.discard_commit(None).unwrap();
    a.propose_update(vec![]).unwrap();
    refused(&alice.storage, 505, || a.encrypt(vec![1], vec![], vec![]));
    a.clear_proposals().unwrap();
    refused(&alice.storage, 105, || a.encrypt(vec![0; (32 << 20) + 1], vec![], vec![]));
    refused(&alice.storage, 401, || alice.client.open_group(b"nowhere".to_vec()).map(drop));
    refused(&alice.storage, 101, || alice.client.create_key_packages(0, KeyPackageOptions::default()));
    in_touch(&a, &b);
}
