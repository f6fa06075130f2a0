//! Encrypted messages (RFC 9420 §6.3, §9).

use super::frame::Frame;
use super::people::*;
use super::plot::Plot;
use crate::base::{Code, LeafIndex};
use crate::client::ClientConfig;
use crate::codec::{Opaque, Short};
use crate::message::{Content, Proposal};
use crate::{Event, Host};

fn says<'a>(by: &'a Person, text: &str) -> Frame<'a> {
    Frame::of(by, Content::Application(Opaque(text.as_bytes().to_vec())))
}

fn hears(one: &Person, message: &[u8], text: &str) {
    let Event::Message { plaintext, .. } = one.receive(message).unwrap() else { panic!() };
    assert_eq!(plaintext, text.as_bytes());
}

fn at(generation: u32) -> impl Fn(&mut super::frame::Envelope) {
    move |envelope| (envelope.generation, envelope.stated_generation) = (generation, generation)
}

/// Rule F10: a message that skips too many generations is refused before a key is derived (RFC 9420 §9.2).
#[test]
fn a_generation_is_within_reach() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for generation in [1001, 5000, 1 << 20, u32::MAX - 1, u32::MAX] {
        let message = says(&mallory, "far").private(|envelope| envelope.stated_generation = generation);
        assert_eq!(bob.refuses(&message), number(Code::GenerationTooFar));
        let proposal = Frame::of(&mallory, Content::Proposal(Proposal::Remove(LeafIndex(1))));
        let proposal = proposal.private(|envelope| envelope.stated_generation = generation);
        assert_eq!(bob.refuses(&proposal), number(Code::GenerationTooFar));
    }
    hears(&bob, &says(&mallory, "near").private(at(1000)), "near");
}

/// Rule F10: of the keys that were skipped a bounded number is kept, the latest (RFC 9420 §9.2, §15.3).
#[test]
fn skipped_keys_are_bounded() {
    let bob = Person::with(ClientConfig { max_forward: 10, max_skipped: 3, ..ClientConfig::basic("bob") });
    let [mallory, bob] = group_of([Person::of("mallory"), bob]);
    hears(&bob, &says(&mallory, "three").private(at(3)), "three");
    // The keys of 0, 1 and 2 give way to those of 4, 5 and 6, and most of these to those of 11, 12 and 13.
    hears(&bob, &says(&mallory, "seven").private(at(7)), "seven");
    for gone in [0, 1, 2] {
        assert_eq!(bob.refuses(&says(&mallory, "late").private(at(gone))), number(Code::KeyGone));
    }
    hears(&bob, &says(&mallory, "fourteen").private(at(14)), "fourteen");
    for gone in [4, 5, 6, 8, 9, 10] {
        assert_eq!(bob.refuses(&says(&mallory, "late").private(at(gone))), number(Code::KeyGone));
    }
    for kept in [13, 11, 12] {
        hears(&bob, &says(&mallory, "late").private(at(kept)), "late");
    }
    assert_eq!(bob.refuses(&says(&mallory, "far").private(at(26))), number(Code::GenerationTooFar));
}

/// Rule F11: a copy with a spoilt ciphertext uses up no key, though its sender data opens (RFC 9420 §9.2).
#[test]
fn a_spoilt_copy_does_not_kill_the_message() {
    let [alice, bob] = members(["alice", "bob"]);
    let text = "a text that is longer than the sample that sender data are encrypted with";
    for skipped in [0, 3] {
        (0..skipped).for_each(|_| drop(alice.group().encrypt(vec![], vec![], vec![]).unwrap()));
        let message = alice.group().encrypt(text.into(), vec![], vec![]).unwrap();
        for at_end in [1, 2, 16, 20] {
            let mut copy = message.clone();
            let at = copy.len() - at_end;
            copy[at] ^= 1;
            assert_eq!(bob.refuses(&copy), number(Code::BadCiphertext));
        }
        hears(&bob, &message, text);
    }
}

/// Rule F11: a member that seals under another's key, and cannot sign for it, uses up no key (RFC 9420 §9.2, §6.1).
#[test]
fn what_another_sealed_does_not_kill_the_message() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let honest = carol.group().encrypt(b"mine".to_vec(), vec![], vec![]).unwrap();
    let forged = says(&mallory, "mallory's").alter(|frame| {
        frame.content.sender = crate::message::Sender::Member(LeafIndex(2));
    });
    assert_eq!(bob.refuses(&forged.private(|_| ())), number(Code::BadSignature));
    hears(&bob, &honest, "mine");
}

/// Rule F11: an encrypted commit that fails uses up no key (RFC 9420 §9.2, §12.4.2).
#[test]
fn a_failed_commit_uses_up_no_key() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let proposal = || Frame::of(&mallory, Content::Proposal(Proposal::Remove(LeafIndex(9))));
    assert_eq!(bob.refuses(&proposal().private(|_| ())), number(Code::BadProposal));
    let commit = crate::message::Commit { proposals: vec![], path: None };
    let mut pathless = Frame::of(&mallory, Content::Commit(Box::new(commit)));
    pathless.confirmation_tag = Some(crate::crypto::Mac(Short::from(vec![0; 32])));
    assert_eq!(bob.refuses(&pathless.private(|_| ())), number(Code::BadPath));
    // The same generation, for a proposal that is good.
    let honest = Frame::of(&mallory, Content::Proposal(Proposal::Remove(LeafIndex(1)))).private(|_| ());
    assert!(matches!(bob.receive(&honest).unwrap(), Event::Proposal { .. }));
}

/// Rule F11: a replay is refused and destroys nothing, also after a restart (RFC 9420 §9.2).
#[test]
fn a_replay_destroys_nothing() {
    let [alice, bob] = members(["alice", "bob"]);
    let sent: Vec<Vec<u8>> = (0..3).map(|_| alice.group().encrypt(b"text".to_vec(), vec![], vec![]).unwrap()).collect();
    hears(&bob, &sent[1], "text");
    for _ in 0..2 {
        assert_eq!(bob.refuses(&sent[1]), number(Code::KeyGone));
    }
    let host = Host::new(bob.storage.clone(), std::sync::Arc::new(crate::AcceptAll));
    let client = crate::Client::new(ClientConfig::basic("bob"), host).unwrap();
    let group = Some(client.open_group(bob.group().id()).unwrap());
    let bob = Person { storage: bob.storage.clone(), client, group };
    assert_eq!(bob.refuses(&sent[1]), number(Code::KeyGone));
    hears(&bob, &sent[0], "text");
    hears(&bob, &sent[2], "text");
    for message in &sent {
        assert_eq!(bob.refuses(message), number(Code::KeyGone));
    }
}

/// Rule F12: a member can seal what another signed under a later key of the other's; the event tells the generation of the
/// key, and no key opens two messages (RFC 9420 §6.3.1, §9.2).
#[test]
fn the_generation_is_that_of_the_key() {
    let [_, bob, carol] = members(["mallory", "bob", "carol"]);
    for generation in [0, 5] {
        // Content and signature are the same, byte for byte.
        let event = bob.receive(&says(&carol, "once").private(at(generation))).unwrap();
        let Event::Message { generation: told, .. } = event else { panic!() };
        assert_eq!(told, generation);
        assert_eq!(bob.refuses(&says(&carol, "once").private(at(generation))), number(Code::KeyGone));
    }
    let misstated = says(&carol, "once").private(|envelope| (envelope.generation, envelope.stated_generation) = (7, 8));
    assert_eq!(bob.refuses(&misstated), number(Code::BadCiphertext));
}

/// Rule F13: padding is all zero (RFC 9420 §6.3.1).
#[test]
fn padding_is_all_zero() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for padding in [vec![1], vec![0, 0, 1], vec![0x80, 0, 0], [vec![0; 500], vec![1]].concat()] {
        let message = says(&mallory, "hello").private(|envelope| envelope.padding = padding.clone());
        assert_eq!(bob.refuses(&message), number(Code::BadPadding));
    }
    hears(&bob, &says(&mallory, "hello").private(|envelope| envelope.padding = vec![0; 500]), "hello");
}

/// Rule F13: the authenticated data of a message is what was encrypted with it (RFC 9420 §6.3.1).
#[test]
fn authenticated_data_is_exact() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let frame = || says(&mallory, "hello").alter(|frame| frame.content.authenticated_data = Opaque(b"seen".to_vec()));
    for other in [&b""[..], b"see", b"seen ", b"Seen"] {
        let message = frame().private(|envelope| envelope.authenticated_data = Opaque(other.to_vec()));
        assert_eq!(bob.refuses(&message), number(Code::BadCiphertext));
    }
    hears(&bob, &frame().private(|_| ()), "hello");
}

/// Rule F13: the kind of the content is authenticated with content and sender data (RFC 9420 §6.3.1, §6.3.2).
#[test]
fn the_kind_of_content_is_authenticated() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let honest = says(&mallory, "hello").private(|_| ());
    let place = 4 + 1 + bob.group().id().len() + 8;
    assert_eq!(honest[place], 1);
    for (kind, code) in [(0, Code::Malformed), (2, Code::BadCiphertext), (3, Code::BadCiphertext), (4, Code::Malformed)]
    {
        let mut other = honest.clone();
        other[place] = kind;
        assert_eq!(bob.refuses(&other), number(code));
    }
    hears(&bob, &honest, "hello");
}

/// Rule F13: what says that it comes from us is told apart, and changes nothing (RFC 9420 §6.3.2).
#[test]
fn our_own_message_is_an_echo() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let own = bob.group().encrypt(b"mine".to_vec(), vec![], vec![]).unwrap();
    let before = bob.storage.records();
    assert_eq!(bob.receive(&own).unwrap(), Event::OwnEcho);
    // Written by mallory, in bob's name.
    let forged = says(&mallory, "not mine").private(|envelope| envelope.leaf_index = 1);
    assert_eq!(bob.receive(&forged).unwrap(), Event::OwnEcho);
    assert!(bob.storage.records() == before);
    hears(&mallory, &own, "mine");
}

/// Rule F13: a commit of ours that this store does not know is not taken for an echo (RFC 9420 §12.4.2).
#[test]
fn a_commit_of_ours_that_is_unknown_is_refused() {
    let [_, bob] = members(["mallory", "bob"]);
    let elsewhere = Plot::of(&bob, vec![]).send();
    assert_eq!(bob.refuses(&elsewhere), number(Code::OwnMessage));
    let discarded = bob.group().new_commit().build().unwrap().commit;
    bob.group().discard_commit(None).unwrap();
    assert_eq!(bob.refuses(&discarded), number(Code::OwnCommitDiscarded));
}

/// Rule F9: a late message is held to the member that was at the leaf then, not to the one that is there now (RFC 9420
/// §6.1, §15.3).
#[test]
fn a_late_message_is_of_who_was_there() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let late = carol.group().encrypt(b"goodbye".to_vec(), vec![], vec![]).unwrap();
    let dave = Person::of("dave");
    let forged = says(&carol, "forged").private(at(3));
    let changing = alice.group().new_commit().remove(2).unwrap().add(dave.key_package()).unwrap().build().unwrap();
    alice.group().confirm_commit(None, vec![]).unwrap();
    bob.receive(&changing.commit).unwrap();
    assert_eq!(bob.view().leaf(LeafIndex(2)).credential, dave.package().leaf_node.credential);
    let Event::Message { sender, .. } = bob.receive(&late).unwrap() else { panic!() };
    assert_eq!(sender.client_id, b"carol");
    let Event::Message { sender, .. } = bob.receive(&forged).unwrap() else { panic!() };
    assert_eq!(sender.client_id, b"carol");
    // Dave, who has her leaf now, cannot have written in the epoch before: his signature is not hers.
    let by_dave = Frame::in_view(
        &dave,
        alice.view(),
        (crate::message::Sender::Member(LeafIndex(2)), Content::Proposal(Proposal::Remove(LeafIndex(0)))),
    );
    bob.receive(&by_dave.public()).unwrap();
    let by_carol = Frame::in_view(
        &carol,
        alice.view(),
        (crate::message::Sender::Member(LeafIndex(2)), Content::Proposal(Proposal::Remove(LeafIndex(1)))),
    );
    assert_eq!(bob.refuses(&by_carol.public()), number(Code::BadSignature));
}
