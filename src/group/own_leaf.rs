//! Leaves and messages that this client signs.

use super::head::Head;
use super::host::{Host, OwnIdentity};
use super::state::GroupState;
use crate::base::host::SignPurpose;
use crate::base::{LeafIndex, Result};
use crate::codec::Short;
use crate::crypto::{HpkePublicKey, Signature, random_bytes};
use crate::message::{
    AuthenticatedContent, Content, FramedContent, FramedContentAuthData, Membership, Message, Padding, PrivateMessage,
    PublicMessage, Sealing, Sender, WireFormat,
};
use crate::schedule::{Advance, Ratchet, SealLimits, SecretTree, SenderIdentity};
use crate::store::{GroupKeys, RatchetKind, Txn};
use crate::tree::{LeafNode, LeafNodeSource, LeafRecord, Signed, add_to_leaf, keep_in_leaf, leaf_key};

use super::open::ratchet_kind;

/// A leaf of ours before it is signed, for a group or key package in which we have none.
pub(crate) fn unsigned_leaf(
    identity: &OwnIdentity,
    encryption_key: HpkePublicKey,
    source: LeafNodeSource,
) -> Result<LeafNode> {
    let mut node = plain_leaf(identity, encryption_key, source);
    if identity.grease {
        add_to_leaf(&mut node, identity.grease_extensions)?;
    }
    Ok(node)
}

/// A leaf of ours before it is signed, in place of `old`. Extensions that the app no longer asks for stay, as far as it still
/// supports them.
pub(crate) fn renewed_leaf(
    identity: &OwnIdentity,
    old: &LeafNode,
    encryption_key: HpkePublicKey,
    source: LeafNodeSource,
) -> Result<LeafNode> {
    let mut node = plain_leaf(identity, encryption_key, source);
    for (extension_type, payload) in old.extensions.iter() {
        let supported = node.capabilities.lacking_extension(std::iter::once(extension_type)).is_none();
        if supported && node.extensions.find(extension_type).is_none() {
            node.extensions.put(extension_type, payload.to_vec());
        }
    }
    if identity.grease {
        keep_in_leaf(&mut node, old, identity.grease_extensions)?;
    }
    Ok(node)
}

/// Says what the app configured, and no more.
fn plain_leaf(identity: &OwnIdentity, encryption_key: HpkePublicKey, source: LeafNodeSource) -> LeafNode {
    LeafNode {
        encryption_key,
        signature_key: identity.public_key.clone(),
        credential: identity.credential.clone(),
        capabilities: identity.capabilities.clone(),
        leaf_node_source: source,
        extensions: identity.extensions.clone(),
        signature: Signature(Short::default()),
    }
}

/// Signs a leaf of ours, for its place if it has one.
pub(crate) fn sign_leaf(
    host: &Host,
    (signing_key, mut node): (&[u8], LeafNode),
    place: Option<(&GroupState, LeafIndex)>,
) -> Result<LeafNode> {
    let member = place.map(|(state, leaf)| (&state.head.group_id, leaf));
    let content = node.to_be_signed(member)?;
    node.signature = host.sign(signing_key, (SignPurpose::LeafNode, LeafNode::LABEL), &content)?;
    Ok(node)
}

/// Frames and signs content of ours for the current epoch (RFC 9420 §6.1). A commit still lacks its confirmation tag.
pub(crate) fn sign_content(
    state: &GroupState,
    host: &Host,
    content: (WireFormat, Content),
    aad: &[u8],
) -> Result<AuthenticatedContent> {
    let place = (&state.head, state.epoch.group_context.as_slice());
    sign_as(Sender::Member(state.head.own_leaf), (place, host), content, aad)
}

/// The same as whoever we are to the group: a member, or a client that joins by its commit. The epoch is the head's, whose
/// encoded GroupContext is given.
pub(crate) fn sign_as(
    sender: Sender,
    ((head, group_context), host): ((&Head, &[u8]), &Host),
    (wire_format, content): (WireFormat, Content),
    aad: &[u8],
) -> Result<AuthenticatedContent> {
    let purpose = match &content {
        Content::Application(_) => SignPurpose::Application,
        Content::Proposal(_) => SignPurpose::Proposal,
        Content::Commit(_) => SignPurpose::Commit,
    };
    let content = FramedContent {
        group_id: head.group_id.clone(),
        epoch: head.epoch,
        sender,
        authenticated_data: aad.into(),
        content,
    };
    let to_be_signed = content.to_be_signed(wire_format, group_context)?;
    let signature = host.sign(&head.signing_key, (purpose, FramedContent::LABEL), &to_be_signed)?;
    let auth = FramedContentAuthData { signature, confirmation_tag: None };
    Ok(AuthenticatedContent { wire_format, content, auth })
}

/// The wire format that our handshakes in this group have.
pub(crate) fn handshake_format(state: &GroupState) -> WireFormat {
    match state.head.settings.encrypt_handshakes {
        true => WireFormat::PRIVATE_MESSAGE,
        false => WireFormat::PUBLIC_MESSAGE,
    }
}

/// Protects signed content in the wire format it was signed for. The key it uses up, if any, is still to be committed:
/// nothing may leave the library before that is written. `UsageLimit` if our keys have sealed as much as is safe in an epoch;
/// a commit, which begins the next one, is never refused.
pub(crate) fn protect<'k>(
    txn: &mut Txn,
    (state, host, keys): (&GroupState, &Host, &'k GroupKeys),
    authenticated: AuthenticatedContent,
) -> Result<(Vec<u8>, Option<Advance<'k>>)> {
    if authenticated.wire_format == WireFormat::PUBLIC_MESSAGE {
        let membership = Membership {
            suite: state.suite,
            membership_key: &state.epoch.current()?.membership_key,
            group_context: &state.epoch.group_context,
        };
        let message = PublicMessage::protect(authenticated, &membership)?;
        return Ok((Message::Public(Box::new(message)).encode()?, None));
    }
    let kind = ratchet_kind(authenticated.content.content.content_type());
    let tree = SecretTree { suite: state.suite, keys, epoch: state.head.epoch, width: state.epoch.width };
    let ratchet = own_ratchet(txn, state, (tree, kind))?;
    let limits = match authenticated.content.content {
        Content::Commit(_) => SealLimits::NONE,
        _ => host.seal_limits(state.suite),
    };
    let (key, mut advance) = ratchet.next_to_send()?;
    let sealing = Sealing {
        suite: state.suite,
        sender_data_secret: &state.epoch.sender_data_secret,
        generation: advance.generation(),
        key,
        reuse_guard: random_bytes()?,
        padding: padding(&state.head),
    };
    let message = PrivateMessage::protect(&authenticated, sealing)?;
    advance.count_sealed(message.sealed_bytes()?, limits)?;
    Ok((Message::Private(message).encode()?, Some(advance)))
}

/// How our messages are padded.
pub(crate) fn padding(head: &Head) -> Padding {
    if head.settings.pad { Padding::Padme } else { Padding::None }
}

/// Our ratchet of a kind; at its root, if we have not sent in the epoch.
fn own_ratchet<'k>(
    txn: &mut Txn,
    state: &GroupState,
    (tree, kind): (SecretTree<'k>, RatchetKind),
) -> Result<Ratchet<'k>> {
    let own = state.head.own_leaf;
    if let Some(ratchet) = Ratchet::load(txn, tree, own, kind)? {
        return Ok(ratchet);
    }
    txn.prefetch(tree.first_keys_needed(own)?.into_iter().chain([leaf_key(tree.keys, own)]))?;
    let sender = own_sender(txn, state)?;
    Ratchet::first(txn, tree, (own, kind), sender)
}

fn own_sender(txn: &mut Txn, state: &GroupState) -> Result<SenderIdentity> {
    let record: LeafRecord = txn.require(&leaf_key(&state.keys, state.head.own_leaf))?;
    let signature_key = record.leaf_node()?.signature_key.clone();
    Ok(SenderIdentity { signature_key, client_id: record.client_id, user_id: record.user_id })
}
