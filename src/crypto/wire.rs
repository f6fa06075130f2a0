//! Keys, tags and ciphertexts as they stand in messages, each a type of its own.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::codec::{Opaque, Short};

/// A public key for HPKE (RFC 9420 §5.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct HpkePublicKey(pub(crate) Short);

/// A public key for signatures (RFC 9420 §5.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct SignaturePublicKey(pub(crate) Short);

/// A signature made by SignWithLabel (RFC 9420 §5.1.2).
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Signature(pub(crate) Short);

/// What EncryptWithLabel yields (RFC 9420 §5.1.3). Small in itself: a message may claim to have millions of them.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct HpkeCiphertext {
    pub(crate) kem_output: Opaque,
    pub(crate) ciphertext: Opaque,
}

/// A message authentication code: membership tag or confirmation tag. Compared through [`Mac::matches`] alone.
#[derive(Debug, Clone, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Mac(pub(crate) Short);

impl Mac {
    /// Whether both tags are the same, in constant time and by length.
    pub(crate) fn matches(&self, other: &Mac) -> bool {
        crate::base::secret::constant_time_eq(&self.0, &other.0)
    }
}

/// An output of the suite's hash function: a transcript hash, a tree hash, a reference.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Digest(pub(crate) Short);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest(")?;
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
