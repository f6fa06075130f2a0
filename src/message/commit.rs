//! Commits (RFC 9420 §12.4).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::proposal::Proposal;
use crate::crypto::Digest;
use crate::tree::UpdatePath;

/// A proposal that a commit covers, itself or by the hash of the message that brought it.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum ProposalOrRef {
    /// A new proposal of the committer.
    #[tls_codec(discriminant = 1)]
    Proposal(Proposal),
    /// The ProposalRef of a proposal sent earlier in the epoch (RFC 9420 §5.2).
    #[tls_codec(discriminant = 2)]
    Reference(Digest),
}

/// The step from one epoch to the next.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Commit {
    pub(crate) proposals: Vec<ProposalOrRef>,
    pub(crate) path: Option<UpdatePath>,
}
