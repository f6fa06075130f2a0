//! The ratchet tree (RFC 9420 §7): its nodes as they stand in messages, each with its own checks.

mod capabilities;
mod credential;
mod extension;
mod leaf_node;
mod node;
mod parent_node;
mod path;
#[cfg(test)]
pub(crate) mod sample;
mod unverified;

pub(crate) use capabilities::{Capabilities, ProposalType, RequiredCapabilities};
pub(crate) use credential::{Credential, CredentialType};
pub(crate) use extension::{Extension, ExtensionPlace, ExtensionType, Extensions, ExternalSender};
pub(crate) use leaf_node::{ExpectedSource, LeafNode, LeafNodeSource, LeafRules, Lifetime};
pub(crate) use node::{Node, TreeNode, TreeNodes};
pub(crate) use parent_node::ParentNode;
pub(crate) use path::{UpdatePath, UpdatePathNode};
pub(crate) use unverified::{Signed, Unverified};
