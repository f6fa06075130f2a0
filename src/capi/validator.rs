//! The app's authentication service, lent through C.

use std::ffi::c_void;
use std::sync::Arc;

use super::answer::{answer, required};
use super::bytes::conclave_bytes;
use super::context::{Context, conclave_release};
use super::growing::{Growing, read};
use super::memory::conclave_memory;
use super::names::conclave_identity;
use super::status::{conclave_host_error, conclave_status, outcome};
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
        required(slot, "a candidate: none has that index, which")
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
/// whoever ships it lets anyone be anyone.
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
        validate: Some(refuse_to_validate),
        is_successor: Some(refuse_to_compare),
    });
    &raw const ACCEPT_ALL.0
}

// The library knows its own validator and never calls these; a program that does is told so.

unsafe extern "C" fn refuse_to_validate(
    _: *mut c_void,
    _: *const conclave_candidate,
    _: usize,
    _: *mut conclave_verdicts,
) -> conclave_status {
    conclave_host_error(
        Code::ValidatorFailed.number().cast_signed(),
        c"to be passed to the library, not to be called".as_ptr(),
    )
}

unsafe extern "C" fn refuse_to_compare(
    _: *mut c_void,
    _: *const conclave_candidate,
    _: *const conclave_candidate,
    _: *mut bool,
) -> conclave_status {
    conclave_host_error(
        Code::ValidatorFailed.number().cast_signed(),
        c"to be passed to the library, not to be called".as_ptr(),
    )
}

/// The validator that the host gave.
pub(super) fn validator(given: *const conclave_validator) -> Result<Arc<dyn CredentialValidator>> {
    if std::ptr::eq(given, conclave_accept_all()) {
        return Ok(Arc::new(AcceptAll));
    }
    let callbacks = read(given, "validator")?;
    let context = Context::new(callbacks.context, callbacks.release);
    required(callbacks.validate, "validator.validate")?;
    required(callbacks.is_successor, "validator.is_successor")?;
    Ok(Arc::new(HostValidator { context, callbacks }))
}

/// The host's validator, as the library sees it.
struct HostValidator {
    context: Context,
    callbacks: conclave_validator,
}

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
        let validate = required(self.callbacks.validate, "validator.validate")?;
        // SAFETY: the host's function, called as the header says; what is lent outlives the call.
        outcome(
            unsafe { validate(self.context.enter(), lent.as_ptr(), lent.len(), &raw mut verdicts) },
            Code::ValidatorFailed,
        )?;
        let given: Option<Vec<Verdict>> = verdicts.0.into_iter().collect();
        given.ok_or_else(|| Code::ValidatorFailed.with("the validator gave no verdict on a candidate"))
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        let mut memory = conclave_memory::new();
        let [older, newer] = [old, new].map(|candidate| conclave_candidate::of(&mut memory, candidate));
        let mut yes = 0u8;
        let is_successor = required(self.callbacks.is_successor, "validator.is_successor")?;
        let place = (&raw mut yes).cast::<bool>();
        // SAFETY: as for `validate`.
        outcome(
            unsafe { is_successor(self.context.enter(), &raw const older, &raw const newer, place) },
            Code::ValidatorFailed,
        )?;
        Ok(yes != 0)
    }
}

impl conclave_candidate {
    fn of(memory: &mut conclave_memory, candidate: Candidate) -> Self {
        let identity = conclave_identity::of(memory, candidate.identity);
        let signature_key = memory.bytes(candidate.signature_key);
        conclave_candidate { identity, signature_key, cipher_suite: candidate.cipher_suite }
    }
}
