//! The host's pointer that comes back to each of its callbacks.

use std::ffi::c_void;

use super::status::forget_what_was_said;

/// Lets the host's context go.
pub type conclave_release = Option<unsafe extern "C" fn(context: *mut c_void)>;

/// A host's context, released once.
pub(super) struct Context {
    pointer: *mut c_void,
    release: conclave_release,
}

impl Context {
    pub(super) fn new(pointer: *mut c_void, release: conclave_release) -> Self {
        Context { pointer, release }
    }

    /// The host's pointer, for a callback that begins now: what was said before it is forgotten.
    pub(super) fn enter(&self) -> *mut c_void {
        forget_what_was_said();
        self.pointer
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the host's function, called once with the host's own pointer, when nothing else uses it.
            unsafe { release(self.pointer) };
        }
    }
}
