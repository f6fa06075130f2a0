//! Two processes of one member on one file of SQLite, doing everything at once: no key is used twice, nothing is lost,
//! nothing is delivered twice, and everyone ends in one epoch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod post;

use post::{Office, Role, live, start};
use tempfile::TempDir;

/// Operations of each process in each of the two runs.
const OPERATIONS: u64 = 2500;

/// Does nothing in the test run itself; what the other processes do otherwise.
#[test]
fn another_process() {
    live();
}

fn run(roles: [Role; 2]) {
    let place = TempDir::new().unwrap();
    let mut office = Office::found(place.path(), roles[0].seed);
    let mut running = roles.map(|role| start(place.path(), role));
    while !office.have_finished(2) {
        office.step();
        assert!(!running.iter_mut().any(|one| one.is_over()), "a process of Alice's ended early");
    }
    office.close();
    let acknowledged: Vec<String> = running.into_iter().flat_map(|one| one.finish()).collect();
    office.judge(&acknowledged);
}

#[test]
fn both_processes_commit_and_learn_by_the_echo() {
    let role = |number| Role { number, seed: 100 + number, operations: OPERATIONS, builds: true, confirms: false };
    run([role(1), role(2)]);
}

#[test]
fn one_process_commits_and_confirms() {
    let role = |number| Role {
        number,
        seed: 200 + number,
        operations: OPERATIONS,
        builds: number == 1,
        confirms: number == 1,
    };
    run([role(1), role(2)]);
}
