//! What the tests of the library reach inside for: a key package that was made elsewhere, with its private keys.

use super::call::run;
use super::client::Client;
use super::lease::Inside;
use crate::base::{Code, Result, Secret};
use crate::crypto::{HpkePrivateKey, Suite};
use crate::group::key_package::OwnKeyPackage;
use crate::message::{KeyPackage, Message};
use crate::tree::LeafNodeSource;

/// A key package message and the private keys of all that it publishes.
pub(crate) struct MadeElsewhere {
    pub(crate) message: Vec<u8>,
    pub(crate) init_key: Secret,
    pub(crate) leaf_key: Secret,
    pub(crate) signature_key: Secret,
}

impl Client {
    /// Stores a key package that was made elsewhere as one of our own, to be used by `join`. Its signature key becomes the
    /// client's key for the suite when the client is opened again.
    ///
    /// # Errors
    /// `BadKey` if a private key does not belong to its public key.
    pub(crate) fn import_key_package(&self, made: MadeElsewhere) -> Result<()> {
        let _inside = Inside::enter()?;
        let Message::KeyPackage(key_package) = Message::decode(&made.message)? else {
            return Err(Code::WrongContent.with("not a key package"));
        };
        let key_package = key_package.peek();
        let suite = Suite::of(key_package.cipher_suite)?;
        check_keys(suite, key_package, &made)?;
        let key_id = self.shared().services.identity_for(suite)?.key_id.clone();
        let own = OwnKeyPackage {
            reference: key_package.reference(suite)?,
            message: made.message,
            init_key: HpkePrivateKey(made.init_key),
            leaf_key: HpkePrivateKey(made.leaf_key),
            signing_key: key_id.clone(),
            suite: suite.id(),
            last_resort: false,
            not_after: not_after(key_package),
        };
        run(&self.shared().store, |txn| {
            let keyspace = txn.keyspace().clone();
            txn.store(keyspace.key_package(&own.reference.0), &own);
            txn.store(keyspace.signature_key(&key_id), &made.signature_key);
            Ok(((), None))
        })
    }
}

/// Every private key must belong to the public key that the key package shows.
fn check_keys(suite: &'static Suite, key_package: &KeyPackage, made: &MadeElsewhere) -> Result<()> {
    let leaf = &key_package.leaf_node;
    for (private, public) in [(&made.init_key, &key_package.init_key), (&made.leaf_key, &leaf.encryption_key)] {
        if suite.hpke_public_key(&HpkePrivateKey(private.duplicate()))? != *public {
            return Err(Code::BadKey.into());
        }
    }
    match suite.signature_key(made.signature_key.duplicate())?.public_key() == leaf.signature_key {
        true => Ok(()),
        false => Err(Code::BadKey.into()),
    }
}

fn not_after(key_package: &KeyPackage) -> u64 {
    match &key_package.leaf_node.leaf_node_source {
        LeafNodeSource::KeyPackage(lifetime) => lifetime.not_after,
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{CipherSuite, ProtocolVersion};
    use crate::codec::{Opaque, Short, encode};
    use crate::crypto::Signature;
    use crate::tree::{ExtensionType, Extensions, Lifetime, Signed, sample};
    use crate::{AcceptAll, ClientConfig, GroupOptions, Host, JoinOptions, MemoryStorage};

    const NAME: &[u8] = b"what the app calls alice";

    /// A key package whose leaf has an application id.
    fn named(now: u64) -> MadeElsewhere {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let ((init_key, init_public), (leaf_key, leaf_public)) =
            (suite.generate_hpke_keys().unwrap(), suite.generate_hpke_keys().unwrap());
        let (mut leaf, key) = sample::leaf(suite);
        leaf.encryption_key = leaf_public;
        leaf.leaf_node_source = LeafNodeSource::KeyPackage(Lifetime { not_before: now - 60, not_after: now + 3600 });
        leaf.extensions.put(ExtensionType::APPLICATION_ID, encode(&Opaque(NAME.to_vec())).unwrap());
        let mut key_package = KeyPackage {
            version: ProtocolVersion::MLS10,
            cipher_suite: suite.id(),
            init_key: init_public,
            leaf_node: sample::signed(leaf, &key, None),
            extensions: Extensions::default(),
            signature: Signature(Short::default()),
        };
        key_package.signature = key.sign_with_label(KeyPackage::LABEL, &key_package.signed_fields().unwrap()).unwrap();
        MadeElsewhere {
            message: Message::KeyPackage(Box::new(key_package.into())).encode().unwrap(),
            init_key: init_key.0,
            leaf_key: leaf_key.0,
            signature_key: key.secret().duplicate(),
        }
    }

    #[test]
    fn an_update_keeps_the_extensions_of_the_leaf() {
        let host = || Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (alices, made) = (host(), named(now));
        let open = || Client::new(ClientConfig::basic("alice"), alices.clone()).unwrap();
        let package = made.message.clone();
        open().import_key_package(made).unwrap();
        let bob = Client::new(ClientConfig::basic("bob"), host()).unwrap();
        let group = bob.create_group(GroupOptions::default()).unwrap();
        let built = group.clone().new_commit().add(package).unwrap().build().unwrap();
        group.confirm_commit(None, vec![]).unwrap();
        let alice = open().join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
        let named = || group.export_tree().unwrap().windows(NAME.len()).any(|window| window == NAME);
        assert!(named());
        group.receive(alice.propose_update(vec![]).unwrap(), vec![]).unwrap();
        let commit = group.clone().new_commit().build().unwrap().commit;
        group.confirm_commit(None, vec![]).unwrap();
        alice.receive(commit, vec![]).unwrap();
        assert!(named());
    }
}
