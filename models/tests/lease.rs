//! The leases of the library under many orders of their steps: one holder for each group, no group in another's way, nobody
//! forgotten, and a mark for calls that is each thread's own. See the crate for how it is done.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

// The names that the library's source finds here instead of the real ones.
extern crate conclave_models as parking_lot;

macro_rules! thread_local {
    ($($local:tt)*) => { conclave_models::thread_local! { $($local)* } };
}

#[path = "../../src/client/lease.rs"]
mod lease;

/// As much of the library's `base` as the leases use.
mod base {
    pub(crate) mod limits {
        /// So few that nearly every call trims the table.
        pub(crate) const MANY_LEASES: usize = 2;
    }

    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub(crate) struct GroupId(pub(crate) usize);

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Code {
        Busy,
        Reentrant,
    }

    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct Error(pub(crate) Code);

    impl From<Code> for Error {
        fn from(code: Code) -> Self {
            Error(code)
        }
    }

    pub(crate) type Result<T> = std::result::Result<T, Error>;
}

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use conclave_models::{mutexes_alive, step};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::thread::{self, JoinHandle};
use shuttle::{Config, MaxSteps, Runner};

use base::limits::MANY_LEASES;
use base::{Code, Error, GroupId, Result};
use lease::{Inside, Leases};

/// How many orders of each scenario each scheduler tries.
const ORDERS: usize = 20_000;

/// How often PCT changes its mind about which thread is the first.
const CHANGES: usize = 4;

const NONE: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(3);
const ENDLESS: Duration = Duration::MAX;

fn tried(scheduler: impl Scheduler + 'static, scenario: fn()) -> usize {
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(20_000);
    Runner::new(scheduler, config).run(scenario)
}

fn explore(scenario: fn()) {
    assert_eq!(tried(RandomScheduler::new_from_seed(9420, ORDERS), scenario), ORDERS);
    assert_eq!(tried(PctScheduler::new_from_seed(9420, CHANGES, ORDERS), scenario), ORDERS);
}

/// The leases of one client, with what is known of who holds them.
#[derive(Default)]
struct Client {
    leases: Leases,
    holders: [AtomicUsize; 8],
    calls: AtomicUsize,
}

impl Client {
    /// A call on a group, marked as every call.
    fn call(&self, group: usize, patience: Duration) -> Result<()> {
        let _inside = Inside::enter()?;
        self.hold(group, patience)?;
        assert_eq!(Inside::enter().err(), Some(Error(Code::Reentrant)));
        self.calls.fetch_add(1, SeqCst);
        Ok(())
    }

    /// Holds a group for some steps, during which nobody else may hold it.
    fn hold(&self, group: usize, patience: Duration) -> Result<()> {
        let _lease = self.leases.take(&GroupId(group), patience)?;
        assert_eq!(self.holders[group].fetch_add(1, SeqCst), 0, "two hold one group");
        step();
        assert_eq!(self.holders[group].fetch_sub(1, SeqCst), 1, "two hold one group");
        Ok(())
    }
}

/// A thread of the client that makes these calls one after the other.
fn calls(client: &Arc<Client>, groups: &'static [usize], patience: Duration) -> JoinHandle<Vec<Result<()>>> {
    let client = client.clone();
    thread::spawn(move || groups.iter().map(|group| client.call(*group, patience)).collect())
}

fn all_made(threads: impl IntoIterator<Item = JoinHandle<Vec<Result<()>>>>) {
    for thread in threads {
        assert!(thread.join().unwrap().into_iter().all(|call| call.is_ok()));
    }
}

#[test]
fn two_threads_never_hold_one_group_also_while_the_table_is_trimmed() {
    explore(|| {
        let client = Arc::new(Client::default());
        let same = [calls(&client, &[0, 0], ENDLESS), calls(&client, &[0, 1, 0], ENDLESS)];
        let impatient = calls(&client, &[0, 0, 0], SHORT);
        let trims = calls(&client, &[2, 3, 4, 5], ENDLESS);
        all_made(same.into_iter().chain([trims]));
        impatient.join().unwrap();
    });
}

#[test]
fn two_threads_never_hold_one_group_in_any_order_of_two_calls() {
    let orders = tried(DfsScheduler::new(None, false), || {
        let client = Arc::new(Client::default());
        client.hold(7, NONE).unwrap();
        let other = client.clone();
        let other = thread::spawn(move || other.hold(0, SHORT));
        client.hold(0, ENDLESS).unwrap();
        assert!(matches!(other.join().unwrap(), Ok(()) | Err(Error(Code::Busy))));
        client.hold(0, NONE).unwrap();
    });
    assert!(orders > 10_000, "{orders}");
}

#[test]
fn a_group_that_is_held_for_long_is_in_no_other_groups_way() {
    explore(|| {
        let client = Arc::new(Client::default());
        let held = client.leases.take(&GroupId(0), NONE).unwrap();
        let waits = calls(&client, &[0], ENDLESS);
        let others = [calls(&client, &[1, 2, 3], NONE), calls(&client, &[4, 5], NONE)];
        // The lease is held until the others are through.
        all_made(others);
        assert_eq!(client.calls.load(SeqCst), 5);
        drop(held);
        all_made([waits]);
    });
}

#[test]
fn everyone_who_waits_gets_a_turn() {
    explore(|| {
        let client = Arc::new(Client::default());
        let threads = [&[0, 1, 0], &[1, 0, 1], &[0, 0, 2], &[2, 3, 0]].map(|groups| calls(&client, groups, ENDLESS));
        all_made(threads);
        assert_eq!(client.calls.load(SeqCst), 12);
    });
}

#[test]
fn whoever_runs_out_of_patience_is_told_so_and_is_in_nobodys_way() {
    explore(|| {
        let client = Arc::new(Client::default());
        let held = client.leases.take(&GroupId(0), NONE).unwrap();
        let waits = calls(&client, &[0], ENDLESS);
        let impatient = [calls(&client, &[0], NONE), calls(&client, &[0, 0], SHORT)];
        for call in impatient.into_iter().flat_map(|thread| thread.join().unwrap()) {
            assert_eq!(call, Err(Error(Code::Busy)));
        }
        drop(held);
        all_made([waits]);
        client.call(0, NONE).unwrap();
    });
}

#[test]
fn whoever_runs_out_of_patience_as_the_group_gets_free_leaves_nothing_behind() {
    explore(|| {
        let client = Arc::new(Client::default());
        let patient = calls(&client, &[0, 0], ENDLESS);
        let impatient = [calls(&client, &[0, 0], SHORT), calls(&client, &[0], NONE)];
        for call in impatient.into_iter().flat_map(|thread| thread.join().unwrap()) {
            assert!(matches!(call, Ok(()) | Err(Error(Code::Busy))));
        }
        all_made([patient]);
        // Nobody holds a lease any more: all are let go as others come, beside the lock of the table itself.
        for group in 0..8 {
            client.call(group, NONE).unwrap();
            assert!(mutexes_alive() <= MANY_LEASES + 1);
        }
    });
}

/// Enters, and is told so when it tries again, however often.
fn enter_once() {
    let _inside = Inside::enter().unwrap();
    for _ in 0..2 {
        step();
        assert_eq!(Inside::enter().err(), Some(Error(Code::Reentrant)));
    }
}

#[test]
fn the_mark_of_a_call_is_its_threads_own_and_goes_with_it() {
    explore(|| {
        let threads = [0; 3].map(|_| {
            thread::spawn(|| {
                enter_once();
                step();
                enter_once();
            })
        });
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_panic_in_a_callback_gives_back_the_group_and_the_mark() {
    explore(|| {
        let client = Arc::new(Client::default());
        let panics = client.clone();
        let panics = thread::spawn(move || {
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _inside = Inside::enter().unwrap();
                let _lease = panics.leases.take(&GroupId(0), ENDLESS).unwrap();
                step();
                resume_unwind(Box::new("from a callback"));
            }));
            assert!(unwound.is_err());
            panics.call(0, ENDLESS).unwrap();
        });
        all_made([calls(&client, &[0, 1, 0], ENDLESS)]);
        panics.join().unwrap();
        client.call(0, NONE).unwrap();
    });
}
