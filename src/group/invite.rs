//! The Welcome of a commit (RFC 9420 §12.4.3.1). What takes the longest of it needs nothing but the key packages of the new
//! members, so that it is worked out on other cores while this one makes the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::commit::TreePlace;
use super::host::Host;
use super::rules::Arrival;
use super::stage::Provisional;
use crate::base::host::report;
use crate::base::{Code, LeafIndex, Result, Secret, parallel};
use crate::codec::{Opaque, encode};
use crate::crypto::{Digest, Encapsulated, HpkeInfo, Suite};
use crate::message::{EncryptedGroupSecrets, GroupInfo, GroupSecrets, KeyPackage, Message, Welcome};
use crate::schedule::WelcomeKey;
use crate::store::Txn;
use crate::tree::NewPath;

/// One new member.
pub(super) struct Recipient {
    key_package: Arc<KeyPackage>,
    prepared: Option<Result<Prepared>>,
}

/// How to name the new member and what to seal its secrets under.
struct Prepared {
    reference: Digest,
    encapsulated: Encapsulated,
}

/// The new members, in the order of their Adds.
pub(super) fn recipients(adds: &[Arrival]) -> Vec<Recipient> {
    let unprepared = |add: &Arrival| Recipient { key_package: add.key_package.clone(), prepared: None };
    adds.iter().map(unprepared).collect()
}

/// Prepares the recipients while this thread drafts the commit; no further than needed if that fails.
pub(super) fn prepare_beside<T>(
    (suite, threads): (&'static Suite, u32),
    recipients: &mut [Recipient],
    draft: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let (given_up, mut drafted) = (AtomicBool::new(false), None);
    let prepare = |recipient: &mut Recipient| {
        if !given_up.load(Ordering::Relaxed) {
            recipient.prepared = Some(Prepared::of(suite, &recipient.key_package));
        }
    };
    parallel::for_each_beside(threads, recipients, prepare, || {
        let outcome = draft();
        given_up.store(outcome.is_err(), Ordering::Relaxed);
        drafted = Some(outcome);
    });
    drafted.ok_or(Code::Internal)?
}

impl Prepared {
    fn of(suite: &'static Suite, key_package: &KeyPackage) -> Result<Self> {
        let encapsulated = suite.encapsulate(&key_package.init_key)?;
        Ok(Prepared { reference: key_package.reference(suite)?, encapsulated })
    }
}

/// What every new member is told alike.
pub(super) struct Greeting {
    suite: &'static Suite,
    joiner_secret: Secret,
    encrypted_group_info: Opaque,
    /// The encrypted GroupInfo, which every member's secrets are bound to, hashed once.
    info: HpkeInfo,
    /// The tree, when it goes beside the Welcome.
    tree: Option<Vec<u8>>,
}

/// What new members get.
#[derive(Default)]
pub(super) struct Invited {
    pub(super) welcome: Option<Vec<u8>>,
    /// The tree, when it goes beside the Welcome.
    pub(super) tree: Option<Vec<u8>>,
}

/// New members whose secrets are sealed between two reports to the observer. On two cores they take some ten milliseconds.
const SEALED_AT_ONCE: usize = 2048;

impl Greeting {
    pub(super) fn of(
        suite: &'static Suite,
        group_info: GroupInfo,
        (welcome_key, joiner_secret): (WelcomeKey, Secret),
        tree: Option<Vec<u8>>,
    ) -> Result<Self> {
        let encrypted_group_info = welcome_key.seal(&encode(&group_info)?)?;
        let info = HpkeInfo::new(suite, "Welcome", &encrypted_group_info)?;
        Ok(Greeting { suite, joiner_secret, encrypted_group_info: encrypted_group_info.into(), info, tree })
    }

    /// One Welcome for all new members.
    pub(super) fn seal(
        self,
        host: &Host,
        (staged, path): (&Provisional, Option<&NewPath>),
        recipients: Vec<Recipient>,
    ) -> Result<Invited> {
        let mut secrets = Vec::with_capacity(recipients.len());
        let due = staged.added.iter().zip(recipients).map(|((leaf, _), recipient)| (*leaf, recipient.prepared, None));
        let mut due: Vec<_> = due.collect();
        for some in due.chunks_mut(SEALED_AT_ONCE) {
            parallel::for_each(host.limits.threads, some, |(leaf, prepared, sealed)| {
                let prepared = prepared.take().unwrap_or_else(|| Err(Code::Internal.into()));
                *sealed = Some(prepared.and_then(|prepared| self.seal_to(*leaf, prepared, (staged, path))));
            });
            for (_, _, sealed) in some {
                secrets.push(sealed.take().ok_or(Code::Internal)??);
            }
            report(&*host.observer, secrets.len() as u64, staged.added.len() as u64)?;
        }
        let cipher_suite = self.suite.id();
        let welcome = Welcome { cipher_suite, secrets, encrypted_group_info: self.encrypted_group_info };
        Ok(Invited { welcome: Some(Message::Welcome(welcome).encode()?), tree: self.tree })
    }

    fn seal_to(
        &self,
        leaf: LeafIndex,
        prepared: Prepared,
        (staged, path): (&Provisional, Option<&NewPath>),
    ) -> Result<EncryptedGroupSecrets> {
        let path_secret = path.and_then(|path| path.secret_for(leaf)).map(|secret| secret.0.duplicate());
        let psks = staged.rest.psks.clone();
        let secrets = GroupSecrets { joiner_secret: self.joiner_secret.duplicate(), path_secret, psks }.encode()?;
        let encrypted_group_secrets = self.info.seal_under(prepared.encapsulated, secrets.expose())?;
        Ok(EncryptedGroupSecrets { new_member: prepared.reference, encrypted_group_secrets })
    }
}

/// The encoded tree for new members, where it is asked for.
#[derive(Default)]
pub(super) struct Exported {
    pub(super) inside: Option<Vec<u8>>,
    pub(super) beside: Option<Vec<u8>>,
}

/// Exports the tree, which is O(n), if new members are to get it with this commit.
pub(super) fn export(txn: &mut Txn, host: &Host, staged: &mut Provisional, place: TreePlace) -> Result<Exported> {
    if place == TreePlace::Later {
        return Ok(Exported::default());
    }
    let tree = Some(staged.tree.export(txn, &*host.observer)?);
    Ok(match place {
        TreePlace::Inside => Exported { inside: tree, beside: None },
        _ => Exported { inside: None, beside: tree },
    })
}
