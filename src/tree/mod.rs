//! The ratchet tree (RFC 9420 §7): its nodes as they stand in messages, each with its own checks, and the tree itself over
//! stored records, of which an operation loads what it touches.

mod adding;
mod arrival;
mod capabilities;
mod census;
mod credential;
mod edit;
mod export;
mod extension;
mod grease;
mod hash;
mod import;
mod imported;
mod index;
mod leaf_node;
mod listings;
mod node;
mod paged;
mod parent_hash;
mod parent_node;
mod path;
mod path_keys;
mod path_merge;
mod path_open;
mod path_seal;
mod path_secret;
mod record;
mod resize;
mod resolution;
mod roster;
#[cfg(test)]
pub(crate) mod sample;
mod sparse;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
mod unmerged;
mod unverified;

pub(crate) use arrival::MemberRules;
pub(crate) use capabilities::{Capabilities, ProposalType, RequiredCapabilities};
pub(crate) use credential::{Credential, CredentialType};
pub(crate) use extension::{ExtensionPlace, ExtensionType, Extensions, ExternalSender};
pub(crate) use grease::{add_to_extensions, add_to_leaf, is_reserved, keep_in_leaf, own_capabilities};
pub(crate) use import::{Judge, Newcomer, Scrutiny};
pub(crate) use imported::Payload;
pub(crate) use index::{NodeIndex, Width};
pub(crate) use leaf_node::{ExpectedSource, LeafNode, LeafNodeSource, LeafRules, Lifetime};
pub(crate) use node::{Node, TreeNodes};
pub(crate) use paged::{Tree, leaf_key, path_records};
pub(crate) use path::UpdatePath;
pub(crate) use path_keys::PathKeys;
pub(crate) use path_open::ReceivedPath;
pub(crate) use path_seal::NewPath;
pub(crate) use path_secret::PathSecret;
pub(crate) use record::{LeafRecord, Names};
pub(crate) use resolution::PathStep;
pub(crate) use summary::TreeHead;
pub(crate) use unverified::{Signed, Unverified};

#[cfg(any(test, feature = "test-util"))]
pub(crate) use {path::UpdatePathNode, path_secret::DerivedPath};

#[cfg(feature = "test-util")]
pub(crate) use {
    hash::{blank_summary, leaf_summary, parent_hash, parent_summary},
    parent_node::ParentNode,
    record::{ParentKey, ParentRecord},
    summary::Summary,
};
