//! Two processes in one: two clients of Alice's on one storage, whose calls to it are let through one at a time, in every
//! order; for operations of many calls, in every order up to a bound on the changes of turn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "interleavings/acts.rs"]
mod acts;
#[path = "interleavings/endings.rs"]
mod endings;
mod faults;
#[path = "interleavings/gate.rs"]
mod gate;
#[path = "interleavings/setups.rs"]
mod setups;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use acts::*;
use conclave::*;
use endings::*;
use faults::*;
use gate::*;
use parking_lot::{Condvar, Mutex};
use setups::*;

/// So many orders of a pair are tried, whatever they are; and of a pair with more, up to this sum, those in which the turn
/// changes no more than so often although whoever has it could go on.
const EVERY_ORDER: usize = 800;
const MOST_ORDERS: usize = 1200;
const CHANGES_OF_TURN: usize = 3;

/// Pairs of which every order is tried, however many there are.
const COMPLETE: &[&str] = &[
    "decrypt/decrypt",
    "decrypt first/first",
    "decrypt/commit received",
    "decrypt first/commit received",
    "encrypt/commit received",
    "confirm/commit received",
    "prune/late decrypt",
    "reserve/commit received",
    "reserved send/commit received",
    "join/join",
    "discard/echo",
];

/// What one of the two does, with the inputs of its pair. Bytes come back when it sends something.
type Act = fn(&Hand, &[Vec<u8>]) -> Result<Said>;

/// What came of it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a few of them, for a moment each")]
enum Said {
    Sent(Vec<u8>),
    /// Sent from a reserve, when so many effects had been written.
    Unrecorded(Vec<u8>, usize),
    Heard(#[allow(dead_code, reason = "printed when it should not have been")] Event),
    Nothing,
}

/// One of Alice's two processes.
struct Hand {
    client: Arc<Client>,
    group: Option<Arc<Group>>,
    storage: Arc<Gated>,
}

/// Two operations that are run against each other.
struct Pair {
    name: &'static str,
    setup: fn() -> (Cast, Vec<Vec<u8>>),
    acts: [Act; 2],
    /// What may come of them, as codes of errors, 0 for success. A conflict that was retried in vain is always allowed.
    outcomes: &'static [[u32; 2]],
    ending: fn(&mut Cast, &[Vec<u8>]),
}

const PAIRS: &[Pair] = &[
    Pair {
        name: "decrypt/decrypt",
        setup: two_of_bob,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0]],
        ending: heard_both,
    },
    Pair {
        name: "decrypt first/first",
        setup: one_of_each,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0]],
        ending: heard_both,
    },
    Pair {
        name: "decrypt the same",
        setup: two_of_bob,
        acts: [hear_0, hear_0],
        outcomes: &[[0, 405], [405, 0]],
        ending: heard_one,
    },
    Pair {
        name: "decrypt skipping/late",
        setup: far_apart,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0]],
        ending: heard_both,
    },
    Pair {
        name: "decrypt/commit received",
        setup: message_commit,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0]],
        ending: heard_both,
    },
    Pair {
        name: "decrypt first/commit received",
        setup: first_message_commit,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0]],
        ending: heard_both,
    },
    Pair {
        name: "encrypt/commit received",
        setup: commit,
        acts: [speak, hear_0],
        outcomes: &[[0, 0]],
        ending: sent_all,
    },
    Pair {
        name: "encrypt/removal",
        setup: our_removal,
        acts: [speak, hear_0],
        outcomes: &[[0, 0], [409, 0]],
        ending: out,
    },
    Pair { name: "encrypt/encrypt", setup: nothing, acts: [speak, speak], outcomes: &[[0, 0]], ending: sent_all },
    Pair { name: "encrypt/encrypt again", setup: spoken, acts: [speak, speak], outcomes: &[[0, 0]], ending: sent_all },
    Pair {
        name: "confirm/commit received",
        setup: rivals,
        acts: [confirm, hear_0],
        outcomes: &[[0, 403], [504, 0]],
        ending: either,
    },
    Pair { name: "confirm/echo", setup: taken, acts: [confirm, hear_0], outcomes: &[[0, 403], [504, 0]], ending: live },
    Pair { name: "echo/echo", setup: taken, acts: [hear_0, hear_0], outcomes: &[[0, 403], [403, 0]], ending: live },
    Pair {
        name: "discard/echo",
        setup: taken,
        acts: [discard, hear_0],
        outcomes: &[[0, 411], [504, 0]],
        ending: either,
    },
    Pair {
        name: "confirm/discard",
        setup: taken,
        acts: [confirm, discard],
        outcomes: &[[0, 504], [504, 0]],
        ending: either,
    },
    Pair { name: "confirm/decrypt", setup: taken_message, acts: [confirm, hear_1], outcomes: &[[0, 0]], ending: live },
    Pair {
        name: "commit/commit",
        setup: nothing,
        acts: [build, build],
        outcomes: &[[0, 503], [503, 0]],
        ending: sent_commit,
    },
    Pair {
        name: "commit/commit received",
        setup: commit,
        acts: [build, hear_0],
        outcomes: &[[0, 0]],
        ending: superseded,
    },
    Pair { name: "commit/encrypt", setup: nothing, acts: [build, speak], outcomes: &[[0, 0]], ending: sent_all },
    Pair { name: "propose/commit", setup: nothing, acts: [propose, build], outcomes: &[[0, 0]], ending: sent_or_void },
    Pair {
        name: "propose/propose",
        setup: nothing,
        acts: [propose, propose],
        outcomes: &[[0, 0]],
        ending: proposed_all,
    },
    Pair {
        name: "propose/commit received",
        setup: commit,
        acts: [propose, hear_0],
        outcomes: &[[0, 0]],
        ending: live_if_late,
    },
    Pair {
        name: "propose/encrypt",
        setup: nothing,
        acts: [propose, speak],
        outcomes: &[[0, 0], [0, 505]],
        ending: proposed_all,
    },
    Pair {
        name: "proposal received twice",
        setup: proposal,
        acts: [hear_0, hear_0],
        outcomes: &[[0, 405], [405, 0]],
        ending: by_bob,
    },
    Pair {
        name: "commit/proposal received",
        setup: proposal,
        acts: [build, hear_0],
        outcomes: &[[0, 0]],
        ending: sent_all,
    },
    Pair {
        name: "commit received/its proposal",
        setup: proposal_and_commit,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0], [0, 406], [403, 0]],
        ending: again_both,
    },
    Pair {
        name: "commit received twice",
        setup: commit,
        acts: [hear_0, hear_0],
        outcomes: &[[0, 403], [403, 0]],
        ending: live,
    },
    Pair {
        name: "join/join",
        setup: welcomed,
        acts: [join, join],
        outcomes: &[[0, 408], [408, 0], [0, 507], [507, 0]],
        ending: joined,
    },
    Pair {
        name: "delete/decrypt",
        setup: two_of_bob,
        acts: [delete, hear_0],
        outcomes: &[[0, 0], [0, 401]],
        ending: deleted,
    },
    Pair {
        name: "delete/encrypt",
        setup: nothing,
        acts: [delete, speak],
        outcomes: &[[0, 0], [0, 401]],
        ending: deleted,
    },
    Pair {
        name: "delete/commit received",
        setup: commit,
        acts: [delete, hear_0],
        outcomes: &[[0, 0], [0, 401]],
        ending: deleted,
    },
    Pair {
        name: "clear/proposal received",
        setup: proposal,
        acts: [clear, hear_0],
        outcomes: &[[0, 0]],
        ending: by_bob_or_dropped,
    },
    Pair {
        name: "join by a commit twice",
        setup: announced,
        acts: [enter, enter],
        outcomes: &[[0, 510], [510, 0]],
        ending: entered,
    },
    Pair {
        name: "rejoin/commit received",
        setup: announced_commit,
        acts: [enter, hear_1],
        outcomes: &[[0, 0], [315, 0]],
        ending: outrun,
    },
    Pair {
        name: "confirm a join twice",
        setup: entering,
        acts: [confirm_join, confirm_join],
        outcomes: &[[0, 511], [511, 0]],
        ending: live,
    },
    Pair {
        name: "confirm/discard a join",
        setup: entering,
        acts: [confirm_join, discard_join],
        outcomes: &[[0, 511], [511, 0]],
        ending: entered_or_not,
    },
    Pair {
        name: "confirm a rejoin/its echo",
        setup: reentering,
        acts: [confirm_join, hear_0],
        outcomes: &[[0, 403], [511, 0]],
        ending: live,
    },
    Pair {
        name: "confirm a rejoin/decrypt",
        setup: reentering,
        acts: [confirm_join, hear_1],
        outcomes: &[[0, 0]],
        ending: heard_once_more,
    },
    Pair {
        name: "confirm a rejoin/encrypt",
        setup: reentering,
        acts: [confirm_join, speak],
        outcomes: &[[0, 0]],
        ending: sent_all,
    },
    Pair {
        name: "discard a rejoin/its echo",
        setup: reentering,
        acts: [discard_join, hear_0],
        outcomes: &[[0, 0], [511, 0]],
        ending: entered_or_not,
    },
    Pair { name: "release/release", setup: two_due, acts: [release, release], outcomes: &[[0, 0]], ending: read_two },
    Pair {
        name: "release the last/release",
        setup: one_due,
        acts: [release, release],
        outcomes: &[[0, 0]],
        ending: read_one,
    },
    Pair {
        name: "release/commit received",
        setup: one_due_commit,
        acts: [release, hear_0],
        outcomes: &[[0, 0]],
        ending: read_one,
    },
    Pair {
        name: "release a commit/commit received",
        setup: commit_due,
        acts: [release, hear_0],
        outcomes: &[[0, 0], [0, 403]],
        ending: read_none,
    },
    Pair {
        name: "release/delete",
        setup: one_due,
        acts: [delete, release],
        outcomes: &[[0, 0], [0, 401]],
        ending: deleted,
    },
    Pair {
        name: "defer/commit received",
        setup: early_commit,
        acts: [hear_0, hear_1],
        outcomes: &[[0, 0]],
        ending: read_one,
    },
    Pair { name: "defer/defer", setup: two_early, acts: [hear_0, hear_1], outcomes: &[[0, 0]], ending: taken_two },
    Pair { name: "defer the same", setup: two_early, acts: [hear_0, hear_0], outcomes: &[[0, 0]], ending: taken_one },
    Pair { name: "defer/confirm", setup: two_early, acts: [hear_0, confirm], outcomes: &[[0, 0]], ending: read_one },
    Pair {
        name: "prune/late decrypt",
        setup: late_message,
        acts: [prune, hear_0],
        outcomes: &[[0, 0], [0, 403]],
        ending: pruned,
    },
    Pair { name: "prune/commit received", setup: commit, acts: [prune, hear_0], outcomes: &[[0, 0]], ending: live },
    Pair { name: "reserve/reserve", setup: reserving, acts: [speak, speak], outcomes: &[[0, 0]], ending: sent_all },
    Pair {
        name: "reserve/commit received",
        setup: commit_reserving,
        acts: [speak, hear_0],
        outcomes: &[[0, 0]],
        ending: sent_all,
    },
    Pair {
        name: "reserved send/commit received",
        setup: commit_reserving,
        acts: [reserve_and_speak, hear_0],
        outcomes: &[[0, 0]],
        ending: sent_all,
    },
    Pair {
        name: "reserved send/removal",
        setup: removal_reserving,
        acts: [reserve_and_speak, hear_0],
        outcomes: &[[0, 0], [409, 0]],
        ending: out,
    },
    Pair { name: "status/commit received", setup: commit, acts: [look, hear_0], outcomes: &[[0, 0]], ending: live },
    Pair { name: "archive/commit received", setup: commit, acts: [archive, hear_0], outcomes: &[[0, 0]], ending: live },
    Pair {
        name: "archive/decrypt",
        setup: two_of_bob,
        acts: [archive, hear_0],
        outcomes: &[[0, 0]],
        ending: heard_one,
    },
    Pair { name: "archive/delete", setup: nothing, acts: [archive, delete], outcomes: &[[0, 0]], ending: deleted },
    Pair { name: "archive/removal", setup: our_removal, acts: [archive, hear_0], outcomes: &[[0, 0]], ending: out },
];

#[test]
fn no_order_of_two_operations_does_harm() {
    let total = AtomicUsize::new(0);
    let all = &|half: usize| {
        for pair in PAIRS.iter().skip(half).step_by(2) {
            let orders = explore(pair);
            println_orders(pair.name, orders);
            total.fetch_add(orders, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| [0, 1].map(|half| scope.spawn(move || all(half))).map(|one| one.join().unwrap()));
    let total = total.into_inner();
    assert!(total > 5000, "only {total} orders");
    let known = |name: &&str| PAIRS.iter().any(|pair| pair.name == *name);
    assert!(COMPLETE.iter().all(known), "a pair that must be complete is not there");
}

#[allow(clippy::print_stdout)]
fn println_orders(name: &str, orders: usize) {
    println!("{orders:5} orders of {name}");
}

#[test]
fn a_new_client_can_be_opened_twice_at_once() {
    for order in 0..256u32 {
        let memory = Faulty::over(MemoryStorage::new(), Arc::default());
        let gate = Arc::new(Gate::default());
        gate.close();
        let beginning: Vec<usize> = (0..8).map(|turn| (order >> turn & 1) as usize).collect();
        let clients = std::thread::scope(|scope| {
            let threads = [0, 1].map(|who| {
                let storage =
                    Arc::new(Gated { inner: memory.clone(), gate: gate.clone(), who, last: AtomicUsize::new(0) });
                scope.spawn(move || {
                    let _done = Done { gate: storage.gate.clone(), who };
                    Client::new(ClientConfig::basic("alice"), Host::new(storage, Arc::new(AcceptAll)))
                })
            });
            gate.direct(&beginning);
            threads.map(|thread| thread.join().unwrap().unwrap_or_else(|error| panic!("{beginning:?}: {error:?}")))
        });
        let keys = clients.map(|client| {
            let group = client.create_group(GroupOptions::default()).unwrap();
            group.members(None, 1).unwrap().remove(0).signature_key
        });
        assert_eq!(keys[0], keys[1], "{beginning:?}: each has a signing key of its own");
    }
}

/// Goes through the orders depth first: each run follows a beginning that is laid down, and notes where it could have gone
/// the other way.
fn explore(pair: &Pair) -> usize {
    let (base, inputs) = (pair.setup)();
    let mut orders: Vec<Vec<usize>> = vec![Vec::new(), vec![1]];
    let mut tried = 0;
    let is_complete = COMPLETE.contains(&pair.name);
    while let Some(beginning) = orders.pop() {
        if tried >= MOST_ORDERS && !is_complete {
            break;
        }
        tried += 1;
        let taken = run(pair, (&base, &inputs), &beginning);
        for place in beginning.len()..taken.len() {
            let Turn { choice, free } = taken[place];
            let mut other: Vec<usize> = taken[..place].iter().map(|turn| turn.choice).collect();
            other.push(1 - choice);
            if free && place > 0 && (is_complete || tried < EVERY_ORDER || changes(&other) <= CHANGES_OF_TURN) {
                orders.push(other);
            }
        }
    }
    tried
}

fn changes(order: &[usize]) -> usize {
    order.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// One storage call that was let through: whose, and whether the other could have had its turn.
#[derive(Clone, Copy)]
struct Turn {
    choice: usize,
    free: bool,
}

fn run(pair: &Pair, (base, inputs): (&Cast, &[Vec<u8>]), beginning: &[usize]) -> Vec<Turn> {
    let mut cast = base.copy();
    let gate = Arc::new(Gate::default());
    let hands = [0, 1].map(|who| {
        let storage =
            Arc::new(Gated { inner: cast.alice.storage.clone(), gate: gate.clone(), who, last: AtomicUsize::new(0) });
        let client = open_client("alice", storage.clone(), cast.alice.reserve);
        let group = client.open_group(GROUP.to_vec()).ok();
        Hand { client, group, storage }
    });
    gate.close();
    let (outcomes, turns) = std::thread::scope(|scope| {
        let threads = [0, 1].map(|who| {
            let (hand, act, gate) = (&hands[who], pair.acts[who], gate.clone());
            scope.spawn(move || {
                let _done = Done { gate, who };
                act(hand, inputs)
            })
        });
        let turns = gate.direct(beginning);
        (threads.map(|thread| thread.join().unwrap()), turns)
    });
    let order: Vec<usize> = turns.iter().map(|turn| turn.choice).collect();
    let finish = std::panic::AssertUnwindSafe(|| judge(pair, (&mut cast, inputs), outcomes));
    if let Err(panic) = std::panic::catch_unwind(finish) {
        eprintln!("{} in the order {order:?}", pair.name);
        std::panic::resume_unwind(panic);
    }
    turns
}

/// Both came to something that is allowed, nothing was lost or doubled, and everyone goes on.
fn judge(pair: &Pair, (cast, inputs): (&mut Cast, &[Vec<u8>]), outcomes: [Result<Said>; 2]) {
    let codes = [0, 1].map(|who| outcomes[who].as_ref().err().map_or(0, Error::code));
    let allowed = |allowed: &[u32; 2]| (0..2).all(|who| codes[who] == allowed[who] || codes[who] == 601);
    assert!(pair.outcomes.iter().any(allowed), "came to {outcomes:?}");
    cast.alice.reopen();
    let unrecorded = assert_sent_once(pair, cast, outcomes);
    assert_sent_in_their_epochs(cast, &unrecorded);
    if codes.contains(&601) {
        // The state is intact, and what was refused can be done again: the endings of other orders show the rest.
        return cast.alice.storage.ledger.assert_nothing_came_back();
    }
    for (message, _) in &unrecorded {
        cast.bob.receive(message);
        cast.carol.receive(message);
    }
    (pair.ending)(cast, inputs);
    cast.alice.storage.ledger.assert_nothing_came_back();
}

/// What was returned was written, unless it came from a reserve, and no two messages have one key. Gives those of the reserve,
/// each with how many effects had been written.
fn assert_sent_once(pair: &Pair, cast: &Cast, outcomes: [Result<Said>; 2]) -> Vec<(Vec<u8>, usize)> {
    let (mut sent, mut unrecorded) = (Vec::new(), Vec::new());
    for said in outcomes.into_iter().flatten() {
        match said {
            Said::Sent(message) => sent.push(message),
            Said::Unrecorded(message, after) => unrecorded.push((message, after)),
            Said::Heard(_) | Said::Nothing => {}
        }
    }
    let written = outbox(&cast.alice);
    // Who speaks twice tells of the second message only.
    let twice = pair.acts.iter().any(|act| std::ptr::fn_addr_eq(*act, reserve_and_speak as Act));
    let all_told = sent.len() == written.len() || twice;
    assert!(all_told && sent.iter().all(|one| written.contains(one)), "sent and written differ");
    if cast.bob.group().status().unwrap().active {
        let every = written.iter().chain(unrecorded.iter().map(|(message, _)| message));
        let keys: Vec<KeyUse> = every.filter_map(|one| cast.bob.group().key_use(one).unwrap()).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "a key was used twice: {keys:?}");
    }
    unrecorded
}

/// What was written after a commit took effect is of the epoch that it began; after our removal, nothing was.
fn assert_sent_in_their_epochs(cast: &Cast, unrecorded: &[(Vec<u8>, usize)]) {
    let mut now = None;
    let effects = cast.alice.storage.ledger.effects();
    for (place, effect) in effects.into_iter().map(Some).chain([None]).enumerate() {
        // What a reserved send rests on was last read when so much had been written.
        for (message, _) in unrecorded.iter().filter(|(_, after)| *after == place) {
            assert_not_late(cast, message, now);
        }
        let Some(effect) = effect else { break };
        match effect {
            Effect::Received { event, .. } | Effect::Confirmed { event, .. } => match event {
                Event::EpochChanged { change } => now = Some(change.epoch),
                Event::Removed { .. } => now = Some(u64::MAX),
                _ => {}
            },
            Effect::Outbound { message, .. } => {
                assert_not_late(cast, &message, now);
            }
            _ => {}
        }
    }
}

fn assert_not_late(cast: &Cast, message: &[u8], now: Option<u64>) {
    // Who has not followed cannot read a later epoch, and need not.
    let used = cast.bob.group().key_use(message).ok().flatten();
    let late = used.zip(now).is_some_and(|(used, now)| used.epoch < now);
    assert!(!late, "{used:?} was sent when epoch {now:?} had begun");
}
