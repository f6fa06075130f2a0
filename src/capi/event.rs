//! What a message turned into.

use super::bytes::conclave_bytes;
use super::memory::conclave_memory;
use super::names::{conclave_member_name, conclave_resumption_psk};
use super::proposal::{conclave_author, conclave_proposal_summary};
use crate::base::event::{EpochChange, Event};

/// One of `CONCLAVE_EVENT_*`.
pub type conclave_event_kind = i32;

/// An application message: see `message`.
pub const CONCLAVE_EVENT_MESSAGE: conclave_event_kind = 1;
/// A proposal, kept until a commit names it: see `proposal`.
pub const CONCLAVE_EVENT_PROPOSAL: conclave_event_kind = 2;
/// A commit has begun an epoch: see `change`.
pub const CONCLAVE_EVENT_EPOCH_CHANGED: conclave_event_kind = 3;
/// A commit has removed this client: see `removal`.
pub const CONCLAVE_EVENT_REMOVED: conclave_event_kind = 4;
/// A commit has closed the group, to be begun anew: see `change` and `reinit`.
pub const CONCLAVE_EVENT_REINIT: conclave_event_kind = 5;
/// A message of our own came back, and changed nothing. (The echo of our own waiting commit confirms it, and is
/// `CONCLAVE_EVENT_EPOCH_CHANGED`.)
pub const CONCLAVE_EVENT_OWN_ECHO: conclave_event_kind = 6;
/// The message was received before, and changed nothing.
pub const CONCLAVE_EVENT_DUPLICATE: conclave_event_kind = 7;
/// The message is of a future epoch, and is kept until the group gets there: see `deferred_epoch`.
pub const CONCLAVE_EVENT_DEFERRED: conclave_event_kind = 8;

/// An application message.
#[repr(C)]
pub struct conclave_message {
    /// Who wrote it.
    pub sender: conclave_member_name,
    /// What was written.
    pub plaintext: conclave_bytes,
    /// What the sender authenticated beside it, unencrypted.
    pub aad: conclave_bytes,
    /// The epoch it was sent in.
    pub epoch: u64,
    /// Its number among the sender's messages of that epoch. The signature does not cover it.
    pub generation: u32,
}

/// A proposal that was received.
#[repr(C)]
pub struct conclave_proposal {
    /// Who proposed it.
    pub author: conclave_author,
    /// The reference by which a commit names it.
    pub reference: conclave_bytes,
    /// What it would change.
    pub summary: *const conclave_proposal_summary,
}

/// What every member knows after a commit.
#[repr(C)]
pub struct conclave_epoch_change {
    /// The epoch that has begun.
    pub epoch: u64,
    /// Who made the commit.
    pub committer: conclave_member_name,
    /// Whether it was made here.
    pub own: bool,
    /// Whether the group's own extensions were replaced.
    pub extensions_changed: bool,
    /// Whether a waiting commit of our own lost its place to this one: see `lost_commit`.
    pub has_lost_commit: bool,
    /// Who joined.
    pub added: *const conclave_member_name,
    /// How many joined.
    pub added_count: usize,
    /// Who left or was removed.
    pub removed: *const conclave_member_name,
    /// How many left or were removed.
    pub removed_count: usize,
    /// Who replaced their leaves by an Update proposal.
    pub updated: *const conclave_member_name,
    /// How many did.
    pub updated_count: usize,
    /// The ids of the app's pre-shared keys that were mixed in.
    pub psks: *const conclave_bytes,
    /// How many there are.
    pub psk_count: usize,
    /// The earlier epochs whose secrets were mixed in.
    pub resumption_psks: *const conclave_resumption_psk,
    /// How many there are.
    pub resumption_psk_count: usize,
    /// Custom proposals that were committed.
    pub custom: *const *const conclave_proposal_summary,
    /// How many there are.
    pub custom_count: usize,
    /// What the commit of our own wanted that lost its place: do it again if it still makes sense.
    pub lost_commit: *const *const conclave_proposal_summary,
    /// How many changes it was about; 0 for one that only wanted fresh keys, or took in the proposals of others.
    pub lost_commit_count: usize,
}

/// How this client was removed.
#[repr(C)]
pub struct conclave_removal {
    /// Who made the commit.
    pub by: conclave_author,
    /// The epoch that began without this client.
    pub epoch: u64,
}

/// With what a closed group is to be begun anew.
#[repr(C)]
pub struct conclave_reinit {
    /// The id of the successor.
    pub group_id: conclave_bytes,
    /// The cipher suite of the successor.
    pub cipher_suite: u16,
}

/// What a message turned into. Free it with `conclave_event_free`, which wipes what was written; until then, everything in it
/// may be read.
#[repr(C)]
pub struct conclave_event {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// One of `CONCLAVE_EVENT_*`. Later releases may have more kinds: step over those you do not know.
    pub kind: conclave_event_kind,
    /// Of `CONCLAVE_EVENT_MESSAGE`; else NULL.
    pub message: *const conclave_message,
    /// Of `CONCLAVE_EVENT_PROPOSAL`; else NULL.
    pub proposal: *const conclave_proposal,
    /// Of `CONCLAVE_EVENT_EPOCH_CHANGED` and `CONCLAVE_EVENT_REINIT`; else NULL.
    pub change: *const conclave_epoch_change,
    /// Of `CONCLAVE_EVENT_REMOVED`; else NULL.
    pub removal: *const conclave_removal,
    /// Of `CONCLAVE_EVENT_REINIT`; else NULL.
    pub reinit: *const conclave_reinit,
    /// Of `CONCLAVE_EVENT_DEFERRED`, the epoch of the message; else 0.
    pub deferred_epoch: u64,
}

impl conclave_event {
    pub(super) fn new(event: Event) -> Box<Self> {
        Box::new(Self::of(event))
    }

    pub(super) fn of(event: Event) -> Self {
        let mut this = Self::empty();
        this.take(event);
        this
    }

    fn empty() -> Self {
        conclave_event {
            owner: conclave_memory::new(),
            kind: 0,
            message: std::ptr::null(),
            proposal: std::ptr::null(),
            change: std::ptr::null(),
            removal: std::ptr::null(),
            reinit: std::ptr::null(),
            deferred_epoch: 0,
        }
    }

    fn take(&mut self, event: Event) {
        let memory = &mut *self.owner;
        self.kind = match event {
            Event::Message { sender, plaintext, aad, epoch, generation } => {
                let sender = conclave_member_name::of(memory, sender);
                let (plaintext, aad) = (memory.bytes(plaintext), memory.bytes(aad));
                self.message = memory.item(conclave_message { sender, plaintext, aad, epoch, generation });
                CONCLAVE_EVENT_MESSAGE
            }
            Event::Proposal { author, reference, summary } => {
                let author = conclave_author::of(memory, author);
                let (reference, summary) = (memory.bytes(reference), conclave_proposal_summary::item(memory, summary));
                self.proposal = memory.item(conclave_proposal { author, reference, summary });
                CONCLAVE_EVENT_PROPOSAL
            }
            Event::EpochChanged { change } => {
                self.change = conclave_epoch_change::item(memory, change);
                CONCLAVE_EVENT_EPOCH_CHANGED
            }
            Event::Removed { by, epoch } => {
                let by = conclave_author::of(memory, by);
                self.removal = memory.item(conclave_removal { by, epoch });
                CONCLAVE_EVENT_REMOVED
            }
            Event::Reinit { change, group_id, cipher_suite } => {
                self.change = conclave_epoch_change::item(memory, change);
                let group_id = memory.bytes(group_id);
                self.reinit = memory.item(conclave_reinit { group_id, cipher_suite });
                CONCLAVE_EVENT_REINIT
            }
            Event::OwnEcho => CONCLAVE_EVENT_OWN_ECHO,
            Event::Duplicate => CONCLAVE_EVENT_DUPLICATE,
            Event::Deferred { epoch } => {
                self.deferred_epoch = epoch;
                CONCLAVE_EVENT_DEFERRED
            }
        };
    }
}

impl conclave_epoch_change {
    fn item(memory: &mut conclave_memory, change: EpochChange) -> *const Self {
        let committer = conclave_member_name::of(memory, change.committer);
        let (added, added_count) = conclave_member_name::list(memory, change.added);
        let (removed, removed_count) = conclave_member_name::list(memory, change.removed);
        let (updated, updated_count) = conclave_member_name::list(memory, change.updated);
        let (psks, psk_count) = memory.byte_list(change.psks);
        let (resumption_psks, resumption_psk_count) = conclave_resumption_psk::list(memory, change.resumption_psks);
        let (custom, custom_count) = conclave_proposal_summary::list(memory, change.custom);
        let has_lost_commit = change.lost_commit.is_some();
        let lost = change.lost_commit.unwrap_or_default();
        let (lost_commit, lost_commit_count) = conclave_proposal_summary::list(memory, lost);
        memory.item(conclave_epoch_change {
            epoch: change.epoch,
            committer,
            own: change.own,
            extensions_changed: change.extensions_changed,
            has_lost_commit,
            added,
            added_count,
            removed,
            removed_count,
            updated,
            updated_count,
            psks,
            psk_count,
            resumption_psks,
            resumption_psk_count,
            custom,
            custom_count,
            lost_commit,
            lost_commit_count,
        })
    }
}

/// Wipes and frees an event.
///
/// Returns: nothing.
/// In: `event`, from a function that gives one; NULL is allowed and does nothing. Not the event inside an effect.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_event_free(event: Option<Box<conclave_event>>) {
    drop(event);
}
