//! Leaves for the tests of several rooms.

#![allow(clippy::unwrap_used)]

use super::{Capabilities, Credential, CredentialType, Extensions, LeafNode, LeafNodeSource, Lifetime};
use crate::base::{GroupId, LeafIndex, ProtocolVersion};
use crate::codec::{Opaque, Short};
use crate::crypto::{Signature, SignaturePrivateKey, Suite};
use crate::tree::Signed;

/// A leaf for a key package, not yet signed, and the key to sign it with.
pub(crate) fn leaf(suite: &'static Suite) -> (LeafNode, SignaturePrivateKey) {
    let (key, signature_key) = suite.generate_signature_keys().unwrap();
    let leaf = LeafNode {
        encryption_key: suite.generate_hpke_keys().unwrap().1,
        signature_key,
        credential: Credential::Basic(Opaque(b"alice".to_vec())),
        capabilities: Capabilities {
            versions: vec![ProtocolVersion::MLS10],
            cipher_suites: vec![suite.id()],
            extensions: vec![],
            proposals: vec![],
            credentials: vec![CredentialType::BASIC],
        },
        leaf_node_source: LeafNodeSource::KeyPackage(Lifetime { not_before: 1_000, not_after: 2_000 }),
        extensions: Extensions::default(),
        signature: Signature(Short::default()),
    };
    (leaf, key)
}

/// The leaf with a signature for its place.
pub(crate) fn signed(mut leaf: LeafNode, key: &SignaturePrivateKey, member: Option<(&GroupId, LeafIndex)>) -> LeafNode {
    leaf.signature = key.sign_with_label(LeafNode::LABEL, &leaf.to_be_signed(member).unwrap()).unwrap();
    leaf
}
