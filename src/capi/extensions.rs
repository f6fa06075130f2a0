//! Extensions in words.

use super::answer::{Out, Owned, hand_over, required};
use super::bytes::{conclave_buf, conclave_bytes, read_list};
use super::client::{conclave_client, suite};
use super::group::{conclave_group, held};
use super::memory::conclave_memory;
use super::names::conclave_identity;
use super::status::conclave_status;
use crate::base::Result;
use crate::client::{Extension, ExternalSender, RequiredCapabilities, decode_extensions, encode_extensions};

/// A name that the app gives to a client in its leaf (RFC 9420 section 5.3.3): see `data`. Nobody vouches for it.
pub const CONCLAVE_EXTENSION_APPLICATION_ID: u16 = 1;
/// What every member of a group must support (RFC 9420 section 11.1): see the three lists of types.
pub const CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES: u16 = 3;
/// Who may propose changes to a group without being a member (RFC 9420 section 12.1.8.1): see `senders`.
pub const CONCLAVE_EXTENSION_EXTERNAL_SENDERS: u16 = 5;

/// Someone outside a group who may propose changes to it. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_sender {
    /// The key it signs with, of the group's cipher suite.
    pub signature_key: conclave_bytes,
    /// Who it claims to be; the validators of all members judge that.
    pub identity: conclave_identity,
}

/// One extension of a leaf, a key package, a group or a GroupInfo. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct conclave_extension {
    /// Its registered type; three of them have constants.
    pub extension_type: u16,
    /// Of an application id the name; of a type without a constant, what that type makes of it, undecoded.
    pub data: conclave_bytes,
    /// Of required capabilities, the types of extensions.
    pub required_extensions: *const u16,
    /// How many there are.
    pub required_extension_count: usize,
    /// Of required capabilities, the types of proposals.
    pub required_proposals: *const u16,
    /// How many there are.
    pub required_proposal_count: usize,
    /// Of required capabilities, the types of credentials.
    pub required_credentials: *const u16,
    /// How many there are.
    pub required_credential_count: usize,
    /// Of external senders, they, each known by its place in this list.
    pub senders: *const conclave_sender,
    /// How many there are.
    pub sender_count: usize,
}

/// Extensions. Free them with `conclave_extensions_free`.
#[repr(C)]
pub struct conclave_extensions {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The extensions.
    pub items: *const conclave_extension,
    /// How many there are.
    pub count: usize,
}

/// Someone outside a group, with what the group has to know. Free it with `conclave_external_sender_free`.
#[repr(C)]
pub struct conclave_external_sender {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// What goes into the group's extension.
    pub sender: conclave_sender,
}

impl conclave_sender {
    fn of(memory: &mut conclave_memory, sender: ExternalSender) -> Self {
        let signature_key = memory.bytes(sender.signature_key);
        conclave_sender { signature_key, identity: conclave_identity::of(memory, sender.identity) }
    }

    fn copy(&self) -> Result<ExternalSender> {
        Ok(ExternalSender { signature_key: self.signature_key.copy("signature_key")?, identity: self.identity.copy()? })
    }
}

impl conclave_extension {
    const fn of_type(extension_type: u16) -> Self {
        conclave_extension {
            extension_type,
            data: conclave_bytes::NONE,
            required_extensions: std::ptr::null(),
            required_extension_count: 0,
            required_proposals: std::ptr::null(),
            required_proposal_count: 0,
            required_credentials: std::ptr::null(),
            required_credential_count: 0,
            senders: std::ptr::null(),
            sender_count: 0,
        }
    }

    fn of(memory: &mut conclave_memory, extension: Extension) -> Self {
        match extension {
            Extension::ApplicationId { id } => {
                Self { data: memory.bytes(id), ..Self::of_type(CONCLAVE_EXTENSION_APPLICATION_ID) }
            }
            Extension::RequiredCapabilities { required } => {
                let (required_extensions, required_extension_count) = memory.list(required.extensions);
                let (required_proposals, required_proposal_count) = memory.list(required.proposals);
                let (required_credentials, required_credential_count) = memory.list(required.credentials);
                Self {
                    required_extensions,
                    required_extension_count,
                    required_proposals,
                    required_proposal_count,
                    required_credentials,
                    required_credential_count,
                    ..Self::of_type(CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES)
                }
            }
            Extension::ExternalSenders { senders } => {
                let senders = senders.into_iter().map(|sender| conclave_sender::of(memory, sender)).collect();
                let (senders, sender_count) = memory.list(senders);
                Self { senders, sender_count, ..Self::of_type(CONCLAVE_EXTENSION_EXTERNAL_SENDERS) }
            }
            Extension::Other { extension_type, data } => {
                Self { data: memory.bytes(data), ..Self::of_type(extension_type) }
            }
        }
    }

    /// Keeps a list of them.
    pub(super) fn list(memory: &mut conclave_memory, extensions: Vec<Extension>) -> (*const Self, usize) {
        let extensions = extensions.into_iter().map(|extension| Self::of(memory, extension)).collect();
        memory.list(extensions)
    }

    fn copy(&self) -> Result<Extension> {
        let types = |items, count, name| read_list::<u16>(items, count, name).map(<[u16]>::to_vec);
        Ok(match self.extension_type {
            CONCLAVE_EXTENSION_APPLICATION_ID => Extension::ApplicationId { id: self.data.copy("data")? },
            CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES => Extension::RequiredCapabilities {
                required: RequiredCapabilities {
                    extensions: types(self.required_extensions, self.required_extension_count, "required_extensions")?,
                    proposals: types(self.required_proposals, self.required_proposal_count, "required_proposals")?,
                    credentials: types(
                        self.required_credentials,
                        self.required_credential_count,
                        "required_credentials",
                    )?,
                },
            },
            CONCLAVE_EXTENSION_EXTERNAL_SENDERS => Extension::ExternalSenders {
                senders: read_list(self.senders, self.sender_count, "senders")?
                    .iter()
                    .map(conclave_sender::copy)
                    .collect::<Result<_>>()?,
            },
            extension_type => Extension::Other { extension_type, data: self.data.copy("data")? },
        })
    }
}

impl conclave_extensions {
    fn new(extensions: Vec<Extension>) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let (items, count) = conclave_extension::list(&mut owner, extensions);
        Box::new(conclave_extensions { owner, items, count })
    }
}

/// Encodes a list of extensions (`Extension extensions<V>` of RFC 9420), as the calls take it that put one somewhere.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_DUPLICATED` if a type stands in the list twice, `CONCLAVE_BAD_ARGUMENT`.
/// In: `extensions`, the first of `count` extensions.
/// Out: `encoded`, to be freed with `conclave_buf_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_encode_extensions(
    extensions: *const conclave_extension,
    count: usize,
    encoded: Out<'_, Owned<conclave_buf>>,
) -> conclave_status {
    hand_over(encoded, || {
        let given = read_list(extensions, count, "extensions")?;
        let extensions = given.iter().map(conclave_extension::copy).collect::<Result<_>>()?;
        Ok(conclave_buf::new(encode_extensions(extensions)?))
    })
}

/// Decodes a list of extensions.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_MALFORMED` and its kin, also for the payload of an extension of RFC 9420.
/// In: `encoded`.
/// Out: `extensions`, to be freed with `conclave_extensions_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_decode_extensions(
    encoded: conclave_bytes,
    extensions: Out<'_, Owned<conclave_extensions>>,
) -> conclave_status {
    hand_over(extensions, || Ok(conclave_extensions::new(decode_extensions(encoded.copy("encoded")?)?)))
}

/// Gives the group's own extensions, on which all members agree.
///
/// Returns: `CONCLAVE_OK`.
/// In: `group`.
/// Out: `extensions`, to be freed with `conclave_extensions_free`.
/// State: reads the head.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_group_extensions(
    group: Option<&conclave_group>,
    extensions: Out<'_, Owned<conclave_extensions>>,
) -> conclave_status {
    hand_over(extensions, || Ok(conclave_extensions::new(held(group)?.extensions()?)))
}

/// Frees extensions.
///
/// Returns: nothing.
/// In: `extensions`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_extensions_free(extensions: Option<Box<conclave_extensions>>) {
    drop(extensions);
}

/// Gives what a group that shall listen to this client from outside puts into its external senders.
///
/// Returns: `CONCLAVE_OK`, `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for it.
/// In: `client`; `cipher_suite`, the group's, or 0 for the client's preferred one.
/// Out: `sender`, to be freed with `conclave_external_sender_free`.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_external_sender(
    client: Option<&conclave_client>,
    cipher_suite: u16,
    sender: Out<'_, Owned<conclave_external_sender>>,
) -> conclave_status {
    hand_over(sender, || {
        let sender = required(client, "client")?.client.external_sender(suite(cipher_suite))?;
        let mut owner = conclave_memory::new();
        let sender = conclave_sender::of(&mut owner, sender);
        Ok(Box::new(conclave_external_sender { owner, sender }))
    })
}

/// Frees an external sender.
///
/// Returns: nothing.
/// In: `sender`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_external_sender_free(sender: Option<Box<conclave_external_sender>>) {
    drop(sender);
}
