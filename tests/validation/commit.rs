//! Commits (RFC 9420 §8, §12.4).

use super::frame::Frame;
use super::letter::Letter;
use super::people::*;
use super::plot::Plot;
use crate::Event;
use crate::base::{Code, Epoch, LeafIndex, Secret};
use crate::codec::encode;
use crate::message::{Content, Proposal, ProposalOrRef};
use crate::tree::{ExtensionType, Extensions};

pub(super) fn extensions() -> Proposal {
    let mut list = Extensions::default();
    list.put(ExtensionType::REQUIRED_CAPABILITIES, vec![0; 3]);
    Proposal::GroupContextExtensions(list)
}

/// That a commit is refused, and the same without what was done to it is not.
pub(super) fn refuses(code: Code, proposals: &[Proposal], twist: impl for<'a> Fn(Plot<'a>) -> Plot<'a>) {
    let [mallory, bob, _, _] = members(["mallory", "bob", "carol", "dave"]);
    let plot = || Plot::of(&mallory, proposals.to_vec());
    assert_eq!(bob.refuses(&twist(plot()).send()), number(code));
    bob.receive(&plot().send()).unwrap();
}

/// Rule C3: path secrets are sealed under the new epoch, the new tree hash, the new extensions and the old confirmed
/// transcript hash (RFC 9420 §12.4.1).
#[test]
fn path_secrets_are_sealed_under_the_provisional_context() {
    let [mallory, bob, _, _] = members(["mallory", "bob", "carol", "dave"]);
    let old = mallory.view().context;
    let plot = || Plot::of(&mallory, vec![extensions()]);
    let refused = |plot: Plot<'_>| assert_eq!(bob.refuses(&plot.send()), number(Code::BadCiphertext));
    refused(plot().sealed_under(|context| context.epoch = old.epoch));
    refused(plot().sealed_under(|context| context.epoch = Epoch(old.epoch.0 + 2)));
    refused(plot().sealed_under(|context| context.tree_hash = old.tree_hash.clone()));
    refused(plot().sealed_under(|context| context.extensions = old.extensions.clone()));
    refused(plot().sealed_under(|context| context.confirmed_transcript_hash.0.0[0] ^= 1));
    refused(plot().sealed_under(|context| *context = old.clone()));
    bob.receive(&plot().send()).unwrap();
}

/// Rule C3: a commit is signed under the old group context (RFC 9420 §6.1, §12.4.1).
#[test]
fn a_commit_is_signed_under_the_old_context() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let new = std::cell::RefCell::new(Vec::new());
    let commit = Plot::of(&mallory, vec![])
        .sealed_under(|provisional| *new.borrow_mut() = encode(provisional).unwrap())
        .frame(|frame| frame.signed_under = new.borrow().clone())
        .send();
    // The tag covers what was signed, and comes first.
    assert_eq!(bob.refuses(&commit), number(Code::BadMac));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule C3: every part of the new group context is in the key schedule (RFC 9420 §8, §8.1).
#[test]
fn the_new_context_is_in_the_key_schedule() {
    refuses(Code::BadCiphertext, &[], |plot| plot.context(|context| context.epoch = Epoch(context.epoch.0 + 1)));
    refuses(Code::BadMac, &[Person::of("eve").add()], |plot| {
        plot.pathless().context(|context| context.tree_hash.0.0[0] ^= 1)
    });
    refuses(Code::BadMac, &[Person::of("eve").add()], |plot| {
        plot.pathless().context(|context| context.extensions.put(ExtensionType(0xf00d), vec![]))
    });
}

/// Rule C4: the commit secret is the path secret one step past the last node (RFC 9420 §7.4).
#[test]
fn the_commit_secret_is_one_step_past_the_path() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let last = mallory.view();
    let length = last.suite.secret_length();
    refuses(Code::BadMac, &[], move |plot| plot.commit_secret(move |secret| *secret = Secret::zero(length)));
    refuses(Code::BadMac, &[], |plot| {
        let suite = crate::crypto::Suite::ALL.first().unwrap();
        plot.commit_secret(move |secret| *secret = suite.derive_secret(secret, "path").unwrap())
    });
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule C4: without a path the commit secret is all zero (RFC 9420 §8, §12.4.2).
#[test]
fn the_commit_secret_is_zero_without_a_path() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let add = || vec![Person::of("carol").add()];
    for other in [Secret::zero(0), Secret::zero(33), Secret::copy_of(&[1; 32])] {
        let commit = Plot::of(&mallory, add()).pathless().commit_secret(|secret| *secret = other.duplicate());
        assert_eq!(bob.refuses(&commit.send()), number(Code::BadMac));
    }
    bob.receive(&Plot::of(&mallory, add()).pathless().send()).unwrap();
}

/// Rule C5: a commit whose confirmation tag is wrong changes nothing, and the group goes on (RFC 9420 §12.4.2).
#[test]
fn an_unconfirmed_commit_changes_nothing() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let with_much = || vec![Person::of("dave").add(), remove(2), extensions()];
    let commit = Plot::of(&mallory, with_much()).tag(|tag| tag.0.0[0] ^= 1).send();
    assert_eq!(bob.refuses(&commit), number(Code::BadMac));
    // Carol, who is removed by it, has no way to tell (RFC 9420 §12.4.2: she does not know the new epoch).
    let honest = mallory.refresh();
    for one in [&bob, &carol] {
        one.receive(&honest).unwrap();
    }
    agree(&[&mallory, &bob, &carol]);
}

/// Rule C5: making a commit changes nothing but what waits (RFC 9420 §14).
#[test]
fn making_a_commit_changes_nothing() {
    let [alice, bob] = members(["alice", "bob"]);
    let before = alice.group().epoch_authenticator().unwrap();
    alice.group().new_commit().add(Person::of("carol").key_package()).unwrap().build().unwrap();
    assert_eq!(alice.group().epoch_authenticator().unwrap(), before);
    assert_eq!(alice.group().status().unwrap().members, 2);
    let message = bob.group().encrypt(b"still here".to_vec(), vec![], vec![]).unwrap();
    assert!(matches!(alice.receive(&message).unwrap(), Event::Message { epoch: 1, .. }));
    alice.group().discard_commit(None).unwrap();
    alice.receive(&bob.refresh()).unwrap();
    agree(&[&alice, &bob]);
}

/// Rule C6: another member's commit takes the place of ours that waits, which does not enter into it (RFC 9420 §14).
#[test]
fn a_commit_of_another_comes_first() {
    let [mallory, bob] = members(["mallory", "bob"]);
    bob.group().new_commit().remove(0).unwrap().build().unwrap();
    let commit = Plot::of(&mallory, vec![]).send();
    let Event::EpochChanged { change } = bob.receive(&commit).unwrap() else { panic!() };
    assert_eq!(change.lost_commit.unwrap().len(), 1);
    assert!(bob.group().pending_commit().unwrap().is_none());
    assert_eq!(bob.unmoved(|| bob.group().confirm_commit(None, vec![]).map(drop)), number(Code::NoPendingCommit));
}

/// Rule C6: a forged commit does not touch ours that waits (RFC 9420 §14).
#[test]
fn a_forged_commit_leaves_ours_waiting() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let ours = bob.group().new_commit().build().unwrap().commit;
    let forged = Plot::of(&mallory, vec![]).tag(|tag| tag.0.0[0] ^= 1).send();
    assert_eq!(bob.refuses(&forged), number(Code::BadMac));
    bob.receive(&ours).unwrap();
    mallory.receive(&ours).unwrap();
    agree(&[&mallory, &bob]);
}

/// Rule C6: a commit that removes us ends our part, also while one of ours waits (RFC 9420 §12.4.2, §14).
#[test]
fn a_commit_may_remove_us_while_ours_waits() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let ours = bob.group().new_commit().build().unwrap().commit;
    let event = bob.receive(&Plot::of(&mallory, vec![remove(1)]).send()).unwrap();
    assert!(matches!(event, Event::Removed { .. }));
    assert!(bob.group().pending_commit().unwrap().is_none());
    assert_eq!(bob.refuses(&ours), number(Code::Removed));
    assert_eq!(bob.unmoved(|| bob.group().confirm_commit(None, vec![]).map(drop)), number(Code::NoPendingCommit));
}

/// Rule C6: an external commit takes the place of ours that waits (RFC 9420 §12.4.3.2, §14).
#[test]
fn an_external_commit_comes_first() {
    let [alice, bob] = members(["alice", "bob"]);
    bob.group().new_commit().build().unwrap();
    let carol = Person::of("carol");
    let commit = Plot::joining(&carol, &alice, vec![]).send();
    for one in [&alice, &bob] {
        assert!(matches!(one.receive(&commit).unwrap(), Event::EpochChanged { .. }));
    }
    agree(&[&alice, &bob]);
    assert!(bob.group().pending_commit().unwrap().is_none());
}

/// Rule C7: a commit that brings a new signature key is signed with the old one, its leaf with the new one, and so is all that
/// comes after it (RFC 9420 §12.4.1, §12.4.3).
#[test]
fn a_new_signature_key_signs_what_comes_after() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let (renewed, carol) = (Person::of("mallory"), Person::of("carol"));
    let key = renewed.host().identities[0].public_key.clone();
    let place = (crate::base::GroupId(bob.group().id()), LeafIndex(0));
    let plot = |signer| {
        Plot::signed_by(signer, mallory.view(), vec![ProposalOrRef::Proposal(carol.add())])
            .leaf(|leaf| leaf.signature_key = key.clone())
            .signed_leaf(|leaf| renewed.sign_leaf(leaf, Some((&place.0, place.1))))
    };
    assert_eq!(bob.refuses(&plot(&renewed).send()), number(Code::BadSignature));
    let unsigned = Plot::of(&mallory, vec![carol.add()]).leaf(|leaf| leaf.signature_key = key.clone());
    assert_eq!(bob.refuses(&unsigned.send()), number(Code::BadSignature));
    let (for_old, for_new) = (plot(&mallory).carry_out(), plot(&mallory).carry_out());
    bob.receive(&for_new.message).unwrap();
    assert_eq!(carol.refuses_welcome(&Letter::of(for_old).send(), None), number(Code::BadSignature));
    carol.join(&Letter::of(for_new).signed_by(&renewed).send(), None).unwrap();
    let by_old = Frame::in_view(
        &mallory,
        bob.view(),
        (crate::message::Sender::Member(LeafIndex(0)), Content::Proposal(remove(1))),
    );
    assert_eq!(bob.refuses(&by_old.public()), number(Code::BadSignature));
    let by_new = Frame::in_view(
        &renewed,
        bob.view(),
        (crate::message::Sender::Member(LeafIndex(0)), Content::Proposal(remove(1))),
    );
    bob.receive(&by_new.public()).unwrap();
}

/// Rule +: a commit has a confirmation tag of its own; the interim transcript hash of the next epoch takes it in (RFC 9420
/// §8.2).
#[test]
fn the_transcript_goes_on_from_the_last_commit() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let stale = Plot::of(&mallory, vec![]).frame(|frame| frame.view.secrets.interim_transcript_hash.0.0[0] ^= 1).send();
    assert_eq!(bob.refuses(&stale), number(Code::BadMac));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule +: who has seen proposals commits them before it encrypts (RFC 9420 §12.4).
#[test]
fn proposals_are_committed_before_data_is_sent() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    bob.receive(&Frame::of(&mallory, Content::Proposal(remove(2))).public()).unwrap();
    let encrypt = || bob.group().encrypt(b"hello".to_vec(), vec![], vec![]).map(drop);
    assert_eq!(bob.unmoved(encrypt), number(Code::PendingProposals));
    bob.refresh();
    encrypt().unwrap();
}
