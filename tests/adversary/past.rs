//! What is over: messages that were read, epochs that ended, keys that were deleted.

use conclave::*;

use crate::common::*;
use crate::{KNOWN_PSK, Scene};

#[test]
fn what_was_read_before_does_not_open_and_what_is_on_its_way_does() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    scene.say("bob", "read");
    scene.say("alice", "written");
    let (skipped, next) = (scene.send("bob", "skipped"), scene.send("bob", "read out of order"));
    scene.world.receive("alice", &next).unwrap();
    scene.send("carol", "on its way");
    let thief = scene.steal("alice");
    scene.assert_opens(&thief, &["skipped", "on its way"]);
    scene.world.receive("alice", &skipped).unwrap();
    scene.assert_opens(&scene.steal("alice"), &["on its way"]);
}

#[test]
fn an_earlier_epoch_opens_only_as_far_as_its_keys_are_unused_and_within_the_window() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    for epoch in 1..=7 {
        scene.say("bob", &format!("read in {epoch}"));
        scene.say("alice", &format!("written in {epoch}"));
        scene.send("carol", &format!("late from {epoch}"));
        let before = scene.steal("alice");
        assert!(before.opens(&scene.wire).contains(&format!("late from {epoch}")));
        scene.update(["alice", "bob", "carol"][epoch % 3]);
    }
    let thief = scene.steal("alice");
    scene.assert_opens(&thief, &["late from 3", "late from 4", "late from 5", "late from 6", "late from 7"]);
}

#[test]
fn what_was_pruned_opens_nothing() {
    let mut scene = Scene::group_of(&["alice", "bob"]);
    scene.send("bob", "late");
    scene.update("bob");
    let next = scene.send("bob", "skipped");
    scene.say("bob", "read");
    let before = scene.steal("alice");
    scene.world.group("alice").prune(Some(0)).unwrap();
    let pruned = scene.steal("alice");
    scene.assert_opens(&before, &["late", "skipped"]);
    scene.assert_opens(&pruned, &["skipped"]);
    scene.world.clock.pass(31 * DAY);
    scene.world.client("alice").prune().unwrap();
    scene.assert_opens(&scene.steal("alice"), &[]);
    assert_eq!(scene.world.refused("alice", &next), 405);
}

#[test]
fn a_reserved_key_is_in_no_copy() {
    let mut world = World::of(&["bob", "carol"]);
    world.silent = true;
    world.enlist(ClientConfig { reserve: 3, ..ClientConfig::basic("alice") }, |_| {});
    world.found(&["bob", "carol", "alice"]);
    let mut scene = Scene { world, wire: Vec::new() };
    let before = scene.steal("alice");
    scene.send("alice", "reserves");
    let thief = scene.steal("alice");
    scene.send("alice", "out of the reserve");
    scene.send("alice", "out of it, too");
    scene.send("alice", "reserves again");
    scene.assert_opens(&before, &["reserves", "out of the reserve", "out of it, too", "reserves again"]);
    scene.assert_opens(&thief, &["reserves again"]);
}

#[test]
fn a_key_package_opens_its_welcome_until_it_is_used() {
    let mut scene = Scene::of(&["alice", "bob", "carol"], &["alice", "bob"]);
    let package = scene.world.key_package("carol");
    let waiting = scene.steal("carol");
    scene.commit("alice", |draft| draft.add(package).unwrap());
    scene.say("bob", "with carol");
    let used = scene.steal("carol");
    scene.assert_opens(&waiting, &["with carol"]);
    scene.assert_opens(&used, &[]);
    scene.update("carol");
    scene.say("bob", "healed");
    scene.assert_opens(&waiting, &["with carol"]);
}

#[test]
fn a_deleted_key_package_opens_nothing() {
    let mut scene = Scene::of(&["alice", "bob"], &["alice"]);
    let bob = scene.world.client("bob");
    let package = bob.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
    let before = scene.steal("bob");
    bob.delete_key_packages(vec![package.reference]).unwrap();
    let after = scene.steal("bob");
    let built = scene.world.group("alice").new_commit().add(package.message).unwrap().build().unwrap();
    scene.world.group("alice").confirm_commit(None, vec![]).unwrap();
    scene.wire.extend(built.welcome);
    scene.send("alice", "to bob");
    scene.assert_opens(&before, &["to bob"]);
    scene.assert_opens(&after, &[]);
}

#[test]
fn a_deleted_group_opens_nothing() {
    let mut scene = Scene::group_of(&["alice", "bob"]);
    let before = scene.steal("alice");
    scene.send("bob", "to alice");
    scene.world.group("alice").delete().unwrap();
    scene.world.person_mut("alice").group = None;
    scene.assert_opens(&before, &["to alice"]);
    scene.assert_opens(&scene.steal("alice"), &[]);
}

#[test]
fn a_sealed_store_opens_with_its_key_alone() {
    let mut world = World::of(&["bob"]);
    world.silent = true;
    world.enlist(ClientConfig { storage_key: Some(vec![7; 32]), ..ClientConfig::basic("alice") }, |_| {});
    world.found(&["bob", "alice"]);
    ["alice", "bob"].iter().for_each(|name| world.client(name).put_psk(KNOWN_PSK.into(), vec![0]).unwrap());
    let mut scene = Scene { world, wire: Vec::new() };
    let thief = scene.steal("alice");
    scene.say("bob", "to alice");
    scene.turn("bob");
    scene.say("bob", "an epoch later");
    scene.assert_opens(&thief, &["to alice", "an epoch later"]);
    for key in [None, Some([0; 32]), Some([8; 32])] {
        assert_eq!(thief.with_key(key).code(), Some(102));
        scene.assert_opens(&thief.with_key(key), &[]);
    }
}
