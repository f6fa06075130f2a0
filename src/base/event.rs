//! What comes out of a call: the event that a message turned into, and the effect that a batch carries to the host.

use super::secret::wipe;

/// A member of a group, as far as its leaf tells.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MemberName {
    /// Its position in the tree; it keeps it until it is removed.
    pub leaf: u32,
    /// The canonical name of the client, as the app's validator gave it.
    pub client_id: Vec<u8>,
    /// The canonical name of the user behind it.
    pub user_id: Vec<u8>,
}

/// Who sent a handshake message.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Author {
    /// A member of the group.
    Member {
        /// Which one.
        member: MemberName,
    },
    /// Someone outside whom the group allows to propose changes (RFC 9420 §12.1.8).
    External {
        /// Its index in the group's external_senders extension.
        index: u32,
    },
    /// A client that asks to be added.
    NewMember,
}

/// What a proposal would change.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ProposalSummary {
    /// A client joins.
    Add {
        /// Its name.
        client_id: Vec<u8>,
    },
    /// The sender replaces its own leaf.
    Update,
    /// A member leaves.
    Remove {
        /// Which one.
        member: MemberName,
    },
    /// A pre-shared key of the app is mixed in.
    Psk {
        /// The id of the key.
        psk_id: Vec<u8>,
    },
    /// The secret of an earlier epoch, of this group or another, is mixed in.
    ResumptionPsk {
        /// Which one.
        psk: ResumptionPsk,
    },
    /// The group is closed, to be begun anew.
    Reinit,
    /// The committer joined by itself.
    ExternalInit,
    /// The group's own extensions are replaced.
    Extensions {
        /// The types of the new list.
        types: Vec<u16>,
    },
    /// A proposal the library carries without reading.
    Custom {
        /// Its registered type.
        proposal_type: u16,
        /// Its content, undecoded.
        content: Vec<u8>,
    },
}

/// The secret of an epoch, as proof of having been a member then (RFC 9420 §8.6).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ResumptionPsk {
    /// The group that it comes from.
    pub group_id: Vec<u8>,
    /// The epoch that it comes from.
    pub epoch: u64,
}

/// What every member knows after a commit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct EpochChange {
    /// The epoch that has begun.
    pub epoch: u64,
    /// Who made the commit.
    pub committer: MemberName,
    /// Whether it was made here.
    pub own: bool,
    /// Who joined.
    pub added: Vec<MemberName>,
    /// Who left or was removed.
    pub removed: Vec<MemberName>,
    /// Who replaced their leaves by an Update proposal.
    pub updated: Vec<MemberName>,
    /// Whether the group's own extensions were replaced.
    pub extensions_changed: bool,
    /// The ids of the app's pre-shared keys that were mixed in.
    pub psks: Vec<Vec<u8>>,
    /// The earlier epochs whose secrets were mixed in.
    pub resumption_psks: Vec<ResumptionPsk>,
    /// Custom proposals that were committed.
    pub custom: Vec<ProposalSummary>,
    /// What a pending commit of our own wanted, when this one took its place: do it again if it still makes sense.
    pub lost_commit: Option<Vec<ProposalSummary>>,
}

/// What an inbound message turned into.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    /// An application message.
    Message {
        /// Who wrote it.
        sender: MemberName,
        /// What was written.
        plaintext: Vec<u8>,
        /// What the sender authenticated beside it, unencrypted.
        aad: Vec<u8>,
        /// The epoch it was sent in.
        epoch: u64,
        /// Its number among the sender's messages of that epoch. The signature does not cover it.
        generation: u32,
    },
    /// A proposal, kept until a commit names it.
    Proposal {
        /// Who proposed it.
        author: Author,
        /// The reference by which a commit names it.
        reference: Vec<u8>,
        /// What it would change.
        summary: ProposalSummary,
    },
    /// A commit took effect.
    EpochChanged {
        /// What changed.
        change: EpochChange,
    },
    /// A commit removed this client. What was received before can still be read; nothing more can be sent.
    Removed {
        /// Who made the commit.
        by: Author,
        /// The epoch that began without us.
        epoch: u64,
    },
    /// A commit closed the group; it goes on under a new id.
    Reinit {
        /// What changed at the same time.
        change: EpochChange,
        /// The id of the successor.
        group_id: Vec<u8>,
        /// The cipher suite of the successor.
        cipher_suite: u16,
    },
    /// A message of our own came back from the delivery service, and changed nothing. (The echo of our own pending commit
    /// confirms it, and comes back as `EpochChanged`.)
    OwnEcho,
    /// The message was received before, and changed nothing.
    Duplicate,
    /// The message is of a future epoch and is kept until the group gets there.
    Deferred {
        /// Its epoch.
        epoch: u64,
    },
}

impl Event {
    /// Wipes what users wrote.
    pub(crate) fn wipe(&mut self) {
        if let Event::Message { plaintext, .. } = self {
            wipe(plaintext);
        }
    }
}

impl std::fmt::Debug for Event {
    /// Names the kind and the epoch; what users wrote is never printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Event::Message { sender, epoch, generation, plaintext, .. } => f
                .debug_struct("Message")
                .field("leaf", &sender.leaf)
                .field("epoch", epoch)
                .field("generation", generation)
                .field("length", &plaintext.len())
                .finish(),
            Event::Proposal { .. } => f.write_str("Proposal"),
            Event::EpochChanged { change } => write!(f, "EpochChanged({})", change.epoch),
            Event::Removed { epoch, .. } => write!(f, "Removed({epoch})"),
            Event::Reinit { change, .. } => write!(f, "Reinit({})", change.epoch),
            Event::OwnEcho => f.write_str("OwnEcho"),
            Event::Duplicate => f.write_str("Duplicate"),
            Event::Deferred { epoch } => write!(f, "Deferred({epoch})"),
        }
    }
}

/// What one write to storage means to the app, so that the app can store it in the same transaction.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Effect {
    /// A message was received.
    Received {
        /// The group.
        group_id: Vec<u8>,
        /// The tag that the app passed to the call.
        tag: Vec<u8>,
        /// What the message turned into.
        event: Event,
    },
    /// Bytes are to be sent; they are sent again unchanged when in doubt, and never encrypted again.
    Outbound {
        /// The group.
        group_id: Vec<u8>,
        /// The tag that the app passed to the call.
        tag: Vec<u8>,
        /// The message for the group.
        message: Vec<u8>,
    },
    /// A commit of our own took effect; its Welcome may now be sent. External joins, successors and branches are told so too.
    Confirmed {
        /// The group.
        group_id: Vec<u8>,
        /// The tag that the app passed to the call.
        tag: Vec<u8>,
        /// What the commit changed.
        event: Event,
        /// The Welcome for those it added.
        welcome: Option<Vec<u8>>,
    },
    /// A group was created, or joined by a Welcome.
    Joined {
        /// The group.
        group_id: Vec<u8>,
        /// The tag that the app passed to the call.
        tag: Vec<u8>,
        /// The epoch it begins with here.
        epoch: u64,
    },
    /// Groups came out of an archive; they send nothing until they were rejoined. Closed ones go on with `create_successor`.
    Imported {
        /// The groups.
        group_ids: Vec<Vec<u8>>,
    },
    /// Key packages were made, and are to be published.
    KeyPackages {
        /// Each as an MLSMessage.
        messages: Vec<Vec<u8>>,
    },
}

impl Effect {
    /// Wipes what users wrote. All else is public, or encrypted.
    pub(crate) fn wipe(&mut self) {
        if let Effect::Received { event, .. } | Effect::Confirmed { event, .. } = self {
            event.wipe();
        }
    }
}
