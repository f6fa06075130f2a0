//! The host's storage, and everything between it and the protocol: keys, records, the overlay transaction, the batch.

mod batch;
mod storage;

pub use batch::{BatchSize, Guard, WriteBatch, WriteOp};
pub use storage::{Storage, StorageError, StoredRecord};
