//! The app's authentication service, lent through C.

use std::ffi::c_void;
use std::sync::Arc;

use super::answer::{answer, ask, required};
use super::bytes::{conclave_bytes, read_list};
use super::context::{Context, conclave_release};
use super::growing::{Growing, read};
use super::memory::conclave_memory;
use super::names::conclave_identity;
use super::status::{conclave_status, outcome};
use crate::base::host::{AcceptAll, Candidate, CredentialValidator, Verdict};
use crate::base::{Code, Result};

/// One credential to judge, with the signature key it claims. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_candidate {
    /// What the credential says.
    pub identity: conclave_identity,
    /// The signature key that the credential is presented with.
    pub signature_key: conclave_bytes,
    /// The cipher suite of that key.
    pub cipher_suite: u16,
}

/// The app's authentication service (RFC 9420 section 5.3.1): who a credential stands for.
///
/// That a credential belongs to the signature key it comes with is for the validator to find out: the library carries both and
/// looks into neither. docs/hooks.md says at which steps it is asked.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_validator {
    /// `sizeof(conclave_validator)`.
    pub struct_size: u32,
    /// Passed to each callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the validator any more; may be NULL.
    pub release: conclave_release,
    /// Judges `count` candidates: calls `conclave_verdicts_accept` or `conclave_verdicts_reject` for each. Returns `CONCLAVE_OK`,
    /// also for candidates that are not believed; or `CONCLAVE_VALIDATOR_FAILED` if it cannot tell, best with words, through
    /// `conclave_host_error`.
    pub validate: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            candidates: *const conclave_candidate,
            count: usize,
            verdicts: *mut conclave_verdicts,
        ) -> conclave_status,
    >,
    /// Whether `newer` may take the place of `older` in one leaf. Asked only if credential or signature key differ; `newer` is
    /// judged by `validate`, too. Writes its answer into `yes`.
    pub is_successor: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            older: *const conclave_candidate,
            newer: *const conclave_candidate,
            yes: *mut bool,
        ) -> conclave_status,
    >,
}

impl Growing for conclave_validator {
    fn initial() -> Self {
        let (struct_size, context) = (size_of::<Self>() as u32, std::ptr::null_mut());
        conclave_validator { struct_size, context, release: None, validate: None, is_successor: None }
    }
}

/// Where `conclave_validator.validate` puts its verdicts.
pub struct conclave_verdicts(Vec<Option<Verdict>>);

impl conclave_verdicts {
    /// The place of a verdict.
    fn slot(this: Option<&mut Self>, index: usize) -> Result<&mut Option<Verdict>> {
        let slot = required(this, "verdicts")?.0.get_mut(index);
        slot.ok_or_else(|| Code::BadArgument.with("no candidate has that index"))
    }
}

/// For `conclave_validator.validate`: the key of the candidate at `index` belongs to this client of this user.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or an index that no candidate has.
/// In: `verdicts`, as it was passed to the callback; `client_id`, the canonical name of the client (the device), unique in a
/// group; `user_id`, that of the user, who may have many clients. Both are copied.
/// Out: nothing.
/// State: none.
/// Threads: the one that the callback runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_verdicts_accept(
    verdicts: Option<&mut conclave_verdicts>,
    index: usize,
    client_id: conclave_bytes,
    user_id: conclave_bytes,
) -> conclave_status {
    answer(|| {
        let slot = conclave_verdicts::slot(verdicts, index)?;
        // Names that cannot be read are no acceptance, and leave none standing.
        let before = slot.take();
        let (client_id, user_id) = (client_id.copy("client_id")?, user_id.copy("user_id")?);
        *slot = match before {
            Some(Verdict::Reject { reason }) => Some(Verdict::Reject { reason }),
            _ => Some(Verdict::Accept { client_id, user_id }),
        };
        Ok(())
    })
}

/// For `conclave_validator.validate`: the candidate at `index` is not believed, whatever else is said of it.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or an index that no candidate has. A reason that cannot be read is
/// told in the same way, and the candidate is rejected all the same.
/// In: `verdicts`, as it was passed to the callback; `reason`, for the error's detail; it is copied, and what is not UTF-8 is
/// replaced.
/// Out: nothing.
/// State: none.
/// Threads: the one that the callback runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_verdicts_reject(
    verdicts: Option<&mut conclave_verdicts>,
    index: usize,
    reason: conclave_bytes,
) -> conclave_status {
    answer(|| {
        let slot = conclave_verdicts::slot(verdicts, index)?;
        // First the verdict, then its words: whoever chose the identity may have chosen what is in them.
        *slot = Some(Verdict::Reject { reason: String::new() });
        let reason = String::from_utf8_lossy(reason.read("reason")?).into_owned();
        *slot = Some(Verdict::Reject { reason });
        Ok(())
    })
}

/// A validator that accepts every basic credential as what it claims to be, and no other kind. For tests and demonstrations:
/// whoever ships it lets anyone be anyone. It may be copied, and its callbacks called.
///
/// Returns: the validator, which lives as long as the program.
/// In: nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_accept_all() -> *const conclave_validator {
    struct Static(conclave_validator);
    // SAFETY: nothing in it is ever written, and its pointers are functions or NULL.
    unsafe impl Sync for Static {}
    static ACCEPT_ALL: Static = Static(conclave_validator {
        struct_size: size_of::<conclave_validator>() as u32,
        context: std::ptr::null_mut(),
        release: None,
        validate: Some(accept_basic),
        is_successor: Some(accept_the_same),
    });
    &raw const ACCEPT_ALL.0
}

unsafe extern "C" fn accept_basic(
    _: *mut c_void,
    candidates: *const conclave_candidate,
    count: usize,
    verdicts: *mut conclave_verdicts,
) -> conclave_status {
    answer(|| {
        let candidates = read_list(candidates, count, "candidates")?.iter().map(conclave_candidate::copy);
        let given = AcceptAll.validate(candidates.collect::<Result<_>>()?)?;
        // SAFETY: the caller vouches that it is the sink of this call, or NULL.
        let verdicts = required(unsafe { verdicts.as_mut() }, "verdicts")?;
        verdicts.0.iter_mut().zip(given).for_each(|(slot, verdict)| *slot = Some(verdict));
        Ok(())
    })
}

unsafe extern "C" fn accept_the_same(
    _: *mut c_void,
    older: *const conclave_candidate,
    newer: *const conclave_candidate,
    yes: *mut bool,
) -> conclave_status {
    answer(|| {
        // SAFETY: the caller vouches that each points to what it says, or is NULL.
        let (older, newer, yes) = unsafe { (older.as_ref(), newer.as_ref(), yes.as_mut()) };
        let (older, newer) = (required(older, "older")?.copy()?, required(newer, "newer")?.copy()?);
        *required(yes, "yes")? = AcceptAll.is_successor(older, newer)?;
        Ok(())
    })
}

/// The validator that the host gave.
pub(super) fn validator(given: *const conclave_validator) -> Result<Arc<dyn CredentialValidator>> {
    let callbacks = read(given, "validator")?;
    let context = Context::new(callbacks.context, callbacks.release);
    let validate = required(callbacks.validate, "validator.validate")?;
    let is_successor = required(callbacks.is_successor, "validator.is_successor")?;
    Ok(Arc::new(HostValidator { context, validate, is_successor }))
}

/// The host's validator, as the library sees it.
struct HostValidator {
    context: Context,
    validate: Validate,
    is_successor: IsSuccessor,
}

type Validate =
    unsafe extern "C" fn(*mut c_void, *const conclave_candidate, usize, *mut conclave_verdicts) -> conclave_status;

type IsSuccessor = unsafe extern "C" fn(
    *mut c_void,
    *const conclave_candidate,
    *const conclave_candidate,
    *mut bool,
) -> conclave_status;

// SAFETY: the host vouches that its callbacks may run on several threads at once.
unsafe impl Send for HostValidator {}
// SAFETY: as above.
unsafe impl Sync for HostValidator {}

impl CredentialValidator for HostValidator {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        let mut memory = conclave_memory::new();
        let mut verdicts = conclave_verdicts(candidates.iter().map(|_| None).collect());
        let lent: Vec<_> =
            candidates.into_iter().map(|candidate| conclave_candidate::of(&mut memory, candidate)).collect();
        // SAFETY: the host's function, called as the header says; what is lent outlives the call.
        let status = unsafe { (self.validate)(self.context.enter(), lent.as_ptr(), lent.len(), &raw mut verdicts) };
        outcome(status, Code::ValidatorFailed)?;
        let given: Option<Vec<Verdict>> = verdicts.0.into_iter().collect();
        given.ok_or_else(|| Code::ValidatorFailed.with("the validator gave no verdict on a candidate"))
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        let mut memory = conclave_memory::new();
        let [older, newer] = [old, new].map(|candidate| conclave_candidate::of(&mut memory, candidate));
        ask(|yes| {
            // SAFETY: as for `validate`.
            let status = unsafe { (self.is_successor)(self.context.enter(), &raw const older, &raw const newer, yes) };
            outcome(status, Code::ValidatorFailed)
        })
    }
}

impl conclave_candidate {
    fn of(memory: &mut conclave_memory, candidate: Candidate) -> Self {
        let identity = conclave_identity::of(memory, candidate.identity);
        let signature_key = memory.bytes(candidate.signature_key);
        conclave_candidate { identity, signature_key, cipher_suite: candidate.cipher_suite }
    }

    fn copy(&self) -> Result<Candidate> {
        let (identity, signature_key) = (self.identity.copy()?, self.signature_key.copy("signature_key")?);
        Ok(Candidate { identity, signature_key, cipher_suite: self.cipher_suite })
    }
}
