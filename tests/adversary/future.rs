//! What is to come: members who take fresh keys, secrets that the copy lacks, commits that waited.

use conclave::*;

use crate::Scene;
use crate::common::*;

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
fn a_member_heals_by_a_rejoin() {
    let mut scene = Scene::group_of(&["alice", "bob", "carol"]);
    let before = scene.steal("alice");
    scene.say("bob", "before");
    let join = scene.knock("alice", "bob");
    let waiting = scene.steal("alice");
    scene.let_in("alice", join);
    scene.say("bob", "after the rejoin");
    scene.assert_opens(&before, &["before"]);
    // The new keys were in this copy.
    scene.assert_opens(&waiting, &["after the rejoin"]);
    scene.assert_opens(&scene.steal("alice"), &[]);
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
fn the_secret_of_an_earlier_epoch_keeps_out_who_was_not_there() {
    let mut scene = Scene::of(&["alice", "bob", "carol"], &["alice", "bob"]);
    let resumption = ResumptionPsk { group_id: scene.world.group("alice").id(), epoch: scene.world.epoch("alice") };
    scene.add("alice", "carol");
    let (bob, carol) = (scene.steal("bob"), scene.steal("carol"));
    scene.say("alice", "with carol");
    let commit = scene.world.group("alice").new_commit().resumption_psk(resumption).unwrap().without_path().unwrap();
    let built = commit.build().unwrap();
    scene.world.group("alice").confirm_commit(None, vec![]).unwrap();
    scene.world.receive("bob", &built.commit).unwrap();
    scene.wire.push(built.commit);
    scene.send("alice", "among those who were there");
    scene.assert_opens(&bob, &["with carol", "among those who were there"]);
    scene.assert_opens(&carol, &["with carol"]);
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
