//! The log facade: levels, targets and sizes, never user data and never secrets.

use std::sync::Arc;

use parking_lot::RwLock;

use super::host::{LogLevel, LogRecord, Logger};

static LOGGER: RwLock<Option<(Arc<dyn Logger>, LogLevel)>> = RwLock::new(None);

/// Sends what the library logs to the app, from `level` upward; the last call wins. Nothing instead of a logger: nobody hears it.
#[uniffi::export]
pub fn set_logger(logger: Option<Arc<dyn Logger>>, level: LogLevel) {
    let before = std::mem::replace(&mut *LOGGER.write(), logger.map(|logger| (logger, level)));
    // Only now, when the lock is free: letting a logger go runs code of the app, which may log.
    drop(before);
}

/// Logs one line. The lock is not held while the app's logger runs.
pub(crate) fn log(level: LogLevel, target: &'static str, message: impl FnOnce() -> String) {
    let wanted = LOGGER.read().as_ref().filter(|(_, least)| level >= *least).map(|(logger, _)| logger.clone());
    if let Some(logger) = wanted {
        // A call must not fail for want of a line in a log.
        let _ignored = logger.log(LogRecord { level, target: target.to_owned(), message: message() });
    }
}
