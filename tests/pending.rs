//! Our own commit while it waits: it survives restarts, takes effect once, and gives way to others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex, OnceLock};

use common::*;
use conclave::*;

#[test]
fn a_built_commit_changes_nothing_yet() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let authenticator = world.group("alice").epoch_authenticator().unwrap();
    let package = world.key_package("carol");
    world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    let status = world.group("alice").status().unwrap();
    assert_eq!((status.epoch, status.members, status.pending_commit), (1, 2, true));
    assert_eq!(world.group("alice").epoch_authenticator().unwrap(), authenticator);
    world.say("alice", "nothing has happened");
    world.say("bob", "indeed");
}

#[test]
fn a_pending_commit_survives_a_restart() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    world.reopen_all();
    let waiting = world.group("alice").pending_commit().unwrap().unwrap();
    assert!(waiting == PendingCommit { epoch: 1, commit: built.commit.clone(), welcome: built.welcome.clone() });
    world.publish("alice", built);
    assert!(world.group("alice").pending_commit().unwrap().is_none());
    assert_eq!(world.members().len(), 3);
}

#[test]
fn confirming_hands_out_the_welcome_and_the_tag() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.key_package("bob");
    let built = world.group("alice").new_commit().add(package).unwrap().tag(b"t1".to_vec()).unwrap().build().unwrap();
    let group_id = world.group("alice").id();
    let outbound = Effect::Outbound { group_id: group_id.clone(), tag: b"t1".to_vec(), message: built.commit.clone() };
    assert!(world.person("alice").storage.take_effects().last() == Some(&outbound));
    let event = world.group("alice").confirm_commit(None, b"t2".to_vec()).unwrap();
    let confirmed = Effect::Confirmed { group_id, tag: b"t2".to_vec(), event, welcome: built.welcome };
    assert!(world.person("alice").storage.take_effects() == [confirmed]);
}

#[test]
fn the_echo_confirms_and_hands_out_the_welcome() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    let built = world.group("alice").new_commit().add(package).unwrap().build().unwrap();
    world.reopen("alice");
    world.person("alice").storage.take_effects();
    let event = world.group("alice").receive(built.commit.clone(), b"tag".to_vec()).unwrap();
    assert!(change_of(&event).own);
    assert_eq!(names(&change_of(&event).added), ["carol"]);
    let group_id = world.group("alice").id();
    let confirmed = Effect::Confirmed { group_id, tag: b"tag".to_vec(), event, welcome: built.welcome.clone() };
    assert!(world.person("alice").storage.take_effects() == [confirmed]);
    world.deliver("alice", &built.commit);
    world.welcome(&built);
    world.settle();
}

#[test]
fn the_echo_confirms_a_commit_without_additions() {
    let mut world = World::group_of(&["alice", "bob"]);
    let built = world.group("alice").new_commit().build().unwrap();
    let event = world.group("alice").receive(built.commit.clone(), b"tag".to_vec()).unwrap();
    assert!(change_of(&event).own);
    world.deliver("alice", &built.commit);
    world.settle();
    assert_eq!(world.refused("alice", &built.commit), 403);
}

#[test]
fn a_discarded_commit_is_forgotten() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.group("alice").new_commit().build().unwrap();
    world.reopen("alice");
    world.group("alice").discard_commit(None).unwrap();
    assert!(world.group("alice").pending_commit().unwrap().is_none());
    assert_eq!(code(world.group("alice").confirm_commit(None, vec![])), 504);
    world.update("alice");
    world.update("bob");
}

#[test]
fn the_late_echo_of_a_discarded_commit_says_rejoin() {
    for public in [false, true] {
        let mut world = World::of(&["alice", "bob"]);
        world.person_mut("alice").public = public;
        world.found(&["alice", "bob"]);
        let built = world.group("alice").new_commit().build().unwrap();
        world.group("alice").discard_commit(None).unwrap();
        world.reopen("alice");
        assert_eq!(world.refused("alice", &built.commit), 411);
    }
}

#[test]
fn another_commit_while_ours_waits_names_what_was_lost() {
    let mut world = World::of(&["alice", "bob", "carol", "dave"]);
    world.found(&["alice", "bob", "carol"]);
    let package = world.key_package("dave");
    let leaf = world.leaf("carol");
    let lost = world.group("alice").new_commit().add(package).unwrap().remove(leaf).unwrap().build().unwrap();
    world.reopen("alice");
    let carol = world.group("alice").find_member(b"carol".to_vec()).unwrap().unwrap().name;
    let committed = world.update("bob");
    let change = change_of(&committed.events["alice"]);
    let expected = [ProposalSummary::Add { client_id: b"dave".to_vec() }, ProposalSummary::Remove { member: carol }];
    assert_eq!(change.lost_commit.as_deref(), Some(expected.as_slice()));
    assert_eq!(change_of(&committed.events["carol"]).lost_commit, None);
    assert!(world.group("alice").pending_commit().unwrap().is_none());
    assert_eq!(world.refused("alice", &lost.commit), 403);
    assert_eq!(world.refused("carol", &lost.commit), 403);
    world.update("alice");
}

#[test]
fn a_lost_commit_without_changes_of_its_own_has_no_intents() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    world.group("alice").new_commit().build().unwrap();
    let committed = world.commit("bob", |draft| draft);
    assert_eq!(change_of(&committed.events["alice"]).lost_commit, Some(vec![]));
}

#[test]
fn one_commit_waits_at_a_time() {
    let mut world = World::group_of(&["alice", "bob"]);
    let built = world.group("alice").new_commit().build().unwrap();
    world.reopen("alice");
    let before = world.records("alice");
    assert_eq!(code(world.group("alice").new_commit().build()), 503);
    assert!(world.records("alice") == before);
    world.publish("alice", built);
}

#[test]
fn there_is_nothing_to_confirm_or_discard() {
    let world = World::group_of(&["alice", "bob"]);
    assert_eq!(code(world.group("alice").confirm_commit(None, vec![])), 504);
    assert_eq!(code(world.group("alice").discard_commit(None)), 504);
}

#[test]
fn a_builder_is_used_once() {
    let world = World::group_of(&["alice", "bob"]);
    let draft = world.group("alice").new_commit();
    draft.build().unwrap();
    assert_eq!(code(draft.build()), 508);
    assert_eq!(code(draft.remove(1)), 508);
}

/// A policy that adds to the commit which asks it, on its own thread and on another.
#[derive(Default)]
struct Meddler {
    draft: OnceLock<Arc<CommitBuilder>>,
    answers: Mutex<Vec<u32>>,
}

impl Policy for Meddler {
    fn permit(&self, _: ChangeRequest) -> Result<bool> {
        let meddle = || self.draft.get().map(|draft| code(draft.clone().remove(1)).max(code(draft.build())));
        let here = meddle();
        let elsewhere = std::thread::scope(|scope| scope.spawn(meddle).join().unwrap());
        self.answers.lock().unwrap().extend(here.into_iter().chain(elsewhere));
        Ok(true)
    }
}

#[test]
fn nothing_is_added_to_a_commit_while_it_is_built() {
    let mut world = World::of(&["bob"]);
    let meddler = Arc::new(Meddler::default());
    let config = ClientConfig { lease_timeout: 10, ..ClientConfig::basic("alice") };
    world.enlist(config, |host| host.policy = Some(meddler.clone()));
    world.found(&["alice", "bob"]);
    let draft = world.group("alice").new_commit();
    assert!(meddler.draft.set(draft.clone()).is_ok());
    draft.build().unwrap();
    let answers = meddler.answers.lock().unwrap().clone();
    assert!(answers.chunks(2).all(|pair| pair == [502, 501]) && !answers.is_empty(), "{answers:?}");
}

#[test]
fn of_racing_commits_the_delivery_service_chooses() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    for winner in ["alice", "bob", "bob", "alice"] {
        let loser = if winner == "alice" { "bob" } else { "alice" };
        let won = world.group(winner).new_commit().build().unwrap();
        let lost = world.group(loser).new_commit().build().unwrap();
        world.reopen_all();
        let committed = world.publish(winner, won);
        assert_eq!(change_of(&committed.events[loser]).lost_commit, Some(vec![]));
        for name in ["alice", "bob", "carol"] {
            assert_eq!(world.refused(name, &lost.commit), 403);
        }
    }
}

#[test]
fn messages_and_proposals_flow_while_a_commit_waits() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let early = world.encrypt("bob", "sent early");
    let built = world.group("alice").new_commit().build().unwrap();
    for round in ["one", "two"] {
        world.say("alice", round);
        world.say("carol", round);
        world.reopen("alice");
    }
    let late = world.encrypt("carol", "sent late");
    let ours = world.encrypt("alice", "ours");
    world.propose("bob", |group| group.propose_update(vec![]));
    world.publish("alice", built);
    assert_eq!(world.group("alice").status().unwrap().pending_proposals, 0);
    assert_eq!(text_of(world.receive("alice", &early).unwrap()), "sent early");
    assert_eq!(text_of(world.receive("alice", &late).unwrap()), "sent late");
    assert_eq!(text_of(world.receive("bob", &ours).unwrap()), "ours");
    world.update("bob");
}

#[test]
fn a_commit_of_a_past_epoch_is_refused() {
    for public in [false, true] {
        let mut world = World::of(&["alice", "bob", "carol"]);
        world.person_mut("bob").public = public;
        world.found(&["alice", "bob", "carol"]);
        let old = world.update("bob").built.commit;
        assert_eq!(world.refused("alice", &old), 403);
        assert_eq!(world.refused("bob", &old), 403);
        world.update("carol");
        assert_eq!(world.refused("alice", &old), 403);
    }
}

#[test]
fn a_commit_of_a_future_epoch_waits_for_the_one_between() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let first = world.group("alice").new_commit().build().unwrap().commit;
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    world.receive("bob", &first).unwrap();
    let second = world.group("bob").new_commit().build().unwrap().commit;
    world.group("bob").confirm_commit(None, vec![]).unwrap();
    world.receive("alice", &second).unwrap();
    assert_eq!(world.refused("carol", &second), 402);
    world.receive("carol", &first).unwrap();
    world.receive("carol", &second).unwrap();
    world.settle();
}

/// What a store that was set back makes of a commit that it built and no longer knows.
fn forgotten_commit(public: bool) -> Result<Event> {
    let mut world = World::of(&["alice", "bob"]);
    world.person_mut("alice").public = public;
    world.found(&["alice", "bob"]);
    let saved = world.person("alice").storage.memory.duplicate();
    let built = world.group("alice").new_commit().build().unwrap();
    let person = world.person_mut("alice");
    let restored = Client::new(person.config.clone(), Host::new(saved, person.host.validator.clone())).unwrap();
    let group = restored.open_group(person.group.as_ref().unwrap().id()).unwrap();
    group.receive(built.commit, vec![])
}

#[test]
fn a_commit_that_we_signed_and_do_not_know_says_so() {
    assert_eq!(code(forgotten_commit(true)), 412);
}

/// Any member can write our leaf index into sender data, and nothing else shows that the message is ours.
#[test]
fn an_encrypted_commit_that_only_claims_to_be_ours_is_passed_over() {
    assert_eq!(forgotten_commit(false).unwrap(), Event::OwnEcho);
}

#[test]
fn the_tree_can_be_exported_when_the_commit_is_confirmed() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let package = world.person("bob").client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let group = world.group("alice");
    let built = group.clone().new_commit().add(package.message).unwrap().tree_later().unwrap().build().unwrap();
    assert_eq!(built.tree, None);
    group.confirm_commit(Some(built.commit), vec![]).unwrap();
    let bob = &world.person("bob").client;
    let welcome = built.welcome.unwrap();
    assert_eq!(code(bob.join(welcome.clone(), JoinOptions::default()).map(drop)), 410);
    let options = JoinOptions { tree: Some(group.export_tree().unwrap()), ..JoinOptions::default() };
    let joined = bob.join(welcome, options).unwrap();
    assert_eq!(joined.epoch_authenticator().unwrap(), group.epoch_authenticator().unwrap());
}

#[test]
fn confirming_and_discarding_mean_the_commit_they_name() {
    let world = World::group_of(&["alice", "bob"]);
    let group = world.group("alice");
    let built = group.clone().new_commit().build().unwrap();
    assert_eq!(code(group.confirm_commit(Some(b"another".to_vec()), vec![])), 504);
    assert_eq!(code(group.discard_commit(Some(b"another".to_vec()))), 504);
    group.confirm_commit(Some(built.commit), vec![]).unwrap();
}

#[test]
fn a_commit_that_could_not_be_built_is_built_later() {
    let world = World::group_of(&["alice", "bob"]);
    let leaf = world.leaf("bob");
    let draft = world.group("alice").new_commit().remove(leaf).unwrap();
    world.group("alice").new_commit().build().unwrap();
    assert_eq!(code(draft.build()), 503);
    world.group("alice").discard_commit(None).unwrap();
    let built = draft.build().unwrap();
    assert_eq!(code(draft.build()), 508);
    assert!(matches!(world.receive("bob", &built.commit).unwrap(), Event::Removed { .. }));
}
