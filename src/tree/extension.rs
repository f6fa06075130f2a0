//! Extensions (RFC 9420 §13.4): one list form in four places, with the payloads this library reads.

use tls_codec::{DeserializeBytes, Error, TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::capabilities::RequiredCapabilities;
use super::credential::Credential;
use crate::base::{Code, Result};
use crate::codec::{Opaque, decode_exact};
use crate::crypto::{HpkePublicKey, SignaturePublicKey};

/// The registered number of an extension (RFC 9420 §17.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct ExtensionType(pub(crate) u16);

impl ExtensionType {
    /// A name for the client, in its leaf (RFC 9420 §5.3.3).
    pub(crate) const APPLICATION_ID: Self = ExtensionType(1);
    /// The whole tree, in a GroupInfo (§12.4.3.3).
    pub(crate) const RATCHET_TREE: Self = ExtensionType(2);
    /// What every member must support, in the group context (§11.1).
    pub(crate) const REQUIRED_CAPABILITIES: Self = ExtensionType(3);
    /// The key for external joins, in a GroupInfo (§12.4.3.2).
    pub(crate) const EXTERNAL_PUB: Self = ExtensionType(4);
    /// Who may propose from outside, in the group context (§12.1.8.1).
    pub(crate) const EXTERNAL_SENDERS: Self = ExtensionType(5);

    /// Whether every client understands it unasked (RFC 9420 §7.2).
    pub(crate) fn is_default(self) -> bool {
        (Self::APPLICATION_ID..=Self::EXTERNAL_SENDERS).contains(&self)
    }
}

/// An extension: a type and what that type makes of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct Extension {
    pub(crate) extension_type: ExtensionType,
    pub(crate) extension_data: Opaque,
}

/// Where a list of extensions stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtensionPlace {
    /// `KeyPackage.extensions`.
    KeyPackage,
    /// `LeafNode.extensions`.
    LeafNode,
    /// `GroupInfo.extensions`.
    GroupInfo,
    /// `GroupContext.extensions`, and the lists proposed for it.
    GroupContext,
}

/// Someone outside the group who may propose changes (RFC 9420 §12.1.8.1).
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct ExternalSender {
    pub(crate) signature_key: SignaturePublicKey,
    pub(crate) credential: Credential,
}

/// A list of extensions, in the order of the sender. No type stands in it twice (RFC 9420 §13.4).
#[derive(Debug, Clone, Default, PartialEq, Eq, TlsSize, TlsSerialize)]
pub(crate) struct Extensions(Vec<Extension>);

impl Extensions {
    /// The list of these extensions, unless a type stands in it twice.
    #[cfg(test)]
    pub(crate) fn new(list: Vec<Extension>) -> Result<Self> {
        match has_duplicates(&list) {
            true => Err(Code::Duplicated.with("two extensions of one type")),
            false => Ok(Extensions(list)),
        }
    }

    /// The types in their order.
    pub(crate) fn types(&self) -> impl Iterator<Item = ExtensionType> {
        self.0.iter().map(|extension| extension.extension_type)
    }

    /// The extensions in their order, undecoded.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ExtensionType, &[u8])> {
        self.0.iter().map(|extension| (extension.extension_type, &*extension.extension_data))
    }

    /// The payload of one extension, undecoded.
    pub(crate) fn find(&self, extension_type: ExtensionType) -> Option<&[u8]> {
        let found = self.0.iter().find(|extension| extension.extension_type == extension_type)?;
        Some(&found.extension_data)
    }

    /// Sets the encoded payload of one extension, in place of an earlier one or behind the others.
    pub(crate) fn put(&mut self, extension_type: ExtensionType, payload: Vec<u8>) {
        let extension_data = Opaque(payload);
        match self.0.iter_mut().find(|extension| extension.extension_type == extension_type) {
            Some(found) => found.extension_data = extension_data,
            None => self.0.push(Extension { extension_type, extension_data }),
        }
    }

    /// The app's name for the client (RFC 9420 §5.3.3).
    pub(crate) fn application_id(&self) -> Result<Option<Opaque>> {
        self.decoded(ExtensionType::APPLICATION_ID)
    }

    /// The encoded ratchet tree, to be read with [`TreeNodes`](super::TreeNodes) (RFC 9420 §12.4.3.3).
    pub(crate) fn ratchet_tree(&self) -> Option<&[u8]> {
        self.find(ExtensionType::RATCHET_TREE)
    }

    /// What every member must support (RFC 9420 §11.1).
    pub(crate) fn required_capabilities(&self) -> Result<Option<RequiredCapabilities>> {
        self.decoded(ExtensionType::REQUIRED_CAPABILITIES)
    }

    /// The key for external joins (RFC 9420 §12.4.3.2).
    pub(crate) fn external_pub(&self) -> Result<Option<HpkePublicKey>> {
        self.decoded(ExtensionType::EXTERNAL_PUB)
    }

    /// Who may propose from outside (RFC 9420 §12.1.8.1).
    pub(crate) fn external_senders(&self) -> Result<Option<Vec<ExternalSender>>> {
        self.decoded(ExtensionType::EXTERNAL_SENDERS)
    }

    /// Refuses an extension of RFC 9420 that may not stand here (§17.3), or whose payload does not decode. The tree is
    /// left to its reader; unknown types are nobody's business here.
    pub(crate) fn check(&self, place: ExtensionPlace) -> Result<()> {
        self.types().try_for_each(|extension_type| check_place(extension_type, place))?;
        self.application_id()?;
        self.required_capabilities()?;
        self.external_pub()?;
        self.external_senders().map(drop)
    }

    fn decoded<T: DeserializeBytes>(&self, extension_type: ExtensionType) -> Result<Option<T>> {
        self.find(extension_type).map(decode_exact).transpose()
    }
}

fn check_place(extension_type: ExtensionType, place: ExtensionPlace) -> Result<()> {
    let home = match extension_type {
        ExtensionType::APPLICATION_ID => ExtensionPlace::LeafNode,
        ExtensionType::RATCHET_TREE | ExtensionType::EXTERNAL_PUB => ExtensionPlace::GroupInfo,
        ExtensionType::REQUIRED_CAPABILITIES | ExtensionType::EXTERNAL_SENDERS => ExtensionPlace::GroupContext,
        _ => return Ok(()),
    };
    match home == place {
        true => Ok(()),
        false => {
            let ExtensionType(number) = extension_type;
            Err(Code::WrongContent.with(format_args!("extension {number} does not belong in a {place:?}")))
        }
    }
}

fn has_duplicates(list: &[Extension]) -> bool {
    let mut types: Vec<_> = list.iter().map(|extension| extension.extension_type).collect();
    types.sort_unstable();
    types.windows(2).any(|pair| pair.first() == pair.last())
}

impl DeserializeBytes for Extensions {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (list, rest) = Vec::tls_deserialize_bytes(bytes)?;
        match has_duplicates(&list) {
            true => Err(Error::DecodingError("two extensions of one type".to_owned())),
            false => Ok((Extensions(list), rest)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::codec::{Short, encode};

    #[test]
    fn a_type_stands_in_a_list_once() {
        assert!(decode_exact::<Extensions>(&[6, 0xf0, 1, 0, 0xf0, 1, 0]).is_err());
        let bytes = [6, 0xf0, 2, 0, 0xf0, 1, 0];
        assert_eq!(encode(&decode_exact::<Extensions>(&bytes).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn trailing_bytes_in_a_known_payload_are_refused() {
        let mut extensions = Extensions::default();
        extensions.put(ExtensionType::EXTERNAL_PUB, vec![2, 1, 2]);
        assert_eq!(extensions.external_pub().unwrap(), Some(HpkePublicKey(Short::from(vec![1, 2]))));
        extensions.check(ExtensionPlace::GroupInfo).unwrap();
        let longer = Opaque(vec![2, 1, 2, 0]);
        let extension = Extension { extension_type: ExtensionType::EXTERNAL_PUB, extension_data: longer };
        let extensions = Extensions::new(vec![extension]).unwrap();
        assert_eq!(extensions.external_pub().unwrap_err().code(), Code::TrailingBytes.number());
        assert!(extensions.check(ExtensionPlace::GroupInfo).is_err());
    }

    #[test]
    fn extensions_of_the_rfc_have_their_places() {
        let mut extensions = Extensions::default();
        extensions.put(ExtensionType(0x0a0a), vec![]);
        extensions.check(ExtensionPlace::LeafNode).unwrap();
        extensions.put(ExtensionType::APPLICATION_ID, vec![1, 3]);
        extensions.check(ExtensionPlace::LeafNode).unwrap();
        assert!(extensions.check(ExtensionPlace::GroupContext).is_err());
        assert_eq!(extensions.application_id().unwrap(), Some(Opaque(vec![3])));
    }
}
