//! Archives: a group or a whole client on another device, which sends nothing until it has healed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;

use common::*;
use conclave::*;

const KEY: [u8; 32] = [5; 32];

/// A new device of the same name: an empty storage, possibly sealed.
fn device(name: &str, storage_key: Option<Vec<u8>>) -> (Arc<MemoryStorage>, Arc<Client>) {
    let storage = MemoryStorage::new();
    let config = ClientConfig { storage_key, ..ClientConfig::basic(name) };
    let mut host = Host::new(storage.clone(), Arc::new(AcceptAll));
    // The clock of the world, where it stands still.
    host.clock = Some(FakeClock::new());
    (storage, Client::new(config, host).unwrap())
}

fn import(client: &Client, archive: Vec<u8>) -> Result<Imported> {
    client.import_archive(archive, KEY.to_vec(), ImportOptions::default())
}

/// Every way to send, refused.
fn sends_nothing(group: &Arc<Group>) {
    assert_eq!(code(group.encrypt(b"x".to_vec(), vec![], vec![])), 509);
    assert_eq!(code(group.propose_update(vec![])), 509);
    assert_eq!(code(group.propose_leave(vec![])), 509);
    assert_eq!(code(group.clone().new_commit().build()), 509);
    assert_eq!(code(group.group_info(true)), 509);
    assert_eq!(code(group.branch(BranchOptions::default())), 509);
}

#[test]
fn a_group_moves_to_another_device_and_heals() {
    for storage_key in [None, Some(vec![9; 32])] {
        let mut world = World::group_of(&["alice", "bob", "carol"]);
        let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
        let waiting = world.encrypt("alice", "after the export");
        let (_, client) = device("bob", storage_key);
        let imported = import(&client, archive).unwrap();
        assert_eq!(imported, Imported { group_ids: vec![world.group("bob").id()], signing_keys: false });
        let group = client.open_group(world.group("bob").id()).unwrap();
        let status = group.status().unwrap();
        assert!(status.imported && !status.active && !status.frozen);
        assert_eq!((status.epoch, status.members, status.own_leaf), (world.epoch("bob"), 3, world.leaf("bob")));
        assert_eq!(group.members(None, 9).unwrap(), world.group("bob").members(None, 9).unwrap());
        assert_eq!(group.export_tree().unwrap(), world.group("bob").export_tree().unwrap());
        // It reads on, and follows the others' commits.
        assert_eq!(text_of(group.receive(waiting, vec![]).unwrap()), "after the export");
        let commit = world.update("alice").built.commit;
        change_of(&group.receive(commit, vec![]).unwrap());
        assert_eq!(group.epoch_authenticator().unwrap(), world.group("bob").epoch_authenticator().unwrap());
        sends_nothing(&group);
        // The old device is gone; the new one takes its place in the group.
        let info = world.group("alice").group_info(true).unwrap();
        let join = client.join_external(info, ExternalJoinOptions::default()).unwrap();
        sends_nothing(&group);
        let events = world.deliver("", &join.commit);
        assert!(matches!(events["bob"], Event::Removed { .. }));
        client.confirm_join(join.group_id, Some(join.commit), vec![]).unwrap();
        let message = group.encrypt(b"healed".to_vec(), vec![], vec![]).unwrap();
        assert_eq!(text_of(world.receive("carol", &message).unwrap()), "healed");
    }
}

/// Whether an epoch has a ratchet of this leaf, and whether it has a node of the secret tree from which one could be derived.
fn sending_keys(records: &[StoredRecord], (epoch, leaf): (u64, u32)) -> (bool, bool) {
    use records::of_epoch::{FRONTIER, RATCHET};
    let any = |kind: u8, is_ours: fn(u32, u32) -> bool| {
        let mut found = records.iter().filter(|record| records::kind_in_epoch(&record.key) == Some((epoch, kind)));
        found.any(|record| is_ours(records::number(&record.key), leaf))
    };
    (any(RATCHET, |number, leaf| number == leaf), any(FRONTIER, records::covers))
}

#[test]
fn no_key_of_the_archive_can_send() {
    // One that has sent in the epoch, and one that has not: its ratchet could still be derived from a node above its leaf.
    for spoken in [true, false] {
        let mut world = World::group_of(&["alice", "bob", "carol"]);
        world.silent = true;
        world.update("alice");
        if spoken {
            world.say("bob", "spoken");
        }
        let own = (world.epoch("bob"), world.leaf("bob"));
        // Bob's own store has what the archive must not: the one or the other.
        assert_eq!(sending_keys(&world.records("bob"), own), (spoken, !spoken));
        let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
        let (storage, client) = device("bob", None);
        import(&client, archive).unwrap();
        assert_eq!(sending_keys(&storage.records(), own), (false, false));
        // What the others will say can be read all the same.
        let group = client.open_group(world.group("bob").id()).unwrap();
        for name in ["alice", "carol"] {
            let message = world.encrypt(name, name);
            assert_eq!(text_of(group.receive(message, vec![]).unwrap()), name);
        }
    }
}

#[test]
fn the_past_the_skipped_and_the_pending_stay_behind() {
    let mut world = World::group_of(&["alice", "bob"]);
    let past = world.encrypt("alice", "past");
    world.update("alice");
    let skipped = world.encrypt("alice", "skipped");
    world.say("alice", "later");
    let built = world.group("bob").new_commit().build().unwrap();
    let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
    let (_, client) = device("bob", None);
    import(&client, archive).unwrap();
    let group = client.open_group(world.group("bob").id()).unwrap();
    assert_eq!(code(group.receive(past.clone(), vec![])), 403);
    assert_eq!(code(group.receive(skipped.clone(), vec![])), 405);
    assert!(group.pending_commit().unwrap().is_none());
    // Whether the others took that commit, only they know: the group is to be rejoined.
    assert_eq!(code(group.receive(built.commit, vec![])), 509);
    // The device that was archived goes on as before.
    assert_eq!(text_of(world.receive("bob", &past).unwrap()), "past");
    assert_eq!(text_of(world.receive("bob", &skipped).unwrap()), "skipped");
    assert!(world.group("bob").pending_commit().unwrap().is_some());
}

#[test]
fn waiting_proposals_come_along() {
    let mut world = World::group_of(&["alice", "bob", "carol"]);
    world.propose("carol", |group| group.propose_update(vec![]));
    world.propose("bob", |group| group.propose_update(vec![]));
    let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
    let (_, client) = device("bob", None);
    import(&client, archive).unwrap();
    let group = client.open_group(world.group("bob").id()).unwrap();
    assert_eq!(group.pending_proposals().unwrap(), world.group("bob").pending_proposals().unwrap());
    // Also the key of our own Update, which alice's commit puts into the tree.
    let commit = world.update("alice").built.commit;
    assert_eq!(names(&change_of(&group.receive(commit, vec![]).unwrap()).updated), ["carol", "bob"]);
    let next = world.update("carol").built.commit;
    change_of(&group.receive(next, vec![]).unwrap());
}

#[test]
fn a_whole_client_moves() {
    let world = World::group_of(&["alice", "bob"]);
    let second = world.client("bob").create_group(GroupOptions::default()).unwrap();
    world.client("bob").put_psk(b"one".to_vec(), b"secret".to_vec()).unwrap();
    world.key_package("bob");
    let archive = world.client("bob").export_archive(KEY.to_vec()).unwrap();
    let (storage, client) = device("bob", None);
    let imported = import(&client, archive).unwrap();
    assert!(imported.signing_keys && imported.group_ids.len() == 2);
    assert!(imported.group_ids.contains(&second.id()));
    assert!(client.key_packages(None, 9).unwrap().is_empty(), "a key package must not be used by two devices");
    // Opened again, it signs with the key it always had.
    let client = Client::new(ClientConfig::basic("bob"), Host::new(storage, Arc::new(AcceptAll))).unwrap();
    world.client("alice").put_psk(b"one".to_vec(), b"secret".to_vec()).unwrap();
    let info = world.group("alice").group_info(true).unwrap();
    let options = ExternalJoinOptions { psks: vec![b"one".to_vec()], ..ExternalJoinOptions::default() };
    let join = client.join_external(info, options).unwrap();
    let before = world.group("alice").find_member(b"bob".to_vec()).unwrap().unwrap();
    world.receive("alice", &join.commit).unwrap();
    let after = world.group("alice").find_member(b"bob".to_vec()).unwrap().unwrap();
    assert_eq!(before.signature_key, after.signature_key);
}

#[test]
fn live_state_is_replaced_only_if_asked_for() {
    let mut world = World::group_of(&["alice", "bob"]);
    let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
    world.update("alice");
    let before = world.records("bob");
    assert_eq!(code(import(&world.client("bob"), archive.clone())), 507);
    assert!(world.records("bob") == before);
    world.client("bob").import_archive(archive, KEY.to_vec(), ImportOptions { replace: true }).unwrap();
    let status = world.group("bob").status().unwrap();
    assert!(status.imported && status.epoch + 1 == world.epoch("alice"));
    sends_nothing(&world.group("bob"));
}

#[test]
fn a_closed_group_can_still_be_begun_anew() {
    let world = World::group_of(&["alice", "bob"]);
    let built = world.group("alice").new_commit().reinit(ReinitOptions::default()).unwrap().build().unwrap();
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    world.receive("bob", &built.commit).unwrap();
    let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
    let (_, client) = device("bob", None);
    import(&client, archive).unwrap();
    let group = client.open_group(world.group("bob").id()).unwrap();
    assert!(group.status().unwrap().frozen);
    assert_eq!(code(group.encrypt(b"x".to_vec(), vec![], vec![])), 506);
    let options = SuccessorOptions { key_packages: vec![world.key_package("alice")], ..SuccessorOptions::default() };
    let successor = group.create_successor(options).unwrap();
    world.client("alice").join(successor.welcome.unwrap(), JoinOptions::default()).unwrap();
}

#[test]
fn a_group_that_was_left_is_in_no_archive() {
    let mut world = World::group_of(&["alice", "bob"]);
    world.remove("alice", "bob");
    assert_eq!(code(world.group("bob").export_archive(KEY.to_vec())), 409);
    let archive = world.client("bob").export_archive(KEY.to_vec()).unwrap();
    let (_, client) = device("bob", None);
    assert!(import(&client, archive).unwrap().group_ids.is_empty());
}

#[test]
fn only_the_whole_archive_under_its_key_is_taken() {
    let world = World::group_of(&["alice", "bob"]);
    let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
    assert_eq!(code(world.group("bob").export_archive(vec![1; 31])), 102);
    let (storage, client) = device("bob", None);
    let before = storage.records();
    assert_eq!(code(client.import_archive(archive.clone(), vec![6; 32], ImportOptions::default())), 104);
    assert_eq!(code(client.import_archive(archive.clone(), vec![6; 3], ImportOptions::default())), 102);
    for at in (0..archive.len()).step_by(13) {
        let mut damaged = archive.clone();
        damaged[at] ^= 1;
        assert_eq!(code(import(&client, damaged)), 104);
        assert_eq!(code(import(&client, archive[..at].to_vec())), 104);
    }
    assert!(storage.records() == before);
    let secret = world.group("bob").export_secret("x".into(), vec![], 32).unwrap().copy().unwrap();
    assert!(!archive.windows(32).any(|window| window == secret));
    import(&client, archive).unwrap();
}

#[test]
fn a_client_that_is_in_use_keeps_its_keys() {
    let world = World::group_of(&["alice", "bob"]);
    world.client("bob").put_psk(b"one".to_vec(), b"old".to_vec()).unwrap();
    let archive = world.client("bob").export_archive(KEY.to_vec()).unwrap();
    // Another device of the same name has gone its own way.
    let (storage, client) = device("bob", None);
    let group = client.create_group(GroupOptions::default()).unwrap();
    let before = storage.records();
    assert_eq!(code(import(&client, archive.clone())), 507);
    group.delete().unwrap();
    client.put_psk(b"one".to_vec(), b"new".to_vec()).unwrap();
    assert_eq!(code(import(&client, archive.clone())), 507);
    client.delete_psk(b"one".to_vec()).unwrap();
    client.create_key_packages(1, KeyPackageOptions::default()).unwrap();
    assert_eq!(code(import(&client, archive.clone())), 507);
    assert!(before.len() > 4);
    // Asked for, the archive wins, and what the old key signed goes.
    let options = ImportOptions { replace: true };
    assert!(client.import_archive(archive, KEY.to_vec(), options).unwrap().signing_keys);
    assert!(client.key_packages(None, 9).unwrap().is_empty());
}

#[test]
fn what_the_other_device_sends_is_told_from_an_echo() {
    for public in [false, true] {
        let mut world = World::of(&["alice"]);
        world.enlist(ClientConfig::basic("bob"), |_| {});
        world.person_mut("bob").public = public;
        world.found(&["alice", "bob"]);
        let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
        let (storage, client) = device("bob", None);
        import(&client, archive).unwrap();
        let group = client.open_group(world.group("bob").id()).unwrap();
        let before = storage.records();
        let proposal = world.group("bob").propose_update(vec![]).unwrap();
        assert_eq!(code(group.receive(proposal, vec![])), 509);
        let commit = world.group("bob").new_commit().build().unwrap().commit;
        assert_eq!(code(group.receive(commit, vec![])), 509);
        assert!(storage.records() == before);
    }
}

#[test]
fn a_waiting_join_keeps_its_key() {
    let world = World::group_of(&["alice", "bob"]);
    world.group("bob").delete().unwrap();
    let archive = world.client("bob").export_archive(KEY.to_vec()).unwrap();
    let (_, client) = device("bob", None);
    let info = world.group("alice").group_info(true).unwrap();
    client.join_external(info, ExternalJoinOptions::default()).unwrap();
    assert_eq!(code(import(&client, archive)), 507);
    client.confirm_join(world.group("alice").id(), None, vec![]).unwrap();
}

#[test]
fn a_deferred_message_of_the_other_device_is_forgotten() {
    let world = World::group_of(&["alice", "bob"]);
    let archive = world.group("bob").export_archive(KEY.to_vec()).unwrap();
    let config = ClientConfig { max_deferred: 9, ..ClientConfig::basic("bob") };
    let client = Client::new(config, Host::new(MemoryStorage::new(), Arc::new(AcceptAll))).unwrap();
    import(&client, archive).unwrap();
    let group = client.open_group(world.group("bob").id()).unwrap();
    let commit = world.group("alice").new_commit().build().unwrap().commit;
    world.group("alice").confirm_commit(None, vec![]).unwrap();
    world.receive("bob", &commit).unwrap();
    let early = world.encrypt("bob", "from the other device");
    assert!(matches!(group.receive(early, vec![]).unwrap(), Event::Deferred { .. }));
    let also = world.encrypt("alice", "early too");
    assert!(matches!(group.receive(also, vec![]).unwrap(), Event::Deferred { .. }));
    group.receive(commit, vec![]).unwrap();
    assert_eq!(text_of(group.next_deferred(vec![]).unwrap().unwrap()), "early too");
    assert_eq!(group.next_deferred(vec![]).unwrap(), None);
}
