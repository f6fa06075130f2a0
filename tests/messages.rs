//! Application messages: lengths, order, late ones, and who is said to have sent them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use common::*;
use conclave::*;

/// A group whose members say nothing of their own accord.
fn silent_group(everybody: &[&str]) -> World {
    let mut world = World::of(everybody);
    world.silent = true;
    world.found(everybody);
    world
}

fn sender_of(event: Event) -> (u32, String) {
    match event {
        Event::Message { sender, .. } => (sender.leaf, String::from_utf8(sender.client_id).unwrap()),
        other => panic!("{other:?}"),
    }
}

/// The lengths of the ciphertexts of texts of these lengths.
fn ciphertext_lengths(group: &Group, lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    lengths.map(|length| group.encrypt(vec![b'x'; length], vec![], vec![]).unwrap().len()).collect()
}

#[test]
fn everything_about_a_message_arrives() {
    let world = silent_group(&["alice", "bob"]);
    for generation in 0..3 {
        let message = world.group("alice").encrypt(b"text".to_vec(), b"beside".to_vec(), b"out".to_vec()).unwrap();
        let event = world.group("bob").receive(message.clone(), b"in".to_vec()).unwrap();
        let alice = world.group("bob").find_member(b"alice".to_vec()).unwrap().unwrap().name;
        let (plaintext, aad) = (b"text".to_vec(), b"beside".to_vec());
        assert!(event == Event::Message { sender: alice, plaintext, aad, epoch: 1, generation });
        let group_id = world.group("bob").id();
        let outbound = Effect::Outbound { group_id: group_id.clone(), tag: b"out".to_vec(), message };
        assert!(world.person("alice").storage.take_effects().last() == Some(&outbound));
        let received = Effect::Received { group_id, tag: b"in".to_vec(), event };
        assert!(world.person("bob").storage.take_effects().last() == Some(&received));
    }
}

#[test]
fn additional_data_is_readable_and_authenticated() {
    let world = silent_group(&["alice", "bob"]);
    let mut message = world.group("alice").encrypt(b"hidden".to_vec(), b"in the open".to_vec(), vec![]).unwrap();
    let at = message.windows(11).position(|window| window == b"in the open").unwrap();
    assert!(!message.windows(6).any(|window| window == b"hidden"));
    message[at] = b'I';
    assert_eq!(world.refused("bob", &message) / 100, 3);
    message[at] = b'i';
    assert_eq!(text_of(world.receive("bob", &message).unwrap()), "hidden");
}

#[test]
fn padding_hides_the_length() {
    let world = silent_group(&["alice", "bob"]);
    let lengths = ciphertext_lengths(&world.group("alice"), 1000..2000);
    assert!(lengths.windows(2).all(|pair| pair[0] <= pair[1]));
    let distinct: BTreeSet<usize> = lengths.iter().copied().collect();
    assert!(distinct.len() <= 18, "{} lengths", distinct.len());
    assert!(lengths.iter().zip(1000..).all(|(padded, length)| padded - length < 350));
}

#[test]
fn without_padding_lengths_are_exact() {
    let mut world = World::of(&["alice", "bob"]);
    world.create("alice", GroupOptions { without_padding: true, ..Default::default() });
    world.add("alice", &["bob"]);
    let lengths = ciphertext_lengths(&world.group("alice"), 100..200);
    assert!(lengths.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    world.say("alice", "unpadded");
    world.say("bob", "padded");
}

#[test]
fn empty_and_large_messages() {
    let world = silent_group(&["alice", "bob"]);
    for length in [0, 1, 1 << 20] {
        let text: String = "abcdefgh".chars().cycle().take(length).collect();
        world.say("alice", &text);
    }
    let group = world.group("alice");
    assert_eq!(code(group.encrypt(vec![0; (32 << 20) + 1], vec![], vec![])), 105);
}

#[test]
fn messages_of_one_epoch_come_in_any_order() {
    let mut world = silent_group(&["alice", "bob", "carol"]);
    let messages: Vec<_> = (0..60).map(|number| (number, world.encrypt("alice", &format!("{number}")))).collect();
    for (number, message) in messages.iter().map(|_| 0).zip(0..).map(|(_, at)| &messages[at * 37 % 60]) {
        assert_eq!(text_of(world.receive("bob", message).unwrap()), number.to_string());
        world.reopen("bob");
    }
    for (_, message) in &messages {
        assert_eq!(world.refused("bob", message), 405);
    }
}

#[test]
fn a_replay_is_refused() {
    let world = silent_group(&["alice", "bob"]);
    let message = world.encrypt("alice", "once");
    world.receive("bob", &message).unwrap();
    assert_eq!(world.refused("bob", &message), 405);
    world.say("alice", "again");
    assert_eq!(world.refused("bob", &message), 405);
}

#[test]
fn a_corrupted_copy_does_not_use_the_key_up() {
    let world = silent_group(&["alice", "bob"]);
    let message = world.encrypt("alice", "the real one");
    for at in [message.len() - 1, message.len() / 2, message.len() - 40] {
        let mut forged = message.clone();
        forged[at] ^= 1;
        assert_eq!(world.refused("bob", &forged) / 100, 3);
    }
    assert_eq!(text_of(world.receive("bob", &message).unwrap()), "the real one");
}

#[test]
fn a_thousand_messages_are_skipped_and_then_read() {
    let mut world = silent_group(&["alice", "bob"]);
    let messages: Vec<_> = (0..=1001).map(|number| world.encrypt("alice", &number.to_string())).collect();
    assert_eq!(world.refused("bob", &messages[1001]), 404);
    assert_eq!(text_of(world.receive("bob", &messages[1000]).unwrap()), "1000");
    world.reopen("bob");
    for number in (0..1000).rev().chain([1001]) {
        assert_eq!(text_of(world.receive("bob", &messages[number]).unwrap()), number.to_string());
    }
    assert_eq!(world.refused("bob", &messages[500]), 405);
}

#[test]
fn the_limit_counts_from_the_last_message_read() {
    let world = silent_group(&["alice", "bob"]);
    world.say("alice", "first");
    let messages: Vec<_> = (1..=1002).map(|number| world.encrypt("alice", &number.to_string())).collect();
    assert_eq!(world.refused("bob", &messages[1001]), 404);
    assert_eq!(text_of(world.receive("bob", &messages[1000]).unwrap()), "1001");
    assert_eq!(text_of(world.receive("bob", &messages[1001]).unwrap()), "1002");
}

#[test]
fn skipped_keys_beyond_the_limit_go_oldest_first() {
    let mut world = World::of(&["alice"]);
    world.silent = true;
    world.enlist(ClientConfig { max_skipped: 20, ..ClientConfig::basic("bob") }, |_| {});
    world.found(&["alice", "bob"]);
    let messages: Vec<_> = (0..50).map(|number| world.encrypt("alice", &number.to_string())).collect();
    for number in [15, 30, 49] {
        assert_eq!(text_of(world.receive("bob", &messages[number]).unwrap()), number.to_string());
        world.reopen("bob");
    }
    // Of 47 skipped ones the last 20 are left: 29 and 31 to 48, and 28.
    let kept: Vec<usize> = (0..49).rev().filter(|number| *number != 30).take(20).collect();
    for number in (0..49).filter(|number| ![15, 30].contains(number)) {
        match kept.contains(&number) {
            true => assert_eq!(text_of(world.receive("bob", &messages[number]).unwrap()), number.to_string()),
            false => assert_eq!(world.refused("bob", &messages[number]), 405),
        }
    }
}

#[test]
fn nothing_is_skipped_when_no_keys_are_kept() {
    let mut world = World::of(&["alice"]);
    world.enlist(ClientConfig { max_skipped: 0, ..ClientConfig::basic("bob") }, |_| {});
    world.found(&["alice", "bob"]);
    let (first, second) = (world.encrypt("alice", "first"), world.encrypt("alice", "second"));
    assert_eq!(text_of(world.receive("bob", &second).unwrap()), "second");
    assert_eq!(world.refused("bob", &first), 405);
}

#[test]
fn five_past_epochs_are_readable_and_the_sixth_is_not() {
    for silent in [true, false] {
        let mut world = World::of(&["alice", "bob", "carol"]);
        world.silent = silent;
        world.found(&["alice", "bob", "carol"]);
        let mut messages = Vec::new();
        for epoch in 1..=7 {
            messages.push((epoch, world.encrypt("alice", &epoch.to_string())));
            world.update(["alice", "bob", "carol"][epoch % 3]);
        }
        assert_eq!((world.epoch("bob"), world.group("bob").status().unwrap().oldest_epoch), (8, 3));
        for (epoch, message) in &messages {
            match *epoch < 3 {
                true => assert_eq!(world.refused("bob", message), 403),
                false => assert_eq!(text_of(world.receive("bob", message).unwrap()), epoch.to_string()),
            }
        }
    }
}

#[test]
fn a_client_may_keep_no_past_epoch() {
    let mut world = World::of(&["alice"]);
    world.enlist(ClientConfig { past_epochs: 0, ..ClientConfig::basic("bob") }, |_| {});
    world.found(&["alice", "bob"]);
    let message = world.encrypt("alice", "late");
    world.update("alice");
    assert_eq!(world.refused("bob", &message), 403);
}

#[test]
fn skipped_messages_of_a_past_epoch_are_readable() {
    let mut world = silent_group(&["alice", "bob"]);
    let messages: Vec<_> = (0..5).map(|number| world.encrypt("alice", &number.to_string())).collect();
    world.receive("bob", &messages[2]).unwrap();
    world.update("alice");
    for number in [4, 0, 3, 1] {
        assert_eq!(text_of(world.receive("bob", &messages[number]).unwrap()), number.to_string());
        world.reopen("bob");
    }
    messages.iter().for_each(|message| assert_eq!(world.refused("bob", message), 405));
}

#[test]
fn a_late_first_message_of_a_member_that_committed_since() {
    let mut world = silent_group(&["alice", "bob", "carol"]);
    let late = world.encrypt("bob", "late");
    world.update("bob");
    world.propose("bob", |group| group.propose_update(vec![]));
    world.update("carol");
    let leaf = world.leaf("bob");
    assert_eq!(sender_of(world.receive("alice", &late).unwrap()), (leaf, "bob".into()));
}

#[test]
fn a_late_first_message_names_its_sender_as_it_was_then() {
    let mut world = World::of(&[]);
    world.silent = true;
    let registrar = Registrar::new();
    registrar.lenient.store(true, Ordering::Relaxed);
    for name in ["alice/phone", "bob/phone", "carol/phone"] {
        let validator = registrar.clone();
        world.enlist(ClientConfig::basic(name), |host| host.validator = validator);
    }
    world.found(&["alice/phone", "bob/phone", "carol/phone"]);
    let late = world.encrypt("bob/phone", "late");
    world.person_mut("bob/phone").config.identity = Identity::Basic { identity: b"bob/tablet".to_vec() };
    world.reopen("bob/phone");
    world.propose("bob/phone", |group| group.propose_update(vec![]));
    assert_eq!(names(&world.update("alice/phone").change().updated), ["bob/tablet"]);
    assert_eq!(sender_of(world.receive("alice/phone", &late).unwrap()).1, "bob/phone");
    let new = world.encrypt("bob/phone", "new");
    assert_eq!(sender_of(world.receive("alice/phone", &new).unwrap()).1, "bob/tablet");
    assert_eq!(sender_of(world.receive("carol/phone", &new).unwrap()).1, "bob/tablet");
    assert_eq!(sender_of(world.receive("carol/phone", &late).unwrap()).1, "bob/phone");
}

#[test]
fn a_late_message_of_a_removed_member() {
    let mut world = silent_group(&["alice", "bob", "carol"]);
    let late = world.encrypt("bob", "late");
    let leaf = world.leaf("bob");
    world.remove("alice", "bob");
    world.reopen_all();
    for name in ["alice", "carol"] {
        assert_eq!(sender_of(world.receive(name, &late).unwrap()), (leaf, "bob".into()));
    }
    let too_late = world.group("bob").encrypt(vec![], vec![], vec![]);
    assert_eq!(code(too_late), 409);
}

#[test]
fn a_late_first_message_from_a_leaf_that_a_newcomer_has_now() {
    let mut world = silent_group(&["alice", "bob", "carol"]);
    world.enlist(ClientConfig::basic("dave"), |_| {});
    let late = world.encrypt("bob", "of bob");
    let leaf = world.leaf("bob");
    world.remove("alice", "bob");
    world.add("carol", &["dave"]);
    assert_eq!(world.leaf("dave"), leaf);
    let new = world.encrypt("dave", "of dave");
    for name in ["alice", "carol"] {
        assert_eq!(sender_of(world.receive(name, &new).unwrap()), (leaf, "dave".into()));
        assert_eq!(sender_of(world.receive(name, &late).unwrap()), (leaf, "bob".into()));
    }
    assert_eq!(world.refused("dave", &late), 403);
}

#[test]
fn a_late_message_from_a_leaf_that_was_cut_off_with_the_tree() {
    let mut world = silent_group(&["a", "b", "c", "d", "e"]);
    let late = world.encrypt("e", "late");
    world.remove("a", "e");
    world.remove("a", "d");
    world.remove("a", "c");
    assert_eq!(sender_of(world.receive("b", &late).unwrap()), (4, "e".into()));
}

#[test]
fn what_was_sent_before_a_member_joined_is_unreadable_to_it() {
    let mut world = silent_group(&["alice", "bob"]);
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let message = world.encrypt("alice", "between us");
    world.add("bob", &["carol"]);
    assert_eq!(world.refused("carol", &message), 403);
    assert_eq!(text_of(world.receive("bob", &message).unwrap()), "between us");
}

#[test]
fn a_message_of_a_future_epoch_waits_for_the_commit() {
    let world = silent_group(&["alice", "bob"]);
    let commit = world.group("alice").new_commit().build().unwrap().commit;
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    let message = world.encrypt("alice", "from the future");
    assert_eq!(world.refused("bob", &message), 402);
    world.receive("bob", &commit).unwrap();
    assert_eq!(text_of(world.receive("bob", &message).unwrap()), "from the future");
}

#[test]
fn exported_secrets_differ_between_epochs_labels_and_contexts() {
    let mut world = World::group_of(&["alice", "bob"]);
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        for (label, context) in [("one", "x"), ("one", "y"), ("two", "x"), ("", "")] {
            let export =
                |name: &str| world.group(name).export_secret(label.into(), context.into(), 32).unwrap().copy().unwrap();
            assert_eq!(export("alice"), export("bob"));
            assert!(seen.insert(export("alice")));
        }
        assert!(seen.insert(world.group("alice").epoch_authenticator().unwrap()));
        world.update("alice");
    }
}

#[test]
fn exported_secrets_have_the_length_asked_for() {
    let world = World::group_of(&["alice", "bob"]);
    let group = world.group("alice");
    for length in [1, 16, 32, 33, 255 * 32] {
        let secret = group.export_secret("label".into(), vec![], length).unwrap();
        assert_eq!(secret.copy().unwrap().len(), length as usize);
        assert_eq!(format!("{secret:?}"), format!("Secret({length})"));
    }
    for length in [255 * 32 + 1, 1 << 16, u32::MAX] {
        assert_eq!(code(group.export_secret("label".into(), vec![], length)) / 100, 1);
    }
}

#[test]
fn the_longest_message_that_is_sent_is_read() {
    let world = World::group_of(&["alice", "bob"]);
    let most = 15 << 20;
    let before = world.records("alice");
    assert_eq!(code(world.group("alice").encrypt(vec![7; most], vec![1], vec![])), 105);
    assert!(world.records("alice") == before);
    for aad in [0, most - 1] {
        let message = world.group("alice").encrypt(vec![7; most - aad], vec![1; aad], vec![]).unwrap();
        let event = world.receive("bob", &message).unwrap();
        assert!(matches!(event, Event::Message { plaintext, .. } if plaintext.len() == most - aad));
    }
}
