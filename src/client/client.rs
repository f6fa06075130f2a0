//! A client: one identity of the app on one device, with its key packages, its groups and its pre-shared keys.

use std::sync::Arc;
use std::time::Duration;

use super::call::{Act, run};
use super::config::{ClientConfig, GroupOptions, Host, JoinOptions, KeyPackageOptions};
use super::extensions::of_the_app;
use super::group::Group;
use super::lease::{Inside, Leases};
use super::services::{services, suites};
use super::successor::chosen_id;
use super::types::{GroupPage, GroupSummary, KeyPackageMessage};
use crate::base::event::Effect;
use crate::base::host::Identity;
use crate::base::{CipherSuite, Code, GroupId, Result, Secret};
use crate::crypto::Suite;
use crate::group::create::NewGroup;
use crate::group::head::{Head, Settings, Standing};
use crate::group::host::Host as Services;
use crate::group::join::Joining;
use crate::group::key_package::OwnKeyPackage;
use crate::group::state::GroupState;
use crate::group::{create, join, key_package, psk};
use crate::message::{KeyPackage, Message};
use crate::store::{Store, Txn, decode_record};
use crate::tree::Unverified;

/// Most key packages made in one call.
const MAX_KEY_PACKAGES: u32 = 1000;

/// What a client and its groups share.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) services: Services,
    pub(crate) leases: Leases,
    pub(crate) patience: Duration,
}

/// One member identity on one device. Cheap to make: opening a client reads three records.
///
/// Calls are synchronous and may come from any thread; calls on different groups run side by side.
///
/// # Errors
/// Every call that can fail may return, beside what it names: `Reentrant` from inside a callback, `Conflict` if other processes
/// were faster several times over, the 7xx of the storage and the other callbacks, and `StoreNewer`; and those that work on a
/// group, `Busy` if another call on it takes too long. Where a call names none, it returns no others.
#[derive(uniffi::Object)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
    identity: Identity,
    suite: &'static Suite,
}

#[uniffi::export]
impl Client {
    /// Opens the client called `config.name` in the host's storage, and makes it if it is not there yet.
    ///
    /// Reads the store's format and the signing keys; writes them the first time.
    ///
    /// # Errors
    /// `UnsupportedSuite`, `BadKey` for a storage key that is not 32 bytes or not the one that the store was written under, and
    /// for a signing key that does not fit its suite. `BadArgument` if no suite is given, for lists of types that name what
    /// RFC 9420 or GREASE reserves, and for leaf extensions that are malformed; `WrongContent` for one that does not belong in a
    /// leaf, the 2xx for one of RFC 9420's own that is malformed. `LimitReached` for credential and leaf extensions of more than
    /// 47 KiB.
    #[uniffi::constructor]
    pub fn new(mut config: ClientConfig, host: Host) -> Result<Arc<Self>> {
        let storage_key = config.storage_key.take().map(Secret::new);
        let _inside = Inside::enter()?;
        let suites = suites(&config)?;
        let suite = *suites.first().ok_or_else(|| Code::BadArgument.with("cipher_suites is empty"))?;
        let store = Store::open_with(host.storage.clone(), (&config.name, storage_key.as_ref()), config.journal)?;
        let patience = Duration::from_millis(config.lease_timeout);
        let identity = config.identity.clone();
        let services = services(&store, config, host, &suites)?;
        let shared = Arc::new(Shared { store, services, leases: Leases::default(), patience });
        Ok(Arc::new(Client { shared, identity, suite }))
    }

    /// Who the client claims to be in groups.
    pub fn identity(&self) -> Identity {
        self.identity.clone()
    }

    /// Makes key packages, for others to add this client with; each is used once, unless it is one of last resort.
    ///
    /// Writes one record for each, deletes those whose time is over, and hands the messages out in the effect too.
    ///
    /// # Errors
    /// `BadArgument` for a `count` that is 0 or over 1 000, and for extensions that are malformed or of types that the
    /// client was opened without; `WrongContent` for an extension that does not belong in a key package; `UnsupportedSuite`
    /// if the client has no key for it; `Consumed` after `wipe`.
    #[uniffi::method(default(options))]
    pub fn create_key_packages(&self, count: u32, options: KeyPackageOptions) -> Result<Vec<KeyPackageMessage>> {
        let _inside = Inside::enter()?;
        if count == 0 || count > MAX_KEY_PACKAGES {
            return Err(Code::BadArgument.with(format_args!("from 1 to {MAX_KEY_PACKAGES} key packages in one call")));
        }
        let suite = self.choose_suite(options.cipher_suite)?;
        let host = &self.shared.services;
        let identity = host.identity_for(suite)?;
        let extensions = of_the_app(&options.extensions)?;
        let options = (options.last_resort, &extensions);
        run(&self.shared.store, |txn| {
            key_package::prune(txn, host)?;
            let made = (0..count).map(|_| key_package::create(txn, host, (suite, identity), options));
            let made: Vec<KeyPackageMessage> = made.map(|own| own.map(key_package_message)).collect::<Result<_>>()?;
            let messages = made.iter().map(|package| package.message.clone()).collect();
            Ok((made, Some(Effect::KeyPackages { messages })))
        })
    }

    /// The key packages that have not been used, after the one with the reference `after`, at most `limit` of them.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn key_packages(&self, after: Option<Vec<u8>>, limit: u32) -> Result<Vec<KeyPackageMessage>> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            let found = key_package::list(txn, after.as_deref(), limit as usize)?;
            Ok((found.into_iter().map(key_package_message).collect(), None))
        })
    }

    /// Deletes the private keys of these key packages: a Welcome for them can no longer be opened.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn delete_key_packages(&self, references: Vec<Vec<u8>>) -> Result<()> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            for reference in &references {
                let key = txn.keyspace().key_package(reference);
                txn.delete(key);
            }
            Ok(((), None))
        })
    }

    /// Creates a group with this client as its only member.
    ///
    /// # Errors
    /// `AlreadyMember` if the id is taken, `TooLong` for an id of more than 1 024 bytes, `UnsupportedSuite` if the client
    /// has no key for it, `Incapable` if it does not support the extensions it asks for, `BadArgument` for a list of them
    /// that is malformed, `WrongContent` for one that does not belong in a group, the 2xx for one of RFC 9420's that is
    /// malformed, `LimitReached` for a list that is too long, `CredentialRejected` if the app does not believe us or an
    /// external sender.
    #[uniffi::method(default(options))]
    pub fn create_group(&self, options: GroupOptions) -> Result<Arc<Group>> {
        let _inside = Inside::enter()?;
        let group_id = chosen_id(options.group_id.as_deref())?;
        let suite = self.choose_suite(options.cipher_suite)?;
        let extensions = of_the_app(&options.extensions)?;
        let settings = Settings { encrypt_handshakes: !options.public_handshakes, pad: !options.without_padding };
        self.enter_group(&group_id, &options.tag, |txn| {
            let new = NewGroup { group_id: group_id.clone(), suite, extensions: extensions.clone(), settings };
            create::group(txn, &self.shared.services, new)
        })
    }

    /// Opens a group that this client is or was in. Reads one record.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    pub fn open_group(&self, group_id: Vec<u8>) -> Result<Arc<Group>> {
        let _inside = Inside::enter()?;
        let group_id = GroupId(group_id);
        run(&self.shared.store, |txn| {
            let key = txn.keyspace().head(&group_id);
            match txn.read(&key)? {
                Some(_) => Ok(((), None)),
                None => Err(Code::NoSuchGroup.into()),
            }
        })?;
        Ok(Group::open(self.shared.clone(), group_id))
    }

    /// Groups that this client is or was in, a page at a time: pass `next` of the page before as `after`.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn groups(&self, after: Option<Vec<u8>>, limit: u32) -> Result<GroupPage> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            let prefix = txn.keyspace().heads();
            let from = after.as_ref().map(|group_id| txn.keyspace().head(&GroupId(group_id.clone())));
            let found = txn.scan(&prefix, from.as_ref(), limit as usize)?;
            let full = found.len() == limit as usize;
            let groups = found.into_iter().map(|(_, value)| decode_record(&value).map(group_summary));
            let groups: Vec<GroupSummary> = groups.collect::<Result<_>>()?;
            let next = groups.last().filter(|_| full).map(|last| last.group_id.clone());
            Ok((GroupPage { groups, next }, None))
        })
    }

    /// Joins the group that a Welcome opens, with the key package that it was made for.
    ///
    /// Verifies the whole tree: O(n) in time, storage read and written. The key package's private keys are deleted in the
    /// same batch, unless it is one of last resort.
    ///
    /// # Errors
    /// `NotForUs`, `TreeMissing`, `UnknownPsk`, `AlreadyMember`, `UnsupportedSuite`, `LimitReached`, and the 2xx and 3xx of
    /// whatever breaks a rule: `BadSuccessor` for a Welcome into a group that should follow from another and does not.
    #[uniffi::method(default(options))]
    pub fn join(&self, welcome: Vec<u8>, mut options: JoinOptions) -> Result<Arc<Group>> {
        let _inside = Inside::enter()?;
        let tree = options.tree.take().map(Arc::new);
        let settings = Settings { encrypt_handshakes: !options.public_handshakes, pad: !options.without_padding };
        let joined = run(&self.shared.store, |txn| {
            let joining = Joining { tree: tree.as_ref(), settings };
            let state = join::welcome(txn, &self.shared.services, &welcome, joining)?;
            let effect = joined(&state, &options.tag);
            Ok((state.head.group_id, Some(effect)))
        })?;
        Ok(Group::open(self.shared.clone(), joined))
    }

    /// Puts an external pre-shared key into the storage, to be used by its id in commits and Welcomes.
    ///
    /// # Errors
    /// `TooLong` for a key or an id of more than 4 096 bytes; `Consumed` after `wipe`.
    pub fn put_psk(&self, psk_id: Vec<u8>, secret: Vec<u8>) -> Result<()> {
        let _inside = Inside::enter()?;
        let secret = Secret::new(secret);
        run(&self.shared.store, |txn| psk::put(txn, &psk_id, &secret).map(|()| ((), None)))
    }

    /// Deletes an external pre-shared key.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn delete_psk(&self, psk_id: Vec<u8>) -> Result<()> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            psk::delete(txn, &psk_id);
            Ok(((), None))
        })
    }
}

impl Client {
    /// Runs an act that concerns no group.
    pub(super) fn run(&self, act: impl Fn(&mut Txn, &Services) -> Result<()>) -> Result<()> {
        run(&self.shared.store, |txn| act(txn, &self.shared.services).map(|()| ((), None)))
    }

    /// The suite that the app named, or the preferred one.
    pub(super) fn choose_suite(&self, wanted: Option<u16>) -> Result<&'static Suite> {
        wanted.map_or(Ok(self.suite), |number| Suite::of(CipherSuite(number)))
    }

    fn enter_group(
        &self,
        group_id: &GroupId,
        tag: &[u8],
        act: impl Fn(&mut Txn) -> Result<GroupState>,
    ) -> Result<Arc<Group>> {
        let _lease = self.shared.leases.take(group_id, self.shared.patience)?;
        run(&self.shared.store, |txn| -> Act<()> {
            let state = act(txn)?;
            Ok(((), Some(joined(&state, tag))))
        })?;
        Ok(Group::open(self.shared.clone(), group_id.clone()))
    }

    /// What the client lends its groups.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

fn joined(state: &GroupState, tag: &[u8]) -> Effect {
    Effect::Joined { group_id: state.head.group_id.as_slice().to_vec(), tag: tag.to_vec(), epoch: state.head.epoch.0 }
}

fn key_package_message(own: OwnKeyPackage) -> KeyPackageMessage {
    KeyPackageMessage {
        reference: own.reference.0.to_vec(),
        message: own.message,
        last_resort: own.last_resort,
        not_after: own.not_after,
    }
}

fn group_summary(head: Head) -> GroupSummary {
    GroupSummary {
        group_id: head.group_id.as_slice().to_vec(),
        epoch: head.epoch.0,
        active: head.standing == Standing::Active,
    }
}

/// A key package that someone else made.
pub(crate) fn foreign_key_package(bytes: &[u8]) -> Result<Unverified<Arc<KeyPackage>>> {
    match Message::decode(bytes)? {
        Message::KeyPackage(key_package) => Ok(key_package.shared()),
        _ => Err(Code::WrongContent.with("not a key package")),
    }
}
