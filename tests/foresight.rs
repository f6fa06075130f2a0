//! What a handle foresees: whatever came before, a message of a known sender is read in one call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;

use faults::*;

/// How many calls reading this message takes.
fn reads(cast: &Cast, message: &[u8]) -> u64 {
    cast.alice.storage.memory.take_touches();
    cast.alice.receive(message);
    cast.alice.storage.memory.take_touches().reads
}

#[test]
fn a_waiting_commit_does_not_mislead() {
    let cast = Cast::together();
    cast.alice.receive(&cast.bob.say("first"));
    assert_eq!(reads(&cast, &cast.bob.say("second")), 1);
    cast.alice.group().new_commit().build().unwrap();
    assert_eq!(reads(&cast, &cast.bob.say("third")), 1);
}

#[test]
fn nor_does_a_confirmed_one() {
    let cast = Cast::together();
    let commit = cast.alice.group().new_commit().build().unwrap().commit;
    cast.bob.receive(&commit);
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    // The first message looks for the sender's leaf, and the rest is known.
    assert_eq!(reads(&cast, &cast.bob.say("first")), 2);
    assert_eq!(reads(&cast, &cast.bob.say("second")), 1);
}
