//! Update paths (RFC 9420 §7.6): the committer's new leaf and the keys above it.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::leaf_node::LeafNode;
use super::unverified::Unverified;
use crate::crypto::{HpkeCiphertext, HpkePublicKey};

/// A new key for one parent node, and its path secret sealed to each node of the copath's resolution.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct UpdatePathNode {
    pub(crate) encryption_key: HpkePublicKey,
    pub(crate) encrypted_path_secret: Vec<HpkeCiphertext>,
}

/// What a commit replaces on the filtered direct path of its sender, lowest node first.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct UpdatePath {
    pub(crate) leaf_node: Unverified<LeafNode>,
    pub(crate) nodes: Vec<UpdatePathNode>,
}
