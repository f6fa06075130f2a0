//! How pre-shared keys are named in messages (RFC 9420 §8.4).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{Epoch, GroupId};
use crate::codec::Opaque;

/// What a resumption PSK is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum ResumptionPskUsage {
    /// Whatever the app likes.
    Application = 1,
    /// Ties a group to the one it replaces.
    ReInit = 2,
    /// Ties a group to the one it branched from.
    Branch = 3,
}

/// Which key is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum Psk {
    /// A key that the app provides, by its name.
    #[tls_codec(discriminant = 1)]
    External(Opaque),
    /// The resumption secret of an earlier epoch, of this group or another.
    #[tls_codec(discriminant = 2)]
    Resumption {
        /// What it is used for.
        usage: ResumptionPskUsage,
        /// The group it comes from.
        psk_group_id: GroupId,
        /// The epoch it comes from.
        psk_epoch: Epoch,
    },
}

/// A key and the nonce that makes each use of it different.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct PreSharedKeyId {
    pub(crate) psk: Psk,
    pub(crate) psk_nonce: Opaque,
}
