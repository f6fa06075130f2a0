//! The key schedule (RFC 9420 §8): the names of pre-shared keys, and the key of one message.

mod message_key;
mod psk_id;

pub(crate) use message_key::MessageKey;
pub(crate) use psk_id::{PreSharedKeyId, Psk, ResumptionPskUsage};
