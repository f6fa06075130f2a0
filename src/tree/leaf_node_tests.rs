#![allow(clippy::unwrap_used)]

use super::*;
use crate::base::limits::MAX_LIFETIME;
use crate::codec::{Opaque, Short, decode_exact, encode};
use crate::crypto::SignaturePrivateKey;
use crate::tree::sample;

fn suite() -> &'static Suite {
    Suite::of(CipherSuite(1)).unwrap()
}

fn rules(source: ExpectedSource) -> LeafRules<'static> {
    LeafRules { source, member: None, longest_lifetime: MAX_LIFETIME }
}

/// The verdict on a leaf that travelled.
fn verdict(leaf: &LeafNode, rules: &LeafRules<'_>) -> Result<LeafNode> {
    decode_exact::<Unverified<LeafNode>>(&encode(leaf).unwrap()).unwrap().verify(suite(), rules)
}

fn code(spoil: impl Fn(&mut LeafNode)) -> u32 {
    let (mut leaf, key) = sample::leaf(suite());
    spoil(&mut leaf);
    verdict(&sample::signed(leaf, &key, None), &rules(ExpectedSource::KeyPackage)).unwrap_err().code()
}

#[test]
fn a_good_leaf_is_accepted_unchanged() {
    let (leaf, key) = sample::leaf(suite());
    let leaf = sample::signed(leaf, &key, None);
    for source in [ExpectedSource::KeyPackage, ExpectedSource::Any] {
        assert_eq!(verdict(&leaf, &rules(source)).unwrap(), leaf);
    }
}

#[test]
fn the_source_fits_the_place() {
    let (leaf, key) = sample::leaf(suite());
    let leaf = sample::signed(leaf, &key, None);
    for source in [ExpectedSource::Update, ExpectedSource::Commit] {
        assert!(verdict(&leaf, &rules(source)).unwrap_err().is(Code::BadLeafNode));
    }
}

#[test]
fn the_signature_of_an_update_covers_its_place() {
    let (group, other) = (GroupId(vec![1]), GroupId(vec![2]));
    for source in [LeafNodeSource::Update, LeafNodeSource::Commit(Digest(Short::from(vec![3; 32])))] {
        let (mut leaf, key) = sample::leaf(suite());
        leaf.leaf_node_source = source;
        let leaf = sample::signed(leaf, &key, Some((&group, LeafIndex(0))));
        let at = |place| verdict(&leaf, &LeafRules { member: place, ..rules(ExpectedSource::Any) });
        at(Some((&group, LeafIndex(0)))).unwrap();
        assert!(at(Some((&group, LeafIndex(1)))).unwrap_err().is(Code::BadSignature));
        assert!(at(Some((&other, LeafIndex(0)))).unwrap_err().is(Code::BadSignature));
        assert!(at(None).unwrap_err().is(Code::BadLeafNode));
    }
}

#[test]
fn what_a_leaf_uses_it_lists() {
    let bad_leaf = Code::BadLeafNode.number();
    assert_eq!(code(|leaf| leaf.extensions.put(ExtensionType(0xf001), vec![])), bad_leaf);
    assert_eq!(code(|leaf| leaf.capabilities.credentials.clear()), bad_leaf);
    let misplaced = Code::WrongContent.number();
    assert_eq!(code(|leaf| leaf.extensions.put(ExtensionType::EXTERNAL_PUB, vec![0])), misplaced);
    let trailing = Code::TrailingBytes.number();
    assert_eq!(code(|leaf| leaf.extensions.put(ExtensionType::APPLICATION_ID, vec![0, 0])), trailing);
}

#[test]
fn members_support_version_and_suite_of_their_group() {
    let (mut leaf, _) = sample::leaf(suite());
    leaf.check_group(suite().id()).unwrap();
    assert!(leaf.check_group(CipherSuite(2)).unwrap_err().is(Code::BadLeafNode));
    leaf.capabilities.versions = vec![ProtocolVersion(2)];
    assert!(leaf.check_group(suite().id()).unwrap_err().is(Code::BadLeafNode));
}

#[test]
fn listing_default_types_is_overlooked() {
    let (mut leaf, key) = sample::leaf(suite());
    leaf.capabilities.extensions = vec![ExtensionType::APPLICATION_ID, ExtensionType(0x0a0a)];
    leaf.extensions.put(ExtensionType::APPLICATION_ID, vec![1, 7]);
    leaf.extensions.put(ExtensionType(0x0a0a), vec![]);
    verdict(&sample::signed(leaf, &key, None), &rules(ExpectedSource::KeyPackage)).unwrap();
}

#[test]
fn lifetimes_are_bounded() {
    let with = |not_before, not_after| {
        let lifetime = Lifetime { not_before, not_after };
        code(move |leaf| leaf.leaf_node_source = LeafNodeSource::KeyPackage(lifetime))
    };
    assert_eq!(with(0, u64::MAX), Code::BadLeafNode.number());
    assert_eq!(with(5, 4), Code::BadLeafNode.number());
    assert_eq!(with(5, 6 + MAX_LIFETIME), Code::BadLeafNode.number());
    let lifetime = Lifetime { not_before: 5, not_after: 5 + MAX_LIFETIME };
    lifetime.check_range(MAX_LIFETIME).unwrap();
    lifetime.check_now(5).unwrap();
    assert!(lifetime.check_now(4).unwrap_err().is(Code::Expired));
    assert!(lifetime.check_now(6 + MAX_LIFETIME).unwrap_err().is(Code::Expired));
}

#[test]
fn oversize_keyless_and_forged_leaves_are_refused() {
    let identity = Credential::Basic(Opaque(vec![0; limits::MAX_LEAF_NODE]));
    assert_eq!(code(|leaf| leaf.credential = identity.clone()), Code::LimitReached.number());
    assert_eq!(code(|leaf| leaf.encryption_key = HpkePublicKey(Short::from(vec![]))), Code::Malformed.number());
    let (leaf, key) = sample::leaf(suite());
    let (other, _): (_, SignaturePrivateKey) = sample::leaf(suite());
    let mut leaf = sample::signed(leaf, &key, None);
    leaf.encryption_key = other.encryption_key;
    assert!(verdict(&leaf, &rules(ExpectedSource::KeyPackage)).unwrap_err().is(Code::BadSignature));
}
