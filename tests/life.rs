//! The life of groups: created, joined, changed and left, with all members compared after every step.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::*;
use conclave::*;

/// Everything a group does, in little, with one cipher suite.
fn little_life(suite: u16) {
    let mut world = World::of(&[]);
    for name in ["alice", "bob", "carol", "dave"] {
        world.enlist(ClientConfig { cipher_suites: vec![suite], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob", "carol"]);
    assert_eq!(world.group("carol").status().unwrap().cipher_suite, suite);
    world.update("bob");
    world.propose("carol", |group| group.propose_update(vec![]));
    world.add("alice", &["dave"]);
    world.remove("dave", "bob");
    assert_eq!(world.members(), ["alice", "carol", "dave"]);
    world.update("carol");
    assert_eq!(world.epoch("alice"), 5);
}

#[test]
fn suite_1_x25519_aes128_sha256_ed25519() {
    little_life(1);
}

#[test]
fn suite_2_p256_aes128_sha256_p256() {
    little_life(2);
}

#[test]
fn suite_3_x25519_chacha20_sha256_ed25519() {
    little_life(3);
}

#[test]
fn suite_4_x448_aes256_sha512_ed448() {
    little_life(4);
}

#[test]
fn suite_5_p521_aes256_sha512_p521() {
    little_life(5);
}

#[test]
fn suite_6_x448_chacha20_sha512_ed448() {
    little_life(6);
}

#[test]
fn suite_7_p384_aes256_sha384_p384() {
    little_life(7);
}

#[test]
fn one_client_has_groups_of_two_suites() {
    let mut world = World::of(&[]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { cipher_suites: vec![1, 2], ..ClientConfig::basic(name) }, |_| {});
    }
    let alice = world.client("alice");
    for suite in [1, 2] {
        let group = alice.create_group(GroupOptions { cipher_suite: Some(suite), ..Default::default() }).unwrap();
        let options = KeyPackageOptions { cipher_suite: Some(suite), ..KeyPackageOptions::default() };
        let package = world.client("bob").create_key_packages(1, options).unwrap().remove(0).message;
        let built = group.clone().new_commit().add(package).unwrap().build().unwrap();
        group.confirm_commit(None, vec![]).unwrap();
        let joined = world.client("bob").join(built.welcome.unwrap(), JoinOptions::default()).unwrap();
        assert_eq!(joined.status().unwrap().cipher_suite, suite);
        assert_eq!(joined.epoch_authenticator().unwrap(), group.epoch_authenticator().unwrap());
    }
    assert_eq!(alice.groups(None, 10).unwrap().groups.len(), 2);
}

#[test]
fn a_key_package_of_another_suite_is_refused() {
    let mut world = World::group_of(&["alice"]);
    world.enlist(ClientConfig { cipher_suites: vec![2], ..ClientConfig::basic("bob") }, |_| {});
    let package = world.key_package("bob");
    let draft = world.group("alice").new_commit().add(package).unwrap();
    assert_eq!(code(draft.build()), 309);
}

#[test]
fn groups_are_listed_in_pages() {
    let world = World::of(&["alice"]);
    let alice = world.client("alice");
    let mut made: Vec<Vec<u8>> = (0..5).map(|_| alice.create_group(GroupOptions::default()).unwrap().id()).collect();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = alice.groups(after, 2).unwrap();
        found.extend(page.groups.into_iter().map(|group| group.group_id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    made.sort();
    found.sort();
    assert_eq!(found, made);
}

#[test]
fn a_group_id_is_used_once() {
    let world = World::of(&["alice"]);
    let options = || GroupOptions { group_id: Some(b"our group".to_vec()), ..Default::default() };
    let group = world.client("alice").create_group(options()).unwrap();
    assert_eq!(code(world.client("alice").create_group(options())), 507);
    group.delete().unwrap();
    assert_eq!(code(world.client("alice").open_group(b"our group".to_vec())), 401);
    world.client("alice").create_group(options()).unwrap();
}

#[test]
fn the_creator_is_alone_and_can_commit() {
    let mut world = World::group_of(&["alice"]);
    let status = world.group("alice").status().unwrap();
    assert_eq!((status.epoch, status.members, status.own_leaf), (0, 1, 0));
    world.update("alice");
    world.commit("alice", |draft| draft.without_path().unwrap());
    assert_eq!(world.epoch("alice"), 2);
}

#[test]
fn additions_by_value_several_at_once() {
    let mut world = World::of(&["alice", "bob", "carol", "dave"]);
    world.found(&["alice"]);
    let committed = world.add("alice", &["bob", "carol", "dave"]);
    assert_eq!(names(&committed.change().added), ["bob", "carol", "dave"]);
    assert_eq!(world.members().len(), 4);
}

#[test]
fn additions_by_reference() {
    let mut world = World::of(&["alice", "bob", "carol", "dave"]);
    world.found(&["alice", "bob"]);
    for (by, whom) in [("alice", "carol"), ("bob", "dave")] {
        let package = world.key_package(whom);
        world.propose(by, |group| group.propose_add(package, vec![]));
    }
    let committed = world.update("bob");
    assert_eq!(names(&committed.change().added), ["carol", "dave"]);
    assert_eq!(world.members().len(), 4);
}

#[test]
fn removals_by_value_and_by_reference() {
    let mut world = World::group_of(&["alice", "bob", "carol", "dave", "erin"]);
    let leaf = world.leaf("bob");
    world.propose("carol", |group| group.propose_remove(leaf, vec![]));
    let leaf = world.leaf("dave");
    let committed = world.commit("alice", |draft| draft.remove(leaf).unwrap());
    let mut gone = names(&committed.change().removed);
    gone.sort();
    assert_eq!(gone, ["bob", "dave"]);
    for name in ["bob", "dave"] {
        assert!(matches!(&committed.events[name], Event::Removed { epoch: 2, .. }));
        assert_eq!(code(world.group(name).encrypt(vec![], vec![], vec![])), 409);
        assert_eq!(code(world.group(name).export_secret("a".into(), vec![], 16)), 409);
    }
    assert_eq!(world.members(), ["alice", "carol", "erin"]);
}

#[test]
fn updates_by_reference_and_by_commit() {
    let mut world = World::group_of(&["alice", "bob", "carol", "dave"]);
    world.propose("bob", |group| group.propose_update(vec![]));
    world.propose("dave", |group| group.propose_update(vec![]));
    let committed = world.update("carol");
    assert_eq!(names(&committed.change().updated), ["bob", "dave"]);
    for name in ["dave", "bob", "alice", "carol"] {
        world.update(name);
    }
}

#[test]
fn extensions_by_value_and_by_reference() {
    let mut world = World::of(&[]);
    for name in ["alice", "bob"] {
        world.enlist(ClientConfig { extensions: vec![PRIVATE_TYPE], ..ClientConfig::basic(name) }, |_| {});
    }
    world.found(&["alice", "bob"]);
    let list = extensions(&[(PRIVATE_TYPE, b"a name for the group")]);
    assert!(world.commit("alice", |draft| draft.extensions(list).unwrap()).change().extensions_changed);
    let list = extensions(&[(PRIVATE_TYPE, b"another name")]);
    world.propose("bob", |group| group.propose_extensions(list, vec![]));
    let waiting = world.group("alice").pending_proposals().unwrap();
    assert_eq!(waiting[0].summary, ProposalSummary::Extensions { types: vec![PRIVATE_TYPE] });
    assert!(world.update("alice").change().extensions_changed);
    let info = world.group("bob").group_info(false).unwrap();
    assert!(info.windows(12).any(|window| window == b"another name"));
}

#[test]
fn everything_in_one_commit() {
    let mut world = World::of(&["alice", "bob", "carol", "dave", "erin", "frank"]);
    world.found(&["alice", "bob", "carol", "dave"]);
    let package = world.key_package("erin");
    world.propose("alice", |group| group.propose_add(package, vec![]));
    world.propose("carol", |group| group.propose_update(vec![]));
    let (package, leaf) = (world.key_package("frank"), world.leaf("dave"));
    let committed = world.commit("bob", |draft| {
        let draft = draft.extensions(extensions(&[])).unwrap();
        draft.add(package).unwrap().remove(leaf).unwrap().aad(b"beside".to_vec()).unwrap()
    });
    let change = committed.change();
    assert_eq!((names(&change.removed), names(&change.updated)), (vec!["dave".into()], vec!["carol".to_owned()]));
    assert_eq!(names(&change.added), ["erin", "frank"]);
    assert_eq!(names(std::slice::from_ref(&change.committer)), ["bob"]);
}

#[test]
fn a_commit_of_additions_alone_may_leave_the_path_out() {
    let mut world = World::of(&["alice", "bob", "carol", "dave"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    let small = world.commit("alice", |draft| draft.add(package).unwrap().without_path().unwrap());
    let package = world.key_package("dave");
    let large = world.commit("alice", |draft| draft.add(package).unwrap());
    assert!(small.built.commit.len() < large.built.commit.len());
    for name in ["carol", "dave", "bob", "alice"] {
        world.update(name);
    }
}

#[test]
fn a_removal_has_a_path_even_if_it_is_not_wanted() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let leaf = world.leaf("bob");
    world.commit("alice", |draft| draft.remove(leaf).unwrap().without_path().unwrap());
    assert_eq!(world.members(), ["alice", "carol"]);
}

#[test]
fn members_added_without_a_path_stay_unmerged_until_they_commit() {
    let mut world = World::of(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    world.found(&["a", "b", "c", "d"]);
    ["a", "b", "c", "d"].iter().for_each(|name| drop(world.update(name)));
    for name in ["e", "f", "g", "h"] {
        let package = world.key_package(name);
        world.commit("b", |draft| draft.add(package).unwrap().without_path().unwrap());
    }
    for name in ["h", "a", "f", "c", "e", "g", "d", "b"] {
        world.update(name);
    }
}

#[test]
fn a_welcome_with_the_tree_beside_it() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let package = world.key_package("carol");
    let committed = world.commit("alice", |draft| draft.add(package).unwrap().tree_beside_welcome().unwrap());
    assert!(committed.built.tree.is_some());
    assert_eq!(world.group("alice").export_tree().unwrap(), committed.built.tree.unwrap());
    world.update("carol");
}

#[test]
fn a_welcome_without_its_tree_is_refused_and_then_works() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    world.found(&["alice", "bob"]);
    let old_tree = world.group("alice").export_tree().unwrap();
    let package = world.key_package("carol");
    let group = world.group("alice");
    let built = group.clone().new_commit().add(package).unwrap().tree_beside_welcome().unwrap().build().unwrap();
    let before = world.records("carol");
    let join =
        |tree| world.client("carol").join(built.welcome.clone().unwrap(), JoinOptions { tree, ..Default::default() });
    assert_eq!(code(join(None)), 410);
    assert_eq!(code(join(Some(old_tree))), 205);
    assert_eq!(code(join(Some(vec![]))) / 100, 2);
    let mut cut = built.tree.clone().unwrap();
    cut.pop();
    assert_eq!(code(join(Some(cut))) / 100, 2);
    assert!(world.records("carol") == before);
    world.publish("alice", built);
    assert_eq!(world.members().len(), 3);
}

#[test]
fn a_bulk_of_sixty() {
    let newcomers: Vec<String> = (0..60).map(|number| format!("member {number:02}")).collect();
    let newcomers: Vec<&str> = newcomers.iter().map(String::as_str).collect();
    let mut world = World::of(&newcomers);
    world.enlist(ClientConfig::basic("alice"), |_| {});
    world.found(&["alice"]);
    world.add("alice", &newcomers);
    assert_eq!(world.members().len(), 61);
    world.say("member 59", "hello all");
    world.update("member 31");
    let leaves: Vec<u32> = newcomers[20..50].iter().map(|name| world.leaf(name)).collect();
    world.commit("member 07", |draft| leaves.iter().fold(draft, |draft, leaf| draft.remove(*leaf).unwrap()));
    assert_eq!(world.members().len(), 31);
    world.update("member 59");
}

#[test]
fn members_are_found_and_listed_in_pages() {
    let world = World::group_of(&["alice", "bob", "carol", "dave"]);
    let group = world.group("carol");
    let mut found = Vec::new();
    while let Some(page) = Some(group.members(found.last().copied(), 3).unwrap()).filter(|page| !page.is_empty()) {
        found.extend(page.iter().map(|member| member.name.leaf));
    }
    assert_eq!(found, [0, 1, 2, 3]);
    let bob = group.find_member(b"bob".to_vec()).unwrap().unwrap();
    assert_eq!(bob.name.leaf, world.leaf("bob"));
    assert_eq!(bob.identity, Identity::Basic { identity: b"bob".to_vec() });
    assert!(group.find_member(b"nobody".to_vec()).unwrap().is_none());
}

#[test]
fn a_member_leaves_and_another_commits_it() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    world.propose("bob", |group| group.propose_leave(vec![]));
    let built = world.group("bob").new_commit().build().err();
    assert!(built.is_none_or(|error| error.code() / 100 == 5), "the own removal is left out");
    if world.group("bob").status().unwrap().pending_commit {
        world.group("bob").discard_commit(None).unwrap();
    }
    let committed = world.update("carol");
    assert!(
        matches!(&committed.events["bob"], Event::Removed { by: Author::Member { member }, .. } if member.client_id == b"carol")
    );
    assert_eq!(world.members(), ["alice", "carol"]);
}

#[test]
fn a_member_cannot_commit_its_own_removal() {
    let world = World::group_of(&["alice", "bob"]);
    let draft = world.group("alice").new_commit().remove(world.leaf("alice")).unwrap();
    assert_eq!(code(draft.build()), 101);
    assert_eq!(code(world.group("alice").propose_remove(17, vec![])), 103);
}

#[test]
fn nobody_cannot_be_removed() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    world.remove("alice", "bob");
    for leaf in [1, 3, 17, u32::MAX] {
        let draft = world.group("alice").new_commit().remove(leaf).unwrap();
        assert_eq!(code(draft.build()), 103, "{leaf}");
    }
    world.update("alice");
}

#[test]
fn a_member_is_removed_while_its_own_commit_waits() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let lost = world.group("bob").new_commit().build().unwrap();
    world.reopen("bob");
    let committed = world.remove("alice", "bob");
    assert!(matches!(&committed.events["bob"], Event::Removed { .. }));
    let status = world.group("bob").status().unwrap();
    assert!(!status.active && !status.pending_commit);
    assert_eq!(world.refused("bob", &lost.commit), 409);
    assert_eq!(code(world.group("bob").confirm_commit(None, vec![])) / 100, 5);
    assert_eq!(world.refused("alice", &lost.commit), 403);
}

#[test]
fn a_removed_member_is_added_again() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let late = world.encrypt("alice", "before");
    world.remove("alice", "bob");
    let between = world.encrypt("alice", "between");
    world.add("carol", &["bob"]);
    assert_eq!(world.members().len(), 3);
    // What was sent in the earlier stay is still readable, what was sent between the stays never.
    assert_eq!(world.refused("bob", &between), 403);
    for name in ["bob", "carol"] {
        assert_eq!(text_of(world.receive(name, &late).unwrap()), "before");
        world.reopen(name);
        assert_eq!(world.refused(name, &late), 405);
    }
    world.update("bob");
}

#[test]
fn a_removed_member_still_reads_what_was_sent_before() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let late = world.encrypt("alice", "before");
    world.remove("alice", "bob");
    let after = world.encrypt("alice", "after");
    assert_eq!(world.refused("bob", &after), 409);
    world.reopen("bob");
    assert_eq!(text_of(world.receive("bob", &late).unwrap()), "before");
    assert_eq!(world.refused("bob", &late), 405);
}

#[test]
fn a_client_cannot_join_twice() {
    let mut world = World::of(&["alice", "bob"]);
    world.found(&["alice"]);
    let packages =
        world.client("bob").create_key_packages(1, KeyPackageOptions { last_resort: true, ..Default::default() });
    let package = packages.unwrap().remove(0).message;
    let committed = world.commit("alice", |draft| draft.add(package).unwrap());
    let before = world.records("bob");
    let again = world.client("bob").join(committed.built.welcome.unwrap(), JoinOptions::default());
    assert_eq!(code(again), 507);
    assert!(world.records("bob") == before);
}

#[test]
fn a_client_is_not_added_twice() {
    let world = World::group_of(&["alice", "bob"]);
    let package = world.key_package("bob");
    assert_eq!(code(world.group("alice").new_commit().add(package).unwrap().build()), 310);
}

#[test]
fn a_client_is_removed_and_added_in_one_commit() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    let (package, leaf) = (world.key_package("bob"), world.leaf("bob"));
    let built = world.group("alice").new_commit().remove(leaf).unwrap().add(package).unwrap().build().unwrap();
    let committed = world.publish("alice", built);
    assert!(matches!(&committed.events["bob"], Event::Removed { .. }));
    assert_eq!(names(&committed.change().added), names(&committed.change().removed));
    assert_eq!(world.members().len(), 3);
    world.update("bob");
}

#[test]
fn a_group_shrinks_to_one_and_grows_again() {
    let everybody = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut world = World::group_of(&everybody);
    world.update("i");
    let leaves: Vec<u32> = ["e", "f", "g", "h", "i"].iter().map(|name| world.leaf(name)).collect();
    world.commit("b", |draft| leaves.iter().fold(draft, |draft, leaf| draft.remove(*leaf).unwrap()));
    world.update("a");
    for name in ["a", "d", "c"] {
        world.remove("b", name);
    }
    assert_eq!((world.members(), world.leaf("b")), (vec!["b".to_owned()], 1));
    world.update("b");
    world.add("b", &["i"]);
    assert_eq!(world.leaf("i"), 0);
    world.add("i", &["a", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(world.members().len(), 9);
    for name in everybody {
        world.update(name);
    }
}

#[test]
fn the_left_half_leaves_and_the_last_leaf_stays() {
    let mut world = World::group_of(&["a", "b", "c", "d", "e"]);
    for name in ["a", "b", "c", "d"] {
        world.remove("e", name);
        world.update("e");
    }
    assert_eq!(world.leaf("e"), 4);
    world.add("e", &["a", "b", "c", "d"]);
    world.update("a");
    world.remove("a", "e");
    world.update("b");
}

#[test]
fn a_deleted_group_leaves_nothing_of_itself() {
    let mut world = World::of(&["alice", "bob"]);
    let empty = world.records("alice");
    world.found(&["alice", "bob"]);
    world.update("bob");
    world.propose("bob", |group| group.propose_update(vec![]));
    let _ = world.group("alice").new_commit().build().unwrap();
    world.group("alice").delete().unwrap();
    assert!(world.records("alice") == empty);
    assert_eq!(code(world.group("alice").status()), 401);
}
