//! The one public API. UniFFI's attributes sit on it directly: objects with `&self`, owned arguments, no generics.

mod archive;
mod call;
#[expect(clippy::module_inception, reason = "the client is what this room is named after")]
mod client;
mod commit_builder;
mod config;
mod extensions;
mod external_proposer;
mod group;
mod joining;
mod journal;
#[cfg(feature = "test-util")]
mod key_use;
mod lease;
mod lookups;
mod proposing;
mod receive;
mod retention;
#[cfg(feature = "test-util")]
pub(crate) mod seam;
mod sending;
mod services;
mod software_signer;
mod successor;
mod types;

pub use archive::{ImportOptions, Imported};
pub use client::Client;
#[cfg(feature = "test-util")]
pub(crate) use client::Shared;
pub use commit_builder::CommitBuilder;
pub use config::{ClientConfig, GroupOptions, Host, JoinOptions, KeyPackageOptions, SigningKey, basic_config};
pub use extensions::{Extension, ExternalSender, RequiredCapabilities, decode_extensions, encode_extensions};
pub use external_proposer::{ExternalPlace, ExternalProposer, JoinProposal};
pub use group::Group;
pub use joining::{ExternalJoin, ExternalJoinOptions};
pub use journal::PendingEffect;
#[cfg(feature = "test-util")]
pub use key_use::KeyUse;
pub(crate) use lease::Inside;
pub use successor::{BranchOptions, ReinitOptions, Successor, SuccessorOptions};
pub use types::{
    Capabilities, CommitResult, GroupPage, GroupStatus, GroupSummary, KeyPackageMessage, Member, PendingCommit,
    PendingProposal, Secret, Version, version,
};
