//! Cipher suites as one table, and the labelled operations of RFC 9420 §5. The only room that names aws-lc-rs.

pub(crate) mod digest;
mod wire;

pub(crate) use wire::{Digest, HpkeCiphertext, HpkePublicKey, Mac, Signature, SignaturePublicKey};
