//! KDF.Extract, KDF.Expand and the labelled derivations on top of them (RFC 9420 §8, §9).

use std::iter::once;

use super::hash::{Hash, SHA256, SHA384, SHA512};
use super::hmac::hmac_of;
use super::label::Labelled;
use super::suite::Suite;
use crate::base::{Code, Result, Secret};

/// The KDF column of the suite table.
pub(super) struct Kdf {
    pub(super) id: u16,
    hash: &'static Hash,
    pub(super) length: usize,
}

pub(super) static HKDF_SHA256: Kdf = Kdf { id: 1, hash: &SHA256, length: 32 };
pub(super) static HKDF_SHA384: Kdf = Kdf { id: 2, hash: &SHA384, length: 48 };
pub(super) static HKDF_SHA512: Kdf = Kdf { id: 3, hash: &SHA512, length: 64 };

/// Longest pseudorandom key: the longest hash. A longer secret can only be a forged one.
const MAX_SECRET: usize = 64;

impl Kdf {
    /// HKDF-Extract over the parts of the keying material.
    pub(super) fn extract<'a>(&self, salt: &[u8], ikm: impl Iterator<Item = &'a [u8]> + Clone) -> Secret {
        Secret::copy_of(hmac_of(self.hash, salt, ikm).as_slice())
    }

    /// HKDF-Expand over the parts of `info` (RFC 5869 §2.3).
    pub(super) fn expand(&self, secret: &Secret, info: &[&[u8]], length: usize) -> Result<Secret> {
        if secret.expose().len() > MAX_SECRET {
            return Err(Code::BadKey.with("a secret is longer than any hash of the suites"));
        }
        let blocks = u8::try_from(length.div_ceil(self.length))
            .map_err(|_| Code::BadArgument.with("more bytes are asked for than the KDF gives"))?;
        let mut output = Vec::with_capacity(length);
        for counter in (1..=blocks).map(|counter| [counter]) {
            let previous =
                output.len().checked_sub(self.length).and_then(|from| output.get(from..)).unwrap_or_default();
            let input = once(previous).chain(info.iter().copied()).chain(once(counter.as_slice()));
            let block = hmac_of(self.hash, secret.expose(), input);
            output.extend(block.as_slice().iter().take(length - output.len()));
        }
        Ok(Secret::new(output))
    }
}

impl Suite {
    /// `KDF.Nh`: the length of the secrets of the key schedule.
    pub(crate) fn secret_length(&self) -> usize {
        self.kdf.length
    }

    /// `KDF.Extract(salt, ikm)`.
    pub(crate) fn extract(&self, salt: &[u8], ikm: &[u8]) -> Secret {
        self.kdf.extract(salt, once(ikm))
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use aws_lc_rs::hkdf::{self, KeyType, Prk};

    use super::*;
    use crate::base::CipherSuite;

    struct Length(usize);

    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn outputs_of_any_length_are_what_the_backend_expands() {
        for suite in Suite::ALL {
            let algorithm = match suite.secret_length() {
                32 => hkdf::HKDF_SHA256,
                48 => hkdf::HKDF_SHA384,
                _ => hkdf::HKDF_SHA512,
            };
            let secret: Vec<u8> = (1..).take(suite.secret_length()).collect();
            for length in [0, 1, 12, 16, 32, 33, 48, 64, 65, 128, 1000, 255 * suite.secret_length()] {
                let mut expected = vec![0; length];
                let prk = Prk::new_less_safe(algorithm, &secret);
                prk.expand(&[b"info"], Length(length)).unwrap().fill(&mut expected).unwrap();
                assert!(suite.expand(&Secret::copy_of(&secret), b"info", length).unwrap().matches(&expected));
            }
        }
    }

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
