//! Objects of RFC 9420 in words, field by field: for developers who look at what travels.
//!
//! An object is read where it stands, by a grammar of its own that follows the structs of the RFC: so an object of another
//! library, of a suite we do not have, or with a fault in it can be looked at too, and a fault is named with its field and
//! its place. Nothing is checked but the form, and what holds secrets is refused.

mod commit;
mod credential;
mod extension;
mod group;
mod leaf_node;
mod message;
mod names;
mod page;
mod picture;
mod tree;
mod value;

#[cfg(all(test, feature = "test-util"))]
mod tests;

use crate::base::{Code, Result, limits};
use crate::codec::{decode_exact, decode_front, split_opaque};
use crate::message::{GroupInfo, Message};
use crate::schedule::PreSharedKeyId;
use crate::tree::Unverified;
use page::{Fields, Page};

/// A kind of object that can be inspected. Its names are those of RFC 9420.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ObjectKind {
    /// MLSMessage (§6), of every wire format: what clients send each other.
    MlsMessage,
    /// PublicMessage (§6.2).
    PublicMessage,
    /// PrivateMessage (§6.3).
    PrivateMessage,
    /// Welcome (§12.4.3.1).
    Welcome,
    /// GroupInfo (§12.4.3).
    GroupInfo,
    /// KeyPackage (§10).
    KeyPackage,
    /// GroupContext (§8.1).
    GroupContext,
    /// LeafNode (§7.2).
    LeafNode,
    /// The payload of the `ratchet_tree` extension (§12.4.3.3), which is also what exporting the tree of a group gives.
    RatchetTree,
    /// Commit (§12.4).
    Commit,
    /// Proposal (§12.1).
    Proposal,
    /// UpdatePath (§7.6).
    UpdatePath,
    /// PreSharedKeyID (§8.4).
    PreSharedKeyId,
    /// Capabilities (§7.2).
    Capabilities,
    /// A list of extensions (§13.4).
    Extensions,
}

/// What [`inspect`] takes bytes for that are no MLSMessage, in this order: what says more about itself comes first.
const GUESSES: [ObjectKind; 12] = [
    ObjectKind::GroupInfo,
    ObjectKind::KeyPackage,
    ObjectKind::GroupContext,
    ObjectKind::Welcome,
    ObjectKind::UpdatePath,
    ObjectKind::LeafNode,
    ObjectKind::RatchetTree,
    ObjectKind::Commit,
    ObjectKind::PreSharedKeyId,
    ObjectKind::Proposal,
    ObjectKind::Capabilities,
    ObjectKind::Extensions,
];

impl ObjectKind {
    /// What stands in the first line, and how the fields are read.
    fn layout(self) -> (&'static str, Fields) {
        match self {
            ObjectKind::MlsMessage => ("MLSMessage", message::mls_message),
            ObjectKind::PublicMessage => ("PublicMessage", message::public_message),
            ObjectKind::PrivateMessage => ("PrivateMessage", message::private_message),
            ObjectKind::Welcome => ("Welcome", group::welcome),
            ObjectKind::GroupInfo => ("GroupInfo", group::group_info),
            ObjectKind::KeyPackage => ("KeyPackage", leaf_node::key_package),
            ObjectKind::GroupContext => ("GroupContext", group::group_context),
            ObjectKind::LeafNode => ("LeafNode", leaf_node::leaf_node),
            ObjectKind::RatchetTree => ("RatchetTree", tree::ratchet_tree),
            ObjectKind::Commit => ("Commit", commit::commit),
            ObjectKind::Proposal => ("Proposal", commit::proposal),
            ObjectKind::UpdatePath => ("UpdatePath", commit::update_path),
            ObjectKind::PreSharedKeyId => ("PreSharedKeyID", commit::pre_shared_key_id),
            ObjectKind::Capabilities => ("Capabilities", leaf_node::capabilities),
            ObjectKind::Extensions => ("Extensions", extension::extensions),
        }
    }

    fn describe(self, bytes: &[u8]) -> Result<String> {
        let (title, fields) = self.layout();
        Page::read(bytes, title, fields)
    }
}

/// Describes an MLS object in words: one field a line, named as in RFC 9420.
///
/// The bytes are an MLSMessage, or else the first other kind that they are in full; the first line says which. Outside of an
/// MLSMessage objects can be taken for one another; to be sure, name the kind with [`inspect_as`]. Nothing is checked but the
/// form. The text is bounded, however long the object is.
///
/// # Errors
/// `HoldsSecrets` for a GroupSecrets, the 2xx of bytes that are no object, `UnsupportedVersion`, `UnsupportedContent`,
/// `LimitReached`.
#[uniffi::export]
pub fn inspect(bytes: Vec<u8>) -> Result<String> {
    admit(&bytes)?;
    let described = ObjectKind::MlsMessage.describe(&bytes);
    described.or_else(|error| GUESSES.iter().find_map(|kind| kind.describe(&bytes).ok()).ok_or(error))
}

/// Describes an MLS object of a known kind in words, as [`inspect`] does.
///
/// # Errors
/// Those of [`inspect`].
#[uniffi::export]
pub fn inspect_as(kind: ObjectKind, bytes: Vec<u8>) -> Result<String> {
    admit(&bytes)?;
    kind.describe(&bytes)
}

/// Draws a ratchet tree in text: who stands where, which nodes are blank, which members are unmerged.
///
/// The bytes are a ratchet tree as it travels, or a GroupInfo that has one inside, with or without its MLSMessage. Of a tree
/// with more than 64 leaves the upper nodes are drawn, and what is below them is counted.
///
/// # Errors
/// `TreeMissing` for a GroupInfo without one, `HoldsSecrets`, the 2xx of bytes that are no tree, `LimitReached`.
#[uniffi::export]
pub fn inspect_tree(bytes: Vec<u8>) -> Result<String> {
    admit(&bytes)?;
    match group_info(&bytes) {
        Some(group_info) => {
            let tree = group_info.peek().extensions.ratchet_tree();
            picture::draw(tree.ok_or_else(|| Code::TreeMissing.with("the GroupInfo has no ratchet tree inside"))?)
        }
        None => picture::draw(&bytes),
    }
}

fn group_info(bytes: &[u8]) -> Option<Unverified<GroupInfo>> {
    match Message::decode(bytes) {
        Ok(Message::GroupInfo(group_info)) => Some(*group_info),
        _ => decode_exact(bytes).ok(),
    }
}

/// Refuses what is longer than any object, and what holds secrets.
fn admit(bytes: &[u8]) -> Result<()> {
    if bytes.len() > limits::MAX_TREE {
        return Err(Code::LimitReached.with(format_args!("an object is at most {} bytes long", limits::MAX_TREE)));
    }
    match is_group_secrets(bytes) {
        true => Err(Code::HoldsSecrets.with("this is a GroupSecrets, whose secrets open the group: it is not printed")),
        false => Ok(()),
    }
}

/// The shortest secret that a cipher suite makes.
const SHORTEST_SECRET: usize = 32;

/// Whether the bytes are a GroupSecrets (RFC 9420 §12.4.3.1). No other object has its form.
fn is_group_secrets(bytes: &[u8]) -> bool {
    let Ok((joiner_secret, rest)) = split_opaque(bytes) else { return false };
    let psks = match rest.split_first() {
        Some((0, rest)) => Some(rest),
        Some((1, rest)) => split_opaque(rest).ok().map(|(_, rest)| rest),
        _ => None,
    };
    let Some(psks) = psks else { return false };
    let whole = matches!(decode_front::<Vec<PreSharedKeyId>>(psks), Ok((_, [])));
    whole && joiner_secret.len() >= SHORTEST_SECRET
}
