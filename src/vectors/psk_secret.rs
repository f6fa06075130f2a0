//! `psk_secret.json`: pre-shared keys (RFC 9420 §8.4).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, list, secret, suite, words};
use crate::base::Secret;
use crate::schedule::{PreSharedKeyId, Psk, psk_secret};

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let psks = list(entry, "psks")?.iter().map(psk).collect::<Result<Vec<_>, _>>()?;
    let found = psk_secret(suite(entry)?, &psks).map_err(words)?;
    expect(entry, "psk_secret", found.expose())
}

fn psk(entry: &Value) -> Result<(PreSharedKeyId, Secret), String> {
    let id = PreSharedKeyId {
        psk: Psk::External(bytes(entry, "psk_id")?.into()),
        psk_nonce: bytes(entry, "psk_nonce")?.into(),
    };
    Ok((id, secret(entry, "psk")?))
}
