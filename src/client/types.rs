//! Plain values that cross the public border.

use std::fmt;

use crate::base::event::{Author, MemberName, ProposalSummary, ResumptionPsk};
use crate::base::host::Identity;
use crate::base::{Epoch, GroupId, Result, Secret as BaseSecret};
use crate::schedule::{Psk, ResumptionPskUsage};
use crate::tree;

use super::extensions::Extension;

/// Which release of the library this is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Version {
    /// The release, as in the package's name.
    pub release: String,
    /// The protocol it speaks.
    pub protocol: String,
}

/// Tells the release of the library.
#[uniffi::export]
pub fn version() -> Version {
    Version { release: env!("CARGO_PKG_VERSION").to_owned(), protocol: "MLS 1.0 (RFC 9420)".to_owned() }
}

/// A key package to publish.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeyPackageMessage {
    /// Its KeyPackageRef, by which it can be deleted.
    pub reference: Vec<u8>,
    /// The MLSMessage to hand to whoever wants to add this client.
    pub message: Vec<u8>,
    /// Whether its private keys are kept after use.
    pub last_resort: bool,
    /// When it expires, in seconds since 1970.
    pub not_after: u64,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Member {
    /// Position and canonical names.
    pub name: MemberName,
    /// The credential it shows.
    pub identity: Identity,
    /// The key it signs with.
    pub signature_key: Vec<u8>,
    /// What it says it supports.
    pub capabilities: Capabilities,
    /// What else its leaf carries.
    pub extensions: Vec<Extension>,
}

/// What a client says it supports (RFC 9420 §7.2). The lists may hold values that mean nothing (§13.5).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Capabilities {
    /// Versions of the protocol.
    pub versions: Vec<u16>,
    /// Cipher suites.
    pub cipher_suites: Vec<u16>,
    /// Types of extensions, beyond those of RFC 9420.
    pub extensions: Vec<u16>,
    /// Types of proposals, beyond those of RFC 9420.
    pub proposals: Vec<u16>,
    /// Types of credentials.
    pub credentials: Vec<u16>,
}

impl From<tree::Capabilities> for Capabilities {
    fn from(capabilities: tree::Capabilities) -> Self {
        Capabilities {
            versions: capabilities.versions.iter().map(|listed| listed.0).collect(),
            cipher_suites: capabilities.cipher_suites.iter().map(|listed| listed.0).collect(),
            extensions: capabilities.extensions.iter().map(|listed| listed.0).collect(),
            proposals: capabilities.proposals.iter().map(|listed| listed.0).collect(),
            credentials: capabilities.credentials.iter().map(|listed| listed.0).collect(),
        }
    }
}

/// How a group stands.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupStatus {
    /// The id of the group.
    pub group_id: Vec<u8>,
    /// The epoch it is in.
    pub epoch: u64,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// Our own position.
    pub own_leaf: u32,
    /// How many members it has.
    pub members: u32,
    /// Whether this client may act in the group: false once it was removed, the group was closed, or it came out of an archive.
    pub active: bool,
    /// Whether the group was closed by a ReInit.
    pub frozen: bool,
    /// Whether the group came out of an archive, and sends nothing until it was rejoined.
    pub imported: bool,
    /// How many proposals wait for a commit.
    pub pending_proposals: u32,
    /// Whether a commit of our own waits.
    pub pending_commit: bool,
    /// The first epoch whose messages can still be read.
    pub oldest_epoch: u64,
    /// How many messages of future epochs are kept.
    pub deferred: u32,
}

/// One group in a listing.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupSummary {
    /// The id of the group.
    pub group_id: Vec<u8>,
    /// The epoch it is in.
    pub epoch: u64,
    /// Whether this client may act in the group: false once it was removed, the group was closed, or it came out of an archive.
    pub active: bool,
}

/// Some of a client's groups.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupPage {
    /// The groups, in an order of the library's own.
    pub groups: Vec<GroupSummary>,
    /// What to pass to get the next page; nothing at the end.
    pub next: Option<Vec<u8>>,
}

/// A proposal that waits for a commit.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PendingProposal {
    /// The reference by which a commit names it.
    pub reference: Vec<u8>,
    /// Who proposed it.
    pub author: Author,
    /// What it would change.
    pub summary: ProposalSummary,
}

/// What a commit sends out.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CommitResult {
    /// The message for the group. Nothing has changed yet: confirm the commit when the delivery service has accepted it.
    pub commit: Vec<u8>,
    /// The Welcome for the clients it adds, to be sent once the commit is confirmed.
    pub welcome: Option<Vec<u8>>,
    /// The ratchet tree that goes with the Welcome, when it is not inside.
    pub tree: Option<Vec<u8>>,
}

/// A commit of our own that waits.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PendingCommit {
    /// The epoch that it would end.
    pub epoch: u64,
    /// The message for the group, as it was made: send it again unchanged when in doubt.
    pub commit: Vec<u8>,
    /// The Welcome for the clients it adds.
    pub welcome: Option<Vec<u8>>,
}

/// A resumption secret for the app's own purposes, as the protocol names it.
pub(crate) fn application_psk(psk: ResumptionPsk) -> Psk {
    Psk::Resumption {
        usage: ResumptionPskUsage::Application,
        psk_group_id: GroupId(psk.group_id),
        psk_epoch: Epoch(psk.epoch),
    }
}

/// A secret that leaves the library: wiped when dropped, and never printed.
#[derive(uniffi::Object)]
pub struct Secret(BaseSecret);

impl Secret {
    pub(crate) fn new(secret: BaseSecret) -> Self {
        Secret(secret)
    }

    /// The bytes themselves, for the C layer.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

#[uniffi::export]
impl Secret {
    /// The bytes, in a buffer that the caller is to wipe.
    ///
    /// # Errors
    /// None.
    pub fn copy(&self) -> Result<Vec<u8>> {
        Ok(self.0.expose().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
