//! Hash and MAC of a suite (RFC 9420 §5.1).

use aws_lc_rs::{digest, hmac};
use smallvec::SmallVec;

use super::hmac::hmac_of;
use super::suite::Suite;
use super::wire::{Digest, Mac};
use crate::base::Secret;
use crate::codec::Short;

/// The hash column of the suite table; the MAC is HMAC over the same hash.
pub(super) struct Hash {
    pub(super) digest: &'static digest::Algorithm,
    pub(super) hmac: hmac::Algorithm,
}

pub(super) static SHA256: Hash = Hash { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256 };
pub(super) static SHA384: Hash = Hash { digest: &digest::SHA384, hmac: hmac::HMAC_SHA384 };
pub(super) static SHA512: Hash = Hash { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512 };

/// Parts up to this length are joined, because hashing at once is quicker than in pieces.
const JOINED: usize = 512;

impl Suite {
    /// The length of every [`Digest`] and [`Mac`] of this suite.
    pub(crate) fn hash_length(&self) -> usize {
        self.hash.digest.output_len()
    }

    /// `Hash(bytes)`.
    pub(crate) fn hash(&self, bytes: &[u8]) -> Digest {
        into_digest(digest::digest(self.hash.digest, bytes))
    }

    /// `Hash` of the parts one after another; long ones are not joined in memory.
    pub(crate) fn hash_parts(&self, parts: &[&[u8]]) -> Digest {
        into_digest(digest_of(self.hash.digest, parts))
    }

    /// `MAC(key, data)`.
    pub(crate) fn mac(&self, key: &Secret, data: &[u8]) -> Mac {
        self.mac_parts(key, &[data])
    }

    /// `MAC` over the parts one after another.
    pub(crate) fn mac_parts(&self, key: &Secret, parts: &[&[u8]]) -> Mac {
        Mac(Short::from(hmac_of(self.hash, key.expose(), parts.iter().copied()).as_slice()))
    }
}

/// The digest of the parts one after another.
pub(super) fn digest_of(algorithm: &'static digest::Algorithm, parts: &[&[u8]]) -> digest::Digest {
    if let [whole] = parts {
        return digest::digest(algorithm, whole);
    }
    if parts.iter().map(|part| part.len()).sum::<usize>() <= JOINED {
        let mut joined: SmallVec<[u8; JOINED]> = SmallVec::new();
        parts.iter().for_each(|part| joined.extend_from_slice(part));
        return digest::digest(algorithm, &joined);
    }
    let mut context = digest::Context::new(algorithm);
    parts.iter().for_each(|part| context.update(part));
    context.finish()
}

fn into_digest(digest: digest::Digest) -> Digest {
    Digest(Short::from(digest.as_ref()))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn parts_hash_like_the_whole() {
        for suite in Suite::ALL {
            let whole = suite.hash(b"one two three");
            assert_eq!(whole.0.len(), suite.hash_length());
            assert_eq!(whole, suite.hash_parts(&[b"one ", b"", b"two three"]));
            let long = [7; 2 * JOINED];
            assert_eq!(suite.hash(&long), suite.hash_parts(&[&long[..5], &long[5..]]));
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
