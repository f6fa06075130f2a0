//! A panic on demand, in the middle of a call: for the tests of what becomes of one. Not in the library that is shipped.

/// Panics here if a test has asked for it.
#[cfg(not(feature = "test-util"))]
pub(super) fn here() {}

#[cfg(all(test, feature = "test-util"))]
pub(super) use armed::conclave_test_panic_at;
#[cfg(feature = "test-util")]
pub(super) use armed::here;

#[cfg(feature = "test-util")]
mod armed {
    use std::cell::Cell;

    thread_local! {
        static LEFT: Cell<u32> = const { Cell::new(0) };
    }

    /// Makes the `n`th callback into the host's storage from now on panic, on this thread; 0 for none.
    #[unsafe(no_mangle)]
    pub extern "C" fn conclave_test_panic_at(n: u32) {
        LEFT.set(n);
    }

    /// Panics here if a test has asked for it.
    #[expect(clippy::panic, reason = "that is what it is for")]
    pub(in crate::capi) fn here() {
        match LEFT.get() {
            0 => {}
            1 => {
                LEFT.set(0);
                panic!("a test asked for it");
            }
            left => LEFT.set(left - 1),
        }
    }
}
