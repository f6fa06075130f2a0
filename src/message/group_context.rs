//! The group context (RFC 9420 §8.1): what all members of an epoch agree on.

use tls_codec::{Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{CipherSuite, Code, Epoch, GroupId, ProtocolVersion, Result, limits};
use crate::crypto::{Digest, Suite};
use crate::tree::{ExtensionPlace, Extensions};

/// The public state of a group in one epoch.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct GroupContext {
    pub(crate) version: ProtocolVersion,
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) group_id: GroupId,
    pub(crate) epoch: Epoch,
    pub(crate) tree_hash: Digest,
    pub(crate) confirmed_transcript_hash: Digest,
    pub(crate) extensions: Extensions,
}

impl GroupContext {
    /// The checks that need nothing but the context and its suite: version, sizes, and payloads of known extensions.
    pub(crate) fn check(&self, suite: &Suite) -> Result<()> {
        self.version.check()?;
        self.check_hashes(suite.hash_length())?;
        if self.group_id.as_slice().len() > limits::MAX_GROUP_ID {
            return Err(Code::LimitReached.with(format_args!("a group id is at most {} bytes", limits::MAX_GROUP_ID)));
        }
        check_group_extensions(&self.extensions)
    }

    /// Hashes are as long as the suite makes them; only the transcript hash of a new group is empty (RFC 9420 §8.1, §11).
    fn check_hashes(&self, length: usize) -> Result<()> {
        let transcript = self.confirmed_transcript_hash.0.len();
        match self.tree_hash.0.len() == length && (transcript == length || transcript == 0) {
            true => Ok(()),
            false => Err(Code::BadGroupInfo.with("a hash in the group context has the wrong length")),
        }
    }
}

/// Refuses a list that cannot become the extensions of a group (RFC 9420 §12.1.7): misplaced or malformed ones of the RFC,
/// or more than one record holds.
pub(crate) fn check_group_extensions(extensions: &Extensions) -> Result<()> {
    if extensions.tls_serialized_len() > limits::MAX_GROUP_EXTENSIONS {
        let most = limits::MAX_GROUP_EXTENSIONS;
        return Err(Code::LimitReached.with(format_args!("the extensions of a group take at most {most} bytes")));
    }
    extensions.check(ExtensionPlace::GroupContext)
}
