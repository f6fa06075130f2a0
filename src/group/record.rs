//! The end of every commit: the next epoch is staged, and what the old one collected is deleted in the same batch.

use super::advance::Begun;
use super::head::Standing;
use super::host::Host;
use super::pending_join;
use super::psk;
use super::retention;
use super::stage::Provisional;
use super::state::GroupState;
use super::successor::announce;
use crate::base::Result;
use crate::base::event::{EpochChange, Event, MemberName, ProposalSummary};
use crate::crypto::SignatureVerified;
use crate::schedule::{ConfirmationMatched, SecretTree, forget_own};
use crate::store::Txn;
use crate::tree::PathKeys;

/// Why an epoch may begin: another member's commit was verified and confirmed, or the commit is our own.
pub(crate) enum Warrant {
    /// A received commit, with the proofs of its signature and of its confirmation tag.
    Received(SignatureVerified, ConfirmationMatched),
    /// A commit that was made here, and takes effect when it is confirmed.
    Own,
    /// The first commit of a group in which nobody else is yet.
    Founding,
}

/// Stages the new epoch.
pub(crate) fn epoch(
    txn: &mut Txn,
    (state, host): (&mut GroupState, &Host),
    staged: &mut Provisional,
    (begun, path_keys, warrant): (Begun, PathKeys, Warrant),
) -> Result<()> {
    let tree = staged.tree.flush(txn)?;
    txn.store(state.keys.path_keys(), &path_keys);
    end_epoch(txn, (state, host), &warrant)?;
    let epoch = staged.epoch();
    SecretTree { suite: state.suite, keys: &state.keys, epoch, width: begun.epoch.width }
        .plant(txn, begun.encryption_secret);
    txn.store(state.keys.epoch(epoch), &begun.epoch);
    state.head.epoch = epoch;
    state.head.tree = tree;
    if let Some(reinit) = &staged.rest.reinit {
        state.head.standing = Standing::Frozen;
        announce(txn, state, reinit);
    }
    state.store_head(txn)?;
    state.epoch = begun.epoch;
    state.context = staged.context.clone();
    Ok(())
}

/// Reduces the ending epoch to what late messages need, and deletes what has left the window or was kept too long.
fn end_epoch(txn: &mut Txn, (state, host): (&mut GroupState, &Host), warrant: &Warrant) -> Result<()> {
    let (old, keys) = (state.head.epoch, state.keys.clone());
    let Some(next) = old.next() else { return Ok(()) };
    let window = retention::Window::of(host, next, host.limits.past_epochs)?;
    // What is to be deleted when a commit of our own takes effect is found out then.
    if !matches!(warrant, Warrant::Own) {
        retention::delete(txn, state, (old, window))?;
    }
    if state.head.oldest_epoch <= old {
        forget_own(txn, &keys, old, state.head.own_leaf);
        state.epoch.end(window.now);
        txn.store(keys.epoch(old), &state.epoch);
    }
    pending_join::drop_outrun(txn, &mut state.head, next);
    txn.clear(keys.collected());
    state.head.proposals = 0;
    state.head.pending = None;
    Ok(())
}

/// This client was removed: its private keys go at once, late messages of kept epochs can still be read.
pub(crate) fn removal(txn: &mut Txn, (state, host): (&mut GroupState, &Host)) -> Result<()> {
    let keys = state.keys.clone();
    let window = retention::Window::of(host, state.head.epoch, host.limits.past_epochs)?;
    retention::delete(txn, state, (state.head.epoch, window))?;
    txn.delete(keys.path_keys());
    txn.clear(keys.collected());
    forget_own(txn, &keys, state.head.epoch, state.head.own_leaf);
    state.epoch.end(window.now);
    txn.store(keys.epoch(state.head.epoch), &state.epoch);
    if let Some(next) = state.head.epoch.next() {
        pending_join::drop_outrun(txn, &mut state.head, next);
    }
    state.head.standing = Standing::Removed;
    state.head.proposals = 0;
    state.head.pending = None;
    state.store_head(txn)
}

/// What the commit changed, in the words of an event.
pub(crate) fn change(staged: &Provisional, committer: MemberName, own: bool) -> EpochChange {
    let roster = staged.roster.clone();
    let (psks, resumption_psks) = psk::in_words(&staged.rest.psks);
    EpochChange {
        epoch: staged.epoch().0,
        committer,
        own,
        added: roster.added,
        removed: roster.removed,
        updated: roster.updated,
        extensions_changed: staged.rest.extensions.is_some(),
        psks,
        resumption_psks,
        custom: staged.rest.custom.iter().map(|(kind, content)| custom(kind.0, content)).collect(),
        lost_commit: None,
    }
}

/// The event of a commit.
pub(crate) fn event(staged: &Provisional, change: EpochChange) -> Event {
    match &staged.rest.reinit {
        Some(reinit) => {
            Event::Reinit { change, group_id: reinit.group_id.as_slice().to_vec(), cipher_suite: reinit.cipher_suite.0 }
        }
        None => Event::EpochChanged { change },
    }
}

fn custom(proposal_type: u16, content: &[u8]) -> ProposalSummary {
    ProposalSummary::Custom { proposal_type, content: content.to_vec() }
}
