//! What a receiver refuses, in public and in private messages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::base::{CipherSuite, Code, Epoch, GroupId, LeafIndex, Result, Secret};
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{Mac, Signature, SignaturePrivateKey, SignaturePublicKey, Suite};
use crate::schedule::MessageKey;
use crate::tree::{ProposalType, UpdatePath, sample};

const CONTEXT: &[u8] = b"an encoded group context";
const LEAF_COUNT: u32 = 4;

struct Sample {
    suite: &'static Suite,
    key: SignaturePrivateKey,
    public: SignaturePublicKey,
    epoch_secret: Secret,
}

impl Sample {
    fn new() -> Self {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let (key, public) = suite.generate_signature_keys().unwrap();
        Sample { suite, key, public, epoch_secret: Secret::copy_of(&[5; 32]) }
    }

    fn membership(&self) -> Membership<'_> {
        Membership { suite: self.suite, membership_key: &self.epoch_secret, group_context: CONTEXT }
    }

    fn message_key(&self) -> MessageKey {
        MessageKey { key: Secret::copy_of(&[6; 16]), nonce: Secret::copy_of(&[7; 12]) }
    }

    fn sealing(&self, padding: Padding) -> Sealing<'_> {
        let sender_data_secret = &self.epoch_secret;
        let (key, reuse_guard) = (self.message_key(), [1, 2, 3, 4]);
        Sealing { suite: self.suite, sender_data_secret, generation: 9, key, reuse_guard, padding }
    }

    fn sign(&self, sender: Sender, content: Content, wire_format: WireFormat) -> AuthenticatedContent {
        let (group_id, epoch) = (GroupId(vec![1]), Epoch(7));
        let content = FramedContent { group_id, epoch, sender, authenticated_data: Opaque(vec![8]), content };
        let to_be_signed = content.to_be_signed(wire_format, CONTEXT).unwrap();
        let signature = self.key.sign_with_label(FramedContent::LABEL, &to_be_signed).unwrap();
        let confirmation_tag = content.content.is_commit().then(|| Mac(Short::from(vec![9; 32])));
        AuthenticatedContent { wire_format, content, auth: FramedContentAuthData { signature, confirmation_tag } }
    }

    fn public(&self, content: Content) -> PublicMessage {
        let authenticated = self.sign(MEMBER, content, WireFormat::PUBLIC_MESSAGE);
        PublicMessage::protect(authenticated, &self.membership()).unwrap()
    }

    fn private(&self, content: Content) -> PrivateMessage {
        let authenticated = self.sign(MEMBER, content, WireFormat::PRIVATE_MESSAGE);
        PrivateMessage::protect(&authenticated, self.sealing(Padding::Padme)).unwrap()
    }

    fn receive_public(&self, message: PublicMessage) -> Result<Verified> {
        message.unprotect(&self.membership())?.verify(self.suite, &self.public)
    }

    fn receive_private(&self, message: PrivateMessage) -> Result<Verified> {
        let located = message.locate(self.suite, &self.epoch_secret, LEAF_COUNT)?;
        located.open(self.suite, self.message_key(), CONTEXT)?.verify(self.suite, &self.public)
    }
}

const MEMBER: Sender = Sender::Member(LeafIndex(3));

fn remove() -> Content {
    Content::Proposal(Proposal::Remove(LeafIndex(0)))
}

fn application() -> Content {
    Content::Application(Opaque(b"hello".to_vec()))
}

fn commit(path: bool) -> Content {
    let leaf_node = sample::leaf(Suite::of(CipherSuite(1)).unwrap()).0.into();
    let path = path.then(|| UpdatePath { leaf_node, nodes: Vec::new() });
    Content::Commit(Box::new(Commit { proposals: Vec::new(), path }))
}

/// Every encoding of `message` with one byte changed that is still a message of its kind.
fn damaged(message: Message) -> impl Iterator<Item = Message> {
    let bytes = message.encode().unwrap();
    (4..bytes.len()).filter_map(move |position| {
        let mut bytes = bytes.clone();
        bytes[position] ^= 1;
        Message::decode(&bytes).ok()
    })
}

#[test]
fn no_bit_of_a_public_message_can_change() {
    let sample = Sample::new();
    for content in [remove(), commit(true)] {
        let message = sample.public(content);
        sample.receive_public(message.clone()).unwrap();
        let mut count = 0;
        for message in damaged(Message::Public(Box::new(message))) {
            let Message::Public(message) = message else { continue };
            assert!(sample.receive_public(*message).unwrap_err().is_verdict());
            count += 1;
        }
        assert!(count > 100);
    }
}

#[test]
fn no_bit_of_a_private_message_can_change() {
    let sample = Sample::new();
    for content in [application(), remove(), commit(true)] {
        let message = sample.private(content);
        sample.receive_private(message.clone()).unwrap();
        for message in damaged(Message::Private(message)) {
            let Message::Private(message) = message else { continue };
            assert!(sample.receive_private(message).unwrap_err().is(Code::BadCiphertext));
        }
    }
}

#[test]
fn both_keys_of_a_public_message_count() {
    let sample = Sample::new();
    let (wrong, other) = (Secret::copy_of(&[6; 32]), Sample::new());
    let membership = Membership { membership_key: &wrong, ..sample.membership() };
    assert!(sample.public(remove()).unprotect(&membership).unwrap_err().is(Code::BadMac));
    let membership = Membership { group_context: b"of another epoch", ..sample.membership() };
    assert!(sample.public(remove()).unprotect(&membership).unwrap_err().is(Code::BadMac));
    let opened = sample.public(remove()).unprotect(&sample.membership()).unwrap();
    assert!(opened.verify(other.suite, &other.public).unwrap_err().is(Code::BadSignature));
}

#[test]
fn a_truncated_membership_tag_does_not_match() {
    let sample = Sample::new();
    let bytes = encode(&sample.public(remove())).unwrap();
    let (rest, tag) = bytes.split_at(bytes.len() - 33);
    assert_eq!(tag[0], 32);
    for end in 0..32 {
        let bytes = [rest, &[end], &tag[1..1 + usize::from(end)]].concat();
        let message = crate::codec::decode_exact::<PublicMessage>(&bytes).unwrap();
        assert!(sample.receive_public(message).unwrap_err().is(Code::BadMac));
    }
}

#[test]
fn a_signature_holds_for_one_wire_format() {
    let sample = Sample::new();
    let authenticated = sample.sign(MEMBER, remove(), WireFormat::PRIVATE_MESSAGE);
    assert!(PublicMessage::protect(authenticated.clone(), &sample.membership()).unwrap_err().is(Code::Internal));
    let relabelled = AuthenticatedContent { wire_format: WireFormat::PUBLIC_MESSAGE, ..authenticated };
    let message = PublicMessage::protect(relabelled, &sample.membership()).unwrap();
    assert!(sample.receive_public(message).unwrap_err().is(Code::BadSignature));
}

#[test]
fn senders_keep_to_what_they_may_send() {
    let sample = Sample::new();
    let verdict = |sender, content| {
        let authenticated = sample.sign(sender, content, WireFormat::PUBLIC_MESSAGE);
        PublicMessage::protect_outside(authenticated).map(drop).map_err(|error| error.code())
    };
    let (bad_sender, bad_content) = (Err(Code::BadSender.number()), Err(Code::WrongContent.number()));
    let custom = || Content::Proposal(Proposal::Custom(ProposalType(0xf001), Opaque::default()));
    assert_eq!(verdict(MEMBER, application()), bad_content);
    assert_eq!(verdict(MEMBER, custom()), Ok(()));
    assert_eq!(verdict(Sender::External(0), remove()), Ok(()));
    assert_eq!(verdict(Sender::External(0), custom()), bad_sender);
    assert_eq!(verdict(Sender::External(0), commit(true)), bad_sender);
    assert_eq!(verdict(Sender::External(0), application()), bad_sender);
    assert_eq!(verdict(Sender::NewMemberProposal, remove()), bad_sender);
    assert_eq!(verdict(Sender::NewMemberCommit, commit(true)), Ok(()));
    assert_eq!(verdict(Sender::NewMemberCommit, commit(false)), bad_sender);
    assert_eq!(verdict(Sender::NewMemberCommit, remove()), bad_sender);
}

#[test]
fn only_members_send_private_messages() {
    let sample = Sample::new();
    let authenticated = sample.sign(Sender::External(0), remove(), WireFormat::PRIVATE_MESSAGE);
    let verdict = PrivateMessage::protect(&authenticated, sample.sealing(Padding::None));
    assert!(verdict.unwrap_err().is(Code::BadSender));
}

#[test]
fn a_confirmation_tag_stands_in_commits_alone() {
    let sample = Sample::new();
    let mut authenticated = sample.sign(MEMBER, commit(true), WireFormat::PUBLIC_MESSAGE);
    authenticated.auth.confirmation_tag = None;
    assert!(PublicMessage::protect(authenticated, &sample.membership()).unwrap_err().is(Code::Internal));
}

#[test]
fn sender_data_outside_the_tree_is_refused() {
    let sample = Sample::new();
    let located = sample.private(application()).locate(sample.suite, &sample.epoch_secret, 4).unwrap();
    assert_eq!((located.leaf_index(), located.generation()), (LeafIndex(3), 9));
    assert_eq!(located.content_type(), ContentType::Application);
    let verdict = sample.private(application()).locate(sample.suite, &sample.epoch_secret, 3);
    assert!(verdict.unwrap_err().is(Code::BadSender));
}

#[test]
fn padding_hides_lengths_and_is_zero() {
    let sample = Sample::new();
    let sized = |length| {
        let content = Content::Application(Opaque(vec![1; length]));
        encode(&sample.private(content)).unwrap().len()
    };
    assert_eq!(sized(1000), sized(1010));
    let mut authenticated = sample.sign(MEMBER, application(), WireFormat::PRIVATE_MESSAGE);
    // A content whose signature is followed by a tag that its kind does not have: to a reader, padding that is not zero.
    let signature = encode(&authenticated.auth.signature).unwrap();
    authenticated.auth.confirmation_tag = Some(Mac(Short::from(signature)));
    let forged = PrivateMessage::seal(&authenticated, sample.sealing(Padding::None)).unwrap();
    assert!(sample.receive_private(forged).unwrap_err().is(Code::BadPadding));
}

#[test]
fn an_insider_cannot_sign_for_another() {
    let sample = Sample::new();
    let mut authenticated = sample.sign(MEMBER, application(), WireFormat::PRIVATE_MESSAGE);
    authenticated.auth.signature = Signature(Short::from(vec![0; 64]));
    let message = PrivateMessage::protect(&authenticated, sample.sealing(Padding::Padme)).unwrap();
    assert!(sample.receive_private(message).unwrap_err().is(Code::BadSignature));
}
