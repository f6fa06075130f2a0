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
    /// Loads the keys of these suites, and makes those that are missing: the same ones in every process that opens the store.
    pub(crate) fn open(store: &Arc<Store>, suites: &[&'static Suite]) -> Result<Self> {
        run(store, |txn| {
            let keys = suites.iter().map(|suite| Ok((key_id(suite), load_or_make(txn, suite)?)));
            Ok((SoftwareSigner(keys.collect::<Result<_>>()?), None))
        })
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
        Ok(self.find(&key_id)?.sign(&content)?.0.to_vec())
    }
}

/// Another process may make the key at the same time; the guard lets one of both win.
fn load_or_make(txn: &mut Txn, suite: &Suite) -> Result<SignaturePrivateKey> {
    let record = txn.keyspace().signature_key(&key_id(suite));
    txn.guard(&record)?;
    if let Some(secret) = txn.load::<Secret>(&record)? {
        return suite.signature_key(secret).map_err(|_| Code::StorageCorrupt.into());
    }
    let (key, _) = suite.generate_signature_keys()?;
    txn.store(record, key.secret());
    Ok(key)
}

fn key_id(suite: &Suite) -> Vec<u8> {
    suite.id().0.to_be_bytes().to_vec()
}
