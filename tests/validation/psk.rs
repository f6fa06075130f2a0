//! Pre-shared keys and groups that follow from others (RFC 9420 §8.4, §8.6, §11.2, §11.3, §12.1.4).

use super::frame::Frame;
use super::letter::Letter;
use super::people::*;
use super::plot::Plot;
use crate::Event;
use crate::base::{CipherSuite, Code, Epoch, GroupId, LeafIndex, ProtocolVersion, Secret};
use crate::client::ClientConfig;
use crate::codec::Opaque;
use crate::message::{Content, Proposal, ReInit};
use crate::schedule::{PreSharedKeyId, Psk, ResumptionPskUsage};
use crate::tree::Extensions;

fn external(name: u8, nonce: u8) -> PreSharedKeyId {
    PreSharedKeyId { psk: Psk::External(Opaque(vec![name])), psk_nonce: Opaque(vec![nonce; 32]) }
}

/// The key of an external id: everyone has it.
fn key(name: u8) -> Secret {
    Secret::copy_of(&[name; 32])
}

fn give(one: &Person, names: &[u8]) {
    names.iter().for_each(|name| one.client.put_psk(vec![*name], vec![*name; 32]).unwrap());
}

fn proposed(ids: &[PreSharedKeyId]) -> Vec<Proposal> {
    ids.iter().cloned().map(Proposal::PreSharedKey).collect()
}

/// A commit that mixes these keys in, in this order.
fn mixing<'a>(mallory: &'a Person, ids: &[PreSharedKeyId]) -> Plot<'a> {
    let keys = ids.iter().map(|id| match &id.psk {
        Psk::External(name) => (id.clone(), key(name[0])),
        Psk::Resumption { .. } => (id.clone(), Secret::zero(32)),
    });
    Plot::of(mallory, proposed(ids)).pathless().psks(keys.collect())
}

/// Rule P4: the nonce of a pre-shared key has the length of the suite's secrets (RFC 9420 §8.4, §12.1.4).
#[test]
fn a_nonce_has_the_length_of_secrets() {
    let [mallory, bob] = members(["mallory", "bob"]);
    give(&bob, &[1]);
    for length in [0, 16, 31, 33, 64] {
        let id = PreSharedKeyId { psk_nonce: Opaque(vec![7; length]), ..external(1, 7) };
        let proposal = Frame::of(&mallory, Content::Proposal(Proposal::PreSharedKey(id.clone()))).public();
        assert_eq!(bob.refuses(&proposal), number(Code::BadProposal));
        assert_eq!(bob.refuses(&mixing(&mallory, &[id]).send()), number(Code::BadProposal));
    }
    bob.receive(&mixing(&mallory, &[external(1, 7)]).send()).unwrap();
}

/// Rule P4: a commit names no pre-shared key twice; the same key under another nonce is another (RFC 9420 §12.2).
#[test]
fn a_key_is_named_once() {
    let [mallory, bob] = members(["mallory", "bob"]);
    give(&bob, &[1]);
    let twice = mixing(&mallory, &[external(1, 7), external(1, 7)]).send();
    assert_eq!(bob.refuses(&twice), number(Code::BadProposalList));
    bob.receive(&mixing(&mallory, &[external(1, 7), external(1, 8)]).send()).unwrap();
}

/// Rule P4: resumption keys for a ReInit or a branch are proposed nowhere (RFC 9420 §12.1.4).
#[test]
fn a_linking_key_is_not_proposed() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for usage in [ResumptionPskUsage::ReInit, ResumptionPskUsage::Branch] {
        let psk = Psk::Resumption { usage, psk_group_id: GroupId(bob.group().id()), psk_epoch: Epoch(1) };
        let id = PreSharedKeyId { psk, psk_nonce: Opaque(vec![7; 32]) };
        let proposal = Frame::of(&mallory, Content::Proposal(Proposal::PreSharedKey(id.clone()))).public();
        assert_eq!(bob.refuses(&proposal), number(Code::BadProposal));
        let secret = mallory.inside(|_, state, _| state.epoch.resumption_psk.duplicate());
        let commit = Plot::of(&mallory, proposed(std::slice::from_ref(&id))).pathless().psks(vec![(id, secret)]);
        assert_eq!(bob.refuses(&commit.send()), number(Code::BadProposal));
    }
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule P4: a key that is not known here refuses the commit, which can be received when the key has come (RFC 9420 §8.4).
#[test]
fn an_unknown_key_refuses_the_commit() {
    let [mallory, bob, _] = members(["mallory", "bob", "carol"]);
    let commit = mixing(&mallory, &[external(1, 7)]).send();
    assert_eq!(bob.refuses(&commit), number(Code::UnknownPsk));
    bob.client.put_psk(vec![1], vec![9; 32]).unwrap();
    assert_eq!(bob.refuses(&commit), number(Code::BadMac));
    give(&bob, &[1]);
    bob.receive(&commit).unwrap();
}

/// Rule P4: pre-shared keys enter the key schedule in the order of their proposals (RFC 9420 §8.4, §12.4.2).
#[test]
fn keys_enter_in_their_order() {
    let [mallory, bob] = members(["mallory", "bob"]);
    give(&bob, &[1, 2]);
    let (one, other) = (external(1, 7), external(2, 7));
    let keys = |ids: [&PreSharedKeyId; 2]| {
        let named = |id: &PreSharedKeyId| match &id.psk {
            Psk::External(name) => (id.clone(), key(name[0])),
            Psk::Resumption { .. } => panic!(),
        };
        ids.map(named).into()
    };
    let both = [one.clone(), other.clone()];
    let turned = Plot::of(&mallory, proposed(&both)).pathless().psks(keys([&other, &one])).send();
    assert_eq!(bob.refuses(&turned), number(Code::BadMac));
    let left_out = Plot::of(&mallory, proposed(&both)).pathless().psks(vec![(one.clone(), key(1))]).send();
    assert_eq!(bob.refuses(&left_out), number(Code::BadMac));
    bob.receive(&mixing(&mallory, &both).send()).unwrap();
}

/// The resumption key of an epoch of mallory's group.
fn resumption(mallory: &Person, epoch: u64) -> (PreSharedKeyId, Secret) {
    let usage = ResumptionPskUsage::Application;
    let psk = Psk::Resumption { usage, psk_group_id: GroupId(mallory.group().id()), psk_epoch: Epoch(epoch) };
    let secret = mallory.inside(|txn, state, _| {
        let record: crate::group::epoch::EpochRecord = txn.require(&state.keys.epoch(Epoch(epoch))).unwrap();
        record.resumption_psk
    });
    (PreSharedKeyId { psk, psk_nonce: Opaque(vec![7; 32]) }, secret)
}

fn resuming<'a>(mallory: &'a Person, resumed: (PreSharedKeyId, Secret)) -> Plot<'a> {
    Plot::of(mallory, proposed(std::slice::from_ref(&resumed.0))).pathless().psks(vec![resumed])
}

/// Rule P4: a resumption key comes from no further back than the app looks (RFC 9420 §8.6).
#[test]
fn a_resumption_key_is_within_reach() {
    let bob = Person::with(ClientConfig { resumption_epochs: 1, ..ClientConfig::basic("bob") });
    let [mallory, bob] = group_of([Person::of("mallory"), bob]);
    for _ in 0..2 {
        bob.receive(&mallory.refresh()).unwrap();
    }
    let far = resumption(&mallory, 1);
    assert_eq!(bob.refuses(&resuming(&mallory, far).send()), number(Code::UnknownPsk));
    let near = resumption(&mallory, 2);
    bob.receive(&resuming(&mallory, near).send()).unwrap();
}

/// Rule P4: a resumption key is of an epoch and a group that this client knows (RFC 9420 §8.6).
#[test]
fn a_resumption_key_is_of_an_epoch_that_is_known() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let (honest, secret) = resumption(&mallory, 1);
    let other = |psk_group_id: GroupId, psk_epoch: u64| {
        let psk = Psk::Resumption { usage: ResumptionPskUsage::Application, psk_group_id, psk_epoch: Epoch(psk_epoch) };
        (PreSharedKeyId { psk, ..honest.clone() }, secret.duplicate())
    };
    let group_id = || GroupId(bob.group().id());
    // Epoch 0 was before bob's time.
    for wrong in [other(group_id(), 0), other(group_id(), 2), other(group_id(), u64::MAX), other(GroupId(vec![1]), 1)] {
        assert_eq!(bob.refuses(&resuming(&mallory, wrong).send()), number(Code::UnknownPsk));
    }
    bob.receive(&resuming(&mallory, (honest.clone(), secret.duplicate())).send()).unwrap();
}

const NEXT: &[u8] = b"the group that follows";

fn reinit() -> Proposal {
    Proposal::ReInit(ReInit {
        group_id: GroupId(NEXT.to_vec()),
        version: ProtocolVersion::MLS10,
        cipher_suite: CipherSuite(1),
        extensions: Extensions::default(),
    })
}

/// Mallory and bob in a group that a ReInit closed, or that goes on; both hold the key that links a group to it.
fn linked(closed: bool) -> ([Person; 3], impl Fn(ResumptionPskUsage) -> (PreSharedKeyId, Secret)) {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    if closed {
        let commit = Plot::of(&mallory, vec![reinit()]).pathless().send();
        [&bob, &carol].into_iter().for_each(|one| drop(one.receive(&commit).unwrap()));
    }
    // Carol's store knows the last epoch; mallory cannot take in what she forged herself.
    let (epoch, secret) = carol.inside(|_, state, _| (state.head.epoch, state.epoch.resumption_psk.duplicate()));
    let psk_group_id = GroupId(bob.group().id());
    let link = move |usage| {
        let psk = Psk::Resumption { usage, psk_group_id: psk_group_id.clone(), psk_epoch: epoch };
        (PreSharedKeyId { psk, psk_nonce: Opaque(vec![7; 32]) }, secret.duplicate())
    };
    ([mallory, bob, carol], link)
}

/// A group of its own in epoch 0, from which a founder adds others.
fn founder(name: &str, group_id: &[u8]) -> Person {
    let mut founder = Person::of(name);
    let options = crate::GroupOptions { group_id: Some(group_id.to_vec()), ..crate::GroupOptions::default() };
    founder.group = Some(founder.client.create_group(options).unwrap());
    founder
}

/// The Welcome into a group that says it follows from another, with what `twist` does to its commit.
fn following<'a>(
    founder: &'a Person,
    link: (PreSharedKeyId, Secret),
    (who, twist): (&[&Person], impl FnOnce(Plot<'a>) -> Plot<'a>),
) -> Vec<u8> {
    let mut proposals = vec![Proposal::PreSharedKey(link.0.clone())];
    proposals.extend(who.iter().map(|one| one.add()));
    Letter::of(twist(Plot::of(founder, proposals).psks(vec![link])).carry_out()).send()
}

/// Rule W1, P5: a group that takes the place of a closed one is the one that the ReInit asks for, in epoch 1, with all members
/// (RFC 9420 §11.2, §12.4.3.1).
#[test]
fn a_successor_is_the_one_that_was_asked_for() {
    let ([_, bob, carol], link) = linked(true);
    let all = founder("mallory", NEXT);
    let link = || link(ResumptionPskUsage::ReInit);
    let refused = |welcome: Vec<u8>| assert_eq!(bob.refuses_welcome(&welcome, None), number(Code::BadSuccessor));
    let elsewhere = founder("mallory", b"another group");
    refused(following(&elsewhere, link(), (&[&bob, &carol], |plot| plot)));
    refused(following(&all, link(), (&[&bob], |plot| plot)));
    refused(following(&all, link(), (&[&bob, &carol], |plot| plot.context(|context| context.epoch = Epoch(2)))));
    refused(following(
        &all,
        link(),
        (&[&bob, &carol], |plot| {
            plot.context(|context| {
                context.extensions.put(crate::tree::ExtensionType::REQUIRED_CAPABILITIES, vec![0; 3]);
            })
        }),
    ));
    let (id, _) = link();
    let Psk::Resumption { usage, psk_group_id, .. } = id.psk.clone() else { panic!() };
    let earlier = PreSharedKeyId { psk: Psk::Resumption { usage, psk_group_id, psk_epoch: Epoch(1) }, ..id };
    let secret_of_then = bob.inside(|txn, state, _| {
        let record: crate::group::epoch::EpochRecord = txn.require(&state.keys.epoch(Epoch(1))).unwrap();
        record.resumption_psk
    });
    refused(following(&all, (earlier, secret_of_then), (&[&bob, &carol], |plot| plot)));
    bob.join(&following(&all, link(), (&[&bob, &carol], |plot| plot)), None).unwrap();
}

/// Rule W1, P5: a Welcome into the group that a closed one has announced names that one by its key (RFC 9420 §11.2).
#[test]
fn an_announced_successor_is_linked() {
    let ([_, bob, carol], link) = linked(true);
    let all = founder("mallory", NEXT);
    let unlinked = Letter::of(Plot::of(&all, vec![bob.add(), carol.add()]).carry_out()).send();
    assert_eq!(bob.refuses_welcome(&unlinked, None), number(Code::BadSuccessor));
    let linked = following(&all, link(ResumptionPskUsage::ReInit), (&[&bob, &carol], |plot| plot));
    bob.join(&linked, None).unwrap();
    // Whoever deletes the closed group waits for nobody.
    carol.group().delete().unwrap();
    carol.join(&unlinked, None).unwrap();
}

/// Rule W1, P5: no group takes the place of one that was not closed (RFC 9420 §11.2).
#[test]
fn only_a_closed_group_has_a_successor() {
    let ([_, bob, carol], link) = linked(false);
    let all = founder("mallory", NEXT);
    let welcome = following(&all, link(ResumptionPskUsage::ReInit), (&[&bob, &carol], |plot| plot));
    assert_eq!(bob.refuses_welcome(&welcome, None), number(Code::BadSuccessor));
    bob.join(&following(&all, link(ResumptionPskUsage::Branch), (&[&bob, &carol], |plot| plot)), None).unwrap();
}

/// Rule W1: a branch has members of the old group only, and begins in epoch 1 (RFC 9420 §11.3, §12.4.3.1).
#[test]
fn a_branch_has_members_of_the_old_group() {
    let ([_, bob, _], link) = linked(false);
    let all = founder("mallory", NEXT);
    let link = || link(ResumptionPskUsage::Branch);
    let refused = |welcome: Vec<u8>| assert_eq!(bob.refuses_welcome(&welcome, None), number(Code::BadSuccessor));
    refused(following(&all, link(), (&[&bob, &Person::of("eve")], |plot| plot)));
    refused(following(&all, link(), (&[&bob], |plot| plot.context(|context| context.epoch = Epoch(7)))));
    bob.join(&following(&all, link(), (&[&bob], |plot| plot)), None).unwrap();
}

/// Rule P4, W1: a Welcome links its group to one other at most (RFC 9420 §12.4.3.1).
#[test]
fn a_welcome_has_one_link() {
    let ([_, bob, carol], link) = linked(true);
    let all = founder("mallory", NEXT);
    let (reinit, branch) = (link(ResumptionPskUsage::ReInit), link(ResumptionPskUsage::Branch));
    let both = vec![reinit, branch];
    let mut proposals = proposed(&[both[0].0.clone(), both[1].0.clone()]);
    proposals.extend([bob.add(), carol.add()]);
    let welcome = Letter::of(Plot::of(&all, proposals).psks(both).carry_out()).send();
    assert_eq!(bob.refuses_welcome(&welcome, None), number(Code::BadWelcome));
    bob.join(&following(&all, link(ResumptionPskUsage::ReInit), (&[&bob, &carol], |plot| plot)), None).unwrap();
}

/// Rule W1: a group that follows from another follows from one that this client was in to the end (RFC 9420 §11.2, §11.3).
#[test]
fn who_was_removed_does_not_follow() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let commit = Plot::of(&mallory, vec![Proposal::Remove(LeafIndex(1))]).send();
    assert!(matches!(bob.receive(&commit).unwrap(), Event::Removed { .. }));
    let all = founder("mallory", NEXT);
    let usage = ResumptionPskUsage::Branch;
    let psk = Psk::Resumption { usage, psk_group_id: GroupId(mallory.group().id()), psk_epoch: Epoch(1) };
    let secret = mallory.inside(|_, state, _| state.epoch.resumption_psk.duplicate());
    let link = (PreSharedKeyId { psk, psk_nonce: Opaque(vec![7; 32]) }, secret);
    let link = || (link.0.clone(), link.1.duplicate());
    let welcome = following(&all, link(), (&[&bob], |plot| plot));
    assert_eq!(bob.refuses_welcome(&welcome, None), number(Code::BadSuccessor));
    carol.join(&following(&all, link(), (&[&carol], |plot| plot)), None).unwrap();
}
