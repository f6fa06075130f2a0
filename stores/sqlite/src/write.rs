//! Writing: one transaction for the guards, the operations and the app's rows; and emptying the log after deletions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use conclave::{StorageError, WriteBatch, WriteOp};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::connection::{RETRY, is_busy, refusal, unavailable};
use crate::read;
use crate::storage::Options;

/// Operations pulled from a batch at a time.
const CHUNK: u32 = 1024;

/// How long a write that deleted secrets waits for readers, so as to empty the log.
const READERS_LEAVE: Duration = Duration::from_millis(100);

/// The connection that writes.
pub(crate) struct Writer {
    connection: Connection,
    busy_timeout: Duration,
    /// Whether the log may hold what was deleted.
    log_is_full: AtomicBool,
}

impl Writer {
    /// Takes the connection, and empties what an earlier run may have left in the log.
    pub(crate) fn new(connection: Connection, busy_timeout: Duration) -> Self {
        let writer = Writer { connection, busy_timeout, log_is_full: AtomicBool::new(true) };
        // This also ends SQLite's own waiting, see `RETRY`.
        writer.empty_log(Duration::ZERO);
        writer
    }

    /// Moves the log into the file and cuts it to nothing. Best effort: as long as another process reads from the log it
    /// cannot be done, and is tried again after the next write.
    fn empty_log(&self, patience: Duration) {
        if self.log_is_full.load(Ordering::Relaxed) {
            let emptied = self.checkpoint(patience).unwrap_or(false);
            self.log_is_full.store(!emptied, Ordering::Relaxed);
        }
    }

    fn checkpoint(&self, patience: Duration) -> rusqlite::Result<bool> {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.waiting(patience, |connection| connection.query_row(checkpoint, [], |row| row.get::<_, bool>(0)))
            .map(|busy| !busy)
    }

    /// Runs `act` with SQLite waiting for others; after it, it does not.
    fn waiting<T>(
        &self,
        patience: Duration,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.connection.busy_timeout(patience)?;
        let outcome = act(&self.connection);
        self.connection.busy_timeout(Duration::ZERO)?;
        outcome
    }
}

/// Why an attempt was given up; the transaction is rolled back.
enum Failure {
    Conflict,
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

/// Writes a batch, again from its start while the database is busy and time is left.
pub(crate) fn write(writer: &Writer, options: &Options, batch: &WriteBatch) -> Result<(), StorageError> {
    refuse_inside_a_transaction(writer)?;
    let deadline = Instant::now() + options.busy_timeout;
    let patience = loop {
        match attempt(&writer.connection, options, batch) {
            Ok(true) => break READERS_LEAVE,
            Ok(false) => break Duration::ZERO,
            Err(Failure::Conflict) => return Err(StorageError::Conflict),
            Err(Failure::Sqlite(error)) if is_busy(&error) && Instant::now() < deadline => {
                std::thread::sleep(RETRY);
                batch.rewind();
            }
            Err(Failure::Sqlite(error)) => return Err(unavailable("writing", &error)),
        }
    };
    if !patience.is_zero() {
        writer.log_is_full.store(true, Ordering::Relaxed);
    }
    writer.empty_log(patience);
    Ok(())
}

/// Rewrites the file and empties the log.
pub(crate) fn scrub(writer: &Writer) -> Result<(), StorageError> {
    refuse_inside_a_transaction(writer)?;
    let vacuumed = writer.waiting(writer.busy_timeout, |connection| connection.execute_batch("VACUUM"));
    vacuumed.map_err(|error| unavailable("scrubbing", &error))?;
    writer.log_is_full.store(true, Ordering::Relaxed);
    writer.empty_log(writer.busy_timeout);
    match writer.log_is_full.load(Ordering::Relaxed) {
        true => Err(refusal("scrubbing: another process is reading, and the log could not be emptied")),
        false => Ok(()),
    }
}

fn refuse_inside_a_transaction(writer: &Writer) -> Result<(), StorageError> {
    match writer.connection.is_autocommit() {
        true => Ok(()),
        false => Err(refusal("a transaction is open: the library was called from inside one, or one was left behind")),
    }
}

/// The whole transaction. Tells whether a range was cleared.
fn attempt(connection: &Connection, options: &Options, batch: &WriteBatch) -> Result<bool, Failure> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for guard in batch.guards() {
        if read::value(&transaction, &guard.key)? != guard.expected {
            return Err(Failure::Conflict);
        }
    }
    let cleared = apply_all(&transaction, batch)?;
    if let (Some(on_effect), Some(effect)) = (&options.on_effect, batch.effect()) {
        // Released only in the transaction that it was set in: one that the app has ended, or made SQLite end, is not taken for ours.
        transaction.execute_batch("SAVEPOINT conclave_effect")?;
        on_effect(&transaction, &effect)?;
        transaction.execute_batch("RELEASE conclave_effect")?;
    }
    transaction.commit()?;
    Ok(cleared)
}

fn apply_all(transaction: &Transaction<'_>, batch: &WriteBatch) -> rusqlite::Result<bool> {
    let mut cleared = false;
    loop {
        let chunk = batch.next_chunk(CHUNK);
        if chunk.is_empty() {
            return Ok(cleared);
        }
        for op in &chunk {
            apply(transaction, op)?;
            cleared |= matches!(op, WriteOp::DeleteRange { .. });
        }
    }
}

fn apply(transaction: &Transaction<'_>, op: &WriteOp) -> rusqlite::Result<()> {
    let changed = match op {
        WriteOp::Put { key, value } => transaction
            .prepare_cached("INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?1, ?2)")?
            .execute((key, value)),
        WriteOp::Delete { key } => {
            transaction.prepare_cached("DELETE FROM conclave_records WHERE key = ?1")?.execute([key])
        }
        WriteOp::DeleteRange { from, to } => {
            transaction.prepare_cached("DELETE FROM conclave_records WHERE key >= ?1 AND key < ?2")?.execute([from, to])
        }
    };
    changed.map(drop)
}
