//! Putting a commit together.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::client::foreign_key_package;
use super::extensions::for_group;
use super::group::Group;
use super::lease::Inside;
use super::successor::{ReinitOptions, reinit};
use super::types::{CommitResult, application_psk};
use crate::base::event::ResumptionPsk;
use crate::base::{Code, LeafIndex, Result};
use crate::group::commit::{CommitRequest, TreePlace};
use crate::group::propose;
use crate::group::psk::with_nonce;
use crate::group::state::GroupState;
use crate::message::{KeyPackage, Proposal};
use crate::schedule::Psk;
use crate::tree::{Extensions, Unverified};

/// One change that the commit is to make.
#[derive(Clone)]
enum Change {
    Add(Unverified<Arc<KeyPackage>>),
    Remove(LeafIndex),
    Psk(Psk),
    Reinit(ReinitOptions),
    Extensions(Extensions),
    Custom(Proposal),
}

#[derive(Clone, Default)]
struct Draft {
    changes: Vec<Change>,
    without_pending: bool,
    without_path: bool,
    tree: TreePlace,
    aad: Vec<u8>,
    tag: Vec<u8>,
}

/// Collects what a commit is to change; [`build`](CommitBuilder::build) makes it, once; after an error it can be tried again.
/// With nothing said, a commit takes in the proposals that wait and gives this member fresh keys.
///
/// # Errors
/// Every call returns `Consumed` once the commit was built, `Reentrant` from inside a callback, and `Busy` if a
/// [`build`](CommitBuilder::build) on another thread takes too long; and those that name none, nothing else.
#[derive(uniffi::Object)]
pub struct CommitBuilder {
    group: Arc<Group>,
    draft: Mutex<Option<Draft>>,
}

#[uniffi::export]
impl CommitBuilder {
    /// Adds the client of this key package.
    ///
    /// # Errors
    /// The 2xx of bytes that are no message, `WrongContent` for another kind of message, `UnsupportedVersion`. Whether the
    /// key package is good is found out by [`build`](Self::build).
    #[expect(clippy::should_implement_trait, reason = "a change to the group, named as RFC 9420 names it")]
    pub fn add(self: Arc<Self>, key_package: Vec<u8>) -> Result<Arc<Self>> {
        let key_package = foreign_key_package(&key_package)?;
        self.change(Change::Add(key_package))
    }

    /// Removes the member at this leaf.
    pub fn remove(self: Arc<Self>, leaf: u32) -> Result<Arc<Self>> {
        self.change(Change::Remove(LeafIndex(leaf)))
    }

    /// Mixes an external pre-shared key in, which every member must hold.
    pub fn psk(self: Arc<Self>, psk_id: Vec<u8>) -> Result<Arc<Self>> {
        self.change(Change::Psk(Psk::External(psk_id.into())))
    }

    /// Mixes in the secret that an earlier epoch of this or another group left, as proof of having been there: every member must
    /// have been, and still keep that epoch. Nobody can join by this commit who was not.
    pub fn resumption_psk(self: Arc<Self>, psk: ResumptionPsk) -> Result<Arc<Self>> {
        self.change(Change::Psk(application_psk(psk)))
    }

    /// Closes the group, to be begun anew with other parameters: no other change may stand beside this one.
    #[uniffi::method(default(options))]
    pub fn reinit(self: Arc<Self>, options: ReinitOptions) -> Result<Arc<Self>> {
        self.change(Change::Reinit(options))
    }

    /// Replaces the group's extensions by this encoded list (`Extension extensions<V>` of RFC 9420).
    ///
    /// # Errors
    /// `BadArgument` for a list that is malformed, empty or has types reserved for GREASE.
    pub fn extensions(self: Arc<Self>, extensions: Vec<u8>) -> Result<Arc<Self>> {
        self.change(Change::Extensions(for_group(&extensions)?))
    }

    /// Carries a proposal of a type that the app defines; every member must support the type.
    ///
    /// # Errors
    /// `BadArgument` for a type of RFC 9420's own or one reserved for GREASE.
    pub fn custom(self: Arc<Self>, proposal_type: u16, content: Vec<u8>) -> Result<Arc<Self>> {
        self.change(Change::Custom(propose::custom(proposal_type, content)?))
    }

    /// Authenticates these bytes beside the commit; everyone can read them.
    pub fn aad(self: Arc<Self>, aad: Vec<u8>) -> Result<Arc<Self>> {
        self.set(|draft| draft.aad = aad)
    }

    /// A tag of the app, which comes back in the effect.
    pub fn tag(self: Arc<Self>, tag: Vec<u8>) -> Result<Arc<Self>> {
        self.set(|draft| draft.tag = tag)
    }

    /// Leaves the proposals that wait out; they are gone when the commit takes effect.
    pub fn without_pending(self: Arc<Self>) -> Result<Arc<Self>> {
        self.set(|draft| draft.without_pending = true)
    }

    /// Leaves the path out if the changes allow it: a smaller commit that gives this member no fresh keys.
    pub fn without_path(self: Arc<Self>) -> Result<Arc<Self>> {
        self.set(|draft| draft.without_path = true)
    }

    /// Hands the ratchet tree out beside the Welcome instead of inside: better for large groups.
    pub fn tree_beside_welcome(self: Arc<Self>) -> Result<Arc<Self>> {
        self.set(|draft| draft.tree = TreePlace::Beside)
    }

    /// Neither puts the ratchet tree into the Welcome nor hands it out, which costs time in proportion to the group: take it
    /// with `export_tree` when the commit is confirmed, once for however many Welcomes.
    pub fn tree_later(self: Arc<Self>) -> Result<Arc<Self>> {
        self.set(|draft| draft.tree = TreePlace::Later)
    }

    /// Makes the commit. The group stays as it is until the commit is confirmed; until then it is kept, across restarts.
    ///
    /// Waiting proposals that the commit could not stand with are left out: those that lose against others, need a key that is
    /// not in the storage, or ask of members what they do not support.
    ///
    /// # Errors
    /// `PendingCommit` if one waits already, `Consumed` if it was built before, `Removed`, `Frozen`, `NotHealed`,
    /// `UnknownPsk` for a key that is not here, `NoSuchMember` and `BadArgument` for the removal of nobody and of ourselves, `TooLong` and `UnsupportedSuite` for a
    /// ReInit, `LimitReached`, and the 3xx of whatever a change breaks: `KeyReused` for a client that is a member,
    /// `Incapable` if a member or a new one lacks what the group asks for, `Expired`, `BadProposalList`,
    /// `CredentialRejected`, `PolicyRejected` and others.
    pub fn build(&self) -> Result<CommitResult> {
        // From inside a callback it must not wait for the lock that is held around it. The group's own check comes later.
        drop(Inside::enter()?);
        // Held all the while, so that nothing is added that the commit would not have.
        let mut place = self.draft()?;
        let draft = place.as_ref().ok_or(Code::Consumed)?;
        let built = self.group.commit(|state| request(draft, state), &draft.tag)?;
        *place = None;
        Ok(built)
    }
}

impl CommitBuilder {
    pub(crate) fn new(group: Arc<Group>) -> Arc<Self> {
        Arc::new(CommitBuilder { group, draft: Mutex::new(Some(Draft::default())) })
    }

    fn change(self: Arc<Self>, change: Change) -> Result<Arc<Self>> {
        self.set(|draft| draft.changes.push(change))
    }

    fn set(self: Arc<Self>, set: impl FnOnce(&mut Draft)) -> Result<Arc<Self>> {
        let _inside = Inside::enter()?;
        set(self.draft()?.as_mut().ok_or(Code::Consumed)?);
        Ok(self)
    }

    /// The draft, for one call at a time.
    fn draft(&self) -> Result<MutexGuard<'_, Option<Draft>>> {
        self.draft.try_lock_for(self.group.patience()).ok_or_else(|| Code::Busy.into())
    }
}

fn request(draft: &Draft, state: &GroupState) -> Result<CommitRequest> {
    let proposals = draft.changes.iter().map(|change| {
        Ok(match change {
            Change::Add(key_package) => Proposal::Add(key_package.clone()),
            Change::Remove(leaf) => Proposal::Remove(*leaf),
            Change::Psk(psk) => with_nonce(state.suite, psk.clone())?,
            Change::Reinit(options) => Proposal::ReInit(reinit(state, options)?),
            Change::Extensions(extensions) => Proposal::GroupContextExtensions(extensions.clone()),
            Change::Custom(proposal) => proposal.clone(),
        })
    });
    Ok(CommitRequest {
        proposals: proposals.collect::<Result<_>>()?,
        without_pending: draft.without_pending,
        without_path: draft.without_path,
        tree: draft.tree,
        aad: draft.aad.clone(),
        linking: None,
    })
}
