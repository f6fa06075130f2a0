//! Proposals and lists of them (RFC 9420 §12.1, §12.2, §12.3).

use std::sync::Arc;

use super::custom::{custom, versed};
use super::frame::Frame;
use super::people::*;
use super::plot::Plot;
use crate::Event;
use crate::base::{CipherSuite, Code, GroupId, ProtocolVersion};
use crate::codec::{Opaque, Short};
use crate::message::{Content, Message, Proposal, ProposalOrRef, ReInit, Sender};
use crate::tree::{ExtensionType, Extensions};

fn extensions(numbers: &[u16]) -> Proposal {
    let mut list = Extensions::default();
    numbers.iter().for_each(|number| list.put(ExtensionType(*number), vec![0; 3]));
    Proposal::GroupContextExtensions(list)
}

/// That a commit with these proposals by value is refused, and an empty one is not.
pub(super) fn refuses_list(code: Code, proposals: Vec<Proposal>) {
    let [mallory, bob, _, _] = members(["mallory", "bob", "carol", "dave"]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, proposals).send()), number(code));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// That a proposal is refused alone as well as in a commit.
fn refuses_proposal(code: Code, proposal: Proposal) {
    let [mallory, bob, _, _] = members(["mallory", "bob", "carol", "dave"]);
    assert_eq!(bob.refuses(&Frame::of(&mallory, Content::Proposal(proposal.clone())).public()), number(code));
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![proposal]).send()), number(code));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule P1: the committer does not update itself by a proposal (RFC 9420 §12.2).
#[test]
fn the_committer_does_not_update_itself() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let by_value = Plot::of(&mallory, vec![mallory.update(|_| ())]).send();
    assert_eq!(bob.refuses(&by_value), number(Code::BadProposalList));
    deliver(&mallory.group().propose_update(vec![]).unwrap(), &[&bob, &carol]);
    let by_reference = Plot::naming(&mallory, mallory.references()).send();
    assert_eq!(bob.refuses(&by_reference), number(Code::BadProposalList));
    // Someone else may commit it.
    bob.receive(&Plot::naming(&carol, carol.references()).send()).unwrap();
}

/// Rule P1: the committer does not remove itself (RFC 9420 §12.2).
#[test]
fn the_committer_does_not_remove_itself() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let by_value = Plot::of(&mallory, vec![remove(0)]).pathless().send();
    assert_eq!(bob.refuses(&by_value), number(Code::BadProposalList));
    let proposal = bob.group().propose_remove(0, vec![]).unwrap();
    deliver(&proposal, &[&mallory, &carol]);
    let by_reference = Plot::naming(&mallory, mallory.references()).pathless().send();
    assert_eq!(carol.refuses(&by_reference), number(Code::BadProposalList));
    carol.receive(&bob.refresh()).unwrap();
}

/// Rule P1: one leaf is not removed twice (RFC 9420 §12.2).
#[test]
fn a_leaf_is_removed_once() {
    refuses_list(Code::BadProposalList, vec![remove(2), remove(2)]);
    refuses_list(Code::BadProposalList, vec![remove(2), remove(3), remove(2)]);
}

/// Rule P1: one leaf is not updated twice (RFC 9420 §12.2).
#[test]
fn a_leaf_is_updated_once() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    for _ in 0..2 {
        deliver(&carol.propose(carol.update(|_| ())), &[&mallory, &bob]);
    }
    let both = mallory.references();
    assert_eq!(both.len(), 2);
    assert_eq!(bob.refuses(&Plot::naming(&mallory, both.clone()).send()), number(Code::BadProposalList));
    bob.receive(&Plot::naming(&mallory, both[..1].to_vec()).send()).unwrap();
}

/// Rule P1: one leaf is not both updated and removed (RFC 9420 §12.2).
#[test]
fn a_leaf_is_not_updated_and_removed() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    deliver(&carol.propose(carol.update(|_| ())), &[&mallory, &bob]);
    let mut both = mallory.references();
    both.push(ProposalOrRef::Proposal(remove(2)));
    assert_eq!(bob.refuses(&Plot::naming(&mallory, both.clone()).send()), number(Code::BadProposalList));
    both.rotate_left(1);
    assert_eq!(bob.refuses(&Plot::naming(&mallory, both).send()), number(Code::BadProposalList));
    bob.receive(&Plot::of(&mallory, vec![remove(2)]).send()).unwrap();
}

/// Rule P1: where an Update and a Remove of one leaf wait, our own commit takes the Remove (RFC 9420 §12.2).
#[test]
fn a_remove_beats_an_update() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    deliver(&carol.propose(carol.update(|_| ())), &[&alice, &bob]);
    deliver(&bob.group().propose_remove(2, vec![]).unwrap(), &[&alice, &carol]);
    let Event::EpochChanged { change } = bob.receive(&alice.refresh()).unwrap() else { panic!() };
    assert_eq!((change.removed.len(), change.updated.len()), (1, 0));
}

/// Rule P2: a client that is a member is not added, unless the same commit removes it (RFC 9420 §12.2).
#[test]
fn a_member_is_not_added_again() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    // The same client with another signature key, and another client with its signature key.
    let twin = Person::of("carol");
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![twin.add()]).send()), number(Code::KeyReused));
    let renamed = carol.add_altered(|key_package| {
        key_package.leaf_node.credential = crate::tree::Credential::Basic(Opaque(b"caroline".to_vec()));
    });
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![renamed]).send()), number(Code::KeyReused));
    bob.receive(&Plot::of(&mallory, vec![carol.add(), remove(2)]).send()).unwrap();
}

/// Rule P2: no client is added twice (RFC 9420 §12.2).
#[test]
fn nobody_is_added_twice() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let (carol, twin) = (Person::of("carol"), Person::of("carol"));
    let add = carol.add();
    let refused = |adds: Vec<Proposal>| bob.refuses(&Plot::of(&mallory, adds).send());
    assert_eq!(refused(vec![add.clone(), add.clone()]), number(Code::BadProposalList));
    assert_eq!(refused(vec![add.clone(), carol.add()]), number(Code::KeyReused));
    assert_eq!(refused(vec![add.clone(), twin.add()]), number(Code::KeyReused));
    bob.receive(&Plot::of(&mallory, vec![add]).send()).unwrap();
}

/// Rule L4, P2: init keys are unique among the Adds of a commit (RFC 9420 §12.2).
#[test]
fn two_clients_have_two_init_keys() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let (carol, dave) = (Person::of("carol"), Person::of("dave"));
    let package = carol.package();
    let init_key = package.init_key.clone();
    let same = dave.add_altered(|key_package| key_package.init_key = init_key.clone());
    let adds = vec![Proposal::Add(Arc::new(package).into()), same];
    assert_eq!(bob.refuses(&Plot::of(&mallory, adds).send()), number(Code::BadProposalList));
    bob.receive(&Plot::of(&mallory, vec![carol.add(), dave.add()]).send()).unwrap();
}

/// Rule P3: a Remove names a member (RFC 9420 §12.1.3).
#[test]
fn a_blank_leaf_is_not_removed() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    for leaf in [3, 4, 100, u32::MAX] {
        let proposal = Frame::of(&mallory, Content::Proposal(remove(leaf))).public();
        assert_eq!(bob.refuses(&proposal), number(Code::BadProposal));
        assert_eq!(bob.refuses(&Plot::of(&mallory, vec![remove(leaf)]).send()), number(Code::BadProposal));
    }
    bob.receive(&Plot::of(&mallory, vec![remove(2)]).send()).unwrap();
}

/// Rule P5: the group's extensions are replaced once in a commit (RFC 9420 §12.2).
#[test]
fn extensions_are_replaced_once() {
    refuses_list(Code::BadProposalList, vec![extensions(&[]), extensions(&[])]);
    refuses_list(Code::BadProposalList, vec![extensions(&[3]), remove(2), extensions(&[])]);
}

/// Rule P5: the group's extensions are such as belong there, and decode (RFC 9420 §12.1.7, §13.4).
#[test]
fn group_extensions_belong_to_groups() {
    for misplaced in [1, 2, 4] {
        refuses_proposal(Code::WrongContent, extensions(&[misplaced]));
    }
    // Three bytes that are no list of external senders.
    let mut list = Extensions::default();
    list.put(ExtensionType::EXTERNAL_SENDERS, vec![2, 0xff, 0xff]);
    refuses_proposal(Code::BadVector, Proposal::GroupContextExtensions(list));
}

fn reinit(version: u16) -> Proposal {
    Proposal::ReInit(ReInit {
        group_id: GroupId(vec![9; 16]),
        version: ProtocolVersion(version),
        cipher_suite: CipherSuite(1),
        extensions: Extensions::default(),
    })
}

/// Rule P5: a ReInit stands alone (RFC 9420 §12.2).
#[test]
fn a_reinit_stands_alone() {
    refuses_list(Code::BadProposalList, vec![reinit(1), remove(2)]);
    refuses_list(Code::BadProposalList, vec![remove(2), reinit(1)]);
    refuses_list(Code::BadProposalList, vec![reinit(1), reinit(1)]);
    refuses_list(Code::BadProposalList, vec![Person::of("eve").add(), reinit(1)]);
}

/// Rule P5: a ReInit does not lower the protocol version, and its extensions are those of a group (RFC 9420 §12.1.5).
#[test]
fn a_reinit_leads_upward() {
    refuses_proposal(Code::BadProposal, reinit(0));
    let Proposal::ReInit(mut misplaced) = reinit(1) else { panic!() };
    misplaced.extensions.put(ExtensionType::RATCHET_TREE, vec![0]);
    refuses_proposal(Code::WrongContent, Proposal::ReInit(misplaced));
}

/// Rule P5: after a ReInit the group takes no proposal and no commit (RFC 9420 §11.2).
#[test]
fn a_reinit_closes_the_group() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let commit = Plot::of(&mallory, vec![reinit(1)]).pathless().send();
    for one in [&bob, &carol] {
        assert!(matches!(one.receive(&commit).unwrap(), Event::Reinit { .. }));
    }
    // Carol could still make all of this in the last epoch.
    let proposal = Frame::of(&carol, Content::Proposal(remove(0))).public();
    assert_eq!(bob.refuses(&proposal), number(Code::Frozen));
    assert_eq!(bob.refuses(&Plot::of(&carol, vec![]).send()), number(Code::Frozen));
    assert_eq!(bob.unmoved(|| bob.group().encrypt(vec![1], vec![], vec![]).map(drop)), number(Code::Frozen));
    assert_eq!(bob.unmoved(|| bob.group().new_commit().build().map(drop)), number(Code::Frozen));
}

/// Rule P6: an ExternalInit stands in no member's commit, and is proposed by nobody (RFC 9420 §12.2, §12.1.6).
#[test]
fn a_member_brings_no_external_init() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let view = mallory.view();
    let (_, public) = crate::schedule::external_keys(view.suite, &view.secrets.external_secret).unwrap();
    let (kem_output, _) = crate::schedule::external_init_to(view.suite, &public).unwrap();
    let external_init = Proposal::ExternalInit(kem_output);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![external_init.clone()]).send()), number(Code::BadProposalList));
    let proposal = Frame::of(&mallory, Content::Proposal(external_init)).public();
    assert_eq!(bob.refuses(&proposal), number(Code::BadProposal));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule P10: extensions, Updates, Removes and Adds are applied in this order, in whatever order they are listed; an Add takes
/// the leftmost free leaf (RFC 9420 §12.3, §12.1.1).
#[test]
fn proposals_are_applied_in_their_order() {
    let [mallory, bob, carol, dave] = members(["mallory", "bob", "carol", "dave"]);
    deliver(&dave.group().propose_update(vec![]).unwrap(), &[&mallory, &bob, &carol]);
    let by_value = [Person::of("eve").add(), Person::of("fred").add(), remove(2), extensions(&[3])];
    let mut listed: Vec<ProposalOrRef> = by_value.into_iter().map(ProposalOrRef::Proposal).collect();
    listed.extend(mallory.references());
    let commit = Plot::naming(&mallory, listed).send();
    let Event::EpochChanged { change } = bob.receive(&commit).unwrap() else { panic!() };
    let leaves: Vec<u32> = change.added.iter().map(|member| member.leaf).collect();
    assert_eq!(leaves, [2, 4]);
    assert_eq!((change.removed[0].leaf, change.updated[0].leaf), (2, 3));
    dave.receive(&commit).unwrap();
    agree(&[&bob, &dave]);
}

/// Rule P10: the tree is cut to half its width when its right half is empty (RFC 9420 §7.7, §12.1.3).
#[test]
fn the_tree_is_truncated_after_removals() {
    let [mallory, bob, _, _, _] = members(["mallory", "bob", "carol", "dave", "eve"]);
    let commit = Plot::of(&mallory, vec![remove(2), remove(4), remove(3)]).send();
    bob.receive(&commit).unwrap();
    assert_eq!(bob.view().tree.width(), 2);
}

/// Rule +: a commit names each proposal once, and not more than may wait (RFC 9420 §12.4).
#[test]
fn a_commit_names_each_proposal_once() {
    let [mallory, bob, carol] = group_of(["mallory", "bob", "carol"].map(|name| versed(name, &[0xf00d])));
    // Of its type there may be two, each named once.
    deliver(&carol.propose(custom(0xf00d)), &[&mallory, &bob]);
    let one = mallory.references();
    let twice = Plot::naming(&mallory, [one.clone(), one.clone()].concat()).send();
    assert_eq!(bob.refuses(&twice), number(Code::BadProposalList));
    let many = (0..=crate::base::limits::MAX_PENDING_PROPOSALS).map(|number| reference(number, 32));
    let commit = Plot::of(&mallory, vec![]).commit(move |commit| commit.proposals = many.clone().collect()).send();
    assert_eq!(bob.refuses(&commit), number(Code::BadProposalList));
    bob.receive(&Plot::naming(&mallory, one).send()).unwrap();
}

fn reference(number: u32, length: usize) -> ProposalOrRef {
    let mut bytes = vec![0; length];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    ProposalOrRef::Reference(crate::crypto::Digest(Short::from(bytes)))
}

/// Rule +: a commit names proposals that were received, by references that are hashes of the suite (RFC 9420 §12.4, §5.2).
#[test]
fn a_commit_names_proposals_that_came() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for length in [4, 31, 32, 33, 4096] {
        let commit = Plot::naming(&mallory, vec![reference(1, length)]).send();
        assert_eq!(bob.refuses(&commit), number(Code::UnknownProposal));
    }
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule +: who is no member proposes its own Add and nothing else (RFC 9420 §12.1.8).
#[test]
fn a_stranger_asks_to_be_added() {
    let [alice, bob, _] = members(["alice", "bob", "carol"]);
    let eve = Person::of("eve");
    let asks = |proposal| Frame::in_view(&eve, alice.view(), (Sender::NewMemberProposal, Content::Proposal(proposal)));
    for proposal in [remove(2), extensions(&[]), reinit(1), custom(0xf00d)] {
        assert_eq!(bob.refuses(&asks(proposal).public()), number(Code::BadSender));
    }
    // A key package that eve did not make.
    assert_eq!(bob.refuses(&asks(Person::of("fred").add()).public()), number(Code::BadSignature));
    let event = bob.receive(&asks(eve.add()).public()).unwrap();
    assert!(matches!(event, Event::Proposal { author: crate::Author::NewMember, .. }));
}

/// Rule +: strangers have a small share of the proposals that wait (RFC 9420 §12.1.8, §16).
#[test]
fn strangers_have_a_small_share_of_what_waits() {
    let [alice, bob] = members(["alice", "bob"]);
    let stranger = Person::of("carol");
    let Message::KeyPackage(key_package) = Message::decode(&stranger.key_package()).unwrap() else { panic!() };
    let ask = |number: u32| {
        let content = (Sender::NewMemberProposal, Content::Proposal(Proposal::Add(key_package.clone().shared())));
        let frame = Frame::in_view(&stranger, alice.view(), content);
        frame.alter(|frame| frame.content.authenticated_data = Opaque(number.to_be_bytes().to_vec())).public()
    };
    let most = crate::base::limits::MAX_PENDING_OF_STRANGERS;
    (0..most).for_each(|number| deliver(&ask(number), &[&alice]));
    assert_eq!(alice.refuses(&ask(most)), number(Code::LimitReached));
    // Members are not kept from proposing, and what waits is found again over several pages.
    deliver(&bob.group().propose_update(vec![]).unwrap(), &[&alice]);
    assert_eq!(alice.group().pending_proposals().unwrap().len(), most as usize + 1);
}

/// Rule +: all that waits is found again, over several pages of the store, in its order (RFC 9420 §12.4).
#[test]
fn all_that_waits_is_found_over_several_pages() {
    let [_, bob] = members(["alice", "bob"]);
    for number in 0..70_u8 {
        bob.group().propose_psk(vec![number], vec![]).unwrap();
    }
    let waiting = bob.inside(|txn, state, _| crate::group::proposals::waiting(state, txn).unwrap());
    assert!(waiting.iter().map(|(_, known)| known.number).eq(0..70));
}
