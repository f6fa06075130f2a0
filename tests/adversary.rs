//! What RFC 9420 promises against someone who has recorded every byte that was ever sent, and takes a full copy of a
//! client's store at some moment. Each test first shows what the copy does open, so that it could fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "adversary/thief.rs"]
mod thief;

use common::*;
use conclave::*;
use thief::Thief;

/// A key that everybody has, thieves too, so that a commit has something to do without a path.
const KNOWN_PSK: &str = "known to all";

/// A group, and everything that was sent.
struct Scene {
    world: World,
    wire: Vec<Vec<u8>>,
}

impl Scene {
    fn of(everybody: &[&str], members: &[&str]) -> Self {
        let mut world = World::of(everybody);
        world.silent = true;
        world.found(members);
        everybody.iter().for_each(|name| world.client(name).put_psk(KNOWN_PSK.into(), vec![0]).unwrap());
        Scene { world, wire: Vec::new() }
    }

    fn group_of(members: &[&str]) -> Self {
        Self::of(members, members)
    }

    /// A message that is on its way, and arrives nowhere yet.
    fn send(&mut self, from: &str, text: &str) -> Vec<u8> {
        let message = self.world.encrypt(from, text);
        self.wire.push(message.clone());
        message
    }

    /// A message that all members read.
    fn say(&mut self, from: &str, text: &str) {
        let message = self.send(from, text);
        self.world.deliver(from, &message);
    }

    fn propose(&mut self, by: &str, make: impl FnOnce(&Group) -> Result<Vec<u8>>) {
        self.wire.push(self.world.propose(by, make));
    }

    fn commit(&mut self, by: &str, draft: impl FnOnce(Draft) -> Draft) {
        let built = self.world.commit(by, draft).built;
        self.wire.push(built.commit);
        self.wire.extend(built.welcome);
    }

    /// Fresh keys for a member.
    fn update(&mut self, by: &str) {
        self.commit(by, |draft| draft);
    }

    /// An epoch more, with fresh keys for nobody.
    fn turn(&mut self, by: &str) {
        self.commit(by, |draft| draft.psk(KNOWN_PSK.into()).unwrap().without_path().unwrap());
    }

    fn add(&mut self, by: &str, name: &str) {
        let package = self.world.key_package(name);
        self.commit(by, |draft| draft.add(package).unwrap());
    }

    fn remove(&mut self, by: &str, name: &str) {
        let leaf = self.world.leaf(name);
        self.commit(by, |draft| draft.remove(leaf).unwrap());
    }

    fn steal(&self, name: &str) -> Thief {
        Thief::of(&self.world, name)
    }

    /// The copy opens these texts of all that was ever sent, and no others.
    fn assert_opens(&self, thief: &Thief, texts: &[&str]) {
        let opened: Vec<String> = thief.opens(&self.wire).into_iter().collect();
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        assert_eq!(opened, texts);
    }
}

#[test]
fn a_copy_reads_what_its_owner_will_read_and_what_it_will_write() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let thief = scene.steal("alice");
    scene.say("bob", "to alice");
    scene.say("alice", "by alice");
    scene.turn("bob");
    scene.say("carol", "an epoch later");
    scene.turn("alice");
    scene.say("bob", "after a commit of alice");
    scene.assert_opens(&thief, &["to alice", "by alice", "an epoch later", "after a commit of alice"]);
}

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
fn a_member_heals_by_its_own_commit() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let (alice, bob) = (scene.steal("alice"), scene.steal("bob"));
    scene.say("bob", "before");
    scene.update("alice");
    scene.say("carol", "after alice's commit");
    scene.assert_opens(&alice, &["before"]);
    // Bob has his old keys still.
    scene.assert_opens(&bob, &["before", "after alice's commit"]);
    scene.assert_opens(&scene.steal("alice"), &[]);
    scene.update("bob");
    scene.say("carol", "after bob's commit");
    scene.assert_opens(&alice, &["before"]);
    scene.assert_opens(&bob, &["before", "after alice's commit"]);
    scene.update("carol");
    scene.say("alice", "after everybody's");
    scene.assert_opens(&alice, &["before"]);
    scene.assert_opens(&bob, &["before", "after alice's commit"]);
}

#[test]
fn a_commit_without_a_path_heals_nobody() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let thief = scene.steal("alice");
    scene.turn("alice");
    scene.say("bob", "after alice's commit");
    scene.assert_opens(&thief, &["after alice's commit"]);
    scene.update("alice");
    scene.say("bob", "after one with a path");
    scene.assert_opens(&thief, &["after alice's commit"]);
}

#[test]
fn a_commit_of_another_heals_the_other_alone() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol", "dave", "erin"]);
    let thief = scene.steal("alice");
    for name in ["bob", "carol", "dave", "erin"] {
        scene.update(name);
    }
    scene.say("bob", "after all others' commits");
    scene.assert_opens(&thief, &["after all others' commits"]);
}

#[test]
fn a_member_heals_by_its_update_when_another_commits_it() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let before = scene.steal("alice");
    scene.propose("alice", |group| group.propose_update(vec![]));
    let proposed = scene.steal("alice");
    // As long as it is only proposed, nothing is healed.
    let left_out = scene.world.group("bob").new_commit().without_pending().unwrap().build().unwrap();
    assert!(left_out.welcome.is_none());
    scene.world.group("bob").discard_commit(None).unwrap();
    scene.update("bob");
    scene.say("carol", "after the commit");
    scene.assert_opens(&before, &[]);
    // The new key was in this copy.
    scene.assert_opens(&proposed, &["after the commit"]);
    scene.propose("alice", |group| group.propose_update(vec![]));
    scene.update("carol");
    scene.say("bob", "after another");
    scene.assert_opens(&proposed, &["after the commit"]);
}

#[test]
fn an_update_that_nobody_commits_heals_nobody() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let thief = scene.steal("alice");
    scene.propose("alice", |group| group.propose_update(vec![]));
    scene.commit("bob", |draft| draft.without_pending().unwrap());
    scene.say("carol", "as if nothing had been proposed");
    scene.assert_opens(&thief, &["as if nothing had been proposed"]);
    // Its key is gone with the epoch.
    scene.assert_opens(&scene.steal("alice"), &[]);
}

#[test]
fn a_removed_member_reads_nothing_that_comes_after() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let member = scene.steal("bob");
    scene.say("alice", "while bob was there");
    scene.send("carol", "on its way to bob");
    scene.remove("alice", "bob");
    let removed = scene.steal("bob");
    scene.say("carol", "after bob");
    scene.turn("carol");
    scene.say("alice", "long after bob");
    scene.assert_opens(&member, &["while bob was there", "on its way to bob"]);
    scene.assert_opens(&removed, &["on its way to bob"]);
}

#[test]
fn a_member_that_left_reads_nothing_that_comes_after() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    scene.propose("bob", |group| group.propose_leave(vec![]));
    let member = scene.steal("bob");
    scene.update("carol");
    scene.say("alice", "after bob");
    scene.assert_opens(&member, &[]);
    scene.assert_opens(&scene.steal("bob"), &[]);
    let other = scene.steal("alice");
    scene.say("carol", "control");
    scene.assert_opens(&other, &["control"]);
}

#[test]
fn whoever_comes_back_comes_with_fresh_keys() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let first_stay = scene.steal("bob");
    scene.say("alice", "first stay");
    scene.remove("alice", "bob");
    scene.say("alice", "without bob");
    scene.add("carol", "bob");
    let second_stay = scene.steal("bob");
    scene.say("alice", "second stay");
    scene.assert_opens(&first_stay, &["first stay"]);
    scene.assert_opens(&second_stay, &["second stay"]);
}

#[test]
fn a_new_member_reads_nothing_that_came_before() {
    let mut scene = Scene::of(&["alice", "bob", "carol"], &["alice", "bob"]);
    let member = scene.steal("bob");
    scene.say("alice", "before carol");
    scene.send("alice", "on its way before carol");
    scene.add("alice", "carol");
    let carol = scene.steal("carol");
    scene.say("alice", "with carol");
    scene.assert_opens(&carol, &["with carol"]);
    scene.assert_opens(&member, &["before carol", "on its way before carol", "with carol"]);
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
    let (kept, deleted) = (scene.world.client("bob"), KeyPackageOptions::default());
    let package = kept.create_key_packages(1, deleted).unwrap().remove(0);
    let before = scene.steal("bob");
    kept.delete_key_packages(vec![package.reference]).unwrap();
    let after = scene.steal("bob");
    let built = scene.world.group("alice").new_commit().add(package.message).unwrap().build().unwrap();
    scene.world.group("alice").confirm_commit(None, vec![]).unwrap();
    scene.wire.extend(built.welcome);
    scene.send("alice", "to bob");
    scene.assert_opens(&before, &["to bob"]);
    scene.assert_opens(&after, &[]);
}

#[test]
fn a_pre_shared_key_keeps_out_who_does_not_have_it() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let without = scene.steal("alice");
    for name in ["alice", "bob", "carol"] {
        scene.world.client(name).put_psk(b"psk".to_vec(), b"out of band".to_vec()).unwrap();
    }
    let with = scene.steal("alice");
    let psk = |draft: Draft| draft.psk(b"psk".to_vec()).unwrap().without_path().unwrap();
    scene.commit("bob", psk);
    scene.say("carol", "under the key");
    scene.assert_opens(&without, &[]);
    scene.assert_opens(&with, &["under the key"]);
}

#[test]
fn a_pre_shared_key_that_was_deleted_opens_nothing_more() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    for name in ["alice", "bob", "carol"] {
        scene.world.client(name).put_psk(b"psk".to_vec(), b"out of band".to_vec()).unwrap();
    }
    scene.send("bob", "before");
    let kept = scene.steal("alice");
    scene.world.client("alice").delete_psk(b"psk".to_vec()).unwrap();
    let deleted = scene.steal("alice");
    scene.world.client("alice").put_psk(b"psk".to_vec(), b"out of band".to_vec()).unwrap();
    scene.commit("bob", |draft| draft.psk(b"psk".to_vec()).unwrap().without_path().unwrap());
    scene.say("carol", "under the key");
    scene.assert_opens(&kept, &["before", "under the key"]);
    scene.assert_opens(&deleted, &["before"]);
}

#[test]
fn a_pending_commit_in_the_copy_reads_on_if_it_wins() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let before = scene.steal("alice");
    let built = scene.world.group("alice").new_commit().build().unwrap();
    let pending = scene.steal("alice");
    scene.wire.push(scene.world.publish("alice", built).built.commit);
    scene.say("bob", "after the commit");
    scene.assert_opens(&before, &[]);
    scene.assert_opens(&pending, &["after the commit"]);
    scene.update("alice");
    scene.say("bob", "healed");
    scene.assert_opens(&pending, &["after the commit"]);
}

/// The delivery service accepts a commit whose maker was told that it was refused.
#[test]
fn a_discarded_commit_is_forgotten_by_the_store() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let built = scene.world.group("alice").new_commit().build().unwrap();
    let pending = scene.steal("alice");
    scene.world.group("alice").discard_commit(None).unwrap();
    let discarded = scene.steal("alice");
    for name in ["bob", "carol"] {
        scene.world.receive(name, &built.commit).unwrap();
    }
    scene.wire.push(built.commit);
    scene.send("bob", "after the commit");
    scene.assert_opens(&pending, &["after the commit"]);
    scene.assert_opens(&discarded, &[]);
}

#[test]
fn a_commit_that_lost_is_forgotten_by_the_store() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let lost = scene.world.group("alice").new_commit().build().unwrap();
    let pending = scene.steal("alice");
    // Carol is shown the one commit, alice and bob the other.
    scene.world.receive("carol", &lost.commit).unwrap();
    let won = scene.world.group("bob").new_commit().build().unwrap();
    scene.world.group("bob").confirm_commit(None, vec![]).unwrap();
    scene.world.receive("alice", &won.commit).unwrap();
    let after = scene.steal("alice");
    scene.wire.extend([lost.commit, won.commit]);
    scene.send("carol", "after the one that lost");
    scene.send("bob", "after the one that won");
    scene.assert_opens(&pending, &["after the one that lost", "after the one that won"]);
    scene.assert_opens(&after, &["after the one that won"]);
}

#[test]
fn a_deleted_group_opens_nothing() {
    let mut scene = Scene::group_of(&["alice", "bob"]);
    let before = scene.steal("alice");
    scene.send("bob", "to alice");
    scene.world.group("alice").delete().unwrap();
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
