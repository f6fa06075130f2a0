//! What members must share and what they must not: keys, capabilities, credentials (RFC 9420 §7.3, §11.1, §12.2).

use std::sync::Arc;

use super::people::*;
use super::plot::Plot;
use crate::Event;
use crate::base::{Code, LeafIndex};
use crate::client::ClientConfig;
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{HpkePublicKey, SignaturePublicKey};
use crate::message::{Proposal, ProposalOrRef};
use crate::tree::{Credential, CredentialType, ExtensionType, Extensions, LeafNode, ProposalType};

fn with_value(mut listed: Vec<ProposalOrRef>, proposal: Proposal) -> Vec<ProposalOrRef> {
    listed.push(ProposalOrRef::Proposal(proposal));
    listed
}

/// Four members whose parent nodes are all keyed.
fn settled() -> [Person; 4] {
    let people = members(["mallory", "bob", "carol", "dave"]);
    for committer in [2, 0] {
        let commit = people[committer].refresh();
        people
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != committer)
            .for_each(|(_, one)| drop(one.receive(&commit).unwrap()));
    }
    people
}

/// Rule L3: an Add brings an encryption key that no leaf and no parent has (RFC 9420 §7.3, §12.4.2).
#[test]
fn an_add_brings_a_new_encryption_key() {
    let [mallory, bob, _, _] = settled();
    let eve = Person::of("eve");
    // Node 5 stays as it is; the nodes above mallory get new keys by the path, and their old ones are free then.
    let tree = mallory.view().tree;
    let stays = |node: &u32| [2, 4, 5, 6].contains(node);
    for (key, node) in tree.encryption_keys().into_iter().filter(|(_, node)| stays(node)) {
        let add = eve
            .add_altered(|key_package| key_package.leaf_node.encryption_key = HpkePublicKey(Short::from(key.clone())));
        assert_eq!(bob.refuses(&Plot::of(&mallory, vec![add]).send()), number(Code::KeyReused), "node {node}");
    }
    bob.receive(&Plot::of(&mallory, vec![eve.add()]).send()).unwrap();
}

/// Rule L3: an Update brings a signature key and an encryption key that nobody else has (RFC 9420 §7.3).
#[test]
fn an_update_brings_keys_of_its_own() {
    let [mallory, bob, carol, dave] = settled();
    let (bobs, node_1) = (mallory.view().leaf(LeafIndex(1)), mallory.view().tree.parents[&1].encryption_key.clone());
    let alters: [&dyn Fn(&mut LeafNode); 2] =
        [&|leaf| leaf.encryption_key = bobs.encryption_key.clone(), &|leaf| leaf.encryption_key = node_1.clone()];
    for alter in alters {
        let update = super::frame::Frame::of(&dave, crate::message::Content::Proposal(dave.update(alter))).public();
        [&mallory, &bob, &carol].into_iter().for_each(|one| drop(one.receive(&update).unwrap()));
        // Carol commits, so that node 1 is not blanked by the path.
        let code = bob.refuses(&Plot::naming(&carol, carol.references()).send());
        assert_eq!(code, number(Code::KeyReused));
        [&mallory, &bob, &carol].into_iter().for_each(|one| one.group().clear_proposals().unwrap());
    }
    bob.receive(&Plot::of(&carol, vec![]).send()).unwrap();
}

/// Rule L3: an Add and an Update of one commit bring different keys (RFC 9420 §7.3).
#[test]
fn adds_and_updates_bring_different_keys() {
    let [mallory, bob, carol, _] = settled();
    let update = carol.group().propose_update(vec![]).unwrap();
    [&mallory, &bob].into_iter().for_each(|one| drop(one.receive(&update).unwrap()));
    let Some((_, known)) = mallory.view().waiting.into_iter().next() else { panic!() };
    let Proposal::Update(node) = known.proposal else { panic!() };
    let key = node.peek().encryption_key.clone();
    let eve = Person::of("eve");
    let same = eve.add_altered(|key_package| key_package.leaf_node.encryption_key = key.clone());
    let commit = Plot::naming(&mallory, with_value(mallory.references(), same)).send();
    assert_eq!(bob.refuses(&commit), number(Code::KeyReused));
    bob.receive(&Plot::naming(&mallory, with_value(mallory.references(), eve.add())).send()).unwrap();
}

/// Rule L3: the leaf of a path has a signature key that no other member has (RFC 9420 §7.3).
#[test]
fn a_paths_leaf_has_a_signature_key_of_its_own() {
    let [mallory, bob, carol, _] = settled();
    let key: SignaturePublicKey = carol.host().identities[0].public_key.clone();
    let place = crate::base::GroupId(bob.group().id());
    let commit = Plot::of(&mallory, vec![])
        .leaf(|leaf| leaf.signature_key = key.clone())
        .signed_leaf(|leaf| carol.sign_leaf(leaf, Some((&place, LeafIndex(0)))));
    assert_eq!(bob.refuses(&commit.send()), number(Code::KeyReused));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule L3: keys that a Remove frees are free in the same commit, those of the nodes above among them (RFC 9420 §7.3, §12.3).
#[test]
fn what_a_remove_frees_is_free() {
    let [mallory, bob, _, _] = settled();
    let tree = mallory.view().tree;
    let (leaf, above) = (mallory.view().leaf(LeafIndex(3)).encryption_key, tree.parents[&5].encryption_key.clone());
    let taking = |name: &str, key: &HpkePublicKey| {
        Person::of(name).add_altered(|key_package| key_package.leaf_node.encryption_key = key.clone())
    };
    let adds = || [taking("eve", &leaf), taking("fred", &above)];
    let [eve, fred] = adds();
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![eve, fred]).send()), number(Code::KeyReused));
    let [eve, fred] = adds();
    let Event::EpochChanged { change } = bob.receive(&Plot::of(&mallory, vec![eve, fred, remove(3)]).send()).unwrap()
    else {
        panic!()
    };
    assert_eq!(change.added.len(), 2);
}

/// Rule L3: a key that an Update frees is free for it (RFC 9420 §7.3, §12.1.2).
#[test]
fn a_key_that_an_update_frees_is_free_for_it() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let root = bob.view().tree.parents.values().next().unwrap().encryption_key.clone();
    let message = bob.propose(bob.update(|leaf| leaf.encryption_key = root.clone()));
    for one in [&alice, &carol] {
        one.receive(&message).unwrap();
    }
    let commit = alice.refresh();
    let Event::EpochChanged { change } = carol.receive(&commit).unwrap() else { panic!() };
    assert_eq!(change.updated.len(), 1);
    agree(&[&alice, &carol]);
}

/// Rule L3: after a commit the committer's old keys are free and its new ones are taken (RFC 9420 §7.3).
#[test]
fn the_committers_keys_change_with_its_commit() {
    let [mallory, bob, _, _] = settled();
    let old = mallory.view().leaf(LeafIndex(0)).encryption_key;
    bob.receive(&mallory.refresh()).unwrap();
    let new = mallory.view().leaf(LeafIndex(0)).encryption_key;
    let taking = |name: &str, key: &HpkePublicKey| {
        Person::of(name).add_altered(|key_package| key_package.leaf_node.encryption_key = key.clone())
    };
    let pathless = |add| Plot::of(&mallory, vec![add]).pathless().send();
    assert_eq!(bob.refuses(&pathless(taking("eve", &new))), number(Code::KeyReused));
    bob.receive(&pathless(taking("eve", &old))).unwrap();
}

/// A client of a credential type of its own, which understands these types too.
fn of_type(name: &str, own: Option<u16>, credentials: &[u16]) -> Person {
    let mut config = ClientConfig { credentials: credentials.to_vec(), ..ClientConfig::basic(name) };
    if let Some(credential_type) = own {
        config.identity = crate::Identity::Other { credential_type, content: name.as_bytes().to_vec() };
    }
    Person::judging(config, Arc::new(Believer))
}

const ODD: u16 = 0xf00d;

/// Rule L6: every member supports the credential type of who is added (RFC 9420 §7.3).
#[test]
fn all_support_the_credential_of_who_is_added() {
    let [mallory, bob, _] =
        group_of([of_type("mallory", None, &[ODD]), of_type("bob", None, &[ODD]), of_type("carol", None, &[])]);
    let odd = of_type("odd", Some(ODD), &[1]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![odd.add()]).send()), number(Code::Incapable));
    // Carol, the only one who does not, goes with the same commit.
    bob.receive(&Plot::of(&mallory, vec![odd.add(), remove(2)]).send()).unwrap();
}

/// Rule L6: who is added supports the credential types of all members (RFC 9420 §7.3).
#[test]
fn who_is_added_supports_all_credentials() {
    let [mallory, bob, _] =
        group_of([of_type("mallory", None, &[ODD]), of_type("bob", None, &[ODD]), of_type("odd", Some(ODD), &[1])]);
    let plain = of_type("plain", None, &[]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![plain.add()]).send()), number(Code::Incapable));
    // The only one of that type goes with the same commit.
    bob.receive(&Plot::of(&mallory, vec![plain.add(), remove(2)]).send()).unwrap();
}

/// Rule L6: members that one commit adds support each other's credential types (RFC 9420 §7.3).
#[test]
fn newcomers_support_each_others_credentials() {
    let [mallory, bob] = group_of([of_type("mallory", None, &[ODD]), of_type("bob", None, &[ODD])]);
    let (odd, plain) = (of_type("odd", Some(ODD), &[1]), of_type("plain", None, &[]));
    for adds in [vec![odd.add(), plain.add()], vec![plain.add(), odd.add()]] {
        assert_eq!(bob.refuses(&Plot::of(&mallory, adds).send()), number(Code::Incapable));
    }
    bob.receive(&Plot::of(&mallory, vec![odd.add()]).send()).unwrap();
}

/// Rule L6: an Update and a path may neither bring a credential type that some lack, nor drop one that some have (RFC 9420
/// §7.3).
#[test]
fn a_new_leaf_fits_the_credentials_in_use() {
    let [mallory, bob, _, carol] = group_of([
        of_type("mallory", None, &[ODD, 7]),
        of_type("bob", None, &[ODD]),
        of_type("odd", Some(ODD), &[1]),
        of_type("carol", None, &[ODD]),
    ]);
    let drops = |leaf: &mut LeafNode| leaf.capabilities.credentials = vec![CredentialType::BASIC];
    let brings = |leaf: &mut LeafNode| {
        leaf.credential = Credential::Other(CredentialType(7), Opaque(b"mallory".to_vec()));
        leaf.capabilities.credentials = vec![CredentialType::BASIC, CredentialType(ODD), CredentialType(7)];
    };
    let alters: [&dyn Fn(&mut LeafNode); 2] = [&drops, &brings];
    for alter in alters {
        assert_eq!(bob.refuses(&Plot::of(&mallory, vec![]).leaf(alter).send()), number(Code::Incapable));
        let update =
            super::frame::Frame::of(&mallory, crate::message::Content::Proposal(mallory.update(alter))).public();
        [&bob, &carol].into_iter().for_each(|one| drop(one.receive(&update).unwrap()));
        assert_eq!(bob.refuses(&Plot::naming(&carol, carol.references()).send()), number(Code::Incapable));
        [&bob, &carol].into_iter().for_each(|one| one.group().clear_proposals().unwrap());
    }
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule L6: the app judges the credentials of external senders whenever the extension is set (RFC 9420 §5.3.1, §12.1.8.1).
#[test]
fn external_senders_are_judged() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let extensions = |credential: Credential| {
        let key = mallory.host().identities[0].public_key.clone();
        let senders = encode(&Opaque(encode(&(key, credential)).unwrap())).unwrap();
        let mut list = Extensions::default();
        list.put(ExtensionType::EXTERNAL_SENDERS, senders);
        vec![Proposal::GroupContextExtensions(list)]
    };
    let odd = extensions(Credential::Other(CredentialType(ODD), Opaque(b"server".to_vec())));
    assert_eq!(bob.refuses(&Plot::of(&mallory, odd).send()), number(Code::CredentialRejected));
    bob.receive(&Plot::of(&mallory, extensions(Credential::Basic(Opaque(b"server".to_vec())))).send()).unwrap();
}

/// A client that understands this extension type.
fn extensible(name: &str, types: &[u16]) -> Person {
    Person::with(ClientConfig { extensions: types.to_vec(), ..ClientConfig::basic(name) })
}

fn extensions(list: &[(u16, &[u8])]) -> Proposal {
    let mut extensions = Extensions::default();
    list.iter().for_each(|(number, payload)| extensions.put(ExtensionType(*number), payload.to_vec()));
    Proposal::GroupContextExtensions(extensions)
}

/// Rule L7: new group extensions are supported by every member of the resulting group (RFC 9420 §12.1.7).
#[test]
fn all_support_new_extensions() {
    let [mallory, bob, _] =
        group_of([extensible("mallory", &[ODD]), extensible("bob", &[ODD]), extensible("carol", &[])]);
    let odd = || extensions(&[(ODD, &[])]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![odd()]).send()), number(Code::Incapable));
    let newcomer = vec![odd(), remove(2), extensible("dave", &[]).add()];
    assert_eq!(bob.refuses(&Plot::of(&mallory, newcomer).send()), number(Code::Incapable));
    let fit = vec![odd(), remove(2), extensible("dave", &[ODD]).add()];
    bob.receive(&Plot::of(&mallory, fit).send()).unwrap();
}

/// Rule L7: who is added, updates or commits supports the group's extensions (RFC 9420 §7.3, §13.4).
#[test]
fn a_new_leaf_supports_the_groups_extensions() {
    let encoded = encode(&Opaque(encode(&(ExtensionType(ODD), Opaque::default())).unwrap())).unwrap();
    let people = [extensible("mallory", &[ODD]), extensible("bob", &[ODD]), extensible("carol", &[ODD])];
    let [mallory, bob, carol] = group_with(people, encoded);
    let add = vec![extensible("dave", &[]).add()];
    assert_eq!(bob.refuses(&Plot::of(&mallory, add).send()), number(Code::Incapable));
    let lacks = |leaf: &mut LeafNode| leaf.capabilities.extensions.retain(|listed| listed.0 != ODD);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![]).leaf(lacks).send()), number(Code::Incapable));
    let update = super::frame::Frame::of(&mallory, crate::message::Content::Proposal(mallory.update(lacks))).public();
    [&bob, &carol].into_iter().for_each(|one| drop(one.receive(&update).unwrap()));
    assert_eq!(bob.refuses(&Plot::naming(&carol, carol.references()).send()), number(Code::Incapable));
    bob.receive(&Plot::of(&mallory, vec![extensible("dave", &[ODD]).add()]).send()).unwrap();
}

/// Rule L7: required capabilities are those of the new extensions, and asked of every member of the resulting group (RFC 9420
/// §11.1, §12.1.7).
#[test]
fn all_have_the_required_capabilities() {
    let able = |name: &str| {
        let config = ClientConfig { extensions: vec![ODD], proposals: vec![ODD], ..ClientConfig::basic(name) };
        Person::with(ClientConfig { credentials: vec![ODD], ..config })
    };
    for required in [&[2, 0xf0, 0x0d, 0, 0][..], &[0, 2, 0xf0, 0x0d, 0], &[0, 0, 2, 0xf0, 0x0d]] {
        let [mallory, bob, _] = group_of([able("mallory"), able("bob"), Person::of("carol")]);
        let asking = || extensions(&[(3, required)]);
        assert_eq!(bob.refuses(&Plot::of(&mallory, vec![asking()]).send()), number(Code::Incapable));
        let newcomer = vec![asking(), remove(2), Person::of("dave").add()];
        assert_eq!(bob.refuses(&Plot::of(&mallory, newcomer).send()), number(Code::Incapable));
        let lacking = Plot::of(&mallory, vec![asking(), remove(2)]).leaf(|leaf| {
            leaf.capabilities.extensions.retain(|listed| listed.0 != ODD);
            leaf.capabilities.proposals.clear();
            leaf.capabilities.credentials = vec![CredentialType::BASIC];
        });
        assert_eq!(bob.refuses(&lacking.send()), number(Code::Incapable));
        bob.receive(&Plot::of(&mallory, vec![asking(), remove(2), able("dave").add()]).send()).unwrap();
    }
}

/// Rule L7: who is added, updates or commits has the capabilities that the group requires already (RFC 9420 §7.3, §11.1).
#[test]
fn a_new_leaf_has_the_required_capabilities() {
    let able = |name: &str| {
        let config = ClientConfig { extensions: vec![ODD], proposals: vec![ODD], ..ClientConfig::basic(name) };
        Person::with(ClientConfig { credentials: vec![ODD], ..config })
    };
    for required in [&[2, 0xf0, 0x0d, 0, 0][..], &[0, 2, 0xf0, 0x0d, 0], &[0, 0, 2, 0xf0, 0x0d]] {
        let list = encode(&(ExtensionType::REQUIRED_CAPABILITIES, Opaque(required.to_vec()))).unwrap();
        let [mallory, bob, carol] = group_with(["mallory", "bob", "carol"].map(able), encode(&Opaque(list)).unwrap());
        let lacks = |leaf: &mut LeafNode| {
            leaf.capabilities.extensions.retain(|listed| listed.0 != ODD);
            leaf.capabilities.proposals.clear();
            leaf.capabilities.credentials = vec![CredentialType::BASIC];
        };
        let add = vec![Person::of("dave").add()];
        assert_eq!(bob.refuses(&Plot::of(&mallory, add).send()), number(Code::Incapable));
        assert_eq!(bob.refuses(&Plot::of(&mallory, vec![]).leaf(lacks).send()), number(Code::Incapable));
        let update = crate::message::Content::Proposal(mallory.update(lacks));
        deliver(&super::frame::Frame::of(&mallory, update).public(), &[&bob, &carol]);
        let commit = Plot::naming(&carol, carol.references()).send();
        assert_eq!(bob.refuses(&commit), number(Code::Incapable));
        bob.receive(&Plot::of(&mallory, vec![able("dave").add()]).send()).unwrap();
    }
}

/// Rule L7: default types are required of nobody in vain: all support them unasked (RFC 9420 §7.2, §11.1).
#[test]
fn default_types_are_supported_unasked() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let all =
        [&[10][..], &[0, 1, 0, 2, 0, 3, 0, 4, 0, 5], &[14], &[0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7], &[2, 0, 1]];
    bob.receive(&Plot::of(&mallory, vec![extensions(&[(3, &all.concat())])]).send()).unwrap();
}

/// Rule P8: our own commit leaves a waiting proposal out that not all support, and is not kept from the rest (RFC 9420 §12.2).
#[test]
fn a_proposal_of_a_type_that_not_all_support_does_not_block_commits() {
    let [alice, bob] = members(["alice", "bob"]);
    let custom = bob.propose(Proposal::Custom(ProposalType(ODD), Opaque(vec![1])));
    alice.receive(&custom).unwrap();
    let built = alice.group().new_commit().build().unwrap();
    let Event::EpochChanged { change } = bob.receive(&built.commit).unwrap() else { panic!() };
    assert!(change.custom.is_empty());
}
