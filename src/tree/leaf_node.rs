//! Leaf nodes (RFC 9420 §7.2) and those checks of §7.3 that need nothing but the leaf.

use tls_codec::{Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::capabilities::Capabilities;
use super::credential::{Credential, CredentialType};
use super::extension::{ExtensionPlace, ExtensionType, Extensions};
use super::unverified::{Signed, Unverified};
use crate::base::{CipherSuite, Code, Error, GroupId, LeafIndex, ProtocolVersion, Result, limits};
use crate::codec::write;
use crate::crypto::{Digest, HpkePublicKey, Signature, SignaturePublicKey, SignatureVerified, Suite};

/// When a leaf from a key package is valid, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Lifetime {
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
}

impl Lifetime {
    /// Refuses a lifetime that ends before it begins, or is longer than `longest` seconds in all (RFC 9420 §7.2).
    pub(crate) fn check_range(&self, longest: u64) -> Result<()> {
        match self.not_after.checked_sub(self.not_before) {
            Some(length) if length <= longest => Ok(()),
            Some(_) => Err(bad_leaf(format_args!("its lifetime is longer than {longest} seconds"))),
            None => Err(bad_leaf("its lifetime ends before it begins")),
        }
    }

    /// Refuses a lifetime that does not include `now` (RFC 9420 §7.3).
    pub(crate) fn check_now(&self, now: u64) -> Result<()> {
        match (self.not_before..=self.not_after).contains(&now) {
            true => Ok(()),
            false => Err(Code::Expired.into()),
        }
    }
}

/// How the leaf came into being, with what that kind carries.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum LeafNodeSource {
    /// Published ahead in a key package.
    #[tls_codec(discriminant = 1)]
    KeyPackage(Lifetime),
    /// Proposed by a member for itself.
    #[tls_codec(discriminant = 2)]
    Update,
    /// Part of a commit's path; carries the parent hash.
    #[tls_codec(discriminant = 3)]
    Commit(Digest),
}

/// A member as it stands in the tree.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct LeafNode {
    pub(crate) encryption_key: HpkePublicKey,
    pub(crate) signature_key: SignaturePublicKey,
    pub(crate) credential: Credential,
    pub(crate) capabilities: Capabilities,
    pub(crate) leaf_node_source: LeafNodeSource,
    pub(crate) extensions: Extensions,
    pub(crate) signature: Signature,
}

/// The kind of leaf that may stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedSource {
    /// In a key package.
    KeyPackage,
    /// In an Update proposal.
    Update,
    /// In an update path.
    Commit,
    /// In a ratchet tree.
    Any,
}

/// What a leaf is checked against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafRules<'a> {
    /// The kind of leaf expected.
    pub(crate) source: ExpectedSource,
    /// The place in a group, which the signature covers unless the leaf comes from a key package.
    pub(crate) member: Option<(&'a GroupId, LeafIndex)>,
    /// The longest total lifetime accepted, in seconds; see [`limits::MAX_LIFETIME`].
    pub(crate) longest_lifetime: u64,
}

impl Unverified<LeafNode> {
    /// The leaf, if the checks of RFC 9420 §7.3 hold that need nothing but the leaf and its place.
    pub(crate) fn verify(self, suite: &Suite, rules: &LeafRules<'_>) -> Result<LeafNode> {
        let proof = self.peek().verify(suite, rules)?;
        Ok(self.accept(proof))
    }
}

impl LeafNode {
    /// The checks of RFC 9420 §7.2 and §7.3 that need nothing but the leaf and its place, the cheap ones first.
    pub(crate) fn verify(&self, suite: &Suite, rules: &LeafRules<'_>) -> Result<SignatureVerified> {
        self.check(suite, rules)?;
        let content = self.to_be_signed(rules.member)?;
        suite.verify_with_label(&self.signature_key, Self::LABEL, &content, &self.signature)
    }

    /// When the leaf is valid; nothing if it does not come from a key package.
    pub(crate) fn lifetime(&self) -> Option<Lifetime> {
        match self.leaf_node_source {
            LeafNodeSource::KeyPackage(lifetime) => Some(lifetime),
            _ => None,
        }
    }

    /// What the signature covers: the fields above it, and the place in the group unless the leaf comes from a key
    /// package (LeafNodeTBS, RFC 9420 §7.2).
    pub(crate) fn to_be_signed(&self, member: Option<(&GroupId, LeafIndex)>) -> Result<Vec<u8>> {
        let mut bytes = self.signed_fields()?;
        if !matches!(self.leaf_node_source, LeafNodeSource::KeyPackage(_)) {
            let (group_id, leaf_index) = member.ok_or_else(|| bad_leaf("it belongs to no group yet"))?;
            write(&mut bytes, group_id)?;
            write(&mut bytes, &leaf_index)?;
        }
        Ok(bytes)
    }

    /// Every member supports the version and the suite of its group (RFC 9420 §11.1). Asked of leaves that come into a
    /// group, not of those found there: §7.3 does not list it, and trees are in use that do not keep it.
    pub(crate) fn check_group(&self, suite: CipherSuite) -> Result<()> {
        if !self.capabilities.supports_version(ProtocolVersion::MLS10) {
            return Err(bad_leaf("its capabilities do not list MLS 1.0"));
        }
        match self.capabilities.supports_suite(suite) {
            true => Ok(()),
            false => Err(bad_leaf(format_args!("its capabilities do not list cipher suite {}", suite.0))),
        }
    }

    /// All but the signature.
    fn check(&self, suite: &Suite, rules: &LeafRules<'_>) -> Result<()> {
        if self.tls_serialized_len() > limits::MAX_LEAF_NODE {
            return Err(Code::LimitReached.with(format_args!("a leaf is at most {} bytes long", limits::MAX_LEAF_NODE)));
        }
        self.check_source(rules)?;
        self.check_listed()?;
        self.extensions.check(ExtensionPlace::LeafNode)?;
        suite.check_hpke_key(&self.encryption_key)
    }

    fn check_source(&self, rules: &LeafRules<'_>) -> Result<()> {
        match (&self.leaf_node_source, rules.source) {
            (LeafNodeSource::KeyPackage(lifetime), ExpectedSource::KeyPackage | ExpectedSource::Any) => {
                lifetime.check_range(rules.longest_lifetime)
            }
            (LeafNodeSource::Update, ExpectedSource::Update | ExpectedSource::Any)
            | (LeafNodeSource::Commit(_), ExpectedSource::Commit | ExpectedSource::Any) => Ok(()),
            _ => Err(bad_leaf("its source does not fit the place it stands in")),
        }
    }

    /// What the leaf uses, its capabilities must list (RFC 9420 §7.2).
    fn check_listed(&self) -> Result<()> {
        if let Some(ExtensionType(number)) = self.capabilities.lacking_extension(self.extensions.types()) {
            return Err(bad_leaf(format_args!("its capabilities do not list its extension {number}")));
        }
        let CredentialType(number) = self.credential.credential_type();
        match self.capabilities.supports_credential(CredentialType(number)) {
            true => Ok(()),
            false => Err(bad_leaf(format_args!("its capabilities do not list its credential type {number}"))),
        }
    }
}

impl Signed for LeafNode {
    const LABEL: &'static str = "LeafNodeTBS";

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

fn bad_leaf(why: impl std::fmt::Display) -> Error {
    Code::BadLeafNode.with(format_args!("a leaf node breaks a rule: {why}"))
}

#[cfg(test)]
#[path = "leaf_node_tests.rs"]
mod tests;
