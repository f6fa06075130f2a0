//! Framing and decoding (RFC 9420 §2.1, §6).

use super::frame::{Frame, epoch_at};
use super::people::*;
use super::plot::{Plot, cut};
use crate::Event;
use crate::base::{Code, LeafIndex};
use crate::codec::{Opaque, Short};
use crate::crypto::{Mac, Signature};
use crate::message::{Content, Message, Proposal, Sender, WireFormat};
use crate::tree::{ExtensionType, Extensions};

fn remove(leaf: u32) -> Content {
    Content::Proposal(Proposal::Remove(LeafIndex(leaf)))
}

/// That this frame is taken as it is.
fn takes(one: &Person, message: &[u8]) {
    one.receive(message).unwrap();
}

/// Rule F1: a membership tag is compared whole, whatever its length (RFC 9420 §6.2).
#[test]
fn a_membership_tag_matches_whole_or_not_at_all() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let frame = Frame::of(&mallory, remove(2));
    let auth = frame.auth();
    let tag = frame.membership_tag(&auth);
    for length in 0..32 {
        assert_eq!(bob.refuses(&frame.public_with(&auth, Some(&cut(&tag, length)))), number(Code::BadMac));
    }
    let longer = Mac(Short::from([&tag.0[..], &[0]].concat()));
    assert_eq!(bob.refuses(&frame.public_with(&auth, Some(&longer))), number(Code::BadMac));
    for bit in 0..256 {
        let mut other = tag.clone();
        other.0.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(bob.refuses(&frame.public_with(&auth, Some(&other))), number(Code::BadMac));
    }
    takes(&bob, &frame.public_with(&auth, Some(&tag)));
}

/// Rule F1: a confirmation tag is compared whole, whatever its length (RFC 9420 §6.1).
#[test]
fn a_confirmation_tag_matches_whole_or_not_at_all() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for length in [0, 1, 16, 31] {
        let commit = Plot::of(&mallory, vec![]).tag(move |tag| *tag = cut(tag, length)).send();
        assert_eq!(bob.refuses(&commit), number(Code::BadMac));
    }
    let longer = Plot::of(&mallory, vec![]).tag(|tag| tag.0.0.push(0)).send();
    assert_eq!(bob.refuses(&longer), number(Code::BadMac));
    let other = Plot::of(&mallory, vec![]).tag(|tag| tag.0.0[31] ^= 1).send();
    assert_eq!(bob.refuses(&other), number(Code::BadMac));
    takes(&bob, &Plot::of(&mallory, vec![]).send());
}

/// Rule F1: tags are compared by one function, in constant time, and have no other equality (RFC 9420 §6.1, §6.2).
#[test]
fn tags_are_compared_in_constant_time() {
    let (wire, secret) = (include_str!("../../src/crypto/wire.rs"), include_str!("../../src/base/secret.rs"));
    let derived = wire.split("pub(crate) struct Mac").next().unwrap().rsplit("#[derive(").next().unwrap();
    assert!(!derived.contains("PartialEq") && !wire.contains("PartialEq for Mac"));
    assert!(wire.contains("constant_time_eq(&self.0, &other.0)"));
    assert!(secret.contains("a.ct_eq(b)"));
}

/// Rule F2: no prefix of a message and no message with a length of its own making is read past its end (RFC 9420 §2.1).
#[test]
fn nothing_is_read_past_the_end() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let commit = Plot::of(&mallory, vec![Person::of("dave").add(), Proposal::Remove(LeafIndex(2))]).send();
    for end in 0..commit.len() {
        bob.refuses(&commit[..end]);
    }
    // Every byte that could be a length, made as long as it goes.
    for at in 0..commit.len() {
        let mut longer = commit.clone();
        longer[at] = 0xbf;
        if longer != commit {
            bob.refuses(&longer);
        }
    }
    takes(&bob, &commit);
}

/// Rule F3: the length of a vector has its shortest encoding (RFC 9420 §2.1.2).
#[test]
fn a_length_is_minimally_encoded() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let honest = Frame::of(&mallory, remove(2)).public();
    // The group id is the first vector of the message.
    assert_eq!(honest[4], 16);
    for longer in [&[0x40, 16][..], &[0x80, 0, 0, 16], &[0xc0, 0, 0, 0, 0, 0, 0, 16]] {
        let message = [&honest[..4], longer, &honest[5..]].concat();
        assert_eq!(bob.refuses(&message), number(Code::BadVector));
    }
    takes(&bob, &honest);
}

/// Rule F4: nothing follows a message (RFC 9420 §6).
#[test]
fn a_message_ends_where_it_ends() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let proposal = Frame::of(&mallory, remove(2)).public();
    let commit = Plot::of(&mallory, vec![]).send();
    for message in [&proposal, &commit] {
        for tail in [&[0][..], &[1], &[0; 40]] {
            assert_eq!(bob.refuses(&[message, tail].concat()), number(Code::TrailingBytes));
        }
    }
    takes(&bob, &proposal);
    takes(&bob, &commit);
}

fn extended(extensions: &[(u16, &[u8])]) -> Proposal {
    let mut list = Extensions::default();
    extensions.iter().for_each(|(number, payload)| list.put(ExtensionType(*number), payload.to_vec()));
    Proposal::GroupContextExtensions(list)
}

/// Rule F4: nothing follows the payload of an extension that is known (RFC 9420 §13.4).
#[test]
fn a_known_payload_ends_where_it_ends() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for (payload, longer) in [(3, &[0, 0, 0, 0][..]), (5, &[0, 0])] {
        let commit = Plot::of(&mallory, vec![extended(&[(payload, longer)])]).send();
        assert_eq!(bob.refuses(&commit), number(Code::TrailingBytes));
        let proposal = Frame::of(&mallory, Content::Proposal(extended(&[(payload, longer)]))).public();
        assert_eq!(bob.refuses(&proposal), number(Code::TrailingBytes));
    }
    takes(&bob, &Plot::of(&mallory, vec![extended(&[(3, &[0, 0, 0]), (5, &[0])])]).send());
}

/// Rule F4: a type stands in a list of extensions once (RFC 9420 §13.4).
#[test]
fn an_extension_type_stands_in_a_list_once() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let frame = |extensions: &[(u16, &[u8])]| Frame::of(&mallory, Content::Proposal(extended(extensions)));
    let honest = frame(&[(3, &[0, 0, 0]), (5, &[0])]);
    // The second one is of type 5, and becomes one of type 3.
    let message = honest.public();
    let at = message.windows(4).position(|window| window == [0, 5, 1, 0]).unwrap();
    let mut twice = message.clone();
    twice[at + 1] = 3;
    assert_eq!(bob.refuses(&twice), number(Code::Malformed));
    takes(&bob, &message);
}

/// Rule F4: unknown extensions and capabilities, the random ones of §13.5 among them, are carried and mean nothing (RFC
/// 9420 §13.5).
#[test]
fn what_is_unknown_is_overlooked() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let add = carol.add_altered(|key_package| {
        let capabilities = &mut key_package.leaf_node.capabilities;
        capabilities.extensions.extend([ExtensionType(0x0a0a), ExtensionType(0xf00f), ExtensionType(0x0a0a)]);
        capabilities.proposals.push(crate::tree::ProposalType(0x1a1a));
        capabilities.credentials.push(crate::tree::CredentialType(0x2a2a));
        capabilities.cipher_suites.push(crate::base::CipherSuite(0x3a3a));
        capabilities.versions.push(crate::base::ProtocolVersion(0x4a4a));
        key_package.leaf_node.extensions.put(ExtensionType(0x0a0a), vec![1, 2, 3]);
        key_package.extensions.put(ExtensionType(0xeaea), vec![4]);
    });
    takes(&bob, &Plot::of(&mallory, vec![add]).send());
}

/// Rule F5: a leaf index outside the tree is refused wherever it stands, and overflows nowhere (RFC 9420 §7.2, Appendix C).
#[test]
fn an_index_outside_the_tree_is_refused_wherever_it_stands() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    // Twice 2^31 wraps to the node of leaf 0.
    for leaf in [3, 4, 5, 1 << 24, 1 << 30, 1 << 31, (1 << 31) + 1, u32::MAX] {
        let by = Frame::of(&mallory, remove(2)).alter(|frame| frame.content.sender = Sender::Member(LeafIndex(leaf)));
        assert_eq!(bob.refuses(&by.public()), number(Code::BadSender));
        assert_eq!(bob.refuses(&Frame::of(&mallory, remove(leaf)).public()), number(Code::BadProposal));
        let commit = Plot::of(&mallory, vec![Proposal::Remove(LeafIndex(leaf))]).send();
        assert_eq!(bob.refuses(&commit), number(Code::BadProposal));
        let private = Frame::of(&mallory, Content::Application(Opaque(vec![7])));
        assert_eq!(bob.refuses(&private.private(|envelope| envelope.leaf_index = leaf)), number(Code::BadSender));
    }
    takes(&bob, &Frame::of(&mallory, remove(2)).public());
}

/// Rule F7: a message is of protocol version MLS 1.0 (RFC 9420 §6).
#[test]
fn a_message_of_another_version_is_refused() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let honest = Frame::of(&mallory, remove(2)).public();
    for version in [[0, 0], [0, 2], [1, 0], [1, 1], [0xff, 0xff]] {
        let message = [&version[..], &honest[2..]].concat();
        assert_eq!(bob.refuses(&message), number(Code::UnsupportedVersion));
    }
    takes(&bob, &honest);
}

/// Rule F7: a message is for this group (RFC 9420 §6).
#[test]
fn a_message_for_another_group_is_refused() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    for group_id in [vec![], vec![0; 16], bob.group().id()[..15].to_vec(), [bob.group().id(), vec![0]].concat()] {
        let other = || crate::base::GroupId(group_id.clone());
        let proposal = Frame::of(&mallory, remove(2)).alter(|frame| frame.content.group_id = other());
        assert_eq!(bob.refuses(&proposal.public()), number(Code::WrongContent));
        let commit = Plot::of(&mallory, vec![]).frame(|frame| frame.content.group_id = other()).send();
        assert_eq!(bob.refuses(&commit), number(Code::WrongContent));
        let private = Frame::of(&mallory, remove(2)).alter(|frame| frame.content.group_id = other());
        assert_eq!(bob.refuses(&private.private(|_| ())), number(Code::WrongContent));
    }
    takes(&bob, &Frame::of(&mallory, remove(2)).public());
}

/// Rule F7, F14: proposals and commits are of the present epoch, neither of one before nor of one to come (RFC 9420 §12.4.2).
#[test]
fn a_handshake_of_another_epoch_is_refused() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    takes(&bob, &mallory.refresh());
    for (by, code) in
        [(-1, Code::PastEpoch), (-2, Code::PastEpoch), (1, Code::FutureEpoch), (i64::MAX, Code::FutureEpoch)]
    {
        let proposal =
            || Frame::of(&mallory, remove(2)).alter(|frame| frame.content.epoch = epoch_at(frame.content.epoch, by));
        assert_eq!(bob.refuses(&proposal().public()), number(code));
        assert_eq!(bob.refuses(&proposal().private(|_| ())), number(code));
        let commit = Plot::of(&mallory, vec![]);
        let commit = commit.frame(|frame| frame.content.epoch = epoch_at(frame.content.epoch, by)).send();
        assert_eq!(bob.refuses(&commit), number(code));
    }
    takes(&bob, &Frame::of(&mallory, remove(2)).public());
}

/// Rule F14: a proposal or commit that was good in its epoch is refused in the next one (RFC 9420 §12.4.2).
#[test]
fn a_good_handshake_comes_too_late() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let proposal = Frame::of(&mallory, remove(2)).public();
    let private = Frame::of(&mallory, remove(2)).private(|_| ());
    let commit = Plot::of(&mallory, vec![]).send();
    takes(&bob, &mallory.refresh());
    for late in [&proposal, &private, &commit] {
        assert_eq!(bob.refuses(late), number(Code::PastEpoch));
    }
    takes(&bob, &Plot::of(&mallory, vec![]).send());
}

/// Rule F8: application data is sent encrypted (RFC 9420 §6).
#[test]
fn application_data_is_not_sent_in_the_open() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let application = || Frame::of(&mallory, Content::Application(Opaque(b"hello".to_vec())));
    assert_eq!(bob.refuses(&application().public()), number(Code::WrongContent));
    let Event::Message { plaintext, .. } = bob.receive(&application().private(|_| ())).unwrap() else { panic!() };
    assert_eq!(plaintext, b"hello");
}

/// Rule F8: a member's message in the open has a membership tag (RFC 9420 §6.2).
#[test]
fn a_member_shows_its_membership() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let frame = Frame::of(&mallory, remove(2));
    assert_eq!(bob.refuses(&frame.public_with(&frame.auth(), None)), number(Code::Malformed));
    takes(&bob, &frame.public());
}

/// Rule F8: who is no member has no membership tag (RFC 9420 §6.2).
#[test]
fn an_outsider_shows_no_membership() {
    let [alice, bob] = members(["alice", "bob"]);
    let carol = Person::of("carol");
    let content = (Sender::NewMemberProposal, Content::Proposal(carol.add()));
    let frame = Frame::in_view(&carol, alice.view(), content);
    let auth = frame.auth();
    let tag = frame.membership_tag(&auth);
    assert_eq!(bob.refuses(&frame.public_with(&auth, Some(&tag))), number(Code::TrailingBytes));
    takes(&bob, &frame.public_with(&auth, None));
}

/// Rule F8: an encrypted message comes from a member: its sender data has no room for another kind of sender (RFC 9420
/// §6.3.2).
#[test]
fn sender_data_names_a_leaf_and_nothing_else() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let application = || Frame::of(&mallory, Content::Application(Opaque(b"hello".to_vec())));
    let longer = application().private(|envelope| envelope.sender_data_tail = vec![0]);
    assert_eq!(bob.refuses(&longer), number(Code::TrailingBytes));
    takes(&bob, &application().private(|_| ()));
}

/// Rule F8: a signature holds for the wire format that it was made for (RFC 9420 §6.1).
#[test]
fn a_signature_holds_for_its_wire_format() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let public = Frame::of(&mallory, remove(2)).alter(|frame| frame.signed_for = WireFormat::PRIVATE_MESSAGE);
    let auth = public.auth();
    let sent = Frame::of(&mallory, remove(2));
    let tag = sent.membership_tag(&auth);
    assert_eq!(bob.refuses(&sent.public_with(&auth, Some(&tag))), number(Code::BadSignature));
    takes(&bob, &sent.public());
}

/// Rule F9: a member's message is signed with the key of the leaf that it names (RFC 9420 §6.1).
#[test]
fn a_member_speaks_for_itself() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let forged = Frame::of(&mallory, remove(0)).alter(|frame| frame.content.sender = Sender::Member(LeafIndex(2)));
    assert_eq!(bob.refuses(&forged.public()), number(Code::BadSignature));
    let commit = Plot::of(&mallory, vec![]).frame(|frame| frame.content.sender = Sender::Member(LeafIndex(2))).send();
    assert_eq!(bob.refuses(&commit), number(Code::BadSignature));
    let frame = Frame::of(&mallory, remove(2));
    let mut auth = frame.auth();
    auth.signature = Signature(Short::from(vec![0; 64]));
    let tag = frame.membership_tag(&auth);
    assert_eq!(bob.refuses(&frame.public_with(&auth, Some(&tag))), number(Code::BadSignature));
    takes(&bob, &frame.public());
}

/// Rule F9: the sender's leaf is not blank (RFC 9420 §6.1, §7.2).
#[test]
fn a_blank_leaf_sends_nothing() {
    let [mallory, bob, carol, _] = members(["mallory", "bob", "carol", "dave"]);
    let removal = mallory.group().new_commit().remove(2).unwrap().build().unwrap().commit;
    mallory.group().confirm_commit(None, vec![]).unwrap();
    takes(&bob, &removal);
    // Carol's key and the new epoch's secrets, which an accomplice gave her.
    let by_carol = Frame::in_view(&carol, mallory.view(), (Sender::Member(LeafIndex(2)), remove(0)));
    assert_eq!(bob.refuses(&by_carol.public()), number(Code::BadSender));
    let private = Frame::of(&mallory, Content::Application(Opaque(vec![7])));
    let private = private.private(|envelope| (envelope.leaf_index, envelope.ratchet_of) = (2, LeafIndex(2)));
    assert_eq!(bob.refuses(&private), number(Code::BadSender));
    takes(&bob, &Frame::of(&mallory, remove(1)).public());
}

/// Rule +: the signature of a member covers the group context of the epoch (RFC 9420 §6.1).
#[test]
fn a_signature_covers_the_group_context() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let signed_elsewhere = Frame::of(&mallory, remove(2)).alter(|frame| frame.signed_under[9] ^= 1);
    let auth = signed_elsewhere.auth();
    let honest = Frame::of(&mallory, remove(2));
    let tag = honest.membership_tag(&auth);
    assert_eq!(bob.refuses(&honest.public_with(&auth, Some(&tag))), number(Code::BadSignature));
    takes(&bob, &honest.public());
}

/// Rule +: only messages for a group are received by a group (RFC 9420 §6).
#[test]
fn other_kinds_of_messages_are_not_for_a_group() {
    let [alice, bob] = members(["alice", "bob"]);
    let info = alice.group().group_info(true).unwrap();
    for message in [Person::of("carol").key_package(), info] {
        assert!(Message::decode(&message).is_ok());
        assert_eq!(bob.refuses(&message), number(Code::WrongContent));
    }
    assert_eq!(bob.refuses(&[0, 1, 0, 6, 0]), number(Code::UnsupportedContent));
}
