//! Callbacks that do what a test tells them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use conclave::*;

/// A clock that stands still until it is moved.
pub(crate) struct FakeClock(AtomicU64);

/// One day, in seconds.
pub(crate) const DAY: u64 = 24 * 60 * 60;

impl FakeClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(FakeClock(AtomicU64::new(1_800_000_000)))
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn rewind(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Result<u64> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

/// Names are `user/device`; those on the list are rejected.
#[derive(Default)]
pub(crate) struct Registrar {
    pub(crate) rejected: Mutex<Vec<Vec<u8>>>,
    /// Whether another credential of the same user may take a leaf over.
    pub(crate) lenient: AtomicBool,
    pub(crate) broken: AtomicBool,
}

impl Registrar {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn reject(&self, name: &str) {
        self.rejected.lock().unwrap().push(name.into());
    }

    fn judge(&self, identity: Identity) -> Verdict {
        let Identity::Basic { identity } = identity else { return Verdict::Reject { reason: "not basic".into() } };
        if self.rejected.lock().unwrap().contains(&identity) {
            return Verdict::Reject { reason: "on the list".into() };
        }
        Verdict::Accept { user_id: user_of(&identity), client_id: identity }
    }
}

fn user_of(name: &[u8]) -> Vec<u8> {
    name.split(|byte| *byte == b'/').next().unwrap().to_vec()
}

impl CredentialValidator for Registrar {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::Validator { code: 721, detail: "the service is away".into() });
        }
        Ok(candidates.into_iter().map(|candidate| self.judge(candidate.identity)).collect())
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        let (Identity::Basic { identity: old }, Identity::Basic { identity: new }) = (old.identity, new.identity)
        else {
            return Ok(false);
        };
        Ok(self.lenient.load(Ordering::Relaxed) && user_of(&old) == user_of(&new))
    }
}

/// A policy that forbids what its function says.
pub(crate) struct Forbids(pub(crate) fn(&ChangeRequest) -> bool);

impl Policy for Forbids {
    fn permit(&self, request: ChangeRequest) -> Result<bool> {
        Ok(!(self.0)(&request))
    }
}

/// An observer that lets so many steps pass and then stops the work.
pub(crate) struct Impatient(pub(crate) AtomicU64);

impl Observer for Impatient {
    fn progress(&self, done: u64, total: u64) -> Result<bool> {
        assert!(done <= total);
        Ok(self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok())
    }
}

/// An Ed25519 key that the library never sees.
pub(crate) struct HardwareKey {
    key: Ed25519KeyPair,
    pub(crate) failing: AtomicBool,
    pub(crate) used_for: Mutex<Vec<SignPurpose>>,
}

impl HardwareKey {
    pub(crate) fn new() -> Arc<Self> {
        let key = Ed25519KeyPair::generate().unwrap();
        Arc::new(HardwareKey { key, failing: AtomicBool::new(false), used_for: Mutex::default() })
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.key.public_key().as_ref().to_vec()
    }
}

impl Signer for HardwareKey {
    fn sign(&self, key_id: Vec<u8>, purpose: SignPurpose, content: Vec<u8>) -> Result<Vec<u8>> {
        assert_eq!(key_id, b"slot 1");
        if self.failing.load(Ordering::Relaxed) {
            return Err(Error::Signer { code: 711, detail: "the finger was not recognised".into() });
        }
        self.used_for.lock().unwrap().push(purpose);
        Ok(self.key.sign(&content).as_ref().to_vec())
    }
}
