//! Deleting keys of the past when the app asks for it.

use super::client::Client;
use super::group::Group;
use super::lease::Inside;
use crate::base::{Code, Result};
use crate::group::foresight::Foresight;
use crate::group::{key_package, retention};

/// Groups looked up in one call.
const PAGE: u32 = 256;

#[uniffi::export]
impl Group {
    /// Deletes keys of past epochs and of skipped messages that the configuration says are too old, and of all past epochs
    /// but the last `keep_epochs`, where that is given: messages of theirs that come later can not be read. Keys that are
    /// left over from before this client was removed are deleted as they grow old, also when it has come back.
    ///
    /// Writes only if there is something to delete. Reads the records of the epochs that go, and looks through the skipped
    /// keys of those that stay.
    ///
    /// # Errors
    /// None but those of every call.
    #[uniffi::method(default(keep_epochs))]
    pub fn prune(&self, keep_epochs: Option<u32>) -> Result<()> {
        self.act(Foresight::to_load, |txn, state| {
            retention::prune(txn, (state, &self.shared.services), keep_epochs)?;
            Ok(((), None))
        })
    }
}

#[uniffi::export]
impl Client {
    /// Deletes what is too old in all groups, as [`Group::prune`] does, and key packages whose time is over. For an app to
    /// call now and then, once a day for instance. Each group is a write of its own, if there is something to delete;
    /// one that fails does not keep the others from it, and the first error is returned at the end.
    ///
    /// # Errors
    /// None but those of every call on a client or a group.
    pub fn prune(&self) -> Result<()> {
        {
            let _inside = Inside::enter()?;
            self.run(key_package::prune)?;
        }
        let (mut after, mut outcome) = (None, Ok(()));
        loop {
            let page = self.groups(after, PAGE)?;
            for group in page.groups {
                outcome = outcome.and(self.prune_group(group.group_id));
            }
            after = page.next;
            if after.is_none() {
                return outcome;
            }
        }
    }
}

impl Client {
    fn prune_group(&self, group_id: Vec<u8>) -> Result<()> {
        match self.open_group(group_id).and_then(|group| group.prune(None)) {
            // Another process deleted it meanwhile.
            Err(error) if error.is(Code::NoSuchGroup) => Ok(()),
            outcome => outcome,
        }
    }
}
