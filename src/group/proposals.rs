//! Proposals that wait for a commit: verified when they came, and kept by their references.

use super::host::Host;
use super::state::GroupState;
use crate::base::event::{Author, MemberName, ProposalSummary, ResumptionPsk};
use crate::base::{Code, LeafIndex, Result, limits};
use crate::codec::{decode_exact, encode};
use crate::crypto::Digest;
use crate::message::{Proposal, Sender};
use crate::schedule::Psk;
use crate::store::{Reader, Record, Txn, Writer, corrupt};
use crate::tree::{LeafNode, Names};

use super::state::member_name;

/// One proposal, who made it, and what the app's validator said of the client it is about.
#[derive(Clone, Debug)]
pub(crate) struct KnownProposal {
    /// Its place in the order of arrival.
    pub(crate) number: u32,
    pub(crate) sender: Sender,
    pub(crate) proposal: Proposal,
    /// The client of an Add or Update.
    pub(crate) names: Option<Names>,
}

impl Record for KnownProposal {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.number);
        // Both were decoded from the wire or made here, so they encode.
        writer.bytes(&encode(&self.sender).unwrap_or_default());
        writer.bytes(&encode(&self.proposal).unwrap_or_default());
        writer.option(self.names.as_ref(), |writer, (client_id, user_id)| {
            writer.bytes(client_id);
            writer.bytes(user_id);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(KnownProposal {
            number: reader.u32()?,
            sender: decode_exact(reader.bytes()?).map_err(|_| corrupt())?,
            proposal: decode_exact(reader.bytes()?).map_err(|_| corrupt())?,
            names: reader.option(|reader| Ok((reader.bytes()?.to_vec(), reader.bytes()?.to_vec())))?,
        })
    }
}

impl KnownProposal {
    /// What it would change, in the words of an event.
    pub(crate) fn summary(&self, state: &GroupState, txn: &mut Txn) -> Result<ProposalSummary> {
        Ok(match &self.proposal {
            Proposal::Add(_) => {
                let (client_id, _) = self.names.clone().unwrap_or_default();
                ProposalSummary::Add { client_id }
            }
            Proposal::Update(_) => ProposalSummary::Update,
            Proposal::Remove(leaf) => {
                ProposalSummary::Remove { member: name_in_message(state, txn, (*leaf, Code::BadProposal))? }
            }
            Proposal::PreSharedKey(id) => match &id.psk {
                Psk::External(psk_id) => ProposalSummary::Psk { psk_id: psk_id.to_vec() },
                Psk::Resumption { psk_group_id, psk_epoch, .. } => {
                    let (group_id, epoch) = (psk_group_id.as_slice().to_vec(), psk_epoch.0);
                    ProposalSummary::ResumptionPsk { psk: ResumptionPsk { group_id, epoch } }
                }
            },
            Proposal::ReInit(_) => ProposalSummary::Reinit,
            Proposal::ExternalInit(_) => ProposalSummary::ExternalInit,
            Proposal::GroupContextExtensions(extensions) => {
                ProposalSummary::Extensions { types: extensions.types().map(|listed| listed.0).collect() }
            }
            Proposal::Custom(proposal_type, content) => {
                ProposalSummary::Custom { proposal_type: proposal_type.0, content: content.to_vec() }
            }
        })
    }
}

/// The name of the member at a leaf that the app chose.
pub(crate) fn name_of(state: &GroupState, txn: &mut Txn, leaf: LeafIndex) -> Result<MemberName> {
    let mut tree = state.tree();
    let record = tree.leaf(txn, leaf)?.ok_or(Code::NoSuchMember)?;
    Ok(member_name(leaf, record))
}

/// The name of the member at a leaf that a message gives; `otherwise` is what the message is guilty of if none is there.
fn name_in_message(state: &GroupState, txn: &mut Txn, (leaf, otherwise): (LeafIndex, Code)) -> Result<MemberName> {
    let mut tree = state.tree();
    let record = tree.leaf(txn, leaf)?.ok_or_else(|| otherwise.with("no member is at this leaf"))?;
    Ok(member_name(leaf, record))
}

/// Who sent a handshake message, in the words of an event.
pub(crate) fn author_of(state: &GroupState, txn: &mut Txn, sender: Sender) -> Result<Author> {
    Ok(match sender {
        Sender::Member(leaf) => Author::Member { member: name_in_message(state, txn, (leaf, Code::BadSender))? },
        Sender::External(index) => Author::External { index },
        Sender::NewMemberProposal | Sender::NewMemberCommit => Author::NewMember,
    })
}

/// Checks what can be checked of a single proposal (RFC 9420 §12.1), and asks the app about a client it brings in.
pub(crate) fn examine(
    state: &GroupState,
    txn: &mut Txn,
    host: &Host,
    (sender, proposal): (Sender, &Proposal),
) -> Result<Option<Names>> {
    match proposal {
        Proposal::Add(key_package) => {
            let checked = key_package.clone().verify(state.suite, host.limits.longest_lifetime)?;
            host.name(state.suite, &[&checked.leaf_node]).map(|names| names.into_iter().next())
        }
        Proposal::Update(leaf_node) => {
            let Sender::Member(leaf) = sender else { return Err(Code::BadSender.into()) };
            let checked = verify_update(state, host, leaf, leaf_node.as_ref().clone())?;
            let old = current_leaf(state, txn, leaf)?;
            require_fresh_key(&old, &checked)?;
            host.require_successor(state.suite, &old, &checked)?;
            host.name(state.suite, &[&checked]).map(|names| names.into_iter().next())
        }
        Proposal::Remove(leaf) => current_leaf(state, txn, *leaf).map(|_| None),
        Proposal::PreSharedKey(id) => super::psk::check_id(state.suite, id, None).map(|()| None),
        Proposal::GroupContextExtensions(extensions) => {
            crate::message::check_group_extensions(extensions)?;
            super::identities::judge_external_senders(state.suite, host, extensions).map(|()| None)
        }
        Proposal::ReInit(reinit) => super::rules::check_reinit(state, reinit).map(|()| None),
        Proposal::ExternalInit(_) => Err(Code::BadProposal.with("an ExternalInit outside an external commit")),
        Proposal::Custom(..) => Ok(None),
    }
}

/// The leaf of an Update proposal, checked for the place it is to take (RFC 9420 §12.1.2).
pub(crate) fn verify_update(
    state: &GroupState,
    host: &Host,
    leaf: LeafIndex,
    node: crate::tree::Unverified<LeafNode>,
) -> Result<LeafNode> {
    let rules = crate::tree::LeafRules {
        source: crate::tree::ExpectedSource::Update,
        member: Some((&state.head.group_id, leaf)),
        longest_lifetime: host.limits.longest_lifetime,
    };
    node.verify(state.suite, &rules)
}

/// A leaf may replace an older one only with a fresh encryption key (RFC 9420 §7.3).
pub(crate) fn require_fresh_key(old: &LeafNode, new: &LeafNode) -> Result<()> {
    match old.encryption_key == new.encryption_key {
        true => Err(Code::KeyReused.with("the new leaf keeps the encryption key of the old one")),
        false => Ok(()),
    }
}

/// The LeafNode of a member.
pub(crate) fn current_leaf(state: &GroupState, txn: &mut Txn, leaf: LeafIndex) -> Result<LeafNode> {
    let mut tree = state.tree();
    let record = tree.leaf(txn, leaf)?.ok_or_else(|| Code::BadProposal.with("a proposal is about a blank leaf"))?;
    record.leaf_node().cloned()
}

/// Keeps a proposal until a commit names it. One that says nothing new, such as our own second wish to leave, has the
/// reference of the first and waits once.
pub(crate) fn keep(state: &mut GroupState, txn: &mut Txn, reference: &Digest, known: &mut KnownProposal) -> Result<()> {
    let key = state.keys.proposal(&reference.0);
    if txn.read(&key)?.is_some() {
        return state.store_head(txn);
    }
    check_room(state, txn, known.sender)?;
    known.number = state.head.proposals;
    state.head.proposals += 1;
    let value = crate::store::encode_record(known);
    if value.len() > limits::MAX_PENDING_PROPOSAL {
        let most = limits::MAX_PENDING_PROPOSAL;
        return Err(Code::LimitReached.with(format_args!("a proposal that waits is at most {most} bytes long")));
    }
    txn.put(key, value);
    state.store_head(txn)
}

/// Refuses a proposal of a sender whose share of the waiting ones is used up. They are counted only when there are enough
/// of them for that.
fn check_room(state: &GroupState, txn: &mut Txn, sender: Sender) -> Result<()> {
    let share = match sender {
        Sender::Member(_) | Sender::External(_) => limits::MAX_PENDING_OF_MEMBER,
        Sender::NewMemberProposal | Sender::NewMemberCommit => limits::MAX_PENDING_OF_STRANGERS,
    };
    if state.head.proposals >= limits::MAX_PENDING_PROPOSALS {
        return Err(Code::LimitReached.with(format_args!("at most {} proposals wait", limits::MAX_PENDING_PROPOSALS)));
    }
    if state.head.proposals >= share && waiting_of(state, txn, sender)? >= share as usize {
        return Err(Code::LimitReached.with(format_args!("at most {share} proposals of this sender wait")));
    }
    Ok(())
}

/// How many of the waiting proposals count against this sender's share: each member and each external sender of the group has
/// one, and all who ask to be added have one together.
fn waiting_of(state: &GroupState, txn: &mut Txn, sender: Sender) -> Result<usize> {
    Ok(waiting(state, txn)?.iter().filter(|(_, known)| known.sender == sender).count())
}

/// Every proposal that waits, with its reference, in the order of arrival.
pub(crate) fn waiting(state: &GroupState, txn: &mut Txn) -> Result<Vec<(Digest, KnownProposal)>> {
    let mut waiting = Vec::new();
    if state.head.proposals == 0 {
        return Ok(waiting);
    }
    txn.each(&state.keys.proposals(), |reference, value| {
        waiting.push((Digest(reference.into()), crate::store::decode_record::<KnownProposal>(value)?));
        Ok(())
    })?;
    waiting.sort_by_key(|(_, known)| known.number);
    Ok(waiting)
}

/// Forgets every proposal that waits.
pub(crate) fn clear(state: &mut GroupState, txn: &mut Txn) -> Result<()> {
    let prefix = state.keys.proposals();
    txn.clear(crate::store::KeyRange::of_prefix(&prefix.0));
    state.head.proposals = 0;
    state.store_head(txn)
}
