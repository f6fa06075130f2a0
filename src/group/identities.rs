//! What the app has to say of a commit: who the new clients are, and whether each change may happen.

use super::host::{Host, candidate};
use super::proposals::KnownProposal;
use super::psk;
use super::resolve::Committer;
use super::rules::Allowed;
use super::state::GroupState;
use crate::base::host::{Candidate, Change, ChangeRequest, Party};
use crate::base::{Code, Result};
use crate::crypto::Suite;
use crate::message::{Proposal, Sender};
use crate::tree::{Extensions, LeafNode, Names};

/// An allowed commit whose clients all have names and whose changes the app permits.
pub(crate) struct Vetted {
    pub(crate) allowed: Allowed,
    /// The names of the leaf in the commit's path.
    pub(crate) path_names: Option<Names>,
}

/// The leaf in the path of a commit.
#[derive(Clone, Copy)]
pub(crate) enum PathLeaf<'a> {
    /// There is none, or it is ours and says nothing new.
    Known,
    /// Ours, where we join by the commit, with the names that the app gave it.
    Named(&'a Names),
    /// Another's, whom the app has yet to name.
    Received(&'a LeafNode),
}

/// Asks the validator about every leaf that has no names yet, in one call, and the policy about every change.
pub(crate) fn vet(state: &GroupState, host: &Host, allowed: Allowed, path_leaf: PathLeaf<'_>) -> Result<Vetted> {
    let (known, path_leaf) = match path_leaf {
        PathLeaf::Known => (None, None),
        PathLeaf::Named(names) => (Some(names.clone()), None),
        PathLeaf::Received(leaf) => (None, Some(leaf)),
    };
    let mut vetted = Vetted { allowed, path_names: known };
    vetted.name_leaves(state, host, path_leaf)?;
    vetted.name_requests();
    vetted.permit(state, host)?;
    Ok(vetted)
}

impl Vetted {
    fn name_leaves(&mut self, state: &GroupState, host: &Host, path_leaf: Option<&LeafNode>) -> Result<()> {
        let Allowed { adds, updates, extensions, .. } = &mut self.allowed;
        let suite = state.suite;
        let adds_asked = adds.iter().filter(|add| add.names.is_none()).map(|add| &add.key_package.leaf_node);
        let updates_asked = updates.iter().filter(|update| update.names.is_none()).map(|update| &update.node);
        let leaves = adds_asked.chain(updates_asked).chain(path_leaf);
        let mut candidates: Vec<Candidate> = leaves.map(|leaf| candidate(suite, leaf)).collect();
        // External senders are judged whenever the extensions set them, and have no names (RFC 9420 §12.1.8.1).
        let senders = extensions.as_ref().map(|extensions| external_senders(suite, extensions)).transpose()?;
        candidates.extend(senders.unwrap_or_default());
        if candidates.is_empty() {
            return Ok(());
        }
        let mut names = host.judge(candidates)?.into_iter();
        let unnamed_adds = adds.iter_mut().map(|add| &mut add.names).filter(|known| known.is_none());
        unnamed_adds.for_each(|known| *known = names.next());
        let unnamed_updates = updates.iter_mut().map(|update| &mut update.names).filter(|known| known.is_none());
        unnamed_updates.for_each(|known| *known = names.next());
        if path_leaf.is_some() {
            self.path_names = names.next();
        }
        Ok(())
    }

    /// Tells the names of the clients to add to the requests as well, which stand in the same order.
    fn name_requests(&mut self) {
        let Allowed { adds, requests, .. } = &mut self.allowed;
        let additions = requests.iter_mut().filter(|known| matches!(known.proposal, Proposal::Add(_)));
        additions.zip(adds).for_each(|(known, add)| known.names = add.names.clone());
    }

    fn permit(&self, state: &GroupState, host: &Host) -> Result<()> {
        let committer = Some(self.allowed.committer.sender());
        for known in &self.allowed.requests {
            request(state, host, known, committer)?;
        }
        ask(state, host, (self.allowed.committer.sender(), committer), self.whole())
    }

    /// The commit itself, as a change.
    fn whole(&self) -> Change {
        match self.allowed.committer {
            Committer::Member(_) => Change::Commit,
            Committer::Joiner => {
                let (psks, resumption_psks) = psk::in_words(&self.allowed.psks);
                let client_id = self.path_names.as_ref().map(|(client_id, _)| client_id.clone()).unwrap_or_default();
                let removed = self.allowed.removes.first().map(|leaf| leaf.0);
                Change::ExternalJoin { client_id, removed, psks, resumption_psks }
            }
        }
    }
}

/// Asks the policy about one proposal; `committer` is nobody while it is only proposed.
pub(crate) fn request(state: &GroupState, host: &Host, known: &KnownProposal, committer: Option<Sender>) -> Result<()> {
    let change = match &known.proposal {
        Proposal::Add(_) => {
            Change::Add { client_id: known.names.as_ref().map(|(client_id, _)| client_id.clone()).unwrap_or_default() }
        }
        Proposal::Update(_) => match known.sender {
            Sender::Member(leaf) => Change::Update { leaf: leaf.0 },
            _ => return Err(Code::BadSender.into()),
        },
        Proposal::Remove(leaf) => Change::Remove { leaf: leaf.0 },
        Proposal::PreSharedKey(id) => {
            let (external, resumption) = psk::in_words(std::slice::from_ref(id));
            match resumption.into_iter().next() {
                Some(psk) => Change::ResumptionPsk { psk },
                None => Change::Psk { psk_id: external.into_iter().next().unwrap_or_default() },
            }
        }
        Proposal::ReInit(reinit) => Change::Reinit {
            group_id: reinit.group_id.as_slice().to_vec(),
            version: reinit.version.0,
            cipher_suite: reinit.cipher_suite.0,
            extensions: reinit.extensions.types().map(|listed| listed.0).collect(),
        },
        Proposal::ExternalInit(_) => return Ok(()),
        Proposal::GroupContextExtensions(extensions) => {
            Change::Extensions { types: extensions.types().map(|listed| listed.0).collect() }
        }
        Proposal::Custom(proposal_type, content) => {
            Change::Custom { proposal_type: proposal_type.0, content: content.to_vec() }
        }
    };
    ask(state, host, (known.sender, committer), change)
}

fn ask(state: &GroupState, host: &Host, (proposer, committer): (Sender, Option<Sender>), change: Change) -> Result<()> {
    let (group_id, epoch) = (state.head.group_id.as_slice().to_vec(), state.head.epoch.0);
    let (proposer, committer) = (party(proposer), committer.map(party));
    let request = ChangeRequest { group_id, epoch, proposer, committer, change };
    match host.policy.permit(request) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Code::PolicyRejected.into()),
        Err(error) => Err(Code::ValidatorFailed.with(error.detail())),
    }
}

fn party(sender: Sender) -> Party {
    match sender {
        Sender::Member(leaf) => Party::Member { leaf: leaf.0 },
        Sender::External(index) => Party::External { index },
        Sender::NewMemberProposal | Sender::NewMemberCommit => Party::NewMember,
    }
}

/// Asks the validator about the external senders of a group that is entered or made (RFC 9420 §5.3.1).
pub(crate) fn judge_external_senders(suite: &Suite, host: &Host, extensions: &Extensions) -> Result<()> {
    let senders = external_senders(suite, extensions)?;
    if senders.is_empty() { Ok(()) } else { host.judge(senders).map(drop) }
}

fn external_senders(suite: &Suite, extensions: &Extensions) -> Result<Vec<Candidate>> {
    let senders = extensions.external_senders()?.unwrap_or_default();
    Ok(senders
        .into_iter()
        .map(|sender| Candidate {
            identity: sender.credential.identity(),
            signature_key: sender.signature_key.0.to_vec(),
            cipher_suite: suite.id().0,
        })
        .collect())
}
