//! Who sent a message (RFC 9420 §6).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::LeafIndex;

/// The sender of a framed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum Sender {
    /// The member at this leaf.
    #[tls_codec(discriminant = 1)]
    Member(LeafIndex),
    /// The outsider at this position of the `external_senders` extension.
    #[tls_codec(discriminant = 2)]
    External(u32),
    /// A client that proposes to add itself.
    #[tls_codec(discriminant = 3)]
    NewMemberProposal,
    /// A client that joins by a commit of its own.
    #[tls_codec(discriminant = 4)]
    NewMemberCommit,
}

impl Sender {
    /// Whether its signature covers the group context, which an outsider may not know (RFC 9420 §6.1).
    pub(crate) fn signs_group_context(self) -> bool {
        matches!(self, Sender::Member(_) | Sender::NewMemberCommit)
    }
}
