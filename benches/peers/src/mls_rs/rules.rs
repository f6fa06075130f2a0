//! How commits and messages are made: what mls-rs asks its app for each time.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mls_rs::MlsRules;
use mls_rs::client_builder::PaddingMode;
use mls_rs::group::{GroupContext, Roster};
use mls_rs::mls_rules::{CommitDirection, CommitOptions, CommitSource, EncryptionOptions, ProposalBundle};

/// The rules of one person. Whoever clones them has the same.
#[derive(Clone, Default)]
pub(super) struct Rules {
    tree_inside: Arc<AtomicBool>,
}

impl Rules {
    /// Whether the next Welcome has the ratchet tree in it.
    pub(super) fn put_tree_inside(&self, inside: bool) {
        self.tree_inside.store(inside, Ordering::Relaxed);
    }
}

impl MlsRules for Rules {
    type Error = Infallible;

    fn filter_proposals(
        &self,
        _direction: CommitDirection,
        _source: CommitSource,
        _roster: &Roster<'_>,
        _context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle, Infallible> {
        Ok(proposals)
    }

    fn commit_options(
        &self,
        _roster: &Roster<'_>,
        _context: &GroupContext,
        _proposals: &ProposalBundle,
    ) -> Result<CommitOptions, Infallible> {
        let inside = self.tree_inside.load(Ordering::Relaxed);
        Ok(CommitOptions::new().with_path_required(true).with_ratchet_tree_extension(inside))
    }

    fn encryption_options(
        &self,
        _roster: &Roster<'_>,
        _context: &GroupContext,
    ) -> Result<EncryptionOptions, Infallible> {
        Ok(EncryptionOptions::new(false, PaddingMode::None))
    }
}
