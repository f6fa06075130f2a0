//! A process that is killed in the middle of whatever it does, over and over, and started again: no key is used twice,
//! what it had been told is done is done, and everyone ends in one epoch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod post;

use std::time::{Duration, Instant};

use post::{Dice, Office, Role, live, start};
use tempfile::TempDir;

const ROUNDS: u64 = 36;

/// Does nothing in the test run itself; what the other processes do otherwise.
#[test]
fn another_process() {
    live();
}

fn role(number: u64, seed: u64, operations: u64) -> Role {
    Role { number, seed, operations, builds: true, confirms: false }
}

#[test]
fn a_killed_process_goes_on_where_it_was() {
    let place = TempDir::new().unwrap();
    let mut office = Office::found(place.path(), 7);
    let mut dice = Dice::new(7);
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut running = vec![start(place.path(), role(1, 2 * round, u64::MAX))];
        // Now and then its sibling dies with it.
        if round % 3 == 0 {
            running.push(start(place.path(), role(2, 2 * round + 1, u64::MAX)));
        }
        let end = Instant::now() + Duration::from_millis(40 + dice.below(250));
        while Instant::now() < end {
            office.step();
            assert!(!running.iter_mut().any(|one| one.is_over()), "a process of Alice's ended by itself");
        }
        running.into_iter().for_each(|one| acknowledged.extend(one.kill()));
    }
    assert!(acknowledged.len() as u64 > ROUNDS, "the processes hardly got to do anything");
    let last = start(place.path(), role(3, 99, 200));
    while !office.have_finished(1) {
        office.step();
    }
    office.close();
    acknowledged.extend(last.finish());
    office.judge(&acknowledged);
}
