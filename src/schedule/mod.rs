//! The key schedule (RFC 9420 §8): here, the names of pre-shared keys.

mod psk_id;

pub(crate) use psk_id::{PreSharedKeyId, Psk, ResumptionPskUsage};
