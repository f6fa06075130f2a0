//! A group that this client is in.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::call::{Act, run};
use super::client::Shared;
use super::commit_builder::CommitBuilder;
use super::extensions::in_words;
use super::lease::{Inside, Lease};
use super::types::{CommitResult, GroupStatus, Member, PendingCommit, PendingProposal, Secret};
use crate::base::event::{Effect, Event};
use crate::base::{GroupId, Result};
use crate::group::commit::CommitRequest;
use crate::group::foresight::Foresight;
use crate::group::head::Standing;
use crate::group::members::Listing;
use crate::group::reserve::Reserve;
use crate::group::state::GroupState;
use crate::group::{commit, group_info, members, pending, proposals, propose, stay};
use crate::message::{ContentType, Proposal};
use crate::schedule::Exporter;
use crate::store::{Key, Txn};

/// A handle on one group. It holds no state but a guess of what the next call will read, and keys that it has reserved for
/// itself: everything lives in the storage, so several handles, in several processes, may work on one group.
///
/// # Errors
/// Every call that can fail may return, beside what it names: `NoSuchGroup` if the group was deleted, `Busy` if another call on
/// it takes too long, `Reentrant` from inside a callback, `Conflict` if other processes were faster several times over, the 7xx
/// of the storage and the other callbacks, and `StoreNewer`. Where a call names none, it returns no others.
#[derive(uniffi::Object)]
pub struct Group {
    pub(super) shared: Arc<Shared>,
    group_id: GroupId,
    foresight: Mutex<Option<Foresight>>,
    /// Keys for the next messages, if the configuration says that they are reserved.
    pub(super) reserve: Mutex<Option<Reserve>>,
}

#[uniffi::export]
impl Group {
    /// The id of the group.
    pub fn id(&self) -> Vec<u8> {
        self.group_id.as_slice().to_vec()
    }

    /// How the group stands. Reads two records.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn status(&self) -> Result<GroupStatus> {
        self.query(|_, state| {
            let head = &state.head;
            Ok(GroupStatus {
                group_id: head.group_id.as_slice().to_vec(),
                epoch: head.epoch.0,
                cipher_suite: head.suite.0,
                own_leaf: head.own_leaf.0,
                members: state.member_count(),
                active: head.standing == Standing::Active,
                frozen: head.standing == Standing::Frozen,
                imported: head.standing == Standing::Imported,
                pending_proposals: head.proposals,
                pending_commit: head.pending.is_some(),
                oldest_epoch: head.oldest_epoch.0,
                deferred: head.deferred.messages,
            })
        })
    }

    /// Members in the order of the tree, after the leaf `after`, at most `limit` of them.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn members(&self, after: Option<u32>, limit: u32) -> Result<Vec<Member>> {
        self.query(|txn, state| {
            let page = members::page(txn, state, after, limit as usize)?;
            page.into_iter().map(member).collect()
        })
    }

    /// The member with this client id, as the app's validator named it. Reads a few records, whatever the group's size.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn find_member(&self, client_id: Vec<u8>) -> Result<Option<Member>> {
        self.query(|txn, state| members::find(txn, state, &client_id)?.map(member).transpose())
    }

    /// Encrypts an application message. `aad` is authenticated with it and stays readable; `tag` comes back in the effect.
    ///
    /// The key is used up durably before this returns: send the bytes again when in doubt, and never encrypt again. Reads
    /// three records and writes one; some more for the first message of an epoch. With a reserve (`ClientConfig::reserve`), most
    /// calls read one record and write none.
    ///
    /// # Errors
    /// `PendingProposals` while proposals wait for a commit (RFC 9420 §12.4), `UsageLimit` once as much was encrypted in the
    /// epoch as is safe (a commit is the remedy), `NotHealed` in a group that came out of an archive, `Removed`, `Frozen`,
    /// `TooLong`.
    #[uniffi::method(default(aad), default(tag))]
    pub fn encrypt(&self, plaintext: Vec<u8>, aad: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        self.send((&plaintext, &aad), &tag)
    }

    /// The proposals that wait for a commit, in the order they came.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn pending_proposals(&self) -> Result<Vec<PendingProposal>> {
        self.query(|txn, state| {
            let waiting = proposals::waiting(state, txn)?;
            let listed = waiting.into_iter().map(|(reference, known)| {
                Ok(PendingProposal {
                    reference: reference.0.to_vec(),
                    author: proposals::author_of(state, txn, known.sender)?,
                    summary: known.summary(state, txn)?,
                })
            });
            listed.collect()
        })
    }

    /// Forgets the proposals that wait. A commit of another member that names one of them can then not be read; this is for
    /// a delivery service that has dropped them.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn clear_proposals(&self) -> Result<()> {
        self.act(Foresight::to_load, |txn, state| {
            proposals::clear(state, txn)?;
            Ok(((), None))
        })
    }

    /// Begins a commit: say what it is to change, then build it.
    pub fn new_commit(self: Arc<Self>) -> Arc<CommitBuilder> {
        CommitBuilder::new(self)
    }

    /// Makes our waiting commit take effect, when the delivery service has accepted it. The effect holds the Welcome.
    ///
    /// `commit` is the message that was accepted, as it was sent. Where several processes share the store, pass it: one of
    /// the others may have confirmed it meanwhile, and built another that nobody has accepted. Without it, whichever commit
    /// waits is meant.
    ///
    /// # Errors
    /// `NoPendingCommit`, also if another commit than the given one waits.
    #[uniffi::method(default(commit), default(tag))]
    pub fn confirm_commit(&self, commit: Option<Vec<u8>>, tag: Vec<u8>) -> Result<Event> {
        self.act(Foresight::to_load, |txn, state| {
            pending::require(state, commit.as_deref())?;
            let confirmed = pending::confirm(txn, (state, &self.shared.services))?;
            let (group_id, tag, event) = (self.id(), tag.clone(), confirmed.event.clone());
            let effect = Effect::Confirmed { group_id, tag, event, welcome: confirmed.welcome };
            Ok((confirmed.event, Some(effect)))
        })
    }

    /// Gives our waiting commit up. Only for a commit that the delivery service has refused for good: if the group adopts it
    /// after all, this client has to rejoin. `commit` is the message that was refused, as for `confirm_commit`.
    ///
    /// # Errors
    /// `NoPendingCommit`, also if another commit than the given one waits.
    #[uniffi::method(default(commit))]
    pub fn discard_commit(&self, commit: Option<Vec<u8>>) -> Result<()> {
        self.act(Foresight::to_load, |txn, state| {
            pending::require(state, commit.as_deref())?;
            pending::discard(txn, state)?;
            Ok(((), None))
        })
    }

    /// Our waiting commit, if there is one, as it was made; it survives restarts. A tree that goes beside its Welcome is not
    /// kept: take it with `export_tree` when the commit is confirmed.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn pending_commit(&self) -> Result<Option<PendingCommit>> {
        self.query(|txn, state| {
            if state.head.pending.is_none() {
                return Ok(None);
            }
            let waiting = pending::load(txn, state)?;
            Ok(Some(PendingCommit { epoch: waiting.base.0, commit: waiting.commit, welcome: waiting.welcome }))
        })
    }

    /// Derives a secret from the current epoch that all members can derive (RFC 9420 §8.5), of `length` bytes.
    ///
    /// # Errors
    /// `BadArgument` if `length` is more than the KDF of the suite gives: 255 times the length of its hash. `Removed`,
    /// `Frozen`.
    pub fn export_secret(&self, label: String, context: Vec<u8>, length: u32) -> Result<Arc<Secret>> {
        self.query(|_, state| {
            state.head.require_following()?;
            let exporter = Exporter::new(state.suite, &state.epoch.current()?.exporter_secret);
            let secret = exporter.export(&label, &context, length as usize)?;
            Ok(Arc::new(Secret::new(secret)))
        })
    }

    /// A value that is equal for all members of an epoch and for nobody else: compare it out of band (RFC 9420 §8.7).
    ///
    /// # Errors
    /// `Removed`, `Frozen`.
    pub fn epoch_authenticator(&self) -> Result<Vec<u8>> {
        self.query(|_, state| {
            state.head.require_following()?;
            Ok(state.epoch.current()?.epoch_authenticator.expose().to_vec())
        })
    }

    /// The GroupInfo of the current epoch, signed by us, for clients that join by themselves. With the tree, O(n).
    ///
    /// # Errors
    /// `Removed`, `Frozen`, `NotHealed`.
    pub fn group_info(&self, with_tree: bool) -> Result<Vec<u8>> {
        self.query(|txn, state| group_info::current(txn, (state, &self.shared.services), (with_tree, true)))
    }

    /// The whole ratchet tree, to be passed beside a Welcome or GroupInfo that does not hold it. O(n).
    ///
    /// # Errors
    /// `Removed`, `Frozen`.
    pub fn export_tree(&self) -> Result<Vec<u8>> {
        self.query(|txn, state| {
            state.head.require_following()?;
            state.tree().export(txn, &*self.shared.services.observer)
        })
    }

    /// Deletes everything this client has of the group, in one batch. Reads its head and no more, so that a group goes also when
    /// its records are damaged.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn delete(&self) -> Result<()> {
        let _inside = Inside::enter()?;
        let _lease = self.lease()?;
        *self.foresight.lock() = None;
        *self.reserve.lock() = None;
        run(&self.shared.store, |txn| stay::delete(txn, &self.group_id).map(|()| ((), None)))
    }
}

impl Group {
    pub(crate) fn open(shared: Arc<Shared>, group_id: GroupId) -> Arc<Self> {
        Arc::new(Group { shared, group_id, foresight: Mutex::new(None), reserve: Mutex::new(None) })
    }

    /// Builds a commit.
    pub(crate) fn commit(
        &self,
        request: impl Fn(&GroupState) -> Result<CommitRequest>,
        tag: &[u8],
    ) -> Result<CommitResult> {
        let ahead = |foresight: &Foresight| foresight.to_send(ContentType::Commit);
        self.act(ahead, |txn, state| {
            let request = request(state)?;
            let built = commit::build(txn, state, &self.shared.services, request)?;
            let effect = self.outbound(tag, &built.commit);
            Ok((CommitResult { commit: built.commit, welcome: built.welcome, tree: built.tree }, Some(effect)))
        })
    }

    /// Makes a proposal and keeps it.
    pub(super) fn propose(
        &self,
        tag: &[u8],
        make: impl Fn(&mut Txn, &GroupState) -> Result<Proposal>,
    ) -> Result<Vec<u8>> {
        self.act(
            |foresight| foresight.to_send(ContentType::Proposal),
            |txn, state| {
                let proposal = make(txn, state)?;
                let message = propose::send(txn, (state, &self.shared.services), (proposal, &[]))?;
                let effect = self.outbound(tag, &message);
                Ok((message, Some(effect)))
            },
        )
    }

    pub(super) fn outbound(&self, tag: &[u8], message: &[u8]) -> Effect {
        Effect::Outbound { group_id: self.id(), tag: tag.to_vec(), message: message.to_vec() }
    }

    pub(super) fn lease(&self) -> Result<Lease> {
        self.shared.leases.take(&self.group_id, self.patience())
    }

    /// How long a call waits for another one.
    pub(super) fn patience(&self) -> Duration {
        self.shared.patience
    }

    /// Runs an act that writes nothing.
    pub(super) fn query<T>(&self, mut look: impl FnMut(&mut Txn, &GroupState) -> Result<T>) -> Result<T> {
        self.act(Foresight::to_load, |txn, state| Ok((look(txn, state)?, None)))
    }

    /// Runs one act on the group: what it will read is foreseen, and what it leaves is remembered for the next.
    pub(super) fn act<T>(
        &self,
        ahead: impl Fn(&Foresight) -> Vec<Key>,
        act: impl FnMut(&mut Txn, &mut GroupState) -> Act<T>,
    ) -> Result<T> {
        let _inside = Inside::enter()?;
        let _lease = self.lease()?;
        self.act_leased(ahead, act)
    }

    /// The same for a call that holds the group already.
    pub(super) fn act_leased<T>(
        &self,
        ahead: impl Fn(&Foresight) -> Vec<Key>,
        mut act: impl FnMut(&mut Txn, &mut GroupState) -> Act<T>,
    ) -> Result<T> {
        let mut seen = self.foresight.lock().take();
        let mut left = None;
        let outcome = run(&self.shared.store, |txn| {
            if let Some(foresight) = seen.take() {
                txn.prefetch(ahead(&foresight))?;
            }
            let mut state = GroupState::load(txn, &self.group_id)?;
            let outcome = act(txn, &mut state);
            left = Some(Foresight::of(txn, &state));
            // Keys of an epoch that is over are not held any longer.
            self.reserve.lock().take_if(|reserve| !reserve.fits(&state.head));
            outcome
        });
        *self.foresight.lock() = left;
        outcome
    }
}

/// A member, as the app sees it.
pub(super) fn member(listing: Listing) -> Result<Member> {
    let Listing { name, node } = listing;
    let (identity, signature_key) = (node.credential.identity(), node.signature_key.0.to_vec());
    let (capabilities, extensions) = (node.capabilities.into(), in_words(&node.extensions)?);
    Ok(Member { name, identity, signature_key, capabilities, extensions })
}
