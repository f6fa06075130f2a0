//! Generations reserved in one write: most messages write nothing, and still no key is used twice, nor after its epoch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::*;
use conclave::*;

/// Alice, who reserves so many generations at once, and Bob.
fn two(reserve: u32) -> World {
    let mut world = World::of(&[]);
    world.silent = true;
    world.enlist(ClientConfig { reserve, ..ClientConfig::basic("alice") }, |_| {});
    world.enlist(ClientConfig::basic("bob"), |_| {});
    world.found(&["alice", "bob"]);
    world
}

fn say(group: &Arc<Group>, text: &str) -> Vec<u8> {
    group.encrypt(text.into(), vec![], vec![]).unwrap()
}

/// No key was used twice, and Bob reads everything.
fn assert_read_once(world: &World, messages: &[Vec<u8>]) {
    let uses: Vec<KeyUse> = messages.iter().map(|one| world.group("bob").key_use(one).unwrap().unwrap()).collect();
    assert_eq!(uses.iter().collect::<BTreeSet<_>>().len(), uses.len(), "a key was used twice: {uses:?}");
    for message in messages {
        assert!(matches!(world.receive("bob", message).unwrap(), Event::Message { .. }));
    }
}

/// How often the records of Alice's storage change while she sends so many messages.
fn writes(world: &World, count: usize) -> (usize, Vec<Vec<u8>>) {
    let group = world.group("alice");
    let (mut writes, mut before) = (0, world.records("alice"));
    let send = |number: usize| {
        let message = say(&group, &number.to_string());
        let after = world.records("alice");
        writes += usize::from(after != before);
        before = after;
        message
    };
    let messages = (0..count).map(send).collect();
    (writes, messages)
}

#[test]
fn one_message_in_so_many_is_written() {
    for (reserve, expected) in [(64, 2), (2, 64), (1, 128), (0, 128)] {
        let world = two(reserve);
        let (writes, messages) = writes(&world, 128);
        assert_eq!(writes, expected, "{reserve} at once");
        assert_read_once(&world, &messages);
    }
}

#[test]
fn more_than_the_most_is_the_most() {
    let world = two(u32::MAX);
    let (writes, messages) = writes(&world, 257);
    assert_eq!(writes, 2);
    assert_read_once(&world, &messages);
}

#[test]
fn a_crash_skips_what_was_reserved() {
    let mut world = two(16);
    let mut messages = Vec::new();
    for _ in 0..5 {
        messages.extend((0..3).map(|_| world.encrypt("alice", "hello")));
        world.reopen("alice");
    }
    let last = world.group("bob").key_use(messages.last().unwrap()).unwrap().unwrap();
    assert_eq!(last.generation, 4 * 16 + 2);
    assert_read_once(&world, &messages);
}

#[test]
fn handles_and_threads_never_share_a_generation() {
    let world = two(8);
    let id = world.group("alice").id();
    let handles = [world.group("alice"), world.client("alice").open_group(id).unwrap()];
    let mut messages: Vec<Vec<u8>> = (0..40).map(|number| say(&handles[number % 2], "in turns")).collect();
    let together: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let send = |handle: &Arc<Group>| {
            let handle = handle.clone();
            scope.spawn(move || (0..20).map(|_| say(&handle, "at once")).collect::<Vec<_>>())
        };
        let threads: Vec<_> = handles.iter().chain(&handles).map(send).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    messages.extend(together);
    assert_read_once(&world, &messages);
}

#[test]
fn a_change_of_the_epoch_voids_the_reserve() {
    for by in ["alice", "bob"] {
        for behind_its_back in [false, true] {
            let mut world = two(16);
            let holder = world.group("alice");
            let first = say(&holder, "first");
            if behind_its_back {
                world.reopen("alice");
            }
            let epoch = world.epoch("alice");
            world.update(by);
            let second = say(&holder, "second");
            let used = world.group("bob").key_use(&second).unwrap().unwrap();
            assert_eq!((used.epoch, used.generation), (epoch + 1, 0));
            assert_read_once(&world, &[first, second]);
        }
    }
}

#[test]
fn a_removed_member_sends_nothing_from_its_reserve() {
    for behind_its_back in [false, true] {
        let mut world = two(16);
        let holder = world.group("alice");
        say(&holder, "first");
        if behind_its_back {
            world.reopen("alice");
        }
        world.remove("bob", "alice");
        assert_eq!(code(holder.encrypt(b"second".to_vec(), vec![], vec![])), 409);
        holder.delete().unwrap();
        assert_eq!(code(holder.encrypt(b"third".to_vec(), vec![], vec![])), 401);
    }
}

#[test]
fn nothing_is_sent_from_the_reserve_while_proposals_wait() {
    let mut world = two(16);
    let holder = world.group("alice");
    let first = say(&holder, "first");
    world.propose("bob", |group| group.propose_update(vec![]));
    assert_eq!(code(holder.encrypt(b"second".to_vec(), vec![], vec![])), 505);
    ["alice", "bob"].iter().for_each(|name| world.group(name).clear_proposals().unwrap());
    let second = say(&holder, "second");
    assert_read_once(&world, &[first, second]);
}

#[test]
fn a_long_message_has_a_generation_of_its_own() {
    let world = two(4);
    let holder = world.group("alice");
    let long = "long ".repeat(20_000);
    let messages: Vec<Vec<u8>> = ["1", &long, "2", "3"].iter().map(|text| say(&holder, text)).collect();
    let used = |message: &Vec<u8>| world.group("bob").key_use(message).unwrap().unwrap().generation;
    assert_eq!(messages.iter().map(used).collect::<Vec<_>>(), [0, 4, 1, 2]);
    assert_read_once(&world, &messages);
}

#[test]
fn what_is_reserved_counts_against_the_limits_of_the_epoch() {
    let mut world = World::of(&[]);
    world.silent = true;
    let config = ClientConfig { reserve: 4, max_epoch_messages: Some(10), ..ClientConfig::basic("alice") };
    world.enlist(config, |_| {});
    world.enlist(ClientConfig::basic("bob"), |_| {});
    world.found(&["alice", "bob"]);
    let messages: Vec<Vec<u8>> = (0..10).map(|_| world.encrypt("alice", "hello")).collect();
    assert_eq!(code(world.group("alice").encrypt(vec![], vec![], vec![])), 806);
    assert_read_once(&world, &messages);
    world.update("alice");
    world.encrypt("alice", "a crash loses what is left");
    world.reopen("alice");
    (0..6).for_each(|_| drop(world.encrypt("alice", "hello")));
    assert_eq!(code(world.group("alice").encrypt(vec![], vec![], vec![])), 806);
}
