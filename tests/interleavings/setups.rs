//! What there is before a pair of operations.

use super::*;

pub(crate) fn announced() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::without_alice();
    let info = cast.bob.group().group_info(true).unwrap();
    (cast, vec![info])
}

pub(crate) fn announced_commit() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let info = cast.bob.group().group_info(true).unwrap();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![info, commit])
}

/// Alice's commit waits, and the others have taken it.
pub(crate) fn entering() -> (Cast, Vec<Vec<u8>>) {
    let (cast, inputs) = announced();
    let commit = taken_by_others(&cast, &inputs[0]);
    (cast, vec![commit])
}

pub(crate) fn reentering() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let info = cast.bob.group().group_info(true).unwrap();
    let message = heard_by_carol(&cast, 1).remove(0);
    let commit = taken_by_others(&cast, &info);
    (cast, vec![commit, message])
}

pub(crate) fn taken_by_others(cast: &Cast, info: &[u8]) -> Vec<u8> {
    let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
    let commit = cast.alice.client.join_external(info.to_vec(), options).unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    commit
}

pub(crate) fn nothing() -> (Cast, Vec<Vec<u8>>) {
    (Cast::together(), vec![])
}

pub(crate) fn reserving() -> (Cast, Vec<Vec<u8>>) {
    (Cast::reserving(), vec![])
}

pub(crate) fn commit_reserving() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::reserving();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

pub(crate) fn removal_reserving() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::reserving();
    let commit = cast.bob.group().new_commit().remove(0).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

pub(crate) fn spoken() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let message = cast.alice.say("before");
    cast.bob.receive(&message);
    cast.carol.receive(&message);
    (cast, vec![])
}

pub(crate) fn two_of_bob() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let messages = heard_by_carol(&cast, 3);
    cast.alice.receive(&messages[0]);
    (cast, messages[1..].to_vec())
}

pub(crate) fn heard_by_carol(cast: &Cast, count: usize) -> Vec<Vec<u8>> {
    let messages: Vec<Vec<u8>> = (0..count).map(|_| cast.bob.say("hello")).collect();
    messages.iter().for_each(|message| drop(cast.carol.receive(message)));
    messages
}

pub(crate) fn far_apart() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let messages = heard_by_carol(&cast, 40);
    cast.alice.receive(&messages[20]);
    (cast, vec![messages[39].clone(), messages[10].clone()])
}

pub(crate) fn one_of_each() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let (b, c) = (cast.bob.say("hello"), cast.carol.say("hello"));
    cast.carol.receive(&b);
    cast.bob.receive(&c);
    (cast, vec![b, c])
}

pub(crate) fn commit() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

pub(crate) fn message_commit() -> (Cast, Vec<Vec<u8>>) {
    let (cast, messages) = two_of_bob();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![messages[0].clone(), commit])
}

pub(crate) fn first_message_commit() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let messages = heard_by_carol(&cast, 1);
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![messages[0].clone(), commit])
}

/// A message of Bob's that comes after a commit of his.
pub(crate) fn late_message() -> (Cast, Vec<Vec<u8>>) {
    let (cast, messages) = message_commit();
    cast.alice.receive(&messages[1]);
    (cast, messages)
}

pub(crate) fn our_removal() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.bob.group().new_commit().remove(0).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

/// Alice has a commit, and so has Bob, who does not know which of them will win.
pub(crate) fn rivals() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    cast.alice.group().new_commit().build().unwrap();
    let commit = cast.bob.group().new_commit().build().unwrap().commit;
    (cast, vec![commit])
}

/// Alice has a commit that the others have taken.
pub(crate) fn taken() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.alice.group().new_commit().build().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

pub(crate) fn taken_message() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.alice.group().new_commit().build().unwrap().commit;
    let message = heard_by_carol(&cast, 1).remove(0);
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, vec![commit, message])
}

/// Alice's commit was taken by the others, and Bob has gone on.
pub(crate) fn two_early() -> (Cast, Vec<Vec<u8>>) {
    let (cast, _) = taken();
    let messages = heard_by_carol(&cast, 2);
    (cast, messages)
}

pub(crate) fn two_due() -> (Cast, Vec<Vec<u8>>) {
    let (cast, messages) = two_early();
    messages.iter().for_each(|message| drop(cast.alice.receive(message)));
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    (cast, vec![])
}

pub(crate) fn one_due() -> (Cast, Vec<Vec<u8>>) {
    let (cast, messages) = two_early();
    cast.alice.receive(&messages[0]);
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    (cast, vec![])
}

pub(crate) fn one_due_commit() -> (Cast, Vec<Vec<u8>>) {
    let (cast, _) = one_due();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

/// The commit that waits comes from the network once more.
pub(crate) fn commit_due() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commits = [cast.bob.commit(), cast.bob.commit()];
    commits.iter().for_each(|commit| drop(cast.carol.receive(commit)));
    cast.alice.receive(&commits[1]);
    cast.alice.receive(&commits[0]);
    (cast, vec![commits[1].clone()])
}

pub(crate) fn early_commit() -> (Cast, Vec<Vec<u8>>) {
    let (cast, inputs) = commit();
    let message = heard_by_carol(&cast, 1).remove(0);
    (cast, vec![message, inputs[0].clone()])
}

pub(crate) fn proposal() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let proposal = cast.bob.group().propose_psk(PSK.to_vec(), vec![]).unwrap();
    cast.carol.receive(&proposal);
    (cast, vec![proposal])
}

pub(crate) fn proposal_and_commit() -> (Cast, Vec<Vec<u8>>) {
    let (cast, mut messages) = proposal();
    let commit = cast.carol.commit();
    cast.bob.receive(&commit);
    messages.push(commit);
    (cast, messages)
}

pub(crate) fn welcomed() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::without_alice();
    let built = cast.bob.group().new_commit().add(cast.alice.key_package()).unwrap().build().unwrap();
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&built.commit);
    (cast, vec![built.welcome.unwrap()])
}
