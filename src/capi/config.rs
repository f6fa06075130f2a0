//! What the app decides once, and what it lends.

use std::sync::Arc;

use super::answer::{answer, required};
use super::bytes::{conclave_bytes, read_list};
use super::growing::{Growing, fill, read};
use super::names::{conclave_flag, conclave_identity};
use super::policy::{HostPolicy, conclave_policy};
use super::signer::{HostSigner, conclave_signer};
use super::status::conclave_status;
use super::storage::{HostStorage, conclave_memory_storage, conclave_storage};
use super::validator::{conclave_validator, validator};
use super::watching::{clock, conclave_clock, conclave_observer, observer};
use crate::base::host::{Policy, Signer};
use crate::base::{Code, Result};
use crate::client::{ClientConfig, Host, SigningKey};
use crate::store::Storage;

/// Where a limit can be: no limit.
pub const CONCLAVE_NO_LIMIT: u64 = 0xffff_ffff_ffff_ffff;

/// How a client behaves. Fill it with `conclave_client_config_init`, then change what should be different.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_client_config {
    /// Set by `conclave_client_config_init`.
    pub struct_size: u32,
    /// Whether random values are put into what this client publishes (GREASE, RFC 9420 section 13.5), which keeps other
    /// implementations from relying on lists of what they know. They mean nothing and cost a few bytes. Default: yes.
    pub grease: conclave_flag,
    /// Whether, with `grease`, there are extensions of such values in leaves and key packages, too. OpenMLS, up to its release
    /// 0.9 at least, refuses them. Default: no.
    pub grease_extensions: conclave_flag,
    /// Whether effects are stored, to be listed by `conclave_client_pending_effects`: for an app whose own data are not in the
    /// storage that it lends. All processes that share a store should set it alike. Default: no.
    pub journal: conclave_flag,
    /// What the client is called in its storage: one storage may hold several clients.
    pub name: conclave_bytes,
    /// Who the client claims to be in groups. Default: a basic credential with the client's name.
    pub identity: conclave_identity,
    /// The cipher suites it takes part in, by RFC 9420's numbers 1 to 7, the preferred one first. Default: 1 alone.
    pub cipher_suites: *const u16,
    /// How many cipher suites there are.
    pub cipher_suite_count: usize,
    /// The keys that the host's signer holds, one for each cipher suite. Not looked at without a signer: then the library makes
    /// the keys and keeps them in the storage.
    pub signing_keys: *const conclave_signing_key,
    /// How many signing keys there are.
    pub signing_key_count: usize,
    /// 32 random bytes under which stored values are encrypted; NULL to store them as they are.
    pub storage_key: conclave_bytes,
    /// Extension types, beyond those of RFC 9420, that the app understands.
    pub extensions: *const u16,
    /// How many extension types there are.
    pub extension_count: usize,
    /// Proposal types, beyond those of RFC 9420, that the app understands.
    pub proposals: *const u16,
    /// How many proposal types there are.
    pub proposal_count: usize,
    /// Credential types that the app's validator understands. The client's own is always among them.
    pub credentials: *const u16,
    /// How many credential types there are.
    pub credential_count: usize,
    /// Extensions that this client's leaves carry, such as an application id, as `conclave_encode_extensions` encodes them.
    pub leaf_extensions: conclave_bytes,
    /// How many epochs before the current one can still be read. Default: 5.
    pub past_epochs: u32,
    /// How many epochs back the resumption secret may come from that a commit or Welcome asks for; never further back than
    /// `past_epochs` reaches. Default: 5.
    pub resumption_epochs: u32,
    /// How many messages of a sender may be skipped at once, in one epoch. Default: 1000.
    pub max_forward: u32,
    /// How many keys of skipped messages are kept for each sender, in each epoch. Default: 1000.
    pub max_skipped: u32,
    /// How many messages of future epochs are kept for each group, see `conclave_group_next_deferred`. Default: 0, and the app
    /// keeps them itself.
    pub max_deferred: u32,
    /// How long these messages may be together, in bytes, for each group. Default: 4 MiB.
    pub max_deferred_bytes: u32,
    /// For how many seconds after its end an epoch can still be read, or `CONCLAVE_NO_LIMIT`. What is older is refused at once,
    /// and deleted with the next change of the epoch and by `conclave_client_prune`. Default: 30 days.
    pub max_past_age: u64,
    /// For how many seconds the key of a skipped message is kept, or `CONCLAVE_NO_LIMIT`. Default: 30 days.
    pub max_skipped_age: u64,
    /// How many messages this client encrypts in an epoch before it returns `CONCLAVE_USAGE_LIMIT`, or `CONCLAVE_NO_LIMIT`.
    /// Default: no limit but that of the protocol.
    pub max_epoch_messages: u64,
    /// How many bytes this client encrypts in an epoch before it does so, or `CONCLAVE_NO_LIMIT`. Default: no limit but that of
    /// the cipher suite.
    pub max_epoch_bytes: u64,
    /// How many generations a group handle reserves in one write, for as many messages; 0 or 1 for none, 256 the most. Messages
    /// that are sent from the reserve write nothing and have no effect. Default: 0.
    pub reserve: u32,
    /// How many threads joining a large group, or adding many members in one commit, may use: the calling one and others, which
    /// end before the call returns and never run callbacks. At most 64. Default: 1, no others.
    pub threads: u32,
    /// The longest total lifetime of a key package, in seconds: of ours, and of those accepted. Default: 84 days.
    pub max_lifetime: u64,
    /// How long a call waits for another one on the same group, in milliseconds, before it returns `CONCLAVE_BUSY`. Default:
    /// 10 000.
    pub lease_timeout: u64,
}

/// A signing key that the host holds. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_signing_key {
    /// By what name the signer knows it.
    pub key_id: conclave_bytes,
    /// The public key, in the form of RFC 9420 section 5.1.1.
    pub public_key: conclave_bytes,
    /// The cipher suite whose signature scheme it has.
    pub cipher_suite: u16,
}

/// What the app lends to a client. Each struct is copied, and its context released when the client and all that came from it
/// are freed: once for each call that it was passed to, also if that call fails. (Nothing is touched, and nothing released, if the
/// call fails with `CONCLAVE_HEADER_MISMATCH`, or for a host with a wrong `struct_size`; nor is any other struct with a wrong one.)
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_host {
    /// `sizeof(conclave_host)`.
    pub struct_size: u32,
    /// Where everything is kept. Either this or `memory_storage` must be there.
    pub storage: *const conclave_storage,
    /// A storage in memory instead, for tests and demonstrations.
    pub memory_storage: *const conclave_memory_storage,
    /// Who credentials stand for. Must be there; `conclave_accept_all` is one for tests.
    pub validator: *const conclave_validator,
    /// Signs with keys that the library never sees; NULL for keys in the storage.
    pub signer: *const conclave_signer,
    /// The app's rules on top of the RFC's; NULL for none.
    pub policy: *const conclave_policy,
    /// The time; NULL for that of the operating system.
    pub clock: *const conclave_clock,
    /// Watches long work; NULL to let it run.
    pub observer: *const conclave_observer,
}

impl Growing for conclave_client_config {
    /// The defaults of [`ClientConfig::basic`], for a client without a name.
    fn initial() -> Self {
        static SUITES: [u16; 1] = [1];
        let basic = ClientConfig::basic("");
        let no_types = std::ptr::null();
        conclave_client_config {
            struct_size: size_of::<Self>() as u32,
            grease: basic.grease.into(),
            grease_extensions: basic.grease_extensions.into(),
            journal: basic.journal.into(),
            name: conclave_bytes::NONE,
            identity: conclave_identity::NONE,
            cipher_suites: SUITES.as_ptr(),
            cipher_suite_count: SUITES.len(),
            signing_keys: std::ptr::null(),
            signing_key_count: 0,
            storage_key: conclave_bytes::NONE,
            extensions: no_types,
            extension_count: 0,
            proposals: no_types,
            proposal_count: 0,
            credentials: no_types,
            credential_count: 0,
            leaf_extensions: conclave_bytes::NONE,
            past_epochs: basic.past_epochs,
            resumption_epochs: basic.resumption_epochs,
            max_forward: basic.max_forward,
            max_skipped: basic.max_skipped,
            max_deferred: basic.max_deferred,
            max_deferred_bytes: basic.max_deferred_bytes,
            max_past_age: basic.max_past_age.unwrap_or(CONCLAVE_NO_LIMIT),
            max_skipped_age: basic.max_skipped_age.unwrap_or(CONCLAVE_NO_LIMIT),
            max_epoch_messages: basic.max_epoch_messages.map_or(CONCLAVE_NO_LIMIT, u64::from),
            max_epoch_bytes: basic.max_epoch_bytes.unwrap_or(CONCLAVE_NO_LIMIT),
            reserve: basic.reserve,
            max_lifetime: basic.max_lifetime,
            lease_timeout: basic.lease_timeout,
            threads: basic.threads,
        }
    }
}

impl Growing for conclave_host {
    fn initial() -> Self {
        conclave_host {
            struct_size: size_of::<Self>() as u32,
            storage: std::ptr::null(),
            memory_storage: std::ptr::null(),
            validator: std::ptr::null(),
            signer: std::ptr::null(),
            policy: std::ptr::null(),
            clock: std::ptr::null(),
            observer: std::ptr::null(),
        }
    }
}

/// Fills a configuration with its defaults, for a client called `name` with a basic credential of that name.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a wrong `struct_size`.
/// In: `struct_size`, which is `sizeof(conclave_client_config)`; `name`, which is not copied: it must live until
/// `conclave_client_new` returns.
/// Out: `config`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_config_init(
    config: *mut conclave_client_config,
    struct_size: u32,
    name: conclave_bytes,
) -> conclave_status {
    answer(|| {
        name.read("name")?;
        let mut filled = conclave_client_config::initial();
        filled.name = name;
        filled.identity = conclave_identity::basic(name);
        super::growing::begin(config, struct_size)?;
        fill(config, filled)
    })
}

impl conclave_client_config {
    /// The configuration as Rust has it.
    pub(super) fn copy(&self) -> Result<ClientConfig> {
        let types = |items, count, name| read_list::<u16>(items, count, name).map(<[u16]>::to_vec);
        let signing_keys = read_list(self.signing_keys, self.signing_key_count, "signing_keys")?;
        let identity = match self.identity.credential_type {
            0 => conclave_identity::basic(self.name).copy()?,
            _ => self.identity.copy()?,
        };
        Ok(ClientConfig {
            name: self.name.copy("name")?,
            identity,
            cipher_suites: types(self.cipher_suites, self.cipher_suite_count, "cipher_suites")?,
            signing_keys: signing_keys.iter().map(conclave_signing_key::copy).collect::<Result<_>>()?,
            extensions: types(self.extensions, self.extension_count, "extensions")?,
            proposals: types(self.proposals, self.proposal_count, "proposals")?,
            credentials: types(self.credentials, self.credential_count, "credentials")?,
            leaf_extensions: self.leaf_extensions.copy("leaf_extensions")?,
            // Last of all that can fail, so that no copy of it is left behind.
            storage_key: self.storage_key.copy_optional("storage_key")?,
            grease: self.grease != 0,
            grease_extensions: self.grease_extensions != 0,
            past_epochs: self.past_epochs,
            resumption_epochs: self.resumption_epochs,
            max_forward: self.max_forward,
            max_skipped: self.max_skipped,
            max_deferred: self.max_deferred,
            max_deferred_bytes: self.max_deferred_bytes,
            max_past_age: limit(self.max_past_age),
            max_skipped_age: limit(self.max_skipped_age),
            // More than the field holds is more than the protocol allows.
            max_epoch_messages: limit(self.max_epoch_messages).and_then(|most| u32::try_from(most).ok()),
            max_epoch_bytes: limit(self.max_epoch_bytes),
            reserve: self.reserve,
            journal: self.journal != 0,
            max_lifetime: self.max_lifetime,
            lease_timeout: self.lease_timeout,
            threads: self.threads,
        })
    }
}

impl conclave_signing_key {
    fn copy(&self) -> Result<SigningKey> {
        let (key_id, public_key) = (self.key_id.copy("key_id")?, self.public_key.copy("public_key")?);
        Ok(SigningKey { key_id, cipher_suite: self.cipher_suite, public_key })
    }
}

fn limit(given: u64) -> Option<u64> {
    (given != CONCLAVE_NO_LIMIT).then_some(given)
}

/// What the host lends, each part taken over before anything can fail, so that each is released.
pub(super) fn lent(given: *const conclave_host) -> Result<Host> {
    let host = read(given, "host")?;
    let storage = storage(&host);
    let validator = required(there(host.validator), "host.validator").and_then(validator);
    let signer = there(host.signer).map(HostSigner::new).transpose();
    let policy = there(host.policy).map(HostPolicy::new).transpose();
    let clock = there(host.clock).map(clock).transpose();
    let observer = there(host.observer).map(observer).transpose();
    let (storage, validator) = (storage?, validator?);
    let signer = signer?.map(|signer| signer as Arc<dyn Signer>);
    let policy = policy?.map(|policy| policy as Arc<dyn Policy>);
    Ok(Host { storage, validator, signer, policy, clock: clock?, observer: observer? })
}

fn storage(host: &conclave_host) -> Result<Arc<dyn Storage>> {
    // SAFETY: the caller vouches that the pointer is NULL or comes from `conclave_memory_storage_new`.
    let memory = unsafe { host.memory_storage.as_ref() };
    let storage = there(host.storage).map(HostStorage::new).transpose()?;
    match (storage, memory) {
        (Some(storage), None) => Ok(storage),
        (None, Some(memory)) => Ok(memory.0.clone()),
        _ => Err(Code::BadArgument.with("host needs either `storage` or `memory_storage`")),
    }
}

/// Nothing for NULL.
fn there<T>(pointer: *const T) -> Option<*const T> {
    (!pointer.is_null()).then_some(pointer)
}
