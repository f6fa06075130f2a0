//! From a commit's list to proposals: references are replaced by what they name (RFC 9420 §12.4).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::proposals::KnownProposal;
use super::state::GroupState;
use crate::base::{Code, LeafIndex, Result, limits};
use crate::crypto::Digest;
use crate::message::{Commit, ProposalOrRef, Sender};
use crate::schedule::ResumptionPskUsage;
use crate::store::Txn;
use crate::tree::UpdatePath;

/// Who makes a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Committer {
    /// The member at this leaf.
    Member(LeafIndex),
    /// A client that joins by it (RFC 9420 §12.4.3.2).
    Joiner,
}

impl Committer {
    /// The committer's leaf, unless it is still to be assigned.
    pub(crate) fn leaf(self) -> Option<LeafIndex> {
        match self {
            Committer::Member(leaf) => Some(leaf),
            Committer::Joiner => None,
        }
    }

    /// As whom the committer speaks.
    pub(crate) fn sender(self) -> Sender {
        match self {
            Committer::Member(leaf) => Sender::Member(leaf),
            Committer::Joiner => Sender::NewMemberCommit,
        }
    }
}

/// A proposal of a commit, and whether it was verified when it came on its own.
pub(crate) struct ListedProposal {
    pub(crate) known: KnownProposal,
    pub(crate) by_reference: bool,
}

/// A commit whose references are resolved.
pub(crate) struct Listed {
    pub(crate) committer: Committer,
    pub(crate) proposals: Vec<ListedProposal>,
    pub(crate) path: Option<Arc<UpdatePath>>,
    /// The use of a resumption key that this commit may make, beyond the app's own.
    pub(crate) linking: Option<ResumptionPskUsage>,
}

/// Refuses a list that no honest commit has, before anything is read for it: references of another length than the suite's
/// hashes have, one twice, any in an external commit, or too many.
fn check_list(state: &GroupState, committer: Committer, listed: &[ProposalOrRef]) -> Result<()> {
    check_count(listed.len())?;
    let mut seen = BTreeSet::new();
    for listed in listed {
        let ProposalOrRef::Reference(reference) = listed else { continue };
        if committer == Committer::Joiner {
            return Err(Code::BadProposalList.with("an external commit names a proposal by reference"));
        }
        if reference.0.len() != state.suite.hash_length() {
            return Err(Code::UnknownProposal.with("a reference has not the length of a hash"));
        }
        if !seen.insert(&*reference.0) {
            return Err(Code::BadProposalList.with("a commit names one proposal twice"));
        }
        if seen.len() > limits::MAX_PENDING_PROPOSALS as usize {
            return Err(Code::BadProposalList.with("a commit names more proposals than may wait"));
        }
    }
    Ok(())
}

/// Refuses more proposals than a commit may have, whoever makes it.
pub(crate) fn check_count(count: usize) -> Result<()> {
    match count <= limits::MAX_COMMIT_PROPOSALS {
        true => Ok(()),
        false => {
            let most = limits::MAX_COMMIT_PROPOSALS;
            Err(Code::BadProposalList.with(format_args!("a commit has at most {most} proposals")))
        }
    }
}

/// Replaces references by the proposals they name, all read in one call.
pub(crate) fn proposals(txn: &mut Txn, state: &GroupState, committer: Committer, commit: Commit) -> Result<Listed> {
    check_list(state, committer, &commit.proposals)?;
    let references = commit.proposals.iter().filter_map(|listed| match listed {
        ProposalOrRef::Reference(reference) => Some(state.keys.proposal(&reference.0)),
        ProposalOrRef::Proposal(_) => None,
    });
    txn.prefetch(references.collect::<Vec<_>>())?;
    let mut proposals = Vec::with_capacity(commit.proposals.len());
    for listed in commit.proposals {
        proposals.push(match listed {
            ProposalOrRef::Reference(reference) => look_up(txn, state, &reference)?,
            ProposalOrRef::Proposal(proposal) => ListedProposal {
                known: KnownProposal { number: 0, sender: committer.sender(), proposal, names: None },
                by_reference: false,
            },
        });
    }
    Ok(Listed { committer, proposals, path: commit.path.map(Arc::new), linking: None })
}

fn look_up(txn: &mut Txn, state: &GroupState, reference: &Digest) -> Result<ListedProposal> {
    let known = txn.load(&state.keys.proposal(&reference.0))?.ok_or(Code::UnknownProposal)?;
    Ok(ListedProposal { known, by_reference: true })
}
