//! Clock, observer and logger, lent through C.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::answer::{answer, ask, required};
use super::context::{Context, conclave_release};
use super::growing::{Growing, read};
use super::status::{conclave_status, outcome};
use crate::base::host::{Clock, LogLevel, LogRecord, Logger, Observer};
use crate::base::trace::set_logger;
use crate::base::{Code, Result};

/// Tells the time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_clock {
    /// `sizeof(conclave_clock)`.
    pub struct_size: u32,
    /// Passed to the callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the clock any more; may be NULL.
    pub release: conclave_release,
    /// Writes the time now, in seconds since 1970-01-01T00:00:00Z, into `seconds`; 0 counts as a failure. Returns `CONCLAVE_OK`, or
    /// `CONCLAVE_CLOCK_FAILED`, best with words, through `conclave_host_error`.
    pub now: Option<unsafe extern "C" fn(context: *mut c_void, seconds: *mut u64) -> conclave_status>,
}

/// Watches long work, such as joining a large group, and may stop it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_observer {
    /// `sizeof(conclave_observer)`.
    pub struct_size: u32,
    /// Passed to the callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the observer any more; may be NULL.
    pub release: conclave_release,
    /// Called as work goes on. Writes into `go_on` whether it may: if not, the call returns `CONCLAVE_CANCELLED`, and nothing has
    /// changed. Returns `CONCLAVE_OK`, or `CONCLAVE_OBSERVER_FAILED`, which stops the work, too. In the last part of a join
    /// the storage writes: this is called inside its `write` whenever that asks for operations, and then nothing is stopped.
    pub progress:
        Option<unsafe extern "C" fn(context: *mut c_void, done: u64, total: u64, go_on: *mut bool) -> conclave_status>,
}

/// One of `CONCLAVE_LOG_*`.
pub type conclave_log_level = i32;

/// For whoever debugs the library.
pub const CONCLAVE_LOG_DEBUG: conclave_log_level = 1;
/// What happened.
pub const CONCLAVE_LOG_INFO: conclave_log_level = 2;
/// Something was refused or retried.
pub const CONCLAVE_LOG_WARN: conclave_log_level = 3;
/// Something failed.
pub const CONCLAVE_LOG_ERROR: conclave_log_level = 4;

/// Takes the library's log lines.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_logger {
    /// `sizeof(conclave_logger)`.
    pub struct_size: u32,
    /// Passed to the callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the logger any more; may be NULL.
    pub release: conclave_release,
    /// Takes one line. `target` names the room of the library that speaks, such as `conclave::receive`. The C strings are gone
    /// when it returns. They never hold user data or secrets.
    pub log: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            level: conclave_log_level,
            target: *const c_char,
            message: *const c_char,
        ),
    >,
}

impl Growing for conclave_clock {
    fn initial() -> Self {
        conclave_clock {
            struct_size: size_of::<Self>() as u32,
            context: std::ptr::null_mut(),
            release: None,
            now: None,
        }
    }
}

impl Growing for conclave_observer {
    fn initial() -> Self {
        let (struct_size, context) = (size_of::<Self>() as u32, std::ptr::null_mut());
        conclave_observer { struct_size, context, release: None, progress: None }
    }
}

impl Growing for conclave_logger {
    fn initial() -> Self {
        conclave_logger {
            struct_size: size_of::<Self>() as u32,
            context: std::ptr::null_mut(),
            release: None,
            log: None,
        }
    }
}

/// One of the three, as the library sees it.
struct Watching<T> {
    context: Context,
    callback: T,
}

// SAFETY: the host vouches that its callbacks may run on several threads at once.
unsafe impl<T> Send for Watching<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Watching<T> {}

pub(super) fn clock(given: *const conclave_clock) -> Result<Arc<dyn Clock>> {
    let callbacks = read(given, "clock")?;
    let context = Context::new(callbacks.context, callbacks.release);
    let callback: Now = required(callbacks.now, "clock.now")?;
    Ok(Arc::new(Watching { context, callback }))
}

type Now = unsafe extern "C" fn(*mut c_void, *mut u64) -> conclave_status;

impl Clock for Watching<Now> {
    fn now(&self) -> Result<u64> {
        let mut seconds = 0;
        // SAFETY: the host's function, called as the header says.
        let status = unsafe { (self.callback)(self.context.enter(), &raw mut seconds) };
        outcome(status, Code::ClockFailed)?;
        Ok(seconds)
    }
}

pub(super) fn observer(given: *const conclave_observer) -> Result<Arc<dyn Observer>> {
    let callbacks = read(given, "observer")?;
    let context = Context::new(callbacks.context, callbacks.release);
    let callback: Progress = required(callbacks.progress, "observer.progress")?;
    Ok(Arc::new(Watching { context, callback }))
}

type Progress = unsafe extern "C" fn(*mut c_void, u64, u64, *mut bool) -> conclave_status;

impl Observer for Watching<Progress> {
    fn progress(&self, done: u64, total: u64) -> Result<bool> {
        ask(|go_on| {
            // SAFETY: the host's function, called as the header says.
            let status = unsafe { (self.callback)(self.context.enter(), done, total, go_on) };
            outcome(status, Code::ObserverFailed)
        })
    }
}

type Log = unsafe extern "C" fn(*mut c_void, conclave_log_level, *const c_char, *const c_char);

impl Logger for Watching<Log> {
    fn log(&self, record: LogRecord) -> Result<()> {
        let level = match record.level {
            LogLevel::Debug => CONCLAVE_LOG_DEBUG,
            LogLevel::Info => CONCLAVE_LOG_INFO,
            LogLevel::Warn => CONCLAVE_LOG_WARN,
            LogLevel::Error => CONCLAVE_LOG_ERROR,
        };
        let [target, message] = [record.target, record.message].map(|text| CString::new(text).unwrap_or_default());
        // SAFETY: the host's function, called as the header says; the strings outlive the call.
        unsafe { (self.callback)(self.context.enter(), level, target.as_ptr(), message.as_ptr()) };
        Ok(())
    }
}

/// Sends what the library logs to the app, for all clients of the process; the last call wins.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for a wrong `struct_size`, a logger without `log`, or a level that is none.
/// In: `logger`, which is copied, or NULL so that nobody hears the library any more; `level`, the least that is wanted.
/// Out: nothing.
/// State: replaces the logger of the process, and releases it when nobody logs through it any more.
/// Threads: any. The callback may run on several at once.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_set_logger(logger: *const conclave_logger, level: conclave_log_level) -> conclave_status {
    answer(|| {
        let logger = (!logger.is_null()).then(|| host_logger(logger)).transpose()?;
        let level = match level {
            CONCLAVE_LOG_DEBUG => LogLevel::Debug,
            CONCLAVE_LOG_INFO => LogLevel::Info,
            CONCLAVE_LOG_WARN => LogLevel::Warn,
            CONCLAVE_LOG_ERROR => LogLevel::Error,
            _ => return Err(Code::BadArgument.with("no such log level")),
        };
        set_logger(logger, level);
        Ok(())
    })
}

fn host_logger(given: *const conclave_logger) -> Result<Arc<dyn Logger>> {
    let callbacks = read(given, "logger")?;
    let context = Context::new(callbacks.context, callbacks.release);
    let callback: Log = required(callbacks.log, "logger.log")?;
    Ok(Arc::new(Watching { context, callback }))
}
