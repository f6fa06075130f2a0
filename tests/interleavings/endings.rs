//! What must hold after a pair of operations, whatever their order was.

use super::*;

/// Whichever commit waits lets Alice in.
pub(crate) fn entered(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let commit = cast.alice.client.pending_join(GROUP.to_vec()).unwrap().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    cast.alice.handle = Some(cast.alice.client.confirm_join(GROUP.to_vec(), None, vec![]).unwrap());
    live(cast, inputs);
}

/// The rejoin came too late or was outrun, and Alice goes on as she was.
pub(crate) fn outrun(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert!(cast.alice.client.pending_join(GROUP.to_vec()).unwrap().is_none());
    live(cast, inputs);
}

/// The others have let Alice in; if she gave that up, she comes in anew.
pub(crate) fn entered_or_not(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let member = |group: Arc<Group>| group.status().unwrap().active;
    match cast.alice.client.open_group(GROUP.to_vec()).is_ok_and(member) {
        true => live(cast, inputs),
        false => comes_back(cast, inputs),
    }
}

pub(crate) fn heard_once_more(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert_eq!(heard(cast), 1);
    assert_eq!(cast.alice.group().receive(inputs[1].clone(), vec![]).unwrap_err().code(), 405);
    live(cast, inputs);
}

/// Whether or not the late message was read, its epoch is gone.
pub(crate) fn pruned(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let status = cast.alice.group().status().unwrap();
    assert_eq!(status.oldest_epoch, status.epoch);
    assert_eq!(cast.alice.group().receive(inputs[0].clone(), vec![]).unwrap_err().code(), 403);
    live(cast, inputs);
}

pub(crate) fn live(cast: &mut Cast, _: &[Vec<u8>]) {
    assert_going(&[&cast.alice, &cast.bob, &cast.carol]);
}

pub(crate) fn joined(cast: &mut Cast, inputs: &[Vec<u8>]) {
    live(cast, inputs);
}

pub(crate) fn heard(cast: &Cast) -> usize {
    let effects = cast.alice.storage.ledger.effects();
    effects.iter().filter(|effect| matches!(effect, Effect::Received { .. })).count()
}

/// So many messages are read in the end, and nothing of what was deferred is left.
pub(crate) fn read(cast: &mut Cast, inputs: &[Vec<u8>], count: usize) {
    drain(&cast.alice);
    let effects = cast.alice.storage.ledger.effects().into_iter();
    let is_read = |effect: &Effect| matches!(effect, Effect::Received { event: Event::Message { .. }, .. });
    assert_eq!(effects.filter(is_read).count(), count);
    assert_eq!(cast.alice.group().status().unwrap().deferred, 0);
    assert!(!cast.alice.storage.memory.records().iter().any(|record| records::is_deferred(&record.key)));
    live(cast, inputs);
}

pub(crate) fn read_none(cast: &mut Cast, inputs: &[Vec<u8>]) {
    read(cast, inputs, 0);
}

pub(crate) fn read_one(cast: &mut Cast, inputs: &[Vec<u8>]) {
    read(cast, inputs, 1);
}

pub(crate) fn read_two(cast: &mut Cast, inputs: &[Vec<u8>]) {
    read(cast, inputs, 2);
}

pub(crate) fn taken_one(cast: &mut Cast, inputs: &[Vec<u8>]) {
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    read(cast, inputs, 1);
}

pub(crate) fn taken_two(cast: &mut Cast, inputs: &[Vec<u8>]) {
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    read(cast, inputs, 2);
}

pub(crate) fn heard_one(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert_eq!(heard(cast), 1);
    live(cast, inputs);
}

pub(crate) fn heard_both(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert_eq!(heard(cast), 2);
    for message in inputs {
        let code = cast.alice.group().receive(message.clone(), vec![]).unwrap_err().code();
        assert!(code == 405 || code == 403, "{code}");
    }
    live(cast, inputs);
}

/// The others read what Alice sent; her commit takes effect.
pub(crate) fn sent_all(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
    sent_commit_taken(cast, inputs);
}

/// The same; a proposal that the commit came before is void.
pub(crate) fn sent_or_void(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        let codes = [&cast.bob, &cast.carol]
            .map(|one| one.group().receive(message.clone(), vec![]).err().map_or(0, |error| error.code()));
        assert!(codes == [0, 0] || codes == [403, 403], "{codes:?}");
    }
    sent_commit_taken(cast, inputs);
}

pub(crate) fn sent_commit_taken(cast: &mut Cast, inputs: &[Vec<u8>]) {
    if cast.alice.group().status().unwrap().pending_commit {
        let epoch = cast.alice.group().status().unwrap().epoch;
        if cast.bob.group().status().unwrap().epoch > epoch {
            cast.alice.group().confirm_commit(None, vec![]).unwrap();
        }
    }
    if cast.alice.group().status().unwrap().pending_proposals > 0 {
        let commit = cast.bob.commit();
        cast.alice.receive(&commit);
        cast.carol.receive(&commit);
    }
    live(cast, inputs);
}

pub(crate) fn sent_commit(cast: &mut Cast, inputs: &[Vec<u8>]) {
    sent_all(cast, inputs);
}

pub(crate) fn proposed_all(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
    by_bob(cast, inputs);
}

pub(crate) fn by_bob(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    cast.alice.receive(&commit);
    live(cast, inputs);
}

pub(crate) fn by_bob_or_dropped(cast: &mut Cast, inputs: &[Vec<u8>]) {
    match cast.alice.group().status().unwrap().pending_proposals {
        0 => [&cast.bob, &cast.carol].iter().for_each(|one| one.group().clear_proposals().unwrap()),
        _ => return by_bob(cast, inputs),
    }
    live(cast, inputs);
}

/// Either the proposal came before the others' commit and is void, or after it and is committed.
pub(crate) fn live_if_late(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let proposal = outbox(&cast.alice).remove(0);
    match cast.bob.group().receive(proposal.clone(), vec![]) {
        Ok(_) => {
            cast.carol.receive(&proposal);
            by_bob(cast, inputs);
        }
        Err(error) => {
            assert_eq!(error.code(), 403);
            live(cast, inputs);
        }
    }
}

/// Bob's commit was received: Alice's own is for the epoch after it, or lost.
pub(crate) fn superseded(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let status = cast.alice.group().status().unwrap();
    assert_eq!(status.epoch, cast.bob.group().status().unwrap().epoch);
    if status.pending_commit {
        return sent_all(cast, inputs);
    }
    live(cast, inputs);
}

/// One of the rivals has won: who has not, follows or comes back.
pub(crate) fn either(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let members: Vec<&Person> = vec![&cast.alice, &cast.bob, &cast.carol];
    let epochs: Vec<u64> = members.iter().map(|one| one.group().status().unwrap().epoch).collect();
    if cast.bob.group().status().unwrap().pending_commit {
        // Nobody but Alice has decided.
        let won = epochs[0] > epochs[1];
        let ours = cast.alice.storage.ledger.effects().iter().any(|one| matches!(one, Effect::Confirmed { .. }));
        assert!(won);
        if ours {
            cast.bob.group().discard_commit(None).unwrap();
            return comes_back(cast, inputs);
        }
        cast.bob.group().confirm_commit(None, vec![]).unwrap();
        cast.carol.receive(&inputs[0]);
        return live(cast, inputs);
    }
    match epochs[0] == epochs[1] {
        true => live(cast, inputs),
        false => {
            let error = cast.alice.group().receive(inputs[0].clone(), vec![]).unwrap_err();
            assert_eq!(error.code(), 411);
            comes_back(cast, inputs);
        }
    }
}

pub(crate) fn out(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
    comes_back(cast, inputs);
}

pub(crate) fn deleted(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let is_of_group = |record: &StoredRecord| matches!(records::kind(&record.key), records::GROUP | records::HEAD);
    assert!(!cast.alice.storage.memory.records().iter().any(is_of_group));
    comes_back(cast, inputs);
}

/// Alice begins anew.
pub(crate) fn comes_back(cast: &mut Cast, _: &[Vec<u8>]) {
    if let Ok(group) = cast.alice.client.open_group(GROUP.to_vec()) {
        group.delete().unwrap();
    }
    if let Some(alice) = cast.bob.group().find_member(b"alice".to_vec()).unwrap() {
        let commit = cast.bob.group().new_commit().remove(alice.name.leaf).unwrap().build().unwrap().commit;
        cast.bob.group().confirm_commit(None, vec![]).unwrap();
        cast.carol.receive(&commit);
    }
    let built = cast.bob.group().new_commit().add(cast.alice.key_package()).unwrap().build().unwrap();
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&built.commit);
    cast.alice.join(built.welcome.unwrap());
    assert_going(&[&cast.alice, &cast.bob, &cast.carol]);
}

/// Both can be had in the end, whatever came first.
pub(crate) fn again_both(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in inputs {
        drop(cast.alice.group().receive(message.clone(), vec![]));
    }
    assert_eq!(heard(cast), 2);
    live(cast, inputs);
}
