//! Welcome (RFC 9420 §12.4.3.1): what lets new members into the epoch that added them.

use tls_codec::{Serialize, TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{CipherSuite, Code, Result, Secret};
use crate::codec::{Opaque, decode_exact, header_size, split_opaque, write_opaque};
use crate::crypto::{Digest, HpkeCiphertext};
use crate::schedule::PreSharedKeyId;

/// The secrets of the new epoch, sealed to the init key of one new member.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct EncryptedGroupSecrets {
    /// The KeyPackageRef of the new member (RFC 9420 §5.2).
    pub(crate) new_member: Digest,
    pub(crate) encrypted_group_secrets: HpkeCiphertext,
}

/// One message for some or all members that a commit added.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Welcome {
    pub(crate) cipher_suite: CipherSuite,
    pub(crate) secrets: Vec<EncryptedGroupSecrets>,
    pub(crate) encrypted_group_info: Opaque,
}

/// What one new member finds inside its [`EncryptedGroupSecrets`].
#[derive(Debug)]
pub(crate) struct GroupSecrets {
    pub(crate) joiner_secret: Secret,
    /// The path secret of the lowest node that the new member shares with the committer.
    pub(crate) path_secret: Option<Secret>,
    /// The pre-shared keys of the epoch, in the order of the commit.
    pub(crate) psks: Vec<PreSharedKeyId>,
}

impl GroupSecrets {
    /// Reads an object that fills `bytes`, which the caller wipes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let (joiner_secret, rest) = split_secret(bytes)?;
        let (path_secret, rest) = match rest.split_first() {
            Some((0, rest)) => (None, rest),
            Some((1, rest)) => split_secret(rest).map(|(secret, rest)| (Some(secret), rest))?,
            _ => return Err(Code::Malformed.with("an optional that is neither present nor absent")),
        };
        Ok(GroupSecrets { joiner_secret, path_secret, psks: decode_exact(rest)? })
    }

    /// Encodes the object into a buffer of its exact size, so that no copy is left behind.
    pub(crate) fn encode(&self) -> Result<Secret> {
        let path_size = 1 + self.path_secret.as_ref().map_or(0, secret_size);
        let size = secret_size(&self.joiner_secret) + path_size + tls_codec::Size::tls_serialized_len(&self.psks);
        let mut bytes = Vec::with_capacity(size);
        self.write(&mut bytes).map_err(|_| Code::TooLong)?;
        Ok(Secret::new(bytes))
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), tls_codec::Error> {
        write_opaque(self.joiner_secret.expose(), bytes)?;
        bytes.push(u8::from(self.path_secret.is_some()));
        if let Some(path_secret) = &self.path_secret {
            write_opaque(path_secret.expose(), bytes)?;
        }
        self.psks.tls_serialize(bytes).map(drop)
    }
}

fn secret_size(secret: &Secret) -> usize {
    header_size(secret.expose().len()) + secret.expose().len()
}

fn split_secret(bytes: &[u8]) -> Result<(Secret, &[u8])> {
    let (secret, rest) = split_opaque(bytes).map_err(|_| Code::BadVector)?;
    Ok((Secret::copy_of(secret), rest))
}
