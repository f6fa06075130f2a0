//! Extensions and proposals of the app's own (RFC 9420 §13), and the random values beside them (§13.5).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

/// The values that RFC 9420 reserves for GREASE.
fn reserved() -> Vec<u16> {
    (0..15).map(|number| 0x0a0a + 0x1010 * number).collect()
}

fn other(data: &[u8]) -> Extension {
    Extension::Other { extension_type: PRIVATE_TYPE, data: data.to_vec() }
}

fn named(id: &[u8]) -> Extension {
    Extension::ApplicationId { id: id.to_vec() }
}

/// A member's extensions, without those that mean nothing.
fn carried(world: &World, by: &str, of: &str) -> Vec<Extension> {
    let member = world.group(by).find_member(of.into()).unwrap().unwrap();
    let meant = |extension: &Extension| !matches!(extension, Extension::Other { extension_type, .. } if reserved().contains(extension_type));
    member.extensions.into_iter().filter(meant).collect()
}

#[test]
fn lists_are_encoded_and_decoded() {
    let required = RequiredCapabilities { extensions: vec![7], proposals: vec![8, 9], credentials: vec![1] };
    let sender = ExternalSender {
        signature_key: vec![7; 32],
        identity: Identity::X509 { certificates: vec![vec![1], vec![2, 3]] },
    };
    let list = vec![
        named(b"alice"),
        Extension::RequiredCapabilities { required },
        Extension::ExternalSenders { senders: vec![sender] },
        other(b"data"),
    ];
    let encoded = encode_extensions(list.clone()).unwrap();
    assert_eq!(decode_extensions(encoded.clone()).unwrap(), list);
    assert_eq!(encode_extensions(vec![other(b"data")]).unwrap(), extensions(&[(PRIVATE_TYPE, b"data")]));
    assert_eq!(code(encode_extensions(vec![other(b"1"), other(b"2")])), 206);
    assert_eq!(code(decode_extensions([encoded, vec![0]].concat())), 202);
    assert!(decode_extensions(extensions(&[(3, b"x")])).is_err());
    assert_eq!(decode_extensions(vec![0]).unwrap(), []);
}

#[test]
fn a_group_shows_its_extensions() {
    let mut world = World::of(&["bob"]);
    world.person_mut("bob").config.extensions = vec![PRIVATE_TYPE];
    world.reopen("bob");
    world.enlist(ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic("alice") }, |_| {});
    let required = RequiredCapabilities { extensions: vec![PRIVATE_TYPE], ..RequiredCapabilities::default() };
    let list = vec![Extension::RequiredCapabilities { required }, other(b"old")];
    let encoded = encode_extensions(list.clone()).unwrap();
    world.create("alice", GroupOptions { extensions: encoded, ..GroupOptions::default() });
    world.add("alice", &["bob"]);
    assert_eq!(world.group("bob").extensions().unwrap(), list);
    let new = vec![other(b"new")];
    world.propose("bob", |group| group.propose_extensions(encode_extensions(new.clone())?, vec![]));
    world.update("alice");
    for name in ["alice", "bob"] {
        assert_eq!(world.group(name).extensions().unwrap(), new);
    }
}

#[test]
fn a_leaf_carries_what_the_app_puts_there() {
    let mut world = World::of(&["bob"]);
    let leaf_extensions = |list: Vec<Extension>| encode_extensions(list).unwrap();
    let config = ClientConfig {
        leaf_extensions: leaf_extensions(vec![named(b"phone"), other(b"1")]),
        ..ClientConfig::basic("alice")
    };
    world.enlist(config, |_| {});
    world.found(&["bob", "alice"]);
    assert_eq!(carried(&world, "bob", "alice"), [named(b"phone"), other(b"1")]);
    let member = world.group("bob").find_member(b"alice".to_vec()).unwrap().unwrap();
    assert!(member.capabilities.extensions.contains(&PRIVATE_TYPE) && !member.capabilities.extensions.contains(&1));
    assert_eq!(member.capabilities.versions, [1]);
    // An Update and a commit say what the client is opened with by then.
    world.person_mut("alice").config.leaf_extensions = leaf_extensions(vec![named(b"tablet"), other(b"2")]);
    world.reopen("alice");
    world.propose("alice", |group| group.propose_update(vec![]));
    world.update("bob");
    assert_eq!(carried(&world, "bob", "alice"), [named(b"tablet"), other(b"2")]);
    // What is no longer asked for stays if it is still understood; a type that is not goes.
    world.person_mut("alice").config.leaf_extensions = vec![];
    world.reopen("alice");
    world.update("alice");
    assert_eq!(carried(&world, "bob", "alice"), [named(b"tablet")]);
}

#[test]
fn what_does_not_belong_in_a_leaf_or_key_package_is_refused() {
    let opened = |leaf_extensions: Vec<u8>| {
        let config = ClientConfig { leaf_extensions, ..ClientConfig::basic("alice") };
        Client::new(config, Host::new(MemoryStorage::new(), std::sync::Arc::new(AcceptAll)))
    };
    assert_eq!(code(opened(extensions(&[(3, &required(&[], &[], &[]))]))), 317);
    assert_eq!(code(opened(vec![1])), 101);
    let world = World::of(&["alice"]);
    let make = |list: &[u8]| {
        let options = KeyPackageOptions { extensions: list.to_vec(), ..KeyPackageOptions::default() };
        world.client("alice").create_key_packages(1, options)
    };
    assert_eq!(code(make(&extensions(&[(PRIVATE_TYPE, b"")]))), 101);
    assert_eq!(code(make(&extensions(&[(1, b"\x00")]))), 317);
}

#[test]
fn a_key_package_carries_what_the_app_puts_there() {
    let mut world = World::group_of(&["bob"]);
    world.enlist(ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic("alice") }, |_| {});
    let options = KeyPackageOptions { extensions: extensions(&[(PRIVATE_TYPE, b"a note")]), ..Default::default() };
    let package = world.client("alice").create_key_packages(1, options).unwrap().remove(0).message;
    assert!(package.windows(6).any(|window| window == b"a note"));
    world.commit("bob", |draft| draft.add(package).unwrap());
    assert_eq!(world.members().len(), 2);
}

#[test]
fn a_custom_proposal_waits_and_is_committed() {
    let mut world = World::of(&[]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { proposals: vec![PRIVATE_TYPE], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob"]);
    world.propose("bob", |group| group.propose_custom(PRIVATE_TYPE, b"poll".to_vec(), vec![]));
    let expected = ProposalSummary::Custom { proposal_type: PRIVATE_TYPE, content: b"poll".to_vec() };
    assert_eq!(world.group("alice").pending_proposals().unwrap()[0].summary, expected);
    assert_eq!(world.update("alice").change().custom, [expected]);
    assert_eq!(code(world.group("bob").propose_custom(1, vec![], vec![])), 101);
}

#[test]
fn random_values_stand_in_every_leaf_and_nowhere_else() {
    let mut world = World::of(&[]);
    for name in ["alice", "bob", "carol"] {
        world.enlist(ClientConfig { grease_extensions: true, ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob", "carol"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    world.update("carol");
    let is_random = |value: &u16| reserved().contains(value);
    for member in world.group("alice").members(None, 10).unwrap() {
        let Capabilities { cipher_suites, extensions, proposals, credentials, versions } = member.capabilities;
        for list in [&cipher_suites, &extensions, &proposals, &credentials] {
            assert!((1..=2).contains(&list.iter().filter(|value| is_random(value)).count()), "{list:?}");
        }
        assert_eq!(versions, [1]);
        let [Extension::Other { extension_type, .. }] = &member.extensions[..] else { panic!() };
        assert!(is_random(extension_type) && extensions.contains(extension_type));
    }
    assert!(world.group("alice").extensions().unwrap().is_empty());
}

#[test]
fn by_default_there_are_no_random_extensions() {
    let world = World::group_of(&["alice", "bob"]);
    for member in world.group("alice").members(None, 10).unwrap() {
        assert!(member.extensions.is_empty() && !member.capabilities.extensions.is_empty());
    }
}

#[test]
fn a_member_keeps_its_random_values() {
    let mut world = World::group_of(&["alice", "bob"]);
    let lists = |world: &World| {
        let mut found = world.group("alice").find_member(b"bob".to_vec()).unwrap().unwrap().capabilities.extensions;
        found.sort_unstable();
        found
    };
    let before = lists(&world);
    world.update("bob");
    world.propose("bob", |group| group.propose_update(vec![]));
    world.update("alice");
    assert_eq!(lists(&world), before);
}

#[test]
fn without_random_values_there_are_none() {
    let mut world = World::of(&[]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { grease: false, ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob"]);
    world.update("bob");
    for member in world.group("alice").members(None, 10).unwrap() {
        assert_eq!((member.capabilities.cipher_suites, member.capabilities.credentials), (vec![1], vec![1]));
        assert!(member.capabilities.extensions.is_empty() && member.extensions.is_empty());
    }
    // A member who wants them again gets some.
    world.person_mut("bob").config.grease = true;
    world.person_mut("bob").config.grease_extensions = true;
    world.reopen("bob");
    world.update("bob");
    assert_eq!(world.group("alice").find_member(b"bob".to_vec()).unwrap().unwrap().extensions.len(), 1);
}

#[test]
fn reserved_values_are_not_sent_where_they_would_be_refused() {
    let world = World::group_of(&["alice"]);
    let (client, group) = (world.client("alice"), world.group("alice"));
    for value in reserved() {
        let list = extensions(&[(value, b"")]);
        assert_eq!(code(group.propose_custom(value, vec![], vec![])), 101);
        assert_eq!(code(group.clone().new_commit().custom(value, vec![])), 101);
        assert_eq!(code(group.propose_extensions(list.clone(), vec![])), 101);
        assert_eq!(code(group.clone().new_commit().extensions(list.clone())), 101);
        assert_eq!(code(client.create_group(GroupOptions { extensions: list.clone(), ..Default::default() })), 101);
        for config in [
            ClientConfig { extensions: vec![value], ..ClientConfig::basic("bob") },
            ClientConfig { proposals: vec![value], ..ClientConfig::basic("bob") },
            ClientConfig { credentials: vec![value], ..ClientConfig::basic("bob") },
            ClientConfig {
                identity: Identity::Other { credential_type: value, content: vec![] },
                ..ClientConfig::basic("bob")
            },
            ClientConfig { leaf_extensions: list, ..ClientConfig::basic("bob") },
        ] {
            let host = Host::new(MemoryStorage::new(), std::sync::Arc::new(AcceptAll));
            assert_eq!(code(Client::new(config, host)), 101);
        }
    }
}
