//! Commits (RFC 9420 §8, §12.4).

use super::frame::Frame;
use super::letter::Letter;
use super::people::*;
use super::plot::Plot;
use crate::Event;
use crate::base::{Code, Epoch, LeafIndex, Secret};
use crate::codec::{Opaque, encode};
use crate::crypto::{Digest, HpkeInfo};
use crate::message::{Content, Proposal, ProposalOrRef};
use crate::tree::{ExtensionType, Extensions, ProposalType};

fn remove(leaf: u32) -> Proposal {
    Proposal::Remove(LeafIndex(leaf))
}

fn extensions() -> Proposal {
    let mut list = Extensions::default();
    list.put(ExtensionType::REQUIRED_CAPABILITIES, vec![0; 3]);
    Proposal::GroupContextExtensions(list)
}

/// That a commit is refused, and the same without what was done to it is not.
fn refuses(code: Code, proposals: &[Proposal], twist: impl for<'a> Fn(Plot<'a>) -> Plot<'a>) {
    let [mallory, bob, _, _] = members(["mallory", "bob", "carol", "dave"]);
    let plot = || Plot::of(&mallory, proposals.to_vec());
    assert_eq!(bob.refuses(&twist(plot()).send()), number(code));
    bob.receive(&plot().send()).unwrap();
}

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
        let key = crate::crypto::HpkePublicKey(Opaque(key));
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
    let add = || vec![Proposal::Add(Box::new(package.clone().into()))];
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
