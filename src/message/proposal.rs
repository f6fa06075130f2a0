//! Proposals (RFC 9420 §12.1).

use std::io::Write;
use std::sync::Arc;

use tls_codec::{DeserializeBytes, Error, Serialize, Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::key_package::KeyPackage;
use crate::base::{CipherSuite, GroupId, LeafIndex, ProtocolVersion};
use crate::codec::Opaque;
use crate::schedule::PreSharedKeyId;
use crate::tree::{Extensions, LeafNode, ProposalType, Unverified};

/// The successor that a group is asked to make way for (RFC 9420 §12.1.5).
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct ReInit {
    pub(crate) group_id: GroupId,
    pub(crate) version: ProtocolVersion,
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) extensions: Extensions,
}

/// A change to the group that a commit may make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proposal {
    /// Let this client in (RFC 9420 §12.1.1).
    Add(Unverified<Arc<KeyPackage>>),
    /// Replace the sender's leaf (§12.1.2).
    Update(Box<Unverified<LeafNode>>),
    /// Take the member at this leaf out (§12.1.3).
    Remove(LeafIndex),
    /// Mix a pre-shared key in (§12.1.4).
    PreSharedKey(PreSharedKeyId),
    /// Close the group in favour of a successor (§12.1.5).
    ReInit(ReInit),
    /// The KEM output of an external join (§12.1.6).
    ExternalInit(Opaque),
    /// Replace the extensions of the group context (§12.1.7).
    GroupContextExtensions(Extensions),
    /// A proposal of a type that RFC 9420 does not define. Nothing on the wire says how long such a proposal is; its
    /// content is taken to be one `opaque<V>`, as other libraries do for proposals of the app's own making.
    Custom(ProposalType, Opaque),
}

impl Proposal {
    /// The number of its kind.
    pub(crate) fn proposal_type(&self) -> ProposalType {
        match self {
            Proposal::Add(_) => ProposalType::ADD,
            Proposal::Update(_) => ProposalType::UPDATE,
            Proposal::Remove(_) => ProposalType::REMOVE,
            Proposal::PreSharedKey(_) => ProposalType::PSK,
            Proposal::ReInit(_) => ProposalType::REINIT,
            Proposal::ExternalInit(_) => ProposalType::EXTERNAL_INIT,
            Proposal::GroupContextExtensions(_) => ProposalType::GROUP_CONTEXT_EXTENSIONS,
            Proposal::Custom(proposal_type, _) => *proposal_type,
        }
    }

    /// Whether someone outside the group may send it (RFC 9420 §12.1.8). Types that the RFC does not define may not: each
    /// would have to say so.
    pub(crate) fn may_be_external(&self) -> bool {
        matches!(
            self,
            Proposal::Add(_)
                | Proposal::Remove(_)
                | Proposal::PreSharedKey(_)
                | Proposal::ReInit(_)
                | Proposal::GroupContextExtensions(_)
        )
    }

    /// Whether a commit that covers it must have a path (RFC 9420 §12.4); types that the RFC does not define must.
    pub(crate) fn needs_path(&self) -> bool {
        !matches!(self, Proposal::Add(_) | Proposal::PreSharedKey(_) | Proposal::ReInit(_))
    }
}

impl Size for Proposal {
    fn tls_serialized_len(&self) -> usize {
        let content = match self {
            Proposal::Add(key_package) => key_package.peek().tls_serialized_len(),
            Proposal::Update(leaf_node) => leaf_node.tls_serialized_len(),
            Proposal::Remove(removed) => removed.tls_serialized_len(),
            Proposal::PreSharedKey(psk) => psk.tls_serialized_len(),
            Proposal::ReInit(reinit) => reinit.tls_serialized_len(),
            Proposal::ExternalInit(kem_output) => kem_output.tls_serialized_len(),
            Proposal::GroupContextExtensions(extensions) => extensions.tls_serialized_len(),
            Proposal::Custom(_, content) => content.tls_serialized_len(),
        };
        self.proposal_type().tls_serialized_len() + content
    }
}

impl Serialize for Proposal {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        let header = self.proposal_type().tls_serialize(writer)?;
        let content = match self {
            Proposal::Add(key_package) => key_package.peek().tls_serialize(writer)?,
            Proposal::Update(leaf_node) => leaf_node.tls_serialize(writer)?,
            Proposal::Remove(removed) => removed.tls_serialize(writer)?,
            Proposal::PreSharedKey(psk) => psk.tls_serialize(writer)?,
            Proposal::ReInit(reinit) => reinit.tls_serialize(writer)?,
            Proposal::ExternalInit(kem_output) => kem_output.tls_serialize(writer)?,
            Proposal::GroupContextExtensions(extensions) => extensions.tls_serialize(writer)?,
            Proposal::Custom(_, content) => content.tls_serialize(writer)?,
        };
        Ok(header + content)
    }
}

impl DeserializeBytes for Proposal {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (proposal_type, rest) = ProposalType::tls_deserialize_bytes(bytes)?;
        match proposal_type {
            ProposalType::ADD => read(rest, |key_package: Unverified<KeyPackage>| Proposal::Add(key_package.shared())),
            ProposalType::UPDATE => read(rest, Proposal::Update),
            ProposalType::REMOVE => read(rest, Proposal::Remove),
            ProposalType::PSK => read(rest, Proposal::PreSharedKey),
            ProposalType::REINIT => read(rest, Proposal::ReInit),
            ProposalType::EXTERNAL_INIT => read(rest, Proposal::ExternalInit),
            ProposalType::GROUP_CONTEXT_EXTENSIONS => read(rest, Proposal::GroupContextExtensions),
            other => read(rest, |content| Proposal::Custom(other, content)),
        }
    }
}

fn read<T: DeserializeBytes>(bytes: &[u8], proposal: impl Fn(T) -> Proposal) -> Result<(Proposal, &[u8]), Error> {
    let (content, rest) = T::tls_deserialize_bytes(bytes)?;
    Ok((proposal(content), rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::codec::{decode_exact, encode};

    #[test]
    fn an_unknown_type_carries_one_opaque() {
        let bytes = [0xf0, 1, 2, 7, 8];
        let proposal = decode_exact::<Proposal>(&bytes).unwrap();
        assert_eq!(proposal, Proposal::Custom(ProposalType(0xf001), Opaque(vec![7, 8])));
        assert_eq!(encode(&proposal).unwrap(), bytes);
        assert!(proposal.needs_path() && !proposal.may_be_external());
    }

    #[test]
    fn the_rfc_says_who_needs_a_path_and_who_may_come_from_outside() {
        let remove = Proposal::Remove(LeafIndex(0));
        assert!(remove.needs_path() && remove.may_be_external());
        let external_init = Proposal::ExternalInit(Opaque(vec![]));
        assert!(external_init.needs_path() && !external_init.may_be_external());
        let extensions = Proposal::GroupContextExtensions(Extensions::default());
        assert!(extensions.needs_path() && extensions.may_be_external());
    }
}
