//! Joining a group by a commit of one's own: without waiting for a member to add this client, and to come back into a group
//! whose state is lost.

use std::sync::Arc;

use super::call::run;
use super::client::Client;
use super::group::Group;
use super::lease::Inside;
use super::types::application_psk;
use crate::base::event::{Effect, ResumptionPsk};
use crate::base::{GroupId, Result};
use crate::crypto::sha256;
use crate::group::external::{self, Entering};
use crate::group::head::Settings;
use crate::group::pending_join;
use crate::schedule::Psk;

/// How a group is joined by a commit of one's own.
#[derive(Clone, Default, uniffi::Record)]
pub struct ExternalJoinOptions {
    /// The ratchet tree, when the GroupInfo does not hold it.
    #[uniffi(default)]
    pub tree: Option<Vec<u8>>,
    /// Whether to give up what this client has of the group, and come in anew. Without it, a group that this client is a member
    /// of is not joined again. A group that came out of an archive, or that this client was removed from, needs no `rejoin`.
    #[uniffi(default)]
    pub rejoin: bool,
    /// The ids of pre-shared keys to mix in, which every member must hold.
    #[uniffi(default)]
    pub psks: Vec<Vec<u8>>,
    /// Earlier epochs whose secrets to mix in, as proof of having been a member: every member must have been, too.
    #[uniffi(default)]
    pub resumption_psks: Vec<ResumptionPsk>,
    /// Authenticated beside the commit; everyone can read it.
    #[uniffi(default)]
    pub aad: Vec<u8>,
    /// Whether later proposals and commits of this client go out unencrypted.
    #[uniffi(default)]
    pub public_handshakes: bool,
    /// Whether messages keep their exact length.
    #[uniffi(default)]
    pub without_padding: bool,
    /// A tag of the app, which comes back in the effect.
    #[uniffi(default)]
    pub tag: Vec<u8>,
}

/// A commit of ours that waits to let us in.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ExternalJoin {
    /// The group.
    pub group_id: Vec<u8>,
    /// The epoch that it would begin.
    pub epoch: u64,
    /// The message for the group: send it again unchanged when in doubt.
    pub commit: Vec<u8>,
}

#[uniffi::export]
impl Client {
    /// Makes the commit by which this client joins the group that a GroupInfo announces (RFC 9420 §12.4.3.2), and keeps it until
    /// it is confirmed or discarded; nothing else changes until then. If this client is in the group already, the commit
    /// removes it there: that is how to come back after its state was lost, restored, or left behind.
    ///
    /// Verifies the whole tree: O(n) in time, storage read and written. The delivery service accepts the commit if no other one
    /// has ended the epoch of the GroupInfo; otherwise discard it, and try again with a newer GroupInfo.
    ///
    /// # Errors
    /// `PendingJoin`, `AlreadyMember`, `Frozen`, `TreeMissing`, `BadGroupInfo` if the group lets nobody in by itself or the epoch
    /// was lived through before, `UnknownPsk`, `UnsupportedSuite` if the client has no key for the group's, `LimitReached`, and
    /// the 2xx and 3xx of whatever breaks a rule: `Incapable` if this client lacks what the group asks for.
    #[uniffi::method(default(options))]
    pub fn join_external(&self, group_info: Vec<u8>, mut options: ExternalJoinOptions) -> Result<ExternalJoin> {
        let _inside = Inside::enter()?;
        let tree = options.tree.take().map(Arc::new);
        let psks: Vec<Psk> = options
            .psks
            .iter()
            .map(|psk_id| Psk::External(psk_id.as_slice().into()))
            .chain(options.resumption_psks.iter().cloned().map(application_psk))
            .collect();
        let settings = Settings { encrypt_handshakes: !options.public_handshakes, pad: !options.without_padding };
        run(&self.shared.store, |txn| {
            let entering = Entering {
                group_info: &group_info,
                tree: tree.as_ref(),
                rejoin: options.rejoin,
                psks: &psks,
                settings,
                aad: &options.aad,
            };
            let (state, commit) = external::commit(txn, &self.shared.services, entering)?;
            let (group_id, epoch) = (state.head.group_id.as_slice().to_vec(), state.head.epoch.0);
            let (tag, message) = (options.tag.clone(), commit.clone());
            let effect = Effect::Outbound { group_id: group_id.clone(), tag, message };
            Ok((ExternalJoin { group_id, epoch, commit }, Some(effect)))
        })
    }

    /// The external join of a group that waits, if there is one; it survives restarts.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn pending_join(&self, group_id: Vec<u8>) -> Result<Option<ExternalJoin>> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            let waiting = pending_join::waiting(txn, &GroupId(group_id.clone()))?;
            let join = waiting.map(|waiting| ExternalJoin {
                group_id: group_id.clone(),
                epoch: waiting.epoch.0,
                commit: waiting.commit,
            });
            Ok((join, None))
        })
    }

    /// Enters the group, when the delivery service has accepted our commit: `commit` is the message that was accepted, where
    /// several processes share the store. (In a group that is joined anew, its echo does the same.) What late messages of an
    /// earlier stay need is kept for the window of past epochs; a commit that still waited there is given up.
    ///
    /// # Errors
    /// `NoPendingJoin`, also if another commit than the given one waits.
    #[uniffi::method(default(commit), default(tag))]
    pub fn confirm_join(&self, group_id: Vec<u8>, commit: Option<Vec<u8>>, tag: Vec<u8>) -> Result<Arc<Group>> {
        let _inside = Inside::enter()?;
        let (group_id, hash) = (GroupId(group_id), commit.map(|commit| sha256(&[&commit])));
        let _lease = self.shared.leases.take(&group_id, self.shared.patience)?;
        run(&self.shared.store, |txn| {
            let (_, event) = pending_join::confirm(txn, &self.shared.services, &group_id, hash)?;
            let (group_id, tag) = (group_id.as_slice().to_vec(), tag.clone());
            Ok(((), Some(Effect::Confirmed { group_id, tag, event, welcome: None })))
        })?;
        Ok(Group::open(self.shared.clone(), group_id))
    }

    /// Gives the waiting join up, when the delivery service has refused its commit for good.
    ///
    /// # Errors
    /// `NoPendingJoin`, also if another commit than the given one waits.
    #[uniffi::method(default(commit))]
    pub fn discard_join(&self, group_id: Vec<u8>, commit: Option<Vec<u8>>) -> Result<()> {
        let _inside = Inside::enter()?;
        let (group_id, hash) = (GroupId(group_id), commit.map(|commit| sha256(&[&commit])));
        let _lease = self.shared.leases.take(&group_id, self.shared.patience)?;
        run(&self.shared.store, |txn| {
            pending_join::discard(txn, &group_id, hash)?;
            Ok(((), None))
        })
    }
}
