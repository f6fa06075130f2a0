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
    /// Whether it is sound in itself.
    pub(crate) fn check(&self, suite: &Suite) -> Result<()> {
        if self.group_context.cipher_suite != suite.id() {
            return Err(Code::BadGroupInfo.with("the GroupInfo is of another cipher suite"));
        }
        self.group_context.check(suite)?;
        self.extensions.check(ExtensionPlace::GroupInfo)
    }
}

impl Signed for GroupInfo {
    const LABEL: &'static str = "GroupInfoTBS";

    fn signature(&self) -> &Signature {
        &self.signature
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::{CipherSuite, Epoch, GroupId, ProtocolVersion};
    use crate::codec::{Short, decode_exact, encode};
    use crate::crypto::Digest;
    use crate::tree::ExtensionType;

    fn unsigned(suite: &Suite) -> GroupInfo {
        let group_context = GroupContext {
            version: ProtocolVersion::MLS10,
            cipher_suite: suite.id(),
            group_id: GroupId(vec![1]),
            epoch: Epoch(0),
            tree_hash: Digest(Short::from(vec![2; 32])),
            confirmed_transcript_hash: Digest(Short::default()),
            extensions: Extensions::default(),
        };
        let (confirmation_tag, signature) = (Mac(Short::from(vec![3; 32])), Signature(Short::default()));
        GroupInfo {
            group_context,
            extensions: Extensions::default(),
            confirmation_tag,
            signer: LeafIndex(0),
            signature,
        }
    }

    /// The code of the verdict on a GroupInfo that was changed before or after it was signed; 0 if it is accepted.
    fn code(before: fn(&mut GroupInfo), after: fn(&mut GroupInfo)) -> u32 {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let (key, public) = suite.generate_signature_keys().unwrap();
        let mut group_info = unsigned(suite);
        before(&mut group_info);
        group_info.signature = key.sign_with_label(GroupInfo::LABEL, &group_info.signed_fields().unwrap()).unwrap();
        after(&mut group_info);
        let received: Unverified<GroupInfo> = decode_exact(&encode(&group_info).unwrap()).unwrap();
        received.verify(suite, &public).map_or_else(|error| error.code(), |_| 0)
    }

    #[test]
    fn a_group_info_is_sound_and_signed() {
        let unknown: fn(&mut GroupInfo) = |info| info.extensions.put(ExtensionType(0x0a0a), vec![9]);
        assert_eq!(code(unknown, |_| ()), 0);
        assert_eq!(code(|_| (), unknown), Code::BadSignature.number());
        assert_eq!(code(|_| (), |info| info.signer = LeafIndex(1)), Code::BadSignature.number());
        let version: fn(&mut GroupInfo) = |info| info.group_context.version = ProtocolVersion(2);
        assert_eq!(code(version, |_| ()), Code::UnsupportedVersion.number());
        let suite: fn(&mut GroupInfo) = |info| info.group_context.cipher_suite = CipherSuite(2);
        assert_eq!(code(suite, |_| ()), Code::BadGroupInfo.number());
        let tree_hash: fn(&mut GroupInfo) = |info| info.group_context.tree_hash = Digest(Short::from(vec![2; 31]));
        assert_eq!(code(tree_hash, |_| ()), Code::BadGroupInfo.number());
        let transcript: fn(&mut GroupInfo) =
            |info| info.group_context.confirmed_transcript_hash.0 = Short::from(vec![2; 33]);
        assert_eq!(code(transcript, |_| ()), Code::BadGroupInfo.number());
        let whole: fn(&mut GroupInfo) =
            |info| info.group_context.confirmed_transcript_hash.0 = Short::from(vec![2; 32]);
        assert_eq!(code(whole, |_| ()), 0);
        let misplaced: fn(&mut GroupInfo) = |info| info.extensions.put(ExtensionType::EXTERNAL_SENDERS, vec![0]);
        assert_eq!(code(misplaced, |_| ()), Code::WrongContent.number());
    }
}
