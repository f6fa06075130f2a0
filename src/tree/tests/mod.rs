//! The stored tree against a plain one in memory, over random commits; and imports of trees that must be refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod arrivals;
mod bench;
mod commits;
mod cost;
pub(crate) mod model;
mod paths;
mod refused;
mod unmerged;

use super::capabilities::{Capabilities, ProposalType};
use super::credential::{Credential, CredentialType};
use super::extension::{ExtensionType, Extensions};
use super::leaf_node::{LeafNode, LeafNodeSource, Lifetime};
use crate::base::{CipherSuite, ProtocolVersion};
use crate::crypto::{HpkePublicKey, Signature, SignaturePublicKey, Suite};

fn suite() -> &'static Suite {
    Suite::of(CipherSuite(1)).unwrap()
}

/// A seeded generator (xorshift64*).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..4).flat_map(|_| self.next().to_be_bytes()).collect()
    }

    fn key(&mut self) -> HpkePublicKey {
        HpkePublicKey(self.bytes().into())
    }

    /// A few numbers of types, some of them twice.
    fn types(&mut self) -> Vec<u16> {
        (0..self.below(4)).map(|_| 0xf000 + self.below(5) as u16).collect()
    }

    /// A leaf that nobody signed, of a client with this name.
    fn leaf(&mut self, name: &str, leaf_node_source: LeafNodeSource) -> LeafNode {
        let name = name.as_bytes().to_vec();
        let credential = match self.chance(30) {
            true => Credential::Other(CredentialType(0xf000 + self.below(3) as u16), name.into()),
            false => Credential::Basic(name.into()),
        };
        LeafNode {
            encryption_key: self.key(),
            signature_key: SignaturePublicKey(self.bytes().into()),
            capabilities: Capabilities {
                versions: vec![ProtocolVersion::MLS10],
                cipher_suites: vec![CipherSuite(1)],
                extensions: self.types().into_iter().map(ExtensionType).collect(),
                proposals: self.types().into_iter().map(ProposalType).collect(),
                credentials: std::iter::once(credential.credential_type())
                    .chain(self.types().into_iter().map(CredentialType))
                    .collect(),
            },
            credential,
            leaf_node_source,
            extensions: Extensions::default(),
            signature: Signature(self.bytes().into()),
        }
    }
}

fn from_key_package() -> LeafNodeSource {
    LeafNodeSource::KeyPackage(Lifetime { not_before: 0, not_after: 9 })
}
