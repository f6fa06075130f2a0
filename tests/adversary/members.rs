//! Who is not there: members who were removed, who are new, and who come by themselves.

use conclave::*;

use crate::Scene;

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
fn an_external_joiner_reads_nothing_that_came_before() {
    let mut scene = Scene::of(&["alice", "bob", "carol"], &["alice", "bob"]);
    let member = scene.steal("bob");
    scene.say("alice", "before carol");
    let join = scene.knock("carol", "alice");
    scene.send("alice", "while carol knocks");
    let waiting = scene.steal("carol");
    scene.let_in("carol", join);
    let carol = scene.steal("carol");
    scene.say("alice", "with carol");
    scene.assert_opens(&carol, &["with carol"]);
    scene.assert_opens(&waiting, &["with carol"]);
    // Whoever is in the group follows an external commit with what it has.
    scene.assert_opens(&member, &["before carol", "while carol knocks", "with carol"]);
    scene.update("carol");
    scene.say("bob", "after carol's commit");
    scene.assert_opens(&carol, &["with carol"]);
}

#[test]
fn a_discarded_join_is_forgotten_by_the_store() {
    let mut scene = Scene::of(&["alice", "bob", "carol"], &["alice", "bob"]);
    let join = scene.knock("carol", "alice");
    let waiting = scene.steal("carol");
    scene.world.client("carol").discard_join(join.group_id.clone(), None).unwrap();
    let discarded = scene.steal("carol");
    // The group adopts it all the same.
    scene.world.deliver("carol", &join.commit);
    scene.wire.push(join.commit);
    scene.send("alice", "to carol");
    scene.assert_opens(&waiting, &["to carol"]);
    scene.assert_opens(&discarded, &[]);
}

#[test]
fn a_group_that_is_begun_anew_opens_with_its_key_packages() {
    let mut scene = Scene::group_of(&["alice", "bob"]);
    let before = scene.steal("bob");
    let package = scene.world.key_package("bob");
    let with_package = scene.steal("bob");
    let reinit = scene.world.group("alice").new_commit().reinit(ReinitOptions::default()).unwrap().build().unwrap();
    scene.world.group("alice").confirm_commit(None, vec![]).unwrap();
    scene.world.receive("bob", &reinit.commit).unwrap();
    let members = SuccessorOptions { key_packages: vec![package], ..SuccessorOptions::default() };
    let successor = scene.world.group("alice").create_successor(members).unwrap();
    let joined = scene.world.client("bob").join(successor.welcome.clone().unwrap(), JoinOptions::default()).unwrap();
    let after = scene.steal("bob");
    let message = successor.group.encrypt(b"anew".to_vec(), vec![], vec![]).unwrap();
    scene.wire.extend([reinit.commit, successor.welcome.unwrap(), message.clone()]);
    scene.assert_opens(&before, &[]);
    scene.assert_opens(&with_package, &["anew"]);
    scene.assert_opens(&after, &["anew"]);
    joined.receive(message, vec![]).unwrap();
    scene.assert_opens(&scene.steal("bob"), &[]);
}
