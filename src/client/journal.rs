//! The journal of effects, and the end of a client.

use super::call::run;
use super::client::Client;
use super::lease::Inside;
use crate::base::Result;
use crate::base::event::Effect;
use crate::group::journal;

/// An effect that the app has not acknowledged yet.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PendingEffect {
    /// By what it is acknowledged. Above 0 and below 2^63, with gaps, and not given again.
    pub id: u64,
    /// What came of a call.
    pub effect: Effect,
}

#[uniffi::export]
impl Client {
    /// The effects of `config.journal` that were not acknowledged, oldest first, after the one with the id `after`; at most
    /// `limit` of them.
    ///
    /// Each was stored in the same batch as what it tells of: nothing is lost by a crash and nothing is there twice. Acknowledge
    /// an effect once the app has stored it; an app that crashes in between sees it again, under the same id.
    ///
    /// What follows from something comes after it: effects of one process in the order of its calls, and those of a group in
    /// the order of its epochs. Effects of calls that ran at the same time may come in any order, and one of them may appear
    /// before an `after` that was already passed on: so begin again with nothing when all was acknowledged. Effects stay
    /// when their group is deleted, and are still listed after the journal was switched off.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn pending_effects(&self, after: Option<u64>, limit: u32) -> Result<Vec<PendingEffect>> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            let found = journal::list(txn, after, limit as usize)?;
            Ok((found.into_iter().map(|(id, effect)| PendingEffect { id, effect }).collect(), None))
        })
    }

    /// Deletes this one effect from the journal, for good. One that is not there is no error: it was acknowledged before.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn acknowledge(&self, id: u64) -> Result<()> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| {
            journal::delete(txn, id);
            Ok(((), None))
        })
    }

    /// Deletes everything that this client has in its storage, in one write: groups, key packages, pre-shared keys, signing
    /// keys and the journal. For signing a user out. Other clients in the storage are untouched, and so are keys that the
    /// host's signer holds. A client of the same name that is opened afterwards is a new one.
    ///
    /// The groups are not told; leave or be removed first. Afterwards this handle and its groups see nothing and write
    /// nothing: calls on groups return `NoSuchGroup`, lists are empty, and what would write or sign returns `Consumed`. Let
    /// the handles go: keys in their memory are wiped when they are dropped. No other call should be running meanwhile.
    /// Other handles of the same client, in this process or another, fail with `StorageCorrupt` when they write, also beside a
    /// client of the name that is made anew.
    ///
    /// # Errors
    /// `Consumed` if it was called before.
    pub fn wipe(&self) -> Result<()> {
        let _inside = Inside::enter()?;
        self.shared.store.wipe()
    }
}
