//! Key packages (RFC 9420 §10): what a client publishes so that others can add it.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{CipherSuite, Code, Error, ProtocolVersion, Result};
use crate::crypto::{HpkePublicKey, Signature};
use crate::tree::{ExpectedSource, ExtensionPlace, Extensions, LeafNode, LeafRules, Signed};

/// A client's invitation to be added, for one use.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct KeyPackage {
    pub(crate) version: ProtocolVersion,
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) init_key: HpkePublicKey,
    pub(crate) leaf_node: LeafNode,
    pub(crate) extensions: Extensions,
    pub(crate) signature: Signature,
}

impl KeyPackage {
    /// The checks of RFC 9420 §10.1, all but the signatures. That the leaf lists the extensions of the package is left
    /// to its maker: §10 tells receivers to ignore the ones they do not know, and known ones stand elsewhere.
    pub(crate) fn check(&self, suite: CipherSuite, longest_lifetime: u64) -> Result<()> {
        self.version.check()?;
        if self.cipher_suite != suite {
            return Err(bad_key_package("it is made for another cipher suite"));
        }
        if self.init_key.0.is_empty() || self.init_key == self.leaf_node.encryption_key {
            return Err(bad_key_package("its init key is empty or that of its leaf"));
        }
        let rules = LeafRules { source: ExpectedSource::KeyPackage, member: None, longest_lifetime };
        self.leaf_node.check(&rules)?;
        self.leaf_node.check_suite(suite)?;
        self.extensions.check(ExtensionPlace::KeyPackage)
    }
}

impl Signed for KeyPackage {
    const LABEL: &'static str = "KeyPackageTBS";

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

fn bad_key_package(why: &str) -> Error {
    Code::BadKeyPackage.with(format_args!("a key package breaks a rule: {why}"))
}
