//! Key material: wiped when dropped, never printed, compared in constant time, never copied by accident.

use std::fmt;
use std::ops::{Deref, DerefMut};

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Overwrites a buffer and all its room. At once: `Vec::zeroize` goes byte by byte, which shows in every call.
pub(crate) fn wipe(bytes: &mut Vec<u8>) {
    bytes.spare_capacity_mut().zeroize();
    bytes.as_mut_slice().zeroize();
    bytes.clear();
}

/// A buffer that is wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Wiped(Vec<u8>);

impl Wiped {
    /// Takes over a buffer.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Wiped(bytes)
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiped {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl ZeroizeOnDrop for Wiped {}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wiped({})", self.0.len())
    }
}

/// Bytes that must not leak: a secret of the key schedule, a private key, a symmetric key.
pub(crate) struct Secret(Wiped);

impl Secret {
    /// Takes over a buffer; the secret wipes it when dropped.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Secret(Wiped::new(bytes))
    }

    /// Copies a slice that the caller remains responsible for.
    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        Self::new(bytes.to_vec())
    }

    /// The all-zero secret of RFC 9420 §8 and §12.4.2.
    pub(crate) fn zero(length: usize) -> Self {
        Self::new(vec![0; length])
    }

    /// The bytes themselves; every use of them is found by this name.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The buffer itself, which goes on wiping itself when dropped.
    pub(crate) fn into_inner(self) -> Wiped {
        self.0
    }

    /// A second copy, asked for by name.
    pub(crate) fn duplicate(&self) -> Self {
        Self::copy_of(&self.0)
    }

    /// Equality in constant time; lengths are public.
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn matches(&self, other: &[u8]) -> bool {
        constant_time_eq(&self.0, other)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.0.len())
    }
}

/// Equality of two byte strings in time that depends on their lengths alone (RFC 9420 §6.1, §6.2: tags).
pub(crate) fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    bool::from(a.ct_eq(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::copy_of(b"swordfish");
        assert_eq!(format!("{secret:?}"), "Secret(9)");
    }

    #[test]
    fn a_truncated_secret_does_not_match() {
        let secret = Secret::copy_of(b"swordfish");
        assert!(secret.matches(b"swordfish"));
        assert!(!secret.matches(b"swordfis"));
        assert!(!secret.matches(b""));
        assert!(Secret::zero(0).matches(b""));
    }
}
