//! `crypto-basics.json`: the labelled operations of RFC 9420 §5 and §8.

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, field, number, secret, suite, text, words};
use crate::crypto::{HpkeCiphertext, HpkePrivateKey, HpkePublicKey, Signature, SignaturePublicKey, Suite};

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let suite = suite(entry)?;
    ref_hash(suite, field(entry, "ref_hash")?)?;
    derivations(suite, entry)?;
    sign_with_label(suite, field(entry, "sign_with_label")?)?;
    encrypt_with_label(suite, field(entry, "encrypt_with_label")?)
}

fn ref_hash(suite: &Suite, case: &Value) -> Result<(), String> {
    let hash = suite.ref_hash(text(case, "label")?, &bytes(case, "value")?).map_err(words)?;
    expect(case, "out", &hash.0)
}

fn derivations(suite: &Suite, entry: &Value) -> Result<(), String> {
    let case = field(entry, "expand_with_label")?;
    let (context, length) = (bytes(case, "context")?, number(case, "length")?);
    let out = suite.expand_with_label(&secret(case, "secret")?, text(case, "label")?, &context, length);
    expect(case, "out", out.map_err(words)?.expose())?;

    let case = field(entry, "derive_secret")?;
    let out = suite.derive_secret(&secret(case, "secret")?, text(case, "label")?);
    expect(case, "out", out.map_err(words)?.expose())?;

    let case = field(entry, "derive_tree_secret")?;
    let (generation, length) = (number(case, "generation")?, number(case, "length")?);
    let out = suite.derive_tree_secret(&secret(case, "secret")?, text(case, "label")?, generation, length);
    expect(case, "out", out.map_err(words)?.expose())
}

fn sign_with_label(suite: &Suite, case: &Value) -> Result<(), String> {
    let (label, content) = (text(case, "label")?, bytes(case, "content")?);
    let public = SignaturePublicKey(bytes(case, "pub")?.into());
    let private = suite.signature_key(secret(case, "priv")?).map_err(words)?;
    expect(case, "pub", &private.public_key().0)?;
    suite.check_signature_key(&public).map_err(words)?;
    let ours = private.sign_with_label(label, &content).map_err(words)?;
    for signature in [Signature(bytes(case, "signature")?.into()), ours] {
        suite.verify_with_label(&public, label, &content, &signature).map_err(words)?;
    }
    Ok(())
}

fn encrypt_with_label(suite: &'static Suite, case: &Value) -> Result<(), String> {
    let (label, context, plaintext) = (text(case, "label")?, bytes(case, "context")?, bytes(case, "plaintext")?);
    let public = HpkePublicKey(bytes(case, "pub")?.into());
    let private = HpkePrivateKey(secret(case, "priv")?);
    expect(case, "pub", &suite.hpke_public_key(&private).map_err(words)?.0)?;
    suite.check_hpke_key(&public).map_err(words)?;
    let theirs =
        HpkeCiphertext { kem_output: bytes(case, "kem_output")?.into(), ciphertext: bytes(case, "ciphertext")?.into() };
    let ours = suite.encrypt_with_label(&public, label, &context, &plaintext).map_err(words)?;
    for sealed in [theirs, ours] {
        let opened = suite.decrypt_with_label(&private, label, &context, &sealed).map_err(words)?;
        expect(case, "plaintext", opened.expose())?;
    }
    Ok(())
}
