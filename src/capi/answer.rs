//! What every function of the C API does around its work: no panic crosses the border, every failure becomes a status, and an
//! output is written only on success.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::{self, CONCLAVE_OK, conclave_status};
use crate::base::{Code, Result};

/// Where a result goes: a variable of the caller's, whatever is in it.
pub(super) type Out<'call, T> = Option<&'call mut MaybeUninit<T>>;

/// An object that is handed over, or NULL.
pub(super) type Owned<T> = Option<Box<T>>;

/// Runs the work of a function, and puts what went wrong into a status.
pub(super) fn answer(work: impl FnOnce() -> Result<()>) -> conclave_status {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => CONCLAVE_OK,
        Ok(Err(error)) => status::remember(error),
        Err(_) => status::remember(
            Code::Internal.with("the library panicked; nothing was written, and the handle can be used"),
        ),
    }
}

/// Runs the work of a function with one output.
pub(super) fn give<T>(out: Out<'_, T>, work: impl FnOnce() -> Result<T>) -> conclave_status {
    answer(|| {
        let out = required(out, "the output")?;
        out.write(work()?);
        Ok(())
    })
}

/// Runs the work of a function that hands an object over.
pub(super) fn hand_over<T>(out: Out<'_, Owned<T>>, work: impl FnOnce() -> Result<Box<T>>) -> conclave_status {
    give(out, || work().map(Some))
}

/// An argument that must not be NULL.
pub(super) fn required<T>(argument: Option<T>, name: &str) -> Result<T> {
    argument.ok_or_else(|| Code::BadArgument.with(format_args!("{name} is NULL")))
}

/// What a callback writes into a `bool` of ours, whatever byte that is.
pub(super) fn ask(callback: impl FnOnce(*mut bool) -> Result<()>) -> Result<bool> {
    let mut byte = 0u8;
    callback((&raw mut byte).cast())?;
    Ok(byte != 0)
}
