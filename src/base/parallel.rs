//! Work on many items that do not depend on each other, spread over as many threads as the app allows. It is all done when the call
//! returns. Nothing of the host is called from here: its callbacks belong to the thread of the call.

use std::thread::{self, Scope, ScopedJoinHandle};

use parking_lot::Mutex;

/// Fewer items than this are not worth a thread: to begin one takes as long as to verify a few signatures.
const WORTHWHILE: usize = 32;

/// Items that a thread takes at a time: few, so that all threads end together.
const PORTION: usize = 4;

/// Most threads at work, the caller's included, whatever the app allows.
const MOST_THREADS: u32 = 64;

/// Acts on every item, on up to so many threads where that is worth it.
pub(crate) fn for_each<T: Send>(threads: u32, items: &mut [T], act: impl Fn(&mut T) + Sync) {
    for_each_beside(threads, items, act, || ());
}

/// Acts on every item, while this thread first does something of its own.
pub(crate) fn for_each_beside<T: Send>(
    threads: u32,
    items: &mut [T],
    act: impl Fn(&mut T) + Sync,
    beside: impl FnOnce(),
) {
    let worthwhile = items.len() >= WORTHWHILE;
    let threads = if worthwhile { threads.clamp(1, MOST_THREADS) } else { 1 };
    spread(items, (threads as usize, PORTION), act, beside);
}

fn spread<T: Send>(
    items: &mut [T],
    (threads, portion): (usize, usize),
    act: impl Fn(&mut T) + Sync,
    beside: impl FnOnce(),
) {
    let portions = Mutex::new(items.chunks_mut(portion));
    let next = || portions.lock().next();
    let work = || {
        while let Some(portion) = next() {
            portion.iter_mut().for_each(&act);
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map_while(|_| begin(scope, &work)).collect();
        beside();
        work();
        others.into_iter().for_each(finish);
    });
}

/// Begins a thread, unless the system has none to give: then the others do its part.
fn begin<'s, 'e>(scope: &'s Scope<'s, 'e>, work: &'s (impl Fn() + Sync)) -> Option<ScopedJoinHandle<'s, ()>> {
    thread::Builder::new().name("conclave".to_owned()).spawn_scoped(scope, work).ok()
}

/// What went wrong on a other thread goes wrong on this one.
fn finish(other: ScopedJoinHandle<'_, ()>) {
    if let Err(panic) = other.join() {
        std::panic::resume_unwind(panic);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Barrier;
    use std::thread::ThreadId;

    use super::*;

    #[test]
    fn every_item_is_acted_on_once() {
        for count in [0, 1, WORTHWHILE - 1, WORTHWHILE, 1000] {
            let mut items: Vec<usize> = (0..count).collect();
            for_each(3, &mut items, |item| *item += 1);
            assert_eq!(items, (1..=count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn threads_share_the_work_and_the_caller_does_something_first() {
        // Nobody gets past the barrier alone.
        let (barrier, here) = (Barrier::new(3), thread::current().id());
        let mut items: Vec<Option<ThreadId>> = vec![None; 3];
        let mut beside = None;
        let act = |item: &mut Option<ThreadId>| {
            barrier.wait();
            *item = Some(thread::current().id());
        };
        spread(&mut items, (3, 1), act, || beside = Some(thread::current().id()));
        let threads: BTreeSet<_> = items.iter().map(|id| format!("{id:?}")).collect();
        assert_eq!((threads.len(), beside), (3, Some(here)));
        assert!(items.contains(&Some(here)));
    }

    #[test]
    fn few_items_stay_on_the_thread_of_the_call_and_many_where_no_other_is_allowed() {
        let here = thread::current().id();
        for (threads, count) in [(8, WORTHWHILE - 1), (1, 10 * WORTHWHILE), (0, 10 * WORTHWHILE)] {
            let mut items = vec![None; count];
            for_each(threads, &mut items, |item| *item = Some(thread::current().id()));
            assert!(items.iter().all(|id| *id == Some(here)));
        }
    }

    #[test]
    fn a_panic_comes_back_to_the_caller() {
        let mut items: Vec<u32> = (0..100).collect();
        let act = |item: &mut u32| assert_ne!(*item, 50, "the one");
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| for_each(2, &mut items, act)));
        assert!(caught.unwrap_err().downcast_ref::<String>().unwrap().contains("the one"));
    }
}
