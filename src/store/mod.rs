//! The host's storage, and everything between it and the protocol: keys, records, the overlay transaction, the batch.

mod batch;
mod check;
mod key;
mod large;
mod latent;
mod memory;
mod pages;
mod record;
mod seal;
mod space;
mod storage;
mod txn;

pub use batch::{BatchSize, Guard, WriteBatch, WriteOp};
pub use check::{Finding, check_storage};
pub use memory::{MemoryStorage, Touches, memory_storage};
pub use storage::{Storage, StorageError, StoredRecord};

pub(crate) use key::{Deferred, GroupKeys, Incarnation, Key, KeyRange, Listing, Namespace, RatchetKind, Tally};
pub(crate) use latent::{Latent, Made};
pub(crate) use record::{Reader, Record, Writer, corrupt, decode_record, encode_record};
pub(crate) use seal::Value;
pub(crate) use space::Store;
pub(crate) use txn::{Staged, Txn};
