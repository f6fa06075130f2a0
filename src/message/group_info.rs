//! GroupInfo (RFC 9420 §12.4.3): what a client needs to know of a group to join it.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::group_context::GroupContext;
use crate::base::{LeafIndex, Result};
use crate::crypto::{Mac, Signature};
use crate::tree::{ExtensionPlace, Extensions, Signed};

/// A group in one epoch, vouched for by a member.
#[derive(Debug, Clone, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct GroupInfo {
    pub(crate) group_context: GroupContext,
    pub(crate) extensions: Extensions,
    pub(crate) confirmation_tag: Mac,
    pub(crate) signer: LeafIndex,
    pub(crate) signature: Signature,
}

impl GroupInfo {
    /// The checks that need nothing but the object: version, sizes, and payloads of known extensions.
    pub(crate) fn check(&self) -> Result<()> {
        self.group_context.check()?;
        self.extensions.check(ExtensionPlace::GroupInfo)
    }
}

impl Signed for GroupInfo {
    const LABEL: &'static str = "GroupInfoTBS";

    fn signature(&self) -> &Signature {
        &self.signature
    }
}
