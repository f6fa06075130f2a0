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
