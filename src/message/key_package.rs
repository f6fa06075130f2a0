//! Key packages (RFC 9420 §10): what a client publishes so that others can add it.

use std::sync::Arc;

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{CipherSuite, Code, Error, ProtocolVersion, Result};
use crate::codec::encode;
use crate::crypto::{Digest, HpkePublicKey, Signature, SignatureVerified, Suite};
use crate::tree::{ExpectedSource, ExtensionPlace, Extensions, LeafNode, LeafRules, Signed, Unverified};

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

impl Unverified<Arc<KeyPackage>> {
    /// The key package, if the checks of RFC 9420 §10.1 hold for a group of this suite. Whether the lifetime includes the
    /// present is asked with [`Lifetime::check_now`](crate::tree::Lifetime::check_now).
    pub(crate) fn verify(self, suite: &Suite, longest_lifetime: u64) -> Result<Arc<KeyPackage>> {
        let proof = self.prove(suite, longest_lifetime)?;
        Ok(self.accept(proof))
    }

    /// The same, when many are checked before any is accepted: the proof that its signatures are good.
    pub(crate) fn prove(&self, suite: &Suite, longest_lifetime: u64) -> Result<SignatureVerified> {
        self.peek().verify(suite, longest_lifetime)
    }
}

impl KeyPackage {
    /// Its KeyPackageRef (RFC 9420 §5.2).
    pub(crate) fn reference(&self, suite: &Suite) -> Result<Digest> {
        suite.key_package_ref(&encode(self)?)
    }

    fn verify(&self, suite: &Suite, longest_lifetime: u64) -> Result<SignatureVerified> {
        self.check(suite)?;
        let rules = LeafRules { source: ExpectedSource::KeyPackage, member: None, longest_lifetime };
        self.leaf_node.verify(suite, &rules)?;
        let content = self.signed_fields()?;
        suite.verify_with_label(&self.leaf_node.signature_key, Self::LABEL, &content, &self.signature)
    }

    // That the leaf lists the extensions of the package is left to its maker: RFC 9420 §10 tells receivers to ignore those
    // they do not know, and the ones of the RFC do not stand here.
    fn check(&self, suite: &Suite) -> Result<()> {
        self.version.check()?;
        if self.cipher_suite != suite.id() {
            return Err(bad_key_package("it is made for another cipher suite"));
        }
        if self.init_key == self.leaf_node.encryption_key {
            return Err(bad_key_package("its init key is that of its leaf"));
        }
        self.leaf_node.check_group(suite.id())?;
        self.extensions.check(ExtensionPlace::KeyPackage)?;
        suite.check_hpke_key(&self.init_key)
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::limits::MAX_LIFETIME;
    use crate::codec::{Short, decode_exact};
    use crate::crypto::SignaturePrivateKey;
    use crate::tree::{ExtensionType, sample};

    fn signed(mut key_package: KeyPackage, key: &SignaturePrivateKey) -> Unverified<Arc<KeyPackage>> {
        let content = key_package.signed_fields().unwrap();
        key_package.signature = key.sign_with_label(KeyPackage::LABEL, &content).unwrap();
        decode_exact::<Unverified<KeyPackage>>(&encode(&key_package).unwrap()).unwrap().shared()
    }

    fn unsigned(suite: &'static Suite) -> (KeyPackage, SignaturePrivateKey) {
        let (leaf_node, key) = sample::leaf(suite);
        let key_package = KeyPackage {
            version: ProtocolVersion::MLS10,
            cipher_suite: suite.id(),
            init_key: suite.generate_hpke_keys().unwrap().1,
            leaf_node: sample::signed(leaf_node, &key, None),
            extensions: Extensions::default(),
            signature: Signature(Short::default()),
        };
        (key_package, key)
    }

    #[test]
    fn a_good_key_package_is_accepted_in_every_suite() {
        for suite in Suite::ALL {
            let (mut key_package, key) = unsigned(suite);
            key_package.extensions.put(ExtensionType(0x0a0a), vec![1, 2, 3]);
            let checked = signed(key_package, &key).verify(suite, MAX_LIFETIME).unwrap();
            assert_eq!(checked.reference(suite).unwrap().0.len(), suite.hash_length());
        }
    }

    #[test]
    fn each_rule_is_kept() {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        type Spoil = fn(&mut KeyPackage);
        let cases: [(Code, Spoil); 6] = [
            (Code::UnsupportedVersion, |package| package.version = ProtocolVersion(2)),
            (Code::BadKeyPackage, |package| package.cipher_suite = CipherSuite(3)),
            (Code::BadKeyPackage, |package| package.init_key = package.leaf_node.encryption_key.clone()),
            (Code::BadLeafNode, |package| package.leaf_node.capabilities.cipher_suites.clear()),
            (Code::Malformed, |package| package.init_key = HpkePublicKey(Short::from(vec![1]))),
            (Code::BadSignature, |package| package.leaf_node.signature = Signature(Short::from(vec![0; 64]))),
        ];
        for (code, spoil) in cases {
            let (mut key_package, key) = unsigned(suite);
            spoil(&mut key_package);
            let verdict = signed(key_package, &key).verify(suite, MAX_LIFETIME);
            assert_eq!(verdict.unwrap_err().code(), code.number());
        }
    }

    #[test]
    fn the_signature_covers_every_field_above_it() {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let (key_package, key) = unsigned(suite);
        let signed = signed(key_package, &key);
        let mut spoiled = KeyPackage::clone(signed.peek());
        spoiled.extensions.put(ExtensionType(0x0a0a), vec![]);
        let verdict = Unverified::from(spoiled).shared().verify(suite, MAX_LIFETIME);
        assert!(verdict.unwrap_err().is(Code::BadSignature));
        signed.verify(suite, MAX_LIFETIME).unwrap();
    }
}
