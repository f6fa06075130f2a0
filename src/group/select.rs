//! Which of the waiting proposals go into our own commit (RFC 9420 §12.2): as many as may stand together.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::CommitRequest;
use super::fitting::Fitting;
use super::host::Host;
use super::proposals::{KnownProposal, waiting};
use super::propose::check_lifetime;
use super::resolve::{Committer, Listed, ListedProposal, check_count};
use super::state::GroupState;
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::Digest;
use crate::message::{Proposal, ProposalOrRef, Sender};
use crate::schedule::PreSharedKeyId;
use crate::store::Txn;

/// The proposals of the commit, and the references of those that wait, in the same order.
pub(crate) fn proposals(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    request: &CommitRequest,
) -> Result<(Listed, Vec<Digest>)> {
    for proposal in &request.proposals {
        if let Proposal::Add(key_package) = proposal {
            check_lifetime(host, &key_package.peek().leaf_node)?;
        }
        if matches!(proposal, Proposal::Remove(leaf) if *leaf == state.head.own_leaf) {
            return Err(Code::BadArgument.with("a member cannot commit its own removal: propose it with propose_leave"));
        }
    }
    let waiting = if request.without_pending { Vec::new() } else { waiting(state, txn)? };
    let chosen = choose(txn, (state, host), waiting, &request.proposals)?;
    let (mut listed, mut references) = (Vec::new(), Vec::new());
    for (reference, known) in chosen {
        references.push(reference);
        listed.push(ListedProposal { known, by_reference: true });
    }
    listed.extend(request.proposals.iter().map(|proposal| by_value(state, proposal.clone())));
    check_count(listed.len())?;
    let linking = request.linking;
    Ok((Listed { committer: ourselves(state), proposals: listed, path: None, linking }, references))
}

/// Drops what cannot be committed by us or together with the rest: of several proposals for one leaf, a Remove beats the
/// others and the latest Update beats earlier ones; a ReInit gives way to everything else; and what the checks of the commit
/// would refuse stays out.
fn choose(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    waiting: Vec<(Digest, KnownProposal)>,
    ours: &[Proposal],
) -> Result<Vec<(Digest, KnownProposal)>> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let best = best_for_leaves(state, &waiting, ours);
    let removed: BTreeSet<u32> = best.iter().filter(|(_, choice)| choice.is_removal()).map(|(leaf, _)| *leaf).collect();
    let alone = waiting.len() == 1 && ours.is_empty();
    let mut fitting = Fitting::begin(txn, state, (&removed, ours))?;
    let extensions = last_extensions(txn, &mut fitting, (&waiting, ours))?;
    let mut psks: BTreeSet<PreSharedKeyId> = ours.iter().filter_map(psk).cloned().collect();
    let mut chosen = Vec::new();
    for (place, (reference, known)) in waiting.into_iter().enumerate() {
        let fits = match &known.proposal {
            Proposal::Add(key_package) => {
                let key_package = key_package.peek();
                check_lifetime(host, &key_package.leaf_node).is_ok() && fitting.admit_add(txn, key_package, &known)?
            }
            Proposal::Update(node) => match updated_leaf(&known) {
                Some(leaf) if best.get(&leaf) == Some(&Choice::Waiting(place)) => {
                    fitting.admit_update(txn, (LeafIndex(leaf), node.peek()), &known)?
                }
                _ => false,
            },
            Proposal::Remove(leaf) => matches!(best.get(&leaf.0), Some(Choice::WaitingRemoval(best)) if *best == place),
            Proposal::PreSharedKey(id) => super::psk::is_usable(txn, host, id)? && psks.insert(id.clone()),
            Proposal::GroupContextExtensions(_) => extensions == Some(place),
            Proposal::ReInit(_) => alone,
            Proposal::ExternalInit(_) => false,
            Proposal::Custom(proposal_type, _) => fitting.all_support(txn, *proposal_type)?,
        };
        if fits {
            chosen.push((reference, known));
        }
    }
    Ok(chosen)
}

/// What becomes of one leaf.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// The waiting Update at this place.
    Waiting(usize),
    /// The waiting Remove at this place.
    WaitingRemoval(usize),
    /// A Remove of ours, by value.
    OurRemoval,
}

impl Choice {
    fn is_removal(self) -> bool {
        !matches!(self, Choice::Waiting(_))
    }
}

fn best_for_leaves(
    state: &GroupState,
    waiting: &[(Digest, KnownProposal)],
    ours: &[Proposal],
) -> BTreeMap<u32, Choice> {
    let mut best = BTreeMap::new();
    let own = state.head.own_leaf.0;
    for (place, (_, known)) in waiting.iter().enumerate() {
        match (&known.proposal, updated_leaf(known)) {
            (Proposal::Update(_), Some(leaf)) if leaf != own => {
                let choice = best.entry(leaf).or_insert(Choice::Waiting(place));
                if !choice.is_removal() {
                    *choice = Choice::Waiting(place);
                }
            }
            (Proposal::Remove(LeafIndex(leaf)), _) if *leaf != own => {
                let choice = best.entry(*leaf).or_insert(Choice::WaitingRemoval(place));
                if !choice.is_removal() {
                    *choice = Choice::WaitingRemoval(place);
                }
            }
            _ => {}
        }
    }
    let removals = ours.iter().filter_map(|proposal| match proposal {
        Proposal::Remove(leaf) => Some((leaf.0, Choice::OurRemoval)),
        _ => None,
    });
    best.extend(removals);
    best
}

fn updated_leaf(known: &KnownProposal) -> Option<u32> {
    match known.sender {
        Sender::Member(leaf) => Some(leaf.0),
        _ => None,
    }
}

fn psk(proposal: &Proposal) -> Option<&PreSharedKeyId> {
    match proposal {
        Proposal::PreSharedKey(id) => Some(id),
        _ => None,
    }
}

/// The latest waiting replacement of the group's extensions that all members support, unless we bring one.
fn last_extensions(
    txn: &mut Txn,
    fitting: &mut Fitting<'_>,
    (waiting, ours): (&[(Digest, KnownProposal)], &[Proposal]),
) -> Result<Option<usize>> {
    if ours.iter().any(|proposal| matches!(proposal, Proposal::GroupContextExtensions(_))) {
        return Ok(None);
    }
    for (place, (_, known)) in waiting.iter().enumerate().rev() {
        if let Proposal::GroupContextExtensions(extensions) = &known.proposal
            && fitting.admit_extensions(txn, extensions)?
        {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// The list as the commit carries it: references for what was sent before, the rest by value.
pub(super) fn on_the_wire(listed: &Listed, references: Vec<Digest>) -> Vec<ProposalOrRef> {
    let mut references = references.into_iter();
    let wire = listed.proposals.iter().filter_map(|one: &ListedProposal| match one.by_reference {
        true => references.next().map(ProposalOrRef::Reference),
        false => Some(ProposalOrRef::Proposal(one.known.proposal.clone())),
    });
    wire.collect()
}

/// The committer of our own commits.
fn ourselves(state: &GroupState) -> Committer {
    Committer::Member(state.head.own_leaf)
}

/// A proposal of ours, by value.
fn by_value(state: &GroupState, proposal: Proposal) -> ListedProposal {
    let known = KnownProposal { number: 0, sender: Sender::Member(state.head.own_leaf), proposal, names: None };
    ListedProposal { known, by_reference: false }
}
