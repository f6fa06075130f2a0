//! What every other room stands on: errors with stable codes, ids, limits, secrets, and the traits the host implements.

pub(crate) mod age;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod host;
pub(crate) mod ids;
pub(crate) mod limits;
pub(crate) mod lookup;
pub(crate) mod parallel;
pub(crate) mod secret;
pub(crate) mod trace;

pub(crate) use age::is_over;
pub(crate) use error::{Code, Error, Result};
pub(crate) use ids::{CipherSuite, Epoch, GroupId, LeafIndex, ProtocolVersion};
pub(crate) use secret::{Secret, Wiped, constant_time_eq};
