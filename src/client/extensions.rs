//! What apps add to the protocol (RFC 9420 §13): extensions in words, so that nobody has to encode them by hand, and
//! proposals of their own.

use super::client::Client;
use super::group::Group;
use super::lease::Inside;
use crate::base::host::Identity;
use crate::base::{Code, Result};
use crate::codec::{Opaque, decode_exact, encode};
use crate::crypto::SignaturePublicKey;
use crate::group::propose;
use crate::tree::{self, Credential, CredentialType, ExtensionType, Extensions, ProposalType, is_reserved};

/// One extension of a leaf, a key package, a group or a GroupInfo.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Extension {
    /// A name that the app gives to a client in its leaf (RFC 9420 §5.3.3). Nobody vouches for it, and it need not be unique.
    ApplicationId {
        /// The name.
        id: Vec<u8>,
    },
    /// What every member of a group must support (RFC 9420 §11.1).
    RequiredCapabilities {
        /// The types.
        required: RequiredCapabilities,
    },
    /// Who may propose changes to a group without being a member (RFC 9420 §12.1.8.1).
    ExternalSenders {
        /// They, each known by its place in this list.
        senders: Vec<ExternalSender>,
    },
    /// Any other.
    Other {
        /// The registered number of the type.
        extension_type: u16,
        /// What that type makes of it, undecoded.
        data: Vec<u8>,
    },
}

/// The types that every member of a group must support, beyond those that all clients do.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct RequiredCapabilities {
    /// Types of extensions.
    #[uniffi(default)]
    pub extensions: Vec<u16>,
    /// Types of proposals.
    #[uniffi(default)]
    pub proposals: Vec<u16>,
    /// Types of credentials.
    #[uniffi(default)]
    pub credentials: Vec<u16>,
}

/// Someone outside a group who may propose changes to it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ExternalSender {
    /// The key it signs with, of the group's cipher suite.
    pub signature_key: Vec<u8>,
    /// Who it claims to be; the validators of all members judge that.
    pub identity: Identity,
}

/// Encodes a list of extensions (`Extension extensions<V>` of RFC 9420), as the calls take it that put one somewhere.
///
/// # Errors
/// `Duplicated` if a type stands in the list twice.
#[uniffi::export]
pub fn encode_extensions(extensions: Vec<Extension>) -> Result<Vec<u8>> {
    let mut list = Extensions::default();
    for extension in extensions {
        let (extension_type, payload) = encoded(extension)?;
        if list.find(extension_type).is_some() {
            return Err(Code::Duplicated.with("two extensions of one type"));
        }
        list.put(extension_type, payload);
    }
    encode(&list)
}

/// Decodes a list of extensions.
///
/// # Errors
/// `Malformed` and its kin, also for the payload of an extension of RFC 9420.
#[uniffi::export]
pub fn decode_extensions(extensions: Vec<u8>) -> Result<Vec<Extension>> {
    in_words(&decode_exact(&extensions)?)
}

#[uniffi::export]
impl Client {
    /// What a group that shall listen to this client from outside puts into its `ExternalSenders` extension. `cipher_suite` is
    /// the group's; nothing for the client's preferred one.
    ///
    /// # Errors
    /// `UnsupportedSuite` if the client has no key for it.
    #[uniffi::method(default(cipher_suite))]
    pub fn external_sender(&self, cipher_suite: Option<u16>) -> Result<ExternalSender> {
        let _inside = Inside::enter()?;
        let identity = self.shared().services.identity_for(self.choose_suite(cipher_suite)?)?;
        let signature_key = identity.public_key.0.to_vec();
        Ok(ExternalSender { signature_key, identity: identity.credential.identity() })
    }
}

#[uniffi::export]
impl Group {
    /// The group's own extensions, on which all members agree.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn extensions(&self) -> Result<Vec<Extension>> {
        self.query(|_, state| in_words(&state.context.extensions))
    }

    /// Proposes a change of a type that the app defines; a commit takes it in if every member supports the type. Gives the
    /// message to send.
    ///
    /// # Errors
    /// Those of [`Group::propose_leave`], and `BadArgument` for a type of RFC 9420's own or one reserved for GREASE.
    #[uniffi::method(default(tag))]
    pub fn propose_custom(&self, proposal_type: u16, content: Vec<u8>, tag: Vec<u8>) -> Result<Vec<u8>> {
        let proposal = propose::custom(proposal_type, content)?;
        self.propose(&tag, |_, _| Ok(proposal.clone()))
    }
}

/// A list that the app made, to be sent: well-formed, and without the values that are reserved for GREASE (RFC 9420 §13.5).
/// An empty argument is an empty list.
pub(crate) fn of_the_app(encoded: &[u8]) -> Result<Extensions> {
    if encoded.is_empty() {
        return Ok(Extensions::default());
    }
    let list: Extensions = decode_exact(encoded).map_err(|error| Code::BadArgument.with(error.detail()))?;
    let reserved = list.types().any(|listed| is_reserved(listed.0));
    match reserved {
        true => Err(Code::BadArgument.with("extension types that are reserved for GREASE carry nothing")),
        false => Ok(list),
    }
}

/// A list for a group, which must not be an empty argument: that would take all extensions away by accident.
pub(crate) fn for_group(encoded: &[u8]) -> Result<Extensions> {
    match encoded {
        [] => Err(Code::BadArgument.with("an empty list of extensions is encoded as one zero byte")),
        encoded => of_the_app(encoded),
    }
}

/// A decoded list in words.
pub(crate) fn in_words(extensions: &Extensions) -> Result<Vec<Extension>> {
    extensions.iter().map(|(extension_type, payload)| one_in_words(extension_type, payload)).collect()
}

fn one_in_words(extension_type: ExtensionType, payload: &[u8]) -> Result<Extension> {
    Ok(match extension_type {
        ExtensionType::APPLICATION_ID => {
            let Opaque(id) = decode_exact(payload)?;
            Extension::ApplicationId { id }
        }
        ExtensionType::REQUIRED_CAPABILITIES => {
            let required: tree::RequiredCapabilities = decode_exact(payload)?;
            Extension::RequiredCapabilities { required: required.into() }
        }
        ExtensionType::EXTERNAL_SENDERS => {
            let senders: Vec<tree::ExternalSender> = decode_exact(payload)?;
            Extension::ExternalSenders { senders: senders.into_iter().map(ExternalSender::from).collect() }
        }
        ExtensionType(extension_type) => Extension::Other { extension_type, data: payload.to_vec() },
    })
}

fn encoded(extension: Extension) -> Result<(ExtensionType, Vec<u8>)> {
    Ok(match extension {
        Extension::ApplicationId { id } => (ExtensionType::APPLICATION_ID, encode(&Opaque(id))?),
        Extension::RequiredCapabilities { required } => {
            (ExtensionType::REQUIRED_CAPABILITIES, encode(&tree::RequiredCapabilities::from(required))?)
        }
        Extension::ExternalSenders { senders } => {
            let senders: Vec<tree::ExternalSender> = senders.into_iter().map(tree::ExternalSender::from).collect();
            (ExtensionType::EXTERNAL_SENDERS, encode(&senders)?)
        }
        Extension::Other { extension_type, data } => (ExtensionType(extension_type), data),
    })
}

impl From<tree::RequiredCapabilities> for RequiredCapabilities {
    fn from(required: tree::RequiredCapabilities) -> Self {
        RequiredCapabilities {
            extensions: required.extension_types.iter().map(|listed| listed.0).collect(),
            proposals: required.proposal_types.iter().map(|listed| listed.0).collect(),
            credentials: required.credential_types.iter().map(|listed| listed.0).collect(),
        }
    }
}

impl From<RequiredCapabilities> for tree::RequiredCapabilities {
    fn from(required: RequiredCapabilities) -> Self {
        tree::RequiredCapabilities {
            extension_types: required.extensions.into_iter().map(ExtensionType).collect(),
            proposal_types: required.proposals.into_iter().map(ProposalType).collect(),
            credential_types: required.credentials.into_iter().map(CredentialType).collect(),
        }
    }
}

impl From<tree::ExternalSender> for ExternalSender {
    fn from(sender: tree::ExternalSender) -> Self {
        ExternalSender { signature_key: sender.signature_key.0.to_vec(), identity: sender.credential.identity() }
    }
}

impl From<ExternalSender> for tree::ExternalSender {
    fn from(sender: ExternalSender) -> Self {
        let signature_key = SignaturePublicKey(sender.signature_key.into());
        tree::ExternalSender { signature_key, credential: Credential::from(sender.identity) }
    }
}
