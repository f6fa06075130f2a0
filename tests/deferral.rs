//! Messages of future epochs: kept, and released when the commits before them have come.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

/// How many epochs ahead a message may be.
const AHEAD: u64 = 1_000;

fn patient(name: &str) -> ClientConfig {
    ClientConfig { max_deferred: 100, ..ClientConfig::basic(name) }
}

/// Alice and Carol, and Bob, who is opened with this configuration; nobody speaks of their own accord.
fn group_with(bob: ClientConfig) -> World {
    let mut world = World::of(&["alice", "carol"]);
    world.enlist(bob, |_| {});
    world.silent = true;
    world.found(&["alice", "bob", "carol"]);
    world
}

/// Alice commits, and nobody is told.
fn commit(world: &World) -> Vec<u8> {
    let commit = world.group("alice").new_commit().build().unwrap().commit;
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    commit
}

/// Everything that Bob can be told now.
fn release(world: &World) -> Vec<Event> {
    std::iter::from_fn(|| world.group("bob").next_deferred(vec![]).unwrap()).collect()
}

fn deferred(world: &World) -> u32 {
    world.group("bob").status().unwrap().deferred
}

fn defer(world: &World, message: &[u8]) {
    let event = world.receive("bob", message).unwrap();
    assert!(matches!(event, Event::Deferred { .. }), "{event:?}");
}

/// Records of messages that wait, of whatever stay in the group.
fn kept(world: &World) -> usize {
    world.records("bob").iter().filter(|record| records::is_deferred(&record.key)).count()
}

/// Texts as they are, commits by their epochs.
fn told(events: Vec<Event>) -> Vec<String> {
    let told = events.into_iter().map(|event| match event {
        Event::Message { .. } => text_of(event),
        Event::Proposal { .. } => "proposal".to_owned(),
        other => format!("epoch {}", change_of(&other).epoch),
    });
    told.collect()
}

/// Three messages and a commit in each of four epochs, and what they say.
fn four_epochs(world: &World) -> (Vec<Vec<u8>>, Vec<String>) {
    let (mut messages, mut said) = (Vec::new(), Vec::new());
    for epoch in 1..5 {
        for number in 0..3 {
            said.push(format!("{epoch}/{number}"));
            messages.push(world.encrypt("alice", &said[said.len() - 1]));
        }
        messages.push(commit(world));
        said.push(format!("epoch {}", epoch + 1));
    }
    (messages, said)
}

#[test]
fn messages_of_several_epochs_in_any_order_are_read_once() {
    for step in [1, 3, 5, 7, 9, 11, 13, 15] {
        let mut world = group_with(patient("bob"));
        let (messages, mut said) = four_epochs(&world);
        let mut heard = Vec::new();
        for at in 0..messages.len() {
            match world.receive("bob", &messages[(at + 3) * step % messages.len()]).unwrap() {
                Event::Deferred { .. } => {}
                event => {
                    heard.extend(told(vec![event]));
                    heard.extend(told(release(&world)));
                }
            }
            world.reopen("bob");
        }
        heard.sort();
        said.sort();
        assert_eq!(heard, said, "in steps of {step}");
        assert_eq!((deferred(&world), kept(&world)), (0, 0));
        messages.iter().for_each(|message| assert!([403, 405].contains(&world.refused("bob", message))));
        [3, 7, 11, 15].into_iter().for_each(|at| drop(world.receive("carol", &messages[at]).unwrap()));
        world.agree();
    }
}

#[test]
fn what_was_deferred_is_read_even_if_no_past_epoch_is_kept() {
    let world = group_with(ClientConfig { past_epochs: 0, ..patient("bob") });
    let (messages, said) = four_epochs(&world);
    messages[4..].iter().rev().for_each(|message| defer(&world, message));
    let mut heard: Vec<_> = messages[..4].iter().map(|message| world.receive("bob", message).unwrap()).collect();
    heard.extend(release(&world));
    let mut heard = told(heard);
    heard.chunks_mut(4).for_each(|epoch| epoch[..3].sort());
    assert_eq!(heard, said);
}

#[test]
fn messages_come_by_epoch_and_the_commits_last() {
    let world = group_with(patient("bob"));
    let first = commit(&world);
    let early = world.encrypt("alice", "early");
    let proposal = world.group("alice").propose_update(vec![]).unwrap();
    world.receive("carol", &first).unwrap();
    world.receive("carol", &proposal).unwrap();
    let second = world.group("carol").new_commit().build().unwrap().commit;
    world.group("carol").confirm_commit(None, vec![]).unwrap();
    let late = world.encrypt("carol", "late");
    [&late, &second, &proposal, &early].iter().for_each(|message| defer(&world, message));
    assert!(world.group("bob").next_deferred(vec![]).unwrap().is_none());
    world.receive("bob", &first).unwrap();
    assert_eq!(told(release(&world)), ["proposal", "early", "epoch 3", "late"]);
}

#[test]
fn a_release_is_one_batch_with_the_effect_of_a_message() {
    let world = group_with(patient("bob"));
    let first = commit(&world);
    let message = world.encrypt("alice", "early");
    let (group, storage) = (world.group("bob"), world.person("bob").storage.clone());
    let group_id = group.id();
    storage.take_effects();
    let event = group.receive(message, b"one".to_vec()).unwrap();
    let expected = Effect::Received { group_id: group_id.clone(), tag: b"one".to_vec(), event };
    assert!(storage.take_effects() == [expected]);
    group.receive(first, vec![]).unwrap();
    storage.take_effects();
    storage.memory.take_touches();
    let event = group.next_deferred(b"two".to_vec()).unwrap().unwrap();
    assert_eq!(storage.memory.take_touches().writes, 1);
    let expected = Effect::Received { group_id, tag: b"two".to_vec(), event };
    assert!(storage.take_effects() == [expected]);
    assert!(group.next_deferred(b"three".to_vec()).unwrap().is_none());
    let touches = storage.memory.take_touches();
    assert_eq!((touches.scans, touches.writes), (0, 0));
}

#[test]
fn nothing_is_kept_unless_the_app_wants_it() {
    let world = group_with(ClientConfig::basic("bob"));
    commit(&world);
    assert_eq!(world.refused("bob", &world.encrypt("alice", "early")), 402);
    assert!(world.group("bob").next_deferred(vec![]).unwrap().is_none());
}

#[test]
fn a_full_buffer_refuses_as_if_there_were_none() {
    let world = group_with(ClientConfig { max_deferred: 2, ..patient("bob") });
    let first = commit(&world);
    let messages: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
    defer(&world, &messages[0]);
    defer(&world, &messages[1]);
    assert_eq!(world.refused("bob", &messages[2]), 402);
    world.receive("bob", &first).unwrap();
    assert_eq!(told(release(&world)), ["0", "1"]);
    assert_eq!(text_of(world.receive("bob", &messages[2]).unwrap()), "2");
}

#[test]
fn the_length_of_all_of_them_is_bounded() {
    let length = 10_000;
    let world = group_with(ClientConfig { max_deferred_bytes: 25_000, ..patient("bob") });
    commit(&world);
    let messages: Vec<_> = (0..3).map(|_| world.encrypt("alice", &"x".repeat(length))).collect();
    defer(&world, &messages[0]);
    defer(&world, &messages[1]);
    assert_eq!(world.refused("bob", &messages[2]), 402);
    defer(&world, &world.encrypt("alice", "short"));
    world.group("bob").clear_deferred().unwrap();
    assert_eq!((deferred(&world), kept(&world)), (0, 0));
    defer(&world, &messages[2]);
}

/// The same message, said to be of another epoch.
fn of_epoch(world: &World, message: &[u8], epoch: u64) -> Vec<u8> {
    let at = 4 + 1 + world.group("bob").id().len();
    [&message[..at], &epoch.to_be_bytes(), &message[at + 8..]].concat()
}

#[test]
fn messages_of_epochs_far_ahead_are_not_kept() {
    let world = group_with(patient("bob"));
    let message = world.encrypt("alice", "now");
    let now = world.epoch("bob");
    assert_eq!(world.refused("bob", &of_epoch(&world, &message, now + AHEAD + 1)), 402);
    assert_eq!(world.refused("bob", &of_epoch(&world, &message, u64::MAX)), 402);
    defer(&world, &of_epoch(&world, &message, now + AHEAD));
}

#[test]
fn a_second_copy_is_a_duplicate() {
    let mut world = group_with(patient("bob"));
    let first = commit(&world);
    let message = world.encrypt("alice", "early");
    defer(&world, &message);
    world.reopen("bob");
    let before = world.records("bob");
    assert!(world.receive("bob", &message).unwrap() == Event::Duplicate);
    assert!(world.records("bob") == before && deferred(&world) == 1);
    world.receive("bob", &first).unwrap();
    assert_eq!(told(release(&world)), ["early"]);
    assert_eq!(world.refused("bob", &message), 405);
}

#[test]
fn a_long_message_is_kept_whole() {
    let mut world = group_with(patient("bob"));
    let first = commit(&world);
    let text = "abcdefgh".repeat(1 << 17);
    defer(&world, &world.encrypt("alice", &text));
    world.reopen("bob");
    world.receive("bob", &first).unwrap();
    assert_eq!(told(release(&world)), [text]);
    assert_eq!(kept(&world), 0);
}

#[test]
fn a_message_that_is_refused_vanishes() {
    let world = group_with(patient("bob"));
    let first = commit(&world);
    let good = world.encrypt("alice", "good");
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let elsewhere = of_epoch(&world, &commit(&world), 3);
    [&forged, &elsewhere, &good].iter().for_each(|message| defer(&world, message));
    world.receive("bob", &first).unwrap();
    world.person("bob").storage.memory.take_touches();
    assert_eq!(text_of(world.group("bob").next_deferred(vec![]).unwrap().unwrap()), "good");
    assert_eq!(world.person("bob").storage.memory.take_touches().writes, 1);
    assert_eq!(deferred(&world), 1);
}

#[test]
fn refused_ones_alone_leave_no_effect() {
    let world = group_with(patient("bob"));
    let first = commit(&world);
    let mut forged = world.encrypt("alice", "good");
    *forged.last_mut().unwrap() ^= 1;
    defer(&world, &forged);
    world.receive("bob", &first).unwrap();
    world.person("bob").storage.take_effects();
    assert!(world.group("bob").next_deferred(vec![]).unwrap().is_none());
    assert!(world.person("bob").storage.take_effects().is_empty());
    assert_eq!((deferred(&world), kept(&world)), (0, 0));
}

#[test]
fn a_commit_waits_for_its_proposal() {
    let world = group_with(patient("bob"));
    let first = commit(&world);
    let beside = world.encrypt("alice", "beside");
    let proposal = world.group("alice").propose_update(vec![]).unwrap();
    world.receive("carol", &first).unwrap();
    world.receive("carol", &proposal).unwrap();
    let second = world.group("carol").new_commit().build().unwrap().commit;
    defer(&world, &second);
    world.receive("bob", &first).unwrap();
    let before = world.records("bob");
    assert_eq!(code(world.group("bob").next_deferred(vec![])), 406);
    assert!(world.records("bob") == before);
    assert_eq!(text_of(world.receive("bob", &beside).unwrap()), "beside");
    world.receive("bob", &proposal).unwrap();
    assert_eq!(told(release(&world)), ["epoch 3"]);
}

#[test]
fn a_commit_waits_for_its_key_and_holds_nothing_up() {
    let world = group_with(patient("bob"));
    ["alice", "carol"].iter().for_each(|name| world.client(name).put_psk(b"psk".to_vec(), vec![7; 32]).unwrap());
    let first = commit(&world);
    let second = world.group("alice").new_commit().psk(b"psk".to_vec()).unwrap().build().unwrap().commit;
    let beside = world.encrypt("alice", "beside");
    [&second, &beside].iter().for_each(|message| defer(&world, message));
    world.receive("bob", &first).unwrap();
    assert_eq!(text_of(world.group("bob").next_deferred(vec![]).unwrap().unwrap()), "beside");
    assert_eq!(code(world.group("bob").next_deferred(vec![])), 407);
    world.client("bob").put_psk(b"psk".to_vec(), vec![7; 32]).unwrap();
    assert_eq!(told(release(&world)), ["epoch 3"]);
}

#[test]
fn epochs_that_leave_the_window_take_their_messages_along() {
    let world = group_with(ClientConfig { past_epochs: 1, ..patient("bob") });
    let commits: Vec<_> = (0..3).map(|_| (commit(&world), world.encrypt("alice", "text"))).collect();
    commits.iter().for_each(|(_, message)| defer(&world, message));
    assert_eq!(deferred(&world), 3);
    // Nobody asks for what is deferred.
    commits.iter().for_each(|(commit, _)| drop(world.receive("bob", commit).unwrap()));
    assert_eq!(deferred(&world), 2);
    assert_eq!(told(release(&world)), ["text", "text"]);
    assert_eq!(kept(&world), 0);
}

#[test]
fn our_own_commit_knows_what_was_deferred_since_it_was_made() {
    for echo in [false, true] {
        let world = group_with(patient("bob"));
        let built = world.group("bob").new_commit().build().unwrap();
        ["alice", "carol"].iter().for_each(|name| drop(world.receive(name, &built.commit).unwrap()));
        let messages: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
        messages.iter().for_each(|message| defer(&world, message));
        match echo {
            true => drop(world.receive("bob", &built.commit).unwrap()),
            false => drop(world.group("bob").confirm_commit(None, vec![]).unwrap()),
        }
        assert_eq!(deferred(&world), 3);
        assert_eq!(told(release(&world)), ["0", "1", "2"]);
        assert_eq!((deferred(&world), kept(&world)), (0, 0));
    }
}

#[test]
fn a_deferred_removal_ends_the_stay_and_what_it_cannot_see() {
    let mut world = group_with(patient("bob"));
    let first = commit(&world);
    let before = world.encrypt("alice", "before");
    let leaf = world.leaf("bob");
    let removal = world.group("alice").new_commit().remove(leaf).unwrap().build().unwrap().commit;
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    let after = world.encrypt("alice", "after");
    [&after, &removal].iter().for_each(|message| defer(&world, message));
    world.receive("bob", &first).unwrap();
    let events = release(&world);
    assert!(matches!(events[..], [Event::Removed { .. }]), "{events:?}");
    assert_eq!((deferred(&world), kept(&world)), (0, 0));
    assert_eq!(world.refused("bob", &world.encrypt("alice", "later")), 409);
    assert_eq!(text_of(world.receive("bob", &before).unwrap()), "before");
    [&first, &removal].iter().for_each(|message| drop(world.receive("carol", message).unwrap()));
    world.add("alice", &["bob"]);
    assert_eq!((deferred(&world), kept(&world)), (0, 0));
}

#[test]
fn whoever_was_removed_can_read_what_was_deferred_before() {
    let world = group_with(patient("bob"));
    let first = commit(&world);
    let before = world.encrypt("alice", "before");
    let leaf = world.leaf("bob");
    let removal = world.group("alice").new_commit().remove(leaf).unwrap().build().unwrap().commit;
    defer(&world, &before);
    [&first, &removal].iter().for_each(|message| drop(world.receive("bob", message).unwrap()));
    assert_eq!(told(release(&world)), ["before"]);
}

#[test]
fn deleting_and_rejoining_leave_nothing_of_it() {
    for rejoin in [false, true] {
        let mut world = group_with(patient("bob"));
        let first = commit(&world);
        let before = world.encrypt("alice", "before");
        defer(&world, &before);
        ["bob", "carol"].iter().for_each(|name| drop(world.receive(name, &first).unwrap()));
        assert!(kept(&world) > 0);
        if rejoin {
            world.remove("alice", "bob");
            assert!(kept(&world) > 0);
            world.add("alice", &["bob"]);
            assert_eq!(deferred(&world), 0);
        } else {
            world.group("bob").delete().unwrap();
        }
        assert_eq!(kept(&world), 0);
    }
}

#[test]
fn a_sealed_store_shows_nothing_of_a_deferred_message() {
    let config = ClientConfig { storage_key: Some(vec![7; 32]), ..patient("bob") };
    let mut world = group_with(config);
    let first = commit(&world);
    let message = world.group("alice").encrypt(b"early".to_vec(), b"in the open".to_vec(), vec![]).unwrap();
    defer(&world, &message);
    let shows = |record: &StoredRecord| record.value.windows(11).any(|window| window == b"in the open");
    assert!(!world.records("bob").iter().any(shows));
    world.reopen("bob");
    world.receive("bob", &first).unwrap();
    assert_eq!(told(release(&world)), ["early"]);
}

#[test]
fn messages_for_other_groups_are_not_kept() {
    let world = group_with(patient("bob"));
    let other = group_with(patient("bob"));
    commit(&other);
    assert_eq!(world.refused("bob", &other.encrypt("alice", "elsewhere")), 317);
}
