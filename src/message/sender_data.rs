//! The encrypted sender data of a private message (RFC 9420 §6.3.2).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{LeafIndex, Result, Secret};
use crate::codec::{Opaque, decode_exact, encode};
use crate::crypto::Suite;

/// Who sent a private message, and with which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(super) struct SenderData {
    pub(super) leaf_index: LeafIndex,
    pub(super) generation: u32,
    pub(super) reuse_guard: [u8; 4],
}

/// What encrypts the sender data of one message: key and nonce come from the epoch's secret and a sample of the content's
/// ciphertext.
pub(super) struct SenderDataKey<'a> {
    suite: &'a Suite,
    key: Secret,
    nonce: Secret,
}

impl<'a> SenderDataKey<'a> {
    pub(super) fn derive(suite: &'a Suite, sender_data_secret: &Secret, ciphertext: &[u8]) -> Result<Self> {
        let sample = ciphertext.get(..suite.secret_length()).unwrap_or(ciphertext);
        let key = suite.expand_with_label(sender_data_secret, "key", sample, suite.key_length())?;
        let nonce = suite.expand_with_label(sender_data_secret, "nonce", sample, suite.nonce_length())?;
        Ok(SenderDataKey { suite, key, nonce })
    }

    /// Encrypts sender data; `aad` is the encoded SenderDataAAD.
    pub(super) fn seal(&self, sender_data: &SenderData, aad: &[u8]) -> Result<Opaque> {
        let sealed = self.suite.seal(&self.key, self.nonce.expose(), aad, &encode(sender_data)?)?;
        Ok(Opaque(sealed))
    }

    /// Decrypts sender data; `aad` is the encoded SenderDataAAD.
    pub(super) fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<SenderData> {
        let plaintext = self.suite.open(&self.key, self.nonce.expose(), aad, sealed)?;
        decode_exact(plaintext.expose())
    }
}
