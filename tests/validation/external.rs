//! External commits and external senders (RFC 9420 §8.3, §12.1.8, §12.4.3.2).

use super::frame::Frame;
use super::people::*;
use super::plot::Plot;
use crate::base::{CipherSuite, Code, GroupId, LeafIndex, ProtocolVersion};
use crate::client::{ClientConfig, ExternalJoinOptions};
use crate::codec::{Opaque, Short, encode};
use crate::message::{Commit, Content, Message, Proposal, ProposalOrRef, ReInit, Sender};
use crate::tree::{ExtensionType, Extensions, ProposalType};
use crate::{Author, Event};

fn no_extensions() -> Proposal {
    Proposal::GroupContextExtensions(Extensions::default())
}

fn reinit() -> Proposal {
    Proposal::ReInit(ReInit {
        group_id: GroupId(vec![9; 16]),
        version: ProtocolVersion::MLS10,
        cipher_suite: CipherSuite(1),
        extensions: Extensions::default(),
    })
}

fn custom() -> Proposal {
    Proposal::Custom(ProposalType(0xf00d), Opaque(vec![1]))
}

/// That an external commit is refused by alice and bob, and the same without what was done to it is not.
fn refuses(code: Code, proposals: &[Proposal], twist: impl for<'a> Fn(Plot<'a>) -> Plot<'a>) {
    let [alice, bob, _, _] = members(["alice", "bob", "carol", "dave"]);
    let eve = Person::of("eve");
    assert_eq!(bob.refuses(&twist(Plot::joining(&eve, &alice, proposals.to_vec())).send()), number(code));
    let commit = Plot::joining(&eve, &alice, vec![]).send();
    for one in [&alice, &bob] {
        assert!(matches!(one.receive(&commit).unwrap(), Event::EpochChanged { .. }));
    }
    agree(&[&alice, &bob]);
}

/// Rule X1: an external commit has a path (RFC 9420 §12.4.3.2).
#[test]
fn an_external_commit_has_a_path() {
    refuses(Code::BadSender, &[], |plot| plot.commit(|commit| commit.path = None));
}

/// Rule X1: an external commit has one ExternalInit (RFC 9420 §12.2).
#[test]
fn an_external_commit_has_one_external_init() {
    refuses(Code::BadProposalList, &[], |plot| plot.commit(|commit| commit.proposals.clear()));
    refuses(Code::BadProposalList, &[Proposal::ExternalInit(Opaque(vec![7; 32]))], |plot| plot);
}

/// Rule X1: an external commit removes one leaf at most (RFC 9420 §12.2).
#[test]
fn an_external_commit_removes_one_leaf() {
    refuses(Code::BadProposalList, &[remove(2), remove(3)], |plot| plot);
}

/// Rule X1: an external commit has no proposals but ExternalInit, Remove and PreSharedKey (RFC 9420 §12.2).
#[test]
fn an_external_commit_has_no_other_proposals() {
    for other in [Person::of("fred").add(), no_extensions(), reinit(), custom()] {
        refuses(Code::BadProposalList, &[other], |plot| plot);
    }
    let [alice, bob] = members(["alice", "bob"]);
    let eve = Person::of("eve");
    let update = Plot::joining(&eve, &alice, vec![bob.update(|_| ())]).send();
    assert_eq!(bob.refuses(&update), number(Code::BadProposalList));
}

/// Rule X1: an external commit names no proposal by reference, and none is looked up for it (RFC 9420 §12.2).
#[test]
fn an_external_commit_names_no_proposal() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let proposal = carol.group().propose_remove(2, vec![]).unwrap();
    [&alice, &bob].into_iter().for_each(|one| drop(one.receive(&proposal).unwrap()));
    let known = alice.view().waiting.into_keys().next().unwrap();
    let unknown = crate::crypto::Digest(Short::from(vec![7; 32]));
    let eve = Person::of("eve");
    for reference in [known, unknown] {
        let listed = ProposalOrRef::Reference(reference);
        let commit = Plot::joining(&eve, &alice, vec![]).commit(|commit| commit.proposals.push(listed.clone()));
        assert_eq!(bob.refuses(&commit.send()), number(Code::BadProposalList));
    }
    bob.receive(&Plot::joining(&eve, &alice, vec![]).send()).unwrap();
}

/// Rule X1: an external commit is signed with the key of the leaf in its path (RFC 9420 §6.1, §12.4.3.2).
#[test]
fn an_external_commit_is_signed_by_its_leaf() {
    let [alice, bob] = members(["alice", "bob"]);
    let (eve, fred) = (Person::of("eve"), Person::of("fred"));
    let place = GroupId(bob.group().id());
    let commit = Plot::joining(&eve, &alice, vec![])
        .leaf(|leaf| leaf.signature_key = fred.host().identities[0].public_key.clone())
        .signed_leaf(|leaf| fred.sign_leaf(leaf, Some((&place, LeafIndex(2)))));
    assert_eq!(bob.refuses(&commit.send()), number(Code::BadSignature));
    bob.receive(&Plot::joining(&eve, &alice, vec![]).send()).unwrap();
}

/// Rule X1: the joiner takes the leftmost leaf that is free after the Remove, and signs its leaf for that place (RFC 9420
/// §12.4.3.2).
#[test]
fn a_joiner_takes_the_leftmost_free_leaf() {
    let [alice, bob, carol, _] = members(["alice", "bob", "carol", "dave"]);
    let place = GroupId(bob.group().id());
    let plot = || Plot::joining(&carol, &alice, vec![remove(2)]);
    let (joiner, group_id) = (&carol, &place);
    for leaf in [3, 4] {
        let commit = plot().signed_leaf(move |node| joiner.sign_leaf(node, Some((group_id, LeafIndex(leaf)))));
        assert_eq!(bob.refuses(&commit.send()), number(Code::BadSignature));
    }
    let Event::EpochChanged { change } = bob.receive(&plot().send()).unwrap() else { panic!() };
    assert_eq!((change.committer.leaf, change.removed[0].leaf), (2, 2));
}

/// Rule X1, L8: who is removed is an earlier self of the joiner, as the app judges (RFC 9420 §12.2, §5.3.1).
#[test]
fn a_joiner_removes_itself_alone() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let eve = Person::of("eve");
    assert_eq!(bob.refuses(&Plot::joining(&eve, &alice, vec![remove(2)]).send()), number(Code::CredentialRejected));
    bob.receive(&Plot::joining(&carol, &alice, vec![remove(2)]).send()).unwrap();
}

/// Rule X1: the leaf of a rejoin has another encryption key than the one that is removed (RFC 9420 §12.2, §7.3).
#[test]
fn a_rejoin_brings_a_new_encryption_key() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let old = alice.view().leaf(LeafIndex(2)).encryption_key;
    let commit = Plot::joining(&carol, &alice, vec![remove(2)]).leaf(|leaf| leaf.encryption_key = old.clone());
    assert_eq!(bob.refuses(&commit.send()), number(Code::KeyReused));
    bob.receive(&Plot::joining(&carol, &alice, vec![remove(2)]).send()).unwrap();
}

/// Rule X1, P2: a client that is a member does not join beside itself (RFC 9420 §12.2, §7.3).
#[test]
fn a_member_does_not_join_beside_itself() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    assert_eq!(bob.refuses(&Plot::joining(&carol, &alice, vec![]).send()), number(Code::KeyReused));
    let twin = Person::of("carol");
    assert_eq!(bob.refuses(&Plot::joining(&twin, &alice, vec![]).send()), number(Code::KeyReused));
    bob.receive(&Plot::joining(&carol, &alice, vec![remove(2)]).send()).unwrap();
}

/// Rule X1, L7: the joiner's leaf supports the group's extensions, its suite and its version (RFC 9420 §12.4.3.2, §7.3, §11.1).
#[test]
fn a_joiner_supports_the_group() {
    let versed = |name| Person::with(ClientConfig { extensions: vec![0xf00d], ..ClientConfig::basic(name) });
    let encoded = encode(&Opaque(encode(&(ExtensionType(0xf00d), Opaque::default())).unwrap())).unwrap();
    let [alice, bob] = group_with([versed("alice"), versed("bob")], encoded);
    let eve = versed("eve");
    let plot = || Plot::joining(&eve, &alice, vec![]);
    let lacks = plot().leaf(|leaf| leaf.capabilities.extensions.retain(|listed| listed.0 != 0xf00d));
    assert_eq!(bob.refuses(&lacks.send()), number(Code::Incapable));
    let suite = plot().leaf(|leaf| leaf.capabilities.cipher_suites = vec![CipherSuite(2)]);
    assert_eq!(bob.refuses(&suite.send()), number(Code::BadLeafNode));
    // Who lacks an extension of the group does not get as far as a commit.
    let (plain, info) = (Person::of("plain"), alice.group().group_info(true).unwrap());
    let join = || plain.client.join_external(info, ExternalJoinOptions::default()).map(drop);
    assert_eq!(plain.unmoved(join), number(Code::Incapable));
    let version = plot().leaf(|leaf| leaf.capabilities.versions.clear());
    assert_eq!(bob.refuses(&version.send()), number(Code::BadLeafNode));
    bob.receive(&plot().send()).unwrap();
}

/// Rule X1: the KEM output of an ExternalInit is one of the suite, made for this epoch's key (RFC 9420 §8.3).
#[test]
fn a_kem_output_is_one() {
    for length in [0, 31, 33, 65] {
        refuses(Code::BadCiphertext, &[], move |plot| {
            plot.commit(move |commit| {
                let other = Proposal::ExternalInit(Opaque(vec![9; length]));
                commit.proposals[0] = ProposalOrRef::Proposal(other);
            })
        });
    }
    refuses(Code::BadMac, &[], |plot| {
        plot.commit(|commit| {
            let suite = crate::crypto::Suite::ALL.first().unwrap();
            let other = crate::schedule::external_init_to(suite, &suite.generate_hpke_keys().unwrap().1).unwrap().0;
            commit.proposals[0] = ProposalOrRef::Proposal(Proposal::ExternalInit(other));
        })
    });
}

/// Rule X1: what makes a commit external is its sender (RFC 9420 §12.4.3.2).
#[test]
fn a_commit_is_external_by_its_sender() {
    // A member's commit that looks like one, and an outsider's that looks like a member's.
    let [mallory, bob] = members(["mallory", "bob"]);
    let as_member = Plot::joining(&mallory, &mallory, vec![]).frame(|frame| {
        frame.content.sender = Sender::Member(LeafIndex(0));
    });
    assert_eq!(bob.refuses(&as_member.send()), number(Code::BadProposalList));
    let as_joiner = Plot::of(&mallory, vec![]).frame(|frame| frame.content.sender = Sender::NewMemberCommit);
    assert_eq!(bob.refuses(&as_joiner.send()), number(Code::BadProposalList));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule X1, F8: who joins by a commit sends commits alone, and in the open (RFC 9420 §6, §12.4.3.2).
#[test]
fn a_joiner_sends_nothing_but_its_commit() {
    let [alice, bob] = members(["alice", "bob"]);
    let eve = Person::of("eve");
    for content in [Content::Proposal(eve.add()), Content::Proposal(remove(0)), Content::Application(Opaque(vec![1]))] {
        let frame = Frame::in_view(&eve, alice.view(), (Sender::NewMemberCommit, content));
        assert_eq!(bob.refuses(&frame.public()), number(Code::BadSender));
    }
    bob.receive(&Plot::joining(&eve, &alice, vec![]).send()).unwrap();
}

/// Rule X1: a pre-shared key in an external commit is held to the rules (RFC 9420 §12.2, §12.1.4).
#[test]
fn keys_in_an_external_commit_are_held_to_the_rules() {
    use crate::schedule::{PreSharedKeyId, Psk};
    let [alice, bob] = members(["alice", "bob"]);
    let eve = Person::of("eve");
    bob.client.put_psk(vec![1], vec![1; 32]).unwrap();
    let id = |nonce| PreSharedKeyId { psk: Psk::External(Opaque(vec![1])), psk_nonce: Opaque(vec![7; nonce]) };
    let secret = || crate::base::Secret::copy_of(&[1; 32]);
    let commit = |ids: &[PreSharedKeyId]| {
        let proposals = ids.iter().cloned().map(Proposal::PreSharedKey).collect();
        let psks = ids.iter().map(|id| (id.clone(), secret())).collect();
        Plot::joining(&eve, &alice, proposals).psks(psks).send()
    };
    assert_eq!(bob.refuses(&commit(&[id(31)])), number(Code::BadProposal));
    assert_eq!(bob.refuses(&commit(&[id(32), id(32)])), number(Code::BadProposalList));
    bob.receive(&commit(&[id(32)])).unwrap();
}

/// What a GroupInfo altered like this leads to, when eve would join by it.
fn refuses_info(code: Code, alter: impl Fn(&mut crate::message::GroupInfo)) {
    let [alice, bob] = members(["alice", "bob"]);
    let eve = Person::of("eve");
    let honest = alice.group().group_info(true).unwrap();
    let Message::GroupInfo(info) = Message::decode(&honest).unwrap() else { panic!() };
    let mut info = info.peek().clone();
    alter(&mut info);
    let content = crate::tree::Signed::signed_fields(&info).unwrap();
    info.signature = alice.sign(crate::SignPurpose::GroupInfo, "GroupInfoTBS", &content);
    let forged = Message::GroupInfo(Box::new(info.into())).encode().unwrap();
    let join = |bytes: Vec<u8>| eve.client.join_external(bytes, ExternalJoinOptions::default());
    assert_eq!(eve.unmoved(|| join(forged).map(drop)), number(code));
    let commit = join(honest).unwrap().commit;
    bob.receive(&commit).unwrap();
}

/// Rule X1, W1: who would join by a commit needs a GroupInfo with an external_pub, signed by a member, of a good tree (RFC 9420
/// §12.4.3.2).
#[test]
fn a_group_info_for_joiners_is_held_to_the_rules() {
    refuses_info(Code::BadGroupInfo, |info| {
        let tree = info.extensions.ratchet_tree().unwrap().to_vec();
        info.extensions = Extensions::default();
        info.extensions.put(ExtensionType::RATCHET_TREE, tree);
    });
    refuses_info(Code::BadSignature, |info| info.signer = LeafIndex(1));
    refuses_info(Code::BadGroupInfo, |info| info.signer = LeafIndex(7));
    refuses_info(Code::BadTree, |info| info.group_context.tree_hash.0.0[0] ^= 1);
    refuses_info(Code::Incapable, |info| info.group_context.extensions.put(ExtensionType(0xf00d), vec![]));
    refuses_info(Code::TrailingBytes, |info| info.extensions.put(ExtensionType::EXTERNAL_PUB, vec![0, 0]));
    refuses_info(Code::Malformed, |info| info.extensions.put(ExtensionType::EXTERNAL_PUB, vec![3, 1, 2, 3]));
    refuses_info(Code::UnsupportedVersion, |info| info.group_context.version = ProtocolVersion(2));
    refuses_info(Code::UnsupportedSuite, |info| info.group_context.cipher_suite = CipherSuite(99));
}

/// A group that a server may propose changes to, at index 1 of its external senders.
fn listening(server: &Person) -> [Person; 3] {
    let sender = |one: &Person| {
        let identity = &one.host().identities[0];
        encode(&(identity.public_key.clone(), identity.credential.clone())).unwrap()
    };
    let senders = [sender(&Person::of("another server")), sender(server)].concat();
    let payload = encode(&Opaque(senders)).unwrap();
    let list = encode(&(ExtensionType::EXTERNAL_SENDERS, Opaque(payload))).unwrap();
    group_with(["alice", "bob", "carol"].map(Person::of), encode(&Opaque(list)).unwrap())
}

fn from_outside<'a>(server: &'a Person, alice: &Person, (index, content): (u32, Content)) -> Frame<'a> {
    Frame::in_view(server, alice.view(), (Sender::External(index), content))
}

/// Rule P7: an external sender proposes Add, Remove, PreSharedKey, ReInit and GroupContextExtensions, and nothing else (RFC 9420
/// §12.1.8).
#[test]
fn an_external_sender_proposes_what_it_may() {
    let server = Person::of("server");
    let [alice, bob, _] = listening(&server);
    let proposes = |proposal| from_outside(&server, &alice, (1, Content::Proposal(proposal))).public();
    for other in [bob.update(|_| ()), Proposal::ExternalInit(Opaque(vec![7; 32])), custom()] {
        assert_eq!(bob.refuses(&proposes(other)), number(Code::BadSender));
    }
    for allowed in [remove(2), Person::of("dave").add(), reinit(), no_extensions()] {
        let event = bob.receive(&proposes(allowed)).unwrap();
        assert!(matches!(event, Event::Proposal { author: Author::External { index: 1 }, .. }));
    }
}

/// Rule P7: an external sender sends no commits and no application data (RFC 9420 §12.1.8, §12.4).
#[test]
fn an_external_sender_proposes_and_nothing_more() {
    let server = Person::of("server");
    let [alice, bob, _] = listening(&server);
    let application = from_outside(&server, &alice, (1, Content::Application(Opaque(vec![1]))));
    assert_eq!(bob.refuses(&application.public()), number(Code::BadSender));
    let empty = Content::Commit(Box::new(Commit { proposals: vec![], path: None }));
    let mut commit = from_outside(&server, &alice, (1, empty));
    commit.confirmation_tag = Some(crate::crypto::Mac(Short::from(vec![0; 32])));
    assert_eq!(bob.refuses(&commit.public()), number(Code::BadSender));
    let whole =
        Plot::signed_by(&server, alice.view(), vec![]).frame(|frame| frame.content.sender = Sender::External(1));
    assert_eq!(bob.refuses(&whole.send()), number(Code::BadSender));
    bob.receive(&from_outside(&server, &alice, (1, Content::Proposal(remove(2)))).public()).unwrap();
}

/// Rule P7: an external sender is one that the group names, and signs with the key at its index (RFC 9420 §12.1.8.1).
#[test]
fn an_external_sender_is_one_that_the_group_names() {
    let server = Person::of("server");
    let [alice, bob, _] = listening(&server);
    let at = |index| from_outside(&server, &alice, (index, Content::Proposal(remove(2)))).public();
    for unknown in [2, 3, 1 << 31, u32::MAX] {
        assert_eq!(bob.refuses(&at(unknown)), number(Code::BadSender));
    }
    assert_eq!(bob.refuses(&at(0)), number(Code::BadSignature));
    let by_another = from_outside(&alice, &alice, (1, Content::Proposal(remove(2)))).public();
    assert_eq!(bob.refuses(&by_another), number(Code::BadSignature));
    bob.receive(&at(1)).unwrap();
}

/// Rule P7: a group that names no external senders hears none (RFC 9420 §12.1.8.1).
#[test]
fn a_group_without_external_senders_hears_none() {
    let server = Person::of("server");
    let [alice, bob, _] = members(["alice", "bob", "carol"]);
    for index in [0, 1] {
        let proposal = from_outside(&server, &alice, (index, Content::Proposal(remove(2)))).public();
        assert_eq!(bob.refuses(&proposal), number(Code::BadSender));
    }
}

/// Rule P7, F14: what an external sender proposes is of the present epoch (RFC 9420 §12.1.8, §12.4).
#[test]
fn an_external_proposal_is_of_the_present_epoch() {
    let server = Person::of("server");
    let [alice, bob, carol] = listening(&server);
    let early = from_outside(&server, &alice, (1, Content::Proposal(remove(2)))).public();
    let commit = alice.refresh();
    [&bob, &carol].into_iter().for_each(|one| drop(one.receive(&commit).unwrap()));
    assert_eq!(bob.refuses(&early), number(Code::PastEpoch));
    bob.receive(&from_outside(&server, &alice, (1, Content::Proposal(remove(2)))).public()).unwrap();
}
