//! Signing with keys that the library never sees.

use std::ffi::c_void;
use std::sync::Arc;

use super::answer::{answer, required};
use super::bytes::conclave_bytes;
use super::context::{Context, conclave_release};
use super::growing::{Growing, read};
use super::status::{conclave_status, outcome};
use crate::base::host::{SignPurpose, Signer};
use crate::base::{Code, Result};

/// One of `CONCLAVE_SIGN_*`.
pub type conclave_sign_purpose = i32;

/// A key package that others fetch to add this client.
pub const CONCLAVE_SIGN_KEY_PACKAGE: conclave_sign_purpose = 1;
/// This client's own entry in a group's tree.
pub const CONCLAVE_SIGN_LEAF_NODE: conclave_sign_purpose = 2;
/// A commit.
pub const CONCLAVE_SIGN_COMMIT: conclave_sign_purpose = 3;
/// A proposal.
pub const CONCLAVE_SIGN_PROPOSAL: conclave_sign_purpose = 4;
/// An application message.
pub const CONCLAVE_SIGN_APPLICATION: conclave_sign_purpose = 5;
/// A GroupInfo, inside a Welcome or published for joining.
pub const CONCLAVE_SIGN_GROUP_INFO: conclave_sign_purpose = 6;

/// Signs with keys that the library never sees, such as those of a Secure Enclave, StrongBox or HSM. MLS signs every message,
/// so a key that asks the user each time is of no use here: let it certify the key that signs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_signer {
    /// `sizeof(conclave_signer)`.
    pub struct_size: u32,
    /// Passed to the callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the signer any more; may be NULL.
    pub release: conclave_release,
    /// Signs `content` under the key `key_id`, with the signature scheme of that key's cipher suite (Ed25519 and Ed448 raw, ECDSA
    /// as DER), and calls `conclave_signature_put` with the result. Returns `CONCLAVE_OK`, or `CONCLAVE_SIGNER_FAILED`, best with
    /// words, through `conclave_host_error`.
    pub sign: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            key_id: conclave_bytes,
            purpose: conclave_sign_purpose,
            content: conclave_bytes,
            signature: *mut conclave_signature,
        ) -> conclave_status,
    >,
}

impl Growing for conclave_signer {
    fn initial() -> Self {
        let (struct_size, context) = (size_of::<Self>() as u32, std::ptr::null_mut());
        conclave_signer { struct_size, context, release: None, sign: None }
    }
}

/// Where `conclave_signer.sign` puts the signature.
pub struct conclave_signature(Option<Vec<u8>>);

/// For `conclave_signer.sign`: gives the signature.
///
/// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
/// In: `signature`, as it was passed to the callback; `bytes`, which are copied.
/// Out: nothing.
/// State: none.
/// Threads: the one that the callback runs on.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_signature_put(
    signature: Option<&mut conclave_signature>,
    bytes: conclave_bytes,
) -> conclave_status {
    answer(|| {
        required(signature, "signature")?.0 = Some(bytes.copy("bytes")?);
        Ok(())
    })
}

/// The host's signer, as the library sees it.
pub(super) struct HostSigner {
    context: Context,
    sign: Sign,
}

type Sign = unsafe extern "C" fn(
    *mut c_void,
    conclave_bytes,
    conclave_sign_purpose,
    conclave_bytes,
    *mut conclave_signature,
) -> conclave_status;

impl HostSigner {
    pub(super) fn new(given: *const conclave_signer) -> Result<Arc<Self>> {
        let callbacks = read(given, "signer")?;
        let context = Context::new(callbacks.context, callbacks.release);
        let sign = required(callbacks.sign, "signer.sign")?;
        Ok(Arc::new(HostSigner { context, sign }))
    }
}

// SAFETY: the host vouches that its callbacks may run on several threads at once.
unsafe impl Send for HostSigner {}
// SAFETY: as above.
unsafe impl Sync for HostSigner {}

impl Signer for HostSigner {
    fn sign(&self, key_id: Vec<u8>, purpose: SignPurpose, content: Vec<u8>) -> Result<Vec<u8>> {
        let (key_id, content) = (conclave_bytes::lend(&key_id), conclave_bytes::lend(&content));
        let mut signature = conclave_signature(None);
        let purpose = purpose_in_c(purpose);
        // SAFETY: the host's function, called as the header says; what is lent outlives the call.
        let status = unsafe { (self.sign)(self.context.enter(), key_id, purpose, content, &raw mut signature) };
        outcome(status, Code::SignerFailed)?;
        signature.0.ok_or_else(|| Code::SignerFailed.with("the signer gave no signature"))
    }
}

fn purpose_in_c(purpose: SignPurpose) -> conclave_sign_purpose {
    match purpose {
        SignPurpose::KeyPackage => CONCLAVE_SIGN_KEY_PACKAGE,
        SignPurpose::LeafNode => CONCLAVE_SIGN_LEAF_NODE,
        SignPurpose::Commit => CONCLAVE_SIGN_COMMIT,
        SignPurpose::Proposal => CONCLAVE_SIGN_PROPOSAL,
        SignPurpose::Application => CONCLAVE_SIGN_APPLICATION,
        SignPurpose::GroupInfo => CONCLAVE_SIGN_GROUP_INFO,
    }
}
