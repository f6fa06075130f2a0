//! What a client encrypts in an epoch is counted, and ends at a bound (RFC 9420 §15.2) until a commit brings fresh keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

/// Alice, under these limits, and Bob.
fn two(messages: Option<u32>, bytes: Option<u64>) -> World {
    let mut world = World::of(&[]);
    world.silent = true;
    let config = ClientConfig { max_epoch_messages: messages, max_epoch_bytes: bytes, ..ClientConfig::basic("alice") };
    world.enlist(config, |_| {});
    world.enlist(ClientConfig::basic("bob"), |_| {});
    world.found(&["alice", "bob"]);
    world
}

/// What the key of a message has sealed, from the message's length: all but version and wire format, the sender data, and
/// the length of the ciphertext.
fn sealed(message: &[u8]) -> u64 {
    let sender_data = 1 + 12 + 16;
    message.len() as u64 - (2 + 2) - sender_data - 2
}

/// Alice is refused, which changes nothing.
fn assert_refused(world: &World) {
    let before = world.records("alice");
    let refused = world.group("alice").encrypt(b"too much".to_vec(), vec![], vec![]);
    assert_eq!(code(refused), 806);
    assert!(world.records("alice") == before, "a refused call changed the store");
}

#[test]
fn messages_are_counted_and_a_commit_brings_fresh_keys() {
    let mut world = two(Some(3), None);
    for epoch in 0..3 {
        for _ in 0..3 {
            world.say("alice", "hello");
            world.reopen("alice");
        }
        assert_refused(&world);
        world.say("bob", "alone he goes on");
        world.update(if epoch % 2 == 0 { "alice" } else { "bob" });
    }
}

#[test]
fn bytes_are_counted_to_the_last_one() {
    let texts = ["", "hello", &"long ".repeat(200)];
    let world = two(None, None);
    let aad = b"for all to read".to_vec();
    let message = |world: &World, text: &str| world.group("alice").encrypt(text.into(), aad.clone(), vec![]);
    let total: u64 = texts.iter().map(|text| sealed(&message(&world, text).unwrap())).sum();
    for (limit, fits) in [(total, true), (total - 1, false)] {
        let mut world = two(None, Some(limit));
        texts[..2].iter().for_each(|text| drop(message(&world, text).unwrap()));
        world.reopen("alice");
        assert_eq!(message(&world, texts[2]).is_ok(), fits);
        if fits {
            assert_refused(&world);
        }
        world.update("alice");
        assert!(message(&world, texts[2]).is_ok());
    }
}

#[test]
fn proposals_are_counted_apart_and_a_commit_is_never_refused() {
    let mut world = two(Some(2), None);
    world.say("alice", "one");
    world.say("alice", "two");
    assert_refused(&world);
    for _ in 0..2 {
        world.propose("alice", |group| group.propose_update(vec![]));
    }
    let before = world.records("alice");
    assert_eq!(code(world.group("alice").propose_update(vec![])), 806);
    assert!(world.records("alice") == before);
    for _ in 0..3 {
        world.group("alice").new_commit().without_pending().unwrap().build().unwrap();
        world.group("alice").discard_commit(None).unwrap();
    }
    world.group("alice").clear_proposals().unwrap();
    world.group("bob").clear_proposals().unwrap();
    world.update("alice");
    world.say("alice", "fresh");
}
