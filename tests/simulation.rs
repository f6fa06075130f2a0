//! A randomised simulation: twenty people do sixty things at random in groups whose delivery service loses, doubles, reorders
//! and delays messages, and restart whenever they like. A model keeps what each message must come to at each member;
//! everything else is a failure, which is printed with its seed and with the steps that are enough for it.
//!
//! `CONCLAVE_SCENARIOS` is how many scenarios are run, `CONCLAVE_SEED` the seed of the first; the others follow it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "simulation/acts.rs"]
mod acts;
#[path = "simulation/changes.rs"]
mod changes;
#[path = "simulation/checks.rs"]
mod checks;
#[path = "simulation/delivery.rs"]
mod delivery;
#[path = "simulation/dice.rs"]
mod dice;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/moves.rs"]
mod moves;
#[path = "simulation/outcomes.rs"]
mod outcomes;
#[path = "simulation/outside.rs"]
mod outside;
#[path = "simulation/outsiders.rs"]
mod outsiders;
#[path = "simulation/receiving.rs"]
mod receiving;
#[path = "simulation/shaky.rs"]
mod shaky;
#[path = "simulation/steps.rs"]
mod steps;
#[path = "simulation/successors.rs"]
mod successors;
#[path = "simulation/tally.rs"]
mod tally;
#[path = "simulation/world.rs"]
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use steps::{Step, scenarios};
use tally::Tally;
use world::World;

/// How many scenarios run unless the environment says otherwise.
const SCENARIOS: u64 = 300;

/// Threads, each with a scenario of its own at a time.
const THREADS: usize = 2;

/// What a simulation of some length must have come across.
const MUST_HAPPEN: [&str; 46] = [
    "archived",
    "branch",
    "commit not built: 101",
    "commit not built: 310",
    "commit not built: 311",
    "commit not built: 503",
    "commit refused",
    "commit that lacks something: 406",
    "commit that lacks something: 407",
    "deferred",
    "deleted",
    "discarded",
    "duplicate",
    "echo",
    "external join confirmed",
    "external join discarded",
    "external join refused",
    "forged",
    "handshake that a new device cannot take",
    "healed",
    "joined again",
    "lost commit",
    "message read",
    "message read by a new device",
    "message read late",
    "message sent from a reserve",
    "moved to a new device",
    "old device removed",
    "proposed by NewMember",
    "proposed by Outsider",
    "pruned",
    "recovered",
    "refused with 402",
    "refused with 403",
    "refused with 404",
    "refused with 405",
    "refused with 409",
    "refused with 509",
    "rejoin confirmed",
    "released",
    "sending refused with 505",
    "sending refused with 509",
    "storage failed After",
    "storage failed Before",
    "stranded",
    "successor",
];

fn number_in(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().map_or(otherwise, |value| value.parse().expect("a number"))
}

/// Runs the steps of one scenario, and gives what was counted.
fn play(seed: u64, steps: &[Option<Step>]) -> Tally {
    let mut world = World::new(seed);
    steps.iter().flatten().for_each(|step| world.step(*step));
    world.settle();
    world.tally
}

/// Runs one scenario; if it fails, the shortest that still does is looked for.
fn run(seed: u64, sum: &Mutex<Tally>) -> Result<(), String> {
    let config = Config { failure_persistence: None, max_shrink_time: 60_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let tree = scenarios().new_tree(&mut runner).expect("a scenario");
    let outcome = runner.run_one(tree, |steps| {
        let tally = play(seed, &steps);
        sum.lock().unwrap().add(tally);
        Ok(())
    });
    match outcome {
        Ok(_) => Ok(()),
        Err(TestError::Fail(reason, steps)) => {
            let steps: Vec<String> = steps.iter().flatten().map(|step| format!("    {step:?}")).collect();
            Err(format!("CONCLAVE_SEED={seed}: {reason}\nThese steps are enough for it:\n{}", steps.join("\n")))
        }
        Err(TestError::Abort(reason)) => Err(format!("CONCLAVE_SEED={seed}: {reason}")),
    }
}

#[test]
fn groups_hold_together_whatever_happens() {
    let (first, count) = (number_in("CONCLAVE_SEED", 1), number_in("CONCLAVE_SCENARIOS", SCENARIOS));
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(number) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < count) {
                    if let Err(failure) = run(first.wrapping_add(number), &sum) {
                        next.store(count, Ordering::Relaxed);
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let (failures, sum) = (failures.into_inner().unwrap(), sum.into_inner().unwrap());
    println!("{sum}");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    if count >= SCENARIOS {
        let never: Vec<_> = MUST_HAPPEN.iter().filter(|what| sum.of(what) == 0).collect();
        assert!(never.is_empty(), "it never happened: {never:?}");
    }
}
