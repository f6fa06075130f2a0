//! Receiving one message: the whole order in one place. Each line hands a value of one type to the next, and what was not
//! checked cannot be passed on.

use super::head::Standing;
use super::host::Host;
use super::identities::{PathLeaf, Vetted};
use super::inbound::Inbound;
use super::open::{Application, Handshake, Opened, OwnClaim};
use super::path::Merged;
use super::pending::{self, Confirmed};
use super::proposals::{self, KnownProposal, author_of};
use super::resolve::{self, Committer};
use super::stage::Provisional;
use super::state::GroupState;
use super::{advance, deferral, identities, path, pending_join, record, rules, stage, touch};
use crate::base::event::{Author, Event, MemberName};
use crate::base::{Code, Result};
use crate::crypto::{Digest, SignatureVerified};
use crate::message::{Commit, CommitFrame, Content, ContentType, FramedContent, Proposal, Sender};
use crate::schedule::Advance;
use crate::store::Txn;
use crate::tree::UpdatePath;

/// What a message turned into.
pub(crate) struct Received {
    pub(crate) event: Event,
    /// Whether the message was our own commit, which it confirmed.
    pub(crate) own_commit: bool,
    /// The Welcome of that commit.
    pub(crate) welcome: Option<Vec<u8>>,
}

impl Received {
    /// The event, for whoever called. One that nobody takes, because the attempt came to nothing, is wiped.
    pub(crate) fn claim(mut self) -> Event {
        std::mem::replace(&mut self.event, Event::Duplicate)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.event.wipe();
    }
}

/// Receives one message for the group, and stages what it changes.
pub(crate) fn message(txn: &mut Txn, (state, host): (&mut GroupState, &Host), inbound: Inbound) -> Result<Received> {
    inbound.require_group(&state.head.group_id)?;
    if state.head.rejoining.is_some_and(|rejoining| rejoining.hash == inbound.hash) {
        let event;
        (*state, event) = pending_join::confirm(txn, host, &state.head.group_id.clone(), None)?;
        return Ok(Received { event, own_commit: true, welcome: None });
    }
    inbound.check_epoch(state)?;
    if state.head.pending == Some(inbound.hash) {
        let Confirmed { event, welcome } = pending::confirm(txn, (state, host))?;
        return Ok(Received { event, own_commit: true, welcome });
    }
    Ok(Received { event: from_others(txn, (state, host), inbound)?, own_commit: false, welcome: None })
}

fn from_others(txn: &mut Txn, (state, host): (&mut GroupState, &Host), inbound: Inbound) -> Result<Event> {
    let hash = inbound.hash;
    let stay = state.stay_of(inbound.epoch()).ok_or(Code::PastEpoch)?;
    let suite = state.suite;
    match inbound.unprotect(txn, state, &stay, host)? {
        Opened::Application(application) => deliver(txn, application),
        Opened::Own(claim) => own(txn, state, claim, &hash),
        Opened::Handshake(Handshake { content, proof, advance }) if content.content.content.is_commit() => {
            commit_received(txn, (state, host), content.into_commit()?, (proof, advance))
        }
        Opened::Handshake(Handshake { content, proof, advance }) => {
            let reference = content.proposal_ref(suite)?;
            let Content::Proposal(proposal) = content.content.content else { return Err(Code::WrongContent.into()) };
            let event = remember(txn, (state, host), (content.content.sender, proposal), &reference)?;
            use_up(txn, advance, &proof)?;
            Ok(event)
        }
    }
}

/// Uses up the key of an application message.
fn deliver(txn: &mut Txn, application: Application<'_>) -> Result<Event> {
    let Application { sender, content, advance, proof } = application;
    let generation = advance.generation();
    advance.stage_opened(txn, &proof)?;
    message_event((sender, generation), content)
}

/// The event of an application message.
pub(crate) fn message_event((sender, generation): (MemberName, u32), content: FramedContent) -> Result<Event> {
    let Content::Application(plaintext) = content.content else { return Err(Code::WrongContent.into()) };
    Ok(Event::Message {
        sender,
        plaintext: plaintext.into_inner(),
        aad: content.authenticated_data.into_inner(),
        epoch: content.epoch.0,
        generation,
    })
}

/// A message of our own that came back and is no pending commit.
fn own(txn: &mut Txn, state: &GroupState, claim: OwnClaim, hash: &[u8; 32]) -> Result<Event> {
    let tombstone = state.keys.tombstone(hash);
    if txn.read(&tombstone)?.is_some() {
        return Err(Code::OwnCommitDiscarded.into());
    }
    if state.head.standing == Standing::Imported {
        return Err(
            Code::NotHealed.with("the device that the archive was made on goes on: rejoin, to be told apart from it")
        );
    }
    match claim {
        OwnClaim::Signed(ContentType::Commit) => {
            Err(Code::OwnMessage.with("a commit of our own that this store does not know"))
        }
        // What is encrypted under a key of ours that is used up proves nothing: anyone in the group can write it.
        OwnClaim::Signed(_) | OwnClaim::Unproven => Ok(Event::OwnEcho),
    }
}

/// Keeps a proposal until a commit names it (RFC 9420 §12.1).
fn remember(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (sender, proposal): (Sender, Proposal),
    reference: &Digest,
) -> Result<Event> {
    state.head.require_following()?;
    let key = state.keys.proposal(&reference.0);
    txn.watch(&key)?;
    if txn.read(&key)?.is_some() {
        return Ok(Event::Duplicate);
    }
    let names = proposals::examine(state, txn, host, (sender, &proposal))?;
    let mut known = KnownProposal { number: 0, sender, proposal, names };
    identities::request(state, host, &known, None)?;
    let author = author_of(state, txn, sender)?;
    let summary = known.summary(state, txn)?;
    proposals::keep(state, txn, reference, &mut known)?;
    Ok(Event::Proposal { author, reference: reference.0.to_vec(), summary })
}

/// Takes the group from one epoch to the next (RFC 9420 §12.4.2, in its order).
fn commit_received(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (frame, commit): (CommitFrame, Commit),
    (proof, advance): (SignatureVerified, Option<Advance<'_>>),
) -> Result<Event> {
    state.head.require_following()?;
    state.guard_head(txn)?;
    let committer = committer(frame.sender)?;
    let listed = resolve::proposals(txn, state, committer, commit)?;
    touch::of_proposals(txn, state, &listed)?;
    let allowed = rules::check(txn, state, host, listed)?;
    allowed.require_path()?;
    let path = allowed.path.clone();
    let path_leaf = path.as_ref().map_or(PathLeaf::Known, |path| PathLeaf::Received(path.leaf_node.peek()));
    let vetted = identities::vet(state, host, allowed, path_leaf)?;
    let (mut staged, merged, author) = apply(txn, (state, host), vetted, path.as_deref())?;
    let lost = pending::lost(txn, state)?;
    if staged.roster.removed.iter().any(|member| member.leaf == state.head.own_leaf.0) {
        let event = Event::Removed { by: Author::Member { member: author }, epoch: staged.epoch().0 };
        return removed(txn, (state, host), (proof, advance)).map(|()| event);
    }
    let joined = merged.as_ref().zip(path.as_deref());
    let (commit_secret, path_keys) = advance::commit_secret(txn, state, &mut staged, joined)?;
    let roots = advance::Roots::of_member(state, &staged, commit_secret)?;
    let scheduled = advance::schedule(txn, state.suite, &mut staged, (&frame.transcript_input, roots))?;
    let (begun, matched) = scheduled.confirm(state.suite, &staged, frame.confirmation_tag)?;
    use_up(txn, advance, &proof)?;
    let mut change = record::change(&staged, author, false);
    change.lost_commit = lost;
    let warrant = record::Warrant::Received(proof, matched);
    record::epoch(txn, (state, host), &mut staged, (begun, path_keys, warrant))?;
    deferral::expire(txn, state)?;
    Ok(record::event(&staged, change))
}

/// Applies the proposals and the path to the tree, and checks what comes out. Gives the committer as the new tree has it.
fn apply(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    vetted: Vetted,
    path: Option<&UpdatePath>,
) -> Result<(Provisional, Option<Merged>, MemberName)> {
    let (committer, names) = (vetted.allowed.committer, vetted.path_names.clone());
    let mut staged = stage::proposals(txn, state, vetted)?;
    let merged = match path {
        Some(path) => Some(path::receive(txn, (state, host), &mut staged, (path, names))?),
        None => None,
    };
    staged.check_members(txn)?;
    let author = committer_name(txn, &mut staged, merged.as_ref())?;
    if committer == Committer::Joiner {
        staged.roster.added.push(author.clone());
    }
    if let Some((merged, path)) = merged.as_ref().zip(path) {
        advance::check_path(txn, &mut staged, merged, path)?;
    }
    Ok((staged, merged, author))
}

/// Ends our stay. The commit's own changes are dropped: we have no part in the group that they make.
fn removed(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (proof, advance): (SignatureVerified, Option<Advance<'_>>),
) -> Result<()> {
    txn.take_staged();
    use_up(txn, advance, &proof)?;
    record::removal(txn, (state, host))?;
    deferral::expire(txn, state)
}

/// Stages the use of the key that a handshake message was encrypted with, if it was.
fn use_up(txn: &mut Txn, advance: Option<Advance<'_>>, proof: &SignatureVerified) -> Result<()> {
    advance.map_or(Ok(()), |advance| advance.stage_opened(txn, proof))
}

fn committer(sender: Sender) -> Result<Committer> {
    match sender {
        Sender::Member(leaf) => Ok(Committer::Member(leaf)),
        Sender::NewMemberCommit => Ok(Committer::Joiner),
        _ => Err(Code::BadSender.into()),
    }
}

/// Who made the commit, as the new tree has it.
fn committer_name(txn: &mut Txn, staged: &mut Provisional, merged: Option<&Merged>) -> Result<MemberName> {
    let leaf = merged.map(|merged| merged.leaf).or(staged.committer.leaf()).ok_or(Code::BadPath)?;
    let record = staged.tree.leaf(txn, leaf)?.ok_or(Code::BadSender)?;
    Ok(super::state::member_name(leaf, record))
}
