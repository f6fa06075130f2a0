//! KDF.Extract, KDF.Expand and the labelled derivations on top of them (RFC 9420 §8, §9).

use aws_lc_rs::hkdf::{self, KeyType, Prk};
use aws_lc_rs::hmac;

use super::hash::hmac_of;
use super::label::Labelled;
use super::suite::Suite;
use crate::base::{Code, Result, Secret};

/// The KDF column of the suite table.
pub(super) struct Kdf {
    pub(super) id: u16,
    hkdf: hkdf::Algorithm,
    hmac: hmac::Algorithm,
    pub(super) length: usize,
}

pub(super) static HKDF_SHA256: Kdf = Kdf { id: 1, hkdf: hkdf::HKDF_SHA256, hmac: hmac::HMAC_SHA256, length: 32 };
pub(super) static HKDF_SHA384: Kdf = Kdf { id: 2, hkdf: hkdf::HKDF_SHA384, hmac: hmac::HMAC_SHA384, length: 48 };
pub(super) static HKDF_SHA512: Kdf = Kdf { id: 3, hkdf: hkdf::HKDF_SHA512, hmac: hmac::HMAC_SHA512, length: 64 };

/// Longest pseudorandom key that the backend takes: the longest hash. A longer secret can only be a forged one.
const MAX_SECRET: usize = 64;

impl Kdf {
    /// HKDF-Extract over the parts of the keying material.
    pub(super) fn extract<'a>(&self, salt: &[u8], ikm: impl IntoIterator<Item = &'a [u8]>) -> Secret {
        Secret::copy_of(hmac_of(self.hmac, salt, ikm).as_ref())
    }

    /// HKDF-Expand over the parts of `info`.
    pub(super) fn expand(&self, secret: &Secret, info: &[&[u8]], length: usize) -> Result<Secret> {
        if secret.expose().len() > MAX_SECRET {
            return Err(Code::BadKey.with("a secret is longer than any hash of the suites"));
        }
        let mut bytes = vec![0; length];
        Prk::new_less_safe(self.hkdf, secret.expose())
            .expand(info, Length(length))
            .and_then(|output| output.fill(&mut bytes))
            .map_err(|_| Code::BadArgument.with("more bytes are asked for than the KDF gives"))?;
        Ok(Secret::new(bytes))
    }
}

impl Suite {
    /// `KDF.Nh`: the length of the secrets of the key schedule.
    pub(crate) fn secret_length(&self) -> usize {
        self.kdf.length
    }

    /// `KDF.Extract(salt, ikm)`.
    pub(crate) fn extract(&self, salt: &[u8], ikm: &[u8]) -> Secret {
        self.kdf.extract(salt, [ikm])
    }

    /// `KDF.Expand(secret, info, length)`.
    #[cfg(test)]
    pub(crate) fn expand(&self, secret: &Secret, info: &[u8], length: usize) -> Result<Secret> {
        self.kdf.expand(secret, &[info], length)
    }

    /// `ExpandWithLabel(secret, label, context, length)` (RFC 9420 §8).
    pub(crate) fn expand_with_label(
        &self,
        secret: &Secret,
        label: &str,
        context: &[u8],
        length: usize,
    ) -> Result<Secret> {
        let encoded =
            u16::try_from(length).map_err(|_| Code::BadArgument.with("a KDF output is at most 65535 bytes"))?;
        let labelled = Labelled::mls(label, context)?;
        let [label_header, prefix, label, context_header, context] = labelled.parts();
        let info = [&encoded.to_be_bytes(), label_header, prefix, label, context_header, context];
        self.kdf.expand(secret, &info, length)
    }

    /// `DeriveSecret(secret, label)` (RFC 9420 §8).
    pub(crate) fn derive_secret(&self, secret: &Secret, label: &str) -> Result<Secret> {
        self.expand_with_label(secret, label, b"", self.kdf.length)
    }

    /// `DeriveTreeSecret(secret, label, generation, length)` (RFC 9420 §9).
    pub(crate) fn derive_tree_secret(
        &self,
        secret: &Secret,
        label: &str,
        generation: u32,
        length: usize,
    ) -> Result<Secret> {
        self.expand_with_label(secret, label, &generation.to_be_bytes(), length)
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::CipherSuite;

    #[test]
    fn rfc_5869_case_1() {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let prk = suite.extract(&salt, &[0x0b; 22]);
        assert_eq!(prk.expose().first_chunk(), Some(&[0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf]));
        let okm = suite.expand(&prk, &info, 42).unwrap();
        assert_eq!(okm.expose().first_chunk(), Some(&[0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a]));
        assert_eq!(okm.expose().last_chunk(), Some(&[0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65]));
    }

    #[test]
    fn impossible_lengths_are_errors() {
        for suite in Suite::ALL {
            assert!(suite.expand_with_label(&Secret::zero(32), "x", b"", 65_536).unwrap_err().is(Code::BadArgument));
            assert!(suite.expand(&Secret::zero(32), b"x", 255 * 64 + 1).unwrap_err().is(Code::BadArgument));
            assert!(suite.derive_secret(&Secret::zero(65), "x").unwrap_err().is(Code::BadKey));
        }
    }
}
