//! What a client can do (RFC 9420 §7.2) and what a group asks of its members (§11.1).
//!
//! The random values of §13.5 are unknown values like any other: carried, and matched by nothing.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::credential::CredentialType;
use super::extension::ExtensionType;
use super::grease::is_reserved;
use crate::base::{CipherSuite, Code, ProtocolVersion, Result};

/// The registered number of a kind of proposal (RFC 9420 §17.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct ProposalType(pub(crate) u16);

impl ProposalType {
    /// A new member.
    pub(crate) const ADD: Self = ProposalType(1);
    /// New keys for the sender's leaf.
    pub(crate) const UPDATE: Self = ProposalType(2);
    /// A member less.
    pub(crate) const REMOVE: Self = ProposalType(3);
    /// A pre-shared key.
    pub(crate) const PSK: Self = ProposalType(4);
    /// A successor for the group.
    pub(crate) const REINIT: Self = ProposalType(5);
    /// The init secret of an external commit.
    pub(crate) const EXTERNAL_INIT: Self = ProposalType(6);
    /// Other extensions of the group context.
    pub(crate) const GROUP_CONTEXT_EXTENSIONS: Self = ProposalType(7);

    /// Whether every client understands it unasked (RFC 9420 §7.2).
    pub(crate) fn is_default(self) -> bool {
        (Self::ADD..=Self::GROUP_CONTEXT_EXTENSIONS).contains(&self)
    }
}

/// What a client understands, beyond the default types (RFC 9420 §7.2).
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Capabilities {
    pub(crate) versions: Vec<ProtocolVersion>,
    pub(crate) cipher_suites: Vec<CipherSuite>,
    pub(crate) extensions: Vec<ExtensionType>,
    pub(crate) proposals: Vec<ProposalType>,
    pub(crate) credentials: Vec<CredentialType>,
}

impl Capabilities {
    /// Whether the version is listed.
    pub(crate) fn supports_version(&self, version: ProtocolVersion) -> bool {
        self.versions.contains(&version)
    }

    /// Whether the suite is listed.
    pub(crate) fn supports_suite(&self, suite: CipherSuite) -> bool {
        self.cipher_suites.contains(&suite)
    }

    /// Whether the proposal type is a default one or listed.
    pub(crate) fn supports_proposal(&self, proposal: ProposalType) -> bool {
        proposal.is_default() || self.proposals.contains(&proposal)
    }

    /// Whether the credential type is listed; there are no default ones.
    pub(crate) fn supports_credential(&self, credential: CredentialType) -> bool {
        self.credentials.contains(&credential)
    }

    /// The first of `wanted` that is neither a default extension type nor listed.
    pub(crate) fn lacking_extension(&self, wanted: impl Iterator<Item = ExtensionType>) -> Option<ExtensionType> {
        first_missing(&self.extensions, wanted.filter(|extension| !extension.is_default()))
    }

    /// Refuses capabilities that do not cover what the group requires (RFC 9420 §7.3, §11.1).
    pub(crate) fn check_required(&self, required: &RequiredCapabilities) -> Result<()> {
        let proposals = required.proposal_types.iter().copied().filter(|proposal| !proposal.is_default());
        if let Some(ExtensionType(number)) = self.lacking_extension(required.extension_types.iter().copied()) {
            return Err(Code::Incapable.with(format_args!("extension type {number} is required")));
        }
        if let Some(ProposalType(number)) = first_missing(&self.proposals, proposals) {
            return Err(Code::Incapable.with(format_args!("proposal type {number} is required")));
        }
        match first_missing(&self.credentials, required.credential_types.iter().copied()) {
            Some(CredentialType(number)) => {
                Err(Code::Incapable.with(format_args!("credential type {number} is required")))
            }
            None => Ok(()),
        }
    }

    /// Refuses capabilities of our own making that list a default type (RFC 9420 §7.2), or claim to support a value that is
    /// reserved for GREASE (§13.5); on receipt both are overlooked.
    pub(crate) fn check_own(&self) -> Result<()> {
        let listed = self.extensions.iter().any(|extension| extension.is_default())
            || self.proposals.iter().any(|proposal| proposal.is_default());
        if listed {
            return Err(Code::BadArgument.with("capabilities must not list default extension or proposal types"));
        }
        let extensions = self.extensions.iter().map(|listed| listed.0);
        let others = self.proposals.iter().map(|listed| listed.0).chain(self.credentials.iter().map(|listed| listed.0));
        match extensions.chain(others).any(is_reserved) {
            true => Err(Code::BadArgument.with("a type that is reserved for GREASE cannot be supported")),
            false => Ok(()),
        }
    }
}

/// The first of `wanted` that `listed` has not, in time O(n log n): both lists may be long and hostile.
fn first_missing<T: Ord + Copy>(listed: &[T], wanted: impl Iterator<Item = T>) -> Option<T> {
    let mut wanted = wanted.peekable();
    wanted.peek()?;
    let mut listed = listed.to_vec();
    listed.sort_unstable();
    wanted.find(|item| listed.binary_search(item).is_err())
}

/// The `required_capabilities` extension of a group (RFC 9420 §11.1).
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct RequiredCapabilities {
    pub(crate) extension_types: Vec<ExtensionType>,
    pub(crate) proposal_types: Vec<ProposalType>,
    pub(crate) credential_types: Vec<CredentialType>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sample() -> Capabilities {
        Capabilities {
            versions: vec![ProtocolVersion::MLS10],
            cipher_suites: vec![CipherSuite(1), CipherSuite(0x0a0a)],
            extensions: vec![ExtensionType(0xf001)],
            proposals: vec![ProposalType(0xf002)],
            credentials: vec![CredentialType::BASIC],
        }
    }

    #[test]
    fn default_types_need_not_be_listed() {
        let required = RequiredCapabilities {
            extension_types: (1..=5).map(ExtensionType).chain([ExtensionType(0xf001)]).collect(),
            proposal_types: (1..=7).map(ProposalType).chain([ProposalType(0xf002)]).collect(),
            credential_types: vec![CredentialType::BASIC],
        };
        sample().check_required(&required).unwrap();
        sample().check_own().unwrap();
    }

    #[test]
    fn what_is_not_listed_is_lacking() {
        let none = RequiredCapabilities { extension_types: vec![], proposal_types: vec![], credential_types: vec![] };
        let extension = RequiredCapabilities { extension_types: vec![ExtensionType(6)], ..none.clone() };
        let proposal = RequiredCapabilities { proposal_types: vec![ProposalType(8)], ..none.clone() };
        let credential = RequiredCapabilities { credential_types: vec![CredentialType::X509], ..none.clone() };
        sample().check_required(&none).unwrap();
        for required in [extension, proposal, credential] {
            assert_eq!(sample().check_required(&required).unwrap_err().code(), Code::Incapable.number());
        }
    }

    #[test]
    fn our_own_lists_name_no_default_type() {
        let mut capabilities = sample();
        capabilities.proposals.push(ProposalType::UPDATE);
        assert!(capabilities.check_own().is_err());
    }
}
