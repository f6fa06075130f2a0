//! Cipher suites as one table, and the labelled operations of RFC 9420 §5. The only room that names aws-lc-rs.
//!
//! Every operation is a method of [`Suite`]. What is checked against an attacker's input says so with `BadSignature`,
//! `BadCiphertext` or `Malformed` (a public key that is none); `BadKey` is about private keys, which the caller holds.

mod aead;
mod at_rest;
mod curve;
mod hash;
mod hmac;
mod hpke;
mod kdf;
mod kem;
mod label;
mod random;
mod reference;
mod scheme;
mod sign;
mod suite;
mod wire;

pub(crate) use at_rest::{RecordKey, SEALED_OVERHEAD, hmac_sha256, sha256};
pub(crate) use hpke::{Encapsulated, HpkeInfo, HpkePrivateKey};
pub(crate) use random::{random_bytes, random_secret};
pub(crate) use sign::{SignaturePrivateKey, SignatureVerified, sign_content};
pub(crate) use suite::Suite;
pub(crate) use wire::{Digest, HpkeCiphertext, HpkePublicKey, Mac, Signature, SignaturePublicKey};
