//! What the acts of a group need from outside the store: the app's callbacks, this client's identities, and its limits.

use std::sync::Arc;

use crate::base::host::{Candidate, Clock, CredentialValidator, Observer, Policy, SignPurpose, Signer, Verdict};
use crate::base::{CipherSuite, Code, Error, Result};
use crate::crypto::{Signature, SignaturePublicKey, Suite, sign_content};
use crate::schedule::{RatchetLimits, SealLimits};
use crate::tree::{Capabilities, Credential, Extensions, LeafNode, Names};

/// One of the client's signing keys, and who it stands for.
#[derive(Clone)]
pub(crate) struct OwnIdentity {
    pub(crate) key_id: Vec<u8>,
    pub(crate) suite: CipherSuite,
    pub(crate) public_key: SignaturePublicKey,
    pub(crate) credential: Credential,
    /// What the app supports, and nothing random (RFC 9420 §13.5).
    pub(crate) capabilities: Capabilities,
    /// What the app wants in its leaves.
    pub(crate) extensions: Extensions,
    /// Whether leaves, key packages and GroupInfos get random values beside the real ones.
    pub(crate) grease: bool,
    /// Whether extensions of random types are among it.
    pub(crate) grease_extensions: bool,
}

/// How far a client goes back and forward.
#[derive(Clone, Copy)]
pub(crate) struct GroupLimits {
    /// Epochs before the current one whose messages can still be read.
    pub(crate) past_epochs: u32,
    /// How many epochs back a resumption secret may come from.
    pub(crate) resumption_epochs: u32,
    /// How long those can be read after they ended, in seconds.
    pub(crate) past_age: Option<u64>,
    pub(crate) ratchet: RatchetLimits,
    /// What the app wants sealed at most in an epoch, where the bound of the suite's AEAD is not lower.
    pub(crate) sealing: SealLimits,
    /// Generations of our application ratchet that are reserved in one write; 0 or 1 for none.
    pub(crate) reserve: u32,
    /// The longest total lifetime of a key package, in seconds.
    pub(crate) longest_lifetime: u64,
    /// How many threads a large join or bulk add may use.
    pub(crate) threads: u32,
    pub(crate) deferred: DeferLimits,
}

/// How much is kept of messages of future epochs, in each group.
#[derive(Clone, Copy)]
pub(crate) struct DeferLimits {
    /// Most messages; none are kept if it is 0.
    pub(crate) messages: u32,
    /// Most bytes of all of them.
    pub(crate) bytes: u32,
}

/// The callbacks and the settings of one client.
pub(crate) struct Host {
    pub(crate) signer: Arc<dyn Signer>,
    /// Whether that is the library's own, which signs with the keys that it names.
    pub(crate) holds_keys: bool,
    pub(crate) validator: Arc<dyn CredentialValidator>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) identities: Vec<OwnIdentity>,
    pub(crate) limits: GroupLimits,
}

impl Host {
    /// The signing identity for a suite.
    pub(crate) fn identity_for(&self, suite: &Suite) -> Result<&OwnIdentity> {
        let found = self.identities.iter().find(|identity| identity.suite == suite.id());
        found.ok_or_else(|| Code::UnsupportedSuite.with("this client has no signing key for the cipher suite"))
    }

    /// The signing identity with this key.
    pub(crate) fn identity(&self, key_id: &[u8]) -> Result<&OwnIdentity> {
        let found = self.identities.iter().find(|identity| identity.key_id == key_id);
        found.ok_or_else(|| Code::SignerFailed.with("the client was opened without the signing key of this group"))
    }

    /// Whether what is signed under this name is signed with this key, for certain.
    pub(crate) fn signs_with(&self, key_id: &[u8], key: &SignaturePublicKey) -> bool {
        self.holds_keys && self.identity(key_id).is_ok_and(|identity| identity.public_key == *key)
    }

    /// What each of our ratchets may seal in an epoch.
    pub(crate) fn seal_limits(&self, suite: &Suite) -> SealLimits {
        self.limits.sealing.within(suite.epoch_bytes())
    }

    /// The time, in seconds since 1970.
    pub(crate) fn now(&self) -> Result<u64> {
        match self.clock.now().map_err(clock_failed)? {
            // What a callback answers that was torn off in the middle, in some languages.
            0 => Err(Code::ClockFailed.with("the clock says 1970-01-01")),
            now => Ok(now),
        }
    }

    /// SignWithLabel (RFC 9420 §5.1.2) by whoever holds the key.
    pub(crate) fn sign(
        &self,
        key_id: &[u8],
        (purpose, label): (SignPurpose, &str),
        content: &[u8],
    ) -> Result<Signature> {
        let content = sign_content(label, content)?;
        let signature = self.signer.sign(key_id.to_vec(), purpose, content).map_err(signer_failed)?;
        Ok(Signature(signature.into()))
    }

    /// Asks the app who these leaves are (RFC 9420 §5.3.1). One that is not believed refuses all.
    pub(crate) fn name(&self, suite: &Suite, leaves: &[&LeafNode]) -> Result<Vec<Names>> {
        if leaves.is_empty() {
            return Ok(Vec::new());
        }
        let candidates = leaves.iter().map(|leaf| candidate(suite, leaf)).collect();
        self.judge(candidates)
    }

    /// Asks the app who these candidates are.
    pub(crate) fn judge(&self, candidates: Vec<Candidate>) -> Result<Vec<Names>> {
        let asked = candidates.len();
        let verdicts = self.validator.validate(candidates).map_err(validator_failed)?;
        if verdicts.len() != asked {
            return Err(Code::ValidatorFailed.with("the validator answered with another number of verdicts than asked"));
        }
        verdicts.into_iter().map(accepted).collect()
    }

    /// Refuses a leaf that may not take the place of the one before it (RFC 9420 §5.3.1).
    pub(crate) fn require_successor(&self, suite: &Suite, old: &LeafNode, new: &LeafNode) -> Result<()> {
        if old.credential == new.credential && old.signature_key == new.signature_key {
            return Ok(());
        }
        let (old, new) = (candidate(suite, old), candidate(suite, new));
        match self.validator.is_successor(old, new).map_err(validator_failed)? {
            true => Ok(()),
            false => Err(Code::CredentialRejected.with("the new credential is no successor of the member's old one")),
        }
    }
}

/// What a leaf claims, in the words of the host.
pub(crate) fn candidate(suite: &Suite, leaf: &LeafNode) -> Candidate {
    Candidate {
        identity: leaf.credential.identity(),
        signature_key: leaf.signature_key.0.to_vec(),
        cipher_suite: suite.id().0,
    }
}

fn accepted(verdict: Verdict) -> Result<Names> {
    match verdict {
        Verdict::Accept { client_id, user_id } if client_id.len() <= MAX_NAME && user_id.len() <= MAX_NAME => {
            Ok((client_id, user_id))
        }
        Verdict::Accept { .. } => Err(Code::ValidatorFailed.with("a client or user id is longer than 1024 bytes")),
        Verdict::Reject { reason } => Err(Code::CredentialRejected.with(reason)),
    }
}

/// Longest client or user id: it is stored with every leaf.
const MAX_NAME: usize = 1024;

fn signer_failed(error: Error) -> Error {
    Code::SignerFailed.with(error.detail())
}

fn clock_failed(error: Error) -> Error {
    Code::ClockFailed.with(error.detail())
}

fn validator_failed(error: Error) -> Error {
    Code::ValidatorFailed.with(error.detail())
}
