//! Models: the concurrent parts of the library, run under [shuttle], which decides after each step which thread goes on.
//!
//! What is tried is the library's own source, `src/client/lease.rs`, and no copy of it: `tests/lease.rs` includes the file, in a
//! crate where `parking_lot` is what stands here and `thread_local!` belongs to threads of shuttle. `cargo test --package
//! conclave-models` tries thousands of orders, the same in every run, and every order there is of a small scenario. A test that
//! fails prints the order that led there, to be tried again with `shuttle::replay`.
//!
//! Shuttle rather than loom, because it has a semaphore to build an owned, timed lock on, bears enough threads to trim the table
//! under others, and has priorities (PCT) that find what only few orders show. What it does not try is weak memory: its threads
//! take turns. The one atomic of the leases is the count of an `Arc`, which grows from the table only under the table's lock and
//! is read there; a lease that is let go is dropped there too, and by that all that its holders did is seen by who comes next.
//!
//! There is no clock: a millisecond of patience is one more look at the lock, after others have had a turn. `Duration::MAX`
//! waits until the lock is free, and a wait that cannot end fails the test.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex as Value, MutexGuard as ValueGuard, PoisonError};
use std::time::Duration;

use shuttle::future::batch_semaphore::{BatchSemaphore, Fairness};
use shuttle::thread::{self, LocalKey};

std::thread_local! {
    static ALIVE: Cell<usize> = const { Cell::new(0) };
}

/// How many mutexes there are in the scenario now.
pub fn mutexes_alive() -> usize {
    ALIVE.get()
}

/// Lets any other thread go on.
pub fn step() {
    thread::sleep(Duration::ZERO);
}

/// The lock alone. Whoever is fastest has it, as with `parking_lot`: there is no queue.
pub struct RawMutex(BatchSemaphore);

impl RawMutex {
    fn new() -> Self {
        ALIVE.set(ALIVE.get() + 1);
        RawMutex(BatchSemaphore::new(1, Fairness::Unfair))
    }

    fn is_taken_within(&self, patience: Duration) -> bool {
        if patience == Duration::MAX {
            return self.0.acquire_blocking(1).is_ok();
        }
        for _ in 0..patience.as_millis() {
            if self.0.try_acquire(1).is_ok() {
                return true;
            }
            thread::yield_now();
        }
        self.0.try_acquire(1).is_ok()
    }

    fn unlock(&self) {
        self.0.release(1);
        // What the owner does next is another step.
        if !std::thread::panicking() {
            step();
        }
    }
}

impl Drop for RawMutex {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get().saturating_sub(1));
    }
}

/// A value behind a lock.
pub struct Mutex<T> {
    raw: RawMutex,
    value: Value<T>,
}

impl<T> Mutex<T> {
    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.raw.is_taken_within(Duration::MAX);
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        MutexGuard { value, _locked: Locked(&self.raw) }
    }

    /// Waits for the lock, at most this long. As in `lock_api`, the owner counts as one only once it has the lock.
    pub fn try_lock_arc_for(self: &Arc<Self>, patience: Duration) -> Option<ArcMutexGuard<RawMutex, T>> {
        if !self.raw.is_taken_within(patience) {
            return None;
        }
        step();
        Some(ArcMutexGuard { mutex: self.clone(), raw: PhantomData })
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex { raw: RawMutex::new(), value: Value::default() }
    }
}

/// A locked value that is borrowed: the value goes back before the lock.
pub struct MutexGuard<'a, T> {
    value: ValueGuard<'a, T>,
    _locked: Locked<'a>,
}

struct Locked<'a>(&'a RawMutex);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// A locked mutex with a share in it. As in `lock_api`, it unlocks first, then gives the share up, and stays on its thread.
pub struct ArcMutexGuard<R, T> {
    mutex: Arc<Mutex<T>>,
    raw: PhantomData<*const R>,
}

impl<R, T> Drop for ArcMutexGuard<R, T> {
    fn drop(&mut self) {
        self.mutex.raw.unlock();
    }
}

/// A cell of which each thread has one, with the methods that the standard library gives it.
pub struct LocalCell<T: 'static>(&'static LocalKey<Cell<T>>);

impl<T> LocalCell<T> {
    /// What `thread_local!` makes.
    pub const fn new(key: &'static LocalKey<Cell<T>>) -> Self {
        LocalCell(key)
    }

    /// Sets the value of this thread.
    pub fn set(&self, value: T) {
        self.0.with(|cell| cell.set(value));
    }

    /// Sets the value of this thread and returns the one before.
    pub fn replace(&self, value: T) -> T {
        step();
        self.0.with(|cell| cell.replace(value))
    }
}

/// The standard library's `thread_local!`, for cells, with threads of shuttle.
#[macro_export]
macro_rules! thread_local {
    (static $name:ident: Cell<$type:ty> = const { $first:expr };) => {
        static $name: $crate::LocalCell<$type> = {
            shuttle::thread_local! { static KEY: Cell<$type> = $first }
            $crate::LocalCell::new(&KEY)
        };
    };
}
