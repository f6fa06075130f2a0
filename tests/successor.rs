//! Groups that follow from another: a closed one begun anew, and one that branches off (RFC 9420 §11.2, §11.3).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::*;
use conclave::*;

/// People who have keys for suites 1 and 2, in a group of suite 1.
fn both_suites(names: &[&str]) -> World {
    let mut world = World::of(&[]);
    for name in names {
        world.enlist(ClientConfig { cipher_suites: vec![1, 2], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(names);
    world
}

fn packages(world: &World, names: &[&str], suite: u16) -> Vec<Vec<u8>> {
    let options = KeyPackageOptions { cipher_suite: Some(suite), ..KeyPackageOptions::default() };
    names
        .iter()
        .map(|name| world.client(name).create_key_packages(1, options.clone()).unwrap().remove(0).message)
        .collect()
}

fn along(key_packages: Vec<Vec<u8>>) -> SuccessorOptions {
    SuccessorOptions { key_packages, ..SuccessorOptions::default() }
}

fn anew(group_id: &[u8], suite: u16) -> ReinitOptions {
    ReinitOptions { group_id: Some(group_id.to_vec()), cipher_suite: Some(suite), extensions: None }
}

/// Alice closes the group by a commit.
fn close(world: &World, others: &[&str], options: ReinitOptions) {
    let built = world.group("alice").new_commit().reinit(options).unwrap().build().unwrap();
    let own = world.group("alice").confirm_commit(None, vec![]).unwrap();
    let events = others.iter().map(|name| world.receive(name, &built.commit).unwrap());
    for event in events.chain([own]) {
        assert!(matches!(event, Event::Reinit { .. }), "{event:?}");
    }
}

/// Everybody in the new group agrees and is understood.
fn in_touch(groups: &[Arc<Group>]) {
    for (place, from) in groups.iter().enumerate() {
        let message = from.encrypt(b"here".to_vec(), vec![], vec![]).unwrap();
        for (_, to) in groups.iter().enumerate().filter(|(other, _)| *other != place) {
            assert_eq!(to.epoch_authenticator().unwrap(), from.epoch_authenticator().unwrap());
            assert_eq!(text_of(to.receive(message.clone(), vec![]).unwrap()), "here");
        }
    }
}

fn join(world: &World, name: &str, successor: &Successor) -> Result<Arc<Group>> {
    let options = JoinOptions { tree: successor.tree.clone(), ..JoinOptions::default() };
    world.client(name).join(successor.welcome.clone().unwrap(), options)
}

/// The join is refused with this code, and leaves no trace.
fn stays_out(world: &World, name: &str, successor: &Successor) -> u32 {
    let before = world.records(name);
    let code = code(join(world, name, successor));
    assert!(world.records(name) == before);
    code
}

#[test]
fn a_group_is_begun_anew_with_another_suite() {
    let world = both_suites(&["alice", "bob", "carol"]);
    close(&world, &["bob", "carol"], anew(b"successor", 2));
    for name in ["alice", "bob"] {
        let group = world.group(name);
        assert!(group.status().unwrap().frozen);
        assert_eq!(code(group.encrypt(b"x".to_vec(), vec![], vec![])), 506);
        assert_eq!(code(group.propose_update(vec![])), 506);
        assert_eq!(code(group.clone().new_commit().build()), 506);
        assert_eq!(code(group.group_info(true)), 506);
    }
    // Any member may make the successor; here bob does.
    let successor = world.group("bob").create_successor(along(packages(&world, &["alice", "carol"], 2))).unwrap();
    let status = successor.group.status().unwrap();
    assert_eq!((status.group_id.as_slice(), status.epoch, status.cipher_suite), (&b"successor"[..], 1, 2));
    let (alice, carol) = (join(&world, "alice", &successor).unwrap(), join(&world, "carol", &successor).unwrap());
    in_touch(&[successor.group.clone(), alice.clone(), carol]);
    // The old group still opens what came late, and can be let go.
    world.group("alice").delete().unwrap();
    assert_eq!(alice.status().unwrap().members, 3);
}

#[test]
fn a_proposed_reinit_is_committed_by_reference_and_alone() {
    let mut world = both_suites(&["alice", "bob"]);
    let message = world.propose("bob", |group| group.propose_reinit(anew(b"next", 1), vec![]));
    assert_eq!(code(world.group("alice").encrypt(b"x".to_vec(), vec![], vec![])), 505);
    // Another proposal goes before it (RFC 9420 §12.2), and the reinit is proposed again.
    world.propose("bob", |group| group.propose_update(vec![]));
    let committed = world.update("alice");
    assert_eq!(names(&committed.change().updated), ["bob"]);
    assert_eq!(code(world.receive("alice", &message)), 403);
    world.propose("bob", |group| group.propose_reinit(anew(b"next", 1), vec![]));
    let built = world.group("alice").new_commit().build().unwrap();
    let own = world.group("alice").receive(built.commit.clone(), vec![]).unwrap();
    let Event::Reinit { group_id, cipher_suite, .. } = own else { panic!() };
    assert_eq!((group_id.as_slice(), cipher_suite), (&b"next"[..], 1));
    assert!(matches!(world.receive("bob", &built.commit).unwrap(), Event::Reinit { .. }));
}

#[test]
fn a_reinit_stands_beside_no_other_change() {
    let world = both_suites(&["alice", "bob"]);
    let before = world.records("alice");
    let leaf = world.leaf("bob");
    let draft = world.group("alice").new_commit().reinit(anew(b"next", 1)).unwrap().remove(leaf).unwrap();
    assert_eq!(code(draft.build()), 306);
    assert!(world.records("alice") == before);
}

#[test]
fn the_effect_of_a_successor_holds_its_welcome() {
    let world = both_suites(&["alice", "bob"]);
    close(&world, &["bob"], anew(b"next", 2));
    let storage = world.person("alice").storage.clone();
    storage.take_effects();
    let options = SuccessorOptions { tag: b"tag".to_vec(), ..along(packages(&world, &["bob"], 2)) };
    let successor = world.group("alice").create_successor(options).unwrap();
    let effects = storage.take_effects();
    let [Effect::Confirmed { group_id, tag, event, welcome }] = &effects[..] else { panic!("{}", effects.len()) };
    assert_eq!((group_id.as_slice(), tag.as_slice(), welcome), (&b"next"[..], &b"tag"[..], &successor.welcome));
    assert_eq!(names(&change_of(event).added), ["bob"]);
    assert_eq!(change_of(event).resumption_psks.len(), 1);
}

#[test]
fn everyone_must_come_along_into_a_successor() {
    let world = both_suites(&["alice", "bob", "carol"]);
    close(&world, &["bob", "carol"], anew(b"next", 1));
    let before = world.records("alice");
    assert_eq!(code(world.group("alice").create_successor(along(packages(&world, &["bob"], 1)))), 101);
    assert!(world.records("alice") == before);
    let options = SuccessorOptions { tree_beside_welcome: true, ..along(packages(&world, &["bob", "carol"], 1)) };
    let successor = world.group("alice").create_successor(options).unwrap();
    assert!(successor.tree.is_some());
    in_touch(&[
        successor.group.clone(),
        join(&world, "bob", &successor).unwrap(),
        join(&world, "carol", &successor).unwrap(),
    ]);
    assert_eq!(code(world.group("alice").create_successor(along(packages(&world, &["bob", "carol"], 1)))), 507);
}

#[test]
fn only_a_closed_group_has_a_successor() {
    let world = both_suites(&["alice", "bob"]);
    assert_eq!(code(world.group("alice").create_successor(along(packages(&world, &["bob"], 1)))), 512);
}

#[test]
fn who_was_not_in_the_old_group_cannot_follow() {
    let mut world = both_suites(&["alice", "bob"]);
    world.enlist(ClientConfig { cipher_suites: vec![1, 2], ..ClientConfig::basic("dave") }, |_| {});
    close(&world, &["bob"], anew(b"next", 2));
    let successor = world.group("alice").create_successor(along(packages(&world, &["bob", "dave"], 2))).unwrap();
    assert_eq!(stays_out(&world, "dave", &successor), 407);
    join(&world, "bob", &successor).unwrap();
}

#[test]
fn who_has_not_processed_the_reinit_waits() {
    let world = both_suites(&["alice", "bob"]);
    let built = world.group("alice").new_commit().reinit(anew(b"next", 2)).unwrap().build().unwrap();
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    let successor = world.group("alice").create_successor(along(packages(&world, &["bob"], 2))).unwrap();
    assert_eq!(stays_out(&world, "bob", &successor), 407);
    world.receive("bob", &built.commit).unwrap();
    in_touch(&[successor.group.clone(), join(&world, "bob", &successor).unwrap()]);
}

#[test]
fn a_group_branches_off() {
    let mut world = both_suites(&["alice", "bob", "carol"]);
    let options = BranchOptions { members: along(packages(&world, &["carol"], 1)), ..BranchOptions::default() };
    let branch = world.group("bob").branch(options).unwrap();
    let carol = join(&world, "carol", &branch).unwrap();
    in_touch(&[branch.group.clone(), carol]);
    assert_eq!(branch.group.status().unwrap().epoch, 1);
    // The group it came from goes on.
    world.update("bob");
    world.update("carol");
}

#[test]
fn a_branch_has_members_of_the_old_group_only() {
    let mut world = both_suites(&["alice", "bob"]);
    world.enlist(ClientConfig { cipher_suites: vec![1, 2], ..ClientConfig::basic("dave") }, |_| {});
    let before = world.records("alice");
    let options = BranchOptions { members: along(packages(&world, &["dave"], 1)), ..BranchOptions::default() };
    assert_eq!(code(world.group("alice").branch(options)), 103);
    let options = BranchOptions { members: along(packages(&world, &["bob"], 2)), ..BranchOptions::default() };
    assert!(matches!(code(world.group("alice").branch(options)), 309 | 801));
    assert!(world.records("alice") == before);
}

#[test]
fn a_branch_of_one_has_no_welcome() {
    let world = both_suites(&["alice", "bob"]);
    let branch = world.group("alice").branch(BranchOptions::default()).unwrap();
    assert!(branch.welcome.is_none());
    assert_eq!(branch.group.status().unwrap().members, 1);
}

#[test]
fn a_branch_may_have_extensions_of_its_own() {
    let world = both_suites(&["alice", "bob"]);
    let encoded = extensions(&[(3, &required(&[], &[], &[1]))]);
    let options = BranchOptions {
        group_id: Some(b"branch".to_vec()),
        extensions: Some(encoded),
        members: along(packages(&world, &["bob"], 1)),
    };
    let branch = world.group("alice").branch(options.clone()).unwrap();
    assert_eq!(branch.group.id(), b"branch");
    join(&world, "bob", &branch).unwrap();
    assert_eq!(code(world.group("alice").branch(options)), 507);
}

#[test]
fn who_left_the_old_group_cannot_follow_a_branch() {
    let mut world = both_suites(&["alice", "bob", "carol"]);
    let options = BranchOptions { members: along(packages(&world, &["bob", "carol"], 1)), ..BranchOptions::default() };
    let branch = world.group("alice").branch(options).unwrap();
    world.remove("alice", "carol");
    // For bob, carol is no member of the old group any more; carol was told to go.
    assert_eq!(stays_out(&world, "bob", &branch), 318);
    assert_eq!(stays_out(&world, "carol", &branch), 318);
}

#[test]
fn an_earlier_epoch_is_proved_in_a_commit() {
    let mut world = both_suites(&["alice", "bob"]);
    let psk = ResumptionPsk { group_id: world.group("alice").id(), epoch: world.epoch("alice") };
    world.update("alice");
    let committed = world.commit("bob", |draft| draft.resumption_psk(psk.clone()).unwrap());
    assert_eq!(committed.change().resumption_psks, std::slice::from_ref(&psk));
    world.propose("alice", |group| group.propose_resumption_psk(psk.clone(), vec![]));
    let waiting = world.group("bob").pending_proposals().unwrap();
    assert_eq!(waiting[0].summary, ProposalSummary::ResumptionPsk { psk: psk.clone() });
    assert_eq!(world.update("bob").change().resumption_psks, [psk]);
}

#[test]
fn who_was_not_there_cannot_follow_a_commit_that_asks_for_it() {
    let mut world = both_suites(&["alice", "bob"]);
    let psk = ResumptionPsk { group_id: world.group("alice").id(), epoch: world.epoch("alice") };
    world.enlist(ClientConfig::basic("carol"), |_| {});
    world.add("alice", &["carol"]);
    let built = world.group("alice").new_commit().resumption_psk(psk).unwrap().build().unwrap();
    assert_eq!(world.refused("carol", &built.commit), 407);
    world.receive("bob", &built.commit).unwrap();
}

#[test]
fn the_app_limits_how_far_back_a_key_may_come_from() {
    let mut world = World::of(&["alice"]);
    world.enlist(ClientConfig { resumption_epochs: 1, ..ClientConfig::basic("bob") }, |_| {});
    world.found(&["alice", "bob"]);
    let psk = |world: &World, back: u64| ResumptionPsk {
        group_id: world.group("alice").id(),
        epoch: world.epoch("alice") - back,
    };
    world.update("alice");
    world.update("alice");
    let far = psk(&world, 2);
    let built = world.group("alice").new_commit().resumption_psk(far).unwrap().build().unwrap();
    assert_eq!(world.refused("bob", &built.commit), 407);
    world.group("alice").discard_commit(None).unwrap();
    let near = psk(&world, 1);
    world.commit("alice", |draft| draft.resumption_psk(near).unwrap());
}

#[test]
fn a_group_that_only_has_the_id_of_the_successor_is_none() {
    let mut world = both_suites(&["alice", "bob", "carol"]);
    close(&world, &["bob", "carol"], anew(b"next", 1));
    // Mallory knows the id, and the key packages that are published.
    world.enlist(ClientConfig::basic("mallory"), |_| {});
    let options = GroupOptions { group_id: Some(b"next".to_vec()), ..GroupOptions::default() };
    let fake = world.client("mallory").create_group(options).unwrap();
    let package = packages(&world, &["bob"], 1).remove(0);
    let welcome = fake.clone().new_commit().add(package).unwrap().build().unwrap().welcome.unwrap();
    let before = world.records("bob");
    assert_eq!(code(world.client("bob").join(welcome, JoinOptions::default())), 318);
    assert!(world.records("bob") == before);
    // The true one is joined, left, and joined again like any other group.
    let successor = world.group("alice").create_successor(along(packages(&world, &["bob", "carol"], 1))).unwrap();
    let bob = join(&world, "bob", &successor).unwrap();
    let alice = &successor.group;
    let commit = alice.clone().new_commit().remove(bob.status().unwrap().own_leaf).unwrap().build().unwrap().commit;
    alice.confirm_commit(None, vec![]).unwrap();
    assert!(matches!(bob.receive(commit, vec![]).unwrap(), Event::Removed { .. }));
    let package = packages(&world, &["bob"], 1).remove(0);
    let welcome = alice.clone().new_commit().add(package).unwrap().build().unwrap().welcome.unwrap();
    alice.confirm_commit(None, vec![]).unwrap();
    world.client("bob").join(welcome, JoinOptions::default()).unwrap();
}

#[test]
fn an_announcement_goes_with_the_group_that_made_it() {
    let world = both_suites(&["alice", "bob"]);
    let empty = World::of(&["bob"]).records("bob").len() + 1;
    close(&world, &["bob"], anew(b"next", 1));
    world.group("bob").delete().unwrap();
    assert_eq!(world.records("bob").len(), empty, "a client, its format and its two signing keys");
}

#[test]
fn a_successor_has_another_id() {
    let world = both_suites(&["alice", "bob"]);
    let id = world.group("alice").id();
    let before = world.records("alice");
    assert_eq!(code(world.group("alice").propose_reinit(anew(&id, 1), vec![])), 305);
    assert_eq!(code(world.group("alice").new_commit().reinit(anew(&id, 1)).unwrap().build()), 305);
    assert!(world.records("alice") == before);
}

#[test]
fn a_policy_is_told_with_what_a_group_is_to_be_begun_anew() {
    let mut world = World::of(&["bob"]);
    let lowers = |request: &ChangeRequest| matches!(request.change, Change::Reinit { cipher_suite: 1, .. });
    let config = ClientConfig { cipher_suites: vec![2, 1], ..ClientConfig::basic("alice") };
    world.enlist(config, |host| host.policy = Some(Arc::new(Forbids(lowers))));
    world.create("alice", GroupOptions::default());
    assert_eq!(code(world.group("alice").propose_reinit(anew(b"next", 1), vec![])), 313);
    world.group("alice").propose_reinit(anew(b"next", 2), vec![]).unwrap();
}

#[test]
fn who_came_into_the_successor_by_commit_can_be_invited_again() {
    let world = both_suites(&["alice", "bob"]);
    close(&world, &["bob"], anew(b"next", 1));
    let successor = world.group("alice").create_successor(along(packages(&world, &["bob"], 1))).unwrap().group;
    let join = world.client("bob").join_external(successor.group_info(true).unwrap(), ExternalJoinOptions::default());
    let joined = world.client("bob").confirm_join(b"next".to_vec(), None, vec![]);
    let change =
        |event: Event| assert!(matches!(event, Event::EpochChanged { .. } | Event::Removed { .. }), "{event:?}");
    drop(joined.unwrap());
    change(successor.receive(join.unwrap().commit, vec![]).unwrap());
    let group = world.client("bob").open_group(b"next".to_vec()).unwrap();
    let leaf = group.status().unwrap().own_leaf;
    let removal = successor.clone().new_commit().remove(leaf).unwrap().build().unwrap().commit;
    change(successor.confirm_commit(None, vec![]).unwrap());
    change(group.receive(removal, vec![]).unwrap());
    let package = packages(&world, &["bob"], 1).remove(0);
    let built = successor.clone().new_commit().add(package).unwrap().build().unwrap();
    change(successor.confirm_commit(None, vec![]).unwrap());
    let again = world.client("bob").join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
    in_touch(&[successor, again]);
}
