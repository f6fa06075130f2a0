//! Sending application messages (RFC 9420 §15): encrypted, signed, and never twice under one key, because the ratchet's
//! advance is durable before the bytes leave the library.

use super::host::Host;
use super::own_leaf::{protect, sign_content};
use super::state::GroupState;
use crate::base::{Code, Result, limits};
use crate::message::{Content, WireFormat};
use crate::store::Txn;

/// Encrypts one message for the current epoch, and stages the advance of our ratchet.
pub(crate) fn application(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    (plaintext, aad): (&[u8], &[u8]),
) -> Result<Vec<u8>> {
    state.head.require_active()?;
    if state.head.proposals > 0 {
        return Err(Code::PendingProposals.into());
    }
    if plaintext.len() > limits::MAX_PLAINTEXT || aad.len() > limits::MAX_PLAINTEXT {
        let most = limits::MAX_PLAINTEXT;
        return Err(Code::TooLong.with(format_args!("a message and its authenticated data are at most {most} bytes")));
    }
    state.guard_head(txn)?;
    let content = Content::Application(plaintext.into());
    let authenticated = sign_content(state, host, (WireFormat::PRIVATE_MESSAGE, content), aad)?;
    let (message, advance) = protect(txn, (state, host, &state.keys), authenticated)?;
    advance.map_or(Ok(()), |advance| advance.stage_sealed(txn))?;
    Ok(message)
}
