//! Messages of any content by any sender, right or wrong in each part.

use super::people::{Person, View};
use crate::base::host::SignPurpose;
use crate::base::{Epoch, LeafIndex, ProtocolVersion};
use crate::codec::{Opaque, encode};
use crate::crypto::{Mac, Signature};
use crate::group::open::ratchet_kind;
use crate::message::{Content, FramedContent, FramedContentAuthData, Sender, WireFormat};
use crate::schedule::{MessageKey, Ratchet, RatchetLimits, SecretTree, SenderIdentity};
use crate::tree::LeafRecord;
use crate::tree::leaf_key;

/// A message in the making. Its parts are right until a test makes them wrong.
pub(super) struct Frame<'a> {
    signer: &'a Person,
    pub(super) view: View,
    pub(super) content: FramedContent,
    /// What the signature covers of the group.
    pub(super) signed_under: Vec<u8>,
    /// The wire format that the signature is for.
    pub(super) signed_for: WireFormat,
    pub(super) confirmation_tag: Option<Mac>,
}

/// What is encrypted, and how.
pub(super) struct Envelope {
    /// Whose ratchet the key is taken from.
    pub(super) ratchet_of: LeafIndex,
    /// Who the sender data says it is from.
    pub(super) leaf_index: u32,
    pub(super) generation: u32,
    /// What the sender data says of it.
    pub(super) stated_generation: u32,
    pub(super) padding: Vec<u8>,
    /// Bytes after the sender data.
    pub(super) sender_data_tail: Vec<u8>,
    /// The authenticated data that goes over the wire.
    pub(super) authenticated_data: Opaque,
}

impl<'a> Frame<'a> {
    /// Content of a member of the group for its present epoch.
    pub(super) fn of(signer: &'a Person, content: Content) -> Self {
        let view = signer.view();
        let sender = Sender::Member(view.own_leaf);
        Frame::in_view(signer, view, (sender, content))
    }

    /// Content of anyone, made with what some member knows.
    pub(super) fn in_view(signer: &'a Person, view: View, (sender, content): (Sender, Content)) -> Self {
        let content = FramedContent {
            group_id: view.context.group_id.clone(),
            epoch: view.context.epoch,
            sender,
            authenticated_data: Opaque::default(),
            content,
        };
        let signed_under = view.encoded.clone();
        let signed_for = WireFormat::PUBLIC_MESSAGE;
        Frame { signer, view, content, signed_under, signed_for, confirmation_tag: None }
    }

    pub(super) fn alter(mut self, alter: impl FnOnce(&mut Self)) -> Self {
        alter(&mut self);
        self
    }

    pub(super) fn to_be_signed(&self) -> Vec<u8> {
        self.content.to_be_signed(self.signed_for, &self.signed_under).unwrap()
    }

    pub(super) fn signature(&self) -> Signature {
        self.signer.sign(SignPurpose::Proposal, FramedContent::LABEL, &self.to_be_signed())
    }

    pub(super) fn auth(&self) -> FramedContentAuthData {
        FramedContentAuthData { signature: self.signature(), confirmation_tag: self.confirmation_tag.clone() }
    }

    /// The PublicMessage, with a membership tag if its sender is a member.
    pub(super) fn public(&self) -> Vec<u8> {
        let auth = self.auth();
        let tag = self.membership_tag(&auth);
        let is_member = matches!(self.content.sender, Sender::Member(_));
        self.public_with(&auth, is_member.then_some(&tag))
    }

    /// The tag that shows membership (RFC 9420 §6.2).
    pub(super) fn membership_tag(&self, auth: &FramedContentAuthData) -> Mac {
        let key = &self.view.secrets.membership_key;
        self.view.suite.mac_parts(key, &[&self.to_be_signed(), &encode(auth).unwrap()])
    }

    /// The PublicMessage with this authentication and this membership tag.
    pub(super) fn public_with(&self, auth: &FramedContentAuthData, tag: Option<&Mac>) -> Vec<u8> {
        let mut bytes = encode(&(ProtocolVersion::MLS10, WireFormat::PUBLIC_MESSAGE, self.content.clone())).unwrap();
        bytes.extend(encode(auth).unwrap());
        bytes.extend(tag.map(|tag| encode(tag).unwrap()).unwrap_or_default());
        bytes
    }

    /// The PrivateMessage, with what `alter` makes of its envelope.
    pub(super) fn private(mut self, alter: impl FnOnce(&mut Envelope)) -> Vec<u8> {
        self.signed_for = WireFormat::PRIVATE_MESSAGE;
        let Sender::Member(leaf) = self.content.sender else { panic!("an outsider encrypts nothing") };
        let mut envelope = Envelope {
            ratchet_of: leaf,
            leaf_index: leaf.0,
            generation: 0,
            stated_generation: 0,
            padding: vec![0; 9],
            sender_data_tail: vec![],
            authenticated_data: self.content.authenticated_data.clone(),
        };
        alter(&mut envelope);
        self.seal(&envelope)
    }

    fn seal(&self, envelope: &Envelope) -> Vec<u8> {
        let content_type = self.content.content.content_type();
        let body = encode(&self.content.content).unwrap()[1..].to_vec();
        let plaintext = [body, encode(&self.auth()).unwrap(), envelope.padding.clone()].concat();
        let frame = encode(&(self.content.group_id.clone(), self.content.epoch, content_type)).unwrap();
        let aad = [frame.clone(), encode(&self.content.authenticated_data).unwrap()].concat();
        let (suite, key) = (self.view.suite, self.key(envelope));
        let ciphertext = suite.seal(&key.key, key.nonce.expose(), &aad, &plaintext).unwrap();
        let sealed = self.seal_sender_data(envelope, (&ciphertext, &frame));
        let header = encode(&(ProtocolVersion::MLS10, WireFormat::PRIVATE_MESSAGE)).unwrap();
        let fields = [&envelope.authenticated_data, &sealed, &Opaque(ciphertext)];
        let fields = fields.map(|field| encode(field).unwrap()).concat();
        [header, frame, fields].concat()
    }

    /// The sender data (RFC 9420 §6.3.2), with a reuse guard of zeros.
    fn seal_sender_data(&self, envelope: &Envelope, (ciphertext, aad): (&[u8], &[u8])) -> Opaque {
        let suite = self.view.suite;
        let secret = self.signer.inside(|_, state, _| state.epoch.sender_data_secret.duplicate());
        let sample = &ciphertext[..suite.secret_length().min(ciphertext.len())];
        let key = suite.expand_with_label(&secret, "key", sample, suite.key_length()).unwrap();
        let nonce = suite.expand_with_label(&secret, "nonce", sample, suite.nonce_length()).unwrap();
        let data = encode(&(LeafIndex(envelope.leaf_index), envelope.stated_generation, 0u32)).unwrap();
        let data = [data, envelope.sender_data_tail.clone()].concat();
        suite.seal(&key, nonce.expose(), aad, &data).unwrap().into()
    }

    /// The key of a generation of any member's ratchet: the secret tree is everybody's.
    fn key(&self, envelope: &Envelope) -> MessageKey {
        let kind = ratchet_kind(self.content.content.content_type());
        self.signer.inside(|txn, state, _| {
            let (suite, keys, epoch) = (state.suite, &state.keys, state.head.epoch);
            let tree = SecretTree { suite, keys, epoch, width: state.epoch.width };
            let ratchet = match Ratchet::load(txn, tree, envelope.ratchet_of, kind).unwrap() {
                Some(ratchet) => ratchet,
                None => {
                    let record: LeafRecord = txn.require(&leaf_key(keys, state.head.own_leaf)).unwrap();
                    let signature_key = record.leaf_node().unwrap().signature_key.clone();
                    let sender = SenderIdentity { signature_key, client_id: vec![], user_id: vec![] };
                    Ratchet::first(txn, tree, (envelope.ratchet_of, kind), sender).unwrap()
                }
            };
            ratchet
                .seek(txn, envelope.generation, (RatchetLimits { forward: 1 << 20, kept: 0, kept_for: None }, 0))
                .unwrap()
                .0
        })
    }
}

/// The epoch so many steps away.
pub(super) fn epoch_at(epoch: Epoch, by: i64) -> Epoch {
    Epoch(epoch.0.wrapping_add_signed(by))
}
