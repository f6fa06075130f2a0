//! Keys of the past are kept for a time: what is older is refused at once, and deleted when the group goes on or the app asks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

/// How long Bob keeps keys of ended epochs, in seconds.
const PAST: u64 = 10 * DAY;
/// How long Bob keeps keys of skipped messages, in seconds.
const SKIPPED: u64 = 3 * DAY;

/// Alice, who keeps everything, and Bob.
fn two() -> World {
    let mut world = World::of(&[]);
    world.silent = true;
    let patient = |name| ClientConfig { max_past_age: None, max_skipped_age: None, ..ClientConfig::basic(name) };
    world.enlist(patient("alice"), |_| {});
    world.enlist(
        ClientConfig { max_past_age: Some(PAST), max_skipped_age: Some(SKIPPED), ..ClientConfig::basic("bob") },
        |_| {},
    );
    world.found(&["alice", "bob"]);
    world
}

fn oldest(world: &World) -> u64 {
    world.group("bob").status().unwrap().oldest_epoch
}

/// How many records a person has of an epoch.
fn of_epoch(world: &World, name: &str, epoch: u64) -> usize {
    let within = |key: &[u8]| records::kind_in_epoch(key).is_some_and(|(number, _)| number == epoch);
    world.records(name).iter().filter(|record| within(&record.key)).count()
}

fn skipped_chunks(world: &World, name: &str) -> usize {
    let is_chunk = |key: &[u8]| records::is_of_epoch(key, records::of_epoch::SKIPPED);
    world.records(name).iter().filter(|record| is_chunk(&record.key)).count()
}

#[test]
fn an_epoch_that_ended_too_long_ago_is_refused_before_it_is_deleted() {
    let mut world = two();
    let messages: Vec<_> = (0..2).map(|number| world.encrypt("alice", &number.to_string())).collect();
    world.update("alice");
    world.clock.pass(PAST);
    assert_eq!(text_of(world.receive("bob", &messages[0]).unwrap()), "0");
    world.clock.pass(1);
    assert!(of_epoch(&world, "bob", 1) > 0);
    assert_eq!(world.refused("bob", &messages[1]), 403);
    assert_eq!(world.refused("bob", &messages[0]), 403);
    world.reopen("bob");
    assert_eq!(world.refused("bob", &messages[1]), 403);
}

#[test]
fn the_next_change_of_the_epoch_deletes_what_is_too_old() {
    for own in [false, true] {
        let mut world = two();
        world.update("alice");
        world.update("bob");
        world.clock.pass(PAST / 2);
        world.update("alice");
        assert_eq!((world.epoch("bob"), oldest(&world)), (4, 1));
        world.clock.pass(PAST / 2 + 1);
        world.update(if own { "bob" } else { "alice" });
        assert_eq!((world.epoch("bob"), oldest(&world)), (5, 3));
        assert_eq!((of_epoch(&world, "bob", 1), of_epoch(&world, "bob", 2)), (0, 0));
        assert!(of_epoch(&world, "bob", 3) > 0);
    }
}

#[test]
fn an_epoch_ends_when_our_commit_takes_effect_and_not_when_it_is_built() {
    let world = two();
    let late = world.encrypt("alice", "late");
    let (alice, bob) = (world.group("alice"), world.group("bob"));
    let commit = bob.clone().new_commit().build().unwrap().commit;
    world.clock.pass(PAST + 1);
    bob.confirm_commit(None, vec![]).unwrap();
    alice.receive(commit, vec![]).unwrap();
    world.clock.pass(PAST);
    assert_eq!(text_of(world.receive("bob", &late).unwrap()), "late");
}

#[test]
fn pruning_deletes_what_is_too_old_in_a_group_where_nothing_happens() {
    let mut world = two();
    let late = world.encrypt("alice", "late");
    world.update("alice");
    let before = world.records("bob");
    world.client("bob").prune().unwrap();
    assert!(world.records("bob") == before, "nothing was too old");
    world.clock.pass(PAST + 1);
    world.client("bob").prune().unwrap();
    assert_eq!((of_epoch(&world, "bob", 1), oldest(&world)), (0, 2));
    assert_eq!(world.refused("bob", &late), 403);
    world.settle();
    world.say("alice", "on we go");
}

#[test]
fn pruning_deletes_all_past_epochs_but_so_many() {
    let mut world = two();
    let mut messages = Vec::new();
    for epoch in 1..=4 {
        messages.push(world.encrypt("alice", &epoch.to_string()));
        world.update("alice");
    }
    world.group("bob").prune(Some(9)).unwrap();
    assert_eq!(oldest(&world), 1);
    world.group("bob").prune(Some(1)).unwrap();
    assert_eq!(oldest(&world), 4);
    (1..4).for_each(|epoch| assert_eq!(of_epoch(&world, "bob", epoch), 0));
    assert_eq!(world.refused("bob", &messages[2]), 403);
    assert_eq!(text_of(world.receive("bob", &messages[3]).unwrap()), "4");
    world.group("bob").prune(Some(0)).unwrap();
    assert_eq!(oldest(&world), 5);
    world.update("bob");
    assert_eq!(oldest(&world), 5);
}

#[test]
fn what_was_pruned_while_a_commit_waited_stays_gone() {
    let mut world = two();
    world.update("alice");
    world.update("alice");
    let built = world.group("bob").new_commit().build().unwrap();
    world.group("bob").prune(Some(0)).unwrap();
    assert_eq!(oldest(&world), 3);
    world.publish("bob", built);
    assert_eq!((world.epoch("bob"), oldest(&world)), (4, 3));
}

#[test]
fn a_skipped_key_that_was_kept_too_long_is_refused_and_then_deleted() {
    let world = two();
    let messages: Vec<_> = (0..40).map(|number| world.encrypt("alice", &number.to_string())).collect();
    world.receive("bob", &messages[10]).unwrap();
    world.clock.pass(SKIPPED);
    world.receive("bob", &messages[2]).unwrap();
    world.receive("bob", &messages[30]).unwrap();
    world.clock.pass(1);
    // The first ten are too old; those between share a chunk with some of them, and are not.
    assert_eq!(world.refused("bob", &messages[3]), 405);
    assert_eq!(text_of(world.receive("bob", &messages[12]).unwrap()), "12");
    let before = skipped_chunks(&world, "bob");
    world.clock.pass(SKIPPED);
    assert_eq!(world.refused("bob", &messages[20]), 405);
    assert_eq!(skipped_chunks(&world, "bob"), before);
    world.group("bob").prune(None).unwrap();
    assert_eq!(skipped_chunks(&world, "bob"), 0);
    assert_eq!(world.refused("bob", &messages[21]), 405);
    assert_eq!(text_of(world.receive("bob", &messages[39]).unwrap()), "39");
    assert_eq!(text_of(world.receive("bob", &messages[31]).unwrap()), "31");
}

#[test]
fn without_a_limit_in_time_nothing_grows_old() {
    let mut world = two();
    let messages: Vec<_> = (0..3).map(|number| world.encrypt("bob", &number.to_string())).collect();
    world.receive("alice", &messages[2]).unwrap();
    world.update("bob");
    world.clock.pass(10_000 * DAY);
    world.client("alice").prune().unwrap();
    world.update("bob");
    assert_eq!(text_of(world.receive("alice", &messages[0]).unwrap()), "0");
}

#[test]
fn a_clock_that_runs_backwards_loses_nothing_and_keeps_nothing_for_ever() {
    let mut world = two();
    let messages: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
    world.receive("bob", &messages[1]).unwrap();
    world.update("alice");
    world.clock.rewind(1000 * DAY);
    world.client("bob").prune().unwrap();
    world.update("alice");
    assert_eq!(oldest(&world), 1);
    assert_eq!(text_of(world.receive("bob", &messages[2]).unwrap()), "2");
    // From the time that was met, and not from the one that lay in the future.
    world.clock.pass(PAST + 1);
    assert_eq!(world.refused("bob", &messages[0]), 403);
    world.update("alice");
    assert_eq!(oldest(&world), 3);
    world.clock.rewind(PAST + 1);
    assert_eq!(world.refused("bob", &messages[0]), 403);
}

#[test]
fn a_removed_client_keeps_nothing_for_ever() {
    let mut world = two();
    let messages: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
    world.update("alice");
    let of_last: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
    world.clock.pass(1);
    world.remove("alice", "bob");
    world.clock.pass(PAST);
    assert_eq!(world.refused("bob", &messages[0]), 403);
    assert_eq!(text_of(world.receive("bob", &of_last[1]).unwrap()), "1");
    world.client("bob").prune().unwrap();
    assert_eq!(of_epoch(&world, "bob", 1), 0);
    assert_eq!(text_of(world.receive("bob", &of_last[2]).unwrap()), "2");
    world.clock.pass(1);
    assert_eq!(world.refused("bob", &of_last[0]), 403);
    world.client("bob").prune().unwrap();
    assert_eq!(of_epoch(&world, "bob", 2), 1, "what tells how the group was, without its secrets");
    assert_eq!(world.refused("bob", &of_last[0]), 403);
    assert!(!world.group("bob").status().unwrap().active);
    let pruned = world.records("bob");
    world.client("bob").prune().unwrap();
    assert!(world.records("bob") == pruned);
    world.add("alice", &["bob"]);
    world.say("alice", "welcome back");
}

#[test]
fn what_is_left_of_an_earlier_stay_grows_old_too() {
    for by_pruning in [true, false] {
        let mut world = two();
        let messages: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
        world.remove("alice", "bob");
        world.add("alice", &["bob"]);
        assert_eq!(text_of(world.receive("bob", &messages[0]).unwrap()), "0");
        let incarnations = |world: &World| {
            let all = world.records("bob");
            let stays = all.iter().filter_map(|record| records::stay(&record.key));
            stays.collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(incarnations(&world), 2);
        world.clock.pass(PAST + 1);
        assert_eq!(world.refused("bob", &messages[1]), 403);
        match by_pruning {
            true => world.client("bob").prune().unwrap(),
            false => drop(world.update("alice")),
        }
        assert_eq!(incarnations(&world), 1);
        assert_eq!(world.refused("bob", &messages[1]), 403);
        world.say("alice", "on we go");
    }
}

#[test]
fn a_commit_that_was_built_before_a_prune_brings_nothing_back() {
    let mut world = World::group_of(&["alice", "bob"]);
    // An epoch that ended in the future, by a clock that was put right since.
    world.clock.pass(10 * DAY);
    world.update("bob");
    world.clock.rewind(10 * DAY);
    world.update("bob");
    let kept = |world: &World| {
        let epoch_of = |key: &[u8]| u64::from_be_bytes(key[18..26].try_into().unwrap());
        let keys = world.records("alice").into_iter().map(|record| record.key);
        keys.filter(|key| key[8] == 0x10 && key[17] == 0x01).map(|key| epoch_of(&key)).min().unwrap()
    };
    let before = kept(&world);
    let built = world.group("alice").new_commit().build().unwrap();
    world.group("alice").prune(Some(0)).unwrap();
    let pruned = kept(&world);
    assert!(before < pruned);
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    assert!(kept(&world) >= pruned);
    world.receive("bob", &built.commit).unwrap();
    world.settle();
}

#[test]
fn who_founds_a_branch_keeps_no_more_epochs_than_set() {
    let mut world = World::of(&["alice"]);
    world.enlist(ClientConfig { past_epochs: 0, ..ClientConfig::basic("bob") }, |_| {});
    world.found(&["bob", "alice"]);
    let members = SuccessorOptions { key_packages: vec![world.key_package("alice")], ..SuccessorOptions::default() };
    let branch = world.group("bob").branch(BranchOptions { members, ..BranchOptions::default() }).unwrap();
    let status = branch.group.status().unwrap();
    assert_eq!((status.epoch, status.oldest_epoch), (1, 1));
}
