//! Pre-shared keys in commits and Welcomes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

fn put(world: &World, names: &[&str], id: &[u8]) {
    names.iter().for_each(|name| world.client(name).put_psk(id.to_vec(), [id, b" secret"].concat()).unwrap());
}

#[test]
fn keys_by_value_and_by_reference() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    for id in [b"one".as_slice(), b"two", b"three"] {
        put(&world, &["alice", "bob", "carol"], id);
    }
    world.propose("bob", |group| group.propose_psk(b"one".to_vec(), vec![]));
    let committed = world.commit("alice", |draft| draft.psk(b"two".to_vec()).unwrap().psk(b"three".to_vec()).unwrap());
    assert_eq!(committed.change().psks, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    world.update("carol");
}

#[test]
fn a_commit_of_keys_alone_may_leave_the_path_out() {
    let mut world = World::group_of(&["alice", "bob"]);
    put(&world, &["alice", "bob"], b"key");
    world.commit("alice", |draft| draft.psk(b"key".to_vec()).unwrap().without_path().unwrap());
    world.commit("bob", |draft| draft.psk(b"key".to_vec()).unwrap().without_path().unwrap());
}

#[test]
fn a_member_that_lacks_the_key_gets_it_and_goes_on() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    put(&world, &["alice", "bob"], b"key");
    let built = world.group("alice").new_commit().psk(b"key".to_vec()).unwrap().build().unwrap();
    assert_eq!(world.refused("carol", &built.commit), 407);
    world.say("carol", "still in the old epoch");
    world.reopen("carol");
    put(&world, &["carol"], b"key");
    world.publish("alice", built);
}

#[test]
fn a_member_with_another_key_is_refused() {
    let mut world = World::group_of(&["alice", "bob"]);
    put(&world, &["alice"], b"key");
    world.client("bob").put_psk(b"key".to_vec(), b"something else".to_vec()).unwrap();
    let built = world.group("alice").new_commit().psk(b"key".to_vec()).unwrap().build().unwrap();
    assert_eq!(world.refused("bob", &built.commit), 302);
    put(&world, &["bob"], b"key");
    world.publish("alice", built);
}

#[test]
fn the_committer_must_have_the_key() {
    let mut world = World::group_of(&["alice", "bob"]);
    let before = world.records("alice");
    let built = world.group("alice").new_commit().psk(b"key".to_vec()).unwrap().build();
    assert_eq!(code(built), 407);
    assert!(world.records("alice") == before);
    world.update("alice");
}

#[test]
fn a_waiting_key_that_the_committer_lacks_is_left_out() {
    let mut world = World::group_of(&["alice", "bob"]);
    put(&world, &["bob"], b"key");
    world.propose("bob", |group| group.propose_psk(b"key".to_vec(), vec![]));
    assert!(world.update("alice").change().psks.is_empty());
    world.propose("bob", |group| group.propose_psk(b"key".to_vec(), vec![]));
    put(&world, &["alice"], b"key");
    assert_eq!(world.update("alice").change().psks, [b"key"]);
}

#[test]
fn a_welcome_with_keys() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    put(&world, &["alice", "bob", "carol"], b"key");
    let package = world.key_package("carol");
    world.commit("alice", |draft| draft.add(package).unwrap().psk(b"key".to_vec()).unwrap());
    assert_eq!(world.members().len(), 3);
}

#[test]
fn a_joiner_that_lacks_the_key_gets_it_and_joins() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    put(&world, &["alice", "bob"], b"key");
    let package = world.key_package("carol");
    let draft = world.group("alice").new_commit().add(package).unwrap().psk(b"key".to_vec()).unwrap();
    let built = draft.build().unwrap();
    let before = world.records("carol");
    let join = world.client("carol").join(built.welcome.clone().unwrap(), JoinOptions::default());
    assert_eq!(code(join), 407);
    assert!(world.records("carol") == before);
    put(&world, &["carol"], b"key");
    world.publish("alice", built);
    assert_eq!(world.members().len(), 3);
}

#[test]
fn a_deleted_key_is_unknown() {
    let mut world = World::group_of(&["alice", "bob"]);
    put(&world, &["alice", "bob"], b"key");
    let built = world.group("alice").new_commit().psk(b"key".to_vec()).unwrap().build().unwrap();
    world.client("bob").delete_psk(b"key".to_vec()).unwrap();
    world.reopen("bob");
    assert_eq!(world.refused("bob", &built.commit), 407);
    put(&world, &["bob"], b"key");
    world.publish("alice", built);
    world.client("alice").delete_psk(b"key".to_vec()).unwrap();
    assert_eq!(code(world.group("alice").new_commit().psk(b"key".to_vec()).unwrap().build()), 407);
}

#[test]
fn a_key_is_replaced_by_putting_it_again() {
    let mut world = World::group_of(&["alice", "bob"]);
    for secret in [b"old".as_slice(), b"new"] {
        world.client("alice").put_psk(b"key".to_vec(), secret.to_vec()).unwrap();
    }
    world.client("bob").put_psk(b"key".to_vec(), b"new".to_vec()).unwrap();
    world.commit("alice", |draft| draft.psk(b"key".to_vec()).unwrap());
}

#[test]
fn one_key_twice_in_one_commit() {
    let mut world = World::group_of(&["alice", "bob"]);
    put(&world, &["alice", "bob"], b"key");
    world.propose("bob", |group| group.propose_psk(b"key".to_vec(), vec![]));
    // Each time under a nonce of its own, which makes them two (RFC 9420 §12.2).
    let committed = world.commit("alice", |draft| draft.psk(b"key".to_vec()).unwrap());
    assert_eq!(committed.change().psks.len(), 2);
}

#[test]
fn keys_that_are_too_long_are_refused() {
    let world = World::of(&["alice"]);
    let alice = world.client("alice");
    assert_eq!(code(alice.put_psk(vec![1; 4097], vec![1])), 105);
    assert_eq!(code(alice.put_psk(vec![1], vec![1; 4097])), 105);
    alice.put_psk(vec![1; 4096], vec![1; 4096]).unwrap();
}

#[test]
fn an_empty_id_and_an_empty_key_are_a_key() {
    let mut world = World::group_of(&["alice", "bob"]);
    for name in ["alice", "bob"] {
        world.client(name).put_psk(vec![], vec![]).unwrap();
    }
    world.commit("bob", |draft| draft.psk(vec![]).unwrap());
}
