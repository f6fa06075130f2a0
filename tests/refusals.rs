//! What is refused, or left out, so that nobody can keep the others from going on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

#[test]
fn a_member_has_a_share_of_what_waits() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    for number in 0..100_u8 {
        let proposal = world.group("bob").propose_psk(vec![number], vec![]).unwrap();
        world.receive("alice", &proposal).unwrap();
    }
    let before = world.records("bob");
    assert_eq!(code(world.group("bob").propose_psk(vec![100], vec![])), 805);
    assert!(world.records("bob") == before);
    world.group("bob").clear_proposals().unwrap();
    let beyond = world.group("bob").propose_psk(vec![100], vec![]).unwrap();
    assert_eq!(world.refused("alice", &beyond), 805);
    let of_another = world.group("carol").propose_psk(vec![101], vec![]).unwrap();
    world.receive("alice", &of_another).unwrap();
    assert_eq!(world.group("alice").pending_proposals().unwrap().len(), 101);
    world.update("alice");
}

#[test]
fn an_unknown_key_does_not_block_commits() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_psk(b"unknown".to_vec(), vec![]));
    assert!(world.update("alice").change().psks.is_empty());
}

#[test]
fn extensions_that_not_all_support_do_not_block_commits() {
    let mut world = World::group_of(&["alice", "bob"]);
    let required = required(&[PRIVATE_TYPE], &[], &[]);
    for list in [extensions(&[(PRIVATE_TYPE, b"data")]), extensions(&[(3, &required)])] {
        world.propose("bob", |group| group.propose_extensions(list, vec![]));
        assert!(!world.update("alice").change().extensions_changed);
    }
}

#[test]
fn of_the_waiting_extensions_the_last_that_fit_are_taken() {
    let mut world = World::group_of(&["alice", "bob"]);
    let required = required(&[], &[], &[1]);
    for list in [extensions(&[(3, &required)]), extensions(&[(PRIVATE_TYPE, b"data")])] {
        world.propose("bob", |group| group.propose_extensions(list, vec![]));
    }
    assert!(world.update("alice").change().extensions_changed);
}

#[test]
fn extensions_fit_when_who_lacks_them_is_removed() {
    let mut world = World::of(&["carol"]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob", "carol"]);
    world.propose("bob", |group| group.propose_extensions(extensions(&[(PRIVATE_TYPE, b"data")]), vec![]));
    let leaf = world.leaf("carol");
    let change = world.commit("alice", |draft| draft.remove(leaf).unwrap()).change().clone();
    assert!(change.extensions_changed);
}

#[test]
fn a_client_that_lacks_what_the_group_has_does_not_block_commits() {
    let mut world = World::of(&["carol"]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob"]);
    world.commit("alice", |draft| draft.extensions(extensions(&[(PRIVATE_TYPE, b"data")])).unwrap());
    let package = world.key_package("carol");
    world.propose("bob", |group| group.propose_add(package, vec![]));
    assert!(world.update("alice").change().added.is_empty());
}

#[test]
fn a_client_that_we_add_ourselves_is_not_added_again() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    world.propose("bob", |group| group.propose_add(package.clone(), vec![]));
    let change = world.commit("alice", |draft| draft.add(package).unwrap()).change().clone();
    assert_eq!(names(&change.added), ["carol"]);
}
