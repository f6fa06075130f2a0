//! `message-protection.json`: framing, signing, membership tags and encryption (RFC 9420 §6).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, number, secret, suite, words};
use crate::base::{Epoch, GroupId, LeafIndex, ProtocolVersion, Secret};
use crate::codec::{Opaque, Short, decode_exact, encode};
use crate::crypto::{Digest, Mac, SignaturePrivateKey, SignaturePublicKey, Suite, random_bytes};
use crate::message::{
    AuthenticatedContent, Content, ContentType, FramedContent, FramedContentAuthData, GroupContext, Membership,
    Message, Opened, Padding, PrivateMessage, PublicMessage, Sealing, Sender, WireFormat,
};
use crate::schedule::MessageKey;
use crate::tree::Extensions;

/// All vectors are of a group of two, and sent by the second member.
const SENDER: LeafIndex = LeafIndex(1);
const LEAF_COUNT: u32 = 2;

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let group = Group::of(entry)?;
    for (name, content_type) in [("proposal", ContentType::Proposal), ("commit", ContentType::Commit)] {
        group.check_public(&format!("{name}_pub"), name, content_type)?;
        group.check_private(&format!("{name}_priv"), name, content_type)?;
    }
    group.check_private("application_priv", "application", ContentType::Application)?;
    match group.public(group.content("application", ContentType::Application)?) {
        Ok(_) => Err("application data was sent unencrypted".to_owned()),
        Err(_) => Ok(()),
    }
}

/// One entry, and what its keys are in the library's own types.
struct Group<'a> {
    entry: &'a Value,
    suite: &'static Suite,
    membership_key: Secret,
    sender_data_secret: Secret,
    group_context: Vec<u8>,
    signature_key: SignaturePublicKey,
}

impl<'a> Group<'a> {
    fn of(entry: &'a Value) -> Result<Self, String> {
        let suite = suite(entry)?;
        let context = GroupContext {
            version: ProtocolVersion::MLS10,
            cipher_suite: suite.id(),
            group_id: GroupId(bytes(entry, "group_id")?),
            epoch: Epoch(number(entry, "epoch")?),
            tree_hash: Digest(bytes(entry, "tree_hash")?.into()),
            confirmed_transcript_hash: Digest(bytes(entry, "confirmed_transcript_hash")?.into()),
            extensions: Extensions::default(),
        };
        Ok(Group {
            entry,
            suite,
            membership_key: secret(entry, "membership_key")?,
            sender_data_secret: secret(entry, "sender_data_secret")?,
            group_context: encode(&context).map_err(words)?,
            signature_key: SignaturePublicKey(bytes(entry, "signature_pub")?.into()),
        })
    }

    fn check_public(&self, message: &str, name: &str, content_type: ContentType) -> Result<(), String> {
        let theirs = decode(&bytes(self.entry, message)?)?;
        let ours = decode(&self.public(self.content(name, content_type)?)?)?;
        for message in [theirs, ours] {
            let Message::Public(message) = message else {
                return Err(format!("{name} is no public message"));
            };
            self.check_opened(name, message.unprotect(&self.membership()).map_err(words)?)?;
        }
        Ok(())
    }

    fn check_private(&self, message: &str, name: &str, content_type: ContentType) -> Result<(), String> {
        let theirs = decode(&bytes(self.entry, message)?)?;
        let padded = decode(&self.private(self.content(name, content_type)?, Padding::Padme)?)?;
        let unpadded = decode(&self.private(self.content(name, content_type)?, Padding::None)?)?;
        for message in [theirs, padded, unpadded] {
            let Message::Private(message) = message else {
                return Err(format!("{name} is no private message"));
            };
            self.check_opened(name, self.open(message)?)?;
        }
        Ok(())
    }

    fn check_opened(&self, name: &str, opened: Opened) -> Result<(), String> {
        let verified = opened.verify(self.suite, &self.signature_key).map_err(words)?;
        let (authenticated, _) = verified.into_parts();
        let raw = match &authenticated.content.content {
            Content::Application(data) => data.to_vec(),
            Content::Proposal(proposal) => encode(proposal).map_err(words)?,
            Content::Commit(commit) => encode(commit).map_err(words)?,
        };
        expect(self.entry, name, &raw)
    }

    fn open(&self, message: PrivateMessage) -> Result<Opened, String> {
        let located = message.locate(self.suite, &self.sender_data_secret, LEAF_COUNT).map_err(words)?;
        if located.leaf_index() != SENDER {
            return Err("the message is not from the second member".to_owned());
        }
        let key = self.message_key(located.content_type(), located.generation())?;
        located.open(self.suite, key, &self.group_context).map_err(words)
    }

    fn membership(&self) -> Membership<'_> {
        Membership { suite: self.suite, membership_key: &self.membership_key, group_context: &self.group_context }
    }

    fn public(&self, content: FramedContent) -> Result<Vec<u8>, String> {
        let authenticated = self.sign(content, WireFormat::PUBLIC_MESSAGE)?;
        let message = PublicMessage::protect(authenticated, &self.membership()).map_err(words)?;
        Message::Public(Box::new(message)).encode().map_err(words)
    }

    fn private(&self, content: FramedContent, padding: Padding) -> Result<Vec<u8>, String> {
        let authenticated = self.sign(content, WireFormat::PRIVATE_MESSAGE)?;
        let generation = 3;
        let sealing = Sealing {
            suite: self.suite,
            sender_data_secret: &self.sender_data_secret,
            generation,
            key: self.message_key(authenticated.content.content.content_type(), generation)?,
            reuse_guard: random_bytes().map_err(words)?,
            padding,
        };
        let message = PrivateMessage::protect(&authenticated, sealing).map_err(words)?;
        Message::Private(message).encode().map_err(words)
    }

    fn content(&self, name: &str, content_type: ContentType) -> Result<FramedContent, String> {
        let raw = bytes(self.entry, name)?;
        let content = match content_type {
            ContentType::Application => Content::Application(raw.into()),
            ContentType::Proposal => Content::Proposal(decode_exact(&raw).map_err(words)?),
            ContentType::Commit => Content::Commit(decode_exact(&raw).map_err(words)?),
        };
        Ok(FramedContent {
            group_id: GroupId(bytes(self.entry, "group_id")?),
            epoch: Epoch(number(self.entry, "epoch")?),
            sender: Sender::Member(SENDER),
            authenticated_data: Opaque(b"authenticated".to_vec()),
            content,
        })
    }

    fn sign(&self, content: FramedContent, wire_format: WireFormat) -> Result<AuthenticatedContent, String> {
        let key = self.signature_private_key()?;
        let to_be_signed = content.to_be_signed(wire_format, &self.group_context).map_err(words)?;
        let signature = key.sign_with_label(FramedContent::LABEL, &to_be_signed).map_err(words)?;
        let tag = Mac(Short::from(vec![7; self.suite.hash_length()]));
        let confirmation_tag = content.content.is_commit().then_some(tag);
        Ok(AuthenticatedContent { wire_format, content, auth: FramedContentAuthData { signature, confirmation_tag } })
    }

    /// The entry of suite 5 leaves out the first byte of its scalar, a zero, which the format asks for and the library too.
    fn signature_private_key(&self) -> Result<SignaturePrivateKey, String> {
        let (pattern, _) = self.suite.generate_signature_keys().map_err(words)?;
        let given = bytes(self.entry, "signature_priv")?;
        let mut whole = vec![0; pattern.secret().expose().len().saturating_sub(given.len())];
        whole.extend(given);
        self.suite.signature_key(Secret::new(whole)).map_err(words)
    }

    /// The key of the second member at one generation (RFC 9420 §9): the right child of the root, then its ratchet.
    fn message_key(&self, content_type: ContentType, generation: u32) -> Result<MessageKey, String> {
        let length = self.suite.secret_length();
        let root = secret(self.entry, "encryption_secret")?;
        let label = match content_type {
            ContentType::Application => "application",
            _ => "handshake",
        };
        let leaf = self.suite.expand_with_label(&root, "tree", b"right", length).map_err(words)?;
        let first = self.suite.expand_with_label(&leaf, label, b"", length).map_err(words)?;
        let ratchet = (0..generation)
            .try_fold(first, |ratchet, step| self.suite.derive_tree_secret(&ratchet, "secret", step, length))
            .map_err(words)?;
        let derive = |label, length| self.suite.derive_tree_secret(&ratchet, label, generation, length).map_err(words);
        let key = derive("key", self.suite.key_length())?;
        Ok(MessageKey { key, nonce: derive("nonce", self.suite.nonce_length())? })
    }
}

fn decode(message: &[u8]) -> Result<Message, String> {
    Message::decode(message).map_err(words)
}
