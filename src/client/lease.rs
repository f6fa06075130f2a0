//! One call at a time on a group, within the process; between processes, guards do the same. And none from a callback.

use std::cell::Cell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{ArcMutexGuard, Mutex, RawMutex};

use crate::base::limits::MANY_LEASES;
use crate::base::{Code, GroupId, Result};

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as inside a call, so that a callback which calls the library is told so. It stays on its thread, whose
/// mark it takes away in the end.
pub(crate) struct Inside(PhantomData<*const ()>);

impl Inside {
    /// Refused from inside a call. The mark then stays as it is: it belongs to the call outside.
    pub(crate) fn enter() -> Result<Inside> {
        match INSIDE.replace(true) {
            true => Err(Code::Reentrant.into()),
            false => Ok(Inside(PhantomData)),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// Held while a call works on a group.
pub(crate) type Lease = ArcMutexGuard<RawMutex, ()>;

/// The leases of one client.
#[derive(Default)]
pub(crate) struct Leases(Mutex<HashMap<GroupId, Arc<Mutex<()>>>>);

impl Leases {
    /// Waits for the group to be free, at most this long.
    pub(crate) fn take(&self, group_id: &GroupId, patience: Duration) -> Result<Lease> {
        let lease = {
            let mut leases = self.0.lock();
            // Leases that nobody holds or waits for are let go, so that the table does not grow with every group.
            if leases.len() >= MANY_LEASES {
                leases.retain(|_, lease| Arc::strong_count(lease) > 1);
            }
            leases.entry(group_id.clone()).or_default().clone()
        };
        Mutex::try_lock_arc_for(&lease, patience).ok_or_else(|| Code::Busy.into())
    }
}
