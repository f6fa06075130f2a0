//! The ratchet tree of a Welcome (RFC 9420 §7.8, §7.9, §12.4.3.3).

use super::letter::Letter;
use super::people::*;
use super::plot::Plot;
use crate::base::{Code, GroupId, LeafIndex};
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{Digest, HpkePublicKey};
use crate::tree::tests::model::Model;
use crate::tree::{CredentialType, ExtensionType, LeafNode, LeafNodeSource, Lifetime, ParentNode, TreeNodes};

/// Seven members, a newcomer and one who joins with it. Mallory, at leaf 0, was the last to commit, after those at leaves 2
/// and 4, so that the nodes 1, 3, 5, 7, 9 and 11 are keyed; xavier, at leaf 7, is merged nowhere, and zoe, at leaf 8, is
/// below no keyed node.
struct Forest {
    members: Vec<Person>,
    xavier: Person,
    zoe: Person,
}

impl Forest {
    fn grown() -> Self {
        let members: Vec<Person> = members(["mallory", "bob", "carol", "dave", "eve", "fred", "gina"]).into();
        for committer in [4, 2, 0] {
            let commit = members[committer].refresh();
            let others = members.iter().enumerate().filter(|(at, _)| *at != committer);
            others.for_each(|(_, one)| drop(one.receive(&commit).unwrap()));
        }
        Forest { members, xavier: Person::of("xavier"), zoe: Person::of("zoe") }
    }

    fn mallory(&self) -> &Person {
        &self.members[0]
    }

    /// The commit that adds xavier and zoe, without a path: nothing in the tree rests on their leaves.
    fn plot(&self) -> Plot<'_> {
        Plot::of(self.mallory(), vec![self.xavier.add(), self.zoe.add()]).pathless()
    }

    /// A Welcome with the tree that `alter` makes of this one; hash, tag and signatures are right for it.
    fn welcome(&self, alter: impl Fn(&mut Model)) -> Vec<u8> {
        Letter::of(self.plot().tree(alter).carry_out()).send()
    }

    fn refuses(&self, code: Code, alter: impl Fn(&mut Model)) {
        assert_eq!(self.zoe.refuses_welcome(&self.welcome(alter), None), number(code));
    }

    /// That the tree is taken as it is.
    fn takes(&self) {
        self.zoe.join(&self.welcome(|_| ()), None).unwrap();
    }

    /// Signs the leaf of a member anew.
    fn sign(&self, tree: &mut Model, leaf: usize) {
        let group_id = GroupId(self.mallory().group().id());
        let person = self.members.get(leaf).unwrap_or(&self.xavier);
        person.sign_leaf(node(tree, leaf), Some((&group_id, LeafIndex(leaf as u32))));
    }
}

fn node(tree: &mut Model, leaf: usize) -> &mut LeafNode {
    tree.leaves[leaf].as_mut().unwrap()
}

fn parent(tree: &mut Model, index: u32) -> &mut ParentNode {
    tree.parents.get_mut(&index).unwrap()
}

const XAVIER: usize = 7;

/// Rule T1: every keyed node is chained to a member by parent hashes (RFC 9420 §7.9.2).
#[test]
fn every_keyed_node_is_chained_to_a_member() {
    let forest = Forest::grown();
    for index in [1, 3, 5, 7, 9, 11] {
        forest.refuses(Code::BadTree, |tree| parent(tree, index).encryption_key = fresh_key());
        forest.refuses(Code::BadTree, |tree| {
            let hash = &mut parent(tree, index).parent_hash.0.0;
            if hash.is_empty() { hash.resize(32, 7) } else { hash[3] ^= 1 }
        });
    }
    forest.takes();
}

fn fresh_key() -> HpkePublicKey {
    crate::crypto::Suite::ALL[0].generate_hpke_keys().unwrap().1
}

/// Rule T1: a parent hash that is empty covers nothing but the top (RFC 9420 §7.9.2).
#[test]
fn an_empty_parent_hash_is_no_chain() {
    let forest = Forest::grown();
    for index in [1, 3] {
        forest.refuses(Code::BadTree, |tree| parent(tree, index).parent_hash.0.0.clear());
    }
    forest.refuses(Code::BadTree, |tree| {
        node(tree, 0).leaf_node_source = LeafNodeSource::Commit(Digest(Short::default()));
        forest.sign(tree, 0);
    });
    forest.takes();
}

/// Rule T1: a chain ends at a leaf that came with a commit, and carries the hash (RFC 9420 §7.9.2).
#[test]
fn a_chain_ends_at_the_leaf_of_a_commit() {
    let forest = Forest::grown();
    let lifetime = Lifetime { not_before: 0, not_after: 9 };
    for source in [LeafNodeSource::Update, LeafNodeSource::KeyPackage(lifetime)] {
        forest.refuses(Code::BadTree, |tree| {
            node(tree, 0).leaf_node_source = source.clone();
            forest.sign(tree, 0);
        });
    }
    forest.refuses(Code::BadTree, |tree| {
        let LeafNodeSource::Commit(hash) = &mut node(tree, 0).leaf_node_source else { panic!() };
        hash.0.0[0] ^= 1;
        forest.sign(tree, 0);
    });
    forest.takes();
}

/// Rule T1: what stands beside a chain is what stood there when it was made (RFC 9420 §7.9).
#[test]
fn what_stands_beside_a_chain_is_in_it() {
    let forest = Forest::grown();
    for beside in [1, 3, 5] {
        forest.refuses(Code::BadTree, |tree| {
            node(tree, beside).capabilities.proposals.push(crate::tree::ProposalType(0xf00d));
            forest.sign(tree, beside);
        });
        forest.refuses(Code::BadTree, |tree| tree.leaves[beside] = None);
    }
    forest.refuses(Code::BadTree, |tree| drop(tree.parents.remove(&5)));
    forest.takes();
}

/// Rule T1: a node that nobody set is not there (RFC 9420 §7.9.2).
#[test]
fn a_node_that_nobody_set_is_not_there() {
    let forest = Forest::grown();
    forest.refuses(Code::BadTree, |tree| {
        let unmerged_leaves = vec![LeafIndex(7)];
        let parent_hash = Digest(Short::default());
        tree.parents.insert(13, ParentNode { encryption_key: fresh_key(), parent_hash, unmerged_leaves });
    });
    forest.takes();
}

/// Rule T1: a chain passes over blank nodes, and a tree whose left half is empty is good (RFC 9420 §7.9.2).
#[test]
fn a_chain_passes_over_blanks() {
    let all: Vec<Person> = members(["alice", "bob", "carol", "dave", "eve", "fred"]).into();
    let zoe = Person::of("zoe");
    // Only eve and fred are left, on the right of an empty half; then nobody stands between eve and the top.
    let mut draft = all[4].group().new_commit();
    for leaf in 0..4 {
        draft = draft.remove(leaf).unwrap();
    }
    let commit = draft.build().unwrap().commit;
    all[4].group().confirm_commit(None, vec![]).unwrap();
    all[5].receive(&commit).unwrap();
    let built = all[5].group().new_commit().add(zoe.key_package()).unwrap().build().unwrap();
    all[5].group().confirm_commit(None, vec![]).unwrap();
    all[4].receive(&built.commit).unwrap();
    let group = zoe.join(&built.welcome.unwrap(), None).unwrap();
    assert_eq!(group.epoch_authenticator().unwrap(), all[4].group().epoch_authenticator().unwrap());
}

fn unmerged(tree: &mut Model, index: u32, leaves: &[u32]) {
    parent(tree, index).unmerged_leaves = leaves.iter().copied().map(LeafIndex).collect();
}

/// Rule T2: unmerged leaves ascend, and none is there twice (RFC 9420 §7.1).
#[test]
fn unmerged_leaves_ascend() {
    let forest = Forest::grown();
    for leaves in [&[7, 6][..], &[6, 7, 6], &[7, 7], &[7, 7, 7]] {
        forest.refuses(Code::BadTree, |tree| unmerged(tree, 7, leaves));
        forest.refuses(Code::BadTree, |tree| unmerged(tree, 11, leaves));
    }
    forest.takes();
}

/// Rule T2: an unmerged leaf is not blank (RFC 9420 §7.9.2, §12.4.3.1).
#[test]
fn an_unmerged_leaf_is_a_member() {
    let forest = Forest::grown();
    forest.refuses(Code::BadTree, |tree| tree.leaves[XAVIER] = None);
    for beyond in [9, 15, 16, 1000, 1 << 31, u32::MAX] {
        forest.refuses(Code::BadTree, |tree| unmerged(tree, 7, &[7, beyond]));
    }
    forest.takes();
}

/// Rule T2: an unmerged leaf lies below its node (RFC 9420 §12.4.3.1).
#[test]
fn an_unmerged_leaf_lies_below_its_node() {
    let forest = Forest::grown();
    for (index, leaf) in [(1, 7), (3, 7), (5, 7), (9, 7), (3, 4), (7, 8)] {
        forest.refuses(Code::BadTree, |tree| unmerged(tree, index, &[leaf]));
    }
    forest.takes();
}

/// Rule T2: a leaf that is unmerged at a node is unmerged at every keyed node in between (RFC 9420 §12.4.3.1).
#[test]
fn an_unmerged_leaf_is_unmerged_all_the_way() {
    let forest = Forest::grown();
    // Node 11 lies between leaf 7 and node 7.
    forest.refuses(Code::BadTree, |tree| unmerged(tree, 11, &[]));
    forest.refuses(Code::BadTree, |tree| unmerged(tree, 7, &[]));
    forest.refuses(Code::BadTree, |tree| {
        unmerged(tree, 11, &[]);
        unmerged(tree, 7, &[]);
    });
    // A leaf that was there when the node was set, and is said not to be merged.
    forest.refuses(Code::BadTree, |tree| unmerged(tree, 11, &[6, 7]));
    forest.refuses(Code::BadTree, |tree| unmerged(tree, 7, &[6, 7]));
    forest.takes();
}

/// Rule T3: the tree is the one whose hash the group context has (RFC 9420 §7.8, §12.4.3.1).
#[test]
fn the_tree_is_the_one_that_was_hashed() {
    let forest = Forest::grown();
    // The tag is right for the wrong hash, so nothing else tells.
    let plot = forest.plot().context(|context| context.tree_hash.0.0[0] ^= 1);
    let welcome = Letter::of(plot.carry_out()).send();
    assert_eq!(forest.zoe.refuses_welcome(&welcome, None), number(Code::BadTree));
    // Another good tree, which differs in a leaf that nothing else rests on.
    let outcome = forest.plot().carry_out();
    let mut other = outcome.tree.clone();
    node(&mut other, XAVIER).capabilities.proposals.push(crate::tree::ProposalType(0xf00d));
    forest.xavier.sign_leaf(node(&mut other, XAVIER), None);
    let welcome = Letter::of(outcome).tree(other.export()).send();
    assert_eq!(forest.zoe.refuses_welcome(&welcome, None), number(Code::BadTree));
    forest.takes();
}

/// Rule T3, L3: no encryption key is in the tree twice, in leaves or parents (RFC 9420 §7.3, §12.4.3.1).
#[test]
fn no_encryption_key_is_there_twice() {
    let forest = Forest::grown();
    for other in [0, 1, 5] {
        forest.refuses(Code::KeyReused, |tree| {
            node(tree, XAVIER).encryption_key = node(tree, other).encryption_key.clone();
            forest.xavier.sign_leaf(node(tree, XAVIER), None);
        });
    }
    for index in [1, 7, 11] {
        forest.refuses(Code::KeyReused, |tree| {
            node(tree, XAVIER).encryption_key = parent(tree, index).encryption_key.clone();
            forest.xavier.sign_leaf(node(tree, XAVIER), None);
        });
    }
    for (index, other) in [(3, 1), (7, 5), (11, 9)] {
        forest.refuses(Code::KeyReused, |tree| {
            parent(tree, index).encryption_key = parent(tree, other).encryption_key.clone();
        });
    }
    forest.takes();
}

/// Rule L3, T3: no signature key and no client is in the tree twice (RFC 9420 §7.3, §12.4.3.1).
#[test]
fn no_member_is_there_twice() {
    let forest = Forest::grown();
    forest.refuses(Code::KeyReused, |tree| {
        node(tree, XAVIER).signature_key = node(tree, 1).signature_key.clone();
        forest.members[1].sign_leaf(node(tree, XAVIER), None);
    });
    forest.refuses(Code::KeyReused, |tree| {
        node(tree, XAVIER).credential = node(tree, 1).credential.clone();
        forest.xavier.sign_leaf(node(tree, XAVIER), None);
    });
    forest.takes();
}

/// Rule T4: every leaf of the tree is verified (RFC 9420 §12.4.3.1, §7.3).
#[test]
fn every_leaf_of_the_tree_is_verified() {
    let forest = Forest::grown();
    let xavier = |code, alter: &dyn Fn(&mut LeafNode)| {
        forest.refuses(code, |tree| {
            alter(node(tree, XAVIER));
            forest.xavier.sign_leaf(node(tree, XAVIER), None);
        });
    };
    let long = Lifetime { not_before: 0, not_after: u64::MAX };
    xavier(Code::BadLeafNode, &|leaf| leaf.leaf_node_source = LeafNodeSource::KeyPackage(long));
    xavier(Code::BadLeafNode, &|leaf| leaf.extensions.put(ExtensionType(0xf00d), vec![]));
    xavier(Code::BadLeafNode, &|leaf| leaf.capabilities.credentials.clear());
    xavier(Code::WrongContent, &|leaf| leaf.extensions.put(ExtensionType::RATCHET_TREE, vec![0]));
    xavier(Code::Malformed, &|leaf| leaf.encryption_key.0.0.truncate(31));
    forest.takes();
}

/// Rule T4: every leaf of the tree has a good signature, for its own place (RFC 9420 §12.4.3.1, §7.2).
#[test]
fn every_leaf_of_the_tree_is_signed() {
    let forest = Forest::grown();
    for leaf in [0, 1, XAVIER] {
        forest.refuses(Code::BadSignature, |tree| node(tree, leaf).signature.0.0[0] ^= 1);
    }
    let group_id = GroupId(forest.mallory().group().id());
    forest.refuses(Code::BadSignature, |tree| {
        forest.mallory().sign_leaf(node(tree, 0), Some((&group_id, LeafIndex(1))));
    });
    forest.refuses(Code::BadSignature, |tree| {
        forest.mallory().sign_leaf(node(tree, 0), Some((&GroupId(vec![1]), LeafIndex(0))));
    });
    forest.takes();
}

/// Rule T4, L6: every member supports the credential types of all (RFC 9420 §7.3).
#[test]
fn all_members_of_the_tree_support_each_others_credentials() {
    let believer = || std::sync::Arc::new(Believer);
    let [mallory, _] = members(["mallory", "bob"]);
    let other = Person::judging(crate::ClientConfig::basic("zoe"), believer());
    let plot = |xavier: &Person| Plot::of(&mallory, vec![xavier.add(), other.add()]).pathless();
    let xavier = Person::of("xavier");
    let forged = plot(&xavier).tree(|tree| {
        let leaf = node(tree, 2);
        leaf.credential = crate::tree::Credential::Other(CredentialType(0xf00d), Opaque(b"xavier".to_vec()));
        leaf.capabilities.credentials.push(CredentialType(0xf00d));
        xavier.sign_leaf(leaf, None);
    });
    let welcome = Letter::of(forged.carry_out()).send();
    assert_eq!(other.refuses_welcome(&welcome, None), number(Code::Incapable));
    other.join(&Letter::of(plot(&xavier).carry_out()).send(), None).unwrap();
}

/// Rule F5: leaves stand at even places and parents at odd ones (RFC 9420 §12.4.3.3).
#[test]
fn nodes_stand_where_they_belong() {
    let forest = Forest::grown();
    let refused = |alter: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let outcome = forest.plot().carry_out();
        let mut nodes = outcome.tree.encoded_nodes();
        alter(&mut nodes);
        let tree = encode(&Opaque(nodes.concat())).unwrap();
        let welcome = Letter::of(outcome).tree(tree).send();
        assert_eq!(forest.zoe.refuses_welcome(&welcome, None), number(Code::BadTree));
    };
    refused(&|nodes| nodes.swap(0, 1));
    refused(&|nodes| nodes.swap(2, 3));
    refused(&|nodes| drop(nodes.remove(0)));
    refused(&|nodes| nodes.extend([nodes[1].clone(), nodes[3].clone()]));
    forest.takes();
}

/// Rule F6: the last node of a tree is not blank; the rest is filled up to the next power of two (RFC 9420 §12.4.3.3).
#[test]
fn the_last_node_is_not_blank() {
    let [mallory, _] = members(["mallory", "bob"]);
    let carol = Person::of("carol");
    let plot = || Plot::of(&mallory, vec![carol.add()]).pathless();
    for blanks in [1, 2, 3, 4, 100] {
        let (inside, beside) = (plot().carry_out(), plot().carry_out());
        assert_eq!(inside.tree.encoded_nodes().len(), 5);
        let longer = |tree: &Model| encode(&Opaque([tree.encoded_nodes().concat(), vec![0; blanks]].concat())).unwrap();
        let (tree, with_tree) = (longer(&beside.tree), longer(&inside.tree));
        let inside = Letter::of(inside).tree(with_tree).send();
        assert_eq!(carol.refuses_welcome(&inside, None), number(Code::BadTree));
        let without = Letter::of(beside).group_info(|info| info.extensions = Default::default()).send();
        assert_eq!(carol.refuses_welcome(&without, Some(tree)), number(Code::BadTree));
    }
    let empty = Letter::of(plot().carry_out()).tree(encode(&Opaque::default()).unwrap()).send();
    assert_eq!(carol.refuses_welcome(&empty, None), number(Code::BadTree));
    let group = carol.join(&Letter::of(plot().carry_out()).send(), None).unwrap();
    assert_eq!(group.status().unwrap().members, 3);
}

/// Rule F5: a tree has at most 2^24 leaves, so that no index overflows (RFC 9420 §12.4.3.3).
#[test]
fn a_tree_has_a_largest_size() {
    let most = 2 * crate::base::limits::MAX_LEAVES as usize - 1;
    let payload = encode(&Opaque(vec![0; most + 1])).unwrap();
    let mut nodes = TreeNodes::new(&payload).unwrap();
    assert!(nodes.by_ref().take(most).all(|node| node.is_ok()));
    assert!(nodes.next().unwrap().unwrap_err().is(Code::LimitReached));
    assert!(nodes.next().is_none());
}
