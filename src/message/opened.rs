//! Content on its way from the wire: readable, then known to be its sender's.

use super::content::{AuthenticatedContent, FramedContent};
use crate::base::Result;
use crate::crypto::{SignaturePublicKey, SignatureVerified, Suite};

/// Content that came from within the group, or claims to come from outside; nobody has looked at its signature.
#[derive(Debug)]
pub(crate) struct Opened {
    authenticated: AuthenticatedContent,
    to_be_signed: Vec<u8>,
}

impl Opened {
    pub(super) fn new(authenticated: AuthenticatedContent, to_be_signed: Vec<u8>) -> Self {
        Opened { authenticated, to_be_signed }
    }

    /// The unproven content, for finding the key of its sender (RFC 9420 §6.1).
    pub(crate) fn peek(&self) -> &FramedContent {
        &self.authenticated.content
    }

    /// The content, if it is signed with this key.
    pub(crate) fn verify(self, suite: &Suite, key: &SignaturePublicKey) -> Result<Verified> {
        let signature = &self.authenticated.auth.signature;
        let proof = suite.verify_with_label(key, FramedContent::LABEL, &self.to_be_signed, signature)?;
        Ok(Verified { authenticated: self.authenticated, proof })
    }
}

/// Content with a good signature.
#[derive(Debug)]
pub(crate) struct Verified {
    authenticated: AuthenticatedContent,
    proof: SignatureVerified,
}

impl Verified {
    /// The content, and the proof that the next state asks for.
    pub(crate) fn into_parts(self) -> (AuthenticatedContent, SignatureVerified) {
        (self.authenticated, self.proof)
    }

    /// The content.
    pub(crate) fn authenticated(&self) -> &AuthenticatedContent {
        &self.authenticated
    }
}
