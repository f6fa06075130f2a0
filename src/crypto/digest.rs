//! What the store needs of cryptography, apart from any cipher suite: hashing of names, and sealing of values at rest.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac, rand};

use crate::base::{Code, Result, Secret};

const NONCE: usize = 12;

/// SHA-256 of the parts, one after another.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| context.update(part));
    first_32(context.finish().as_ref())
}

/// HMAC-SHA-256 of the parts, one after another.
pub(crate) fn hmac_sha256(key: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    parts.iter().for_each(|part| context.update(part));
    first_32(context.sign().as_ref())
}

/// Encrypts a value under AES-256-GCM-SIV with a random nonce, bound to the key it is stored under.
pub(crate) fn seal_record(key: &Secret, record_key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0u8; NONCE];
    rand::fill(&mut nonce).map_err(|_| Code::Internal)?;
    let mut sealed = Vec::with_capacity(NONCE + value.len() + 16);
    sealed.extend_from_slice(value);
    let aad = Aad::from(record_key);
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
        .map_err(|_| Code::Internal)?;
    sealed.extend_from_slice(&nonce);
    Ok(sealed)
}

/// Decrypts what [`seal_record`] made for the same record key.
pub(crate) fn open_record(key: &Secret, record_key: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let (body, nonce) = sealed.split_last_chunk::<NONCE>().ok_or(Code::BadCiphertext)?;
    let mut value = body.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length =
        cipher(key)?.open_in_place(nonce, Aad::from(record_key), &mut value).map_err(|_| Code::BadCiphertext)?.len();
    value.truncate(length);
    Ok(value)
}

fn cipher(key: &Secret) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM_SIV, key.expose()).map_err(|_| Code::BadKey)?;
    Ok(LessSafeKey::new(key))
}

fn first_32(bytes: &[u8]) -> [u8; 32] {
    bytes.first_chunk().copied().unwrap_or_default()
}
