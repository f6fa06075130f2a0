//! Which proposals may stand together in one commit (RFC 9420 §12.2), for whoever makes it and whoever receives it alike.
//! What needs the resulting tree is checked after staging, in `census`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::host::Host;
use super::proposals::{KnownProposal, current_leaf, require_fresh_key, verify_update};
use super::psk::{check_id, check_reach};
use super::resolve::{Committer, Listed, ListedProposal};
use super::state::GroupState;
use crate::base::{Code, Error, LeafIndex, Result, limits, parallel};
use crate::codec::Opaque;
use crate::crypto::SignatureVerified;
use crate::message::{KeyPackage, Proposal, ReInit, Sender, check_group_extensions};
use crate::schedule::{PreSharedKeyId, ResumptionPskUsage};
use crate::store::Txn;
use crate::tree::{Extensions, LeafNode, Names, ProposalType, UpdatePath};

/// A leaf that an Update proposal replaces.
pub(crate) struct Replacement {
    pub(crate) leaf: LeafIndex,
    pub(crate) node: LeafNode,
    pub(crate) names: Option<Names>,
}

/// A client that an Add proposal brings in.
pub(crate) struct Arrival {
    pub(crate) key_package: Arc<KeyPackage>,
    pub(crate) names: Option<Names>,
}

/// A list of proposals that may stand together, sorted into the order in which they are applied (RFC 9420 §12.3).
pub(crate) struct Allowed {
    pub(crate) committer: Committer,
    /// The new extensions of the group, if they are replaced.
    pub(crate) extensions: Option<Extensions>,
    pub(crate) updates: Vec<Replacement>,
    pub(crate) removes: Vec<LeafIndex>,
    pub(crate) adds: Vec<Arrival>,
    pub(crate) psks: Vec<PreSharedKeyId>,
    /// The KEM output of an external commit.
    pub(crate) external_init: Option<Opaque>,
    pub(crate) reinit: Option<ReInit>,
    pub(crate) custom: Vec<(ProposalType, Opaque)>,
    pub(crate) path: Option<Arc<UpdatePath>>,
    /// Whether the proposals ask for a path (§12.4).
    pub(crate) path_required: bool,
    /// Who proposed each change, for the app's policy.
    pub(crate) requests: Vec<KnownProposal>,
}

/// Checks the list and sorts it.
pub(crate) fn check(txn: &mut Txn, state: &GroupState, host: &Host, listed: Listed) -> Result<Allowed> {
    let path_required =
        listed.proposals.is_empty() || listed.proposals.iter().any(|one| one.known.proposal.needs_path());
    let requests = listed.proposals.iter().map(|one| one.known.clone()).collect();
    let mut allowed = Allowed {
        committer: listed.committer,
        extensions: None,
        updates: Vec::new(),
        removes: Vec::new(),
        adds: Vec::new(),
        psks: Vec::new(),
        external_init: None,
        reinit: None,
        custom: Vec::new(),
        path: listed.path,
        path_required,
        requests,
    };
    let sole = listed.proposals.len() == 1;
    // First of all, so that nobody outside of the group can have key packages verified that have no place here.
    for one in &listed.proposals {
        check_place(listed.committer, one.by_reference, &one.known.proposal)?;
    }
    let verdicts = verify_adds((state, host), &listed.proposals);
    for (one, verdict) in listed.proposals.into_iter().zip(verdicts) {
        check_use(txn, (state, host), &one.known.proposal, listed.linking)?;
        allowed.take(txn, (state, host), (one.known, verdict))?;
    }
    if allowed.reinit.is_some() && !sole {
        return Err(bad_list("a ReInit stands beside other proposals"));
    }
    allowed.check_leaves()?;
    allowed.check_psks()?;
    allowed.check_external()?;
    allowed.check_custom(txn, state)?;
    Ok(allowed)
}

/// What becomes of an Add: its key package is good, or it breaks a rule. Nothing for other proposals.
type Verdict = Option<Result<SignatureVerified>>;

/// Verifies the key packages of all Adds, which may be as many as a group has members. What is wrong with one is said when its turn
/// comes.
fn verify_adds((state, host): (&GroupState, &Host), proposals: &[ListedProposal]) -> Vec<Verdict> {
    let (suite, longest) = (state.suite, host.limits.longest_lifetime);
    let mut verdicts: Vec<_> = proposals.iter().map(|one| (&one.known.proposal, None)).collect();
    parallel::for_each(host.limits.threads, &mut verdicts, |(proposal, verdict)| {
        if let Proposal::Add(key_package) = proposal {
            *verdict = Some(key_package.prove(suite, longest));
        }
    });
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

impl Allowed {
    /// Refuses a commit that lacks the path its proposals ask for (RFC 9420 §12.4). Asked on receipt; our own commits have it.
    pub(crate) fn require_path(&self) -> Result<()> {
        match self.path_required && self.path.is_none() {
            true => Err(Code::BadPath.with("the proposals need a path and the commit has none")),
            false => Ok(()),
        }
    }

    /// Checks one proposal by itself (RFC 9420 §12.1) and sorts it in. What came by reference was verified when it came, and
    /// is verified again: a store cannot vouch for a signature. What the app said of it then still holds: an Update comes by
    /// reference only, and whether its credential may follow the old one was asked when it came.
    fn take(
        &mut self,
        txn: &mut Txn,
        (state, host): (&GroupState, &Host),
        (known, verdict): (KnownProposal, Verdict),
    ) -> Result<()> {
        match known.proposal {
            Proposal::Add(key_package) => {
                let key_package = key_package.accept(verdict.ok_or(Code::Internal)??);
                self.adds.push(Arrival { key_package, names: known.names });
            }
            Proposal::Update(node) => {
                let Sender::Member(leaf) = known.sender else { return Err(Code::BadSender.into()) };
                let node = verify_update(state, host, leaf, *node)?;
                require_fresh_key(&current_leaf(state, txn, leaf)?, &node)?;
                self.updates.push(Replacement { leaf, node, names: known.names });
            }
            Proposal::Remove(leaf) => {
                current_leaf(state, txn, leaf)?;
                self.removes.push(leaf);
            }
            Proposal::PreSharedKey(id) => self.psks.push(id),
            Proposal::GroupContextExtensions(extensions) => {
                check_group_extensions(&extensions)?;
                if self.extensions.replace(extensions).is_some() {
                    return Err(bad_list("the group's extensions are replaced twice"));
                }
            }
            Proposal::ReInit(reinit) => {
                check_reinit(state, &reinit)?;
                self.reinit = Some(reinit);
            }
            Proposal::ExternalInit(kem_output) => {
                if self.external_init.replace(kem_output).is_some() {
                    return Err(bad_list("two ExternalInits"));
                }
            }
            Proposal::Custom(proposal_type, content) => self.custom.push((proposal_type, content)),
        }
        Ok(())
    }

    /// One Update or Remove for a leaf, and none of the committer's own.
    fn check_leaves(&self) -> Result<()> {
        let mut seen = BTreeSet::new();
        for leaf in self.updates.iter().map(|update| update.leaf).chain(self.removes.iter().copied()) {
            if self.committer.leaf() == Some(leaf) {
                return Err(bad_list("the committer updates or removes itself"));
            }
            if !seen.insert(leaf.0) {
                return Err(bad_list("two proposals are about the same leaf"));
            }
        }
        let inits: BTreeSet<&[u8]> = self.adds.iter().map(|add| &*add.key_package.init_key.0).collect();
        match inits.len() == self.adds.len() {
            true => Ok(()),
            false => Err(bad_list("two Adds have one init key")),
        }
    }

    fn check_psks(&self) -> Result<()> {
        let distinct: BTreeSet<&PreSharedKeyId> = self.psks.iter().collect();
        match distinct.len() == self.psks.len() {
            true => Ok(()),
            false => Err(bad_list("a pre-shared key is named twice")),
        }
    }

    /// An external commit has exactly one ExternalInit and at most one Remove; any other commit has no ExternalInit.
    fn check_external(&self) -> Result<()> {
        match self.committer {
            Committer::Member(_) if self.external_init.is_some() => Err(bad_list("an ExternalInit by a member")),
            Committer::Joiner if self.external_init.is_none() => {
                Err(bad_list("an external commit without ExternalInit"))
            }
            Committer::Joiner if self.removes.len() > 1 => Err(bad_list("an external commit removes two leaves")),
            _ => Ok(()),
        }
    }

    /// Types that the RFC does not define must be supported by every member that will process the commit, not counting
    /// those that it adds or removes (§12.2).
    fn check_custom(&self, txn: &mut Txn, state: &GroupState) -> Result<()> {
        let types: BTreeSet<ProposalType> = self.custom.iter().map(|(proposal_type, _)| *proposal_type).collect();
        for proposal_type in types {
            let mut supporting = state.tree().census.supporting_proposal(txn, proposal_type)?;
            for leaf in &self.removes {
                let listed = current_leaf(state, txn, *leaf)?.capabilities.supports_proposal(proposal_type);
                supporting -= u32::from(listed).min(supporting);
            }
            if u64::from(supporting) + self.removes.len() as u64 != u64::from(state.member_count()) {
                let ProposalType(number) = proposal_type;
                return Err(Code::Incapable.with(format_args!("not every member supports proposal type {number}")));
            }
        }
        Ok(())
    }
}

/// Whether a kind of proposal may stand in this kind of commit, in this way (RFC 9420 §12.2).
fn check_place(committer: Committer, by_reference: bool, proposal: &Proposal) -> Result<()> {
    match (committer, proposal) {
        (Committer::Member(_), Proposal::Update(_)) if !by_reference => {
            Err(bad_list("an Update by the committer itself"))
        }
        (Committer::Member(_), _) => Ok(()),
        (Committer::Joiner, _) if by_reference => Err(bad_list("an external commit names a proposal by reference")),
        (Committer::Joiner, Proposal::ExternalInit(_) | Proposal::Remove(_) | Proposal::PreSharedKey(_)) => Ok(()),
        (Committer::Joiner, _) => Err(bad_list("a proposal that an external commit may not have")),
    }
}

/// A pre-shared key must be one that this commit may use (RFC 9420 §12.1.4), from no further back than the app looks (§8.6).
fn check_use(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    proposal: &Proposal,
    linking: Option<ResumptionPskUsage>,
) -> Result<()> {
    let Proposal::PreSharedKey(id) = proposal else { return Ok(()) };
    check_id(state.suite, id, linking)?;
    check_reach(txn, host, id)
}

/// A ReInit may not lower the version, and its extensions are held to the rules of a group's (RFC 9420 §12.1.5).
pub(crate) fn check_reinit(state: &GroupState, reinit: &ReInit) -> Result<()> {
    if reinit.version < state.context.version {
        return Err(Code::BadProposal.with("a ReInit lowers the protocol version"));
    }
    // Nobody could join it: the id of a group is unique among those that a client is in (§12.4.3).
    if reinit.group_id == state.head.group_id {
        return Err(Code::BadProposal.with("a ReInit gives the successor the id of the group itself"));
    }
    if reinit.group_id.as_slice().len() > limits::MAX_GROUP_ID {
        return Err(Code::LimitReached.with(format_args!("a group id is at most {} bytes", limits::MAX_GROUP_ID)));
    }
    check_group_extensions(&reinit.extensions)
}

fn bad_list(why: &str) -> Error {
    Code::BadProposalList.with(format_args!("the proposals of a commit may not stand together: {why}"))
}
