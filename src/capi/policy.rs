//! The app's own rules on top of the RFC's, lent through C.

use std::ffi::c_void;
use std::sync::Arc;

use super::answer::{ask, required};
use super::bytes::conclave_bytes;
use super::context::{Context, conclave_release};
use super::growing::{Growing, read};
use super::memory::conclave_memory;
use super::names::conclave_resumption_psk;
use super::status::{conclave_status, outcome};
use crate::base::event::ResumptionPsk;
use crate::base::host::{Change, ChangeRequest, Party, Policy};
use crate::base::{Code, Result};

/// One of `CONCLAVE_CHANGE_*`.
pub type conclave_change_kind = i32;

/// A new member: see `client_id`.
pub const CONCLAVE_CHANGE_ADD: conclave_change_kind = 1;
/// A member leaves or is made to leave: see `leaf`.
pub const CONCLAVE_CHANGE_REMOVE: conclave_change_kind = 2;
/// A member replaces its own keys or credential: see `leaf`.
pub const CONCLAVE_CHANGE_UPDATE: conclave_change_kind = 3;
/// A pre-shared key of the app is mixed in: see `psks`, which has one.
pub const CONCLAVE_CHANGE_PSK: conclave_change_kind = 4;
/// The secret of an earlier epoch is mixed in: see `resumption_psks`, which has one.
pub const CONCLAVE_CHANGE_RESUMPTION_PSK: conclave_change_kind = 5;
/// The group would be closed and begun anew: see `group_id`, `version`, `cipher_suite` and `types`.
pub const CONCLAVE_CHANGE_REINIT: conclave_change_kind = 6;
/// A client joins by itself: see `client_id`, `leaf`, `psks` and `resumption_psks`; the removal and the keys are asked about by
/// themselves, too.
pub const CONCLAVE_CHANGE_EXTERNAL_JOIN: conclave_change_kind = 7;
/// A member makes a commit and so begins an epoch, whatever it changes; each change is asked about by itself, too.
pub const CONCLAVE_CHANGE_COMMIT: conclave_change_kind = 8;
/// The group's own extensions change: see `types`.
pub const CONCLAVE_CHANGE_EXTENSIONS: conclave_change_kind = 9;
/// A proposal that the library carries without reading: see `proposal_type` and `content`.
pub const CONCLAVE_CHANGE_CUSTOM: conclave_change_kind = 10;

/// One of `CONCLAVE_PARTY_*`.
pub type conclave_party_kind = i32;

/// Nobody yet.
pub const CONCLAVE_PARTY_NONE: conclave_party_kind = 0;
/// A member of the group: `index` is its leaf.
pub const CONCLAVE_PARTY_MEMBER: conclave_party_kind = 1;
/// Someone outside whom the group lets propose changes (RFC 9420 section 12.1.8): `index` is its place in the group's
/// external_senders extension.
pub const CONCLAVE_PARTY_EXTERNAL: conclave_party_kind = 2;
/// A client that asks to be added, or joins by itself.
pub const CONCLAVE_PARTY_NEW_MEMBER: conclave_party_kind = 3;

/// Who proposes or commits a change. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_party {
    /// One of `CONCLAVE_PARTY_*`.
    pub kind: conclave_party_kind,
    /// What `kind` says.
    pub index: u32,
}

/// What stands for no leaf.
pub const CONCLAVE_NO_LEAF: u32 = 0xffff_ffff;

/// A change, where, and by whom.
#[repr(C)]
pub struct conclave_change_request {
    /// The group that would change.
    pub in_group: conclave_bytes,
    /// The epoch that the change starts from.
    pub epoch: u64,
    /// Who proposed it.
    pub proposer: conclave_party,
    /// Who commits it; `CONCLAVE_PARTY_NONE` while it is only proposed.
    pub committer: conclave_party,
    /// The change: one of `CONCLAVE_CHANGE_*`. Refuse kinds you do not know.
    pub kind: conclave_change_kind,
    /// The leaf that is concerned, or `CONCLAVE_NO_LEAF`.
    pub leaf: u32,
    /// The client that would join.
    pub client_id: conclave_bytes,
    /// The ids of pre-shared keys of the app.
    pub psks: *const conclave_bytes,
    /// How many there are.
    pub psk_count: usize,
    /// Earlier epochs whose secrets would be mixed in.
    pub resumption_psks: *const conclave_resumption_psk,
    /// How many there are.
    pub resumption_psk_count: usize,
    /// Of a ReInit, the id of the successor.
    pub group_id: conclave_bytes,
    /// Of a ReInit, the protocol version of the successor; 1 is MLS 1.0.
    pub version: u16,
    /// Of a ReInit, the cipher suite of the successor.
    pub cipher_suite: u16,
    /// The types of the extensions that the group or its successor would have.
    pub types: *const u16,
    /// How many types there are.
    pub type_count: usize,
    /// Of a custom proposal, its registered type.
    pub proposal_type: u16,
    /// Of a custom proposal, its content, undecoded.
    pub content: conclave_bytes,
}

/// The app's own rules on top of the RFC's: who may do what.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_policy {
    /// `sizeof(conclave_policy)`.
    pub struct_size: u32,
    /// Passed to the callback.
    pub context: *mut c_void,
    /// Called once, when nothing uses the policy any more; may be NULL.
    pub release: conclave_release,
    /// Whether the change may happen: writes its answer into `yes`. Asked when it is proposed and when it is committed, of whoever
    /// does so and of all who receive it. All members must answer alike, or the group falls apart. Returns `CONCLAVE_OK`, or
    /// `CONCLAVE_VALIDATOR_FAILED` if it cannot tell.
    pub permit: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            request: *const conclave_change_request,
            yes: *mut bool,
        ) -> conclave_status,
    >,
}

impl Growing for conclave_policy {
    fn initial() -> Self {
        let (struct_size, context) = (size_of::<Self>() as u32, std::ptr::null_mut());
        conclave_policy { struct_size, context, release: None, permit: None }
    }
}

/// The host's policy, as the library sees it.
pub(super) struct HostPolicy {
    context: Context,
    permit: Permit,
}

type Permit = unsafe extern "C" fn(*mut c_void, *const conclave_change_request, *mut bool) -> conclave_status;

impl HostPolicy {
    pub(super) fn new(given: *const conclave_policy) -> Result<Arc<Self>> {
        let callbacks = read(given, "policy")?;
        let context = Context::new(callbacks.context, callbacks.release);
        let permit = required(callbacks.permit, "policy.permit")?;
        Ok(Arc::new(HostPolicy { context, permit }))
    }
}

// SAFETY: the host vouches that its callbacks may run on several threads at once.
unsafe impl Send for HostPolicy {}
// SAFETY: as above.
unsafe impl Sync for HostPolicy {}

impl Policy for HostPolicy {
    fn permit(&self, request: ChangeRequest) -> Result<bool> {
        let mut memory = conclave_memory::new();
        let request = conclave_change_request::of(&mut memory, request);
        ask(|yes| {
            // SAFETY: the host's function, called as the header says; what is lent outlives the call.
            let status = unsafe { (self.permit)(self.context.enter(), &raw const request, yes) };
            outcome(status, Code::ValidatorFailed)
        })
    }
}

impl conclave_party {
    fn of(party: Option<Party>) -> Self {
        let (kind, index) = match party {
            None => (CONCLAVE_PARTY_NONE, 0),
            Some(Party::Member { leaf }) => (CONCLAVE_PARTY_MEMBER, leaf),
            Some(Party::External { index }) => (CONCLAVE_PARTY_EXTERNAL, index),
            Some(Party::NewMember) => (CONCLAVE_PARTY_NEW_MEMBER, 0),
        };
        conclave_party { kind, index }
    }
}

impl conclave_change_request {
    fn of(memory: &mut conclave_memory, request: ChangeRequest) -> Self {
        let mut this = conclave_change_request {
            in_group: memory.bytes(request.group_id),
            epoch: request.epoch,
            proposer: conclave_party::of(Some(request.proposer)),
            committer: conclave_party::of(request.committer),
            kind: 0,
            leaf: CONCLAVE_NO_LEAF,
            client_id: conclave_bytes::NONE,
            psks: std::ptr::null(),
            psk_count: 0,
            resumption_psks: std::ptr::null(),
            resumption_psk_count: 0,
            group_id: conclave_bytes::NONE,
            version: 0,
            cipher_suite: 0,
            types: std::ptr::null(),
            type_count: 0,
            proposal_type: 0,
            content: conclave_bytes::NONE,
        };
        this.kind = this.take(memory, request.change);
        this
    }

    fn take(&mut self, memory: &mut conclave_memory, change: Change) -> conclave_change_kind {
        match change {
            Change::Add { client_id } => {
                self.client_id = memory.bytes(client_id);
                CONCLAVE_CHANGE_ADD
            }
            Change::Remove { leaf } => {
                self.leaf = leaf;
                CONCLAVE_CHANGE_REMOVE
            }
            Change::Update { leaf } => {
                self.leaf = leaf;
                CONCLAVE_CHANGE_UPDATE
            }
            Change::Psk { psk_id } => {
                self.take_psks(memory, (vec![psk_id], vec![]));
                CONCLAVE_CHANGE_PSK
            }
            Change::ResumptionPsk { psk } => {
                self.take_psks(memory, (vec![], vec![psk]));
                CONCLAVE_CHANGE_RESUMPTION_PSK
            }
            Change::Reinit { group_id, version, cipher_suite, extensions } => {
                (self.group_id, self.version, self.cipher_suite) = (memory.bytes(group_id), version, cipher_suite);
                (self.types, self.type_count) = memory.list(extensions);
                CONCLAVE_CHANGE_REINIT
            }
            Change::ExternalJoin { client_id, removed, psks, resumption_psks } => {
                (self.client_id, self.leaf) = (memory.bytes(client_id), removed.unwrap_or(CONCLAVE_NO_LEAF));
                self.take_psks(memory, (psks, resumption_psks));
                CONCLAVE_CHANGE_EXTERNAL_JOIN
            }
            Change::Commit => CONCLAVE_CHANGE_COMMIT,
            Change::Extensions { types } => {
                (self.types, self.type_count) = memory.list(types);
                CONCLAVE_CHANGE_EXTENSIONS
            }
            Change::Custom { proposal_type, content } => {
                (self.proposal_type, self.content) = (proposal_type, memory.bytes(content));
                CONCLAVE_CHANGE_CUSTOM
            }
        }
    }

    fn take_psks(&mut self, memory: &mut conclave_memory, (psks, resumption): (Vec<Vec<u8>>, Vec<ResumptionPsk>)) {
        (self.psks, self.psk_count) = memory.byte_list(psks);
        (self.resumption_psks, self.resumption_psk_count) = conclave_resumption_psk::list(memory, resumption);
    }
}
