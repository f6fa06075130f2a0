//! What a proposal would change, and who made it.

use super::bytes::conclave_bytes;
use super::memory::conclave_memory;
use super::names::{conclave_member_name, conclave_resumption_psk};
use crate::base::event::{Author, ProposalSummary};

/// One of `CONCLAVE_AUTHOR_*`.
pub type conclave_author_kind = i32;

/// A member of the group: see `member`.
pub const CONCLAVE_AUTHOR_MEMBER: conclave_author_kind = 1;
/// Someone outside whom the group allows to propose changes (RFC 9420 section 12.1.8): see `index`.
pub const CONCLAVE_AUTHOR_EXTERNAL: conclave_author_kind = 2;
/// A client that asks to be added, or joins by itself.
pub const CONCLAVE_AUTHOR_NEW_MEMBER: conclave_author_kind = 3;

/// Who sent a handshake message. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_author {
    /// One of `CONCLAVE_AUTHOR_*`.
    pub kind: conclave_author_kind,
    /// Of an external author, its place in the group's external_senders extension; else 0.
    pub index: u32,
    /// Of a member, which one; else NULL.
    pub member: *const conclave_member_name,
}

/// One of `CONCLAVE_PROPOSAL_*`.
pub type conclave_proposal_kind = i32;

/// A client joins: see `client_id`.
pub const CONCLAVE_PROPOSAL_ADD: conclave_proposal_kind = 1;
/// The sender replaces its own leaf.
pub const CONCLAVE_PROPOSAL_UPDATE: conclave_proposal_kind = 2;
/// A member leaves: see `member`.
pub const CONCLAVE_PROPOSAL_REMOVE: conclave_proposal_kind = 3;
/// A pre-shared key of the app is mixed in: see `psk_id`.
pub const CONCLAVE_PROPOSAL_PSK: conclave_proposal_kind = 4;
/// The secret of an earlier epoch, of this group or another, is mixed in: see `resumption_psk`.
pub const CONCLAVE_PROPOSAL_RESUMPTION_PSK: conclave_proposal_kind = 5;
/// The group is closed, to be begun anew.
pub const CONCLAVE_PROPOSAL_REINIT: conclave_proposal_kind = 6;
/// The committer joined by itself.
pub const CONCLAVE_PROPOSAL_EXTERNAL_INIT: conclave_proposal_kind = 7;
/// The group's own extensions are replaced: see `types`.
pub const CONCLAVE_PROPOSAL_EXTENSIONS: conclave_proposal_kind = 8;
/// A proposal that the library carries without reading: see `proposal_type` and `content`.
pub const CONCLAVE_PROPOSAL_CUSTOM: conclave_proposal_kind = 9;

/// What a proposal would change.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_proposal_summary {
    /// One of `CONCLAVE_PROPOSAL_*`. Later releases may have more kinds.
    pub kind: conclave_proposal_kind,
    /// Of a custom proposal, its registered type; else 0.
    pub proposal_type: u16,
    /// Of an Add, the name of the client.
    pub client_id: conclave_bytes,
    /// Of a Remove, who leaves; else NULL.
    pub member: *const conclave_member_name,
    /// Of a pre-shared key of the app, its id.
    pub psk_id: conclave_bytes,
    /// Of the secret of an earlier epoch, which one.
    pub resumption_psk: conclave_resumption_psk,
    /// Of new extensions, their types; else NULL.
    pub types: *const u16,
    /// How many types there are.
    pub type_count: usize,
    /// Of a custom proposal, its content, undecoded.
    pub content: conclave_bytes,
}

impl conclave_author {
    pub(super) fn of(memory: &mut conclave_memory, author: Author) -> Self {
        let nobody = conclave_author { kind: CONCLAVE_AUTHOR_NEW_MEMBER, index: 0, member: std::ptr::null() };
        match author {
            Author::Member { member } => {
                let member = conclave_member_name::optional(memory, Some(member));
                conclave_author { kind: CONCLAVE_AUTHOR_MEMBER, member, ..nobody }
            }
            Author::External { index } => conclave_author { kind: CONCLAVE_AUTHOR_EXTERNAL, index, ..nobody },
            Author::NewMember => nobody,
        }
    }
}

impl conclave_proposal_summary {
    const fn of_kind(kind: conclave_proposal_kind) -> Self {
        conclave_proposal_summary {
            kind,
            proposal_type: 0,
            client_id: conclave_bytes::NONE,
            member: std::ptr::null(),
            psk_id: conclave_bytes::NONE,
            resumption_psk: conclave_resumption_psk::NONE,
            types: std::ptr::null(),
            type_count: 0,
            content: conclave_bytes::NONE,
        }
    }

    pub(super) fn of(memory: &mut conclave_memory, summary: ProposalSummary) -> Self {
        match summary {
            ProposalSummary::Add { client_id } => {
                Self { client_id: memory.bytes(client_id), ..Self::of_kind(CONCLAVE_PROPOSAL_ADD) }
            }
            ProposalSummary::Update => Self::of_kind(CONCLAVE_PROPOSAL_UPDATE),
            ProposalSummary::Remove { member } => {
                let member = conclave_member_name::optional(memory, Some(member));
                Self { member, ..Self::of_kind(CONCLAVE_PROPOSAL_REMOVE) }
            }
            ProposalSummary::Psk { psk_id } => {
                Self { psk_id: memory.bytes(psk_id), ..Self::of_kind(CONCLAVE_PROPOSAL_PSK) }
            }
            ProposalSummary::ResumptionPsk { psk } => {
                let resumption_psk = conclave_resumption_psk::of(memory, psk);
                Self { resumption_psk, ..Self::of_kind(CONCLAVE_PROPOSAL_RESUMPTION_PSK) }
            }
            ProposalSummary::Reinit => Self::of_kind(CONCLAVE_PROPOSAL_REINIT),
            ProposalSummary::ExternalInit => Self::of_kind(CONCLAVE_PROPOSAL_EXTERNAL_INIT),
            ProposalSummary::Extensions { types } => {
                let (types, type_count) = memory.list(types);
                Self { types, type_count, ..Self::of_kind(CONCLAVE_PROPOSAL_EXTENSIONS) }
            }
            ProposalSummary::Custom { proposal_type, content } => {
                let content = memory.bytes(content);
                Self { proposal_type, content, ..Self::of_kind(CONCLAVE_PROPOSAL_CUSTOM) }
            }
        }
    }

    /// Keeps one.
    pub(super) fn item(memory: &mut conclave_memory, summary: ProposalSummary) -> *const Self {
        let summary = Self::of(memory, summary);
        memory.item(summary)
    }

    /// Keeps a list of them.
    pub(super) fn list(memory: &mut conclave_memory, summaries: Vec<ProposalSummary>) -> (*const *const Self, usize) {
        let summaries = summaries.into_iter().map(|summary| Self::of(memory, summary)).collect();
        memory.pointers(summaries)
    }
}
