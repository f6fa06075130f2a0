//! Proposals and commits on the wire: public and private, by reference, in conflict, twice, and unknown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

/// The people named last send their handshakes in the open.
fn mixed(private: &[&str], public: &[&str]) -> World {
    let everybody = [private, public].concat();
    let mut world = World::of(&everybody);
    public.iter().for_each(|name| world.person_mut(name).public = true);
    world.found(&everybody);
    world
}

/// The wire format of an MLSMessage.
fn wire_format(message: &[u8]) -> u16 {
    u16::from_be_bytes([message[2], message[3]])
}

#[test]
fn public_and_private_handshakes_mix() {
    let mut world = mixed(&["alice", "bob"], &["carol", "dave"]);
    for (name, format) in [("alice", 2), ("carol", 1), ("bob", 2), ("dave", 1)] {
        let proposal = world.propose(name, |group| group.propose_update(vec![]));
        assert_eq!(wire_format(&proposal), format);
        let committer = if name == "alice" { "dave" } else { "alice" };
        world.update(committer);
        assert_eq!(wire_format(&world.update(name).built.commit), format);
    }
}

#[test]
fn a_creator_may_send_in_the_open() {
    let mut world = mixed(&[], &["alice", "bob"]);
    let update = world.update("alice");
    assert_eq!(wire_format(&update.built.commit), 1);
    assert_eq!(wire_format(&world.encrypt("alice", "still private")), 2);
}

#[test]
fn proposals_of_several_members_are_committed_by_one() {
    let mut world = mixed(&["alice", "bob", "carol"], &["dave", "erin"]);
    world.enlist(ClientConfig::basic("frank"), |_| {});
    let (package, leaf) = (world.key_package("frank"), world.leaf("erin"));
    world.propose("alice", |group| group.propose_update(vec![]));
    world.propose("bob", |group| group.propose_add(package, vec![]));
    world.propose("dave", |group| group.propose_remove(leaf, vec![]));
    let waiting = world.group("carol").pending_proposals().unwrap();
    let authors = waiting.iter().map(|proposal| match &proposal.author {
        Author::Member { member } => member.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(names(&authors.collect::<Vec<_>>()), ["alice", "bob", "dave"]);
    world.reopen_all();
    let change = world.update("carol").change().clone();
    assert_eq!((names(&change.added), names(&change.removed)), (vec!["frank".into()], vec!["erin".to_owned()]));
    assert_eq!(names(&change.updated), ["alice"]);
    assert!(world.group("alice").pending_proposals().unwrap().is_empty());
}

#[test]
fn an_own_update_committed_by_another_changes_our_key() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let old_tree = world.group("alice").export_tree().unwrap();
    world.propose("bob", |group| group.propose_update(vec![]));
    world.reopen("bob");
    let change = world.update("alice").change().clone();
    assert_eq!(names(&change.updated), ["bob"]);
    assert_ne!(world.group("bob").export_tree().unwrap(), old_tree);
    // Everybody seals to the new key now, and bob opens with it.
    world.update("carol");
    world.update("alice");
    world.update("bob");
}

#[test]
fn an_own_update_that_was_not_committed_is_forgotten() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    let committed = world.commit("alice", |draft| draft.without_pending().unwrap());
    assert!(committed.change().updated.is_empty());
    world.update("carol");
    world.update("bob");
}

#[test]
fn an_own_update_gives_way_to_an_own_commit() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    assert!(world.update("bob").change().updated.is_empty());
    world.update("alice");
}

#[test]
fn of_update_and_removal_of_one_leaf_the_removal_wins() {
    for removal_first in [true, false] {
        let mut world = World::group_of(&["alice", "bob", "carol"]);
        let leaf = world.leaf("carol");
        for remove in [removal_first, !removal_first] {
            match remove {
                true => world.propose("bob", |group| group.propose_remove(leaf, vec![])),
                false => world.propose("carol", |group| group.propose_update(vec![])),
            };
        }
        let change = world.update("alice").change().clone();
        assert_eq!((names(&change.removed), names(&change.updated)), (vec!["carol".into()], vec![]));
    }
}

#[test]
fn of_two_updates_of_one_leaf_the_later_one_counts() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    world.propose("bob", |group| group.propose_update(vec![]));
    assert_eq!(names(&world.update("alice").change().updated), ["bob"]);
    world.update("alice");
    world.update("bob");
}

#[test]
fn of_two_removals_of_one_leaf_one_counts() {
    let mut world = World::group_of(&["alice", "bob", "carol", "dave"]);
    let leaf = world.leaf("dave");
    world.propose("bob", |group| group.propose_remove(leaf, vec![]));
    world.propose("carol", |group| group.propose_remove(leaf, vec![]));
    let change = world.commit("alice", |draft| draft.remove(leaf).unwrap()).change().clone();
    assert_eq!(names(&change.removed), ["dave"]);
}

#[test]
fn of_two_additions_of_one_client_one_counts() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    for by in ["alice", "bob"] {
        let package = world.key_package("carol");
        world.propose(by, |group| group.propose_add(package, vec![]));
    }
    assert_eq!(names(&world.update("alice").change().added), ["carol"]);
    assert_eq!(world.members().len(), 3);
}

#[test]
fn an_addition_by_value_beats_one_that_waits() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    world.propose("bob", |group| group.propose_add(package, vec![]));
    assert_eq!(names(&world.add("alice", &["carol"]).change().added), ["carol"]);
}

#[test]
fn the_addition_of_a_member_is_left_out() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let package = world.key_package("carol");
    world.propose("bob", |group| group.propose_add(package, vec![]));
    assert!(world.update("alice").change().added.is_empty());
}

#[test]
fn the_addition_of_a_member_who_is_removed_is_taken_in() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let (package, leaf) = (world.key_package("carol"), world.leaf("carol"));
    world.propose("bob", |group| group.propose_add(package, vec![]));
    world.propose("bob", |group| group.propose_remove(leaf, vec![]));
    let change = world.update("alice").change().clone();
    assert_eq!((names(&change.added), names(&change.removed)), (vec!["carol".into()], vec!["carol".to_owned()]));
    assert_eq!(world.members().len(), 3);
}

#[test]
fn of_two_lists_of_extensions_the_later_one_counts() {
    let mut world = World::of(&[]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob"]);
    for (by, text) in [("alice", b"first".as_slice()), ("bob", b"second")] {
        world.propose(by, |group| group.propose_extensions(extensions(&[(PRIVATE_TYPE, text)]), vec![]));
    }
    world.update("alice");
    let info = world.group("bob").group_info(false).unwrap();
    assert!(info.windows(6).any(|window| window == b"second"));
    assert!(!info.windows(5).any(|window| window == b"first"));
}

#[test]
fn cleared_proposals_are_gone() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    world.reopen("alice");
    world.group("alice").clear_proposals().unwrap();
    assert!(world.group("alice").pending_proposals().unwrap().is_empty());
    assert!(world.update("alice").change().updated.is_empty());
}

#[test]
fn nothing_is_encrypted_while_proposals_wait() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    for name in ["alice", "bob"] {
        world.reopen(name);
        let before = world.records(name);
        assert_eq!(code(world.group(name).encrypt(b"text".to_vec(), vec![], vec![])), 505);
        assert!(world.records(name) == before);
    }
    world.update("alice");
    world.say("bob", "now");
}

#[test]
fn a_commit_with_an_unknown_proposal_waits_for_it() {
    let mut world = mixed(&["alice", "bob"], &["carol", "dave"]);
    for by in ["bob", "carol"] {
        let proposal = world.group(by).propose_update(vec![]).unwrap();
        for name in ["alice", "bob", "carol"].iter().filter(|name| **name != by) {
            world.receive(name, &proposal).unwrap();
        }
        let built = world.group("alice").new_commit().build().unwrap();
        assert_eq!(world.refused("dave", &built.commit), 406);
        world.reopen("dave");
        world.receive("dave", &proposal).unwrap();
        assert_eq!(names(&world.publish("alice", built).change().updated), [by]);
    }
}

#[test]
fn a_proposal_in_the_open_that_comes_twice_is_a_duplicate() {
    let mut world = mixed(&["alice"], &["bob"]);
    let proposal = world.propose("bob", |group| group.propose_update(vec![]));
    world.reopen("alice");
    let before = world.records("alice");
    assert_eq!(world.receive("alice", &proposal).unwrap(), Event::Duplicate);
    assert!(world.records("alice") == before);
    assert_eq!(world.group("alice").pending_proposals().unwrap().len(), 1);
}

#[test]
fn a_private_proposal_that_comes_twice_has_lost_its_key() {
    let mut world = World::group_of(&["alice", "bob"]);
    let proposal = world.propose("bob", |group| group.propose_update(vec![]));
    assert_eq!(world.refused("alice", &proposal), 405);
}

#[test]
fn our_own_messages_come_back_as_echoes() {
    let mut world = mixed(&["alice", "bob"], &["carol"]);
    for name in ["alice", "carol"] {
        let message = world.encrypt(name, "hello");
        let proposal = world.propose(name, |group| group.propose_update(vec![]));
        world.reopen(name);
        let before = world.records(name);
        for echo in [&message, &proposal] {
            assert_eq!(world.receive(name, echo).unwrap(), Event::OwnEcho);
            assert_eq!(world.receive(name, echo).unwrap(), Event::OwnEcho);
        }
        assert!(world.records(name) == before);
        world.update("bob");
    }
}

#[test]
fn a_proposal_of_a_past_epoch_is_refused() {
    let mut world = mixed(&["alice", "bob"], &["carol"]);
    for name in ["bob", "carol"] {
        let proposal = world.group(name).propose_update(vec![]).unwrap();
        world.commit("alice", |draft| draft.without_pending().unwrap());
        assert_eq!(world.refused("alice", &proposal), 403);
        assert_eq!(world.refused(name, &proposal), 403);
    }
}

#[test]
fn a_message_for_another_group_is_refused() {
    let world = World::group_of(&["alice", "bob"]);
    let other = World::group_of(&["alice", "bob"]);
    assert_eq!(world.refused("bob", &other.encrypt("alice", "hello")), 317);
    assert_eq!(world.refused("bob", &other.group("alice").new_commit().build().unwrap().commit), 317);
}

#[test]
fn what_is_no_message_for_a_group_is_refused() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let built = world.group("alice").new_commit().add(world.key_package("carol")).unwrap().build().unwrap();
    assert_eq!(world.refused("bob", &built.welcome.unwrap()), 317);
    assert_eq!(world.refused("bob", &world.key_package("carol")), 317);
    assert_eq!(world.refused("bob", &world.group("alice").group_info(true).unwrap()), 317);
    assert_eq!(world.refused("bob", b""), 201);
    assert_eq!(world.refused("bob", &[built.commit, vec![0]].concat()), 202);
}

#[test]
fn the_summaries_say_what_is_proposed() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let (package, leaf) = (world.key_package("carol"), world.leaf("bob"));
    world.client("alice").put_psk(b"key".to_vec(), vec![7; 32]).unwrap();
    let group = world.group("alice");
    group.propose_add(package, vec![]).unwrap();
    group.propose_update(vec![]).unwrap();
    group.propose_remove(leaf, vec![]).unwrap();
    group.propose_psk(b"key".to_vec(), vec![]).unwrap();
    group.propose_extensions(extensions(&[]), vec![]).unwrap();
    let bob = group.find_member(b"bob".to_vec()).unwrap().unwrap().name;
    let summaries: Vec<_> = group.pending_proposals().unwrap().into_iter().map(|waiting| waiting.summary).collect();
    let expected = [
        ProposalSummary::Add { client_id: b"carol".to_vec() },
        ProposalSummary::Update,
        ProposalSummary::Remove { member: bob },
        ProposalSummary::Psk { psk_id: b"key".to_vec() },
        ProposalSummary::Extensions { types: vec![] },
    ];
    assert_eq!(summaries, expected);
}

/// Nothing in a wish to leave is random, so a second one has the reference of the first.
#[test]
fn whoever_proposes_the_same_twice_proposes_it_once() {
    let mut world = mixed(&["alice", "bob"], &["carol"]);
    for name in ["bob", "carol"] {
        world.propose(name, |group| group.propose_leave(vec![]));
        let again = world.group(name).propose_leave(vec![]).unwrap();
        for (receiver, event) in world.deliver(name, &again) {
            assert_eq!(event, Event::Duplicate, "{receiver}");
        }
        let waiting = |who: &str| world.group(who).status().unwrap().pending_proposals;
        assert_eq!((waiting(name), waiting("alice")), (1, 1));
        assert_eq!(world.group(name).pending_proposals().unwrap().len(), 1);
        assert_eq!(names(&world.commit("alice", |draft| draft).change().removed), [name]);
    }
}
