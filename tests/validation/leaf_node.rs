//! Leaf nodes and key packages (RFC 9420 §7.2, §7.3, §10.1).

use std::sync::Arc;

use super::frame::Frame;
use super::people::*;
use super::plot::Plot;
use crate::base::{CipherSuite, Code, GroupId, LeafIndex, ProtocolVersion};
use crate::client::ClientConfig;
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{Digest, HpkePublicKey, Signature, SignaturePublicKey};
use crate::message::{Content, KeyPackage, Proposal, Sender};
use crate::tree::{CredentialType, ExtensionType, LeafNode, LeafNodeSource, Lifetime, ProposalType};

/// What a commit with this proposal by value comes to.
fn committed(mallory: &Person, bob: &Person, proposal: Proposal) -> u32 {
    bob.refuses(&Plot::of(mallory, vec![proposal]).send())
}

/// The same for the proposal alone.
fn proposed(mallory: &Person, bob: &Person, proposal: Proposal) -> u32 {
    bob.refuses(&Frame::of(mallory, Content::Proposal(proposal)).public())
}

/// That a key package altered like this is refused, proposed or committed.
fn refuses_package(code: Code, alter: impl Fn(&mut KeyPackage)) {
    let [mallory, bob] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let add = || carol.add_altered(&alter);
    assert_eq!(proposed(&mallory, &bob, add()), number(code));
    assert_eq!(committed(&mallory, &bob, add()), number(code));
    bob.receive(&Plot::of(&mallory, vec![carol.add_altered(|_| ())]).send()).unwrap();
}

/// That an Update altered like this is refused when it is proposed.
fn refuses_update(code: Code, alter: impl Fn(&mut LeafNode)) {
    let [mallory, bob] = members(["mallory", "bob"]);
    assert_eq!(proposed(&mallory, &bob, mallory.update(&alter)), number(code));
    bob.receive(&mallory.propose(mallory.update(|_| ()))).unwrap();
}

/// That a path with a leaf altered like this is refused.
fn refuses_path_leaf(code: Code, alter: impl Fn(&mut LeafNode)) {
    let [mallory, bob] = members(["mallory", "bob"]);
    assert_eq!(bob.refuses(&Plot::of(&mallory, vec![]).leaf(&alter).send()), number(code));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// That a leaf altered like this is refused wherever a leaf can come from.
fn refuses_leaf(code: Code, alter: impl Fn(&mut LeafNode)) {
    refuses_package(code, |key_package| alter(&mut key_package.leaf_node));
    refuses_update(code, &alter);
    refuses_path_leaf(code, &alter);
}

fn lifetime() -> LeafNodeSource {
    LeafNodeSource::KeyPackage(Lifetime { not_before: 0, not_after: 9 })
}

/// Rule L1: the leaf of a key package has the source `key_package` (RFC 9420 §7.3, §10.1).
#[test]
fn the_leaf_of_a_key_package_says_so() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    for source in [LeafNodeSource::Update, LeafNodeSource::Commit(Digest(Short::from(vec![7; 32])))] {
        // The signature is for a place in the group, as such a source asks: the one that carol would get.
        let place = (&GroupId(bob.group().id()), LeafIndex(2));
        let mut key_package = carol.package();
        key_package.leaf_node.leaf_node_source = source;
        carol.sign_leaf(&mut key_package.leaf_node, Some(place));
        let content = crate::tree::Signed::signed_fields(&key_package).unwrap();
        let purpose = crate::SignPurpose::KeyPackage;
        key_package.signature = carol.sign(purpose, <KeyPackage as crate::tree::Signed>::LABEL, &content);
        let add = || Proposal::Add(Arc::new(key_package.clone()).into());
        assert_eq!(proposed(&mallory, &bob, add()), number(Code::BadLeafNode));
        assert_eq!(committed(&mallory, &bob, add()), number(Code::BadLeafNode));
    }
}

/// Rule L1: the leaf of an Update has the source `update` (RFC 9420 §7.3).
#[test]
fn the_leaf_of_an_update_says_so() {
    refuses_update(Code::BadLeafNode, |leaf| leaf.leaf_node_source = lifetime());
    refuses_update(Code::BadLeafNode, |leaf| {
        leaf.leaf_node_source = LeafNodeSource::Commit(Digest(Short::from(vec![7; 32])))
    });
}

/// Rule L1: the leaf of a path has the source `commit` (RFC 9420 §7.3, §12.4.2).
#[test]
fn the_leaf_of_a_path_says_so() {
    refuses_path_leaf(Code::BadLeafNode, |leaf| leaf.leaf_node_source = lifetime());
    refuses_path_leaf(Code::BadLeafNode, |leaf| leaf.leaf_node_source = LeafNodeSource::Update);
}

/// Rule L1: the signature of an Update covers the group id and the leaf index (RFC 9420 §7.2).
#[test]
fn the_signature_of_an_update_covers_its_place() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let group_id = GroupId(bob.group().id());
    for (group_id, leaf) in [(&GroupId(vec![1; 16]), LeafIndex(0)), (&group_id, LeafIndex(1))] {
        let Proposal::Update(node) = mallory.update(|_| ()) else { panic!() };
        let mut node = node.peek().clone();
        mallory.sign_leaf(&mut node, Some((group_id, leaf)));
        let update = Proposal::Update(Box::new(node.into()));
        assert_eq!(proposed(&mallory, &bob, update), number(Code::BadSignature));
    }
    bob.receive(&mallory.propose(mallory.update(|_| ()))).unwrap();
}

/// Rule L1: the signature of a path's leaf covers the group id and the leaf index (RFC 9420 §7.2).
#[test]
fn the_signature_of_a_paths_leaf_covers_its_place() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let group_id = GroupId(bob.group().id());
    for (group_id, leaf) in [(&GroupId(vec![1; 16]), LeafIndex(0)), (&group_id, LeafIndex(1))] {
        let commit = Plot::of(&mallory, vec![]).signed_leaf(|node| mallory.sign_leaf(node, Some((group_id, leaf))));
        assert_eq!(bob.refuses(&commit.send()), number(Code::BadSignature));
    }
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule L1: every leaf has a good signature of its own key (RFC 9420 §7.3).
#[test]
fn a_leaf_is_signed_by_itself() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let commit = Plot::of(&mallory, vec![]).signed_leaf(|leaf| leaf.signature = Signature(Short::from(vec![0; 64])));
    assert_eq!(bob.refuses(&commit.send()), number(Code::BadSignature));
    let commit = Plot::of(&mallory, vec![]).signed_leaf(|leaf| leaf.capabilities.proposals.push(ProposalType(0xf00d)));
    assert_eq!(bob.refuses(&commit.send()), number(Code::BadSignature));
    let Proposal::Update(node) = mallory.update(|_| ()) else { panic!() };
    let mut node = node.peek().clone();
    bob.sign_leaf(&mut node, Some((&GroupId(bob.group().id()), LeafIndex(0))));
    let update = Proposal::Update(Box::new(node.into()));
    assert_eq!(proposed(&mallory, &bob, update), number(Code::BadSignature));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule L2: an Update brings another encryption key than the leaf had (RFC 9420 §7.3).
#[test]
fn an_update_brings_a_new_encryption_key() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let old = mallory.view().leaf(LeafIndex(0)).encryption_key;
    let update = mallory.update(|leaf| leaf.encryption_key = old.clone());
    assert_eq!(proposed(&mallory, &bob, update), number(Code::KeyReused));
    bob.receive(&mallory.propose(mallory.update(|_| ()))).unwrap();
}

/// Rule L2: a path brings another encryption key than the leaf had (RFC 9420 §7.3, §12.4.2).
#[test]
fn a_path_brings_a_new_encryption_key() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let old = mallory.view().leaf(LeafIndex(0)).encryption_key;
    let commit = Plot::of(&mallory, vec![]).leaf(|leaf| leaf.encryption_key = old.clone());
    assert_eq!(bob.refuses(&commit.send()), number(Code::KeyReused));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule L2: the member at leaf 0 may update like any other (RFC 9420 §12.1.2).
#[test]
fn leaf_zero_may_update() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let proposal = alice.group().propose_update(vec![]).unwrap();
    for one in [&bob, &carol] {
        one.receive(&proposal).unwrap();
    }
    let commit = bob.refresh();
    for one in [&alice, &carol] {
        let crate::Event::EpochChanged { change } = one.receive(&commit).unwrap() else { panic!() };
        assert_eq!(change.updated[0].leaf, 0);
    }
    agree(&[&alice, &bob, &carol]);
}

/// Rule L4: a key package's init key is not the encryption key of its leaf (RFC 9420 §10.1).
#[test]
fn an_init_key_is_not_the_leafs() {
    refuses_package(Code::BadKeyPackage, |key_package| {
        key_package.init_key = key_package.leaf_node.encryption_key.clone();
    });
}

/// Rule L4: a key package is of the group's cipher suite (RFC 9420 §10.1).
#[test]
fn a_key_package_is_of_the_groups_suite() {
    for suite in [0, 2, 3, 7, 0x0a0a] {
        refuses_package(Code::BadKeyPackage, |key_package| key_package.cipher_suite = CipherSuite(suite));
    }
}

/// Rule L4: a key package is of the group's protocol version (RFC 9420 §10.1).
#[test]
fn a_key_package_is_of_the_groups_version() {
    for version in [0, 2, 0x100] {
        refuses_package(Code::UnsupportedVersion, |key_package| key_package.version = ProtocolVersion(version));
    }
}

/// Rule L4: who is added supports the group's suite and version (RFC 9420 §7.2, §11.1).
#[test]
fn who_is_added_lists_suite_and_version() {
    refuses_package(Code::BadLeafNode, |key_package| {
        key_package.leaf_node.capabilities.cipher_suites = vec![CipherSuite(2), CipherSuite(3)];
    });
    refuses_package(Code::BadLeafNode, |key_package| {
        key_package.leaf_node.capabilities.versions = vec![ProtocolVersion(2)];
    });
}

/// Rule L4: a key package has a good signature of its leaf's key, and so has the leaf in it (RFC 9420 §10.1).
#[test]
fn both_signatures_of_a_key_package_hold() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let spoilt: [fn(&mut KeyPackage); 4] = [
        |key_package| key_package.signature.0.0[5] ^= 1,
        |key_package| key_package.leaf_node.signature.0.0[5] ^= 1,
        |key_package| key_package.extensions.put(ExtensionType(0xf00d), vec![]),
        |key_package| key_package.signature.0.0.clear(),
    ];
    for spoil in spoilt {
        let mut key_package = carol.package();
        spoil(&mut key_package);
        let add = || Proposal::Add(Arc::new(key_package.clone()).into());
        assert_eq!(proposed(&mallory, &bob, add()), number(Code::BadSignature));
        assert_eq!(committed(&mallory, &bob, add()), number(Code::BadSignature));
    }
    // A leaf that someone else signed, in a package that carol signed.
    let mut key_package = carol.package();
    mallory.sign_leaf(&mut key_package.leaf_node, None);
    let content = crate::tree::Signed::signed_fields(&key_package).unwrap();
    key_package.signature = carol.sign(crate::SignPurpose::KeyPackage, "KeyPackageTBS", &content);
    assert_eq!(committed(&mallory, &bob, Proposal::Add(Arc::new(key_package).into())), number(Code::BadSignature));
    bob.receive(&Plot::of(&mallory, vec![carol.add()]).send()).unwrap();
}

/// Rule L4: keys are keys of the cipher suite (RFC 9420 §5.1.1).
#[test]
fn keys_are_keys_of_the_suite() {
    for key in [vec![], vec![1; 31], vec![1; 33], vec![0; 32]] {
        let bad = || HpkePublicKey(Short::from(key.clone()));
        refuses_package(Code::Malformed, |key_package| key_package.init_key = bad());
        refuses_leaf(Code::Malformed, |leaf| leaf.encryption_key = bad());
    }
}

/// Rule L5: a leaf lists the extensions it has (RFC 9420 §7.2).
#[test]
fn a_leaf_lists_its_extensions() {
    refuses_leaf(Code::BadLeafNode, |leaf| leaf.extensions.put(ExtensionType(0xf00d), vec![]));
    let [mallory, bob] = members(["mallory", "bob"]);
    let listed = Plot::of(&mallory, vec![]).leaf(|leaf| {
        leaf.extensions.put(ExtensionType(0xf00d), vec![]);
        leaf.capabilities.extensions.push(ExtensionType(0xf00d));
    });
    bob.receive(&listed.send()).unwrap();
}

/// Rule L5: a leaf lists the type of its credential (RFC 9420 §7.2).
#[test]
fn a_leaf_lists_its_credential_type() {
    refuses_leaf(Code::BadLeafNode, |leaf| leaf.capabilities.credentials = vec![CredentialType::X509]);
    refuses_leaf(Code::BadLeafNode, |leaf| leaf.capabilities.credentials.clear());
}

/// Rule L5: extensions of the RFC stand in a leaf only if they belong there, and decode (RFC 9420 §7.2, §13.4, §17.3).
#[test]
fn a_leaf_has_extensions_of_leaves() {
    for misplaced in [2, 3, 4, 5] {
        refuses_leaf(Code::WrongContent, |leaf| leaf.extensions.put(ExtensionType(misplaced), vec![0, 0, 0]));
    }
    refuses_leaf(Code::TrailingBytes, |leaf| leaf.extensions.put(ExtensionType::APPLICATION_ID, vec![0, 0]));
    let [mallory, bob] = members(["mallory", "bob"]);
    let name = encode(&Opaque(b"phone".to_vec())).unwrap();
    let commit = Plot::of(&mallory, vec![]);
    let commit = commit.leaf(|leaf| leaf.extensions.put(ExtensionType::APPLICATION_ID, name.clone()));
    bob.receive(&commit.send()).unwrap();
}

/// Rule L5: default types are not listed in our own capabilities; on receipt that is overlooked (RFC 9420 §7.2).
#[test]
fn default_types_are_not_listed() {
    for (extensions, proposals) in [(vec![3], vec![]), (vec![], vec![1])] {
        let config = ClientConfig { extensions, proposals, ..ClientConfig::basic("alice") };
        let storage = crate::MemoryStorage::new();
        let host = crate::Host::new(storage, std::sync::Arc::new(crate::AcceptAll));
        let refused = crate::Client::new(config, host).map(drop).unwrap_err();
        assert_eq!(refused.code(), number(Code::BadArgument));
    }
    let [mallory, bob] = members(["mallory", "bob"]);
    let commit = Plot::of(&mallory, vec![]).leaf(|leaf| {
        leaf.capabilities.extensions.push(ExtensionType::REQUIRED_CAPABILITIES);
        leaf.capabilities.proposals.push(ProposalType::ADD);
    });
    bob.receive(&commit.send()).unwrap();
}

/// Rule L8: the total lifetime of a leaf is bounded on receipt, too (RFC 9420 §7.2).
#[test]
fn a_lifetime_is_bounded() {
    let span = |not_before: u64, not_after: u64| {
        move |key_package: &mut KeyPackage| {
            let lifetime = Lifetime { not_before, not_after };
            key_package.leaf_node.leaf_node_source = LeafNodeSource::KeyPackage(lifetime);
        }
    };
    refuses_package(Code::BadLeafNode, span(0, u64::MAX));
    refuses_package(Code::BadLeafNode, span(1000, 1000 + crate::base::limits::MAX_LIFETIME + 1));
    refuses_package(Code::BadLeafNode, span(1000, 999));
}

/// Rule L8: a lifetime must include the present when we add a client, and need not when another did (RFC 9420 §7.3).
#[test]
fn a_lifetime_is_over_for_the_sender_alone() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let valid = |not_before: u64, not_after: u64| {
        move |key_package: &mut KeyPackage| {
            let lifetime = Lifetime { not_before, not_after };
            key_package.leaf_node.leaf_node_source = LeafNodeSource::KeyPackage(lifetime);
        }
    };
    for (not_before, not_after) in [(1000, 2000), (u64::MAX - 2000, u64::MAX - 1000)] {
        let mut key_package = carol.package();
        valid(not_before, not_after)(&mut key_package);
        carol.sign_package(&mut key_package);
        let message = crate::message::Message::KeyPackage(Box::new(key_package.into())).encode().unwrap();
        let commit = || bob.group().new_commit().add(message.clone())?.build().map(drop);
        assert_eq!(bob.unmoved(commit), number(Code::Expired));
        assert_eq!(bob.unmoved(|| bob.group().propose_add(message.clone(), vec![]).map(drop)), number(Code::Expired));
    }
    bob.receive(&Plot::of(&mallory, vec![carol.add_altered(valid(1000, 2000))]).send()).unwrap();
}

/// Rule L8: the credential of a leaf gives way to its successor only, as the app judges (RFC 9420 §5.3.1).
#[test]
fn a_credential_is_followed_by_its_successor() {
    let other = |leaf: &mut LeafNode| leaf.credential = crate::tree::Credential::Basic(Opaque(b"eve".to_vec()));
    refuses_update(Code::CredentialRejected, other);
    refuses_path_leaf(Code::CredentialRejected, other);
}

/// Rule +: a signature key is one of the suite (RFC 9420 §5.1.1).
#[test]
fn a_signature_key_is_a_key() {
    refuses_package(Code::BadSignature, |key_package| {
        key_package.leaf_node.signature_key = SignaturePublicKey(Short::from(vec![1; 31]));
    });
}

/// Rule +: an Update comes from a member and is about its own leaf (RFC 9420 §12.1.2).
#[test]
fn an_update_is_about_its_sender() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    // Carol's leaf, as carol would have signed it for hers, sent by mallory.
    let update = carol.update(|_| ());
    assert_eq!(proposed(&mallory, &bob, update.clone()), number(Code::BadSignature));
    let frame = Frame::in_view(&mallory, mallory.view(), (Sender::NewMemberProposal, Content::Proposal(update)));
    assert_eq!(bob.refuses(&frame.public()), number(Code::BadSender));
    bob.receive(&carol.propose(carol.update(|_| ()))).unwrap();
}
