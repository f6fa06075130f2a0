//! The default signer: keys that the library makes, keeps in the storage, and holds ready in memory.

use super::call::run;
use crate::base::host::{SignPurpose, Signer};
use crate::base::{Code, Result, Secret};
use crate::crypto::{SignaturePrivateKey, SignaturePublicKey, Suite};
use crate::store::{Store, Txn};
use std::sync::Arc;

/// One key for each cipher suite of the client.
pub(crate) struct SoftwareSigner(Vec<(Vec<u8>, SignaturePrivateKey)>);

impl SoftwareSigner {
    /// Loads the keys of these suites, and makes those that are missing.
    pub(crate) fn open(store: &Arc<Store>, suites: &[&'static Suite]) -> Result<Self> {
        run(store, |txn| Ok((SoftwareSigner(load_or_make(txn, suites)?), None)))
    }

    /// The name and the public key of the key for a suite.
    pub(crate) fn public_key(&self, suite: &Suite) -> Result<(Vec<u8>, SignaturePublicKey)> {
        let id = key_id(suite);
        let key = self.find(&id)?;
        Ok((id, key.public_key()))
    }

    fn find(&self, id: &[u8]) -> Result<&SignaturePrivateKey> {
        let found = self.0.iter().find(|(known, _)| known == id);
        found.map(|(_, key)| key).ok_or_else(|| Code::SignerFailed.with("no such signing key"))
    }
}

impl Signer for SoftwareSigner {
    fn sign(&self, key_id: Vec<u8>, _purpose: SignPurpose, content: Vec<u8>) -> Result<Vec<u8>> {
        Ok(self.find(&key_id)?.sign(&content)?.0.into_inner())
    }
}

/// Another process may make them at the same time; the guards let one of both win.
fn load_or_make(txn: &mut Txn, suites: &[&'static Suite]) -> Result<Vec<(Vec<u8>, SignaturePrivateKey)>> {
    let mut keys = Vec::with_capacity(suites.len());
    for suite in suites {
        let id = key_id(suite);
        let record = txn.keyspace().signature_key(&id);
        txn.guard(&record)?;
        let key = match txn.load::<Secret>(&record)? {
            Some(secret) => suite.signature_key(secret)?,
            None => {
                let (key, _) = suite.generate_signature_keys()?;
                txn.store(record, key.secret());
                key
            }
        };
        keys.push((id, key));
    }
    Ok(keys)
}

fn key_id(suite: &Suite) -> Vec<u8> {
    suite.id().0.to_be_bytes().to_vec()
}
