//! Joining by a commit of one's own, and coming back by one (RFC 9420 §12.4.3.2).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

fn options() -> ExternalJoinOptions {
    ExternalJoinOptions::default()
}

fn again() -> ExternalJoinOptions {
    ExternalJoinOptions { rejoin: true, ..options() }
}

/// One person joins by a commit that all members process.
fn enter(world: &mut World, name: &str, by: &str, options: ExternalJoinOptions) -> Committed {
    let info = world.group(by).group_info(options.tree.is_none()).unwrap();
    let join = world.client(name).join_external(info, options).unwrap();
    world.reopen(name);
    accept(world, name, join)
}

/// The delivery service has accepted the commit: members process it, and the joiner confirms.
fn accept(world: &mut World, name: &str, join: ExternalJoin) -> Committed {
    let events = world.deliver(name, &join.commit);
    let group = world.client(name).confirm_join(join.group_id, Some(join.commit.clone()), b"tag".to_vec()).unwrap();
    world.person_mut(name).group = Some(group);
    world.settle();
    Committed { built: CommitResult { commit: join.commit, welcome: None, tree: None }, events }
}

#[test]
fn a_client_joins_by_itself() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let before = world.records("carol").len();
    let committed = enter(&mut world, "carol", "bob", options());
    let change = change_of(&committed.events["alice"]);
    assert_eq!(names(std::slice::from_ref(&change.committer)), ["carol"]);
    assert_eq!((names(&change.added), change.removed.len(), change.own), (vec!["carol".into()], 0, false));
    assert!(world.records("carol").len() > before);
    assert!(world.client("carol").pending_join(world.group("carol").id()).unwrap().is_none());
    // What the joiner holds is enough to commit, to be committed to, to add and to remove.
    world.update("carol");
    world.update("alice");
    world.enlist(ClientConfig::basic("dave"), |_| {});
    world.add("carol", &["dave"]);
    world.remove("carol", "bob");
    world.update("dave");
}

#[test]
fn the_effects_hold_the_commit_and_its_outcome() {
    let mut world = World::group_of(&["alice"]);
    world.enlist(ClientConfig::basic("bob"), |_| {});
    let info = world.group("alice").group_info(true).unwrap();
    let storage = world.person("bob").storage.clone();
    storage.take_effects();
    let join =
        world.client("bob").join_external(info, ExternalJoinOptions { tag: b"t".to_vec(), ..options() }).unwrap();
    let [Effect::Outbound { group_id, tag, message }] = &storage.take_effects()[..] else { panic!() };
    assert_eq!((group_id, tag.as_slice(), message), (&join.group_id, &b"t"[..], &join.commit));
    let kept = world.client("bob").pending_join(join.group_id.clone()).unwrap().unwrap();
    assert!(kept == join);
    accept(&mut world, "bob", join);
    let effects = storage.take_effects();
    let Some(Effect::Confirmed { tag, event, welcome: None, .. }) = effects.first() else { panic!() };
    assert_eq!(tag, b"tag");
    assert!(change_of(event).own && names(&change_of(event).added) == ["bob"]);
}

#[test]
fn the_tree_may_come_beside_the_group_info() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    world.enlist(ClientConfig::basic("dave"), |_| {});
    let (group, before) = (world.group("alice"), world.records("dave"));
    let info = group.group_info(false).unwrap();
    assert_eq!(code(world.client("dave").join_external(info, options())), 410);
    assert!(world.records("dave") == before);
    let tree = Some(group.export_tree().unwrap());
    enter(&mut world, "dave", "alice", ExternalJoinOptions { tree, ..options() });
}

#[test]
fn the_leftmost_free_leaf_is_taken_and_the_tree_grows() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    for name in ["dave", "erin", "frank"] {
        world.enlist(ClientConfig::basic(name), |_| {});
    }
    world.remove("alice", "bob");
    enter(&mut world, "dave", "carol", options());
    assert_eq!(world.leaf("dave"), 1);
    enter(&mut world, "erin", "dave", options());
    enter(&mut world, "frank", "erin", options());
    assert_eq!((world.leaf("erin"), world.leaf("frank")), (3, 4));
    world.update("alice");
    world.update("frank");
}

#[test]
fn a_member_whose_state_is_lost_comes_back_in_its_own_place() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    // Bob's device is gone, and its software key with it: the app takes the new key for the same client.
    world.person_mut("bob").group = None;
    let config = ClientConfig { name: b"bob anew".to_vec(), ..ClientConfig::basic("bob") };
    world.enlist(config, |host| host.validator = std::sync::Arc::new(AcceptAll));
    let info = world.group("alice").group_info(true).unwrap();
    let join = world.client("bob anew").join_external(info, options()).unwrap();
    let events = world.deliver("bob", &join.commit);
    let change = change_of(&events["alice"]);
    assert_eq!((names(&change.removed), names(&change.added)), (vec!["bob".into()], vec!["bob".to_owned()]));
    let group = world.client("bob anew").confirm_join(join.group_id, None, vec![]).unwrap();
    world.person_mut("bob anew").group = Some(group);
    assert_eq!(world.leaf("bob anew"), 1);
    world.settle();
    world.update("bob anew");
}

#[test]
fn a_member_rejoins_and_goes_on_reading_what_was_sent_before() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let late = world.encrypt("alice", "late");
    let info = world.group("alice").group_info(true).unwrap();
    assert_eq!(code(world.client("bob").join_external(info.clone(), options())), 507);
    let join = world.client("bob").join_external(info, again()).unwrap();
    // Until the commit is accepted, bob is the member that he was.
    world.say("bob", "still here");
    let old = world.group("bob");
    accept(&mut world, "bob", join);
    assert_eq!(text_of(world.receive("bob", &late).unwrap()), "late");
    assert_eq!(old.status().unwrap().epoch, world.epoch("alice"));
    world.update("bob");
    world.update("carol");
}

#[test]
fn the_echo_of_a_rejoin_confirms_it() {
    let mut world = World::group_of(&["alice", "bob"]);
    let join = world.client("bob").join_external(world.group("alice").group_info(true).unwrap(), again()).unwrap();
    world.deliver("bob", &join.commit);
    let event = world.receive("bob", &join.commit).unwrap();
    assert!(change_of(&event).own);
    world.settle();
    assert_eq!(code(world.client("bob").confirm_join(join.group_id, None, vec![])), 511);
    world.update("bob");
}

#[test]
fn a_removed_member_comes_back_by_itself() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let late = world.encrypt("carol", "before the removal");
    let stale = world.group("alice").group_info(true).unwrap();
    world.remove("alice", "bob");
    assert_eq!(code(world.client("bob").join_external(stale, options())), 315);
    enter(&mut world, "bob", "alice", options());
    assert_eq!(text_of(world.receive("bob", &late).unwrap()), "before the removal");
    world.update("bob");
}

#[test]
fn a_join_that_lost_its_epoch_is_discarded_and_done_again() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let before = world.records("carol");
    let info = world.group("alice").group_info(true).unwrap();
    let join = world.client("carol").join_external(info.clone(), options()).unwrap();
    world.update("bob");
    assert_eq!(code(world.receive("alice", &join.commit)), 403);
    assert_eq!(code(world.client("carol").join_external(info, options())), 510);
    assert_eq!(code(world.client("carol").discard_join(join.group_id.clone(), Some(b"another".to_vec()))), 511);
    world.client("carol").discard_join(join.group_id.clone(), Some(join.commit)).unwrap();
    assert!(world.records("carol") == before, "a discarded join leaves something behind");
    assert_eq!(code(world.client("carol").confirm_join(join.group_id, None, vec![])), 511);
    enter(&mut world, "carol", "bob", options());
}

#[test]
fn a_rejoin_that_another_commit_outruns_is_dropped() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let info = world.group("alice").group_info(true).unwrap();
    let join = world.client("bob").join_external(info, again()).unwrap();
    let with_join = world.records("bob").len();
    world.silent = true;
    world.update("carol");
    assert!(world.records("bob").len() < with_join);
    assert!(world.client("bob").pending_join(join.group_id.clone()).unwrap().is_none());
    assert_eq!(code(world.client("bob").confirm_join(join.group_id, None, vec![])), 511);
    world.update("bob");
}

#[test]
fn a_member_that_lags_behind_rejoins_at_the_present_epoch() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    // Two commits that bob is not told of.
    let mut commits = ["alice", "carol"].map(|by| {
        let other = if by == "alice" { "carol" } else { "alice" };
        let commit = world.group(by).new_commit().build().unwrap().commit;
        world.group(by).confirm_commit(None, vec![]).unwrap();
        world.receive(other, &commit).unwrap();
        commit
    });
    let missed = std::mem::take(&mut commits[0]);
    let info = world.group("alice").group_info(true).unwrap();
    let join = world.client("bob").join_external(info, again()).unwrap();
    // What was missed may come meanwhile, and does not outrun the join.
    world.receive("bob", &missed).unwrap();
    for name in ["alice", "carol"] {
        world.receive(name, &join.commit).unwrap();
    }
    world.client("bob").confirm_join(join.group_id, None, vec![]).unwrap();
    world.settle();
    world.update("bob");
}

#[test]
fn a_group_info_of_an_earlier_epoch_does_not_lead_back() {
    let mut world = World::group_of(&["alice", "bob"]);
    let stale = world.group("alice").group_info(true).unwrap();
    world.update("alice");
    let before = world.records("bob");
    assert_eq!(code(world.client("bob").join_external(stale, again())), 315);
    assert!(world.records("bob") == before);
}

#[test]
fn keys_are_mixed_in() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let info = world.group("alice").group_info(true).unwrap();
    let with = |psks: &[&[u8]]| ExternalJoinOptions { psks: psks.iter().map(|id| id.to_vec()).collect(), ..options() };
    assert_eq!(code(world.client("carol").join_external(info, with(&[b"one"]))), 407);
    for (name, psk_id) in ["alice", "bob", "carol"].iter().flat_map(|name| [(name, b"one"), (name, b"two")]) {
        world.client(name).put_psk(psk_id.to_vec(), [psk_id.as_slice(), b" secret"].concat()).unwrap();
    }
    let committed = enter(&mut world, "carol", "bob", with(&[b"one", b"two"]));
    assert_eq!(change_of(&committed.events["alice"]).psks, [b"one".to_vec(), b"two".to_vec()]);
    world.update("carol");
}

#[test]
fn a_rejoin_proves_that_the_client_was_there() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let (group_id, epoch) = (world.group("bob").id(), world.epoch("bob"));
    world.update("alice");
    let proof = ResumptionPsk { group_id, epoch };
    let options = ExternalJoinOptions { resumption_psks: vec![proof.clone()], ..again() };
    let committed = enter(&mut world, "bob", "alice", options.clone());
    assert_eq!(change_of(&committed.events["carol"]).resumption_psks, std::slice::from_ref(&proof));
    // Also from a stay that is over.
    enter(&mut world, "bob", "alice", options.clone());
    // Who was not there cannot say so.
    world.enlist(ClientConfig::basic("dave"), |_| {});
    let info = world.group("alice").group_info(true).unwrap();
    assert_eq!(code(world.client("dave").join_external(info, options)), 407);
}

#[test]
fn a_client_that_lacks_what_the_group_needs_stays_out() {
    let mut world = World::of(&[]);
    let able = ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic("bob") };
    world.enlist(able, |_| {});
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let config = ClientConfig { extensions: vec![PRIVATE_TYPE], name: b"eve".to_vec(), ..ClientConfig::basic("eve") };
    world.enlist(config, |_| {});
    let encoded = extensions(&[(PRIVATE_TYPE, b"x")]);
    world.create("eve", GroupOptions { extensions: encoded, ..GroupOptions::default() });
    let info = world.group("eve").group_info(true).unwrap();
    let before = world.records("carol");
    assert_eq!(code(world.client("carol").join_external(info, options())), 311);
    assert!(world.records("carol") == before);
    enter(&mut world, "bob", "eve", options());
}

#[test]
fn a_policy_may_keep_the_door_shut() {
    let mut world = World::of(&["bob"]);
    let shut = Forbids(|request| matches!(request.change, Change::ExternalJoin { .. }));
    world.enlist(ClientConfig::basic("alice"), |host| host.policy = Some(std::sync::Arc::new(shut)));
    world.found(&["alice"]);
    let info = world.group("alice").group_info(true).unwrap();
    let join = world.client("bob").join_external(info, options()).unwrap();
    assert_eq!(world.refused("alice", &join.commit), 313);
}

#[test]
fn only_a_whole_group_info_is_taken() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.enlist(ClientConfig::basic("carol"), |_| {});
    let info = world.group("alice").group_info(true).unwrap();
    let before = world.records("carol");
    for at in (0..info.len()).step_by(7) {
        let mut damaged = info.clone();
        damaged[at] ^= 0x20;
        let refused = world.client("carol").join_external(damaged, options());
        assert!(matches!(code(refused) / 100, 2 | 3 | 8), "byte {at}");
    }
    let welcome = world.key_package("alice");
    assert_eq!(code(world.client("carol").join_external(welcome, options())), 317);
    assert!(world.records("carol") == before);
}

#[test]
fn a_group_with_a_waiting_rejoin_is_deleted_whole() {
    let world = World::group_of(&["alice", "bob"]);
    let empty: Vec<_> = World::of(&["bob"]).records("bob").iter().map(|record| record.key.clone()).collect();
    let info = world.group("alice").group_info(true).unwrap();
    world.client("bob").join_external(info, again()).unwrap();
    world.group("bob").delete().unwrap();
    let left: Vec<_> = world.records("bob").iter().map(|record| record.key.clone()).collect();
    assert_eq!(left, empty);
}

#[test]
fn a_welcome_that_came_first_voids_a_waiting_join() {
    let mut world = World::group_of(&["alice"]);
    world.enlist(ClientConfig::basic("bob"), |_| {});
    let info = world.group("alice").group_info(true).unwrap();
    let join = world.client("bob").join_external(info, options()).unwrap();
    world.add("alice", &["bob"]);
    assert!(world.client("bob").pending_join(join.group_id.clone()).unwrap().is_none());
    assert_eq!(code(world.client("bob").confirm_join(join.group_id, None, vec![])), 511);
    world.update("bob");
    enter(&mut world, "bob", "alice", again());
}

/// Alice's member bob builds a commit, and makes a rejoin before he hears what became of the commit, which was accepted.
#[test]
fn a_commit_that_was_built_before_a_rejoin_leaves_the_rejoin_waiting() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let built = world.group("bob").new_commit().build().unwrap();
    for name in ["alice", "carol"] {
        world.receive(name, &built.commit).unwrap();
    }
    let join = world.client("bob").join_external(world.group("alice").group_info(true).unwrap(), again()).unwrap();
    world.receive("bob", &built.commit).unwrap();
    assert!(world.client("bob").pending_join(join.group_id.clone()).unwrap().is_some());
    for name in ["alice", "carol"] {
        world.receive(name, &join.commit).unwrap();
    }
    let event = world.receive("bob", &join.commit).unwrap();
    assert!(change_of(&event).own);
    assert!(world.client("bob").pending_join(join.group_id).unwrap().is_none());
    world.settle();
    world.update("bob");
}

/// The other way round: a rejoin was there when the commit was built, and is not when it takes effect.
#[test]
fn a_commit_does_not_bring_back_a_rejoin_that_was_discarded() {
    let world = World::group_of(&["alice", "bob", "carol"]);
    // Bob lags behind, and makes a rejoin for an epoch that his own commit does not reach.
    let commits = ["alice", "carol"].map(|by| {
        let other = if by == "alice" { "carol" } else { "alice" };
        let commit = world.group(by).new_commit().build().unwrap().commit;
        world.group(by).confirm_commit(None, vec![]).unwrap();
        world.receive(other, &commit).unwrap();
        commit
    });
    let join = world.client("bob").join_external(world.group("alice").group_info(true).unwrap(), again()).unwrap();
    world.receive("bob", &commits[0]).unwrap();
    let built = world.group("bob").new_commit().build().unwrap();
    world.client("bob").discard_join(join.group_id.clone(), None).unwrap();
    // The delivery service sends his commit to him alone; what matters is his store.
    world.receive("bob", &built.commit).unwrap();
    assert!(world.client("bob").pending_join(join.group_id).unwrap().is_none());
    assert_eq!(code(world.receive("bob", &join.commit)) / 100, 3);
}

/// Overwrites all that is stored of epochs.
fn damage(world: &World, name: &str) {
    let of_epochs = world.records(name).into_iter().filter(|record| record.key[8] == 0x10 && record.key[17] == 0x01);
    let puts: Vec<WriteOp> = of_epochs.map(|record| WriteOp::Put { key: record.key, value: vec![1, 2, 3] }).collect();
    assert!(!puts.is_empty());
    world.person(name).storage.write(WriteBatch::by_hand(vec![], puts, None)).unwrap();
}

#[test]
fn a_group_whose_records_are_damaged_is_rejoined() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    damage(&world, "bob");
    world.reopen("bob");
    assert_eq!(code(world.group("bob").status()), 702);
    let join = world.client("bob").join_external(world.group("alice").group_info(true).unwrap(), again()).unwrap();
    for name in ["alice", "carol"] {
        world.receive(name, &join.commit).unwrap();
    }
    world.client("bob").confirm_join(join.group_id, None, vec![]).unwrap();
    world.settle();
    world.update("bob");
}

#[test]
fn a_group_whose_records_are_damaged_is_deleted() {
    let world = World::group_of(&["alice", "bob"]);
    let healthy = world.client("bob").create_group(GroupOptions::default()).unwrap();
    damage(&world, "bob");
    assert_eq!(code(world.client("bob").prune()), 702);
    world.group("bob").delete().unwrap();
    healthy.delete().unwrap();
    assert!(world.records("bob").iter().all(|record| !matches!(record.key[8], 0x04 | 0x10)));
}
