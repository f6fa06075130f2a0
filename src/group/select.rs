//! Which of the waiting proposals go into our own commit (RFC 9420 §12.2): as many as may stand together.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::{CommitRequest, by_value, ourselves};
use super::host::Host;
use super::proposals::{KnownProposal, waiting};
use super::propose::check_lifetime;
use super::resolve::{Listed, ListedProposal};
use super::state::GroupState;
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::Digest;
use crate::message::{Proposal, Sender};
use crate::schedule::PreSharedKeyId;
use crate::store::Txn;
use crate::tree::LeafNode;

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
    Ok((Listed { committer: ourselves(state), proposals: listed, path: None }, references))
}

/// Drops what cannot be committed by us or together with the rest: of several proposals for one leaf, a Remove beats the
/// others and the latest Update beats earlier ones; a ReInit gives way to everything else.
fn choose(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    waiting: Vec<(Digest, KnownProposal)>,
    ours: &[Proposal],
) -> Result<Vec<(Digest, KnownProposal)>> {
    let best = best_for_leaves(state, &waiting, ours);
    let removed: BTreeSet<u32> = best.iter().filter(|(_, choice)| choice.is_removal()).map(|(leaf, _)| *leaf).collect();
    let extensions = last_extensions(&waiting, ours);
    let alone = waiting.len() == 1 && ours.is_empty();
    let mut newcomers = Newcomers::of(ours);
    let mut psks: BTreeSet<PreSharedKeyId> = ours.iter().filter_map(psk).cloned().collect();
    let mut chosen = Vec::new();
    for (place, (reference, known)) in waiting.into_iter().enumerate() {
        let fits = match &known.proposal {
            Proposal::Add(key_package) => {
                let leaf = &key_package.peek().leaf_node;
                let client = known.names.as_ref().map(|(client_id, _)| client_id.as_slice()).unwrap_or_default();
                check_lifetime(host, leaf).is_ok()
                    && is_free(txn, state, (leaf, client), &removed)?
                    && newcomers.admit(leaf, client)
            }
            Proposal::Update(_) => {
                updated_leaf(&known).is_some_and(|leaf| best.get(&leaf) == Some(&Choice::Waiting(place)))
            }
            Proposal::Remove(leaf) => matches!(best.get(&leaf.0), Some(Choice::WaitingRemoval(best)) if *best == place),
            Proposal::PreSharedKey(id) => psks.insert(id.clone()),
            Proposal::GroupContextExtensions(_) => extensions == Some(place),
            Proposal::ReInit(_) => alone,
            Proposal::ExternalInit(_) => false,
            Proposal::Custom(..) => true,
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

/// The latest waiting replacement of the group's extensions, unless we bring one.
fn last_extensions(waiting: &[(Digest, KnownProposal)], ours: &[Proposal]) -> Option<usize> {
    let replaces = |proposal: &Proposal| matches!(proposal, Proposal::GroupContextExtensions(_));
    if ours.iter().any(replaces) {
        return None;
    }
    waiting.iter().rposition(|(_, known)| replaces(&known.proposal))
}

/// Whether neither the client nor its keys are in the group, not counting members that the commit removes.
fn is_free(
    txn: &mut Txn,
    state: &GroupState,
    (leaf, client): (&LeafNode, &[u8]),
    removed: &BTreeSet<u32>,
) -> Result<bool> {
    for owner in state.tree().owners(txn, leaf, client)? {
        if owner.leaf().is_none_or(|leaf| !removed.contains(&leaf.0)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The clients and keys that the chosen Adds bring in, each once.
struct Newcomers(BTreeSet<Vec<u8>>);

impl Newcomers {
    fn of(ours: &[Proposal]) -> Self {
        let keys = ours.iter().filter_map(|proposal| match proposal {
            Proposal::Add(key_package) => Some(key_package.peek().leaf_node.signature_key.0.to_vec()),
            _ => None,
        });
        Newcomers(keys.collect())
    }

    fn admit(&mut self, leaf: &LeafNode, client: &[u8]) -> bool {
        let by_key = self.0.insert(leaf.signature_key.0.to_vec());
        by_key && self.0.insert([b"client ".as_slice(), client].concat())
    }
}
