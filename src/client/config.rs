//! What the app decides once, and what it lends.

use std::sync::Arc;

use crate::base::host::{Clock, CredentialValidator, Identity, Observer, Policy, Signer};
use crate::store::Storage;

/// How a client behaves.
#[derive(Clone, uniffi::Record)]
pub struct ClientConfig {
    /// What the client is called in its storage: one storage may hold several clients.
    pub name: Vec<u8>,
    /// Who the client claims to be in groups.
    pub identity: Identity,
    /// The cipher suites it takes part in, by RFC 9420's numbers 1 to 7, the preferred one first.
    pub cipher_suites: Vec<u16>,
    /// The keys that the host's signer holds, one for each cipher suite. Empty without a signer: then the library makes
    /// the keys and keeps them in the storage.
    pub signing_keys: Vec<SigningKey>,
    /// 32 random bytes under which stored values are encrypted; nothing to store them as they are.
    pub storage_key: Option<Vec<u8>>,
    /// Extension types, beyond those of RFC 9420, that the app understands.
    pub extensions: Vec<u16>,
    /// Proposal types, beyond those of RFC 9420, that the app understands.
    pub proposals: Vec<u16>,
    /// Credential types that the app's validator understands. The client's own is always among them.
    pub credentials: Vec<u16>,
    /// Extensions that this client's leaves carry, such as an application id: the encoded list of
    /// [`encode_extensions`](crate::encode_extensions); empty for none. Their types count as understood. Leaves that are in
    /// groups already get them with the next commit or Update of this client, and keep those that are no longer asked for as
    /// long as their types are understood.
    pub leaf_extensions: Vec<u8>,
    /// Whether random values are put into what this client publishes (GREASE, RFC 9420 §13.5), which keeps other
    /// implementations from relying on lists of what they know. They mean nothing and cost a few bytes.
    pub grease: bool,
    /// Whether, with `grease`, there are extensions of such values in leaves and key packages, too. RFC 9420 wants them there;
    /// but OpenMLS, up to its release 0.9 at least, refuses them (docs/interop.md), and with them every client that sends some.
    pub grease_extensions: bool,
    /// How many epochs before the current one can still be read.
    /// With 0, none: what arrives after the commit that ended its epoch is lost.
    pub past_epochs: u32,
    /// How many epochs back the resumption secret may come from that a commit or Welcome asks for; never further back than
    /// `past_epochs` reaches. Every epoch has such a secret, by which members prove later that they were there (RFC 9420 §8.6).
    /// With 0, only that of the current epoch.
    pub resumption_epochs: u32,
    /// How many messages of a sender may be skipped at once, in one epoch; one that is further ahead is refused with
    /// `GenerationTooFar`. With 0, none may be.
    pub max_forward: u32,
    /// How many keys of skipped messages are kept for each sender, in each epoch, so that they can still be read when they come
    /// late. With 0, none are.
    pub max_skipped: u32,
    /// How many messages of future epochs are kept for each group, until the commits before them have come: see
    /// `Group.next_deferred`. With 0, none are, and the app keeps them itself.
    pub max_deferred: u32,
    /// How long these messages may be together, in bytes, for each group. With 0, none are kept.
    pub max_deferred_bytes: u32,
    /// For how many seconds after its end an epoch can still be read; nothing for no limit in time. Counted from when this
    /// client went on to the next epoch, or learned that it was removed.
    ///
    /// What is older is refused at once. It is deleted with the next change of the epoch and by `prune`: an app that wants it
    /// deleted in time, also from groups in which nothing happens, calls [`Client::prune`](crate::Client::prune) once a day.
    pub max_past_age: Option<u64>,
    /// For how many seconds the key of a skipped message is kept, from when it was skipped; nothing for no limit in time.
    /// What is older is refused at once, and deleted with its epoch, when the sender's keys are next touched, and by `prune`.
    pub max_skipped_age: Option<u64>,
    /// How many messages this client encrypts in an epoch before it refuses with `UsageLimit`; proposals are counted apart from
    /// application messages, and a commit, which is the remedy, is never refused. Nothing for no limit but that of the
    /// protocol, 2^32.
    pub max_epoch_messages: Option<u32>,
    /// How many bytes this client encrypts in an epoch, with padding and authenticated data, before it refuses in the same way;
    /// nothing for no limit of the app's own.
    /// The bound of the cipher suite's AEAD (RFC 9420 §15.2) holds in any case; it is far away: 2^47 bytes for AES-GCM.
    pub max_epoch_bytes: Option<u64>,
    /// How many generations a group handle reserves in one write, for as many messages: 64 is typical, 256 the most; 0 or 1
    /// for none. A generation is one key of the sequence that a member has in an epoch; each message uses up one. A message
    /// that is sent from the reserve writes nothing and has no effect: it is not in a journal, and its tag is dropped.
    /// Whether it was sent is for the app to know.
    ///
    /// What is left of a reserve when the handle is dropped, the process ends or the epoch changes is skipped. Receivers see
    /// a gap then, which counts against their `max_forward`, and against their `max_skipped` as long as they keep the keys. Each
    /// reserved message counts against `max_epoch_messages`, and for 64 KiB against `max_epoch_bytes`.
    pub reserve: u32,
    /// Whether every effect is also kept in the store, in the same batch, until the app has acknowledged it: see
    /// [`Client::pending_effects`](crate::Client::pending_effects). For apps whose own data live elsewhere, so that they cannot
    /// store effects in the transaction of the batch. Costs a scan and three small records or more for each effect. All
    /// processes that share a store should set it alike: what one does without is not in the journal. Messages sent from a
    /// `reserve` have no effect, and so none in the journal.
    pub journal: bool,
    /// The longest total lifetime of a key package, in seconds: of ours, and of those accepted.
    pub max_lifetime: u64,
    /// How long a call waits for another one on the same group, in milliseconds, before it returns `Busy`; 0 to wait not at all.
    pub lease_timeout: u64,
    /// How many threads joining a large group, or adding many members in one commit, may use: the calling one and others, which
    /// end before the call returns and never run the app's callbacks. 1 for no others, 64 the most.
    pub threads: u32,
}

impl ClientConfig {
    /// The defaults, for a client that calls itself `name` with a basic credential: cipher suite 1, 5 past epochs, 1 000
    /// messages forward, nothing deferred, 30 days for keys of ended epochs and of skipped messages, 84 days for key packages.
    pub fn basic(name: &str) -> Self {
        ClientConfig {
            name: name.as_bytes().to_vec(),
            identity: Identity::Basic { identity: name.as_bytes().to_vec() },
            cipher_suites: vec![1],
            signing_keys: Vec::new(),
            storage_key: None,
            extensions: Vec::new(),
            proposals: Vec::new(),
            credentials: Vec::new(),
            leaf_extensions: Vec::new(),
            grease: true,
            grease_extensions: false,
            past_epochs: 5,
            resumption_epochs: 5,
            max_forward: 1000,
            max_skipped: 1000,
            max_deferred: 0,
            max_deferred_bytes: 4 << 20,
            max_past_age: Some(crate::base::limits::KEPT_FOR),
            max_skipped_age: Some(crate::base::limits::KEPT_FOR),
            max_epoch_messages: None,
            max_epoch_bytes: None,
            reserve: 0,
            journal: false,
            max_lifetime: crate::base::limits::MAX_LIFETIME,
            lease_timeout: 10_000,
            threads: 1,
        }
    }
}

/// The defaults for a client that calls itself `name`: [`ClientConfig::basic`], for languages that take functions alone.
#[uniffi::export]
pub fn basic_config(name: String) -> ClientConfig {
    ClientConfig::basic(&name)
}

/// A signing key that the host holds.
#[derive(Clone, uniffi::Record)]
pub struct SigningKey {
    /// By what name the signer knows it.
    pub key_id: Vec<u8>,
    /// The cipher suite whose signature scheme it has.
    pub cipher_suite: u16,
    /// The public key, in the form of RFC 9420 §5.1.1.
    pub public_key: Vec<u8>,
}

/// What the app lends to a client.
#[derive(Clone, uniffi::Record)]
pub struct Host {
    /// Where everything is kept.
    pub storage: Arc<dyn Storage>,
    /// Who credentials stand for.
    pub validator: Arc<dyn CredentialValidator>,
    /// Signs with keys that the library never sees; nothing for keys in the storage.
    #[uniffi(default)]
    pub signer: Option<Arc<dyn Signer>>,
    /// The app's rules on top of the RFC's; nothing for none.
    #[uniffi(default)]
    pub policy: Option<Arc<dyn Policy>>,
    /// The time; nothing for that of the operating system.
    #[uniffi(default)]
    pub clock: Option<Arc<dyn Clock>>,
    /// Watches long work; nothing to let it run.
    #[uniffi(default)]
    pub observer: Option<Arc<dyn Observer>>,
}

impl Host {
    /// The storage and the validator, and defaults for the rest.
    pub fn new(storage: Arc<dyn Storage>, validator: Arc<dyn CredentialValidator>) -> Self {
        Host { storage, validator, signer: None, policy: None, clock: None, observer: None }
    }
}

/// How key packages are made.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct KeyPackageOptions {
    /// The cipher suite; nothing for the preferred one.
    #[uniffi(default)]
    pub cipher_suite: Option<u16>,
    /// Whether the private keys are kept after use, for when all other key packages are used up. A Welcome for it opens more
    /// than once: one that is replayed is refused as long as the group is known here, but after the group was deleted with
    /// `delete`, it cannot be told from a new one.
    #[uniffi(default)]
    pub last_resort: bool,
    /// Extensions of the key package itself, as the encoded list of [`encode_extensions`](crate::encode_extensions); empty for
    /// none. Their types must be among those that the client understands.
    #[uniffi(default)]
    pub extensions: Vec<u8>,
}

/// How a group is created.
#[derive(Clone, Default, uniffi::Record)]
pub struct GroupOptions {
    /// The id of the group; nothing for 16 random bytes.
    #[uniffi(default)]
    pub group_id: Option<Vec<u8>>,
    /// The cipher suite; nothing for the preferred one.
    #[uniffi(default)]
    pub cipher_suite: Option<u16>,
    /// The encoded extensions of the group (`Extension extensions<V>` of RFC 9420); empty for none.
    #[uniffi(default)]
    pub extensions: Vec<u8>,
    /// Whether proposals and commits of this client go out unencrypted, for a delivery service that must read them.
    #[uniffi(default)]
    pub public_handshakes: bool,
    /// Whether messages keep their exact length. By default they are padded, so that lengths tell little.
    #[uniffi(default)]
    pub without_padding: bool,
    /// A tag of the app, which comes back in the effect.
    #[uniffi(default)]
    pub tag: Vec<u8>,
}

/// How a group is joined.
#[derive(Clone, Default, uniffi::Record)]
pub struct JoinOptions {
    /// The ratchet tree, when the Welcome does not hold it.
    #[uniffi(default)]
    pub tree: Option<Vec<u8>>,
    /// Whether proposals and commits of this client go out unencrypted.
    #[uniffi(default)]
    pub public_handshakes: bool,
    /// Whether messages keep their exact length.
    #[uniffi(default)]
    pub without_padding: bool,
    /// A tag of the app, which comes back in the effect.
    #[uniffi(default)]
    pub tag: Vec<u8>,
}
