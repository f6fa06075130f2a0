//! Joining by a commit of one's own (RFC 9420 §12.4.3.2). The group is taken in as its GroupInfo announces it; the commit goes
//! through the stages that every commit does, with the eyes of someone who knows no secret of the group; and what it would
//! begin is kept aside until the delivery service accepts it.

use super::advance::{self, Begun, Roots};
use super::census::check_newcomer;
use super::commit::check_signer;
use super::entry::{Entrance, Entry};
use super::epoch::EpochRecord;
use super::head::{Head, Seat, Settings};
use super::host::Host;
use super::identities::PathLeaf;
use super::own_leaf::{sign_as, unsigned_leaf};
use super::pending_join::{self, Place};
use super::proposals::KnownProposal;
use super::psk::with_nonce;
use super::resolve::{Committer, Listed, ListedProposal};
use super::stage::{self, Provisional};
use super::state::{GroupState, member_name};
use super::{identities, path, record, rules};
use crate::base::event::Event;
use crate::base::{Code, LeafIndex, Result, Secret};
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{HpkePrivateKey, HpkePublicKey, Suite};
use crate::message::{
    AuthenticatedContent, Commit, Content, GroupInfo, Message, Proposal, ProposalOrRef, PublicMessage, Sender,
    WireFormat,
};
use crate::schedule::{Psk, SecretTree, external_init_to, interim_transcript_hash};
use crate::store::Txn;
use crate::tree::{LeafNode, LeafNodeSource, Names, NewPath, PathKeys, Payload, TreeHead, Unverified, UpdatePath};

/// What is to be joined, and how.
pub(crate) struct Entering<'a> {
    /// The GroupInfo, as an MLSMessage.
    pub(crate) group_info: &'a [u8],
    /// The tree, when the GroupInfo does not hold it.
    pub(crate) tree: Option<&'a Payload>,
    /// Whether a group that this client is a member of is to be joined anew.
    pub(crate) rejoin: bool,
    /// Keys to mix in.
    pub(crate) psks: &'a [Psk],
    pub(crate) settings: Settings,
    pub(crate) aad: &'a [u8],
}

/// Makes the external commit, and keeps what it would begin. Gives the state as it would be, and the message to send.
pub(crate) fn commit(txn: &mut Txn, host: &Host, entering: Entering<'_>) -> Result<(GroupState, Vec<u8>)> {
    let (announced, suite) = read(entering.group_info)?;
    // A client must support all that a group is and asks for (RFC 9420 §13.4, §11.1).
    check_newcomer(&host.identity_for(suite)?.capabilities, &announced.peek().group_context.extensions)?;
    let place = Place::make(txn, &announced.peek().group_context, entering.rejoin)?;
    let entrance = Entrance { keys: &place.keys, suite, host };
    let Entry { tree, .. } = entrance.take_tree(txn, announced.peek(), (entering.tree, None))?;
    let group_info = entrance.verify(txn, &tree, announced)?;
    let key = group_info.extensions.external_pub()?.ok_or_else(closed)?;
    let (kem_output, init_secret) = external_init_to(suite, &key)?;
    let mut state = visit(host, &place, (&group_info, tree, entering.settings))?;
    let newcomer = Newcomer::of(host, suite)?;
    let proposals = proposals(txn, &state, (&newcomer, kem_output, entering.psks))?;
    let (mut staged, path) = stage(txn, (&state, host), (newcomer, &proposals))?;
    let mut content = frame(txn, (&state, host), &mut staged, (&path, proposals, entering.aad))?;
    let begun = begin(txn, (&state, &group_info), (&mut staged, &path), (&mut content, init_secret))?;
    let message = PublicMessage::protect_outside(content)?;
    let message = Message::Public(Box::new(message)).encode()?;
    let event = record(txn, &mut state, &mut staged, (begun, path))?;
    pending_join::keep(txn, (&state, place), event, &message)?;
    Ok((state, message))
}

fn read(bytes: &[u8]) -> Result<(Unverified<GroupInfo>, &'static Suite)> {
    let Message::GroupInfo(group_info) = Message::decode(bytes)? else {
        return Err(Code::WrongContent.with("not a GroupInfo"));
    };
    let suite = Suite::of(group_info.peek().group_context.cipher_suite)?;
    group_info.peek().group_context.check(suite)?;
    Ok((*group_info, suite))
}

fn closed() -> crate::base::Error {
    Code::BadGroupInfo.with("it has no external_pub: the group lets nobody join by itself")
}

/// The group as an outsider sees it: all of its tree and its context, and none of its secrets.
fn visit(
    host: &Host,
    place: &Place,
    (group_info, tree, settings): (&GroupInfo, TreeHead, Settings),
) -> Result<GroupState> {
    let context = group_info.group_context.clone();
    let suite = Suite::of(context.cipher_suite)?;
    let epoch = EpochRecord::seen_from_outside(encode(&context)?, tree.width);
    let seat = Seat {
        own_leaf: LeafIndex(tree.root.facts.first_blank().unwrap_or(tree.width.leaves())),
        signing_key: host.identity_for(suite)?.key_id.clone(),
        settings,
    };
    let head = Head::begin(place.incarnation, &context, tree, seat);
    Ok(GroupState { head, epoch, context, keys: place.keys.clone(), suite })
}

/// Who joins: the leaf before it has keys, and what the app calls the client.
struct Newcomer {
    template: LeafNode,
    names: Names,
}

impl Newcomer {
    fn of(host: &Host, suite: &Suite) -> Result<Self> {
        let no_key = HpkePublicKey(Short::default());
        let template = unsigned_leaf(host.identity_for(suite)?, no_key, LeafNodeSource::Update)?;
        let names = host.name(suite, &[&template])?.pop().ok_or(Code::Internal)?;
        Ok(Newcomer { template, names })
    }
}

/// One ExternalInit, the removal of an earlier self that the group still has, and the keys to mix in (RFC 9420 §12.2).
fn proposals(
    txn: &mut Txn,
    state: &GroupState,
    (newcomer, kem_output, psks): (&Newcomer, Opaque, &[Psk]),
) -> Result<Vec<Proposal>> {
    let earlier = state.tree().find_client(txn, &newcomer.names.0)?;
    let psks = psks.iter().map(|psk| with_nonce(state.suite, psk.clone()));
    let mut proposals = vec![Proposal::ExternalInit(kem_output)];
    proposals.extend(earlier.map(Proposal::Remove));
    for psk in psks {
        proposals.push(psk?);
    }
    Ok(proposals)
}

/// The path of the commit, merged, with the private key of its leaf.
struct JoinerPath {
    path: NewPath,
    node: LeafNode,
    private: HpkePrivateKey,
}

/// Takes the commit through the stages: rules, the app's word, the tree.
fn stage(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    (newcomer, proposals): (Newcomer, &[Proposal]),
) -> Result<(Provisional, JoinerPath)> {
    let listed = Listed {
        committer: Committer::Joiner,
        proposals: proposals.iter().cloned().map(by_value).collect(),
        path: None,
        linking: None,
    };
    let allowed = rules::check(txn, state, host, listed)?;
    let Newcomer { template, names } = newcomer;
    let vetted = identities::vet(state, host, allowed, PathLeaf::Named(&names))?;
    let mut staged = stage::proposals(txn, state, vetted)?;
    if let Some(earlier) = staged.roster.removed.first() {
        let earlier = staged.former_leaf(txn, LeafIndex(earlier.leaf))?;
        host.require_successor(state.suite, &earlier, &template)?;
    }
    // Of the epoch that ends nothing can be read here, so nothing of it is kept.
    txn.clear(state.keys.epochs(state.head.epoch, staged.epoch()));
    let leaf = staged.tree.next_leaf(txn)?;
    let (path, node, private) = path::make(txn, (state, host), &mut staged, (leaf, template, names))?;
    staged.check_members(txn)?;
    let joined = staged.tree.leaf(txn, leaf)?.ok_or(Code::Internal)?;
    let joined = member_name(leaf, joined);
    staged.roster.added.push(joined);
    Ok((staged, JoinerPath { path, node, private }))
}

fn by_value(proposal: Proposal) -> ListedProposal {
    let known = KnownProposal { number: 0, sender: Sender::NewMemberCommit, proposal, names: None };
    ListedProposal { known, by_reference: false }
}

/// Seals the path, and signs the commit with the key of its leaf.
fn frame(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    staged: &mut Provisional,
    (path, proposals, aad): (&JoinerPath, Vec<Proposal>, &[u8]),
) -> Result<AuthenticatedContent> {
    let group_context = staged.seal_context(txn)?;
    let nodes = staged.tree.seal_path(txn, &path.path, (&staged.added_leaves, &group_context))?;
    let wire = UpdatePath { leaf_node: path.node.clone().into(), nodes };
    let proposals = proposals.into_iter().map(ProposalOrRef::Proposal).collect();
    let commit = Content::Commit(Box::new(Commit { proposals, path: Some(wire) }));
    let framed = (WireFormat::PUBLIC_MESSAGE, commit);
    let content = sign_as(Sender::NewMemberCommit, ((&state.head, &state.epoch.group_context), host), framed, aad)?;
    check_signer((state, host), &content, &path.node.signature_key)?;
    Ok(content)
}

/// Runs the key schedule from the init secret that the commit carries, and puts the confirmation tag into the commit.
fn begin(
    txn: &mut Txn,
    (state, group_info): (&GroupState, &GroupInfo),
    (staged, path): (&mut Provisional, &JoinerPath),
    (content, init_secret): (&mut AuthenticatedContent, Secret),
) -> Result<Begun> {
    let confirmed = &group_info.group_context.confirmed_transcript_hash;
    let interim = interim_transcript_hash(state.suite, confirmed, &group_info.confirmation_tag)?;
    let commit_secret = path.path.derived.commit_secret.duplicate();
    let roots = Roots { interim_transcript_hash: &interim, init_secret, commit_secret };
    let scheduled = advance::schedule(txn, state.suite, staged, (&content.confirmed_transcript_input()?, roots))?;
    let (begun, tag) = scheduled.begin(state.suite, staged)?;
    content.auth.confirmation_tag = Some(tag);
    Ok(begun)
}

/// Stages the epoch that the commit begins, all but its head, and tells what will have happened.
fn record(
    txn: &mut Txn,
    state: &mut GroupState,
    staged: &mut Provisional,
    (begun, path): (Begun, JoinerPath),
) -> Result<Event> {
    let epoch = staged.epoch();
    let us = staged.roster.added.last().cloned().ok_or(Code::Internal)?;
    let event = record::event(staged, record::change(staged, us.clone(), true));
    let own_leaf = LeafIndex(us.leaf);
    let mut keys = PathKeys::of_leaf(own_leaf, path.private);
    keys.replace(path.path.derived.keys);
    txn.store(state.keys.path_keys(), &keys);
    SecretTree { suite: state.suite, keys: &state.keys, epoch, width: begun.epoch.width }
        .plant(txn, begun.encryption_secret);
    txn.store(state.keys.epoch(epoch), &begun.epoch);
    state.head.tree = staged.tree.flush(txn)?;
    state.head.own_leaf = own_leaf;
    state.head.epoch = epoch;
    state.head.oldest_epoch = epoch;
    state.epoch = begun.epoch;
    state.context = staged.context.clone();
    Ok(event)
}
