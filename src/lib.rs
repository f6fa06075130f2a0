//! Conclave: Messaging Layer Security (RFC 9420), end-to-end encryption for groups of any size.
//!
//! ```
//! use std::sync::Arc;
//!
//! use conclave::*;
//!
//! fn client(name: &str) -> Result<Arc<Client>> {
//!     Client::new(ClientConfig::basic(name), Host::new(MemoryStorage::new(), Arc::new(AcceptAll)))
//! }
//!
//! fn main() -> Result<()> {
//!     let (alice, bob) = (client("alice")?, client("bob")?);
//!     // Bob leaves a key package with the server: with it, others can add him, even while he is away.
//!     let key_package = bob.create_key_packages(1, KeyPackageOptions::default())?.remove(0);
//!
//!     // Alice makes a group and adds bob. The change takes effect when the server has accepted it.
//!     let group = alice.create_group(GroupOptions::default())?;
//!     let change = group.clone().new_commit().add(key_package.message)?.build()?;
//!     group.confirm_commit(None, vec![])?;
//!
//!     // Bob gets the Welcome, and is in.
//!     let joined = bob.join(change.welcome.unwrap(), JoinOptions::default())?;
//!     assert_eq!(joined.epoch_authenticator()?, group.epoch_authenticator()?);
//!
//!     // What alice encrypts, bob can read, and nobody in between.
//!     let message = group.encrypt(b"hello bob".to_vec(), vec![], vec![])?;
//!     let Event::Message { plaintext, .. } = joined.receive(message, vec![])? else { unreachable!() };
//!     assert_eq!(plaintext, b"hello bob");
//!     Ok(())
//! }
//! ```
//!
//! The library owns no database and no network. Every call loads what it needs through [`Storage`], and writes what changed
//! in one atomic [`WriteBatch`]; bytes for others are returned, and the app carries them. Start with [`Client`]; a [`Group`]
//! is where messages are encrypted and received, and what they turn into is an [`Event`]. What came of a call is in the batch
//! too, as an [`Effect`], so that the app can store it in the same transaction.

uniffi::setup_scaffolding!("conclave");

mod base;
mod capi;
mod client;
mod codec;
mod crypto;
mod group;
mod inspect;
mod message;
mod schedule;
mod store;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod testing;
mod tree;
#[cfg(all(test, feature = "test-util"))]
#[path = "../tests/validation/mod.rs"]
mod validation;
#[cfg(feature = "test-util")]
#[doc(hidden)]
pub mod vectors;

/// The program in the README runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use base::error::{Error, ErrorInfo, Result, error_info, error_table};
pub use base::event::*;
pub use base::host::*;
pub use base::lookup::*;
pub use base::trace::set_logger;
pub use client::*;
pub use inspect::{ObjectKind, inspect, inspect_as, inspect_tree};
pub use store::{
    BatchSize, Finding, Guard, MemoryStorage, Storage, StorageError, StoredRecord, Touches, WriteBatch, WriteOp,
    check_storage, memory_storage,
};
