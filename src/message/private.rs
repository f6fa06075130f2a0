//! Messages that are signed and encrypted (RFC 9420 §6.3).
//!
//! Receiving goes in steps, each a type: `PrivateMessage` → [`Located`] (who, which generation) → [`Opened`] (readable) →
//! `Verified`. Nothing is derived for a sender before its leaf index is known to lie inside the tree, and the key of the
//! generation comes from elsewhere.

use tls_codec::{Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::content::{AuthenticatedContent, Content, ContentType, FramedContent, FramedContentAuthData};
use super::opened::Opened;
use super::padding::Padding;
use super::sender::Sender;
use super::sender_data::{SenderData, SenderDataKey};
use super::wire::WireFormat;
use crate::base::{Code, Epoch, GroupId, LeafIndex, Result, Secret, constant_time_eq};
use crate::codec::{Opaque, malformed, write};
use crate::crypto::Suite;
use crate::schedule::MessageKey;

/// A signed message that only members can read; who sent it stands in the encrypted sender data.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct PrivateMessage {
    pub(crate) group_id: GroupId,
    pub(crate) epoch: Epoch,
    pub(crate) content_type: ContentType,
    pub(crate) authenticated_data: Opaque,
    encrypted_sender_data: Opaque,
    ciphertext: Opaque,
}

/// What one message is encrypted with.
#[derive(Debug)]
pub(crate) struct Sealing<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) sender_data_secret: &'a Secret,
    /// The number of `key` in the sender's ratchet.
    pub(crate) generation: u32,
    pub(crate) key: MessageKey,
    /// Four fresh random bytes, against a nonce that comes twice after a loss of state.
    pub(crate) reuse_guard: [u8; 4],
    pub(crate) padding: Padding,
}

impl PrivateMessage {
    /// Encrypts the content of a member.
    pub(crate) fn protect(authenticated: &AuthenticatedContent, sealing: Sealing<'_>) -> Result<Self> {
        authenticated.check_outgoing(WireFormat::PRIVATE_MESSAGE)?;
        Self::seal(authenticated, sealing)
    }

    /// Encrypts whatever it is given.
    pub(super) fn seal(authenticated: &AuthenticatedContent, sealing: Sealing<'_>) -> Result<Self> {
        let Sender::Member(leaf_index) = authenticated.content.sender else {
            return Err(Code::BadSender.with("an encrypted message from outside the group"));
        };
        let Sealing { suite, generation, reuse_guard, .. } = sealing;
        let mut message = Self::framed(&authenticated.content);
        let plaintext = pad(authenticated, sealing.padding)?;
        let nonce = guarded_nonce(&sealing.key, reuse_guard);
        let aad = message.content_aad()?;
        message.ciphertext = suite.seal(&sealing.key.key, nonce.expose(), &aad, plaintext.expose())?.into();
        let sender_data_key = SenderDataKey::derive(suite, sealing.sender_data_secret, &message.ciphertext)?;
        let sender_data = SenderData { leaf_index, generation, reuse_guard };
        message.encrypted_sender_data = sender_data_key.seal(&sender_data, &message.sender_data_aad()?)?;
        Ok(message)
    }

    /// How many bytes its key sealed: content, signature, padding, tag, and what is authenticated with them.
    pub(crate) fn sealed_bytes(&self) -> Result<u64> {
        Ok((self.content_aad()?.len() + self.ciphertext.len()) as u64)
    }

    /// Finds out who sent the message and with which key. A leaf index outside a tree of `leaf_count` leaves is refused;
    /// that the leaf is not blank is for the caller to see.
    pub(crate) fn locate(self, suite: &Suite, sender_data_secret: &Secret, leaf_count: u32) -> Result<Located> {
        let sender_data = self.sender_data(suite, sender_data_secret, leaf_count)?;
        Ok(Located { message: self, sender_data })
    }

    /// Looks ahead at who claims to have sent the message.
    pub(crate) fn glimpse(&self, suite: &Suite, sender_data_secret: &Secret, leaf_count: u32) -> Result<Glimpse> {
        let sender_data = self.sender_data(suite, sender_data_secret, leaf_count)?;
        Ok(Glimpse { secret: sender_data_secret.duplicate(), leaf_count, sender_data })
    }

    /// The same as [`locate`](Self::locate) of a message that was looked at before: it is not decrypted again if the secret is
    /// still the same.
    pub(crate) fn locate_glimpsed(
        self,
        glimpse: Option<Glimpse>,
        suite: &Suite,
        (sender_data_secret, leaf_count): (&Secret, u32),
    ) -> Result<Located> {
        match glimpse.filter(|glimpse| glimpse.holds(sender_data_secret, leaf_count)) {
            Some(glimpse) => Ok(Located { message: self, sender_data: glimpse.sender_data }),
            None => self.locate(suite, sender_data_secret, leaf_count),
        }
    }

    fn sender_data(&self, suite: &Suite, sender_data_secret: &Secret, leaf_count: u32) -> Result<SenderData> {
        let key = SenderDataKey::derive(suite, sender_data_secret, &self.ciphertext)?;
        let sender_data = key.open(&self.encrypted_sender_data, &self.sender_data_aad()?)?;
        match sender_data.leaf_index.0 < leaf_count {
            true => Ok(sender_data),
            false => Err(Code::BadSender.with("a leaf index outside the tree")),
        }
    }

    fn framed(content: &FramedContent) -> Self {
        PrivateMessage {
            group_id: content.group_id.clone(),
            epoch: content.epoch,
            content_type: content.content.content_type(),
            authenticated_data: content.authenticated_data.clone(),
            encrypted_sender_data: Opaque::default(),
            ciphertext: Opaque::default(),
        }
    }

    /// The encoded SenderDataAAD (RFC 9420 §6.3.2).
    fn sender_data_aad(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        write(&mut bytes, &self.group_id)?;
        write(&mut bytes, &self.epoch)?;
        write(&mut bytes, &self.content_type)?;
        Ok(bytes)
    }

    /// The encoded PrivateContentAAD (RFC 9420 §6.3.1), which begins as the SenderDataAAD does.
    fn content_aad(&self) -> Result<Vec<u8>> {
        let mut bytes = self.sender_data_aad()?;
        write(&mut bytes, &self.authenticated_data)?;
        Ok(bytes)
    }
}

/// Sender data that were decrypted ahead of time, and what they were decrypted and judged with.
pub(crate) struct Glimpse {
    secret: Secret,
    leaf_count: u32,
    sender_data: SenderData,
}

impl Glimpse {
    /// The leaf that the message claims to come from.
    pub(crate) fn leaf_index(&self) -> LeafIndex {
        self.sender_data.leaf_index
    }

    fn holds(&self, sender_data_secret: &Secret, leaf_count: u32) -> bool {
        self.leaf_count == leaf_count && constant_time_eq(self.secret.expose(), sender_data_secret.expose())
    }
}

/// A private message whose sender data is known. Only members can write that, but not only the sender.
#[derive(Debug)]
pub(crate) struct Located {
    message: PrivateMessage,
    sender_data: SenderData,
}

impl Located {
    /// The leaf that the message claims to come from.
    pub(crate) fn leaf_index(&self) -> LeafIndex {
        self.sender_data.leaf_index
    }

    /// The generation of the sender's ratchet that the message is encrypted with.
    pub(crate) fn generation(&self) -> u32 {
        self.sender_data.generation
    }

    /// The kind of the content, which says which of the sender's ratchets is meant.
    pub(crate) fn content_type(&self) -> ContentType {
        self.message.content_type
    }

    /// Decrypts the content. `group_context` is the encoded GroupContext of the message's epoch.
    pub(crate) fn open(self, suite: &Suite, key: MessageKey, group_context: &[u8]) -> Result<Opened> {
        let wire_format = WireFormat::PRIVATE_MESSAGE;
        let nonce = guarded_nonce(&key, self.sender_data.reuse_guard);
        let aad = self.message.content_aad()?;
        let plaintext = suite.open(&key.key, nonce.expose(), &aad, &self.message.ciphertext)?;
        let (content, auth) = unpad(plaintext.expose(), self.message.content_type)?;
        let content = FramedContent {
            group_id: self.message.group_id,
            epoch: self.message.epoch,
            sender: Sender::Member(self.sender_data.leaf_index),
            authenticated_data: self.message.authenticated_data,
            content,
        };
        content.check(wire_format)?;
        let to_be_signed = content.to_be_signed(wire_format, group_context)?;
        Ok(Opened::new(AuthenticatedContent { wire_format, content, auth }, to_be_signed))
    }
}

/// The nonce of the ratchet, its first four bytes changed by the reuse guard (RFC 9420 §6.3.1).
fn guarded_nonce(key: &MessageKey, reuse_guard: [u8; 4]) -> Secret {
    let mut nonce = key.nonce.expose().to_vec();
    nonce.iter_mut().zip(reuse_guard).for_each(|(byte, guard)| *byte ^= guard);
    Secret::new(nonce)
}

/// The encoded PrivateMessageContent (RFC 9420 §6.3.1), written into a buffer of its final size.
fn pad(authenticated: &AuthenticatedContent, padding: Padding) -> Result<Secret> {
    let content = &authenticated.content.content;
    let size = content.body_size() + authenticated.auth.tls_serialized_len();
    let padded = padding.length(size);
    let mut bytes = Vec::with_capacity(padded);
    content.write_body(&mut bytes)?;
    write(&mut bytes, &authenticated.auth)?;
    bytes.resize(padded, 0);
    Ok(Secret::new(bytes))
}

/// Reads a PrivateMessageContent; whatever follows content and signature must be zero.
fn unpad(plaintext: &[u8], content_type: ContentType) -> Result<(Content, FramedContentAuthData)> {
    let (content, rest) = Content::read_body(content_type, plaintext).map_err(malformed)?;
    let (auth, padding) = FramedContentAuthData::read(rest, &content).map_err(malformed)?;
    match padding.iter().all(|&byte| byte == 0) {
        true => Ok((content, auth)),
        false => Err(Code::BadPadding.into()),
    }
}
