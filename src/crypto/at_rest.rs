//! Cryptography of the store, the same under every suite: records sealed at rest, and keyed or plain hashes for their keys.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest;

use super::hash::{SHA256, digest_of};
use super::hmac::hmac_of;
use super::random::random_bytes;
use crate::base::{Code, Error, Result, Secret};

/// How much longer a sealed record is than its value: the nonce before it and the tag behind it.
pub(crate) const SEALED_OVERHEAD: usize = NONCE_LEN + 16;

/// The key that seals the records of a store, with AES-256-GCM-SIV.
///
/// The nonce is random. A repeated nonce, which a store of billions of writes may meet, shows no more than that two equal
/// values under the same record key are equal.
pub(crate) struct RecordKey(LessSafeKey);

impl RecordKey {
    /// Prepares a key of 32 bytes.
    pub(crate) fn new(key: &Secret) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM_SIV, key.expose());
        key.map(|key| RecordKey(LessSafeKey::new(key))).map_err(|_| Code::BadKey.with("a storage key has 32 bytes"))
    }

    /// Seals a value to the record key it is stored under, which keeps it from being moved to another.
    pub(crate) fn seal_record(&self, record_key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random_bytes()?;
        let mut body = value.to_vec();
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(record_key), &mut body)
            .map_err(|_| Code::Internal.with("a record could not be sealed"))?;
        Ok([nonce.as_slice(), &body, tag.as_ref()].concat())
    }

    /// Opens what [`seal_record`](Self::seal_record) made under the same record key, or `StorageCorrupt`.
    pub(crate) fn open_record(&self, record_key: &[u8], sealed: &[u8]) -> Result<Secret> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(corrupt)?;
        let mut buffer = sealed.to_vec();
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(record_key), &mut buffer)
            .map_err(|_| corrupt())?
            .len();
        buffer.truncate(length);
        Ok(Secret::new(buffer))
    }
}

/// SHA-256 over the parts one after another.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    first_32(digest_of(&digest::SHA256, parts).as_ref())
}

/// HMAC-SHA-256 over the parts one after another.
pub(crate) fn hmac_sha256(key: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    first_32(hmac_of(&SHA256, key.expose(), parts.iter().copied()).as_slice())
}

fn first_32(bytes: &[u8]) -> [u8; 32] {
    bytes.first_chunk().copied().unwrap_or_default()
}

fn corrupt() -> Error {
    Code::StorageCorrupt.with("a sealed record does not open: it was altered, moved, or sealed under another key")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_under_its_own_key_only() {
        let key = RecordKey::new(&Secret::zero(32)).unwrap();
        let sealed = key.seal_record(b"place", b"value").unwrap();
        assert_eq!(sealed.len(), 5 + SEALED_OVERHEAD);
        assert_eq!(key.open_record(b"place", &sealed).unwrap().expose(), b"value");
        assert!(key.open_record(b"elsewhere", &sealed).unwrap_err().is(Code::StorageCorrupt));
        assert_ne!(sealed, key.seal_record(b"place", b"value").unwrap());
        for end in 0..sealed.len() {
            assert!(key.open_record(b"place", &sealed[..end]).unwrap_err().is(Code::StorageCorrupt));
        }
        assert!(RecordKey::new(&Secret::zero(31)).is_err_and(|error| error.is(Code::BadKey)));
    }

    #[test]
    fn known_hashes() {
        assert_eq!(sha256(&[b"a", b"bc"])[..4], [0xba, 0x78, 0x16, 0xbf]);
        let mac = hmac_sha256(&Secret::copy_of(b"Jefe"), &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
