//! Numbers and names that must not be mixed up.

use std::fmt;

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::error::{Code, Result};

/// The number of a protocol version (RFC 9420 §6). Others than MLS 1.0 are carried in lists and refused elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct ProtocolVersion(pub(crate) u16);

impl ProtocolVersion {
    /// MLS 1.0, the only version there is.
    pub(crate) const MLS10: Self = ProtocolVersion(1);

    /// Refuses every version but MLS 1.0.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::MLS10 => Ok(()),
            ProtocolVersion(other) => Err(Code::UnsupportedVersion.with(format_args!("protocol version {other}"))),
        }
    }
}

/// The number of a cipher suite (RFC 9420 §17.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct CipherSuite(pub(crate) u16);

/// The id of a group: opaque bytes chosen by its creator.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupId(pub(crate) Vec<u8>);

impl GroupId {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupId(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The number of an epoch; it grows by one with each commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Epoch(pub(crate) u64);

impl Epoch {
    /// The epoch after this one, if the counter has room.
    pub(crate) fn next(self) -> Option<Epoch> {
        self.0.checked_add(1).map(Epoch)
    }
}

/// The position of a member among the leaves of the ratchet tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct LeafIndex(pub(crate) u32);
