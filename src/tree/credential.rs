//! Credentials (RFC 9420 §5.3): who a member says it is.

use std::io::Write;

use tls_codec::{DeserializeBytes, Error, Serialize, Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::host::Identity;
use crate::codec::Opaque;

/// The registered number of a kind of credential (RFC 9420 §17.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct CredentialType(pub(crate) u16);

impl CredentialType {
    /// A bare name.
    pub(crate) const BASIC: Self = CredentialType(1);
    /// A chain of certificates.
    pub(crate) const X509: Self = CredentialType(2);
}

/// A claim of identity, to be judged by the app's authentication service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A name in a form that the app defines.
    Basic(Opaque),
    /// DER certificates, the end entity's first.
    X509(Vec<Opaque>),
    /// A type this library does not know. RFC 9420 leaves the form of the content to whoever registers the type, and a
    /// credential is followed by other fields, so it can only be carried if its length is known: it is taken to be one
    /// `opaque<V>`, as in both credentials of the RFC and in the registered extensions of the list.
    Other(CredentialType, Opaque),
}

impl Credential {
    /// The number of its kind.
    pub(crate) fn credential_type(&self) -> CredentialType {
        match self {
            Credential::Basic(_) => CredentialType::BASIC,
            Credential::X509(_) => CredentialType::X509,
            Credential::Other(credential_type, _) => *credential_type,
        }
    }

    /// The credential in the words of the host.
    pub(crate) fn identity(&self) -> Identity {
        match self {
            Credential::Basic(identity) => Identity::Basic { identity: identity.to_vec() },
            Credential::X509(chain) => {
                Identity::X509 { certificates: chain.iter().map(|certificate| certificate.to_vec()).collect() }
            }
            Credential::Other(CredentialType(number), content) => {
                Identity::Other { credential_type: *number, content: content.to_vec() }
            }
        }
    }
}

impl From<Identity> for Credential {
    fn from(identity: Identity) -> Self {
        match identity {
            Identity::Basic { identity } => Credential::Basic(identity.into()),
            Identity::X509 { certificates } => Credential::X509(certificates.into_iter().map(Opaque::from).collect()),
            Identity::Other { credential_type, content } => {
                Credential::Other(CredentialType(credential_type), content.into())
            }
        }
    }
}

impl Size for Credential {
    fn tls_serialized_len(&self) -> usize {
        let content = match self {
            Credential::Basic(content) | Credential::Other(_, content) => content.tls_serialized_len(),
            Credential::X509(chain) => chain.tls_serialized_len(),
        };
        self.credential_type().tls_serialized_len() + content
    }
}

impl Serialize for Credential {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        let header = self.credential_type().tls_serialize(writer)?;
        let content = match self {
            Credential::Basic(content) | Credential::Other(_, content) => content.tls_serialize(writer)?,
            Credential::X509(chain) => chain.tls_serialize(writer)?,
        };
        Ok(header + content)
    }
}

impl DeserializeBytes for Credential {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (credential_type, rest) = CredentialType::tls_deserialize_bytes(bytes)?;
        if credential_type == CredentialType::X509 {
            let (chain, rest) = Vec::tls_deserialize_bytes(rest)?;
            return Ok((Credential::X509(chain), rest));
        }
        let (content, rest) = Opaque::tls_deserialize_bytes(rest)?;
        let credential = match credential_type {
            CredentialType::BASIC => Credential::Basic(content),
            other => Credential::Other(other, content),
        };
        Ok((credential, rest))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::codec::{decode_exact, encode};

    #[test]
    fn every_kind_survives_the_wire() {
        let certificates = vec![Opaque(vec![7, 8]), Opaque(vec![9])];
        for (credential, bytes) in [
            (Credential::Basic(Opaque(vec![5])), &[0u8, 1, 1, 5][..]),
            (Credential::X509(certificates), &[0, 2, 5, 2, 7, 8, 1, 9]),
            (Credential::Other(CredentialType(0xf001), Opaque(vec![5])), &[0xf0, 1, 1, 5]),
        ] {
            assert_eq!(encode(&credential).unwrap(), bytes);
            assert_eq!(decode_exact::<Credential>(bytes).unwrap(), credential);
            assert_eq!(Credential::from(credential.identity()), credential);
        }
    }

    #[test]
    fn a_certificate_past_the_end_of_its_chain_is_refused() {
        assert!(decode_exact::<Credential>(&[0, 2, 2, 2, 7, 8]).is_err());
    }
}
