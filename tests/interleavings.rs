//! Two processes in one: two clients of Alice's on one storage, whose calls to it are let through one at a time, in every
//! order up to a bound on the changes of turn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclave::*;
use faults::*;
use parking_lot::{Condvar, Mutex};

/// How often the turn may change although whoever has it could go on.
const CHANGES_OF_TURN: usize = 30;

/// Most orders tried for one pair of operations.
const MOST_ORDERS: usize = 20_000;

/// What one of the two does, with the inputs of its pair. Bytes come back when it sends something.
type Act = fn(&Hand, &[Vec<u8>]) -> Result<Said>;

/// What came of it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a few of them, for a moment each")]
enum Said {
    Sent(Vec<u8>),
    Heard(#[allow(dead_code, reason = "printed when it should not have been")] Event),
    Nothing,
}

/// One of Alice's two processes.
struct Hand {
    client: Arc<Client>,
    group: Option<Arc<Group>>,
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
    Pair { name: "status/commit received", setup: commit, acts: [look, hear_0], outcomes: &[[0, 0]], ending: live },
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
    assert!(total > 1000, "only {total} orders");
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
                let storage = Arc::new(Gated { inner: memory.clone(), gate: gate.clone(), who });
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
    while let Some(beginning) = orders.pop() {
        if tried >= MOST_ORDERS {
            break;
        }
        tried += 1;
        let taken = run(pair, (&base, &inputs), &beginning);
        for place in beginning.len()..taken.len() {
            let Turn { choice, free } = taken[place];
            let mut other: Vec<usize> = taken[..place].iter().map(|turn| turn.choice).collect();
            other.push(1 - choice);
            if free && place > 0 && changes(&other) <= CHANGES_OF_TURN {
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
        let storage = Arc::new(Gated { inner: cast.alice.storage.clone(), gate: gate.clone(), who });
        let client = open_client("alice", storage);
        let group = client.open_group(GROUP.to_vec()).ok();
        Hand { client, group }
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

fn judge(pair: &Pair, (cast, inputs): (&mut Cast, &[Vec<u8>]), outcomes: [Result<Said>; 2]) {
    let codes = [0, 1].map(|who| outcomes[who].as_ref().err().map_or(0, Error::code));
    let allowed = |allowed: &[u32; 2]| (0..2).all(|who| codes[who] == allowed[who] || codes[who] == 601);
    assert!(pair.outcomes.iter().any(allowed), "came to {outcomes:?}");
    cast.alice.reopen();
    let sent: Vec<Vec<u8>> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome {
            Ok(Said::Sent(message)) => Some(message),
            _ => None,
        })
        .collect();
    let written = outbox(&cast.alice);
    assert!(sent.len() == written.len() && sent.iter().all(|one| written.contains(one)), "sent and written differ");
    if cast.bob.group().status().unwrap().active {
        let keys: Vec<KeyUse> = written.iter().filter_map(|one| cast.bob.group().key_use(one).unwrap()).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "a key was used twice: {keys:?}");
    }
    assert_sent_in_their_epochs(cast);
    if codes.contains(&601) {
        // The state is intact, and what was refused can be done again: the endings of other orders show the rest.
        return cast.alice.storage.ledger.assert_nothing_came_back();
    }
    (pair.ending)(cast, inputs);
    cast.alice.storage.ledger.assert_nothing_came_back();
}

/// What was written after a commit took effect is of the epoch that it began; after our removal, nothing was.
fn assert_sent_in_their_epochs(cast: &Cast) {
    let mut now = None;
    for effect in cast.alice.storage.ledger.effects() {
        match effect {
            Effect::Received { event, .. } | Effect::Confirmed { event, .. } => match event {
                Event::EpochChanged { change } => now = Some(change.epoch),
                Event::Removed { .. } => now = Some(u64::MAX),
                _ => {}
            },
            Effect::Outbound { message, .. } => {
                // Who has not followed cannot read a later epoch, and need not.
                let used = cast.bob.group().key_use(&message).ok().flatten();
                let late = used.zip(now).is_some_and(|(used, now)| used.epoch < now);
                assert!(!late, "{used:?} was sent when epoch {now:?} had begun");
            }
            _ => {}
        }
    }
}

/// Where threads wait before each storage call until they are let through.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    moved: Condvar,
}

#[derive(Default)]
struct GateState {
    closed: bool,
    waiting: [bool; 2],
    admitted: Option<usize>,
    done: [bool; 2],
}

impl GateState {
    /// Nobody is on the way: each waits or is done.
    fn is_still(&self) -> bool {
        self.admitted.is_none() && (0..2).all(|who| self.waiting[who] || self.done[who])
    }
}

impl Gate {
    fn close(&self) {
        self.state.lock().closed = true;
    }

    fn pass(&self, who: usize) {
        let mut state = self.state.lock();
        if !state.closed {
            return;
        }
        state.waiting[who] = true;
        self.moved.notify_all();
        while state.admitted != Some(who) {
            self.moved.wait(&mut state);
        }
        state.admitted = None;
        state.waiting[who] = false;
    }

    /// Lets one after another through: as laid down, then whoever came last as long as it goes on.
    fn direct(&self, beginning: &[usize]) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        let mut state = self.state.lock();
        loop {
            while !state.is_still() {
                self.moved.wait(&mut state);
            }
            let open: Vec<usize> = (0..2).filter(|who| state.waiting[*who]).collect();
            let Some(first) = open.first() else {
                state.closed = false;
                return turns;
            };
            let wanted = beginning.get(turns.len()).or(turns.last().map(|turn| &turn.choice)).unwrap_or(first);
            let choice = if open.contains(wanted) { *wanted } else { *first };
            turns.push(Turn { choice, free: open.len() == 2 });
            state.admitted = Some(choice);
            self.moved.notify_all();
        }
    }
}

/// Says so when a thread is through, however it ends.
struct Done {
    gate: Arc<Gate>,
    who: usize,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.gate.state.lock().done[self.who] = true;
        self.gate.moved.notify_all();
    }
}

struct Gated {
    inner: Arc<Faulty>,
    gate: Arc<Gate>,
    who: usize,
}

impl Storage for Gated {
    fn read(&self, keys: Vec<Vec<u8>>) -> std::result::Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.gate.pass(self.who);
        self.inner.read(keys)
    }

    fn scan(
        &self,
        prefix: Vec<u8>,
        after: Vec<u8>,
        limit: u32,
    ) -> std::result::Result<Vec<StoredRecord>, StorageError> {
        self.gate.pass(self.who);
        self.inner.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> std::result::Result<(), StorageError> {
        self.gate.pass(self.who);
        self.inner.write(batch)
    }
}

// The operations.

impl Hand {
    fn group(&self) -> &Arc<Group> {
        self.group.as_ref().unwrap()
    }

    fn hear(&self, message: &[u8]) -> Result<Said> {
        self.group().receive(message.to_vec(), vec![]).map(Said::Heard)
    }
}

fn hear_0(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.hear(&inputs[0])
}

fn hear_1(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.hear(&inputs[1])
}

fn speak(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().encrypt(b"hello".to_vec(), vec![], vec![]).map(Said::Sent)
}

fn propose(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().propose_psk(PSK.to_vec(), vec![]).map(Said::Sent)
}

fn build(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().clone().new_commit().build().map(|built| Said::Sent(built.commit))
}

fn confirm(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().confirm_commit(None, vec![]).map(Said::Heard)
}

fn discard(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().discard_commit(None).map(|()| Said::Nothing)
}

fn clear(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().clear_proposals().map(|()| Said::Nothing)
}

fn delete(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    hand.group().delete().map(|()| Said::Nothing)
}

fn look(hand: &Hand, _: &[Vec<u8>]) -> Result<Said> {
    let (group, status) = (hand.group(), hand.group().status()?);
    assert_eq!(status.members, 3);
    assert_eq!(group.members(None, 9)?.len(), 3);
    Ok(Said::Nothing)
}

fn join(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.client.join(inputs[0].clone(), JoinOptions::default()).map(|_| Said::Nothing)
}

fn enter(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
    hand.client.join_external(inputs[0].clone(), options).map(|join| Said::Sent(join.commit))
}

fn confirm_join(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.client.confirm_join(GROUP.to_vec(), Some(inputs[0].clone()), vec![]).map(|_| Said::Nothing)
}

fn discard_join(hand: &Hand, inputs: &[Vec<u8>]) -> Result<Said> {
    hand.client.discard_join(GROUP.to_vec(), Some(inputs[0].clone())).map(|()| Said::Nothing)
}

// What there is before them.

fn announced() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::without_alice();
    let info = cast.bob.group().group_info(true).unwrap();
    (cast, vec![info])
}

fn announced_commit() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let info = cast.bob.group().group_info(true).unwrap();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![info, commit])
}

/// Alice's commit waits, and the others have taken it.
fn entering() -> (Cast, Vec<Vec<u8>>) {
    let (cast, inputs) = announced();
    let commit = taken_by_others(&cast, &inputs[0]);
    (cast, vec![commit])
}

fn reentering() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let info = cast.bob.group().group_info(true).unwrap();
    let message = heard_by_carol(&cast, 1).remove(0);
    let commit = taken_by_others(&cast, &info);
    (cast, vec![commit, message])
}

fn taken_by_others(cast: &Cast, info: &[u8]) -> Vec<u8> {
    let options = ExternalJoinOptions { rejoin: true, ..ExternalJoinOptions::default() };
    let commit = cast.alice.client.join_external(info.to_vec(), options).unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    commit
}

fn nothing() -> (Cast, Vec<Vec<u8>>) {
    (Cast::together(), vec![])
}

fn spoken() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let message = cast.alice.say("before");
    cast.bob.receive(&message);
    cast.carol.receive(&message);
    (cast, vec![])
}

fn two_of_bob() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let messages = heard_by_carol(&cast, 3);
    cast.alice.receive(&messages[0]);
    (cast, messages[1..].to_vec())
}

fn heard_by_carol(cast: &Cast, count: usize) -> Vec<Vec<u8>> {
    let messages: Vec<Vec<u8>> = (0..count).map(|_| cast.bob.say("hello")).collect();
    messages.iter().for_each(|message| drop(cast.carol.receive(message)));
    messages
}

fn far_apart() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let messages = heard_by_carol(&cast, 40);
    cast.alice.receive(&messages[20]);
    (cast, vec![messages[39].clone(), messages[10].clone()])
}

fn one_of_each() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let (b, c) = (cast.bob.say("hello"), cast.carol.say("hello"));
    cast.carol.receive(&b);
    cast.bob.receive(&c);
    (cast, vec![b, c])
}

fn commit() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

fn message_commit() -> (Cast, Vec<Vec<u8>>) {
    let (cast, messages) = two_of_bob();
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![messages[0].clone(), commit])
}

fn first_message_commit() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let messages = heard_by_carol(&cast, 1);
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    (cast, vec![messages[0].clone(), commit])
}

fn our_removal() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.bob.group().new_commit().remove(0).unwrap().build().unwrap().commit;
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

/// Alice has a commit, and so has Bob, who does not know which of them will win.
fn rivals() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    cast.alice.group().new_commit().build().unwrap();
    let commit = cast.bob.group().new_commit().build().unwrap().commit;
    (cast, vec![commit])
}

/// Alice has a commit that the others have taken.
fn taken() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.alice.group().new_commit().build().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, vec![commit])
}

fn taken_message() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let commit = cast.alice.group().new_commit().build().unwrap().commit;
    let message = heard_by_carol(&cast, 1).remove(0);
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    (cast, vec![commit, message])
}

fn proposal() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::together();
    let proposal = cast.bob.group().propose_psk(PSK.to_vec(), vec![]).unwrap();
    cast.carol.receive(&proposal);
    (cast, vec![proposal])
}

fn proposal_and_commit() -> (Cast, Vec<Vec<u8>>) {
    let (cast, mut messages) = proposal();
    let commit = cast.carol.commit();
    cast.bob.receive(&commit);
    messages.push(commit);
    (cast, messages)
}

fn welcomed() -> (Cast, Vec<Vec<u8>>) {
    let cast = Cast::without_alice();
    let built = cast.bob.group().new_commit().add(cast.alice.key_package()).unwrap().build().unwrap();
    cast.bob.group().confirm_commit(None, vec![]).unwrap();
    cast.carol.receive(&built.commit);
    (cast, vec![built.welcome.unwrap()])
}

// What must hold after them.

/// Whichever commit waits lets Alice in.
fn entered(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let commit = cast.alice.client.pending_join(GROUP.to_vec()).unwrap().unwrap().commit;
    cast.bob.receive(&commit);
    cast.carol.receive(&commit);
    cast.alice.handle = Some(cast.alice.client.confirm_join(GROUP.to_vec(), None, vec![]).unwrap());
    live(cast, inputs);
}

/// The rejoin came too late or was outrun, and Alice goes on as she was.
fn outrun(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert!(cast.alice.client.pending_join(GROUP.to_vec()).unwrap().is_none());
    live(cast, inputs);
}

/// The others have let Alice in; if she gave that up, she comes in anew.
fn entered_or_not(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let member = |group: Arc<Group>| group.status().unwrap().active;
    match cast.alice.client.open_group(GROUP.to_vec()).is_ok_and(member) {
        true => live(cast, inputs),
        false => comes_back(cast, inputs),
    }
}

fn heard_once_more(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert_eq!(heard(cast), 1);
    assert_eq!(cast.alice.group().receive(inputs[1].clone(), vec![]).unwrap_err().code(), 405);
    live(cast, inputs);
}

fn live(cast: &mut Cast, _: &[Vec<u8>]) {
    assert_going(&[&cast.alice, &cast.bob, &cast.carol]);
}

fn joined(cast: &mut Cast, inputs: &[Vec<u8>]) {
    live(cast, inputs);
}

fn heard(cast: &Cast) -> usize {
    let effects = cast.alice.storage.ledger.effects();
    effects.iter().filter(|effect| matches!(effect, Effect::Received { .. })).count()
}

fn heard_one(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert_eq!(heard(cast), 1);
    live(cast, inputs);
}

fn heard_both(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert_eq!(heard(cast), 2);
    for message in inputs {
        let code = cast.alice.group().receive(message.clone(), vec![]).unwrap_err().code();
        assert!(code == 405 || code == 403, "{code}");
    }
    live(cast, inputs);
}

/// The others read what Alice sent; her commit takes effect.
fn sent_all(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
    sent_commit_taken(cast, inputs);
}

/// The same; a proposal that the commit came before is void.
fn sent_or_void(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        let codes = [&cast.bob, &cast.carol]
            .map(|one| one.group().receive(message.clone(), vec![]).err().map_or(0, |error| error.code()));
        assert!(codes == [0, 0] || codes == [403, 403], "{codes:?}");
    }
    sent_commit_taken(cast, inputs);
}

fn sent_commit_taken(cast: &mut Cast, inputs: &[Vec<u8>]) {
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

fn sent_commit(cast: &mut Cast, inputs: &[Vec<u8>]) {
    sent_all(cast, inputs);
}

fn proposed_all(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
    by_bob(cast, inputs);
}

fn by_bob(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let commit = cast.bob.commit();
    cast.carol.receive(&commit);
    cast.alice.receive(&commit);
    live(cast, inputs);
}

fn by_bob_or_dropped(cast: &mut Cast, inputs: &[Vec<u8>]) {
    match cast.alice.group().status().unwrap().pending_proposals {
        0 => [&cast.bob, &cast.carol].iter().for_each(|one| one.group().clear_proposals().unwrap()),
        _ => return by_bob(cast, inputs),
    }
    live(cast, inputs);
}

/// Either the proposal came before the others' commit and is void, or after it and is committed.
fn live_if_late(cast: &mut Cast, inputs: &[Vec<u8>]) {
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
fn superseded(cast: &mut Cast, inputs: &[Vec<u8>]) {
    let status = cast.alice.group().status().unwrap();
    assert_eq!(status.epoch, cast.bob.group().status().unwrap().epoch);
    if status.pending_commit {
        return sent_all(cast, inputs);
    }
    live(cast, inputs);
}

/// One of the rivals has won: who has not, follows or comes back.
fn either(cast: &mut Cast, inputs: &[Vec<u8>]) {
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

fn out(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in outbox(&cast.alice) {
        cast.bob.receive(&message);
        cast.carol.receive(&message);
    }
    comes_back(cast, inputs);
}

fn deleted(cast: &mut Cast, inputs: &[Vec<u8>]) {
    assert!(cast.alice.storage.memory.records().iter().all(|record| !matches!(record.key[8], 0x10 | 0x04)));
    comes_back(cast, inputs);
}

/// Alice begins anew.
fn comes_back(cast: &mut Cast, _: &[Vec<u8>]) {
    if let Ok(group) = cast.alice.client.open_group(GROUP.to_vec()) {
        group.delete().unwrap();
    }
    if cast.bob.group().find_member(b"alice".to_vec()).unwrap().is_some() {
        let commit = cast.bob.group().new_commit().remove(0).unwrap().build().unwrap().commit;
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
fn again_both(cast: &mut Cast, inputs: &[Vec<u8>]) {
    for message in inputs {
        drop(cast.alice.group().receive(message.clone(), vec![]));
    }
    assert_eq!(heard(cast), 2);
    live(cast, inputs);
}
