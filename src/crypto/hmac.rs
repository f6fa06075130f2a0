//! HMAC (RFC 2104), from which the MAC and the KDF of a suite are made.
//!
//! What a key schedule authenticates is short, and most of its keys serve once. Up to a third of the time of the backend's HMAC
//! goes into its contexts then; two hashes of buffers on the stack need none. Whatever is longer goes to the backend.

use aws_lc_rs::digest::{self, MAX_BLOCK_LEN, MAX_OUTPUT_LEN};
use aws_lc_rs::hmac;
use smallvec::SmallVec;
use zeroize::Zeroize;

use super::hash::Hash;

/// A block with the key, and behind it the longest message that is hashed on the stack.
const JOINED: usize = MAX_BLOCK_LEN + 256;

/// HMAC over the parts one after another.
pub(super) fn hmac_of<'a>(hash: &Hash, key: &[u8], parts: impl Iterator<Item = &'a [u8]> + Clone) -> Tag {
    let block = hash.digest.block_len();
    let length: usize = parts.clone().map(<[u8]>::len).sum();
    if key.len() > block || block + length > JOINED {
        return long_hmac_of(hash, key, parts);
    }
    let mut inner = Padded(SmallVec::new());
    inner.begin((key, 0x36), block);
    parts.for_each(|part| inner.0.extend_from_slice(part));
    let mut outer = Padded(SmallVec::new());
    outer.begin((key, 0x5c), block);
    outer.0.extend_from_slice(digest::digest(hash.digest, &inner.0).as_ref());
    Tag::new(digest::digest(hash.digest, &outer.0).as_ref())
}

fn long_hmac_of<'a>(hash: &Hash, key: &[u8], parts: impl Iterator<Item = &'a [u8]>) -> Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hash.hmac, key));
    parts.for_each(|part| context.update(part));
    Tag::new(context.sign().as_ref())
}

/// What HMAC hashes: the key, padded to a block, and what follows it. Never longer than [`JOINED`], so never on the heap; wiped
/// when dropped.
struct Padded(SmallVec<[u8; JOINED]>);

impl Padded {
    // In its place, so that no copy of the key stays behind elsewhere on the stack.
    fn begin(&mut self, (key, pad): (&[u8], u8), block: usize) {
        self.0.extend(key.iter().map(|byte| byte ^ pad));
        self.0.resize(block, pad);
    }
}

impl Drop for Padded {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

/// An output of HMAC. It may be a secret, and is wiped when dropped.
pub(super) struct Tag(SmallVec<[u8; MAX_OUTPUT_LEN]>);

impl Tag {
    fn new(bytes: &[u8]) -> Self {
        Tag(SmallVec::from_slice(bytes))
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::{SHA256, SHA384, SHA512};
    use super::*;

    #[test]
    fn it_is_what_the_backend_makes_of_it() {
        let bytes: Vec<u8> = (0..=255).cycle().take(2 * JOINED).collect();
        let (keys, messages) = ([0, 1, 32, 64, 65, 128, 129, 200], [0, 1, 55, 256, 257, 320, 321, 600]);
        for hash in [&SHA256, &SHA384, &SHA512] {
            for (key, message) in keys.iter().flat_map(|key| messages.iter().map(move |message| (*key, *message))) {
                let (key, message) = (bytes.split_at(key).0, bytes.split_at(message).0);
                let expected = hmac::sign(&hmac::Key::new(hash.hmac, key), message);
                let (start, end) = message.split_at(message.len() / 3);
                assert_eq!(hmac_of(hash, key, [start, b"", end].into_iter()).as_slice(), expected.as_ref());
            }
        }
    }
}
