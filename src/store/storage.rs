//! The storage that the host lends: three callbacks over an ordered map of bytes.

use std::sync::Arc;

use super::batch::WriteBatch;

/// A failed storage callback.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A guard of the batch did not match; nothing was written.
    #[error("a guard did not match")]
    Conflict,
    /// The storage could not do it, or does not know whether it did.
    #[error("storage unavailable: {detail}")]
    Unavailable {
        /// Why, for the developer.
        detail: String,
    },
    /// The storage cannot be used until the device is unlocked; nothing was written.
    #[error("storage locked: {detail}")]
    Locked {
        /// Why, for the developer.
        detail: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for StorageError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        StorageError::Unavailable { detail: error.reason }
    }
}

/// One stored record.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct StoredRecord {
    /// The key, 1 to 96 bytes.
    pub key: Vec<u8>,
    /// The value, up to 64 KiB.
    pub value: Vec<u8>,
}

/// An ordered map from keys (1 to 96 bytes, compared as unsigned bytes) to values (up to 64 KiB; empty is not absent).
///
/// The whole state of the library lives in here. What a host must keep:
///
/// - [`write`](Storage::write) is one transaction, the outermost one, durable when it returns, all or nothing. Its guards
///   are checked inside that transaction, a guard of absence also against a concurrent insert. One that returns without having
///   taken all of the batch is told so (`StorageNonsense`).
/// - One call of [`read`](Storage::read) or [`scan`](Storage::scan) sees one state of the store, never half of a batch.
/// - Deleted values are really gone: they hold keys of messages that nobody shall read again.
/// - A backup is never restored over a live store: an old copy would encrypt under the same keys twice.
///
/// [`check_storage`](crate::check_storage) tells whether it does.
///
/// Callbacks may arrive on several threads at once. They must not call the library, except for the methods of the
/// [`WriteBatch`] inside `write`.
#[uniffi::export(rust, foreign)]
pub trait Storage: Send + Sync {
    /// The values of `keys`, in their order; an absent record is `None`.
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError>;

    /// Records whose keys begin with `prefix`, in ascending order, strictly after `after` (empty: from the start): `limit` of
    /// them, or as many as there are. Fewer than `limit` means that there are no more.
    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError>;

    /// Checks every guard of the batch, then applies every operation, in one durable transaction.
    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError>;
}
