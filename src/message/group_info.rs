//! GroupInfo (RFC 9420 §12.4.3): what a client needs to know of a group to join it.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::group_context::GroupContext;
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::{Mac, Signature, SignaturePublicKey, Suite};
use crate::tree::{ExtensionPlace, Extensions, Signed, Unverified};

/// A group in one epoch, vouched for by a member.
#[derive(Debug, Clone, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct GroupInfo {
    pub(crate) group_context: GroupContext,
    pub(crate) extensions: Extensions,
    pub(crate) confirmation_tag: Mac,
    pub(crate) signer: LeafIndex,
    pub(crate) signature: Signature,
}

impl Unverified<GroupInfo> {
    /// The GroupInfo, if it is sound in itself and signed with this key: that of the leaf at `signer` (RFC 9420 §12.4.3).
    pub(crate) fn verify(self, suite: &Suite, signer: &SignaturePublicKey) -> Result<GroupInfo> {
        self.peek().check(suite)?;
        let content = self.peek().signed_fields()?;
        let proof = suite.verify_with_label(signer, GroupInfo::LABEL, &content, &self.peek().signature)?;
        Ok(self.accept(proof))
    }
}

impl GroupInfo {
    fn check(&self, suite: &Suite) -> Result<()> {
        if self.group_context.cipher_suite != suite.id() {
            return Err(Code::BadGroupInfo.with("the GroupInfo is of another cipher suite"));
        }
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
