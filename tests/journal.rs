//! The journal: every effect is in the store until it is acknowledged, exactly once; and a client that is wiped is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Both rooms of helpers bring the same way of naming records.
#![allow(clippy::duplicate_mod)]

mod common;
mod faults;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::*;
use conclave::*;
use faults::{Fault, Faulty};

fn journalled(name: &str) -> ClientConfig {
    ClientConfig { journal: true, ..ClientConfig::basic(name) }
}

/// People in a group who all keep a journal.
fn world(names: &[&str]) -> World {
    let mut world = World::of(&[]);
    names.iter().for_each(|name| world.enlist(journalled(name), |_| {}));
    world.found(names);
    world
}

fn open(storage: Arc<dyn Storage>, config: ClientConfig) -> Arc<Client> {
    Client::new(config, Host::new(storage, Arc::new(AcceptAll))).unwrap()
}

fn pending(client: &Client) -> Vec<PendingEffect> {
    client.pending_effects(None, u32::MAX).unwrap()
}

fn acknowledge_all(client: &Client) {
    pending(client).iter().for_each(|pending| client.acknowledge(pending.id).unwrap());
}

fn holds(records: &[StoredRecord], needle: &[u8]) -> bool {
    records.iter().any(|record| record.value.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn the_journal_holds_the_effects_of_all_calls_in_their_order() {
    let mut world = world(&["alice", "bob", "carol"]);
    world.say("alice", "hello");
    world.propose("bob", |group| group.propose_update(vec![1]));
    world.update("alice");
    world.remove("bob", "carol");
    world.group("bob").delete().unwrap();
    for name in ["alice", "bob", "carol"] {
        let told = world.person(name).storage.take_effects();
        let found = pending(&world.client(name));
        assert!(found.len() > 9);
        assert!(found.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(found.into_iter().map(|pending| pending.effect).collect::<Vec<_>>() == told, "{name}");
    }
}

#[test]
fn without_a_journal_nothing_is_kept() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.say("alice", "words that nobody keeps");
    world.reopen("bob");
    assert!(pending(&world.client("bob")).is_empty());
    assert!(!holds(&world.records("bob"), b"words that nobody keeps"));
}

#[test]
fn effects_are_read_page_by_page() {
    let world = world(&["alice", "bob"]);
    let client = world.client("alice");
    let all = pending(&client);
    for size in 1..=4 {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = client.pending_effects(after, size).unwrap();
            assert!(page.len() <= size as usize);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            found.extend(page);
        }
        assert!(found == all);
    }
    assert!(client.pending_effects(None, 0).unwrap().is_empty());
}

#[test]
fn an_acknowledged_effect_is_gone_and_only_it() {
    let world = world(&["alice", "bob"]);
    world.receive("bob", &world.encrypt("alice", "read this and forget it")).unwrap();
    let client = world.client("bob");
    let mut all = pending(&client);
    assert!(holds(&world.records("bob"), b"read this and forget it"));
    let last = all.pop().unwrap();
    client.acknowledge(last.id).unwrap();
    assert!(!holds(&world.records("bob"), b"read this and forget it"));
    let before = world.records("bob");
    client.acknowledge(last.id).unwrap();
    client.acknowledge(u64::MAX).unwrap();
    assert!(world.records("bob") == before);
    assert!(pending(&client) == all);
}

#[test]
fn an_id_is_not_given_again_after_everything_was_acknowledged() {
    let mut world = world(&["alice", "bob"]);
    let mut highest = 0;
    for _ in 0..3 {
        let found = pending(&world.client("alice"));
        assert!(found[0].id > highest);
        highest = found.last().unwrap().id;
        acknowledge_all(&world.client("alice"));
        let left = world.records("alice").len();
        world.encrypt("alice", "on");
        acknowledge_all(&world.client("alice"));
        assert!(world.records("alice").len() <= left + 1, "the journal leaves records behind");
        world.encrypt("alice", "and on");
        world.reopen("alice");
    }
}

#[test]
fn long_effects_are_kept_whole() {
    let world = world(&["alice", "bob"]);
    acknowledge_all(&world.client("bob"));
    let before = world.records("bob");
    for length in [60 << 10, 64 << 10, 1 << 20] {
        let text = "x".repeat(length);
        world.receive("bob", &world.encrypt("alice", &text)).unwrap();
    }
    let found = pending(&world.client("bob"));
    let lengths = found.iter().map(|pending| match &pending.effect {
        Effect::Received { event: Event::Message { plaintext, .. }, .. } => plaintext.len(),
        _ => 0,
    });
    assert_eq!(lengths.collect::<Vec<_>>(), [60 << 10, 64 << 10, 1 << 20]);
    acknowledge_all(&world.client("bob"));
    assert!(world.records("bob").len() < before.len() + 4);
}

#[test]
fn a_sealed_journal_shows_nothing() {
    let mut world = World::of(&["alice"]);
    let config = ClientConfig { storage_key: Some(vec![7; 32]), ..journalled("bob") };
    world.enlist(config, |_| {});
    world.found(&["alice", "bob"]);
    world.receive("bob", &world.encrypt("alice", "a word in confidence")).unwrap();
    assert!(!holds(&world.records("bob"), b"a word in confidence"));
    world.reopen("bob");
    let found = pending(&world.client("bob"));
    let Effect::Received { event: Event::Message { plaintext, .. }, .. } = &found.last().unwrap().effect else {
        panic!("not a message")
    };
    assert_eq!(plaintext, b"a word in confidence");
}

#[test]
fn a_crash_at_any_call_leaves_the_effect_there_exactly_if_the_call_took_place() {
    let mut world = World::of(&["alice"]);
    world.enlist(journalled("bob"), |_| {});
    world.found(&["alice", "bob"]);
    let message = world.encrypt("alice", "once");
    let group_id = world.group("bob").id();
    for fault in Fault::ALL {
        for call in 1.. {
            let memory = world.person("bob").storage.memory.duplicate();
            let storage = Faulty::over(memory.clone(), Default::default());
            let group = open(storage.clone(), journalled("bob")).open_group(group_id.clone()).unwrap();
            storage.arm(fault, call);
            let _ = group.receive(message.clone(), vec![]);
            let hit = storage.disarm();
            let client = open(memory, journalled("bob"));
            let count = |client: &Client| {
                let once = |pending: &PendingEffect| {
                    matches!(&pending.effect,
                    Effect::Received { event: Event::Message { plaintext, .. }, .. } if plaintext == b"once")
                };
                pending(client).iter().filter(|pending| once(pending)).count()
            };
            let before = count(&client);
            let again = client.open_group(group_id.clone()).unwrap().receive(message.clone(), vec![]);
            assert_eq!(again.is_err(), before == 1, "{call}");
            assert_eq!(count(&client), 1, "{call}");
            if !hit {
                assert!(call > 2);
                break;
            }
        }
    }
}

#[test]
fn clients_and_threads_on_one_store_lose_nothing_and_do_not_get_in_each_others_way() {
    let storage = MemoryStorage::new();
    let make = |number: usize| {
        let client = open(storage.clone(), journalled("alice"));
        let group = client.create_group(GroupOptions::default()).unwrap();
        (number, client, group)
    };
    let handles: Vec<_> = (0..4).map(make).collect();
    std::thread::scope(|scope| {
        for (number, _, group) in &handles {
            scope.spawn(move || {
                for step in 0..50u8 {
                    group.encrypt(vec![step], vec![], vec![*number as u8, step]).unwrap();
                }
            });
        }
    });
    let found = pending(&handles[0].1);
    let tags = found.iter().filter_map(|pending| match &pending.effect {
        Effect::Outbound { tag, .. } => Some(tag.clone()),
        _ => None,
    });
    let tags: Vec<_> = tags.collect();
    assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(tags.len(), 200);
    for number in 0..4 {
        let own: Vec<u8> = tags.iter().filter(|tag| tag[0] == number).map(|tag| tag[1]).collect();
        assert!(own.is_sorted(), "the order of a group");
    }
}

#[test]
fn what_follows_from_another_clients_write_comes_after_it() {
    let storage = MemoryStorage::new();
    let clients = [open(storage.clone(), journalled("alice")), open(storage, journalled("alice"))];
    let group_id = clients[0].create_group(GroupOptions::default()).unwrap().id();
    for step in 0..20u8 {
        let group = clients[usize::from(step % 2)].open_group(group_id.clone()).unwrap();
        group.encrypt(vec![], vec![], vec![step]).unwrap();
    }
    let found = pending(&clients[0]);
    let tags = found.iter().filter_map(|pending| match &pending.effect {
        Effect::Outbound { tag, .. } => Some(tag[0]),
        _ => None,
    });
    assert!(tags.eq(0..20));
}

#[test]
fn a_wiped_client_leaves_nothing_and_others_are_untouched() {
    let mut world = world(&["alice", "bob"]);
    let storage = world.person("alice").storage.clone();
    let without = storage.records();
    let other = open(storage.clone(), ClientConfig::basic("other"));
    other.create_key_packages(1, KeyPackageOptions::default()).unwrap();
    let others: Vec<_> = storage.records().into_iter().filter(|record| !without.contains(record)).collect();
    world.client("alice").put_psk(vec![1], vec![2; 32]).unwrap();
    world.key_package("alice");
    world.client("alice").wipe().unwrap();
    assert!(storage.records() == others);
    other.create_key_packages(1, KeyPackageOptions::default()).unwrap();

    world.person_mut("alice").group = None;
    let fresh = open(storage, journalled("alice"));
    assert!(pending(&fresh).is_empty() && fresh.groups(None, 9).unwrap().groups.is_empty());
    fresh.create_group(GroupOptions::default()).unwrap().encrypt(b"hello".to_vec(), vec![], vec![]).unwrap();
}

#[test]
fn handles_of_a_wiped_client_see_nothing_and_write_nothing() {
    let mut world = World::of(&["bob"]);
    world.enlist(ClientConfig { reserve: 16, ..journalled("alice") }, |_| {});
    world.found(&["bob", "alice"]);
    let message = world.encrypt("bob", "too late");
    let (client, group) = (world.client("alice"), world.group("alice"));
    group.encrypt(b"first of a reserve".to_vec(), vec![], vec![]).unwrap();
    let second = open(world.person("alice").storage.clone(), journalled("alice"));
    client.wipe().unwrap();
    assert_eq!(code(second.create_key_packages(1, KeyPackageOptions::default())), 702);
    // Also beside a new client of the name.
    for _ in 0..2 {
        let before = world.records("alice");
        assert_eq!(code(group.encrypt(b"second".to_vec(), vec![], vec![])), 401);
        assert_eq!(code(group.receive(message.clone(), vec![])), 401);
        assert_eq!(code(group.status()), 401);
        assert_eq!(code(group.clone().new_commit().build()), 401);
        assert_eq!(code(client.open_group(group.id())), 401);
        assert_eq!(code(client.create_key_packages(1, KeyPackageOptions::default())), 508);
        assert_eq!(code(client.create_group(GroupOptions::default())), 508);
        assert_eq!(code(client.put_psk(vec![1], vec![2; 32])), 508);
        assert_eq!(code(client.wipe()), 508);
        assert!(pending(&client).is_empty());
        assert!(world.records("alice") == before);
        open(world.person("alice").storage.clone(), journalled("alice"));
    }
    // Nor do handles that nobody wiped take the new client for the old one.
    let before = world.records("alice");
    assert_eq!(code(second.create_key_packages(1, KeyPackageOptions::default())), 702);
    second.wipe().unwrap();
    assert!(world.records("alice") == before);
}

#[test]
fn a_wipe_that_fails_is_done_again() {
    for fault in Fault::ALL {
        let memory = MemoryStorage::new();
        let storage = Faulty::over(memory.clone(), Default::default());
        let client = open(storage.clone(), journalled("alice"));
        client.create_group(GroupOptions::default()).unwrap();
        let before = memory.records();
        storage.arm(fault, 1);
        client.wipe().unwrap_err();
        assert!(storage.disarm());
        assert!(memory.records().is_empty() || memory.records() == before);
        client.wipe().unwrap();
        assert!(memory.records().is_empty());
    }
}
