//! The reference store of Conclave over SQLite, and a pattern for others.
//!
//! ```no_run
//! # fn main() -> Result<(), conclave::StorageError> {
//! let storage = conclave_sqlite::SqliteStorage::open("conclave.db")?;
//! # drop(storage); Ok(()) }
//! ```
//!
//! One file in WAL mode, one table of keys and values. Threads read in parallel; writers, also of other processes, take
//! turns. A write is on the disk when it returns.
//!
//! # Keep the file out of every backup
//!
//! A store that is restored from a copy, or moved back in time by a snapshot, encrypts new messages under keys that it has
//! used before, which gives away their content, and cannot read what the group says now. So the file, and the `-wal` and
//! `-shm` files beside it, must be excluded from device backups, file synchronisation and disk images: `isExcludedFromBackup`
//! on Apple systems; on Android `dataExtractionRules` and `fullBackupContent`, or a place under `noBackupFilesDir`. On a new
//! device the client is a new client, which joins its groups anew. What the app keeps in the same file through
//! [`Options::on_effect`] is left out with it: what has to survive the device must be exported by the app.
//!
//! # What is deleted
//!
//! SQLite overwrites what it deletes in the file (`secure_delete`), and the write-ahead log, which holds older pages, is
//! emptied after every write that clears a range, which is how an epoch is forgotten; until then it may hold keys of single
//! messages of that epoch. Another process that is reading at that moment delays this until a later write.
//!
//! One gap remains, in SQLite itself (found in 3.54): when it packs a page anew, old copies of that page's records can stay
//! in its unused part, where `secure_delete` does not see them when the records are deleted later. It takes a page that
//! overflows, so it concerns few records, but some. [`SqliteStorage::scrub`] removes every trace: call it now and then, such
//! as after a group is deleted or while the device is idle.
//!
//! What a flash drive keeps of blocks that were overwritten is beyond any program: where that matters, the values should be
//! sealed by the library's storage key as well.
//!
//! # One copy of SQLite
//!
//! The file may be opened by many processes, but within one process only by one copy of the SQLite library: file locks of
//! POSIX belong to the process, and a second copy, or plain file access, silently drops those of the first. An app that
//! opens the file itself does so through the [`rusqlite`] that this crate re-exports. Network file systems are not supported.

mod connection;
mod read;
mod storage;
mod write;

pub use rusqlite;
pub use storage::{OnEffect, Options, SqliteStorage};
