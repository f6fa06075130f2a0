//! Sealing at rest: with a storage key, values are encrypted under it with their record key as associated data, so that
//! a value moved to another place does not open.

use super::key::Key;
use super::record::corrupt;
use crate::base::{Code, Result, Secret, Wiped};
use crate::crypto::{RecordKey, hmac_sha256};

/// A stored value, wiped when dropped.
pub(crate) type Value = Wiped;

/// The two keys that a storage key stands for.
pub(crate) struct StorageKeys {
    /// Seals values.
    pub(crate) seal: Seal,
    /// Hashes ids in keys.
    pub(crate) tag: Secret,
}

impl StorageKeys {
    /// Derives both keys; the storage key must be 32 random bytes.
    pub(crate) fn derive(storage_key: &Secret) -> Result<Self> {
        if storage_key.expose().len() != 32 {
            return Err(Code::BadKey.with("a storage key is 32 random bytes"));
        }
        let derive = |label: &[u8]| Secret::copy_of(&hmac_sha256(storage_key, &[b"conclave ", label]));
        Ok(StorageKeys { seal: Seal(RecordKey::new(&derive(b"seal"))?), tag: derive(b"tag") })
    }
}

/// Seals and opens values.
pub(crate) struct Seal(RecordKey);

impl Seal {
    pub(crate) fn close(&self, key: &Key, value: &[u8]) -> Result<Vec<u8>> {
        self.0.seal_record(&key.0, value)
    }

    pub(crate) fn open(&self, key: &Key, sealed: &[u8]) -> Result<Value> {
        self.0.open_record(&key.0, sealed).map(Secret::into_inner).map_err(|_| corrupt())
    }
}
