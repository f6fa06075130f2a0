//! Calls that tell something and write nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::*;
use conclave::testing::crowd;
use conclave::*;

/// What somebody is told by a call that must leave the stored bytes as they were.
fn told<T>(world: &World, name: &str, ask: impl FnOnce() -> T) -> T {
    let before = world.records(name);
    world.person(name).storage.take_effects();
    let answer = ask();
    assert!(world.records(name) == before, "a question changed the store");
    assert!(world.person(name).storage.take_effects().is_empty());
    answer
}

fn peek(world: &World, name: &str, message: &[u8]) -> MessagePeek {
    told(world, name, || world.client(name).peek(message.to_vec()).unwrap())
}

fn preview(world: &World, name: &str, message: &[u8]) -> Result<Event> {
    told(world, name, || world.group(name).preview(message.to_vec()))
}

fn preview_welcome(world: &World, name: &str, built: &CommitResult) -> Result<WelcomePreview> {
    let (welcome, tree) = (built.welcome.clone().unwrap(), built.tree.clone());
    told(world, name, || world.client(name).preview_welcome(welcome, tree))
}

/// A group whose people have several devices each.
fn devices(names: &[&str]) -> World {
    let mut world = World::of(&[]);
    names.iter().for_each(|name| {
        world.enlist(ClientConfig::basic(name), |host| host.validator = Registrar::new());
    });
    world.found(names);
    world
}

fn found(group: &Group, user: &str, after: Option<u32>, limit: u32) -> Vec<String> {
    let members = group.find_members(user.into(), after, limit).unwrap();
    names(&members.into_iter().map(|member| member.name).collect::<Vec<_>>())
}

#[test]
fn the_devices_of_a_user_are_found_in_pages() {
    let mut world = devices(&["alice/1", "bob/1", "alice/2", "carol/1", "bob/2", "alice/3"]);
    let group = world.group("carol/1");
    let all = |user| told(&world, "carol/1", || found(&group, user, None, 10));
    assert_eq!(all("alice"), ["alice/1", "alice/2", "alice/3"]);
    assert_eq!(all("bob"), ["bob/1", "bob/2"]);
    assert!(all("alice/1").is_empty() && all("nobody").is_empty());
    assert_eq!(found(&group, "alice", None, 2), ["alice/1", "alice/2"]);
    let second = world.leaf("alice/2");
    assert_eq!(found(&group, "alice", Some(second), 2), ["alice/3"]);
    assert!(found(&group, "alice", None, 0).is_empty());
    world.remove("bob/1", "alice/2");
    assert_eq!(found(&world.group("carol/1"), "alice", None, 10), ["alice/1", "alice/3"]);
}

#[test]
fn finding_a_user_reads_the_roster_in_stretches() {
    let storage = MemoryStorage::new();
    let client = Client::new(ClientConfig::basic("first"), Host::new(storage.clone(), Arc::new(AcceptAll))).unwrap();
    let groups = crowd(1000, &[(0, client)], false).unwrap();
    groups[0].status().unwrap();
    storage.take_touches();
    assert_eq!(groups[0].find_members(b"first".to_vec(), None, 2).unwrap().len(), 1);
    let touches = storage.take_touches();
    // Every place of a leaf, the head and the epoch, and the head once more to see that it still stands.
    assert!(touches.reads <= 2 + 1024_u64.div_ceil(128), "{touches:?}");
    assert!(touches.records_read <= 1024 + 3 && touches.writes == 0, "{touches:?}");
    groups[0].find_members(b"first".to_vec(), None, 1).unwrap();
    assert!(storage.take_touches().records_read <= 140, "it went on after what was asked for");
}

#[test]
fn the_outside_of_a_message_tells_how_it_stands() {
    let mut world = World::of(&["alice", "bob", "eve"]);
    world.silent = true;
    world.found(&["alice", "bob"]);
    let early = world.encrypt("alice", "early");
    let proposal = world.group("alice").propose_update(vec![]).unwrap();
    world.group("alice").clear_proposals().unwrap();
    let next = world.group("alice").new_commit().build().unwrap().commit;
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    let late = world.encrypt("alice", "late");
    let at = |message: &[u8], name: &str| {
        let peeked = peek(&world, name, message);
        let suite = (name != "eve").then_some(1);
        assert_eq!((peeked.group_id, peeked.cipher_suite), (Some(world.group("bob").id()), suite));
        assert!(peeked.encrypted);
        (peeked.kind, peeked.epoch.unwrap(), peeked.standing)
    };
    use MessageKind::{Application, Commit, Proposal};
    use MessageStanding::{Current, Future, Past, UnknownGroup};
    assert_eq!(at(&early, "bob"), (Application, 1, Current));
    assert_eq!(at(&proposal, "bob"), (Proposal, 1, Current));
    assert_eq!(at(&next, "bob"), (Commit, 1, Current));
    assert_eq!(at(&late, "bob"), (Application, 2, Future));
    assert_eq!(at(&early, "eve"), (Application, 1, UnknownGroup));
    world.receive("bob", &next).unwrap();
    assert_eq!(at(&early, "bob"), (Application, 1, Past { readable: true }));
    assert_eq!(at(&proposal, "bob"), (Proposal, 1, Past { readable: false }));
    assert_eq!(at(&late, "bob"), (Application, 2, Current));
}

#[test]
fn a_removed_client_is_told_what_it_can_still_read() {
    let mut world = World::of(&["alice", "bob"]);
    world.silent = true;
    world.found(&["alice", "bob"]);
    let message = world.encrypt("alice", "before");
    world.remove("alice", "bob");
    let after = world.encrypt("alice", "after");
    assert_eq!(peek(&world, "bob", &message).standing, MessageStanding::Current);
    assert_eq!(peek(&world, "bob", &after).standing, MessageStanding::Removed);
    assert_eq!(text_of(preview(&world, "bob", &message).unwrap()), "before");
    assert_eq!(code(preview(&world, "bob", &after)), 409);
}

#[test]
fn other_kinds_of_messages_tell_what_they_are() {
    let mut world = World::of(&["alice", "bob", "carol", "eve"]);
    world.person_mut("alice").public = true;
    world.found(&["alice", "bob"]);
    let package = world.client("carol").create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let peeked = peek(&world, "alice", &package.message);
    assert_eq!((peeked.kind, peeked.standing), (MessageKind::KeyPackage, MessageStanding::Apart));
    assert_eq!((peeked.group_id, peeked.epoch, peeked.cipher_suite), (None, None, Some(1)));
    let built = world.group("alice").new_commit().add(package.message).unwrap().build().unwrap();
    let peeked = peek(&world, "bob", &built.commit);
    assert_eq!(
        (peeked.kind, peeked.encrypted, peeked.standing),
        (MessageKind::Commit, false, MessageStanding::Current)
    );
    let info = world.group("bob").group_info(true).unwrap();
    let peeked = peek(&world, "eve", &info);
    assert_eq!((peeked.kind, peeked.standing), (MessageKind::GroupInfo, MessageStanding::UnknownGroup));
    assert_eq!((peeked.group_id, peeked.epoch), (Some(world.group("bob").id()), Some(1)));
    let welcome = built.welcome.unwrap();
    let peeked = peek(&world, "carol", &welcome);
    assert_eq!(peeked.standing, MessageStanding::Invitation { key_package: package.reference });
    assert_eq!((peeked.kind, peeked.group_id, peeked.cipher_suite), (MessageKind::Welcome, None, Some(1)));
    assert_eq!(peek(&world, "eve", &welcome).standing, MessageStanding::NotForUs);
    let told = told(&world, "eve", || code(world.client("eve").peek(welcome[..welcome.len() - 1].to_vec())));
    assert_eq!(told / 100, 2);
}

#[test]
fn peeking_reads_one_record() {
    let world = World::group_of(&["alice", "bob"]);
    let message = world.encrypt("alice", "hello");
    let memory = &world.person("bob").storage.memory;
    memory.take_touches();
    world.client("bob").peek(message).unwrap();
    let touches = memory.take_touches();
    // Once, and once more to see that it still stands.
    assert_eq!((touches.records_read, touches.scans, touches.writes), (2, 0, 0));
}

#[test]
fn a_welcome_is_verified_before_anybody_joins() {
    let mut world = World::of(&["alice", "bob", "carol", "eve"]);
    world.create(
        "alice",
        GroupOptions { extensions: extensions(&[(5, &external_sender("the server"))]), ..Default::default() },
    );
    world.add("alice", &["bob"]);
    let package = world.client("carol").create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let built = world.group("bob").new_commit().add(package.message).unwrap().build().unwrap();
    let preview = preview_welcome(&world, "carol", &built).unwrap();
    let expected = WelcomePreview {
        group_id: world.group("bob").id(),
        epoch: 2,
        cipher_suite: 1,
        extensions: vec![5],
        key_package: package.reference,
        tree_missing: false,
        inviter: world.group("alice").find_member(b"bob".to_vec()).unwrap().map(|member| member.name),
        members: Some(3),
    };
    assert_eq!(preview, expected);
    assert_eq!(code(preview_welcome(&world, "eve", &built)), 408);
    world.publish("bob", built.clone());
    assert_eq!(world.members(), ["alice", "bob", "carol"]);
    assert_eq!(code(preview_welcome(&world, "carol", &built)), 408);
}

#[test]
fn without_the_tree_a_welcome_tells_less() {
    let mut world = World::of(&["alice", "carol"]);
    world.found(&["alice"]);
    let package = world.key_package("carol");
    let draft = world.group("alice").new_commit().add(package).unwrap().tree_beside_welcome().unwrap();
    let built = draft.build().unwrap();
    let whole = preview_welcome(&world, "carol", &built).unwrap();
    assert_eq!((whole.tree_missing, whole.members), (false, Some(2)));
    let bare = CommitResult { tree: None, ..built.clone() };
    let partial = preview_welcome(&world, "carol", &bare).unwrap();
    assert_eq!(partial, WelcomePreview { tree_missing: true, inviter: None, members: None, ..whole });
    let wrong = CommitResult { tree: Some(world.group("alice").export_tree().unwrap()), ..built.clone() };
    assert!([2, 3].contains(&(code(preview_welcome(&world, "carol", &wrong)) / 100)));
    world.publish("alice", built);
    world.agree();
}

#[test]
fn a_preview_refuses_what_joining_refuses() {
    let mut world = World::of(&["alice", "bob"]);
    let registrar = Registrar::new();
    world.enlist(ClientConfig::basic("carol"), |host| host.validator = registrar.clone());
    world.found(&["alice", "bob"]);
    let built = world.group("alice").new_commit().add(world.key_package("carol")).unwrap().build().unwrap();
    registrar.reject("bob");
    assert_eq!(code(preview_welcome(&world, "carol", &built)), 312);
    let package = world.client("bob").create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let stranger = World::group_of(&["dave"]);
    let twin = stranger.group("dave").new_commit().add(package.message).unwrap().build().unwrap();
    preview_welcome(&world, "bob", &twin).unwrap();
    let mut broken = twin.welcome.clone().unwrap();
    *broken.last_mut().unwrap() ^= 1;
    let broken = CommitResult { welcome: Some(broken), ..twin };
    assert_eq!(code(preview_welcome(&world, "bob", &broken)) / 100, 3);
}

#[test]
fn a_key_package_tells_what_has_become_of_it() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let bob = world.client("bob");
    let make = |last_resort| {
        bob.create_key_packages(1, KeyPackageOptions { last_resort, ..Default::default() }).unwrap().remove(0)
    };
    let (used, last, idle, deleted) = (make(false), make(true), make(false), make(false));
    let status = |package: &KeyPackageMessage| {
        told(&world, "bob", || world.client("bob").key_package_status(package.reference.clone()).unwrap())
    };
    for package in [&used, &last, &idle] {
        let (last_resort, not_after) = (package.last_resort, package.not_after);
        assert_eq!(status(package), KeyPackageStatus::Available { last_resort, not_after });
    }
    world.client("bob").delete_key_packages(vec![deleted.reference.clone()]).unwrap();
    assert_eq!(status(&deleted), KeyPackageStatus::Unknown);
    let built = world.group("alice").new_commit().add(used.message.clone()).unwrap().build().unwrap();
    world.publish("alice", built);
    world.remove("alice", "bob");
    let built = world.group("alice").new_commit().add(last.message.clone()).unwrap().build().unwrap();
    world.publish("alice", built);
    assert_eq!(world.members(), ["alice", "bob"]);
    let status =
        |package: &KeyPackageMessage| world.client("bob").key_package_status(package.reference.clone()).unwrap();
    assert_eq!(status(&used), KeyPackageStatus::Unknown);
    // One of last resort stays: it may have been used.
    assert_eq!(status(&last), KeyPackageStatus::Available { last_resort: true, not_after: last.not_after });
    world.clock.pass(84 * DAY + 1);
    assert_eq!(status(&idle), KeyPackageStatus::Expired);
    assert_eq!(world.client("alice").key_package_status(idle.reference).unwrap(), KeyPackageStatus::Unknown);
}

#[test]
fn a_previewed_message_can_still_be_received() {
    let mut world = World::of(&["alice", "bob"]);
    world.silent = true;
    world.found(&["alice", "bob"]);
    let messages: Vec<_> = (0..3).map(|number| world.encrypt("alice", &number.to_string())).collect();
    for number in [2, 0, 1] {
        let previewed = preview(&world, "bob", &messages[number]).unwrap();
        assert!(previewed == preview(&world, "bob", &messages[number]).unwrap());
        assert!(previewed == world.receive("bob", &messages[number]).unwrap());
        assert_eq!(code(preview(&world, "bob", &messages[number])), 405);
        world.reopen("bob");
    }
    let late = world.encrypt("alice", "late");
    world.update("alice");
    assert_eq!(text_of(preview(&world, "bob", &late).unwrap()), "late");
    assert_eq!(text_of(world.receive("bob", &late).unwrap()), "late");
}

#[test]
fn what_is_no_message_of_somebody_else_is_not_previewed() {
    let world = World::group_of(&["alice", "bob"]);
    let own = world.encrypt("bob", "mine");
    assert!(preview(&world, "bob", &own).unwrap() == Event::OwnEcho);
    let mut forged = world.encrypt("alice", "forged");
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(code(preview(&world, "bob", &forged)) / 100, 3);
    let proposal = world.group("alice").propose_update(vec![]).unwrap();
    let commit = world.group("alice").new_commit().build().unwrap().commit;
    for handshake in [proposal, commit] {
        assert_eq!(code(preview(&world, "bob", &handshake)), 317);
    }
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    let future = world.encrypt("alice", "future");
    assert_eq!(code(preview(&world, "bob", &future)), 402);
    let other = World::group_of(&["alice", "bob"]);
    assert_eq!(code(preview(&world, "bob", &other.encrypt("alice", "elsewhere"))), 317);
}

#[test]
fn hundreds_of_groups_are_listed_in_pages_each_once() {
    let world = World::of(&["alice"]);
    let alice = world.client("alice");
    let made: BTreeSet<Vec<u8>> = (0..300).map(|_| alice.create_group(GroupOptions::default()).unwrap().id()).collect();
    for limit in [1, 7, 100, 300, 1000] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = alice.groups(after, limit).unwrap();
            assert!(page.groups.len() <= limit as usize);
            listed.extend(page.groups.into_iter().map(|summary| summary.group_id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed.len(), 300);
        assert!(listed.into_iter().collect::<BTreeSet<_>>() == made);
    }
}
