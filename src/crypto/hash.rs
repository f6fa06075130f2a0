//! Hash and MAC of a suite (RFC 9420 §5.1).

use std::io;

use aws_lc_rs::{digest, hmac};

use super::suite::Suite;
use super::wire::{Digest, Mac};
use crate::base::Secret;
use crate::codec::Opaque;

/// The hash column of the suite table; the MAC is HMAC over the same hash.
pub(super) struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

pub(super) static SHA256: Hash = Hash { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256 };
pub(super) static SHA384: Hash = Hash { digest: &digest::SHA384, hmac: hmac::HMAC_SHA384 };
pub(super) static SHA512: Hash = Hash { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512 };

impl Suite {
    /// The length of every [`Digest`] and [`Mac`] of this suite.
    pub(crate) fn hash_length(&self) -> usize {
        self.hash.digest.output_len()
    }

    /// `Hash(bytes)`.
    pub(crate) fn hash(&self, bytes: &[u8]) -> Digest {
        into_digest(digest::digest(self.hash.digest, bytes))
    }

    /// `Hash` of the parts one after another, without joining them in memory.
    pub(crate) fn hash_parts(&self, parts: &[&[u8]]) -> Digest {
        let mut hasher = self.hasher();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finish()
    }

    /// A running `Hash`; structs are encoded straight into it.
    pub(crate) fn hasher(&self) -> Hasher {
        Hasher(digest::Context::new(self.hash.digest))
    }

    /// `MAC(key, data)`.
    pub(crate) fn mac(&self, key: &Secret, data: &[u8]) -> Mac {
        self.mac_parts(key, &[data])
    }

    /// `MAC` over the parts one after another.
    pub(crate) fn mac_parts(&self, key: &Secret, parts: &[&[u8]]) -> Mac {
        Mac(Opaque::from(hmac_of(self.hash.hmac, key.expose(), parts.iter().copied()).as_ref()))
    }
}

/// A hash that is still being fed.
pub(crate) struct Hasher(digest::Context);

impl Hasher {
    /// Feeds more bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of everything fed.
    pub(crate) fn finish(self) -> Digest {
        into_digest(self.0.finish())
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// HMAC over the parts one after another.
pub(super) fn hmac_of<'a>(
    algorithm: hmac::Algorithm,
    key: &[u8],
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    parts.into_iter().for_each(|part| context.update(part));
    context.sign()
}

fn into_digest(digest: digest::Digest) -> Digest {
    Digest(Opaque::from(digest.as_ref()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn parts_hash_like_the_whole() {
        for suite in Suite::ALL {
            let whole = suite.hash(b"one two three");
            assert_eq!(whole.0.len(), suite.hash_length());
            assert_eq!(whole, suite.hash_parts(&[b"one ", b"", b"two three"]));
            let mut hasher = suite.hasher();
            hasher.write_all(b"one two three").unwrap();
            assert_eq!(whole, hasher.finish());
        }
    }

    #[test]
    fn a_mac_depends_on_key_and_data() {
        for suite in Suite::ALL {
            let tag = suite.mac(&Secret::copy_of(b"key"), b"data");
            assert!(tag.matches(&suite.mac_parts(&Secret::copy_of(b"key"), &[b"da", b"ta"])));
            assert!(!tag.matches(&suite.mac(&Secret::copy_of(b"kez"), b"data")));
            assert!(!tag.matches(&suite.mac(&Secret::copy_of(b"key"), b"datb")));
        }
    }
}
