//! Sending application messages (RFC 9420 §15): encrypted, signed, and never twice under one key, because the ratchet's
//! advance is durable before the bytes leave the library.

use super::head::Head;
use super::host::Host;
use super::own_leaf::{protect, sign_content};
use super::reserve::Reserve;
use super::state::GroupState;
use crate::base::{Code, Result, limits};
use crate::message::{Content, WireFormat};
use crate::store::Txn;

/// Encrypts one message for the current epoch, and stages the advance of our ratchet, past as many generations more as are to
/// be reserved for the next messages.
pub(crate) fn application(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    (plaintext, aad): (&[u8], &[u8]),
    reserve: u32,
) -> Result<(Vec<u8>, Option<Reserve>)> {
    check(&state.head, (plaintext, aad))?;
    state.guard_head(txn)?;
    let content = Content::Application(plaintext.into());
    let authenticated = sign_content(state, host, (WireFormat::PRIVATE_MESSAGE, content), aad)?;
    let (message, advance) = protect(txn, (state, host, &state.keys), authenticated)?;
    let Some(mut advance) = advance else { return Ok((message, None)) };
    let counted_as = (limits::RESERVED_BYTES, host.seal_limits(state.suite));
    let keys = advance.reserve(reserve, counted_as)?;
    advance.stage_sealed(txn)?;
    Ok((message, Reserve::of(txn, state, keys)))
}

/// Whether this may be sent as the head stands, reserved or not.
pub(crate) fn check(head: &Head, (plaintext, aad): (&[u8], &[u8])) -> Result<()> {
    head.require_active()?;
    if head.proposals > 0 {
        return Err(Code::PendingProposals.into());
    }
    if plaintext.len().saturating_add(aad.len()) > limits::MAX_PLAINTEXT {
        let most = limits::MAX_PLAINTEXT;
        return Err(
            Code::TooLong.with(format_args!("a message and its authenticated data are at most {most} bytes together"))
        );
    }
    Ok(())
}
