//! Proposals by those who are no members (RFC 9420 §12.1.8): senders whom the group names, and clients that ask to be added.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::*;
use conclave::*;

/// The encoded extensions of a group that listens to these people.
fn listening_to(world: &World, names: &[&str]) -> Vec<u8> {
    let senders = names.iter().map(|name| world.client(name).external_sender(None).unwrap()).collect();
    encode_extensions(vec![Extension::ExternalSenders { senders }]).unwrap()
}

/// A group of the members that listens to the others.
fn listening(members: &[&str], outside: &[&str]) -> World {
    let mut world = World::of(&[members, outside].concat());
    let extensions = listening_to(&world, outside);
    world.create(members[0], GroupOptions { extensions, ..GroupOptions::default() });
    if members.len() > 1 {
        world.add(members[0], &members[1..]);
    }
    world
}

fn proposer(world: &World, name: &str) -> Arc<ExternalProposer> {
    let member = world.members().remove(0);
    let info = world.group(&member).group_info(true).unwrap();
    ExternalProposer::new(world.client(name), info, None).unwrap()
}

/// Every member keeps the proposal of the external sender at this place.
fn kept(world: &World, index: u32, message: &[u8]) -> ProposalSummary {
    let events = world.deliver("nobody", message);
    let summaries = events.into_values().map(|event| match event {
        Event::Proposal { author: Author::External { index: told }, summary, .. } if told == index => summary,
        other => panic!("{other:?}"),
    });
    let summaries: Vec<_> = summaries.collect();
    assert!(summaries.iter().all(|summary| *summary == summaries[0]));
    let waiting = world.group(&world.members()[0]).pending_proposals().unwrap();
    assert_eq!(waiting.last().unwrap().author, Author::External { index });
    summaries[0].clone()
}

#[test]
fn two_external_senders_propose_and_members_commit() {
    let mut world = listening(&["alice", "bob", "carol"], &["hr", "janitor"]);
    world.enlist(ClientConfig::basic("dave"), |_| {});
    let (hr, janitor) = (proposer(&world, "hr"), proposer(&world, "janitor"));
    assert_eq!((hr.place().sender_index, janitor.place().sender_index), (0, 1));
    let package = world.key_package("dave");
    let added = kept(&world, 0, &hr.propose_add(package).unwrap());
    assert_eq!(added, ProposalSummary::Add { client_id: b"dave".to_vec() });
    let removed = kept(&world, 1, &janitor.propose_remove(world.leaf("carol")).unwrap());
    assert!(matches!(removed, ProposalSummary::Remove { member } if member.client_id == b"carol"));
    world.reopen_all();
    let change = world.update("bob").change().clone();
    assert_eq!((names(&change.added), names(&change.removed)), (vec!["dave".into()], vec!["carol".to_owned()]));
    assert_eq!(world.members(), ["alice", "bob", "dave"]);
    // The next epoch wants new messages, and one who joined meanwhile hears them too.
    assert_eq!(world.refused("dave", &janitor.propose_remove(world.leaf("bob")).unwrap()), 403);
    let janitor = janitor.at_epoch(world.epoch("dave"));
    kept(&world, 1, &janitor.propose_remove(world.leaf("bob")).unwrap());
    assert_eq!(names(&world.update("dave").change().removed), ["bob"]);
}

#[test]
fn keys_extensions_and_the_end_are_proposed_from_outside() {
    let mut world = listening(&["alice", "bob"], &["server"]);
    for name in ["alice", "bob"] {
        world.client(name).put_psk(b"key".to_vec(), vec![7; 32]).unwrap();
    }
    let server = proposer(&world, "server");
    let psk = kept(&world, 0, &server.propose_psk(b"key".to_vec()).unwrap());
    assert_eq!(psk, ProposalSummary::Psk { psk_id: b"key".to_vec() });
    let wider = listening_to(&world, &["server", "alice"]);
    kept(&world, 0, &server.propose_extensions(wider.clone()).unwrap());
    let change = world.update("alice").change().clone();
    assert!(change.extensions_changed && change.psks == [b"key".to_vec()]);
    assert_eq!(world.group("bob").extensions().unwrap(), decode_extensions(wider).unwrap());
    let server = server.at_epoch(world.epoch("bob"));
    let reinit = kept(&world, 0, &server.propose_reinit(b"next".to_vec(), 1, extensions(&[])).unwrap());
    assert_eq!(reinit, ProposalSummary::Reinit);
}

#[test]
fn a_sender_that_the_group_no_longer_names_is_refused_in_the_next_epoch() {
    let mut world = listening(&["alice", "bob"], &["server", "other"]);
    let [server, other] = ["server", "other"].map(|name| proposer(&world, name));
    let only_other = listening_to(&world, &["other"]);
    world.commit("alice", |draft| draft.extensions(only_other).unwrap());
    let epoch = world.epoch("bob");
    let leaf = world.leaf("alice");
    // Its old place belongs to another now, and the other's old place to nobody.
    assert_eq!(world.refused("bob", &server.at_epoch(epoch).propose_remove(leaf).unwrap()), 301);
    assert_eq!(world.refused("bob", &other.at_epoch(epoch).propose_remove(leaf).unwrap()), 304);
    let info = world.group("alice").group_info(true).unwrap();
    assert_eq!(code(ExternalProposer::new(world.client("server"), info, None)), 101);
    kept(&world, 0, &proposer(&world, "other").propose_remove(leaf).unwrap());
    world.update("bob");
    assert_eq!(world.members(), ["bob"]);
    world.commit("bob", |draft| draft.extensions(extensions(&[])).unwrap());
    let server = server.at_epoch(world.epoch("bob"));
    assert_eq!(world.refused("bob", &server.propose_remove(1).unwrap()), 304);
}

#[test]
fn the_signature_is_of_the_sender_at_the_place() {
    let world = listening(&["alice", "bob"], &["server", "other"]);
    let place = proposer(&world, "server").place();
    let claim = |name: &str, sender_index| {
        let place = ExternalPlace { sender_index, ..place.clone() };
        ExternalProposer::at_place(world.client(name), place).unwrap().propose_remove(1).unwrap()
    };
    assert_eq!(world.refused("bob", &claim("server", 1)), 301);
    assert_eq!(world.refused("bob", &claim("server", 2)), 304);
    assert_eq!(world.refused("bob", &claim("server", u32::MAX)), 304);
    assert_eq!(world.refused("bob", &claim("alice", 0)), 301);
    let elsewhere = ExternalPlace { group_id: b"another".to_vec(), ..place.clone() };
    let elsewhere = ExternalProposer::at_place(world.client("server"), elsewhere).unwrap();
    assert_eq!(world.refused("bob", &elsewhere.propose_remove(1).unwrap()), 317);
    kept(&world, 0, &claim("server", 0));
}

#[test]
fn what_members_would_refuse_is_not_proposed_from_outside() {
    let mut world = listening(&["alice", "bob"], &["server"]);
    let registrar = Registrar::new();
    registrar.reject("mallory");
    world.person_mut("server").host.validator = registrar;
    world.reopen("server");
    world.enlist(ClientConfig::basic("mallory"), |_| {});
    let server = proposer(&world, "server");
    assert_eq!(code(server.propose_add(world.key_package("mallory"))), 312);
    assert_eq!(code(server.propose_add(world.group("alice").group_info(false).unwrap())), 317);
    let package = world.key_package("mallory");
    world.clock.pass(100 * DAY);
    world.person_mut("server").host.validator = Arc::new(AcceptAll);
    world.reopen("server");
    let server = ExternalProposer::at_place(world.client("server"), server.place()).unwrap();
    assert_eq!(code(server.propose_add(package)), 316);
    assert_eq!(code(server.propose_extensions(extensions(&[(1, b"\x00")]))), 317);
    assert_eq!(code(server.propose_extensions(vec![])), 101);
    assert_eq!(code(server.propose_reinit(b"next".to_vec(), 99, extensions(&[]))), 801);
    // A removal cannot be checked without the tree: the members do that.
    assert_eq!(world.refused("bob", &server.propose_remove(7).unwrap()), 305);
}

#[test]
fn a_group_info_is_verified_where_there_is_a_tree() {
    let mut world = listening(&["alice", "bob"], &["server"]);
    let (info, whole) = (world.group("bob").group_info(false).unwrap(), world.group("bob").group_info(true).unwrap());
    let tree = world.group("alice").export_tree().unwrap();
    let find = |world: &World, info: &[u8], tree: &Option<Vec<u8>>| {
        ExternalProposer::new(world.client("server"), info.to_vec(), tree.clone())
    };
    let before = world.records("server");
    for (info, tree) in [(&info, Some(tree.clone())), (&whole, None), (&info, None)] {
        assert_eq!(find(&world, info, &tree).unwrap().place().epoch, world.epoch("alice"));
    }
    assert!(world.records("server") == before);
    let forge = |info: &[u8]| {
        let mut forged = info.to_vec();
        *forged.last_mut().unwrap() ^= 1;
        forged
    };
    assert_eq!(code(find(&world, &forge(&whole), &None)), 301);
    assert_eq!(code(find(&world, &forge(&info), &Some(tree.clone()))), 301);
    find(&world, &forge(&info), &None).unwrap();
    world.update("alice");
    let other_tree = world.group("alice").export_tree().unwrap();
    assert_eq!(code(find(&world, &info, &Some(other_tree))), 205);
    assert_eq!(code(find(&world, &world.encrypt("alice", "no"), &None)), 317);
    // Whoever signed it must be believed.
    let registrar = Registrar::new();
    registrar.reject("bob");
    world.person_mut("server").host.validator = registrar;
    world.reopen("server");
    assert_eq!(code(find(&world, &whole, &None)), 312);
}

#[test]
fn a_client_asks_to_be_added() {
    let mut world = World::group_of(&["alice", "bob"]);
    for (name, with_tree) in [("carol", true), ("dave", false)] {
        world.enlist(ClientConfig::basic(name), |_| {});
        let info = world.group("alice").group_info(with_tree).unwrap();
        let asked = world.client(name).propose_join(info, None, b"tag".to_vec()).unwrap();
        assert_eq!((asked.epoch, asked.group_id), (world.epoch("alice"), world.group("alice").id()));
        let effects = world.person(name).storage.take_effects();
        assert!(effects.iter().any(|effect| matches!(effect,
            Effect::Outbound { tag, message, .. } if tag == b"tag" && *message == asked.message)));
        let listed = world.client(name).key_packages(None, 10).unwrap();
        assert!(listed.iter().any(|package| package.reference == asked.key_package));
        for (member, event) in world.deliver(name, &asked.message) {
            let Event::Proposal { author, summary, .. } = event else { panic!("{member}: {event:?}") };
            assert_eq!(author, Author::NewMember);
            assert_eq!(summary, ProposalSummary::Add { client_id: name.into() });
        }
        assert_eq!(world.group("bob").pending_proposals().unwrap()[0].author, Author::NewMember);
        world.reopen_all();
        assert_eq!(names(&world.update("bob").change().added), [name]);
        // The Welcome used the key package up.
        assert!(world.client(name).key_packages(None, 10).unwrap().is_empty());
    }
    assert_eq!(world.members().len(), 4);
}

#[test]
fn a_client_does_not_ask_where_it_cannot_be() {
    let mut world = World::of(&["carol"]);
    let skilled = ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic("alice") };
    world.enlist(skilled, |_| {});
    world.enlist(ClientConfig { cipher_suites: vec![2], ..ClientConfig::basic("dave") }, |_| {});
    let ask = |world: &World, name: &str| {
        let info = world.group("alice").group_info(true).unwrap();
        let before = world.records(name);
        let refused = code(world.client(name).propose_join(info, None, vec![]));
        assert!(world.records(name) == before);
        refused
    };
    let options = GroupOptions { extensions: extensions(&[(PRIVATE_TYPE, b"")]), ..GroupOptions::default() };
    world.create("alice", options);
    assert_eq!(ask(&world, "carol"), 311);
    assert_eq!(ask(&world, "dave"), 801);
    let required = RequiredCapabilities { extensions: vec![PRIVATE_TYPE], ..RequiredCapabilities::default() };
    let required = encode_extensions(vec![Extension::RequiredCapabilities { required }]).unwrap();
    world.commit("alice", |draft| draft.extensions(required).unwrap());
    assert_eq!(ask(&world, "carol"), 311);
}

#[test]
fn members_judge_who_asks_to_be_added() {
    let mut world = World::of(&["carol"]);
    let registrar = Registrar::new();
    let (judge, forbids) = (registrar.clone(), Forbids(|request| request.proposer == Party::NewMember));
    world.enlist(ClientConfig::basic("alice"), |host| host.validator = judge);
    world.create("alice", GroupOptions::default());
    let info = world.group("alice").group_info(true).unwrap();
    let asked = world.client("carol").propose_join(info, None, vec![]).unwrap().message;
    registrar.reject("carol");
    assert_eq!(world.refused("alice", &asked), 312);
    registrar.rejected.lock().unwrap().clear();
    world.person_mut("alice").host.policy = Some(Arc::new(forbids));
    world.reopen("alice");
    assert_eq!(world.refused("alice", &asked), 313);
    world.person_mut("alice").host.policy = None;
    world.reopen("alice");
    world.receive("alice", &asked).unwrap();
    assert_eq!(world.receive("alice", &asked).unwrap(), Event::Duplicate);
}

#[test]
fn each_external_sender_has_a_share_of_what_waits() {
    let world = listening(&["alice", "bob"], &["server", "other"]);
    let (server, other) = (proposer(&world, "server"), proposer(&world, "other"));
    for number in 0..100 {
        world.receive("alice", &server.propose_psk(vec![number]).unwrap()).unwrap();
    }
    assert_eq!(world.refused("alice", &server.propose_psk(vec![100]).unwrap()), 805);
    world.receive("alice", &other.propose_psk(vec![100]).unwrap()).unwrap();
}

#[test]
fn an_external_sender_is_judged_when_it_is_proposed() {
    let mut world = World::of(&["bob", "server"]);
    let registrar = Registrar::new();
    let judge = registrar.clone();
    world.enlist(ClientConfig::basic("alice"), |host| host.validator = judge);
    world.found(&["alice", "bob"]);
    registrar.reject("server");
    let list = listening_to(&world, &["server"]);
    let proposal = world.group("bob").propose_extensions(list.clone(), vec![]).unwrap();
    assert_eq!(world.refused("alice", &proposal), 312);
    assert_eq!(code(world.group("alice").propose_extensions(list, vec![])), 312);
}

#[test]
fn a_signer_with_another_key_proposes_nothing_from_outside() {
    let mut world = World::group_of(&["alice"]);
    let key = HardwareKey::new();
    let signing_key = SigningKey { key_id: b"slot 1".to_vec(), cipher_suite: 1, public_key: key.public_key() };
    let config = ClientConfig { signing_keys: vec![signing_key], ..ClientConfig::basic("server") };
    let signer = key.clone();
    world.enlist(config, |host| host.signer = Some(signer));
    let list = listening_to(&world, &["server"]);
    world.commit("alice", |draft| draft.extensions(list).unwrap());
    let server = proposer(&world, "server");
    kept(&world, 0, &server.propose_remove(0).unwrap());
    world.person_mut("server").host.signer = Some(HardwareKey::new());
    world.reopen("server");
    let server = ExternalProposer::at_place(world.client("server"), server.place()).unwrap();
    assert_eq!(code(server.propose_remove(0)), 711);
}
