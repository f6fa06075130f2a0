//! Proposals from outside the group (RFC 9420 §12.1.8): by a sender whom the group names in its `external_senders`, and by a
//! client that asks to be added. They know of the group what a GroupInfo or the app tells them, and keep nothing of it.

use super::census::check_newcomer;
use super::host::{Host, OwnIdentity};
use super::identities::judge_external_senders;
use super::key_package::{self, OwnKeyPackage};
use super::propose::check_lifetime;
use crate::base::host::SignPurpose;
use crate::base::{Code, Epoch, GroupId, Result};
use crate::codec::decode_exact;
use crate::crypto::{Suite, random_bytes};
use crate::message::{
    AuthenticatedContent, Content, FramedContent, FramedContentAuthData, GroupContext, GroupInfo, Message, Proposal,
    PublicMessage, Sender, WireFormat, check_group_extensions,
};
use crate::store::{GroupKeys, Incarnation, Txn};
use crate::tree::{
    ExpectedSource, Extensions, Judge, LeafNode, LeafRules, Names, Newcomer, Payload, Scrutiny, Tree, Unverified,
};

/// The epoch of a group that proposals from outside are for.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(crate) group_id: GroupId,
    pub(crate) epoch: Epoch,
    pub(crate) suite: &'static Suite,
}

impl Destination {
    /// The epoch of this context.
    pub(crate) fn of(context: &GroupContext) -> Result<Self> {
        let suite = Suite::of(context.cipher_suite)?;
        Ok(Destination { group_id: context.group_id.clone(), epoch: context.epoch, suite })
    }
}

/// The place of this identity in the group's `external_senders`.
pub(crate) fn place_of(identity: &OwnIdentity, context: &GroupContext) -> Result<u32> {
    let senders = context.extensions.external_senders()?.unwrap_or_default();
    let place = senders.iter().position(|sender| sender.signature_key == identity.public_key);
    let place = place.and_then(|place| u32::try_from(place).ok());
    place.ok_or_else(|| Code::BadArgument.with("the group does not name this client among its external senders"))
}

/// Checks a proposal as the members will, and frames it as that of the external sender at `index`.
pub(crate) fn propose(
    host: &Host,
    (destination, index): (&Destination, u32),
    (proposal, aad): (Proposal, &[u8]),
) -> Result<Vec<u8>> {
    check(host, destination.suite, &proposal)?;
    frame(host, (destination, Sender::External(index)), (proposal, aad))
}

fn check(host: &Host, suite: &'static Suite, proposal: &Proposal) -> Result<()> {
    match proposal {
        Proposal::Add(key_package) => {
            let checked = key_package.clone().verify(suite, host.limits.longest_lifetime)?;
            check_lifetime(host, &checked.leaf_node)?;
            host.name(suite, &[&checked.leaf_node]).map(drop)
        }
        Proposal::GroupContextExtensions(extensions) => {
            check_group_extensions(extensions)?;
            judge_external_senders(suite, host, extensions)
        }
        Proposal::ReInit(reinit) => {
            Suite::of(reinit.cipher_suite)?;
            check_group_extensions(&reinit.extensions)
        }
        _ => Ok(()),
    }
}

/// A key package of ours, kept like others, and the message that proposes to add us with it.
pub(crate) fn propose_join(
    txn: &mut Txn,
    host: &Host,
    (context, aad): (&GroupContext, &[u8]),
) -> Result<(OwnKeyPackage, Vec<u8>)> {
    let destination = Destination::of(context)?;
    let identity = host.identity_for(destination.suite)?;
    check_newcomer(&identity.capabilities, &context.extensions)?;
    let own = key_package::create(txn, host, (destination.suite, identity), (false, &Extensions::default()))?;
    let Message::KeyPackage(key_package) = Message::decode(&own.message)? else { return Err(Code::Internal.into()) };
    let message = frame(host, (&destination, Sender::NewMemberProposal), (Proposal::Add(key_package.shared()), aad))?;
    Ok((own, message))
}

/// Signs a proposal and frames it. The signature covers no group context, which someone outside need not know (RFC 9420 §6.1).
fn frame(
    host: &Host,
    (destination, sender): (&Destination, Sender),
    (proposal, aad): (Proposal, &[u8]),
) -> Result<Vec<u8>> {
    let (suite, wire_format) = (destination.suite, WireFormat::PUBLIC_MESSAGE);
    let content = FramedContent {
        group_id: destination.group_id.clone(),
        epoch: destination.epoch,
        sender,
        authenticated_data: aad.into(),
        content: Content::Proposal(proposal),
    };
    let to_be_signed = content.to_be_signed(wire_format, &[])?;
    let identity = host.identity_for(suite)?;
    let signature = host.sign(&identity.key_id, (SignPurpose::Proposal, FramedContent::LABEL), &to_be_signed)?;
    // Nobody answers a proposal, so that the signer used the right key is checked here.
    suite
        .verify_with_label(&identity.public_key, FramedContent::LABEL, &to_be_signed, &signature)
        .map_err(|_| Code::SignerFailed.with("the signature is not by this client's key"))?;
    let auth = FramedContentAuthData { signature, confirmation_tag: None };
    let message = PublicMessage::protect_outside(AuthenticatedContent { wire_format, content, auth })?;
    Message::Public(Box::new(message)).encode()
}

/// What a GroupInfo says of its group. With the tree, inside or beside it, it is known to be a member's word: the tree is the
/// one it names, the app believes the credential of the leaf that signed it, and the signature is that leaf's. Without, only
/// its form is checked. Nothing stays staged.
pub(crate) fn read_group_info(
    txn: &mut Txn,
    host: &Host,
    (bytes, tree): (&[u8], Option<&Payload>),
) -> Result<GroupContext> {
    let Message::GroupInfo(group_info) = Message::decode(bytes)? else {
        return Err(Code::WrongContent.with("not a GroupInfo"));
    };
    let suite = Suite::of(group_info.peek().group_context.cipher_suite)?;
    group_info.peek().check(suite)?;
    let inside = group_info.peek().extensions.ratchet_tree().map(|tree| Payload::new(tree.to_vec()));
    let tree = inside.or_else(|| tree.cloned());
    match tree {
        Some(tree) => Ok(verified(txn, (host, suite), *group_info, &tree)?.group_context),
        None => Ok(group_info.peek().group_context.clone()),
    }
}

fn verified(
    txn: &mut Txn,
    (host, suite): (&Host, &'static Suite),
    group_info: Unverified<GroupInfo>,
    payload: &Payload,
) -> Result<GroupInfo> {
    let keys = GroupKeys::new(txn.keyspace().clone(), Incarnation(random_bytes()?));
    // Nothing lies under a fresh incarnation, and saying so spares every look.
    txn.clear(keys.all());
    let scrutiny =
        Scrutiny { rules: None, judge: &mut Unnamed, threads: host.limits.threads, observer: &host.observer };
    let head = Tree::import(txn, (keys.clone(), suite), payload, scrutiny)?;
    let context = &group_info.peek().group_context;
    if head.root.tree_hash != context.tree_hash {
        return Err(Code::BadTree.with("the tree is not the one that the GroupInfo names"));
    }
    let signer = Tree::open(keys, suite, &head).leaf(txn, group_info.peek().signer)?.map(|record| record.node.clone());
    let signer = signer.ok_or_else(|| Code::BadGroupInfo.with("its signer is a blank leaf"))?;
    txn.take_staged();
    let rules = LeafRules {
        source: ExpectedSource::Any,
        member: Some((&context.group_id, group_info.peek().signer)),
        longest_lifetime: host.limits.longest_lifetime,
    };
    let signer = decode_exact::<Unverified<LeafNode>>(&signer)?.verify(suite, &rules)?;
    host.name(suite, &[&signer])?;
    group_info.verify(suite, &signer.signature_key)
}

/// Takes a tree in of which only its hash and one leaf are asked for: members have no names but their places.
struct Unnamed;

impl Judge for Unnamed {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        Ok(newcomers.iter().map(|(leaf, _)| (leaf.0.to_be_bytes().to_vec(), Vec::new())).collect())
    }
}
