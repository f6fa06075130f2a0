//! The cipher suites of RFC 9420 §17.1 as one table: a row per suite, a column per primitive.

use std::fmt;

use super::aead::{AES_128_GCM, AES_256_GCM, Aead, CHACHA20_POLY1305};
use super::hash::{Hash, SHA256, SHA384, SHA512};
use super::kdf::{HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, Kdf};
use super::kem::{DHKEM_P256, DHKEM_P384, DHKEM_P521, DHKEM_X448, DHKEM_X25519, Kem};
use super::scheme::SignatureScheme;
use crate::base::{CipherSuite, Code, Result};

/// A cipher suite: its primitives, and through its methods every operation on them. Used as `&'static Suite`.
pub(crate) struct Suite {
    id: CipherSuite,
    pub(super) kem: &'static Kem,
    pub(super) kdf: &'static Kdf,
    pub(super) aead: &'static Aead,
    pub(super) hash: &'static Hash,
    pub(super) signature: SignatureScheme,
}

static SUITES: [Suite; 7] = [
    Suite {
        id: CipherSuite(1),
        kem: &DHKEM_X25519,
        kdf: &HKDF_SHA256,
        aead: &AES_128_GCM,
        hash: &SHA256,
        signature: SignatureScheme::Ed25519,
    },
    Suite {
        id: CipherSuite(2),
        kem: &DHKEM_P256,
        kdf: &HKDF_SHA256,
        aead: &AES_128_GCM,
        hash: &SHA256,
        signature: SignatureScheme::EcdsaP256,
    },
    Suite {
        id: CipherSuite(3),
        kem: &DHKEM_X25519,
        kdf: &HKDF_SHA256,
        aead: &CHACHA20_POLY1305,
        hash: &SHA256,
        signature: SignatureScheme::Ed25519,
    },
    Suite {
        id: CipherSuite(4),
        kem: &DHKEM_X448,
        kdf: &HKDF_SHA512,
        aead: &AES_256_GCM,
        hash: &SHA512,
        signature: SignatureScheme::Ed448,
    },
    Suite {
        id: CipherSuite(5),
        kem: &DHKEM_P521,
        kdf: &HKDF_SHA512,
        aead: &AES_256_GCM,
        hash: &SHA512,
        signature: SignatureScheme::EcdsaP521,
    },
    Suite {
        id: CipherSuite(6),
        kem: &DHKEM_X448,
        kdf: &HKDF_SHA512,
        aead: &CHACHA20_POLY1305,
        hash: &SHA512,
        signature: SignatureScheme::Ed448,
    },
    Suite {
        id: CipherSuite(7),
        kem: &DHKEM_P384,
        kdf: &HKDF_SHA384,
        aead: &AES_256_GCM,
        hash: &SHA384,
        signature: SignatureScheme::EcdsaP384,
    },
];

impl Suite {
    /// Every suite of the table, in ascending order.
    pub(crate) const ALL: &'static [Suite] = &SUITES;

    /// The suite of this number, or `UnsupportedSuite`.
    pub(crate) fn of(id: CipherSuite) -> Result<&'static Suite> {
        Self::ALL.iter().find(|suite| suite.id == id).ok_or_else(|| Code::UnsupportedSuite.into())
    }

    /// The suite's number on the wire.
    pub(crate) fn id(&self) -> CipherSuite {
        self.id
    }
}

impl PartialEq for Suite {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Suite {}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Suite({})", self.id.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_own_row() {
        for number in 1..=7 {
            assert_eq!(Suite::of(CipherSuite(number)).unwrap().id(), CipherSuite(number));
        }
        for number in [0, 8, 0x0a0a, 0xffff] {
            assert!(Suite::of(CipherSuite(number)).unwrap_err().is(Code::UnsupportedSuite));
        }
    }
}
