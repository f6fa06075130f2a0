//! Secrets for the app's own use (RFC 9420 §8.5).

use crate::base::{Result, Secret};
use crate::crypto::Suite;

/// `MLS-Exporter` over one epoch's `exporter_secret`.
#[derive(Debug)]
pub(crate) struct Exporter<'a> {
    suite: &'static Suite,
    exporter_secret: &'a Secret,
}

impl<'a> Exporter<'a> {
    /// Exports from this `exporter_secret`.
    pub(crate) fn new(suite: &'static Suite, exporter_secret: &'a Secret) -> Self {
        Exporter { suite, exporter_secret }
    }

    /// `MLS-Exporter(label, context, length)`; `BadArgument` if that is longer than the KDF gives.
    pub(crate) fn export(&self, label: &str, context: &[u8], length: usize) -> Result<Secret> {
        let derived = self.suite.derive_secret(self.exporter_secret, label)?;
        self.suite.expand_with_label(&derived, "exported", &self.suite.hash(context).0, length)
    }
}
