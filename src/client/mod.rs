//! The one public API. UniFFI's attributes sit on it directly: objects with `&self`, owned arguments, no generics.

mod call;
#[expect(clippy::module_inception, reason = "the client is what this room is named after")]
mod client;
mod commit_builder;
mod config;
mod group;
#[cfg(feature = "test-util")]
mod key_use;
mod lease;
mod retention;
#[cfg(feature = "test-util")]
pub(crate) mod seam;
mod sending;
mod services;
mod software_signer;
mod types;

pub use client::Client;
#[cfg(feature = "test-util")]
pub(crate) use client::Shared;
pub use commit_builder::CommitBuilder;
pub use config::{ClientConfig, GroupOptions, Host, JoinOptions, KeyPackageOptions, SigningKey};
pub use group::Group;
#[cfg(feature = "test-util")]
pub use key_use::KeyUse;
pub use types::{
    CommitResult, GroupPage, GroupStatus, GroupSummary, KeyPackageMessage, Member, PendingCommit, PendingProposal,
    Secret, Version, version,
};
