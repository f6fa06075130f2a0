//! Opening the file, the settings that every connection has, and the words for what went wrong.

use std::path::Path;
use std::time::{Duration, Instant};

use conclave::StorageError;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::storage::Options;

/// Without a row id, a record is found in one search of one tree.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS conclave_records \
     (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID";

/// How often a busy database is asked again. SQLite's own waiting asks ever more rarely, up to ten times a second: beside a process
/// that writes one message after the other, it hardly ever comes to its turn.
pub(crate) const RETRY: Duration = Duration::from_millis(1);

/// Statements kept prepared on a connection.
const STATEMENTS: usize = 32;

/// A connection that may write, with the table in place and no log left over from a crash.
pub(crate) fn open_writer(path: &Path, options: &Options) -> Result<Connection, StorageError> {
    if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
        return Err(refusal("opening: the store needs a file on a local disk"));
    }
    create_private(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let writer = connect(path, flags, options)?;
    let deadline = Instant::now() + options.busy_timeout;
    while let Err(error) = prepare(&writer, options) {
        if !is_busy(&error) || Instant::now() >= deadline {
            return Err(unavailable("preparing the file", &error));
        }
        std::thread::sleep(RETRY);
    }
    match writer.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)) {
        Ok(mode) if mode.eq_ignore_ascii_case("wal") => Ok(writer),
        Ok(_) => {
            Err(refusal("opening: the place cannot have a write-ahead log; the store needs a file on a local disk"))
        }
        Err(error) => Err(unavailable("opening", &error)),
    }
}

/// A connection that only reads.
pub(crate) fn open_reader(path: &Path, options: &Options) -> Result<Connection, StorageError> {
    let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX, options)?;
    reader.pragma_update(None, "query_only", true).map_err(|error| unavailable("opening a reader", &error))?;
    Ok(reader)
}

/// Whether another connection held a lock for too long.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What SQLite said, and while doing what.
pub(crate) fn unavailable(doing: &str, error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error() {
        Some(code) => refusal(&format!("{doing}: {error} (SQLite code {})", code.extended_code)),
        None => refusal(&format!("{doing}: {error}")),
    }
}

/// `Unavailable`, in words of our own.
pub(crate) fn refusal(detail: &str) -> StorageError {
    StorageError::Unavailable { detail: detail.to_owned() }
}

fn connect(path: &Path, flags: OpenFlags, options: &Options) -> Result<Connection, StorageError> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(options.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    open().map_err(|error| unavailable("opening", &error))
}

/// Settings that outlive no connection, except for the journal mode, and the table.
fn prepare(writer: &Connection, options: &Options) -> rusqlite::Result<()> {
    writer.pragma_update(None, "secure_delete", true)?;
    writer.pragma_update(None, "synchronous", if options.durable { "FULL" } else { "OFF" })?;
    // Only Apple's systems know the difference: there a plain fsync does not reach the disk.
    writer.pragma_update(None, "fullfsync", options.durable)?;
    writer.pragma_update(None, "checkpoint_fullfsync", options.durable)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    writer.execute_batch(SCHEMA)
}

/// Creates the file for its owner alone; SQLite gives the files beside it the same permissions. A file that is there is
/// never opened here: to close it again would drop the locks that SQLite holds on it in this process.
fn create_private(path: &Path) {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    // Where this fails, SQLite's own attempt says why.
    let _created = file.open(path);
}
