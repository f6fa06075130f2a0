//! Hash-based references to key packages and proposals (RFC 9420 §5.2).

use super::label::Labelled;
use super::suite::Suite;
use super::wire::Digest;
use crate::base::Result;

impl Suite {
    /// `MakeKeyPackageRef` of an encoded KeyPackage.
    pub(crate) fn key_package_ref(&self, key_package: &[u8]) -> Result<Digest> {
        self.ref_hash("MLS 1.0 KeyPackage Reference", key_package)
    }

    /// `MakeProposalRef` of the encoded AuthenticatedContent that carries a Proposal.
    pub(crate) fn proposal_ref(&self, authenticated_content: &[u8]) -> Result<Digest> {
        self.ref_hash("MLS 1.0 Proposal Reference", authenticated_content)
    }

    /// `RefHash(label, value)`.
    pub(crate) fn ref_hash(&self, label: &str, value: &[u8]) -> Result<Digest> {
        Ok(self.hash_parts(&Labelled::bare(label, value)?.parts()))
    }
}
