//! Key packages of our own (RFC 9420 §10): published so that others can add this client, each with private keys that wait in
//! the store until a Welcome uses them.

use super::host::{Host, OwnIdentity};
use super::own_leaf::{sign_leaf, unsigned_leaf};
use crate::base::host::SignPurpose;
use crate::base::lookup::KeyPackageStatus;
use crate::base::{CipherSuite, Code, ProtocolVersion, Result, Secret};
use crate::codec::Short;
use crate::crypto::{Digest, HpkePrivateKey, Signature, Suite};
use crate::message::{KeyPackage, Message};
use crate::store::{Reader, Record, Txn, Writer};
use crate::tree::{ExtensionPlace, ExtensionType, Extensions, LeafNodeSource, Lifetime, Signed, add_to_extensions};

/// A key package that waits for a Welcome.
pub(crate) struct OwnKeyPackage {
    pub(crate) reference: Digest,
    /// The MLSMessage to publish.
    pub(crate) message: Vec<u8>,
    pub(crate) init_key: HpkePrivateKey,
    pub(crate) leaf_key: HpkePrivateKey,
    pub(crate) signing_key: Vec<u8>,
    pub(crate) suite: CipherSuite,
    /// Kept after use, for when all others are used up.
    pub(crate) last_resort: bool,
    pub(crate) not_after: u64,
}

/// Clocks disagree: a lifetime begins an hour before it is made.
const SKEW: u64 = 60 * 60;

/// Private keys outlive their key package by this, so that a Welcome in flight still opens: 30 days.
const GRACE: u64 = 30 * 24 * 60 * 60;

/// The longest lifetime from now on.
pub(crate) fn fresh_lifetime(host: &Host) -> Result<Lifetime> {
    let now = host.now()?;
    let not_before = now.saturating_sub(SKEW);
    Ok(Lifetime { not_before, not_after: not_before.saturating_add(host.limits.longest_lifetime) })
}

/// Makes a key package and stages its private keys.
pub(crate) fn create(
    txn: &mut Txn,
    host: &Host,
    (suite, identity): (&'static Suite, &OwnIdentity),
    (last_resort, extensions): (bool, &Extensions),
) -> Result<OwnKeyPackage> {
    check_extensions(identity, extensions)?;
    let (init_key, init_public) = suite.generate_hpke_keys()?;
    let (leaf_key, leaf_public) = suite.generate_hpke_keys()?;
    let lifetime = fresh_lifetime(host)?;
    let template = unsigned_leaf(identity, leaf_public, LeafNodeSource::KeyPackage(lifetime))?;
    let leaf_node = sign_leaf(host, (&identity.key_id, template), None)?;
    let mut key_package = KeyPackage {
        version: ProtocolVersion::MLS10,
        cipher_suite: suite.id(),
        init_key: init_public,
        leaf_node,
        extensions: extensions.clone(),
        signature: Signature(Short::default()),
    };
    if identity.grease_extensions {
        add_to_extensions(&mut key_package.extensions, &key_package.leaf_node.capabilities.extensions)?;
    }
    let content = key_package.signed_fields()?;
    key_package.signature = host.sign(&identity.key_id, (SignPurpose::KeyPackage, KeyPackage::LABEL), &content)?;
    let own = OwnKeyPackage {
        reference: key_package.reference(suite)?,
        message: Message::KeyPackage(Box::new(key_package.into())).encode()?,
        init_key,
        leaf_key,
        signing_key: identity.key_id.clone(),
        suite: suite.id(),
        last_resort,
        not_after: lifetime.not_after,
    };
    let key = txn.keyspace().key_package(&own.reference.0);
    txn.store(key, &own);
    Ok(own)
}

/// What stands in a key package, its leaf must list (RFC 9420 §10).
fn check_extensions(identity: &OwnIdentity, extensions: &Extensions) -> Result<()> {
    extensions.check(ExtensionPlace::KeyPackage)?;
    match identity.capabilities.lacking_extension(extensions.types()) {
        Some(ExtensionType(number)) => {
            Err(Code::BadArgument.with(format_args!("this client was opened without extension type {number}")))
        }
        None => Ok(()),
    }
}

/// Deletes the private keys of key packages whose time is over.
pub(crate) fn prune(txn: &mut Txn, host: &Host) -> Result<()> {
    let now = host.now()?;
    for own in list(txn, None, usize::MAX)? {
        if own.not_after.saturating_add(GRACE) < now {
            let key = txn.keyspace().key_package(&own.reference.0);
            txn.delete(key);
        }
    }
    Ok(())
}

/// What has become of the key package with this reference.
pub(crate) fn status(txn: &mut Txn, host: &Host, reference: &[u8]) -> Result<KeyPackageStatus> {
    let key = txn.keyspace().key_package(reference);
    txn.watch(&key)?;
    Ok(match txn.load::<OwnKeyPackage>(&key)? {
        None => KeyPackageStatus::Unknown,
        Some(own) if own.not_after < host.now()? => KeyPackageStatus::Expired,
        Some(own) => KeyPackageStatus::Available { last_resort: own.last_resort, not_after: own.not_after },
    })
}

/// Deletes the key packages that were signed with this key.
pub(crate) fn delete_of(txn: &mut Txn, signing_key: &[u8]) -> Result<()> {
    for own in list(txn, None, usize::MAX)?.into_iter().filter(|own| own.signing_key == signing_key) {
        let key = txn.keyspace().key_package(&own.reference.0);
        txn.delete(key);
    }
    Ok(())
}

/// Records read in one call of a listing.
const PAGE: usize = 256;

/// The key packages that wait, in the order of the store, after the one with this reference.
pub(crate) fn list(txn: &mut Txn, after: Option<&[u8]>, limit: usize) -> Result<Vec<OwnKeyPackage>> {
    let prefix = txn.keyspace().key_packages();
    let mut from = after.map(|reference| txn.keyspace().key_package(reference));
    let mut found = Vec::new();
    while found.len() < limit {
        let want = PAGE.min(limit - found.len());
        let page = txn.scan(&prefix, from.as_ref(), want)?;
        let ended = page.len() < want;
        from = page.last().map(|(key, _)| key.clone());
        for (_, value) in page {
            found.push(crate::store::decode_record(&value)?);
        }
        if ended {
            break;
        }
    }
    Ok(found)
}

impl Record for OwnKeyPackage {
    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.reference.0);
        writer.bytes(&self.message);
        writer.secret(&self.init_key.0);
        writer.secret(&self.leaf_key.0);
        writer.bytes(&self.signing_key);
        writer.u16(self.suite.0);
        writer.flag(self.last_resort);
        writer.u64(self.not_after);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let private = |reader: &mut Reader<'_>| -> Result<HpkePrivateKey> {
            let secret: Secret = reader.secret()?;
            Ok(HpkePrivateKey(secret))
        };
        Ok(OwnKeyPackage {
            reference: Digest(reader.bytes()?.into()),
            message: reader.bytes()?.to_vec(),
            init_key: private(reader)?,
            leaf_key: private(reader)?,
            signing_key: reader.bytes()?.to_vec(),
            suite: CipherSuite(reader.u16()?),
            last_resort: reader.flag()?,
            not_after: reader.u64()?,
        })
    }
}
