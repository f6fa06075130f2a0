//! Making a commit (RFC 9420 §12.4.1): the same stages that a received one goes through, with a path and a tag of our own. All
//! that it changes is kept apart as the pending commit; the group itself stays as it is.

use super::advance::{self, Begun};
use super::group_info;
use super::host::Host;
use super::identities::{PathLeaf, Vetted};
use super::invite::{self, Exported, Greeting, Invited};
use super::own_leaf::{handshake_format, protect, renewed_leaf, sign_content};
use super::pending::{self, Pending};
use super::proposals::{KnownProposal, name_of};
use super::stage::{self, Provisional};
use super::state::{GroupState, member_name};
use super::{identities, path, record, rules, select, touch};
use crate::base::event::{Event, ProposalSummary};
use crate::base::{Code, Epoch, Result, Secret};
use crate::crypto::{SignaturePublicKey, sha256};
use crate::message::{AuthenticatedContent, Commit, Content, FramedContent, Proposal, ProposalOrRef, Sender};
use crate::schedule::{ResumptionPskUsage, WelcomeKey};
use crate::store::{Staged, Txn};
use crate::tree::{LeafNode, LeafNodeSource, Names, NewPath, PathKeys, UpdatePath};

/// What is to be committed.
pub(crate) struct CommitRequest {
    /// New proposals of ours, by value.
    pub(crate) proposals: Vec<Proposal>,
    /// Whether the proposals that wait are left out.
    pub(crate) without_pending: bool,
    /// Whether a path is left out when the proposals allow it.
    pub(crate) without_path: bool,
    pub(crate) tree: TreePlace,
    pub(crate) aad: Vec<u8>,
    /// The use of a resumption key, beyond the app's own, that the first commit of a successor makes (§11.2, §11.3).
    pub(crate) linking: Option<ResumptionPskUsage>,
}

/// How new members get the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TreePlace {
    /// Inside the Welcome.
    #[default]
    Inside,
    /// Handed out with the commit.
    Beside,
    /// Exported by the app when the commit is confirmed.
    Later,
}

/// A commit that waits for the delivery service's word.
pub(crate) struct Built {
    pub(crate) commit: Vec<u8>,
    pub(crate) welcome: Option<Vec<u8>>,
    /// The tree that new members need, when the Welcome does not hold it.
    pub(crate) tree: Option<Vec<u8>>,
}

/// Makes the commit, and keeps it until it is confirmed or discarded.
pub(crate) fn build(txn: &mut Txn, state: &mut GroupState, host: &Host, request: CommitRequest) -> Result<Built> {
    state.head.require_active()?;
    if state.head.pending.is_some() {
        return Err(Code::PendingCommit.into());
    }
    state.guard_head(txn)?;
    let Made { outcome, invited, intents } = Made::of(txn, (state, host), &request, set_aside)?;
    let Invited { welcome, tree } = invited;
    let SetAside { base, commit, event, change } = outcome;
    let hash = sha256(&[&commit]);
    let pending = Pending { base, commit, welcome, event, intents, staged: change };
    pending::keep(txn, state, &pending, hash)?;
    Ok(Built { commit: pending.commit, welcome: pending.welcome, tree })
}

/// Makes the commit and lets it take effect at once. Only for a group that nobody else is in yet.
pub(crate) fn found(txn: &mut Txn, state: &mut GroupState, host: &Host, request: CommitRequest) -> Result<Founded> {
    let Made { outcome, invited, .. } =
        Made::of(txn, (state, host), &request, |txn, (state, host), (staged, ready)| {
            let event = event(txn, state, staged)?;
            record::epoch(txn, (state, host), staged, (ready.begun, ready.path_keys, record::Warrant::Founding))?;
            Ok(event)
        })?;
    Ok(Founded { welcome: invited.welcome, tree: invited.tree, event: outcome })
}

/// A commit that took effect as it was made.
pub(crate) struct Founded {
    pub(crate) welcome: Option<Vec<u8>>,
    pub(crate) tree: Option<Vec<u8>>,
    pub(crate) event: Event,
}

/// A commit that was made, and what came of it.
struct Made<T> {
    outcome: T,
    invited: Invited,
    intents: Vec<ProposalSummary>,
}

impl<T> Made<T> {
    /// Makes the commit, and has it settled while other cores are still at work for the new members.
    fn of(
        txn: &mut Txn,
        (state, host): (&mut GroupState, &Host),
        request: &CommitRequest,
        settle: impl FnOnce(&mut Txn, (&mut GroupState, &Host), (&mut Provisional, Ready)) -> Result<T>,
    ) -> Result<Self> {
        let (suite, (listed, references)) = (state.suite, select::proposals(txn, (state, host), request)?);
        touch::of_proposals(txn, state, &listed)?;
        require_members(txn, state, &request.proposals)?;
        let proposals = select::on_the_wire(&listed, references);
        let allowed = rules::check(txn, state, host, listed)?;
        let with_path = allowed.path_required || !request.without_path;
        let vetted = identities::vet(state, host, allowed, PathLeaf::Known)?;
        let intents = intents(txn, state, &vetted.allowed.requests)?;
        let mut recipients = invite::recipients(&vetted.allowed.adds);
        let (outcome, staged, path, greeting) =
            invite::prepare_beside((suite, host.limits.threads), &mut recipients, || {
                let draft = Draft::of(txn, (state, host), request, (vetted, proposals, with_path))?;
                let Draft { mut staged, ready, path, greeting } = draft;
                let outcome = settle(txn, (state, host), (&mut staged, ready))?;
                Ok((outcome, staged, path, greeting))
            })?;
        let invited = match greeting {
            Some(greeting) => greeting.seal(host, (&staged, path.as_ref()), recipients)?,
            None => Invited::default(),
        };
        Ok(Made { outcome, invited, intents })
    }
}

/// What will have happened.
fn event(txn: &mut Txn, state: &GroupState, staged: &mut Provisional) -> Result<Event> {
    let own = staged.tree.leaf(txn, state.head.own_leaf)?.ok_or(Code::StorageCorrupt)?;
    let committer = member_name(state.head.own_leaf, own);
    Ok(record::event(staged, record::change(staged, committer, true)))
}

/// What is left of a signed commit to be stored and sent.
struct Ready {
    begun: Begun,
    content: AuthenticatedContent,
    path_keys: PathKeys,
}

/// A commit whose new members have yet to be told.
struct Draft {
    staged: Provisional,
    ready: Ready,
    path: Option<NewPath>,
    greeting: Option<Greeting>,
}

impl Draft {
    fn of(
        txn: &mut Txn,
        (state, host): (&GroupState, &Host),
        request: &CommitRequest,
        (vetted, proposals, with_path): (Vetted, Vec<ProposalOrRef>, bool),
    ) -> Result<Self> {
        let mut staged = stage::proposals(txn, state, vetted)?;
        let signature_key = own_signature_key(txn, state, &mut staged)?;
        let own = own_path(txn, (state, host), &mut staged, with_path)?;
        staged.check_members(txn)?;
        let (wire_path, path) = own.seal(txn, &mut staged)?;
        let commit = Content::Commit(Box::new(Commit { proposals, path: wire_path }));
        let mut content = sign_content(state, host, (handshake_format(state), commit), &request.aad)?;
        check_signer((state, host), &content, &signature_key)?;
        let next = Next::of(txn, state, &mut staged, (&mut content, &path))?;
        let (begun, greeting) = next.greet(txn, (state, host), &mut staged, request.tree)?;
        let SealedPath { path, keys: path_keys, .. } = path;
        Ok(Draft { staged, ready: Ready { begun, content, path_keys }, path, greeting })
    }
}

/// Refuses to remove nobody. (Of a message of others, the rules say that it is a bad proposal.)
fn require_members(txn: &mut Txn, state: &GroupState, proposals: &[Proposal]) -> Result<()> {
    let mut removed = proposals.iter().filter_map(|proposal| match proposal {
        Proposal::Remove(leaf) => Some(*leaf),
        _ => None,
    });
    removed.try_for_each(|leaf| name_of(state, txn, leaf).map(drop))
}

/// The key that others know us by, before our path.
fn own_signature_key(txn: &mut Txn, state: &GroupState, staged: &mut Provisional) -> Result<SignaturePublicKey> {
    let own = staged.tree.leaf(txn, state.head.own_leaf)?.ok_or(Code::StorageCorrupt)?;
    Ok(own.leaf_node()?.signature_key.clone())
}

/// A signer of the app's that used another key would leave us alone in an epoch that nobody else reaches, so its word is checked
/// once.
pub(crate) fn check_signer(
    (state, host): (&GroupState, &Host),
    content: &AuthenticatedContent,
    key: &SignaturePublicKey,
) -> Result<()> {
    if host.signs_with(&state.head.signing_key, key) {
        return Ok(());
    }
    let signed = content.content.to_be_signed(content.wire_format, &state.epoch.group_context)?;
    let verified = state.suite.verify_with_label(key, FramedContent::LABEL, &signed, &content.auth.signature);
    verified.map(drop).map_err(|_| Code::SignerFailed.with("the signature is not by the key of our leaf"))
}

/// The path of our commit before it is sealed, and our private keys as they will be.
struct OwnPath {
    made: Option<(NewPath, LeafNode)>,
    keys: PathKeys,
    commit_secret: Secret,
}

/// What the sealed path leaves to be used.
struct SealedPath {
    path: Option<NewPath>,
    keys: PathKeys,
    commit_secret: Secret,
}

fn own_path(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    staged: &mut Provisional,
    with_path: bool,
) -> Result<OwnPath> {
    let mut keys: PathKeys = txn.require(&state.keys.path_keys())?;
    if !with_path {
        keys.forget_outdated(&staged.tree);
        return Ok(OwnPath { made: None, keys, commit_secret: Secret::zero(state.suite.secret_length()) });
    }
    let leaf = state.head.own_leaf;
    let record = staged.tree.leaf(txn, leaf)?.ok_or(Code::StorageCorrupt)?;
    let known_as = (record.client_id.clone(), record.user_id.clone());
    let old = record.leaf_node()?;
    let identity = host.identity(&state.head.signing_key)?;
    let template = renewed_leaf(identity, old, old.encryption_key.clone(), LeafNodeSource::Update)?;
    let names = own_names(host, state, (old, &template), known_as)?;
    let (mut path, node, private) = path::make(txn, (state, host), staged, (leaf, template, names))?;
    keys.forget_outdated(&staged.tree);
    keys.replace(std::mem::take(&mut path.derived.keys));
    keys.replace(vec![(leaf.into(), private)]);
    let commit_secret = path.derived.commit_secret.duplicate();
    Ok(OwnPath { made: Some((path, node)), keys, commit_secret })
}

/// Our names after the commit: as before, unless the client was opened with another credential since, which the app must then
/// accept as the others will be asked to (RFC 9420 §5.3.1).
fn own_names(host: &Host, state: &GroupState, (old, new): (&LeafNode, &LeafNode), known_as: Names) -> Result<Names> {
    if old.credential == new.credential && old.signature_key == new.signature_key {
        return Ok(known_as);
    }
    host.require_successor(state.suite, old, new)?;
    host.name(state.suite, &[new])?.pop().ok_or_else(|| Code::Internal.into())
}

impl OwnPath {
    /// Seals the path secrets under the provisional group context, once the tree is as it will be.
    fn seal(self, txn: &mut Txn, staged: &mut Provisional) -> Result<(Option<UpdatePath>, SealedPath)> {
        let OwnPath { made, keys, commit_secret } = self;
        let group_context = staged.seal_context(txn)?;
        let Some((path, leaf_node)) = made else {
            return Ok((None, SealedPath { path: None, keys, commit_secret }));
        };
        let added = staged.added_leaves.clone();
        let nodes = staged.tree.seal_path(txn, &path, (&added, &group_context))?;
        let wire = UpdatePath { leaf_node: leaf_node.into(), nodes };
        Ok((Some(wire), SealedPath { path: Some(path), keys, commit_secret }))
    }
}

/// The next epoch, with what new members are told.
struct Next {
    begun: Begun,
    /// Used up by the one Welcome, if there is any.
    welcome_key: Option<WelcomeKey>,
    joiner_secret: Secret,
}

impl Next {
    /// Runs the key schedule over the signed commit, and puts the confirmation tag into it.
    fn of(
        txn: &mut Txn,
        state: &GroupState,
        staged: &mut Provisional,
        (content, path): (&mut AuthenticatedContent, &SealedPath),
    ) -> Result<Next> {
        let roots = advance::Roots::of_member(state, staged, path.commit_secret.duplicate())?;
        let scheduled = advance::schedule(txn, state.suite, staged, (&content.confirmed_transcript_input()?, roots))?;
        let joiner_secret = scheduled.joiner_secret.duplicate();
        let welcome_key = (!staged.added.is_empty()).then(|| scheduled.welcomer.welcome_key()).transpose()?;
        let (begun, tag) = scheduled.begin(state.suite, staged)?;
        content.auth.confirmation_tag = Some(tag);
        Ok(Next { begun, welcome_key, joiner_secret })
    }

    /// What those that the commit adds are told alike.
    fn greet(
        self,
        txn: &mut Txn,
        (state, host): (&GroupState, &Host),
        staged: &mut Provisional,
        place: TreePlace,
    ) -> Result<(Begun, Option<Greeting>)> {
        let Next { begun, welcome_key, joiner_secret } = self;
        let Some(welcome_key) = welcome_key else { return Ok((begun, None)) };
        let Exported { inside, beside } = invite::export(txn, host, staged, place)?;
        let parts = group_info::parts_of(&begun, staged.context.clone(), (state.head.own_leaf, inside))?;
        let group_info = group_info::sign(host, (state.suite, &state.head.signing_key), parts)?;
        let greeting = Greeting::of(state.suite, group_info, (welcome_key, joiner_secret), beside)?;
        Ok((begun, Some(greeting)))
    }
}

/// A commit that is to wait.
struct SetAside {
    /// The epoch that it ends.
    base: Epoch,
    commit: Vec<u8>,
    event: Event,
    /// All that it changes.
    change: Staged,
}

/// Protects the commit with keys of the old epoch, and takes all that it changes out of the overlay.
fn set_aside(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    (staged, ready): (&mut Provisional, Ready),
) -> Result<SetAside> {
    let keys = state.keys.clone();
    let event = event(txn, state, staged)?;
    let Ready { begun, content, path_keys } = ready;
    let (commit, advance) = protect(txn, (state, host, &keys), content)?;
    let (base, group_id) = (state.head.epoch, state.head.group_id.clone());
    // What becomes of a rejoin is settled when the commit takes effect.
    state.head.rejoining = None;
    record::epoch(txn, (state, host), staged, (begun, path_keys, record::Warrant::Own))?;
    let change = txn.take_staged();
    // Until it is confirmed, the group is as it was, and so is what the next call is foreseen to read.
    *state = GroupState::load(txn, &group_id)?;
    advance.map_or(Ok(()), |advance| advance.stage_sealed(txn))?;
    Ok(SetAside { base, commit, event, change })
}

/// What the commit is for, to be told if another takes its place.
fn intents(txn: &mut Txn, state: &GroupState, requests: &[KnownProposal]) -> Result<Vec<ProposalSummary>> {
    let own = Sender::Member(state.head.own_leaf);
    requests.iter().filter(|known| known.sender == own).map(|known| known.summary(state, txn)).collect()
}
