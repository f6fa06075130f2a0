//! Conclave: Messaging Layer Security (RFC 9420), end-to-end encryption for groups of any size.

uniffi::setup_scaffolding!("conclave");

mod base;
mod client;
mod codec;
mod crypto;
mod group;
mod message;
mod schedule;
mod store;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod testing;
mod tree;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod vectors;

pub use base::error::{Error, ErrorInfo, Result, error_info, error_table};
pub use base::event::*;
pub use base::host::*;
pub use base::trace::set_logger;
pub use client::*;
pub use store::{
    BatchSize, Finding, Guard, MemoryStorage, Storage, StorageError, StoredRecord, Touches, WriteBatch, WriteOp,
    check_storage,
};
