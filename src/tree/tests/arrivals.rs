//! Imports of trees whose leaves are verified on several threads: what goes wrong is said as if there were one.

use std::sync::Arc;

use super::super::leaf_node::LeafNode;
use super::super::node::Node;
use super::super::paged::Tree;
use super::suite;
use crate::base::error::Error;
use crate::base::host::{Observer, Unobserved};
use crate::base::limits::MAX_LIFETIME;
use crate::base::{Code, GroupId, Result};
use crate::codec::{Opaque, encode};
use crate::store::{GroupKeys, Incarnation, MemoryStorage, Store, Txn};
use crate::tree::{Credential, Judge, MemberRules, Names, Newcomer, Payload, Scrutiny, sample};

/// Leaves in one stretch of nodes.
const STRETCH: u32 = 256;

/// Names leaves by their places, and rejects one of them.
struct Doorman {
    asked: Vec<u32>,
    rejects: Option<u32>,
}

impl Judge for Doorman {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        self.asked.extend(newcomers.iter().map(|(leaf, _)| leaf.0));
        match newcomers.iter().any(|(leaf, _)| Some(leaf.0) == self.rejects) {
            true => Err(Code::CredentialRejected.into()),
            false => Ok(newcomers.iter().map(|(leaf, _)| (leaf.0.to_be_bytes().to_vec(), vec![])).collect()),
        }
    }
}

type Spoil = (u32, fn(&mut LeafNode));

/// Signed leaves under blank parents, some of them spoilt after they were signed.
fn payload(leaves: u32, spoilt: &[Spoil]) -> Payload {
    let nodes = (0..2 * leaves - 1).map(|at| match at % 2 {
        0 => [vec![1], encode(&Node::Leaf(Box::new(member(at / 2, spoilt).into()))).unwrap()].concat(),
        _ => vec![0],
    });
    Payload::new(encode(&Opaque(nodes.flatten().collect())).unwrap())
}

fn member(number: u32, spoilt: &[Spoil]) -> LeafNode {
    let (mut leaf, key) = sample::leaf(suite());
    leaf.credential = Credential::Basic(number.to_be_bytes().to_vec().into());
    let mut leaf = sample::signed(leaf, &key, None);
    spoilt.iter().filter(|(at, _)| *at == number).for_each(|(_, spoil)| spoil(&mut leaf));
    leaf
}

fn import(payload: &Payload, rejects: Option<u32>) -> (Option<Error>, Vec<u32>) {
    let store = Store::open(MemoryStorage::new(), b"tests", None).unwrap();
    let keys = GroupKeys::new(store.keyspace().clone(), Incarnation([1; 8]));
    let mut txn = Txn::begin(store);
    txn.clear(keys.all());
    let (group_id, observer): (_, Arc<dyn Observer>) = (GroupId(vec![1]), Arc::new(Unobserved));
    let mut judge = Doorman { asked: vec![], rejects };
    let rules = Some(MemberRules { group_id: &group_id, longest_lifetime: MAX_LIFETIME });
    let scrutiny = Scrutiny { rules, judge: &mut judge, threads: 2, observer: &observer };
    (Tree::import(&mut txn, (keys, suite()), payload, scrutiny).err(), judge.asked)
}

fn forged(leaf: &mut LeafNode) {
    leaf.signature.0.0[7] ^= 1;
}

fn keyless(leaf: &mut LeafNode) {
    leaf.encryption_key.0.0.fill(0);
}

#[track_caller]
fn refuse(spoilt: &[Spoil], rejects: Option<u32>, (code, asked): (Code, u32)) {
    let (error, found) = import(&payload(3 * STRETCH, spoilt), rejects);
    assert!(error.is_some_and(|error| error.is(code)));
    assert_eq!(found, (0..asked).collect::<Vec<_>>());
}

#[test]
fn one_bad_leaf_among_many_refuses_all() {
    let good = import(&payload(3 * STRETCH, &[]), None);
    assert_eq!(good, (None, (0..3 * STRETCH).collect()));
    for at in [0, 1, STRETCH - 1, STRETCH, 3 * STRETCH - 1] {
        refuse(&[(at, forged)], None, (Code::BadSignature, at / STRETCH * STRETCH));
    }
}

#[test]
fn the_first_bad_leaf_is_the_one_that_is_told() {
    for _ in 0..4 {
        refuse(&[(100, forged), (101, keyless), (200, keyless)], None, (Code::BadSignature, 0));
        refuse(&[(300, keyless), (301, forged), (500, forged)], None, (Code::Malformed, STRETCH));
    }
}

#[test]
fn what_comes_first_in_the_tree_comes_first() {
    // Its stretch was named before the next one is said to be bad.
    refuse(&[(STRETCH, forged)], Some(STRETCH - 1), (Code::CredentialRejected, STRETCH));
    // Nobody is named before their stretch is known to be good.
    refuse(&[(STRETCH + 9, forged)], Some(STRETCH), (Code::BadSignature, STRETCH));
    // Bytes that are no node do not hide what comes before them.
    let mut nodes = payload(2 * STRETCH, &[(3, forged)]).get(4..).unwrap().to_vec();
    nodes.extend([9; 9]);
    let (error, _) = import(&Payload::new(encode(&Opaque(nodes)).unwrap()), None);
    assert!(error.unwrap().is(Code::BadSignature));
}

#[test]
fn a_key_that_is_there_twice_is_told_before_a_bad_leaf_further_on() {
    let suite = suite();
    let (twin, key) = sample::leaf(suite);
    let named = |name: &[u8]| {
        let credential = Credential::Basic(name.to_vec().into());
        sample::signed(LeafNode { credential, ..twin.clone() }, &key, None)
    };
    let node = |leaf: LeafNode| [vec![1], encode(&Node::Leaf(Box::new(leaf.into()))).unwrap()].concat();
    let mut nodes = [node(named(b"one")), vec![0], node(named(b"two"))].concat();
    for number in 2..2 * STRETCH {
        nodes.push(0);
        nodes.extend(node(member(number, &[(STRETCH + 1, forged)])));
    }
    let (error, asked) = import(&Payload::new(encode(&Opaque(nodes)).unwrap()), None);
    assert!(error.unwrap().is(Code::KeyReused));
    assert_eq!(asked.len(), STRETCH as usize);
}
