//! The AEAD of a suite (RFC 9420 §5.1, §6.3).

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};

use super::suite::Suite;
use crate::base::{Code, Error, Result, Secret, Wiped};

/// The AEAD column of the suite table.
pub(super) struct Aead {
    pub(super) id: u16,
    algorithm: &'static aead::Algorithm,
    /// Most bytes that one sender ratchet may seal in an epoch (RFC 9420 §15.2).
    epoch_bytes: u64,
}

/// With AES-GCM, after draft-irtf-cfrg-aead-limits, "Multi-Key AEAD Limits", the form without nonce randomization: an attacker's
/// advantage is at most σ · B / 2^127, where σ blocks are sealed in all, and B of them under one key.
///
/// Every generation of a ratchet has a key of its own, so B is the longest message there is: 15 MiB of content and
/// authenticated data, padded, are less than 2^20 blocks of 16 bytes. With 2^47 bytes for each of a sender's two ratchets, σ is
/// 2^44 blocks, and the advantage at most 2^-63. The sender data are not counted: they too are sealed under a key for each
/// message, and are two blocks.
const GCM_EPOCH_BYTES: u64 = 1 << 47;

/// With ChaCha20-Poly1305 the draft's bound has no term for what is sealed; 2^32 generations end a ratchet before anything else.
const CHACHA_EPOCH_BYTES: u64 = u64::MAX;

// Of failed decryptions nothing is counted: a refused message must not write. Both AEADs bound an attacker's advantage in
// forging by p = v · l / 2^103 at worst, for v attempts on messages of l blocks, whichever key each is for; for attempts of
// 2^16 blocks (1 MiB), p = 2^-60 takes 2^27 of them, 128 TiB of traffic, within one epoch, and then the signature inside is still
// to be forged.

pub(super) static AES_128_GCM: Aead = Aead { id: 1, algorithm: &aead::AES_128_GCM, epoch_bytes: GCM_EPOCH_BYTES };
pub(super) static AES_256_GCM: Aead = Aead { id: 2, algorithm: &aead::AES_256_GCM, epoch_bytes: GCM_EPOCH_BYTES };
pub(super) static CHACHA20_POLY1305: Aead =
    Aead { id: 3, algorithm: &aead::CHACHA20_POLY1305, epoch_bytes: CHACHA_EPOCH_BYTES };

impl Suite {
    /// `AEAD.Nk`: the length of a key.
    pub(crate) fn key_length(&self) -> usize {
        self.aead.algorithm.key_len()
    }

    /// `AEAD.Nn`: the length of a nonce.
    pub(crate) fn nonce_length(&self) -> usize {
        self.aead.algorithm.nonce_len()
    }

    /// The length of the tag at the end of each ciphertext.
    pub(crate) fn tag_length(&self) -> usize {
        self.aead.algorithm.tag_len()
    }

    /// Most bytes, of authenticated data and padded content with its tag, that one sender ratchet may seal in an epoch.
    pub(crate) fn epoch_bytes(&self) -> u64 {
        self.aead.epoch_bytes
    }

    /// `AEAD.Seal(key, nonce, aad, plaintext)`; a nonce serves once under a key.
    pub(crate) fn seal(&self, key: &Secret, nonce: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut buffer = Vec::with_capacity(plaintext.len() + self.tag_length());
        buffer.extend_from_slice(plaintext);
        self.prepare(key)?.seal_in_place_append_tag(nonce_of(nonce)?, Aad::from(aad), &mut buffer).map_err(refused)?;
        Ok(buffer)
    }

    /// `AEAD.Open(key, nonce, aad, ciphertext)`, or `BadCiphertext`.
    pub(crate) fn open(&self, key: &Secret, nonce: &[u8], aad: &[u8], ciphertext: &[u8]) -> Result<Secret> {
        let end = ciphertext.len().checked_sub(self.tag_length()).ok_or(Code::BadCiphertext)?;
        let (body, tag) = ciphertext.split_at_checked(end).ok_or(Code::BadCiphertext)?;
        let mut plaintext = Wiped::new(vec![0; end]);
        self.prepare(key)?
            .open_separate_gather(nonce_of(nonce)?, Aad::from(aad), body, tag, &mut plaintext)
            .map_err(|_| Code::BadCiphertext)?;
        Ok(Secret::new(std::mem::take(&mut *plaintext)))
    }

    fn prepare(&self, key: &Secret) -> Result<LessSafeKey> {
        UnboundKey::new(self.aead.algorithm, key.expose()).map(LessSafeKey::new).map_err(refused)
    }
}

fn nonce_of(bytes: &[u8]) -> Result<Nonce> {
    Nonce::try_assume_unique_for_key(bytes).map_err(refused)
}

// Keys and nonces are derived in their right lengths, so only a fault of ours ends here.
fn refused(_: aws_lc_rs::error::Unspecified) -> Error {
    Code::Internal.with("the AEAD refused its key, nonce or input")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_nothing_else_does() {
        for suite in Suite::ALL {
            let (key, nonce) = (Secret::zero(suite.key_length()), vec![7; suite.nonce_length()]);
            let sealed = suite.seal(&key, &nonce, b"aad", b"attack at dawn").unwrap();
            assert_eq!(suite.open(&key, &nonce, b"aad", &sealed).unwrap().expose(), b"attack at dawn");
            assert!(suite.open(&key, &nonce, b"aae", &sealed).unwrap_err().is(Code::BadCiphertext));
            for end in 0..sealed.len() {
                assert!(suite.open(&key, &nonce, b"aad", &sealed[..end]).unwrap_err().is(Code::BadCiphertext));
            }
            let empty = suite.seal(&key, &nonce, b"", b"").unwrap();
            assert_eq!(empty.len(), suite.tag_length());
            assert!(suite.open(&key, &nonce, b"", &empty).unwrap().expose().is_empty());
        }
    }
}
