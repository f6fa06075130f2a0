//! How pre-shared keys enter the key schedule (RFC 9420 §8.4).

use tls_codec::{TlsSerialize, TlsSize};

use super::psk_id::PreSharedKeyId;
use crate::base::{Code, Result, Secret};
use crate::codec::encode;
use crate::crypto::Suite;

#[derive(TlsSize, TlsSerialize)]
struct PskLabel<'a> {
    id: &'a PreSharedKeyId,
    index: u16,
    count: u16,
}

/// `psk_secret` of these keys in this order; all zero for none.
pub(crate) fn psk_secret(suite: &Suite, psks: &[(PreSharedKeyId, Secret)]) -> Result<Secret> {
    let count = u16::try_from(psks.len()).map_err(|_| Code::LimitReached.with("at most 65535 pre-shared keys"))?;
    let zero = Secret::zero(suite.secret_length());
    (0..count).zip(psks).try_fold(zero, |psk_secret, (index, (id, psk))| {
        let psk_input = psk_input(suite, psk, &PskLabel { id, index, count })?;
        Ok(suite.extract(psk_input.expose(), psk_secret.expose()))
    })
}

fn psk_input(suite: &Suite, psk: &Secret, label: &PskLabel<'_>) -> Result<Secret> {
    let zero = Secret::zero(suite.secret_length());
    let psk_extracted = suite.extract(zero.expose(), psk.expose());
    suite.expand_with_label(&psk_extracted, "derived psk", &encode(label)?, suite.secret_length())
}
