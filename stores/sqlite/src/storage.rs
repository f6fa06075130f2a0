//! The storage itself: one connection that writes, and as many that read as there are threads reading.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use conclave::{Effect, Storage, StorageError, StoredRecord, WriteBatch};
use parking_lot::{Mutex, ReentrantMutex};
use rusqlite::{Connection, Transaction};

use crate::connection::{self, unavailable};
use crate::write::Writer;
use crate::{read, write};

/// Stores what a call produced, in the transaction that makes it so. An error takes the whole write back.
pub type OnEffect = Box<dyn Fn(&Transaction<'_>, &Effect) -> rusqlite::Result<()> + Send + Sync>;

/// How a store is opened.
pub struct Options {
    /// Runs in the transaction of every write that has an effect, after the library's own records are in it, so that the
    /// app's rows in the same file and the library's state can never disagree. It must not end the transaction, nor call
    /// the library, and may run again if the database was busy.
    pub on_effect: Option<OnEffect>,
    /// Whether a write waits until it is on the disk. Without that, a crash of the machine can bring back old keys: for
    /// tests and measurements only.
    pub durable: bool,
    /// How long to wait for a writer in another process.
    pub busy_timeout: Duration,
}

impl Default for Options {
    /// Durable, five seconds, no effects.
    fn default() -> Self {
        Options { on_effect: None, durable: true, busy_timeout: Duration::from_secs(5) }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("on_effect", &self.on_effect.is_some())
            .field("durable", &self.durable)
            .field("busy_timeout", &self.busy_timeout)
            .finish()
    }
}

/// Idle connections that are kept for the next reader.
const IDLE_READERS: usize = 4;

/// A file of SQLite as the storage of one or more clients.
pub struct SqliteStorage {
    path: PathBuf,
    options: Options,
    // Dropped before the writer, which as the last to close empties and removes the write-ahead log.
    readers: Mutex<Vec<Connection>>,
    // Reentrant, so that a call from inside `on_effect` finds its own open transaction and is refused, not stuck.
    writer: ReentrantMutex<Writer>,
}

impl SqliteStorage {
    /// Opens the file, or creates it, with default [`Options`].
    ///
    /// # Errors
    /// `Unavailable` if SQLite cannot open it or it lies in a place that cannot have a write-ahead log.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>, StorageError> {
        Self::open_with(path, Options::default())
    }

    /// Opens the file, or creates it, readable by its owner only.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Arc<Self>, StorageError> {
        let path = path.as_ref().to_path_buf();
        let writer = Writer::new(connection::open_writer(&path, &options)?, options.busy_timeout);
        let (readers, writer) = (Mutex::new(Vec::new()), ReentrantMutex::new(writer));
        Ok(Arc::new(SqliteStorage { path, options, readers, writer }))
    }

    /// Rewrites the whole file, so that no trace of a deleted record is left in it: SQLite itself leaves a few behind, see
    /// [what is deleted](crate#what-is-deleted). Takes as long as copying the file, and keeps writers waiting meanwhile.
    ///
    /// # Errors
    /// `Unavailable` if another process was using the file; traces may be left, and nothing else has changed.
    pub fn scrub(&self) -> Result<(), StorageError> {
        write::scrub(&self.writer.lock())
    }

    /// Runs `act` on a connection of its own, which serves others afterwards unless it failed.
    fn with_reader<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        let idle = self.readers.lock().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => connection::open_reader(&self.path, &self.options)?,
        };
        let found = act(&reader).map_err(|error| unavailable("reading", &error))?;
        let mut readers = self.readers.lock();
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
        Ok(found)
    }
}

impl fmt::Debug for SqliteStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStorage").field("path", &self.path).field("options", &self.options).finish()
    }
}

impl Storage for SqliteStorage {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.with_reader(|reader| read::values(reader, &keys))
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.with_reader(|reader| read::records(reader, &read::Stretch::new(prefix, after), limit))
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        write::write(&self.writer.lock(), &self.options, &batch)
    }
}
