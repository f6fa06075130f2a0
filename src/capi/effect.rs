//! What a write means to the app.

use super::bytes::conclave_bytes;
use super::event::conclave_event;
use super::memory::conclave_memory;
use crate::base::event::Effect;

/// One of `CONCLAVE_EFFECT_*`.
pub type conclave_effect_kind = i32;

/// A message was received: see `event`.
pub const CONCLAVE_EFFECT_RECEIVED: conclave_effect_kind = 1;
/// `message` is to be sent to the group; it is sent again unchanged when in doubt, and never made again.
pub const CONCLAVE_EFFECT_OUTBOUND: conclave_effect_kind = 2;
/// A commit of our own took effect, see `event`; `welcome` may now be sent. External joins, successors and branches are told
/// so too.
pub const CONCLAVE_EFFECT_CONFIRMED: conclave_effect_kind = 3;
/// A group was created, or joined by a Welcome: see `epoch`.
pub const CONCLAVE_EFFECT_JOINED: conclave_effect_kind = 4;
/// Groups came out of an archive, see `group_ids`; they send nothing until they were rejoined.
pub const CONCLAVE_EFFECT_IMPORTED: conclave_effect_kind = 5;
/// Key packages were made, and `messages` are to be published.
pub const CONCLAVE_EFFECT_KEY_PACKAGES: conclave_effect_kind = 6;

/// What one write to the storage means to the app, so that the app can store it in the same transaction.
#[repr(C)]
pub struct conclave_effect {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// One of `CONCLAVE_EFFECT_*`. Later releases may have more kinds.
    pub kind: conclave_effect_kind,
    /// The group, if it concerns one.
    pub group_id: conclave_bytes,
    /// The tag that the app passed to the call.
    pub tag: conclave_bytes,
    /// Of `CONCLAVE_EFFECT_RECEIVED` and `CONCLAVE_EFFECT_CONFIRMED`, what happened; else NULL.
    pub event: *const conclave_event,
    /// Of `CONCLAVE_EFFECT_OUTBOUND`, the bytes to send.
    pub message: conclave_bytes,
    /// Of `CONCLAVE_EFFECT_CONFIRMED`, the Welcome for those who were added; absent if nobody was.
    pub welcome: conclave_bytes,
    /// Of `CONCLAVE_EFFECT_JOINED`, the epoch that the group begins with here.
    pub epoch: u64,
    /// Of `CONCLAVE_EFFECT_IMPORTED`, the groups.
    pub group_ids: *const conclave_bytes,
    /// How many groups there are.
    pub group_count: usize,
    /// Of `CONCLAVE_EFFECT_KEY_PACKAGES`, each as an MLSMessage.
    pub messages: *const conclave_bytes,
    /// How many there are.
    pub message_count: usize,
}

impl conclave_effect {
    pub(super) fn of(effect: Effect) -> Self {
        let mut this = Self::empty();
        this.take(effect);
        this
    }

    fn empty() -> Self {
        conclave_effect {
            owner: conclave_memory::new(),
            kind: 0,
            group_id: conclave_bytes::NONE,
            tag: conclave_bytes::NONE,
            event: std::ptr::null(),
            message: conclave_bytes::NONE,
            welcome: conclave_bytes::NONE,
            epoch: 0,
            group_ids: std::ptr::null(),
            group_count: 0,
            messages: std::ptr::null(),
            message_count: 0,
        }
    }

    fn take(&mut self, effect: Effect) {
        let memory = &mut *self.owner;
        self.kind = match effect {
            Effect::Received { group_id, tag, event } => {
                [self.group_id, self.tag] = [group_id, tag].map(|bytes| memory.bytes(bytes));
                self.event = memory.item(conclave_event::of(event));
                CONCLAVE_EFFECT_RECEIVED
            }
            Effect::Outbound { group_id, tag, message } => {
                [self.group_id, self.tag, self.message] = [group_id, tag, message].map(|bytes| memory.bytes(bytes));
                CONCLAVE_EFFECT_OUTBOUND
            }
            Effect::Confirmed { group_id, tag, event, welcome } => {
                [self.group_id, self.tag] = [group_id, tag].map(|bytes| memory.bytes(bytes));
                self.event = memory.item(conclave_event::of(event));
                self.welcome = memory.optional(welcome);
                CONCLAVE_EFFECT_CONFIRMED
            }
            Effect::Joined { group_id, tag, epoch } => {
                [self.group_id, self.tag] = [group_id, tag].map(|bytes| memory.bytes(bytes));
                self.epoch = epoch;
                CONCLAVE_EFFECT_JOINED
            }
            Effect::Imported { group_ids } => {
                (self.group_ids, self.group_count) = memory.byte_list(group_ids);
                CONCLAVE_EFFECT_IMPORTED
            }
            Effect::KeyPackages { messages } => {
                (self.messages, self.message_count) = memory.byte_list(messages);
                CONCLAVE_EFFECT_KEY_PACKAGES
            }
        };
    }
}
