//! Every operation, stopped at every call it makes to the storage, in every way a storage or a process can fail: the group
//! is as before or as after, the operation can be done again, and everyone goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;

use conclave::*;
use faults::*;

/// One operation of Alice.
struct Operation {
    name: &'static str,
    /// Who is where before it, and what it is given.
    setup: fn() -> (Cast, Vec<u8>),
    act: fn(&Person, &[u8]) -> Result<String>,
    /// What doing it again may say after it was done: codes of errors, or 0 for success.
    again: &'static [u32],
    /// What must hold afterwards, when the operation has been done.
    ending: fn(&mut Cast),
}

const OPERATIONS: &[Operation] = &[
    Operation { name: "create key packages", setup: outside, act: create_key_packages, again: &[0], ending: invited },
    Operation { name: "delete key packages", setup: outside_spare, act: delete_package, again: &[0], ending: invited },
    Operation { name: "create a group", setup: outside, act: create_group, again: &[507], ending: alone },
    Operation { name: "join", setup: welcomed, act: join, again: &[408], ending: alive },
    Operation { name: "join by last resort", setup: welcomed_last, act: join, again: &[507], ending: alive },
    Operation { name: "join again", setup: welcomed_back, act: join, again: &[408], ending: alive },
    Operation { name: "put a key", setup: inside, act: put_psk, again: &[0], ending: settled },
    Operation { name: "delete a key", setup: inside, act: delete_psk, again: &[0], ending: settled },
    Operation { name: "encrypt first", setup: inside, act: encrypt, again: &[0], ending: settled },
    Operation { name: "encrypt", setup: spoken, act: encrypt, again: &[0], ending: settled },
    Operation { name: "encrypt reserving", setup: reserving, act: encrypt, again: &[0], ending: settled },
    Operation { name: "receive first", setup: message, act: receive, again: &[405], ending: settled },
    Operation { name: "receive in order", setup: next_message, act: receive, again: &[405], ending: settled },
    Operation { name: "receive skipping", setup: skipping, act: receive, again: &[405], ending: settled },
    Operation { name: "receive late", setup: late, act: receive, again: &[405], ending: settled },
    Operation { name: "receive of a past epoch", setup: past, act: receive, again: &[405], ending: settled },
    Operation { name: "receive a proposal", setup: proposal, act: receive, again: &[405], ending: settled },
    Operation { name: "receive a public proposal", setup: public_proposal, act: receive, again: &[0], ending: settled },
    Operation { name: "propose add", setup: newcomer, act: propose_add, again: &[0], ending: settled },
    Operation { name: "propose remove", setup: inside, act: propose_remove, again: &[0], ending: only_bob },
    Operation { name: "propose to leave", setup: inside, act: propose_leave, again: &[0], ending: settled_by_bob },
    Operation { name: "propose update", setup: inside, act: propose_update, again: &[0], ending: settled_by_bob },
    Operation { name: "propose a key", setup: inside, act: propose_psk, again: &[0], ending: settled },
    Operation { name: "propose extensions", setup: inside, act: propose_extensions, again: &[0], ending: settled },
    Operation { name: "commit", setup: inside, act: commit, again: &[503], ending: settled },
    Operation { name: "commit an add", setup: newcomer, act: commit_add, again: &[503], ending: settled },
    Operation {
        name: "commit an add without a path",
        setup: newcomer,
        act: commit_short,
        again: &[503],
        ending: settled,
    },
    Operation { name: "commit a removal", setup: inside, act: commit_remove, again: &[503], ending: only_bob },
    Operation { name: "commit proposals", setup: proposed, act: commit, again: &[503], ending: settled },
    Operation { name: "commit a key", setup: inside, act: commit_psk, again: &[503], ending: settled },
    Operation { name: "confirm", setup: built, act: confirm, again: &[504], ending: settled },
    Operation { name: "confirm an add", setup: built_add, act: confirm, again: &[504], ending: settled },
    Operation { name: "discard", setup: built_in_vain, act: discard, again: &[504], ending: settled },
    Operation { name: "own echo", setup: echo, act: receive, again: &[403], ending: settled },
    Operation { name: "echo of an add", setup: echo_add, act: receive, again: &[403], ending: settled },
    Operation { name: "receive a commit", setup: update, act: receive, again: &[403], ending: settled },
    Operation { name: "receive an add", setup: add, act: receive, again: &[403], ending: with_dave },
    Operation { name: "receive a removal", setup: removal, act: receive, again: &[403], ending: only_bob_alive },
    Operation { name: "receive a commit of our update", setup: adopted, act: receive, again: &[403], ending: settled },
    Operation { name: "receive a commit with a key", setup: with_psk, act: receive, again: &[403], ending: settled },
    Operation { name: "receive a better commit", setup: beaten, act: receive, again: &[403], ending: settled },
    Operation { name: "receive our removal", setup: removed, act: receive, again: &[409], ending: comes_back },
    Operation { name: "defer a message", setup: early, act: receive, again: &[0], ending: drained },
    Operation { name: "defer a second message", setup: early_again, act: receive, again: &[0], ending: drained },
    Operation { name: "confirm with messages deferred", setup: waiting, act: confirm, again: &[504], ending: drained },
    Operation { name: "release a message", setup: due, act: release, again: &[0], ending: drained },
    Operation { name: "release a commit", setup: due_commit, act: release, again: &[0], ending: drained },
    Operation { name: "release our removal", setup: due_removal, act: release, again: &[0], ending: comes_back },
    Operation { name: "drop a deferred message", setup: due_forged, act: release, again: &[0], ending: drained },
    Operation { name: "clear what is deferred", setup: waiting, act: clear_deferred, again: &[0], ending: drained },
    Operation { name: "join by a commit", setup: announced, act: join_external, again: &[510], ending: enters },
    Operation { name: "rejoin by a commit", setup: announced_again, act: rejoin, again: &[510], ending: enters },
    Operation { name: "confirm a join", setup: entering, act: confirm_join, again: &[511], ending: alive },
    Operation { name: "confirm a rejoin", setup: reentering, act: confirm_join, again: &[511], ending: alive },
    Operation { name: "echo of a rejoin", setup: reentering, act: receive, again: &[403], ending: alive },
    Operation { name: "discard a join", setup: entering_in_vain, act: discard_join, again: &[511], ending: invited },
    Operation { name: "discard a rejoin", setup: reentering_in_vain, act: discard_join, again: &[511], ending: alive },
    Operation {
        name: "receive a better commit than a rejoin",
        setup: outrun,
        act: receive,
        again: &[403],
        ending: alive,
    },
    Operation {
        name: "commit an earlier epoch's key",
        setup: aged,
        act: commit_resumption,
        again: &[503],
        ending: settled,
    },
    Operation { name: "commit a reinit", setup: inside, act: commit_reinit, again: &[503], ending: closed },
    Operation { name: "confirm a reinit", setup: closing, act: confirm, again: &[504], ending: closed },
    Operation {
        name: "receive a reinit",
        setup: closed_by_bob,
        act: receive,
        again: &[403, 506],
        ending: followed_by_bob,
    },
    Operation { name: "create a successor", setup: ready_to_move, act: create_successor, again: &[507], ending: moved },
    Operation { name: "branch", setup: ready_to_branch, act: branch, again: &[507], ending: branched },
    Operation { name: "join a successor", setup: invited_to_move, act: join, again: &[408], ending: moved },
    Operation { name: "import an archive", setup: archived, act: import, again: &[507], ending: heals },
    Operation { name: "clear proposals", setup: proposed, act: clear, again: &[0], ending: dropped },
    Operation { name: "prune", setup: past, act: prune, again: &[0], ending: settled },
    Operation { name: "delete", setup: inside, act: delete, again: &[401], ending: comes_back },
];

#[test]
fn every_operation_survives_every_failure_of_the_storage() {
    let mut runs = 0;
    for operation in OPERATIONS {
        let (base, input) = (operation.setup)();
        let clean = Clean::of(operation, &base, &input);
        for fault in Fault::ALL {
            runs += (1..).find(|call| !fails_at(operation, (&base, &input), &clean, (fault, *call))).unwrap();
        }
    }
    assert!(runs > 500, "only {runs} runs: the storage was hardly touched");
}

#[test]
fn opening_a_client_survives_every_failure_of_the_storage() {
    for fault in Fault::ALL {
        for call in 1.. {
            let storage = Faulty::over(MemoryStorage::new(), Default::default());
            storage.arm(fault, call);
            let config = || ClientConfig::basic("alice");
            let host = || Host::new(storage.clone(), std::sync::Arc::new(AcceptAll));
            let first = Client::new(config(), host());
            if !storage.disarm() {
                assert!(first.is_ok());
                break;
            }
            assert_eq!(first.err().unwrap().code(), fault.code());
            let client = Client::new(config(), host()).unwrap();
            client.create_key_packages(1, KeyPackageOptions::default()).unwrap();
        }
    }
}

#[test]
fn sending_from_a_reserve_survives_every_failure_of_the_storage() {
    for fault in Fault::ALL {
        for call in 1.. {
            let mut cast = Cast::reserving();
            let mut sent = vec![cast.alice.say("reserves")];
            let batches = cast.alice.storage.ledger.batches();
            cast.alice.storage.arm(fault, call);
            let outcome = cast.alice.group().encrypt(b"from the reserve".to_vec(), vec![], vec![]);
            let failed = cast.alice.storage.disarm();
            assert_eq!(cast.alice.storage.ledger.batches(), batches);
            assert_eq!(outcome.as_ref().err().map(Error::code), failed.then_some(fault.code()));
            sent.extend(outcome);
            if failed && fault.is_death() {
                cast.alice.reopen();
            }
            sent.extend((0..10).map(|_| cast.alice.say("goes on")));
            // A key that was used twice is gone the second time.
            sent.iter().for_each(|message| drop((cast.bob.receive(message), cast.carol.receive(message))));
            assert_alive(&[&cast.alice, &cast.bob, &cast.carol]);
            if !failed {
                break;
            }
        }
    }
}

/// How the group stands for Alice.
#[derive(PartialEq, Debug)]
struct Standing {
    status: Option<GroupStatus>,
    /// Names and signature keys. What a leaf lists besides is random in part.
    members: Option<Vec<(MemberName, Vec<u8>)>>,
    proposals: Option<usize>,
    pending: Option<u64>,
}

impl Standing {
    fn of(person: &Person) -> Self {
        let group = person.client.open_group(GROUP.to_vec()).ok();
        let group = group.as_ref();
        Standing {
            status: group.and_then(|group| group.status().ok()),
            members: group.and_then(|group| Some(roster(group.members(None, 10).ok()?))),
            proposals: group.and_then(|group| Some(group.pending_proposals().ok()?.len())),
            pending: group.and_then(|group| Some(group.pending_commit().ok()??.epoch)),
        }
    }
}

fn roster(members: Vec<Member>) -> Vec<(MemberName, Vec<u8>)> {
    members.into_iter().map(|member| (member.name, member.signature_key)).collect()
}

/// What an operation does when nothing fails.
struct Clean {
    said: String,
    after: Standing,
    effects: usize,
}

impl Clean {
    fn of(operation: &Operation, base: &Cast, input: &[u8]) -> Self {
        let mut cast = base.copy();
        let earlier = cast.alice.storage.ledger.batches();
        let said = (operation.act)(&cast.alice, input).unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
        let ledger = &cast.alice.storage.ledger;
        assert_eq!(ledger.batches() - earlier, 1, "{}: not one batch", operation.name);
        let clean = Clean { said, after: Standing::of(&cast.alice), effects: ledger.effects().len() };
        end(operation, &mut cast, operation.name);
        clean
    }
}

/// Runs the operation with a failure at one call. Tells whether it got that far.
fn fails_at(
    operation: &Operation,
    (base, input): (&Cast, &[u8]),
    clean: &Clean,
    (fault, call): (Fault, usize),
) -> bool {
    let what = format!("{}, {fault:?} at call {call}", operation.name);
    let mut cast = base.copy();
    if !fault.is_death() {
        // A handle that knows what comes next reads ahead.
        drop(cast.alice.handle.as_ref().map(|handle| handle.status().unwrap()));
    }
    let (before, records) = (Standing::of(&cast.alice), cast.alice.storage.memory.records());
    cast.alice.storage.arm(fault, call);
    let outcome = (operation.act)(&cast.alice, input);
    if !cast.alice.storage.disarm() {
        assert_eq!(outcome.unwrap_or_else(|error| panic!("{what}: {error:?}")), clean.said);
        return false;
    }
    assert_eq!(outcome.expect_err(&what).code(), fault.code(), "{what}");
    if fault.is_death() {
        cast.alice.reopen();
    }
    let done = cast.alice.storage.memory.records() != records;
    let effects = cast.alice.storage.ledger.effects().len();
    assert_eq!(effects, if done { clean.effects } else { 0 }, "{what}: effects");
    assert_eq!(&Standing::of(&cast.alice), if done { &clean.after } else { &before }, "{what}");
    do_again(operation, (&cast.alice, input), clean, (done, &what));
    end(operation, &mut cast, &what);
    true
}

/// Sees how it goes on, and names what went before if it does not go well.
fn end(operation: &Operation, cast: &mut Cast, what: &str) {
    let ending = std::panic::AssertUnwindSafe(|| (operation.ending)(cast));
    if let Err(panic) = std::panic::catch_unwind(ending) {
        eprintln!("in the ending of: {what}");
        std::panic::resume_unwind(panic);
    }
}

fn do_again(operation: &Operation, (alice, input): (&Person, &[u8]), clean: &Clean, (done, what): (bool, &str)) {
    let effects = |kind: fn(&Effect) -> bool| alice.storage.ledger.effects().iter().filter(|one| kind(one)).count();
    let inbound = |effect: &Effect| !matches!(effect, Effect::Outbound { .. } | Effect::KeyPackages { .. });
    let told = effects(inbound);
    match (operation.act)(alice, input) {
        Ok(said) if !done => assert_eq!(said, clean.said, "{what}, then again"),
        Ok(_) => assert!(operation.again.contains(&0), "{what}: done twice"),
        Err(error) => assert!(done && operation.again.contains(&error.code()), "{what}, then again: {error:?}"),
    }
    if done {
        assert_eq!(effects(inbound), told, "{what}: told twice");
    }
}

// What there is before an operation.

fn inside() -> (Cast, Vec<u8>) {
    (Cast::together(), vec![])
}

fn reserving() -> (Cast, Vec<u8>) {
    (Cast::reserving(), vec![])
}

fn outside() -> (Cast, Vec<u8>) {
    (Cast::without_alice(), vec![])
}

fn outside_spare() -> (Cast, Vec<u8>) {
    let cast = Cast::without_alice();
    let made = cast.alice.client.create_key_packages(2, KeyPackageOptions::default()).unwrap();
    (cast, made[0].reference.clone())
}

fn welcome_from_bob(cast: &Cast, last_resort: bool) -> Vec<u8> {
    let options = KeyPackageOptions { last_resort, ..KeyPackageOptions::default() };
    let package = cast.alice.client.create_key_packages(1, options).unwrap().remove(0).message;
    let built = cast.bob.group().new_commit().add(package).unwrap().build().unwrap();
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&built.commit);
    built.welcome.unwrap()
}

fn welcomed() -> (Cast, Vec<u8>) {
    let cast = Cast::without_alice();
    let welcome = welcome_from_bob(&cast, false);
    (cast, welcome)
}

fn welcomed_last() -> (Cast, Vec<u8>) {
    let cast = Cast::without_alice();
    let welcome = welcome_from_bob(&cast, true);
    (cast, welcome)
}

fn welcomed_back() -> (Cast, Vec<u8>) {
    let (cast, commit) = removed();
    cast.alice.receive(&commit);
    let welcome = welcome_from_bob(&cast, false);
    (cast, welcome)
}

fn spoken() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let message = cast.alice.say("before");
    cast.bob.receive(&message);
    cast.carol.receive(&message);
    (cast, vec![])
}

fn message() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let message = bob_says(&cast);
    (cast, message)
}

/// Bob says something, which Carol reads.
fn bob_says(cast: &Cast) -> Vec<u8> {
    let message = cast.bob.say("hello");
    cast.carol.receive(&message);
    message
}

fn next_message() -> (Cast, Vec<u8>) {
    let (cast, first) = message();
    cast.alice.receive(&first);
    let second = bob_says(&cast);
    (cast, second)
}

fn skipping() -> (Cast, Vec<u8>) {
    let (cast, first) = message();
    cast.alice.receive(&first);
    let last = (0..40).map(|_| bob_says(&cast)).collect::<Vec<_>>().pop().unwrap();
    (cast, last)
}

fn late() -> (Cast, Vec<u8>) {
    let (cast, first) = message();
    let messages: Vec<Vec<u8>> = (0..40).map(|_| bob_says(&cast)).collect();
    cast.alice.receive(&messages[39]);
    cast.alice.receive(&first);
    (cast, messages[20].clone())
}

fn past() -> (Cast, Vec<u8>) {
    let (cast, message) = message();
    let commit = cast.bob.commit();
    cast.alice.receive(&commit);
    cast.carol.receive(&commit);
    (cast, message)
}

fn proposal() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let proposal = cast.bob.group().propose_update(vec![]).unwrap();
    cast.carol.receive(&proposal);
    (cast, proposal)
}

fn public_proposal() -> (Cast, Vec<u8>) {
    let mut cast = Cast::together();
    let built = cast.alice.group().new_commit().add(cast.dave.key_package()).unwrap().build().unwrap();
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    cast.bob.receive(&built.commit);
    cast.carol.receive(&built.commit);
    let options = JoinOptions { public_handshakes: true, ..JoinOptions::default() };
    cast.dave.handle = Some(cast.dave.client.join(built.welcome.unwrap(), options).unwrap());
    let proposal = cast.dave.group().propose_psk(PSK.to_vec(), vec![]).unwrap();
    cast.bob.receive(&proposal);
    cast.carol.receive(&proposal);
    (cast, proposal)
}

fn newcomer() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let package = cast.dave.key_package();
    (cast, package)
}

fn proposed() -> (Cast, Vec<u8>) {
    let (cast, proposal) = proposal();
    cast.alice.receive(&proposal);
    let psk = cast.alice.group().propose_psk(PSK.to_vec(), vec![]).unwrap();
    cast.bob.receive(&psk);
    cast.carol.receive(&psk);
    (cast, vec![])
}

fn built_in_vain() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    cast.alice.group().new_commit().build().unwrap();
    (cast, vec![])
}

/// Alice has a commit that the others have taken.
fn echo() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let commit = cast.alice.group().new_commit().build().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, commit)
}

fn echo_add() -> (Cast, Vec<u8>) {
    let (cast, package) = newcomer();
    let commit = cast.alice.group().new_commit().add(package).unwrap().build().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, commit)
}

fn built() -> (Cast, Vec<u8>) {
    echo()
}

fn built_add() -> (Cast, Vec<u8>) {
    echo_add()
}

fn update() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, commit)
}

fn add() -> (Cast, Vec<u8>) {
    let (mut cast, package) = newcomer();
    let built = cast.bob.group().new_commit().add(package).unwrap().build().unwrap();
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&built.commit);
    cast.dave.join(built.welcome.unwrap());
    (cast, built.commit)
}

fn removal() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let commit = cast.bob.group().new_commit().remove(cast.carol.leaf()).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    (cast, commit)
}

fn adopted() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let proposal = cast.alice.group().propose_update(vec![]).unwrap();
    cast.bob.receive(&proposal);
    cast.carol.receive(&proposal);
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, commit)
}

fn with_psk() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let commit = cast.bob.group().new_commit().psk(PSK.to_vec()).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&commit);
    (cast, commit)
}

fn beaten() -> (Cast, Vec<u8>) {
    let (cast, commit) = update();
    cast.alice.group().new_commit().add(cast.dave.key_package()).unwrap().build().unwrap();
    (cast, commit)
}

fn removed() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let commit = cast.bob.group().new_commit().remove(cast.alice.leaf()).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&commit);
    (cast, commit)
}

/// Alice has a commit that the others have taken, and Bob has gone on.
fn early() -> (Cast, Vec<u8>) {
    let (cast, _) = echo();
    let message = bob_says(&cast);
    (cast, message)
}

fn early_again() -> (Cast, Vec<u8>) {
    let (cast, first) = early();
    cast.alice.receive(&first);
    let second = bob_says(&cast);
    (cast, second)
}

fn waiting() -> (Cast, Vec<u8>) {
    let (cast, message) = early();
    cast.alice.receive(&message);
    (cast, vec![])
}

fn due() -> (Cast, Vec<u8>) {
    let (cast, _) = waiting();
    take_effect(&cast);
    (cast, vec![])
}

/// Alice gets a commit of Bob's before the one that it follows.
fn out_of_order(cast: &Cast, first: &[u8], second: &[u8]) {
    cast.alice.receive(second);
    cast.alice.receive(first);
}

fn due_commit() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let commits = [cast.bob.commit(), cast.bob.commit()];
    commits.iter().for_each(|commit| drop(cast.carol.receive(commit)));
    out_of_order(&cast, &commits[0], &commits[1]);
    (cast, vec![])
}

fn due_removal() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let first = cast.bob.commit();
    let second = cast.bob.group().new_commit().remove(cast.alice.leaf()).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    [&first, &second].iter().for_each(|commit| drop(cast.carol.receive(commit)));
    out_of_order(&cast, &first, &second);
    (cast, vec![])
}

fn due_forged() -> (Cast, Vec<u8>) {
    let (cast, mut message) = early();
    *message.last_mut().unwrap() ^= 1;
    cast.alice.receive(&message);
    take_effect(&cast);
    (cast, vec![])
}

fn info_of_bob(cast: &Cast) -> Vec<u8> {
    cast.bob.group().group_info(true).unwrap()
}

fn announced() -> (Cast, Vec<u8>) {
    let cast = Cast::without_alice();
    let info = info_of_bob(&cast);
    (cast, info)
}

fn announced_again() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let info = info_of_bob(&cast);
    (cast, info)
}

/// Alice's commit waits, and the others have taken it.
fn entering() -> (Cast, Vec<u8>) {
    let (cast, info) = announced();
    join_external(&cast.alice, &info).unwrap();
    let commit = admit(&cast);
    (cast, commit)
}

fn reentering() -> (Cast, Vec<u8>) {
    let (cast, info) = announced_again();
    rejoin(&cast.alice, &info).unwrap();
    let commit = admit(&cast);
    (cast, commit)
}

fn admit(cast: &Cast) -> Vec<u8> {
    let commit = cast.alice.client.pending_join(GROUP.to_vec()).unwrap().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    commit
}

fn entering_in_vain() -> (Cast, Vec<u8>) {
    let (cast, info) = announced();
    join_external(&cast.alice, &info).unwrap();
    (cast, vec![])
}

fn reentering_in_vain() -> (Cast, Vec<u8>) {
    let (cast, info) = announced_again();
    rejoin(&cast.alice, &info).unwrap();
    (cast, vec![])
}

fn outrun() -> (Cast, Vec<u8>) {
    let (cast, _) = reentering_in_vain();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, commit)
}

fn aged() -> (Cast, Vec<u8>) {
    let (cast, commit) = update();
    let epoch = cast.alice.group().status().unwrap().epoch;
    cast.alice.receive(&commit);
    (cast, epoch.to_be_bytes().to_vec())
}

fn closing() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    commit_reinit(&cast.alice, &[]).unwrap();
    let commit = cast.alice.group().pending_commit().unwrap().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, vec![])
}

fn closed_by_bob() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    commit_reinit(&cast.bob, &[]).unwrap();
    let commit = cast.bob.group().pending_commit().unwrap().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&commit);
    (cast, commit)
}

/// The key packages of Bob and Carol, one after the other, each behind its length.
fn packages(cast: &Cast) -> Vec<u8> {
    let packages = [&cast.bob, &cast.carol].map(Person::key_package);
    packages.iter().flat_map(|package| [&(package.len() as u32).to_be_bytes()[..], package].concat()).collect()
}

fn split(mut input: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<4>() {
        let (part, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        parts.push(part.to_vec());
        input = rest;
    }
    parts
}

fn ready_to_move() -> (Cast, Vec<u8>) {
    let (cast, _) = closing();
    cast.alice.group().confirm_commit(None, vec![]).unwrap();
    let packages = packages(&cast);
    (cast, packages)
}

fn ready_to_branch() -> (Cast, Vec<u8>) {
    let cast = Cast::together();
    let packages = packages(&cast);
    (cast, packages)
}

fn invited_to_move() -> (Cast, Vec<u8>) {
    let (cast, commit) = closed_by_bob();
    cast.alice.receive(&commit);
    let key_packages = [&cast.alice, &cast.carol].map(Person::key_package).to_vec();
    let options = SuccessorOptions { key_packages, ..SuccessorOptions::default() };
    let welcome = cast.bob.group().create_successor(options).unwrap().welcome.unwrap();
    cast.carol.client.join(welcome.clone(), JoinOptions::default()).unwrap();
    (cast, welcome)
}

/// Alice's device is gone; there is an archive of it.
fn archived() -> (Cast, Vec<u8>) {
    let mut cast = Cast::together();
    let archive = cast.alice.group().export_archive(vec![5; 32]).unwrap();
    cast.alice = Person::new("alice");
    (cast, archive)
}

// The operations.

/// The group that comes after.
const NEXT: &[u8] = b"next";

fn join_external(alice: &Person, info: &[u8]) -> Result<String> {
    said(alice.client.join_external(info.to_vec(), ExternalJoinOptions::default()))
}

fn rejoin(alice: &Person, info: &[u8]) -> Result<String> {
    let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
    said(alice.client.join_external(info.to_vec(), options))
}

fn confirm_join(alice: &Person, commit: &[u8]) -> Result<String> {
    said(alice.client.confirm_join(GROUP.to_vec(), Some(commit.to_vec()), vec![]))
}

fn discard_join(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.client.discard_join(GROUP.to_vec(), None))
}

fn commit_resumption(alice: &Person, epoch: &[u8]) -> Result<String> {
    let epoch = u64::from_be_bytes(epoch.try_into().unwrap());
    let psk = ResumptionPsk { group_id: GROUP.to_vec(), epoch };
    said(alice.group().new_commit().resumption_psk(psk)?.build())
}

fn commit_reinit(alice: &Person, _: &[u8]) -> Result<String> {
    let options = ReinitOptions { group_id: Some(NEXT.to_vec()), ..ReinitOptions::default() };
    said(alice.group().new_commit().reinit(options)?.build())
}

fn import(alice: &Person, archive: &[u8]) -> Result<String> {
    said(alice.client.import_archive(archive.to_vec(), vec![5; 32], ImportOptions::default()))
}

fn create_successor(alice: &Person, key_packages: &[u8]) -> Result<String> {
    let options = SuccessorOptions { key_packages: split(key_packages), ..SuccessorOptions::default() };
    said(alice.group().create_successor(options))
}

fn branch(alice: &Person, key_packages: &[u8]) -> Result<String> {
    let members = SuccessorOptions { key_packages: split(key_packages), ..SuccessorOptions::default() };
    let options = BranchOptions { group_id: Some(NEXT.to_vec()), extensions: None, members };
    said(alice.group().branch(options))
}

fn said<T>(outcome: Result<T>) -> Result<String> {
    outcome.map(|_| String::new())
}

fn create_key_packages(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.client.create_key_packages(3, KeyPackageOptions::default()))
}

fn delete_package(alice: &Person, reference: &[u8]) -> Result<String> {
    said(alice.client.delete_key_packages(vec![reference.to_vec()]))
}

fn create_group(alice: &Person, _: &[u8]) -> Result<String> {
    let options = GroupOptions { group_id: Some(GROUP.to_vec()), ..GroupOptions::default() };
    said(alice.client.create_group(options))
}

fn join(alice: &Person, welcome: &[u8]) -> Result<String> {
    said(alice.client.join(welcome.to_vec(), JoinOptions::default()))
}

fn put_psk(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.client.put_psk(b"another".to_vec(), vec![8; 32]))
}

fn delete_psk(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.client.delete_psk(PSK.to_vec()))
}

fn encrypt(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().encrypt(b"hello".to_vec(), vec![], vec![]))
}

fn receive(alice: &Person, message: &[u8]) -> Result<String> {
    alice.group().receive(message.to_vec(), vec![]).map(|event| format!("{event:?}"))
}

fn release(alice: &Person, _: &[u8]) -> Result<String> {
    alice.group().next_deferred(vec![]).map(|event| format!("{event:?}"))
}

fn clear_deferred(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().clear_deferred())
}

fn propose_add(alice: &Person, key_package: &[u8]) -> Result<String> {
    said(alice.group().propose_add(key_package.to_vec(), vec![]))
}

fn propose_remove(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().propose_remove(2, vec![]))
}

fn propose_leave(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().propose_leave(vec![]))
}

fn propose_update(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().propose_update(vec![]))
}

fn propose_psk(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().propose_psk(PSK.to_vec(), vec![]))
}

fn propose_extensions(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().propose_extensions(vec![0], vec![]))
}

fn commit(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().new_commit().build())
}

fn commit_add(alice: &Person, key_package: &[u8]) -> Result<String> {
    said(alice.group().new_commit().add(key_package.to_vec())?.build())
}

fn commit_short(alice: &Person, key_package: &[u8]) -> Result<String> {
    said(alice.group().new_commit().add(key_package.to_vec())?.without_path()?.build())
}

fn commit_remove(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().new_commit().remove(2)?.build())
}

fn commit_psk(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().new_commit().psk(PSK.to_vec())?.build())
}

fn confirm(alice: &Person, _: &[u8]) -> Result<String> {
    alice.group().confirm_commit(None, vec![]).map(|event| format!("{event:?}"))
}

fn discard(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().discard_commit(None))
}

fn clear(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().clear_proposals())
}

fn prune(alice: &Person, _: &[u8]) -> Result<String> {
    said(alice.group().prune(Some(0)))
}

fn delete(alice: &Person, _: &[u8]) -> Result<String> {
    let group = alice.handle.clone().map_or_else(|| alice.client.open_group(GROUP.to_vec()), Ok)?;
    said(group.delete())
}

// What must hold afterwards.

fn alive(cast: &mut Cast) {
    assert_alive(&[&cast.alice, &cast.bob, &cast.carol]);
}

fn alone(cast: &mut Cast) {
    assert_alive(&[&cast.alice]);
}

fn with_dave(cast: &mut Cast) {
    assert_alive(&[&cast.alice, &cast.bob, &cast.carol, &cast.dave]);
}

/// Whatever Alice has sent is read by the others, once; her commit takes effect, newcomers join, proposals are committed.
fn settled(cast: &mut Cast) {
    deliver(cast);
    take_effect(cast);
    if cast.alice.group().status().unwrap().pending_proposals > 0 {
        cast.alice.group().new_commit().build().unwrap();
        let commit = cast.alice.group().pending_commit().unwrap().unwrap().commit;
        cast.bob.receive(&commit);
        cast.carol.receive(&commit);
        drop(cast.dave.handle.as_ref().map(|dave| dave.receive(commit, vec![]).unwrap()));
        take_effect(cast);
    }
    // Newcomers are invited by whatever has been confirmed.
    for welcome in welcomes(&cast.alice) {
        cast.dave.join(welcome);
    }
    let dave = cast.dave.handle.is_some().then_some(&cast.dave);
    let members: Vec<&Person> = [&cast.alice, &cast.bob, &cast.carol].into_iter().chain(dave).collect();
    assert_alive(&members);
}

/// Nothing is left of what was deferred.
fn drained(cast: &mut Cast) {
    take_effect(cast);
    drain(&cast.alice);
    assert_eq!(cast.alice.group().status().unwrap().deferred, 0);
    assert!(!cast.alice.storage.memory.records().iter().any(|record| records::is_deferred(&record.key)));
    settled(cast);
}

/// The delivery service has dropped the proposals.
fn dropped(cast: &mut Cast) {
    cast.bob.group().clear_proposals().unwrap();
    cast.carol.group().clear_proposals().unwrap();
    settled(cast);
}

fn deliver(cast: &Cast) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
}

fn take_effect(cast: &Cast) {
    if cast.alice.group().status().unwrap().pending_commit {
        cast.alice.group().confirm_commit(None, vec![]).unwrap();
    }
}

/// The same, where Bob has to commit what Alice proposed.
fn settled_by_bob(cast: &mut Cast) {
    deliver(cast);
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    match cast.alice.receive(&commit) {
        Event::Removed { .. } => comes_back(cast),
        _ => assert_alive(&[&cast.alice, &cast.bob, &cast.carol]),
    }
}

/// Carol is to go, by Alice's hand.
fn only_bob(cast: &mut Cast) {
    if !cast.alice.group().status().unwrap().pending_commit {
        cast.alice.group().new_commit().build().unwrap();
    }
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
    }
    take_effect(cast);
    only_bob_alive(cast);
}

fn only_bob_alive(cast: &mut Cast) {
    assert_alive(&[&cast.alice, &cast.bob]);
}

/// Alice is out, for good: the others remove her if they have not, and she joins anew.
fn comes_back(cast: &mut Cast) {
    if let Some(alice) = cast.bob.group().find_member(b"alice".to_vec()).unwrap() {
        let commit = cast.bob.group().new_commit().remove(alice.name.leaf).unwrap().build().unwrap().commit;
        cast.bob.group().confirm_commit(None, vec![]).unwrap();
        cast.carol.receive(&commit);
    }
    invited(cast);
}

/// Alice's commit lets her in.
fn enters(cast: &mut Cast) {
    let commit = admit(cast);
    let joined = cast.alice.client.confirm_join(GROUP.to_vec(), Some(commit), vec![]).unwrap();
    cast.alice.handle = Some(joined);
    alive(cast);
}

/// Alice follows what the others do, and comes back in.
fn heals(cast: &mut Cast) {
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    cast.alice.receive(&commit);
    join_external(&cast.alice, &info_of_bob(cast)).unwrap();
    enters(cast);
}

/// The group is closed for everybody, and goes on elsewhere.
fn closed(cast: &mut Cast) {
    if let Some(waiting) = cast.alice.group().pending_commit().unwrap() {
        if cast.bob.group().status().unwrap().frozen {
            cast.alice.group().confirm_commit(None, vec![]).unwrap();
        } else {
            cast.alice.receive(&waiting.commit);
            cast.bob.receive(&waiting.commit);
            cast.carol.receive(&waiting.commit);
        }
    }
    create_successor(&cast.alice, &packages(cast)).unwrap();
    moved(cast);
}

fn followed_by_bob(cast: &mut Cast) {
    let key_packages = [&cast.alice, &cast.carol].map(Person::key_package).to_vec();
    let options = SuccessorOptions { key_packages, ..SuccessorOptions::default() };
    let welcome = cast.bob.group().create_successor(options).unwrap().welcome.unwrap();
    for person in [&cast.alice, &cast.carol] {
        person.client.join(welcome.clone(), JoinOptions::default()).unwrap();
    }
    moved(cast);
}

/// Everybody is in the next group.
fn moved(cast: &mut Cast) {
    for welcome in welcomes(&cast.alice) {
        for person in [&cast.bob, &cast.carol] {
            person.client.join(welcome.clone(), JoinOptions::default()).unwrap();
        }
    }
    for person in [&mut cast.alice, &mut cast.bob, &mut cast.carol] {
        person.handle = Some(person.client.open_group(NEXT.to_vec()).unwrap());
    }
    alive(cast);
}

/// The old group goes on beside the new one.
fn branched(cast: &mut Cast) {
    alive(cast);
    moved(cast);
}

fn invited(cast: &mut Cast) {
    let fresh = |package: &KeyPackageMessage| !package.last_resort;
    let listed = cast.alice.client.key_packages(None, 10).unwrap();
    let package = listed.into_iter().rfind(fresh).map(|package| package.message);
    let package = package.unwrap_or_else(|| cast.alice.key_package());
    let built = cast.bob.group().new_commit().add(package).unwrap().build().unwrap();
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&built.commit);
    cast.alice.join(built.welcome.unwrap());
    alive(cast);
}
