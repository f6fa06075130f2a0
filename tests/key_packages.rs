//! Key packages: lifetimes, use, and deletion.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

const LAST_RESORT: KeyPackageOptions =
    KeyPackageOptions { cipher_suite: None, last_resort: true, extensions: Vec::new() };

fn stored(world: &World, name: &str) -> usize {
    world.client(name).key_packages(None, 1000).unwrap().len()
}

#[test]
fn a_key_package_lives_eighty_four_days() {
    let world = World::of(&["alice"]);
    let made = world.client("alice").create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    assert_eq!(made.not_after, world.clock.now().unwrap() + 84 * DAY);
    assert!(!made.last_resort);
}

#[test]
fn an_expired_key_package_is_refused_on_send() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.key_package("bob");
    world.clock.pass(85 * DAY);
    let before = world.records("alice");
    assert_eq!(code(world.group("alice").propose_add(package.clone(), vec![])), 316);
    assert_eq!(code(world.group("alice").new_commit().add(package.clone()).unwrap().build()), 316);
    assert!(world.records("alice") == before);
    world.clock.rewind(2 * DAY);
    world.commit("alice", |draft| draft.add(package).unwrap());
    assert_eq!(world.members().len(), 2);
}

#[test]
fn a_key_package_of_the_future_is_refused_on_send() {
    let world = World::group_of(&["alice"]);
    let mut world = world;
    world.enlist(ClientConfig::basic("bob"), |_| {});
    world.clock.pass(2 * DAY);
    let package = world.key_package("bob");
    world.clock.rewind(2 * DAY);
    assert_eq!(code(world.group("alice").propose_add(package, vec![])), 316);
}

#[test]
fn a_key_package_that_expires_in_flight_is_accepted() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "carol"]);
    let package = world.key_package("bob");
    world.clock.pass(83 * DAY);
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    world.clock.pass(5 * DAY);
    world.publish("alice", built);
    assert_eq!(world.members().len(), 3);
}

#[test]
fn private_keys_outlive_their_key_package_by_thirty_days() {
    let world = World::of(&["alice"]);
    let old = world.client("alice").create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    world.clock.pass((84 + 30) * DAY);
    world.key_package("alice");
    assert_eq!(stored(&world, "alice"), 2);
    world.clock.pass(1);
    world.key_package("alice");
    let left = world.client("alice").key_packages(None, 10).unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|package| package.reference != old.reference));
}

#[test]
fn an_ordinary_key_package_is_used_once() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.key_package("bob");
    let committed = world.commit("alice", |draft| draft.add(package.clone()).unwrap());
    assert_eq!(stored(&world, "bob"), 0);
    world.remove("alice", "bob");
    let again = world.client("bob").join(committed.built.welcome.unwrap(), JoinOptions::default());
    assert_eq!(code(again), 408);
}

#[test]
fn a_key_package_of_last_resort_is_kept_and_used_twice() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.client("bob").create_key_packages(1, LAST_RESORT).unwrap().remove(0);
    assert!(package.last_resort);
    for _ in 0..2 {
        world.commit("alice", |draft| draft.add(package.message.clone()).unwrap());
        assert_eq!(world.members().len(), 2);
        assert_eq!(stored(&world, "bob"), 1);
        world.remove("alice", "bob");
    }
}

#[test]
fn a_replayed_welcome_does_not_lead_back() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.client("bob").create_key_packages(1, LAST_RESORT).unwrap().remove(0).message;
    let committed = world.commit("alice", |draft| draft.add(package.clone()).unwrap());
    world.remove("alice", "bob");
    let before = world.records("bob");
    let again = world.client("bob").join(committed.built.welcome.unwrap(), JoinOptions::default());
    assert_eq!(code(again), 314);
    assert!(world.records("bob") == before);
    world.commit("alice", |draft| draft.add(package).unwrap());
    assert_eq!(world.members().len(), 2);
}

#[test]
fn one_key_package_of_last_resort_opens_two_groups() {
    let world = World::of(&["alice", "bob"]);
    let package = world.client("bob").create_key_packages(1, LAST_RESORT).unwrap().remove(0).message;
    for _ in 0..2 {
        let group = world.client("alice").create_group(GroupOptions::default()).unwrap();
        let built = group.clone().new_commit().add(package.clone()).unwrap().build().unwrap();
        group.confirm_commit(None, vec![]).unwrap();
        world.client("bob").join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
    }
    assert_eq!(world.client("bob").groups(None, 10).unwrap().groups.len(), 2);
}

#[test]
fn a_deleted_key_package_opens_no_welcome() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.client("bob").create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let built = world.group("alice").new_commit().add(package.message).unwrap().build().unwrap();
    world.client("bob").delete_key_packages(vec![package.reference]).unwrap();
    assert_eq!(code(world.client("bob").join(built.welcome.unwrap(), JoinOptions::default())), 408);
}

#[test]
fn a_welcome_is_for_nobody_else() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice"]);
    world.key_package("carol");
    let package = world.key_package("bob");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    let before = world.records("carol");
    assert_eq!(code(world.client("carol").join(built.welcome.unwrap(), JoinOptions::default())), 408);
    assert!(world.records("carol") == before);
}

#[test]
fn key_packages_are_listed_in_pages() {
    let world = World::of(&["alice"]);
    let mut made = world.client("alice").create_key_packages(7, KeyPackageOptions::default()).unwrap();
    world.client("alice").create_group(GroupOptions::default()).unwrap();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = world.client("alice").key_packages(after, 3).unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(last.reference.clone());
        listed.extend(page);
    }
    for list in [&mut made, &mut listed] {
        list.sort_by(|a, b| a.reference.cmp(&b.reference));
    }
    assert!(listed == made);
}

#[test]
fn the_effect_holds_what_is_to_be_published() {
    let world = World::of(&["alice"]);
    world.person("alice").storage.take_effects();
    let made = world.client("alice").create_key_packages(3, KeyPackageOptions::default()).unwrap();
    let effects = world.person("alice").storage.take_effects();
    let messages = made.into_iter().map(|package| package.message).collect();
    assert!(effects == [Effect::KeyPackages { messages }]);
}

#[test]
fn too_many_or_no_key_packages_are_refused() {
    let world = World::of(&["alice"]);
    for count in [0, 1001] {
        assert_eq!(code(world.client("alice").create_key_packages(count, KeyPackageOptions::default())), 101);
    }
}

#[test]
fn the_private_keys_go_in_the_batch_that_joins() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.key_package("bob");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    world.person("bob").storage.memory.take_touches();
    world.client("bob").join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
    assert_eq!(world.person("bob").storage.memory.take_touches().writes, 1);
    assert_eq!(stored(&world, "bob"), 0);
}

/// Key packages of many clients, of the MLSMessage form: version and wire format, then version, suite and init key.
fn packages(count: usize) -> Vec<Vec<u8>> {
    let package = |number| {
        let host = Host::new(MemoryStorage::new(), std::sync::Arc::new(AcceptAll));
        let client = Client::new(ClientConfig::basic(&format!("member {number}")), host).unwrap();
        client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    };
    (0..count).map(package).collect()
}

#[test]
fn one_bad_key_package_among_many_refuses_all_and_the_first_one_is_told() {
    let mut world = World::of(&["alice"]);
    world.found(&["alice"]);
    let (good, before) = (packages(100), world.records("alice"));
    let add = |packages: &[Vec<u8>]| {
        let draft = world.group("alice").new_commit();
        packages.iter().fold(draft, |draft, package| draft.add(package.clone()).unwrap()).build()
    };
    type Spoil = fn(&mut Vec<u8>);
    let forged: Spoil = |package| *package.last_mut().unwrap() ^= 1;
    let keyless: Spoil = |package| package[9..41].fill(0);
    for (first, second, expected) in [(forged, keyless, 301), (keyless, forged, 201)] {
        for places in [(0, 1), (50, 51), (20, 99)] {
            let mut spoilt = good.clone();
            first(&mut spoilt[places.0]);
            second(&mut spoilt[places.1]);
            assert_eq!(code(add(&spoilt)), expected, "{places:?}");
        }
    }
    assert!(world.records("alice") == before);
    add(&good).unwrap();
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    assert_eq!(world.group("alice").status().unwrap().members, 101);
}
