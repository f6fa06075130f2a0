//! Genuine messages that are not for this group, this epoch, this member or this moment.

use conclave::*;

use super::attack::Target;
use super::people::*;

/// One message of each kind from the sender, in the order application, proposal, commit; the sender then moves on.
fn one_of_each(group: &std::sync::Arc<Group>) -> [Vec<u8>; 3] {
    let application = say(group, "hello");
    let proposal = group.propose_update(vec![]).unwrap();
    let commit = refresh_without_pending(group);
    [application, proposal, commit]
}

fn refresh_without_pending(group: &std::sync::Arc<Group>) -> Vec<u8> {
    let commit = group.clone().new_commit().without_pending().unwrap().build().unwrap().commit;
    group.confirm_commit(None, vec![]).unwrap();
    commit
}

#[test]
fn other_groups() {
    for public in [false, true] {
        let ours = pair_called(Some(b"ours"), public);
        let take = |bytes: Vec<u8>| ours.b.receive(bytes, vec![]).map(drop);
        let target = Target { name: "misaddressed", storage: &ours.bob.storage, take: &take };
        let theirs = pair_called(Some(b"theirs"), public);
        for message in one_of_each(&theirs.a) {
            assert_eq!(target.refuse(message, "another group's message"), 317);
        }
        // Of the same name and in the same epoch, with other secrets.
        let twin = pair_called(Some(b"ours"), public);
        for message in one_of_each(&twin.a) {
            let code = target.refuse(message, "a namesake's message");
            assert!(matches!(code, 302 | 303), "{code}");
        }
        in_touch(&ours.a, &ours.b);
    }
}

#[test]
fn other_epochs() {
    for public in [false, true] {
        let Pair { bob, a, b, .. } = pair(public);
        let take = |bytes: Vec<u8>| b.receive(bytes, vec![]).map(drop);
        let target = Target { name: "epoch", storage: &bob.storage, take: &take };
        let [late, _, first] = one_of_each(&a);
        let [later, proposal, second] = one_of_each(&a);
        for message in [&later, &proposal, &second] {
            assert_eq!(target.refuse(message.clone(), "a message of the next epoch"), 402);
        }
        b.receive(first.clone(), vec![]).unwrap();
        assert_eq!(target.refuse(first.clone(), "a commit of the last epoch"), 403);
        // One past epoch is kept: data of it is read, and not twice.
        assert_eq!(hear(&b, late.clone()), "hello");
        assert_eq!(target.refuse(late.clone(), "a replay"), 405);
        b.receive(second, vec![]).unwrap();
        for message in [&late, &proposal, &first] {
            assert_eq!(target.refuse(message.clone(), "a message of an epoch beyond the window"), 403);
        }
        assert_eq!(hear(&b, later), "hello");
        in_touch(&a, &b);
    }
}

#[test]
fn generations() {
    let Pair { bob, a, b, .. } = pair(false);
    let take = |bytes: Vec<u8>| b.receive(bytes, vec![]).map(drop);
    let target = Target { name: "generation", storage: &bob.storage, take: &take };
    let sent: Vec<Vec<u8>> = (0..8).map(|number| say(&a, &number.to_string())).collect();
    assert_eq!(target.refuse(sent[4].clone(), "four messages ahead"), 404);
    assert_eq!(target.refuse(sent[7].clone(), "seven messages ahead"), 404);
    assert_eq!(hear(&b, sent[3].clone()), "3");
    // Two keys of skipped messages are kept.
    assert_eq!(target.refuse(sent[0].clone(), "a message whose key was dropped"), 405);
    target.damage(&sent[2]);
    assert_eq!(hear(&b, sent[2].clone()), "2");
    assert_eq!(target.refuse(sent[2].clone(), "a replay"), 405);
    assert_eq!(hear(&b, sent[7].clone()), "7");
    assert_eq!(target.refuse(sent[1].clone(), "a message whose key was dropped"), 405);
    in_touch(&a, &b);
}

/// Alice and bob, carol whom bob added, and the Welcome that she came with.
fn three() -> (Pair, Person, std::sync::Arc<Group>, Vec<u8>) {
    let pair = pair(true);
    let carol = person("carol");
    let added = pair.b.clone().new_commit().add(carol.key_package()).unwrap().build().unwrap();
    pair.b.confirm_commit(None, vec![]).unwrap();
    pair.a.receive(added.commit, vec![]).unwrap();
    let welcome = added.welcome.unwrap();
    let options = JoinOptions { public_handshakes: true, ..JoinOptions::default() };
    let c = carol.client.join(welcome.clone(), options).unwrap();
    (pair, carol, c, welcome)
}

#[test]
fn a_welcome_for_another() {
    let (_, _, _, welcome) = three();
    let stranger = person("stranger");
    stranger.key_package();
    let take = |bytes: Vec<u8>| stranger.client.join(bytes, JoinOptions::default()).map(drop);
    let at_stranger = Target { name: "stranger", storage: &stranger.storage, take: &take };
    assert_eq!(at_stranger.refuse(welcome, "a Welcome for someone else"), 408);
}

#[test]
fn another_name_on_a_message() {
    let (Pair { alice, a, .. }, _, c, _) = three();
    let take = |bytes: Vec<u8>| a.receive(bytes, vec![]).map(drop);
    let at_alice = Target { name: "at alice", storage: &alice.storage, take: &take };
    // The sender's index stands in plain sight in a PublicMessage: after version, wire format, group id, epoch, sender type.
    let honest = c.propose_remove(1, vec![]).unwrap();
    let at = 4 + 1 + a.id().len() + 8 + 1;
    assert_eq!(honest[at..at + 4], [0, 0, 0, 2]);
    for leaf in [0u32, 1, 3, 9, u32::MAX] {
        let mut forged = honest.clone();
        forged[at..at + 4].copy_from_slice(&leaf.to_be_bytes());
        at_alice.refuse(forged, "a message in another's name");
    }
    for sender_type in [0, 2, 3, 4, 5] {
        let mut forged = honest.clone();
        forged[at - 1] = sender_type;
        at_alice.refuse(forged, "a message by another kind of sender");
    }
    a.receive(honest, vec![]).unwrap();
}

#[test]
fn whoever_is_out_is_not_heard_and_hears_nothing() {
    let (Pair { alice, a, b, .. }, carol, c, _) = three();
    let removal = a.clone().new_commit().remove(2).unwrap().build().unwrap().commit;
    a.confirm_commit(None, vec![]).unwrap();
    b.receive(removal.clone(), vec![]).unwrap();
    let rebel = c.clone().new_commit().build().unwrap().commit;
    let take = |bytes: Vec<u8>| a.receive(bytes, vec![]).map(drop);
    let at_alice = Target { name: "at alice", storage: &alice.storage, take: &take };
    assert_eq!(at_alice.refuse(rebel, "a commit of a removed member"), 403);
    c.discard_commit(None).unwrap();
    assert!(matches!(c.receive(removal.clone(), vec![]).unwrap(), Event::Removed { .. }));
    let take = |bytes: Vec<u8>| c.receive(bytes, vec![]).map(drop);
    let at_carol = Target { name: "at carol", storage: &carol.storage, take: &take };
    assert_eq!(at_carol.refuse(say(&a, "secret"), "a message after the removal"), 409);
    assert_eq!(at_carol.refuse(removal, "a replay"), 409);
    in_touch(&a, &b);
}

#[test]
fn our_own_come_back_changed() {
    let Pair { bob, a, b, .. } = pair(true);
    let own = say(&b, "mine");
    let take = |bytes: Vec<u8>| b.receive(bytes, vec![]).map(drop);
    let at_bob = Target { name: "at bob", storage: &bob.storage, take: &take };
    let commit = b.clone().new_commit().build().unwrap().commit;
    at_bob.damage(&commit);
    assert_eq!(b.receive(own, vec![]).unwrap(), Event::OwnEcho);
    assert!(matches!(b.receive(commit.clone(), vec![]).unwrap(), Event::EpochChanged { change } if change.own));
    a.receive(commit, vec![]).unwrap();
    in_touch(&a, &b);
}
