//! What the app lends the library, besides storage (`store/storage.rs`): a signer, an authentication service, a policy, a
//! clock, an observer of long work, and a place for log lines.
//!
//! Callbacks run on the thread of the call that needs them, before it returns, and must not call the library: that returns
//! `Reentrant`. No lock that guards data is held meanwhile.

use std::sync::Arc;

use super::error::{Code, Result};
use super::event::ResumptionPsk;

/// What a signature is for, so that a signer can tell a message from a key package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SignPurpose {
    /// A key package that others fetch to add this client.
    KeyPackage,
    /// This client's own entry in a group's tree.
    LeafNode,
    /// A commit.
    Commit,
    /// A proposal.
    Proposal,
    /// An application message.
    Application,
    /// A GroupInfo, inside a Welcome or published for joining.
    GroupInfo,
}

/// Signs with keys that the library never sees, such as those of a Secure Enclave, StrongBox or HSM.
#[uniffi::export(rust, foreign)]
pub trait Signer: Send + Sync {
    /// Signs `content` under the key `key_id`, with the signature scheme of that key's cipher suite: Ed25519 and Ed448 raw,
    /// ECDSA as DER. An error comes back from the call that needed the signature, and nothing has changed.
    fn sign(&self, key_id: Vec<u8>, purpose: SignPurpose, content: Vec<u8>) -> Result<Vec<u8>>;
}

/// The kind of a credential (RFC 9420 §5.3).
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Identity {
    /// A bare name, believed as far as the app's authentication service believes it.
    Basic {
        /// The name, as the member wrote it.
        identity: Vec<u8>,
    },
    /// A chain of DER certificates, the member's own first.
    X509 {
        /// The certificates.
        certificates: Vec<Vec<u8>>,
    },
    /// A credential of a type that the library carries without reading.
    Other {
        /// The registered number of the type.
        credential_type: u16,
        /// The content, undecoded.
        content: Vec<u8>,
    },
}

/// One credential to judge, with the signature key it claims.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Candidate {
    /// What the credential says.
    pub identity: Identity,
    /// The signature key that the credential is presented with.
    pub signature_key: Vec<u8>,
    /// The cipher suite of that key.
    pub cipher_suite: u16,
}

/// What the authentication service says of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Verdict {
    /// The key belongs to this client of this user.
    Accept {
        /// The canonical name of the client (device); unique in a group.
        client_id: Vec<u8>,
        /// The canonical name of the user; many clients of one user are normal.
        user_id: Vec<u8>,
    },
    /// The credential is not believed.
    Reject {
        /// Why, for the error's detail.
        reason: String,
    },
}

/// The app's authentication service (RFC 9420 §5.3.1): who a credential stands for.
///
/// That a credential belongs to the signature key it comes with is for the validator to find out: the library carries both
/// and looks into neither. With certificates that means, beside verifying the chain up to an authority the app trusts, that the
/// public key of the first one is `signature_key` (RFC 9420 §5.3), in the form that MLS gives it: the bare 32 or 57 bytes of
/// Ed25519 and Ed448, the uncompressed point of ECDSA, which are the contents of the certificate's `subjectPublicKey`.
///
/// It is asked about each credential that comes into a group, as a rule once; `docs/hooks.md` says at which steps.
#[uniffi::export(rust, foreign)]
pub trait CredentialValidator: Send + Sync {
    /// Judges a batch of candidates; the answer has one verdict for each, in order.
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>>;
    /// Whether `new` may take the place of `old` in one leaf (RFC 9420 §5.3.1). Asked only if credential or signature key
    /// differ; `new` is judged by `validate`, too.
    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool>;
}

/// Accepts every basic credential as what it claims to be, and no other kind. For tests and demonstrations: whoever ships
/// it lets anyone be anyone.
#[derive(Debug, Default)]
pub struct AcceptAll;

impl CredentialValidator for AcceptAll {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        Ok(candidates.into_iter().map(|candidate| judge(candidate.identity)).collect())
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        Ok(old.identity == new.identity)
    }
}

/// [`AcceptAll`] as the validator that a [`Host`](crate::Host) wants.
#[uniffi::export]
pub fn accept_all() -> Arc<dyn CredentialValidator> {
    Arc::new(AcceptAll)
}

fn judge(identity: Identity) -> Verdict {
    match identity {
        Identity::Basic { identity } => Verdict::Accept { client_id: identity.clone(), user_id: identity },
        _ => Verdict::Reject { reason: "AcceptAll believes basic credentials only".to_owned() },
    }
}

/// One change to a group, put to the app's policy before it takes effect.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Change {
    /// A new member.
    Add {
        /// The client that would join.
        client_id: Vec<u8>,
    },
    /// A member leaves or is made to leave.
    Remove {
        /// The leaf that would be blanked.
        leaf: u32,
    },
    /// A member replaces its own keys or credential.
    Update {
        /// The leaf that changes.
        leaf: u32,
    },
    /// A pre-shared key of the app is mixed in.
    Psk {
        /// The id of the key.
        psk_id: Vec<u8>,
    },
    /// The secret of an earlier epoch is mixed in, as proof of having been a member then.
    ResumptionPsk {
        /// Which one.
        psk: ResumptionPsk,
    },
    /// The group would be closed and begun anew.
    Reinit {
        /// The id of the successor.
        group_id: Vec<u8>,
        /// Its protocol version; 1 is MLS 1.0, and the only one that this library speaks.
        version: u16,
        /// Its cipher suite.
        cipher_suite: u16,
        /// The types of its extensions.
        extensions: Vec<u16>,
    },
    /// A client joins by itself, by external commit.
    ExternalJoin {
        /// The client.
        client_id: Vec<u8>,
        /// The leaf that it takes out, an earlier one of its own. That removal is asked about by itself, too.
        removed: Option<u32>,
        /// The app's pre-shared keys that it mixes in; each is asked about by itself, too.
        psks: Vec<Vec<u8>>,
        /// The earlier epochs that it proves to have been in; each is asked about by itself, too.
        resumption_psks: Vec<ResumptionPsk>,
    },
    /// A member makes a commit and so begins an epoch, whatever the commit changes; each change is asked about by itself, too.
    Commit,
    /// The group's own extensions change.
    Extensions {
        /// The types of the extensions the group would have.
        types: Vec<u16>,
    },
    /// A proposal of a type that the library carries without reading.
    Custom {
        /// The registered number of the type.
        proposal_type: u16,
        /// The content, undecoded.
        content: Vec<u8>,
    },
}

/// Who proposes or commits a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Party {
    /// A member of the group.
    Member {
        /// Its leaf.
        leaf: u32,
    },
    /// Someone outside whom the group lets propose changes (RFC 9420 §12.1.8).
    External {
        /// Its place in the group's external_senders extension.
        index: u32,
    },
    /// A client that asks to be added, or joins by itself.
    NewMember,
}

/// A change, where, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChangeRequest {
    /// The group that would change.
    pub group_id: Vec<u8>,
    /// The epoch that the change starts from.
    pub epoch: u64,
    /// Who proposed it.
    pub proposer: Party,
    /// Who commits it; nothing while it is only proposed.
    pub committer: Option<Party>,
    /// The change itself.
    pub change: Change,
}

/// The app's own rules on top of the RFC's: who may do what.
#[uniffi::export(rust, foreign)]
pub trait Policy: Send + Sync {
    /// Whether the change may happen. Asked when it is proposed and when it is committed, of whoever does so and of all who
    /// receive it. All members must answer alike, or the group falls apart.
    fn permit(&self, request: ChangeRequest) -> Result<bool>;
}

/// The RFC's rules and no others.
#[derive(Debug, Default)]
pub struct PermitAll;

impl Policy for PermitAll {
    fn permit(&self, _request: ChangeRequest) -> Result<bool> {
        Ok(true)
    }
}

/// Tells the time, in seconds since 1970-01-01T00:00:00Z.
#[uniffi::export(rust, foreign)]
pub trait Clock: Send + Sync {
    /// The time now; 0 counts as a failure. An error comes back from the call that needed it, and nothing has changed.
    fn now(&self) -> Result<u64>;
}

/// The clock of the operating system.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Result<u64> {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Ok(elapsed.map_or(0, |elapsed| elapsed.as_secs()))
    }
}

/// Watches long work, such as joining a large group, and may stop it.
#[uniffi::export(rust, foreign)]
pub trait Observer: Send + Sync {
    /// Called as work goes on; answering `false` cancels it, and so does an error, which comes back from the call. Nothing has
    /// changed then. Work has several parts, each with a `total` of its own. The last part of a join is that the storage writes:
    /// it draws the records out of the batch one chunk after another, and this is called between them, inside the storage's
    /// `write`. That is a whole and goes on whatever the answer is.
    fn progress(&self, done: u64, total: u64) -> Result<bool>;
}

/// Reports progress, and turns the observer's wish to stop into an error.
pub(crate) fn report(observer: &dyn Observer, done: u64, total: u64) -> Result<()> {
    match observer.progress(done, total) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Code::Cancelled.into()),
        Err(error) => Err(Code::ObserverFailed.with(error.detail())),
    }
}

/// Lets all work run to its end.
#[derive(Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&self, _done: u64, _total: u64) -> Result<bool> {
        Ok(true)
    }
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// For whoever debugs the library.
    Debug,
    /// What happened.
    Info,
    /// Something was refused or retried.
    Warn,
    /// Something failed.
    Error,
}

/// One log line; it never holds user data or secrets.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// Which room of the library speaks, such as `conclave::receive`.
    pub target: String,
    /// The line.
    pub message: String,
}

/// Takes the library's log lines.
#[uniffi::export(rust, foreign)]
pub trait Logger: Send + Sync {
    /// Takes one line. What goes wrong in here is ignored: an error disturbs nothing.
    fn log(&self, record: LogRecord) -> Result<()>;
}
