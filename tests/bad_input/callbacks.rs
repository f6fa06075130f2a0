//! Callbacks that call the library back, and threads that get in each other's way.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};

use conclave::*;

use super::people::*;

/// What a callback does before it answers.
type Hook = Mutex<Option<Box<dyn Fn() + Send>>>;

/// Where a hook goes.
type Place = fn(&Meddler) -> &Hook;

fn run(hook: &Hook) {
    if let Some(hook) = &*hook.lock().unwrap() {
        hook();
    }
}

/// Answers as it should, after it has run the hook.
struct Meddler {
    storage: Arc<MemoryStorage>,
    in_storage: Hook,
    in_validator: Hook,
    in_policy: Hook,
    in_clock: Hook,
    in_observer: Hook,
}

impl Storage for Meddler {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        run(&self.in_storage);
        self.storage.read(keys)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        run(&self.in_storage);
        self.storage.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        run(&self.in_storage);
        self.storage.write(batch)
    }
}

impl CredentialValidator for Meddler {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        run(&self.in_validator);
        AcceptAll.validate(candidates)
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        run(&self.in_validator);
        AcceptAll.is_successor(old, new)
    }
}

impl Policy for Meddler {
    fn permit(&self, _request: ChangeRequest) -> Result<bool> {
        run(&self.in_policy);
        Ok(true)
    }
}

impl Clock for Meddler {
    fn now(&self) -> Result<u64> {
        run(&self.in_clock);
        SystemClock.now()
    }
}

impl Observer for Meddler {
    fn progress(&self, _done: u64, _total: u64) -> Result<bool> {
        run(&self.in_observer);
        Ok(true)
    }
}

fn meddler() -> (Arc<Meddler>, Arc<Client>) {
    let (storage, none) = (MemoryStorage::new(), Hook::default);
    let meddler = Arc::new(Meddler {
        storage,
        in_storage: none(),
        in_validator: none(),
        in_policy: none(),
        in_clock: none(),
        in_observer: none(),
    });
    let mut host = Host::new(meddler.clone(), meddler.clone());
    host.policy = Some(meddler.clone());
    host.clock = Some(meddler.clone());
    host.observer = Some(meddler.clone());
    let config = ClientConfig { lease_timeout: 20, ..config("bob") };
    (meddler.clone(), Client::new(config, host).unwrap())
}

/// Every call of the library from inside a callback, by the code it gives.
fn codes(client: &Client, group: Option<&Arc<Group>>) -> Vec<u32> {
    let code = |outcome: Result<()>| outcome.map_or_else(|error| error.code(), |()| 0);
    let mut codes = vec![
        code(client.groups(None, 1).map(drop)),
        code(client.key_packages(None, 1).map(drop)),
        code(client.create_key_packages(1, KeyPackageOptions::default()).map(drop)),
        code(client.create_group(GroupOptions::default()).map(drop)),
        code(client.join(vec![], JoinOptions::default()).map(drop)),
        code(client.open_group(vec![1]).map(drop)),
        code(client.put_psk(vec![1], vec![1])),
        code(client.delete_psk(vec![1])),
        code(client.delete_key_packages(vec![])),
    ];
    if let Some(group) = group {
        codes.extend([
            code(group.status().map(drop)),
            code(group.members(None, 1).map(drop)),
            code(group.encrypt(vec![1], vec![], vec![]).map(drop)),
            code(group.propose_update(vec![]).map(drop)),
            code(group.clone().new_commit().build().map(drop)),
            code(group.confirm_commit(None, vec![]).map(drop)),
            code(group.discard_commit(None)),
            code(group.epoch_authenticator().map(drop)),
            code(group.group_info(true).map(drop)),
            code(group.export_tree().map(drop)),
            code(group.delete()),
        ]);
    }
    codes
}

#[test]
fn no_callback_may_call_the_library() {
    let hooks: [(&str, Place); 5] = [
        ("storage", |meddler| &meddler.in_storage),
        ("validator", |meddler| &meddler.in_validator),
        ("policy", |meddler| &meddler.in_policy),
        ("clock", |meddler| &meddler.in_clock),
        ("observer", |meddler| &meddler.in_observer),
    ];
    for (name, hook) in hooks {
        let alice = person("alice");
        let (meddler, client) = meddler();
        let group: Arc<OnceLock<Arc<Group>>> = Arc::default();
        let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
        let (inside, known, noted) = (client.clone(), group.clone(), seen.clone());
        *hook(&meddler).lock().unwrap() =
            Some(Box::new(move || noted.lock().unwrap().extend(codes(&inside, known.get()))));
        let package = client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message;
        let a = alice.client.create_group(GroupOptions::default()).unwrap();
        let added = a.clone().new_commit().add(package).unwrap().build().unwrap();
        a.confirm_commit(None, vec![]).unwrap();
        let b = client.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
        group.set(b.clone()).ok().unwrap();
        b.receive(a.propose_add(person("carol").key_package(), vec![]).unwrap(), vec![]).unwrap();
        a.receive(refresh(&b), vec![]).unwrap();
        b.receive(refresh(&a), vec![]).unwrap();
        b.export_tree().unwrap();
        in_touch(&a, &b);
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty(), "{name} was never called");
        assert!(seen.iter().all(|code| *code == 502), "{name}: {seen:?}");
    }
}

/// A gate in the storage: it says that it is reached, and waits to be opened.
fn gate() -> (Box<dyn Fn() + Send>, Receiver<()>, SyncSender<()>) {
    let ((reached, wait_for), (open, opened)) = (sync_channel(100), sync_channel(1));
    let hook = move || {
        reached.send(()).unwrap();
        let _ = opened.recv();
    };
    (Box::new(hook), wait_for, open)
}

#[test]
fn one_call_at_a_time_on_a_group() {
    let alice = person("alice");
    let (meddler, client) = meddler();
    let package = client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message;
    let a = alice.client.create_group(GroupOptions::default()).unwrap();
    let added = a.clone().new_commit().add(package).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    let b = client.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    let (hook, reached, open) = gate();
    *meddler.in_policy.lock().unwrap() = Some(hook);
    let commit = a.clone().new_commit().add(person("carol").key_package()).unwrap().build().unwrap().commit;
    a.confirm_commit(None, vec![]).unwrap();
    let before = meddler.storage.records();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| b.receive(commit, vec![]));
        reached.recv().unwrap();
        // Another thread, on another handle of the same group; and one on another group.
        let again = client.open_group(b.id()).unwrap();
        assert_eq!(again.status().unwrap_err().code(), 501);
        assert_eq!(again.encrypt(vec![1], vec![], vec![]).unwrap_err().code(), 501);
        assert_eq!(again.delete().unwrap_err().code(), 501);
        assert!(meddler.storage.records() == before);
        let other = client.create_group(GroupOptions::default()).unwrap();
        other.encrypt(vec![1], vec![], vec![]).unwrap();
        open.send(()).unwrap();
        drop(open);
        slow.join().unwrap().unwrap();
    });
    meddler.in_policy.lock().unwrap().take();
    in_touch(&a, &b);
}

#[test]
fn callbacks_that_fail() {
    struct Broken(Mutex<bool>);
    impl CredentialValidator for Broken {
        fn validate(&self, mut candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
            if *self.0.lock().unwrap() {
                candidates.pop();
            }
            AcceptAll.validate(candidates)
        }

        fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
            AcceptAll.is_successor(old, new)
        }
    }
    let broken = Arc::new(Broken(Mutex::new(false)));
    let storage = MemoryStorage::new();
    let client = Client::new(config("bob"), Host::new(storage.clone(), broken.clone())).unwrap();
    let package = client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message;
    let alice = person("alice");
    let a = alice.client.create_group(GroupOptions::default()).unwrap();
    let welcome = a.clone().new_commit().add(package).unwrap().build().unwrap().welcome.unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    *broken.0.lock().unwrap() = true;
    let before = storage.records();
    let refused = client.join(welcome.clone(), JoinOptions::default()).map(drop).unwrap_err();
    assert_eq!(refused.code(), 721);
    assert!(storage.records() == before);
    *broken.0.lock().unwrap() = false;
    let b = client.join(welcome, JoinOptions::default()).unwrap();
    *broken.0.lock().unwrap() = true;
    let commit = a.clone().new_commit().add(person("carol").key_package()).unwrap().build().unwrap().commit;
    a.confirm_commit(None, vec![]).unwrap();
    let before = storage.records();
    assert_eq!(b.receive(commit.clone(), vec![]).unwrap_err().code(), 721);
    assert!(storage.records() == before);
    *broken.0.lock().unwrap() = false;
    b.receive(commit, vec![]).unwrap();
    in_touch(&a, &b);
}
