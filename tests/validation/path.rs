//! The paths of commits (RFC 9420 §7.4, §7.5, §7.6, §12.4).

use std::sync::Arc;

use super::commit::{extensions, refuses};
use super::people::*;
use super::plot::Plot;
use crate::base::{Code, LeafIndex};
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{Digest, HpkeInfo};
use crate::message::{Proposal, ProposalOrRef};
use crate::tree::ProposalType;

/// Rule C1: a commit without proposals has a path (RFC 9420 §12.4).
#[test]
fn an_empty_commit_has_a_path() {
    refuses(Code::BadPath, &[], |plot| plot.pathless());
}

/// Rule C1: a commit with a Remove has a path (RFC 9420 §12.4, §17.4).
#[test]
fn a_commit_that_removes_has_a_path() {
    refuses(Code::BadPath, &[remove(2)], |plot| plot.pathless());
    refuses(Code::BadPath, &[Person::of("eve").add(), remove(2)], |plot| plot.pathless());
}

/// Rule C1: a commit with an Update has a path (RFC 9420 §12.4, §17.4).
#[test]
fn a_commit_that_updates_has_a_path() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let proposal = carol.group().propose_update(vec![]).unwrap();
    for one in [&mallory, &bob] {
        one.receive(&proposal).unwrap();
    }
    let listed: Vec<ProposalOrRef> = mallory.view().waiting.into_keys().map(ProposalOrRef::Reference).collect();
    assert_eq!(bob.refuses(&Plot::naming(&mallory, listed.clone()).pathless().send()), number(Code::BadPath));
    bob.receive(&Plot::naming(&mallory, listed).send()).unwrap();
}

/// Rule C1: a commit with GroupContextExtensions has a path (RFC 9420 §12.4, §17.4).
#[test]
fn a_commit_of_extensions_has_a_path() {
    refuses(Code::BadPath, &[extensions()], |plot| plot.pathless());
}

/// Rule C1: a commit with a type that the RFC does not define has a path (RFC 9420 §12.4).
#[test]
fn a_commit_of_a_custom_type_has_a_path() {
    let versed =
        |name| Person::with(crate::ClientConfig { proposals: vec![0xf00d], ..crate::ClientConfig::basic(name) });
    let [mallory, bob] = group_of([versed("mallory"), versed("bob")]);
    let custom = || vec![Proposal::Custom(ProposalType(0xf00d), Opaque::default())];
    assert_eq!(bob.refuses(&Plot::of(&mallory, custom()).pathless().send()), number(Code::BadPath));
    bob.receive(&Plot::of(&mallory, custom()).send()).unwrap();
}

/// Rule C1: a commit that only adds may do without a path (RFC 9420 §12.4).
#[test]
fn a_commit_that_only_adds_needs_no_path() {
    let [mallory, bob] = members(["mallory", "bob"]);
    bob.receive(&Plot::of(&mallory, vec![Person::of("carol").add()]).pathless().send()).unwrap();
}

/// Rule C2: a path has as many nodes as the filtered direct path (RFC 9420 §7.9, §12.4.2).
#[test]
fn a_path_is_as_long_as_the_filtered_direct_path() {
    refuses(Code::BadPath, &[], |plot| plot.path(|path| drop(path.nodes.pop())));
    refuses(Code::BadPath, &[], |plot| plot.path(|path| path.nodes.clear()));
    refuses(Code::BadPath, &[], |plot| {
        plot.path(|path| {
            let mut more = path.nodes[0].clone();
            more.encryption_key = crate::crypto::Suite::ALL[0].generate_hpke_keys().unwrap().1;
            path.nodes.push(more);
        })
    });
}

/// Rule C2: no key of a path is anywhere in the tree (RFC 9420 §12.4.2).
#[test]
fn a_path_brings_new_keys() {
    let [mallory, bob, carol, dave] = members(["mallory", "bob", "carol", "dave"]);
    // So that there are keys of parents, mallory's own among them.
    for one in [&carol, &mallory] {
        let commit = one.refresh();
        [&mallory, &bob, &carol, &dave].into_iter().filter(|other| !std::ptr::eq(*other, one)).for_each(|other| {
            other.receive(&commit).unwrap();
        });
    }
    let tree = mallory.view().tree;
    assert!(tree.parents.len() > 2);
    for (key, node) in tree.encryption_keys() {
        let key = crate::crypto::HpkePublicKey(Short::from(key));
        for place in [0, 1] {
            let commit = Plot::of(&mallory, vec![]).keys(|keys| keys[place] = key.clone()).send();
            assert_eq!(bob.refuses(&commit), number(Code::KeyReused), "the key of node {node}");
        }
        let commit = Plot::of(&mallory, vec![]).leaf(|leaf| leaf.encryption_key = key.clone()).send();
        assert_eq!(bob.refuses(&commit), number(Code::KeyReused), "the key of node {node}");
    }
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule C2: no key stands in a path twice (RFC 9420 §12.4.2).
#[test]
fn a_path_has_each_key_once() {
    refuses(Code::KeyReused, &[], |plot| plot.keys(|keys| keys[1] = keys[0].clone()));
    let [mallory, bob] = members(["mallory", "bob"]);
    let (_, key) = mallory.view().suite.generate_hpke_keys().unwrap();
    let (in_path, in_leaf) = (key.clone(), key);
    let commit = Plot::of(&mallory, vec![]).keys(move |keys| keys[0] = in_path.clone());
    let commit = commit.leaf(move |leaf| leaf.encryption_key = in_leaf.clone());
    assert_eq!(bob.refuses(&commit.send()), number(Code::KeyReused));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule C2, L3: no key of a path is one that the same commit adds (RFC 9420 §12.4.2).
#[test]
fn a_path_brings_other_keys_than_the_adds() {
    let [mallory, bob] = members(["mallory", "bob"]);
    let package = Person::of("carol").package();
    let key = package.leaf_node.encryption_key.clone();
    let add = || vec![Proposal::Add(Arc::new(package.clone()).into())];
    let in_node = Plot::of(&mallory, add()).keys(|keys| keys[0] = key.clone()).send();
    assert_eq!(bob.refuses(&in_node), number(Code::KeyReused));
    let in_leaf = Plot::of(&mallory, add()).leaf(|leaf| leaf.encryption_key = key.clone()).send();
    assert_eq!(bob.refuses(&in_leaf), number(Code::KeyReused));
    bob.receive(&Plot::of(&mallory, add()).send()).unwrap();
}

/// Rule C2: the keys of a path are those that follow from its secrets (RFC 9420 §7.5, §12.4.2).
#[test]
fn the_keys_of_a_path_follow_from_its_secrets() {
    for place in [0, 1] {
        let [mallory, bob, carol, dave] = members(["mallory", "bob", "carol", "dave"]);
        let foreign = mallory.view().suite.generate_hpke_keys().unwrap().1;
        let commit = Plot::of(&mallory, vec![]).keys(|keys| keys[place] = foreign.clone()).send();
        let who_can_tell = if place == 0 { vec![&bob] } else { vec![&bob, &carol, &dave] };
        for one in who_can_tell {
            assert_eq!(one.refuses(&commit), number(Code::BadPath));
        }
        bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
    }
}

/// Rule C2: a path has one ciphertext for each node of the resolution of the copath, in order (RFC 9420 §7.6, §12.4.2).
#[test]
fn a_path_is_sealed_to_the_resolution() {
    refuses(Code::BadPath, &[], |plot| plot.path(|path| drop(path.nodes[1].encrypted_path_secret.pop())));
    refuses(Code::BadPath, &[], |plot| plot.path(|path| path.nodes[0].encrypted_path_secret.clear()));
    refuses(Code::BadPath, &[], |plot| {
        plot.path(|path| {
            let one = path.nodes[0].encrypted_path_secret[0].clone();
            path.nodes[1].encrypted_path_secret.push(one);
        })
    });
    let [mallory, bob, carol, _] = members(["mallory", "bob", "carol", "dave"]);
    let swapped = Plot::of(&mallory, vec![]).path(|path| path.nodes[1].encrypted_path_secret.swap(0, 1)).send();
    assert_eq!(carol.refuses(&swapped), number(Code::BadCiphertext));
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule C2: nothing of a path is sealed to the members that the same commit adds (RFC 9420 §7.6, §12.4.1).
#[test]
fn a_path_is_not_sealed_to_who_is_new() {
    let [mallory, bob, carol] = members(["mallory", "bob", "carol"]);
    let dave = Person::of("dave").add();
    let sealed_to_all = Plot::of(&mallory, vec![dave.clone()]).path(|path| {
        let node = &mut path.nodes[1].encrypted_path_secret;
        node.push(node[0].clone());
    });
    assert_eq!(bob.refuses(&sealed_to_all.send()), number(Code::BadPath));
    let commit = Plot::of(&mallory, vec![dave]).send();
    for one in [&bob, &carol] {
        one.receive(&commit).unwrap();
    }
    agree(&[&bob, &carol]);
}

/// Rule C2: a path secret has the length of the suite's secrets (RFC 9420 §7.4).
#[test]
fn a_path_secret_has_the_length_of_secrets() {
    let [mallory, bob] = members(["mallory", "bob"]);
    for length in [0, 31, 33] {
        let (key, suite) = (mallory.view().leaf(LeafIndex(1)).encryption_key, mallory.view().suite);
        let context = std::cell::RefCell::new(Vec::new());
        let commit = Plot::of(&mallory, vec![])
            .sealed_under(|provisional| *context.borrow_mut() = encode(provisional).unwrap())
            .path(|path| {
                let info = HpkeInfo::new(suite, "UpdatePathNode", &context.borrow()).unwrap();
                path.nodes[0].encrypted_path_secret[0] = info.seal_to(&key, &vec![7; length]).unwrap();
            });
        assert_eq!(bob.refuses(&commit.send()), number(Code::BadPath));
    }
    bob.receive(&Plot::of(&mallory, vec![]).send()).unwrap();
}

/// Rule T1, C2: the committer's leaf carries the parent hash of the path (RFC 9420 §7.9.2, §12.4.2).
#[test]
fn a_paths_leaf_carries_the_parent_hash() {
    let hashes: [fn(&mut Digest); 4] =
        [|hash| hash.0.0[0] ^= 1, |hash| hash.0.0.clear(), |hash| hash.0.0.truncate(31), |hash| hash.0.0.push(0)];
    for alter in hashes {
        refuses(Code::BadPath, &[], move |plot| {
            plot.leaf(move |leaf| {
                let crate::tree::LeafNodeSource::Commit(hash) = &mut leaf.leaf_node_source else { panic!() };
                alter(hash);
            })
        });
    }
}
