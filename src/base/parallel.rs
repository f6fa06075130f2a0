//! Work on many items that do not depend on each other, spread over the cores of the machine. It is all done when the call
//! returns. Nothing of the host is called from here: its callbacks belong to the thread of the call.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::thread::{self, Scope, ScopedJoinHandle};

use parking_lot::Mutex;

/// Fewer items than this are not worth a thread: to begin one takes as long as to verify a few signatures.
const WORTHWHILE: usize = 32;

/// Items that a thread takes at a time: few, so that all threads end together.
const PORTION: usize = 4;

/// Most threads at work, the caller's included: an app has other things to do, too.
const MOST_THREADS: usize = 8;

/// Acts on every item, on several threads where that is worth it.
pub(crate) fn for_each<T: Send>(items: &mut [T], act: impl Fn(&mut T) + Sync) {
    for_each_beside(items, act, || ());
}

/// Acts on every item, while this thread first does something of its own.
pub(crate) fn for_each_beside<T: Send>(items: &mut [T], act: impl Fn(&mut T) + Sync, beside: impl FnOnce()) {
    spread(items, (threads_for(items.len()), PORTION), act, beside);
}

/// The threads that so many items are worth.
fn threads_for(items: usize) -> usize {
    match items {
        0..WORTHWHILE => 1,
        _ => *CORES.get_or_init(cores),
    }
}

/// The cores that this process may use, up to [`MOST_THREADS`]. To find out means to read files of the system.
static CORES: OnceLock<usize> = OnceLock::new();

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST_THREADS)
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
        let helpers: Vec<_> = (1..threads).map_while(|_| help(scope, &work)).collect();
        beside();
        work();
        helpers.into_iter().for_each(finish);
    });
}

/// Begins a thread, unless the system has none to give: then the others do its part.
fn help<'s, 'e>(scope: &'s Scope<'s, 'e>, work: &'s (impl Fn() + Sync)) -> Option<ScopedJoinHandle<'s, ()>> {
    thread::Builder::new().name("conclave".to_owned()).spawn_scoped(scope, work).ok()
}

/// What went wrong on a helping thread goes wrong on this one.
fn finish(helper: ScopedJoinHandle<'_, ()>) {
    if let Err(panic) = helper.join() {
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
            for_each(&mut items, |item| *item += 1);
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
    fn few_items_stay_on_the_thread_of_the_call() {
        let here = thread::current().id();
        let mut items = vec![None; WORTHWHILE - 1];
        for_each(&mut items, |item| *item = Some(thread::current().id()));
        assert!(items.iter().all(|id| *id == Some(here)));
    }

    #[test]
    fn a_panic_comes_back_to_the_caller() {
        let mut items: Vec<u32> = (0..100).collect();
        let act = |item: &mut u32| assert_ne!(*item, 50, "the one");
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| for_each(&mut items, act)));
        assert!(caught.unwrap_err().downcast_ref::<String>().unwrap().contains("the one"));
    }
}
