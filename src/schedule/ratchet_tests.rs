//! Tests of the secret tree and of the ratchets, over storage that counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use super::*;
use crate::base::{Epoch, Secret};
use crate::codec::Short;
use crate::crypto::{SignaturePublicKey, Suite};
use crate::schedule::{forget_epochs, forget_own};
use crate::store::{GroupKeys, Incarnation, KeyRange, MemoryStorage, Store, StoredRecord};
use crate::tree::{NodeIndex, Width};

const EPOCH: Epoch = Epoch(7);
const ALICE: LeafIndex = LeafIndex(5);
const BOB: LeafIndex = LeafIndex(2);
const APPLICATION: RatchetKind = RatchetKind::Application;
const HANDSHAKE: RatchetKind = RatchetKind::Handshake;

/// A client's store with the secret tree of one epoch planted in it.
struct World {
    storage: Arc<MemoryStorage>,
    store: Arc<Store>,
    keys: GroupKeys,
    suite: &'static Suite,
    width: Width,
    limits: RatchetLimits,
}

impl World {
    fn new(leaves: u32) -> World {
        World::over(&Suite::ALL[0], leaves, None)
    }

    fn over(suite: &'static Suite, leaves: u32, storage_key: Option<Secret>) -> World {
        let storage = MemoryStorage::new();
        let store = Store::open(storage.clone(), b"client", storage_key.as_ref()).unwrap();
        let keys = GroupKeys::new(store.keyspace().clone(), Incarnation([9; 8]));
        let width = Width::new(leaves).unwrap();
        let world = World { storage, store, keys, suite, width, limits: RatchetLimits::default() };
        let mut txn = world.begin();
        world.tree().plant(&mut txn, Secret::copy_of(&vec![3; suite.secret_length()]));
        world.write(txn).unwrap();
        world
    }

    fn tree(&self) -> SecretTree<'_> {
        SecretTree { suite: self.suite, keys: &self.keys, epoch: EPOCH, width: self.width }
    }

    fn begin(&self) -> Txn {
        Txn::begin(self.store.clone())
    }

    fn write(&self, txn: Txn) -> Result<()> {
        self.store.write(txn.finish(None)?)
    }

    fn ratchet(&self, txn: &mut Txn, leaf: LeafIndex, kind: RatchetKind) -> Result<Ratchet<'_>> {
        match Ratchet::load(txn, self.tree(), leaf, kind)? {
            Some(ratchet) => Ok(ratchet),
            None => Ratchet::first(txn, self.tree(), (leaf, kind), sender(leaf)),
        }
    }

    fn seek(&self, txn: &mut Txn, leaf: LeafIndex, generation: u32) -> Result<(MessageKey, Advance<'_>)> {
        self.ratchet(txn, leaf, APPLICATION)?.seek(txn, generation, (self.limits, 0))
    }

    /// Stages the use of a key.
    fn staged(&self, leaf: LeafIndex, generation: u32) -> Result<(MessageKey, Txn)> {
        let mut txn = self.begin();
        let (key, advance) = self.seek(&mut txn, leaf, generation)?;
        assert_eq!(advance.generation(), generation);
        assert!(advance.sender() == &sender(leaf));
        advance.stage(&mut txn)?;
        Ok((key, txn))
    }

    /// Uses a key, as a message that was authenticated does.
    fn open(&self, leaf: LeafIndex, generation: u32) -> Result<MessageKey> {
        let (key, txn) = self.staged(leaf, generation)?;
        self.write(txn)?;
        Ok(key)
    }

    fn refusal(&self, leaf: LeafIndex, generation: u32) -> Code {
        let Err(error) = self.open(leaf, generation) else { panic!("the key should be refused") };
        [Code::KeyGone, Code::GenerationTooFar, Code::Conflict].into_iter().find(|code| error.is(*code)).unwrap()
    }

    fn stores(&self, secret: &[u8]) -> bool {
        self.storage.records().iter().any(|record| record.value.windows(secret.len()).any(|bytes| bytes == secret))
    }

    fn skipped_records(&self, leaf: LeafIndex) -> usize {
        let prefix = self.keys.skipped_all(EPOCH, leaf, APPLICATION);
        self.storage.records().iter().filter(|record| record.key.starts_with(&prefix.0)).count()
    }
}

fn sender(leaf: LeafIndex) -> SenderIdentity {
    SenderIdentity {
        signature_key: SignaturePublicKey(Short::from(vec![leaf.0 as u8; 32])),
        client_id: vec![b'c'; 64],
        user_id: vec![b'u'; 64],
    }
}

/// Keys straight from the definitions of RFC 9420 §9, without a store.
fn reference(suite: &Suite, width: Width, leaf: LeafIndex, generation: u32) -> MessageKey {
    let length = suite.secret_length();
    let mut secret = Secret::copy_of(&vec![3; length]);
    let mut leaves = 0..width.leaves();
    while leaves.len() > 1 {
        let middle = leaves.start + (leaves.end - leaves.start) / 2;
        let (side, half): (&[u8], _) =
            if leaf.0 < middle { (b"left", leaves.start..middle) } else { (b"right", middle..leaves.end) };
        secret = suite.expand_with_label(&secret, "tree", side, length).unwrap();
        leaves = half;
    }
    secret = suite.derive_secret(&secret, "application").unwrap();
    for step in 0..generation {
        secret = suite.derive_tree_secret(&secret, "secret", step, length).unwrap();
    }
    let key = suite.derive_tree_secret(&secret, "key", generation, suite.key_length()).unwrap();
    MessageKey { key, nonce: suite.derive_tree_secret(&secret, "nonce", generation, suite.nonce_length()).unwrap() }
}

fn assert_right(world: &World, leaf: LeafIndex, generation: u32, found: &MessageKey) {
    let expected = reference(world.suite, world.width, leaf, generation);
    assert!(expected.key.matches(found.key.expose()) && expected.nonce.matches(found.nonce.expose()));
}

#[test]
fn keys_come_in_any_order_and_once() {
    for suite in Suite::ALL {
        let world = World::over(suite, 8, None);
        for generation in [0, 1, 40, 17, 2, 39, 41, 16, 3] {
            let key = world.open(ALICE, generation).unwrap();
            assert_right(&world, ALICE, generation, &key);
            assert_eq!(world.refusal(ALICE, generation), Code::KeyGone);
        }
        assert_right(&world, BOB, 3, &world.open(BOB, 3).unwrap());
    }
}

#[test]
fn every_leaf_is_reached_from_whatever_is_left_of_the_tree() {
    for leaves in [1, 2, 4, 16] {
        let world = World::new(leaves);
        for leaf in (0..leaves).rev().map(LeafIndex) {
            assert_right(&world, leaf, 1, &world.open(leaf, 1).unwrap());
        }
        let frontier = KeyRange::of_prefix(&world.keys.frontier_of(EPOCH).0);
        assert!(!world.storage.records().iter().any(|record| frontier.contains(&Key::of(&[&record.key]))));
        let outside = world.open(LeafIndex(leaves), 0).err().unwrap();
        assert!(outside.is(Code::BadSender));
    }
}

#[test]
fn all_keys_of_full_chunks_are_kept() {
    let world = World::new(8);
    world.open(ALICE, 100).unwrap();
    assert_eq!(world.skipped_records(ALICE), 7);
    for generation in (0..100).rev() {
        assert_right(&world, ALICE, generation, &world.open(ALICE, generation).unwrap());
    }
    assert_eq!(world.skipped_records(ALICE), 0);
}

#[test]
fn the_forward_limit_is_kept_before_anything_is_derived() {
    let world = World::new(8);
    let before = world.storage.records();
    for generation in [1001, u32::MAX - 1, u32::MAX] {
        assert_eq!(world.refusal(ALICE, generation), Code::GenerationTooFar);
    }
    assert!(world.storage.records() == before);
    world.open(ALICE, 1000).unwrap();
    assert_eq!(world.refusal(ALICE, 2002), Code::GenerationTooFar);
    world.open(ALICE, 2001).unwrap();
}

#[test]
fn the_last_generation_of_all_is_out_of_reach_of_any_limit() {
    assert!(check_reach(u32::MAX, u32::MAX, u32::MAX).unwrap_err().is(Code::GenerationTooFar));
    check_reach(0, u32::MAX - 1, u32::MAX).unwrap();
}

#[test]
fn the_oldest_keys_are_evicted_first() {
    let mut world = World::new(8);
    world.limits.kept = 20;
    world.open(ALICE, 10).unwrap();
    world.open(ALICE, 25).unwrap(); // kept: 0..10 and 11..25 but for the four oldest
    assert_eq!(world.refusal(ALICE, 3), Code::KeyGone);
    assert_right(&world, ALICE, 4, &world.open(ALICE, 4).unwrap());
    world.open(ALICE, 27).unwrap(); // 26 takes the place of 4
    assert_right(&world, ALICE, 5, &world.open(ALICE, 5).unwrap());
    world.open(ALICE, 100).unwrap(); // kept: 80..100 alone
    assert_eq!(world.refusal(ALICE, 26), Code::KeyGone);
    assert_eq!(world.refusal(ALICE, 79), Code::KeyGone);
    assert_eq!(world.skipped_records(ALICE), 2);
    assert_right(&world, ALICE, 80, &world.open(ALICE, 80).unwrap());
    world.limits.kept = 1;
    world.open(ALICE, 101).unwrap();
    assert_eq!(world.refusal(ALICE, 98), Code::KeyGone);
    world.limits.kept = 0;
    world.open(ALICE, 104).unwrap();
    assert_eq!(world.skipped_records(ALICE), 0);
    assert_eq!(world.refusal(ALICE, 103), Code::KeyGone);
}

#[test]
fn a_limit_lowered_by_far_is_reached_in_pages() {
    let mut world = World::new(8);
    world.limits = RatchetLimits { forward: 4000, kept: 4000, kept_for: None };
    world.open(ALICE, 4000).unwrap();
    assert_eq!(world.skipped_records(ALICE), 250);
    world.limits.kept = 5;
    world.open(ALICE, 4001).unwrap();
    assert_eq!(world.skipped_records(ALICE), 1);
    assert_eq!(world.refusal(ALICE, 3994), Code::KeyGone);
    for generation in 3995..4000 {
        assert_right(&world, ALICE, generation, &world.open(ALICE, generation).unwrap());
    }
}

#[test]
fn an_advance_that_is_dropped_never_happened() {
    let world = World::new(8);
    for used in [None, Some(30)] {
        used.map(|generation| world.open(ALICE, generation).unwrap());
        let before = world.storage.records();
        for generation in [12, 31, 600] {
            let mut txn = world.begin();
            drop(world.seek(&mut txn, ALICE, generation).unwrap());
            assert!(txn.is_idle() && txn.is_settled().unwrap());
            world.write(txn).unwrap();
        }
        assert!(world.storage.records() == before);
    }
    assert_right(&world, ALICE, 12, &world.open(ALICE, 12).unwrap());
}

#[test]
fn of_two_racing_transactions_exactly_one_wins() {
    let world = World::new(8);
    // The first use of a leaf, for the same kind of ratchet and for both kinds.
    let (_, first) = world.staged(ALICE, 0).unwrap();
    let (_, second) = world.staged(ALICE, 1).unwrap();
    let mut third = world.begin();
    let (_, advance) = world.ratchet(&mut third, ALICE, HANDSHAKE).unwrap().next_to_send().unwrap();
    advance.stage(&mut third).unwrap();
    world.write(first).unwrap();
    for late in [second, third] {
        assert!(world.write(late).unwrap_err().is(Code::Conflict));
    }
    // A ratchet that is known: in order, ahead, and two late messages of one chunk.
    world.open(ALICE, 9).unwrap();
    for (left, right) in [(10, 10), (11, 14), (3, 4), (5, 15)] {
        let (_, first) = world.staged(ALICE, left).unwrap();
        let (_, second) = world.staged(ALICE, right).unwrap();
        world.write(first).unwrap();
        assert!(world.write(second).unwrap_err().is(Code::Conflict));
    }
    assert_right(&world, ALICE, 4, &world.open(ALICE, 4).unwrap());
}

#[test]
fn two_senders_race_only_for_a_node_above_both() {
    let world = World::new(8);
    let (_, alice) = world.staged(ALICE, 0).unwrap();
    let (_, bob) = world.staged(BOB, 0).unwrap();
    world.write(alice).unwrap();
    assert!(world.write(bob).unwrap_err().is(Code::Conflict));
    assert_right(&world, BOB, 0, &world.open(BOB, 0).unwrap());
    // 4 is beside 5, 3 beside 2: what is left above them is theirs alone.
    let (_, fourth) = world.staged(LeafIndex(4), 0).unwrap();
    let (_, third) = world.staged(LeafIndex(3), 0).unwrap();
    world.write(fourth).unwrap();
    world.write(third).unwrap();
}

#[test]
fn a_refusal_that_another_process_has_overtaken_is_not_settled() {
    let world = World::new(8);
    world.open(ALICE, 0).unwrap();
    let mut late = world.begin();
    let refused = world.seek(&mut late, ALICE, 1500).err().unwrap();
    assert!(refused.is(Code::GenerationTooFar) && refused.is_verdict() && late.is_settled().unwrap());
    world.open(ALICE, 600).unwrap();
    assert!(!late.is_settled().unwrap());
    // Absent when looked for, then derived and consumed by another process before the tree was read.
    let mut late = world.begin();
    assert!(Ratchet::load(&mut late, world.tree(), BOB, APPLICATION).unwrap().is_none());
    world.open(BOB, 0).unwrap();
    let refused = Ratchet::first(&mut late, world.tree(), (BOB, APPLICATION), sender(BOB)).err().unwrap();
    assert!(refused.is(Code::KeyGone) && !late.is_settled().unwrap());
}

#[test]
fn sending_goes_up_by_one_and_ends_at_the_last_generation() {
    let world = World::new(8);
    for generation in 0..3 {
        let mut txn = world.begin();
        let (key, advance) = world.ratchet(&mut txn, ALICE, APPLICATION).unwrap().next_to_send().unwrap();
        assert_eq!(advance.generation(), generation);
        assert_right(&world, ALICE, generation, &key);
        advance.stage(&mut txn).unwrap();
        world.write(txn).unwrap();
    }
    let mut txn = world.begin();
    let mut ratchet = world.ratchet(&mut txn, ALICE, APPLICATION).unwrap();
    if let State::Stored(record) = &mut ratchet.state {
        record.next = u32::MAX;
    }
    assert!(ratchet.next_to_send().err().unwrap().is(Code::UsageLimit));
}

#[test]
fn what_was_used_leaves_no_trace_in_the_store() {
    let world = World::new(8);
    let root = vec![3; world.suite.secret_length()];
    assert!(world.stores(&root));
    let ratchet_secret = world.suite.derive_secret(&leaf_secret(&world, ALICE), "application").unwrap();
    let key = world.open(ALICE, 20).unwrap();
    assert!(!world.stores(&root) && !world.stores(key.key.expose()) && !world.stores(key.nonce.expose()));
    assert!(!world.stores(leaf_secret(&world, ALICE).expose()) && !world.stores(ratchet_secret.expose()));
    assert!(world.stores(leaf_secret(&world, LeafIndex(4)).expose()), "the sibling is kept");
    let late = reference(world.suite, world.width, ALICE, 7);
    assert!(world.stores(late.key.expose()));
    world.open(ALICE, 7).unwrap();
    assert!(!world.stores(late.key.expose()) && !world.stores(late.nonce.expose()));
    world.open(LeafIndex(4), 0).unwrap();
    assert!(!world.stores(leaf_secret(&world, LeafIndex(4)).expose()));
}

fn leaf_secret(world: &World, leaf: LeafIndex) -> Secret {
    let length = world.suite.secret_length();
    let sides = (0..world.width.root().level()).rev().map(|level| (leaf.0 >> level) & 1 == 1);
    sides.fold(Secret::copy_of(&vec![3; length]), |secret, right| {
        let side: &[u8] = if right { b"right" } else { b"left" };
        world.suite.expand_with_label(&secret, "tree", side, length).unwrap()
    })
}

#[test]
fn our_own_keys_and_whole_epochs_are_forgotten() {
    let world = World::new(8);
    world.open(ALICE, 20).unwrap();
    world.open(BOB, 20).unwrap();
    let mut txn = world.begin();
    forget_own(&mut txn, &world.keys, EPOCH, ALICE);
    world.write(txn).unwrap();
    assert_eq!(world.skipped_records(ALICE), 0);
    for generation in [3, 20, 21] {
        assert_eq!(world.refusal(ALICE, generation), Code::KeyGone);
    }
    world.open(BOB, 3).unwrap();
    // A leaf of our own that never sent, alone in what is left of the tree.
    let mut txn = world.begin();
    assert!(txn.read(&world.keys.frontier(EPOCH, NodeIndex::from(LeafIndex(3)).0)).unwrap().is_some());
    forget_own(&mut txn, &world.keys, EPOCH, LeafIndex(3));
    world.write(txn).unwrap();
    assert_eq!(world.refusal(LeafIndex(3), 0), Code::KeyGone);
    let mut txn = world.begin();
    forget_epochs(&mut txn, &world.keys, Epoch(0), EPOCH);
    world.write(txn).unwrap();
    world.open(BOB, 4).unwrap();
    let mut txn = world.begin();
    forget_epochs(&mut txn, &world.keys, Epoch(0), Epoch(8));
    world.write(txn).unwrap();
    assert_eq!(world.storage.records().len(), 1, "the store's format alone");
}

#[test]
fn the_touch_budget_is_kept() {
    let unsealed = World::new(1 << 17);
    let sealed = World::over(&Suite::ALL[0], 1 << 17, Some(Secret::copy_of(&[7; 32])));
    for world in [unsealed, sealed] {
        // Head, epoch and leaf stand for what the caller reads along.
        let (head, epoch, node) = (world.keys.path_keys(), world.keys.epoch(EPOCH), world.keys.node(0, 10));
        let leaf = LeafIndex(77_777);
        world.storage.take_touches();
        let mut txn = world.begin();
        let needed = world.tree().keys_needed(leaf, APPLICATION);
        txn.prefetch([head.clone(), epoch.clone()].into_iter().chain(needed)).unwrap();
        assert!(Ratchet::load(&mut txn, world.tree(), leaf, APPLICATION).unwrap().is_none());
        txn.prefetch([node].into_iter().chain(world.tree().first_keys_needed(leaf).unwrap())).unwrap();
        let ratchet = Ratchet::first(&mut txn, world.tree(), (leaf, APPLICATION), sender(leaf)).unwrap();
        let (_, advance) = ratchet.seek(&mut txn, 0, (world.limits, 0)).unwrap();
        advance.stage(&mut txn).unwrap();
        world.write(txn).unwrap();
        let first = world.storage.take_touches();
        assert!(first.reads <= 2 && first.records_read <= 30 && first.scans == 0, "{first:?}");
        assert!(first.bytes_written <= 4096, "{first:?}");

        let mut txn = world.begin();
        let needed = world.tree().keys_needed(leaf, APPLICATION);
        txn.prefetch([head, epoch].into_iter().chain(needed)).unwrap();
        let (_, advance) = world.seek(&mut txn, leaf, 1).unwrap();
        advance.stage(&mut txn).unwrap();
        world.write(txn).unwrap();
        let in_order = world.storage.take_touches();
        assert!(in_order.reads == 1 && in_order.records_read == 3 && in_order.scans == 0, "{in_order:?}");
        assert!(in_order.ops == 1 && in_order.bytes_written <= 1024, "{in_order:?}");

        // Skipping reads no chunk while nothing was skipped before; a late message reads and rewrites its own.
        world.open(leaf, 12).unwrap();
        let skipping = world.storage.take_touches();
        assert!(skipping.reads == 1 && skipping.records_read == 1 && skipping.ops == 2, "{skipping:?}");
        world.open(leaf, 5).unwrap();
        let late = world.storage.take_touches();
        assert!(late.records_read == 2 && late.ops == 2 && late.scans == 0, "{late:?}");
    }
}

#[test]
fn a_stored_sender_is_read_back() {
    let world = World::new(8);
    world.open(ALICE, 0).unwrap();
    let before: Vec<StoredRecord> = world.storage.records();
    let key = world.keys.ratchet(EPOCH, ALICE, HANDSHAKE);
    assert!(before.iter().any(|record| record.key == key.0.as_slice()));
    let mut txn = world.begin();
    let ratchet = Ratchet::load(&mut txn, world.tree(), ALICE, HANDSHAKE).unwrap().unwrap();
    let (_, advance) = ratchet.seek(&mut txn, 0, (world.limits, 0)).unwrap();
    assert!(*advance.sender() == sender(ALICE));
}
