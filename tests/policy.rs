//! What the app decides: whom to believe, what to allow, what members must be able to do, and when to stop.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::*;
use conclave::*;

/// A world whose people each ask a registrar of their own.
fn registered(everybody: &[&str]) -> (World, Vec<Arc<Registrar>>) {
    let mut world = World::of(&[]);
    let registrars: Vec<_> = everybody.iter().map(|_| Registrar::new()).collect();
    for (name, registrar) in everybody.iter().zip(&registrars) {
        world.enlist(ClientConfig::basic(name), |host| host.validator = registrar.clone());
    }
    (world, registrars)
}

/// A world in which one person has a policy.
fn policed(everybody: &[&str], name: &str, forbids: fn(&ChangeRequest) -> bool) -> World {
    let mut world = World::of(everybody);
    world.person_mut(name).host.policy = Some(Arc::new(Forbids(forbids)));
    world.reopen(name);
    world
}

/// Runs a call that must fail and change nothing of a person's storage; gives its code.
fn fails<T>(world: &World, name: &str, call: impl FnOnce() -> Result<T>) -> u32 {
    let before = world.records(name);
    let code = code(call());
    assert!(world.records(name) == before, "a failed call changed the store");
    code
}

fn rename(world: &mut World, name: &str, identity: &str) {
    world.person_mut(name).config.identity = Identity::Basic { identity: identity.into() };
    world.reopen(name);
}

#[test]
fn a_joiner_does_not_believe_a_member() {
    let (mut world, registrars) = registered(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    registrars[2].reject("bob");
    let package = world.key_package("carol");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    let join = || world.client("carol").join(built.welcome.clone().unwrap(), JoinOptions::default());
    assert_eq!(fails(&world, "carol", join), 312);
}

#[test]
fn external_senders_are_judged_by_who_creates_and_who_joins() {
    let (mut world, registrars) = registered(&["alice", "bob"]);
    let options =
        || GroupOptions { extensions: extensions(&[(5, &external_sender("server"))]), ..GroupOptions::default() };
    registrars[0].reject("server");
    assert_eq!(fails(&world, "alice", || world.client("alice").create_group(options())), 312);
    registrars[0].rejected.lock().unwrap().clear();
    world.create("alice", options());
    registrars[1].reject("server");
    let package = world.key_package("bob");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    let join = || world.client("bob").join(built.welcome.clone().unwrap(), JoinOptions::default());
    assert_eq!(fails(&world, "bob", join), 312);
    registrars[1].rejected.lock().unwrap().clear();
    join().unwrap();
}

#[test]
fn nobody_adds_a_client_that_it_does_not_believe() {
    let (mut world, registrars) = registered(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    registrars[0].reject("carol");
    let package = world.key_package("carol");
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.propose_add(package.clone(), vec![])), 312);
    assert_eq!(fails(&world, "alice", || group.clone().new_commit().add(package.clone())?.build()), 312);
    let proposal = world.group("bob").propose_add(package.clone(), vec![]).unwrap();
    assert_eq!(world.refused("alice", &proposal), 312);
    world.group("bob").clear_proposals().unwrap();
    let commit = world.group("bob").new_commit().add(package).unwrap().build().unwrap().commit;
    assert_eq!(world.refused("alice", &commit), 312);
}

#[test]
fn an_update_with_a_credential_that_is_not_believed_any_more() {
    let (mut world, registrars) = registered(&["alice", "bob"]);
    world.found(&["alice", "bob"]);
    registrars[0].reject("bob");
    let proposal = world.group("bob").propose_update(vec![]).unwrap();
    assert_eq!(world.refused("alice", &proposal), 312);
    let commit = world.group("bob").new_commit().without_pending().unwrap().build().unwrap().commit;
    assert_eq!(world.refused("alice", &commit), 312);
}

#[test]
fn a_changed_credential_that_is_no_successor_is_refused() {
    let (mut world, registrars) = registered(&["alice", "bob/phone"]);
    world.found(&["alice", "bob/phone"]);
    rename(&mut world, "bob/phone", "bob/tablet");
    let group = world.group("bob/phone");
    assert_eq!(fails(&world, "bob/phone", || group.propose_update(vec![])), 312);
    assert_eq!(fails(&world, "bob/phone", || group.clone().new_commit().build()), 312);
    registrars[1].lenient.store(true, Ordering::Relaxed);
    let proposal = group.propose_update(vec![]).unwrap();
    assert_eq!(world.refused("alice", &proposal), 312);
    let commit = group.clone().new_commit().build().unwrap().commit;
    assert_eq!(world.refused("alice", &commit), 312);
}

#[test]
fn a_changed_credential_that_is_a_successor_renames_the_member() {
    let (mut world, registrars) = registered(&["alice", "bob/phone", "carol"]);
    registrars.iter().for_each(|registrar| registrar.lenient.store(true, Ordering::Relaxed));
    world.found(&["alice", "bob/phone", "carol"]);
    rename(&mut world, "bob/phone", "bob/tablet");
    world.propose("bob/phone", |group| group.propose_update(vec![]));
    assert_eq!(names(&world.update("alice").change().updated), ["bob/tablet"]);
    rename(&mut world, "bob/phone", "bob/laptop");
    let committed = world.update("bob/phone");
    assert_eq!(names(&[committed.change().committer.clone()]), ["bob/laptop"]);
    let found = |client_id: &str| world.group("bob/phone").find_member(client_id.into()).unwrap();
    assert!(found("bob/laptop").is_some() && found("bob/tablet").is_none());
}

#[test]
fn a_member_cannot_take_the_name_of_another() {
    let (mut world, registrars) = registered(&["alice", "bob/phone", "bob/tablet"]);
    registrars.iter().for_each(|registrar| registrar.lenient.store(true, Ordering::Relaxed));
    world.found(&["alice", "bob/phone", "bob/tablet"]);
    rename(&mut world, "bob/phone", "bob/tablet");
    let group = world.group("bob/phone");
    assert_eq!(fails(&world, "bob/phone", || group.clone().new_commit().build()), 310);
}

#[test]
fn names_come_from_the_validator() {
    let (mut world, _) = registered(&["alice/phone", "bob/phone", "bob/tablet"]);
    world.found(&["alice/phone"]);
    let change = world.add("alice/phone", &["bob/phone", "bob/tablet"]).change().clone();
    assert_eq!(names(&change.added), ["bob/phone", "bob/tablet"]);
    assert!(change.added.iter().all(|member| member.user_id == b"bob"));
    assert_eq!(change.committer.user_id, b"alice");
    let roster = world.group("bob/tablet").members(None, 10).unwrap();
    let users: Vec<_> = roster.iter().map(|member| member.name.user_id.as_slice()).collect();
    assert_eq!(users, [b"alice".as_slice(), b"bob", b"bob"]);
}

#[test]
fn a_client_is_in_a_group_once() {
    let mut world = World::group_of(&["alice", "bob"]);
    let twin = Identity::Basic { identity: b"bob".to_vec() };
    world.enlist(ClientConfig { identity: twin, ..ClientConfig::basic("another bob") }, |_| {});
    let package = world.key_package("another bob");
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.new_commit().add(package)?.build()), 310);
}

#[test]
fn a_validator_that_fails_changes_nothing() {
    let (mut world, registrars) = registered(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    registrars.iter().for_each(|registrar| registrar.broken.store(true, Ordering::Relaxed));
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.clone().new_commit().add(package.clone())?.build()), 721);
    registrars[1].broken.store(false, Ordering::Relaxed);
    let built = world.group("bob").new_commit().add(package).unwrap().build().unwrap();
    assert_eq!(fails(&world, "alice", || group.receive(built.commit.clone(), vec![])), 721);
    registrars.iter().for_each(|registrar| registrar.broken.store(false, Ordering::Relaxed));
    world.publish("bob", built);
}

#[test]
fn a_policy_forbids_additions() {
    let forbids: fn(&ChangeRequest) -> bool =
        |request| matches!(&request.change, Change::Add { client_id } if client_id == b"carol");
    let mut world = policed(&["alice", "bob", "carol", "dave"], "alice", forbids);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    let (alice, bob) = (world.group("alice"), world.group("bob"));
    assert_eq!(fails(&world, "alice", || alice.propose_add(package.clone(), vec![])), 313);
    assert_eq!(fails(&world, "alice", || alice.new_commit().add(package.clone())?.build()), 313);
    assert_eq!(world.refused("alice", &bob.propose_add(package.clone(), vec![]).unwrap()), 313);
    bob.clear_proposals().unwrap();
    assert_eq!(world.refused("alice", &bob.clone().new_commit().add(package).unwrap().build().unwrap().commit), 313);
    bob.discard_commit(None).unwrap();
    world.add("bob", &["dave"]);
}

#[test]
fn a_policy_lets_admins_remove() {
    let forbids: fn(&ChangeRequest) -> bool = |request| matches!(request.change, Change::Remove { leaf } if ![0, leaf].map(|leaf| Party::Member { leaf }).contains(&request.proposer));
    let mut world = World::of(&["alice", "bob", "carol", "dave"]);
    for name in ["alice", "bob", "carol", "dave"] {
        if name != "dave" {
            world.person_mut(name).host.policy = Some(Arc::new(Forbids(forbids)));
        }
        world.reopen(name);
    }
    world.found(&["alice", "bob", "carol", "dave"]);
    let leaf = world.leaf("bob");
    let (bob, dave) = (world.group("carol"), world.group("dave"));
    assert_eq!(fails(&world, "carol", || bob.propose_remove(leaf, vec![])), 313);
    assert_eq!(world.refused("alice", &dave.propose_remove(leaf, vec![]).unwrap()), 313);
    dave.clear_proposals().unwrap();
    assert_eq!(world.refused("alice", &dave.new_commit().remove(leaf).unwrap().build().unwrap().commit), 313);
    world.group("dave").discard_commit(None).unwrap();
    world.propose("bob", |group| group.propose_leave(vec![]));
    world.update("carol");
    world.remove("alice", "carol");
}

#[test]
fn a_policy_forbids_extensions() {
    let mut world = policed(&["alice", "bob"], "bob", |request| matches!(request.change, Change::Extensions { .. }));
    world.found(&["alice", "bob"]);
    let list = extensions(&[]);
    let (alice, bob) = (world.group("alice"), world.group("bob"));
    assert_eq!(fails(&world, "bob", || bob.propose_extensions(list.clone(), vec![])), 313);
    assert_eq!(fails(&world, "bob", || bob.new_commit().extensions(list.clone())?.build()), 313);
    assert_eq!(world.refused("bob", &alice.propose_extensions(list.clone(), vec![]).unwrap()), 313);
    alice.clear_proposals().unwrap();
    assert_eq!(world.refused("bob", &alice.new_commit().extensions(list).unwrap().build().unwrap().commit), 313);
}

#[test]
fn a_policy_is_told_where_and_who() {
    let forbids: fn(&ChangeRequest) -> bool = |request| {
        assert_eq!(request.epoch, 1);
        assert_eq!(request.group_id, b"the group");
        let [bob, carol] = [1, 2].map(|leaf| Party::Member { leaf });
        assert!(request.proposer == bob || request.change == Change::Commit);
        request.committer.is_some_and(|committer| committer != carol)
    };
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.create("alice", GroupOptions { group_id: Some(b"the group".to_vec()), ..Default::default() });
    world.add("alice", &["bob", "carol"]);
    world.person_mut("alice").host.policy = Some(Arc::new(Forbids(forbids)));
    world.reopen("alice");
    world.propose("bob", |group| group.propose_update(vec![]));
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.new_commit().build()), 313);
    world.update("carol");
}

#[test]
fn an_observer_cancels_a_join() {
    let mut world = World::group_of(&["alice", "bob"]);
    let observer = Arc::new(Impatient(AtomicU64::new(0)));
    let impatient = observer.clone();
    world.enlist(ClientConfig::basic("carol"), |host| host.observer = Some(impatient));
    let package = world.key_package("carol");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    let join = || world.client("carol").join(built.welcome.clone().unwrap(), JoinOptions::default());
    assert_eq!(fails(&world, "carol", join), 731);
    observer.0.store(1_000_000, Ordering::Relaxed);
    world.publish("alice", built);
    assert_eq!(world.members().len(), 3);
}

/// An observer that lets all go on until the storage writes, and would stop that.
struct Late(std::sync::Mutex<Vec<(u64, u64)>>, std::sync::atomic::AtomicBool);

impl Observer for Late {
    fn progress(&self, done: u64, total: u64) -> Result<bool> {
        self.0.lock().unwrap().push((done, total));
        Ok(!self.1.load(Ordering::Relaxed))
    }
}

/// A storage that tells the observer when it writes.
struct Telling(Arc<MemoryStorage>, Arc<Late>);

impl Storage for Telling {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.0.read(keys)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.0.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        self.1.1.store(true, Ordering::Relaxed);
        self.0.write(batch)
    }
}

#[test]
fn an_observer_sees_the_write_of_a_join_and_cannot_stop_it() {
    let observer = Arc::new(Late(Default::default(), false.into()));
    let storage = Arc::new(Telling(MemoryStorage::new(), observer.clone()));
    let mut host = Host::new(storage, Arc::new(AcceptAll));
    host.observer = Some(observer.clone());
    let bob = Client::new(ClientConfig::basic("bob"), host).unwrap();
    let package = bob.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message;
    let mut world = World::of(&["alice"]);
    world.found(&["alice"]);
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    observer.1.store(false, Ordering::Relaxed);
    let group = bob.join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
    assert!(group.status().unwrap().active);
    let seen = observer.0.lock().unwrap();
    // Two leaves with three listings each, and the parent and its key.
    assert_eq!(seen.last(), Some(&(10, 10)));
}

#[test]
fn an_observer_cancels_a_bulk_add() {
    let mut world = World::of(&["bob", "carol", "dave"]);
    let observer = Arc::new(Impatient(AtomicU64::new(0)));
    let impatient = observer.clone();
    world.enlist(ClientConfig::basic("alice"), |host| host.observer = Some(impatient));
    world.create("alice", GroupOptions::default());
    let package = world.key_package("bob");
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.new_commit().add(package)?.build()), 731);
    observer.0.store(1_000_000, Ordering::Relaxed);
    world.add("alice", &["bob", "carol", "dave"]);
}

/// People who know the private extension and proposal types, and people who do not.
fn skilled(able: &[&str], unable: &[&str]) -> World {
    let mut world = World::of(unable);
    for name in able {
        let config =
            ClientConfig { extensions: vec![PRIVATE_TYPE], proposals: vec![PRIVATE_TYPE], ..ClientConfig::basic(name) };
        world.enlist(config, |_| {});
    }
    world
}

fn requiring(extension_types: &[u16], proposal_types: &[u16], credential_types: &[u16]) -> Vec<u8> {
    extensions(&[(3, &required(extension_types, proposal_types, credential_types))])
}

#[test]
fn a_client_without_the_required_capabilities_is_not_added() {
    for list in [
        requiring(&[PRIVATE_TYPE], &[], &[1]),
        requiring(&[], &[PRIVATE_TYPE], &[]),
        extensions(&[(PRIVATE_TYPE, b"data")]),
    ] {
        let mut world = skilled(&["alice", "bob"], &["carol"]);
        world.create("alice", GroupOptions { extensions: list, ..Default::default() });
        world.add("alice", &["bob"]);
        let package = world.key_package("carol");
        let group = world.group("alice");
        assert_eq!(fails(&world, "alice", || group.new_commit().add(package)?.build()), 311);
    }
}

#[test]
fn a_creator_without_the_required_capabilities_creates_nothing() {
    let world = World::of(&["alice"]);
    let alice = world.client("alice");
    for extensions in
        [requiring(&[PRIVATE_TYPE], &[], &[]), requiring(&[], &[], &[2]), extensions(&[(PRIVATE_TYPE, b"")])]
    {
        let options = GroupOptions { extensions, ..Default::default() };
        assert_eq!(fails(&world, "alice", || alice.create_group(options)), 311);
    }
}

#[test]
fn extensions_that_a_member_lacks_are_refused() {
    let mut world = skilled(&["alice", "bob"], &["carol"]);
    world.found(&["alice", "bob", "carol"]);
    let group = world.group("alice");
    let lists = [
        extensions(&[(PRIVATE_TYPE, b"data")]),
        requiring(&[PRIVATE_TYPE], &[], &[]),
        requiring(&[], &[PRIVATE_TYPE], &[]),
    ];
    for list in &lists {
        assert_eq!(fails(&world, "alice", || group.clone().new_commit().extensions(list.clone())?.build()), 311);
    }
    // With the member that lacks it gone, in the same commit, it goes.
    for list in lists {
        let leaf = world.leaf("carol");
        world.commit("alice", |draft| draft.remove(leaf).unwrap().extensions(list).unwrap());
        world.commit("bob", |draft| draft.extensions(extensions(&[])).unwrap());
        world.add("bob", &["carol"]);
    }
}

#[test]
fn default_types_are_supported_by_all() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let list = requiring(&[1, 2, 3, 4, 5], &[1, 2, 3, 4, 5, 6, 7], &[1]);
    world.commit("alice", |draft| draft.extensions(list).unwrap());
    world.add("bob", &["carol"]);
}

#[test]
fn malformed_extensions_are_refused() {
    let world = World::group_of(&["alice"]);
    let group = world.group("alice");
    for list in [vec![], vec![1], vec![0, 0], extensions(&[(3, b"x")]), extensions(&[(3, &[0, 0, 0]), (3, &[0, 0, 0])])]
    {
        let category = fails(&world, "alice", || group.clone().new_commit().extensions(list)?.build()) / 100;
        assert!((1..=3).contains(&category), "{category}");
    }
}

#[test]
fn a_custom_proposal_that_all_support() {
    let mut world = skilled(&["alice", "bob"], &["carol"]);
    world.found(&["alice", "bob"]);
    let committed = world.commit("alice", |draft| draft.custom(PRIVATE_TYPE, b"content".to_vec()).unwrap());
    let expected = ProposalSummary::Custom { proposal_type: PRIVATE_TYPE, content: b"content".to_vec() };
    assert_eq!(committed.change().custom, [expected]);
    // One who is added at the same time does not process the commit, and need not know the type (RFC 9420 §12.2).
    let package = world.key_package("carol");
    world.commit("bob", |draft| draft.add(package).unwrap().custom(PRIVATE_TYPE, vec![]).unwrap());
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.clone().new_commit().custom(PRIVATE_TYPE, vec![])?.build()), 311);
    let leaf = world.leaf("carol");
    world.commit("bob", |draft| draft.remove(leaf).unwrap().custom(PRIVATE_TYPE, vec![]).unwrap());
}

#[test]
fn a_custom_proposal_is_none_of_the_rfcs_own() {
    let world = World::group_of(&["alice"]);
    for number in 1..=7 {
        assert_eq!(code(world.group("alice").new_commit().custom(number, vec![])), 101);
    }
}

#[test]
fn own_capabilities_do_not_list_default_types() {
    for config in [
        ClientConfig { extensions: vec![3], ..ClientConfig::basic("alice") },
        ClientConfig { proposals: vec![1], ..ClientConfig::basic("alice") },
    ] {
        let host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
        assert_eq!(code(Client::new(config, host)), 101);
    }
}

/// A member whose key is in hardware.
fn with_hardware(world: &mut World, name: &str) -> Arc<HardwareKey> {
    let key = HardwareKey::new();
    let signing_key = SigningKey { key_id: b"slot 1".to_vec(), cipher_suite: 1, public_key: key.public_key() };
    let config = ClientConfig { signing_keys: vec![signing_key], ..ClientConfig::basic(name) };
    let signer = key.clone();
    world.enlist(config, |host| host.signer = Some(signer));
    key
}

#[test]
fn a_signer_of_the_host_signs_everything() {
    let mut world = World::of(&["bob", "carol"]);
    let key = with_hardware(&mut world, "alice");
    world.found(&["alice", "bob"]);
    world.add("alice", &["carol"]);
    world.propose("alice", |group| group.propose_update(vec![]));
    world.update("bob");
    world.remove("bob", "alice");
    world.add("bob", &["alice"]);
    world.group("alice").group_info(false).unwrap();
    let used = key.used_for.lock().unwrap().clone();
    for purpose in [
        SignPurpose::KeyPackage,
        SignPurpose::LeafNode,
        SignPurpose::Commit,
        SignPurpose::Proposal,
        SignPurpose::Application,
        SignPurpose::GroupInfo,
    ] {
        assert!(used.contains(&purpose), "{purpose:?}");
    }
    let member = world.group("bob").find_member(b"alice".to_vec()).unwrap().unwrap();
    assert_eq!(member.signature_key, key.public_key());
}

#[test]
fn a_signer_that_fails_changes_nothing() {
    let mut world = World::of(&["bob"]);
    let key = with_hardware(&mut world, "alice");
    world.found(&["bob", "alice"]);
    key.failing.store(true, Ordering::Relaxed);
    let (client, group) = (world.client("alice"), world.group("alice"));
    let options = KeyPackageOptions::default();
    assert_eq!(fails(&world, "alice", || client.create_key_packages(1, options)), 711);
    assert_eq!(fails(&world, "alice", || client.create_group(GroupOptions::default())), 711);
    assert_eq!(fails(&world, "alice", || group.encrypt(vec![], vec![], vec![])), 711);
    assert_eq!(fails(&world, "alice", || group.propose_update(vec![])), 711);
    assert_eq!(fails(&world, "alice", || group.clone().new_commit().build()), 711);
    assert_eq!(fails(&world, "alice", || group.group_info(false)), 711);
    key.failing.store(false, Ordering::Relaxed);
    world.update("alice");
}

#[test]
fn a_signer_with_another_key_makes_no_commit() {
    let mut world = World::of(&["bob"]);
    with_hardware(&mut world, "alice");
    world.found(&["alice", "bob"]);
    world.person_mut("alice").host.signer = Some(HardwareKey::new());
    world.reopen("alice");
    let group = world.group("alice");
    assert_eq!(fails(&world, "alice", || group.clone().new_commit().build()), 711);
    assert_eq!(fails(&world, "alice", || group.clone().new_commit().without_path()?.build()), 711);
}

#[test]
fn a_signing_key_of_the_wrong_form_is_refused() {
    let signing_key = SigningKey { key_id: b"slot 1".to_vec(), cipher_suite: 1, public_key: vec![1; 31] };
    let config = ClientConfig { signing_keys: vec![signing_key], ..ClientConfig::basic("alice") };
    let host = Host { signer: Some(HardwareKey::new()), ..Host::new(MemoryStorage::new(), Arc::new(AcceptAll)) };
    assert_eq!(code(Client::new(config, host)), 102);
}
