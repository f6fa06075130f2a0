//! Storages that fail, lie or return garbage: the call says so with a 7xx, nothing is lost, and once the storage behaves the
//! group works on.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};

use conclave::*;

use super::people::*;

/// What goes wrong in one call of the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Unavailable,
    Locked,
    /// A write is durable, but its outcome is reported as unknown.
    Doubt,
    TooFew,
    TooMany,
    /// Every value loses its last byte.
    Short,
    /// Every value gets one more byte.
    Long,
    Empty,
    Oversized,
    /// Every value is noise of its own length.
    Noise,
    /// One bit of every value is turned.
    Flip,
    /// Records of a scan come in descending order.
    Backwards,
    /// Records of a scan come twice.
    Repeated,
    /// A record that does not have the prefix.
    Foreign,
}

use Fault::*;

const REFUSALS: [Fault; 2] = [Unavailable, Locked];
const READS: [Fault; 6] = [TooFew, TooMany, Short, Long, Empty, Oversized];
const SEALED_READS: [Fault; 2] = [Noise, Flip];
const SCANS: [Fault; 3] = [Backwards, Repeated, Foreign];

/// When the storage goes wrong.
#[derive(Clone, Copy)]
struct Plan {
    fault: Fault,
    /// The first call that may, counted from when the storage was armed.
    from: usize,
    /// Whether it goes on being wrong.
    lasting: bool,
}

/// A storage that goes wrong according to plan.
struct Faulty {
    sound: Arc<MemoryStorage>,
    plan: Mutex<Option<Plan>>,
    calls: AtomicUsize,
    struck: AtomicUsize,
}

impl Faulty {
    fn over(sound: Arc<MemoryStorage>) -> Arc<Self> {
        let (calls, struck) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Faulty { sound, plan: Mutex::new(None), calls, struck })
    }

    fn arm(&self, plan: Plan) {
        self.calls.store(0, SeqCst);
        self.struck.store(0, SeqCst);
        *self.plan.lock().unwrap() = Some(plan);
    }

    /// Behaves from now on; tells whether it has gone wrong before.
    fn disarm(&self) -> bool {
        self.plan.lock().unwrap().take();
        self.struck.load(SeqCst) > 0
    }

    /// The fault of this call, if it is time, and the fault is of a kind that the call can have.
    fn strike(&self, possible: &[&[Fault]]) -> Option<Fault> {
        let call = self.calls.fetch_add(1, SeqCst);
        let plan = (*self.plan.lock().unwrap())?;
        let due = call >= plan.from && (plan.lasting || self.struck.load(SeqCst) == 0);
        let strikes = due && possible.iter().any(|faults| faults.contains(&plan.fault));
        strikes.then(|| {
            self.struck.fetch_add(1, SeqCst);
            plan.fault
        })
    }
}

fn refuse(fault: Fault) -> StorageError {
    match fault {
        Locked => StorageError::Locked { detail: "locked".into() },
        _ => StorageError::Unavailable { detail: "broken".into() },
    }
}

fn spoil(fault: Fault, value: &mut Vec<u8>) {
    match fault {
        Short => drop(value.pop()),
        Long => value.push(1),
        Empty => value.clear(),
        Oversized => value.resize((64 << 10) + 1, 1),
        Noise => value.iter_mut().enumerate().for_each(|(at, byte)| *byte = (*byte ^ 0x5a).wrapping_mul(31) ^ at as u8),
        Flip => {
            let middle = value.len() / 2;
            value.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 4);
        }
        _ => {}
    }
}

impl Storage for Faulty {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let mut values = self.sound.read(keys)?;
        // What spoils values strikes where there is one.
        let kinds: &[&[Fault]] = match values.iter().any(Option::is_some) {
            true => &[&REFUSALS, &READS, &SEALED_READS],
            false => &[&REFUSALS, &READS[..2]],
        };
        match self.strike(kinds) {
            None => {}
            Some(Unavailable) => return Err(refuse(Unavailable)),
            Some(Locked) => return Err(refuse(Locked)),
            Some(TooFew) => drop(values.pop()),
            Some(TooMany) => values.push(None),
            Some(fault) => values.iter_mut().flatten().for_each(|value| spoil(fault, value)),
        }
        Ok(values)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        let mut found = self.sound.scan(prefix, after, limit)?;
        let kinds: &[&[Fault]] = match found.len() {
            0 => &[&REFUSALS, &SCANS[2..]],
            1 => &[&REFUSALS, &SCANS[1..], &READS[2..], &SEALED_READS],
            _ => &[&REFUSALS, &SCANS, &READS[2..], &SEALED_READS],
        };
        match self.strike(kinds) {
            None => {}
            Some(fault) if REFUSALS.contains(&fault) => return Err(refuse(fault)),
            Some(Backwards) => found.reverse(),
            Some(Repeated) => found.extend(found.clone()),
            Some(Foreign) => found.push(StoredRecord { key: vec![0xff; 40], value: vec![1] }),
            Some(fault) => found.iter_mut().for_each(|record| spoil(fault, &mut record.value)),
        }
        Ok(found)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        match self.strike(&[&REFUSALS, &[Doubt]]) {
            None => self.sound.write(batch),
            Some(Doubt) => self.sound.write(batch).and(Err(refuse(Doubt))),
            Some(fault) => Err(refuse(fault)),
        }
    }
}

/// Bob's storage and alice's at epoch 1, and what alice has sent since: two messages, a proposal, and a commit of it that waits.
struct Scene {
    config: ClientConfig,
    alice: Arc<MemoryStorage>,
    bob: Arc<MemoryStorage>,
    group_id: Vec<u8>,
    messages: [Vec<u8>; 2],
    proposal: Vec<u8>,
    commit: Vec<u8>,
    carols_key_package: Vec<u8>,
    /// For bob, into another group.
    welcome: Vec<u8>,
}

fn scene(sealed: bool) -> Scene {
    let storage_key = sealed.then(|| vec![7; 32]);
    let config = ClientConfig { storage_key, ..config("bob") };
    let (alice, bob) = (person("alice"), MemoryStorage::new());
    let client = open(bob.clone(), &config).unwrap();
    let mut packages = client.create_key_packages(3, KeyPackageOptions::default()).unwrap();
    let (package, another) = (packages.remove(0).message, packages.remove(0).message);
    let a = alice.client.create_group(GroupOptions::default()).unwrap();
    let added = a.clone().new_commit().add(package).unwrap().build().unwrap();
    a.confirm_commit(None, vec![]).unwrap();
    client.join(added.welcome.unwrap(), JoinOptions::default()).unwrap();
    let messages = [say(&a, "one"), say(&a, "two")];
    let proposal = a.propose_add(person("dave").key_package(), vec![]).unwrap();
    let commit = a.clone().new_commit().build().unwrap().commit;
    let carols_key_package = person("carol").key_package();
    let other = alice.client.create_group(GroupOptions::default()).unwrap();
    let welcome = other.new_commit().add(another).unwrap().build().unwrap().welcome.unwrap();
    Scene {
        config,
        alice: alice.storage,
        bob,
        group_id: a.id(),
        messages,
        proposal,
        commit,
        carols_key_package,
        welcome,
    }
}

fn open(storage: Arc<dyn Storage>, config: &ClientConfig) -> Result<Arc<Client>> {
    Client::new(config.clone(), Host::new(storage, Arc::new(AcceptAll)))
}

/// How alice comes to an epoch.
type Adoption = Box<dyn Fn(&Group)>;

/// One play of the scene, on storages of its own.
struct Play<'a> {
    scene: &'a Scene,
    storage: Arc<Faulty>,
    client: Arc<Client>,
    group: Arc<Group>,
    /// The commit that bob has built.
    built: Mutex<Vec<u8>>,
}

impl<'a> Play<'a> {
    fn of(scene: &'a Scene) -> Self {
        let storage = Faulty::over(scene.bob.duplicate());
        let client = open(storage.clone(), &scene.config).unwrap();
        let group = client.open_group(scene.group_id.clone()).unwrap();
        Play { scene, storage, client, group, built: Mutex::default() }
    }

    fn receive(&self, message: &[u8]) -> Result<()> {
        self.group.receive(message.to_vec(), vec![]).map(drop)
    }

    /// Bob and alice come to one epoch, whatever he has done so far, and hear each other.
    fn goes_on(&self) {
        let client = open(self.storage.clone(), &self.scene.config).unwrap();
        let b = match client.open_group(self.scene.group_id.clone()) {
            Ok(b) => b,
            Err(error) => return assert_eq!(error.code(), 401),
        };
        let mut built = self.built.lock().unwrap().clone();
        if let Some(pending) = b.pending_commit().unwrap() {
            built = pending.commit;
            b.confirm_commit(None, vec![]).unwrap();
        }
        b.clear_proposals().unwrap();
        // Alice either never sees a commit, or adopts her own or bob's.
        let alices: [Adoption; 3] = [
            Box::new(|a| a.discard_commit(None).unwrap()),
            Box::new(|a| drop(a.confirm_commit(None, vec![]).unwrap())),
            Box::new(move |a| drop(a.receive(built.clone(), vec![]))),
        ];
        let ours = b.epoch_authenticator().unwrap();
        let mut alices = alices.iter().map(|adopt| {
            let a = open(self.scene.alice.duplicate(), &config("alice")).unwrap();
            let a = a.open_group(self.scene.group_id.clone()).unwrap();
            adopt(&a);
            a
        });
        let a = alices.find(|a| a.epoch_authenticator().unwrap() == ours).expect("an alice in bob's epoch");
        a.clear_proposals().unwrap();
        in_touch(&a, &b);
    }
}

/// One of bob's calls, and what he does before it.
struct Step {
    name: &'static str,
    before: fn(&Play<'_>),
    call: fn(&Play<'_>) -> Result<()>,
}

const fn step(name: &'static str, before: fn(&Play<'_>), call: fn(&Play<'_>) -> Result<()>) -> Step {
    Step { name, before, call }
}

fn nothing(_: &Play<'_>) {}

fn hear_one(play: &Play<'_>) {
    play.receive(&play.scene.messages[0]).unwrap();
}

fn hear_proposal(play: &Play<'_>) {
    play.receive(&play.scene.proposal).unwrap();
}

fn build(play: &Play<'_>) -> Result<()> {
    let adding = play.group.clone().new_commit().add(play.scene.carols_key_package.clone())?;
    *play.built.lock().unwrap() = adding.build()?.commit;
    Ok(())
}

fn hear_and_build(play: &Play<'_>) {
    hear_proposal(play);
    build(play).unwrap();
}

const STEPS: [Step; 28] = [
    step("open the client", nothing, |play| open(play.storage.clone(), &play.scene.config).map(drop)),
    step("open the group", nothing, |play| play.client.open_group(play.scene.group_id.clone()).map(drop)),
    step("groups", nothing, |play| play.client.groups(None, 10).map(drop)),
    step("create a group", nothing, |play| play.client.create_group(GroupOptions::default()).map(drop)),
    step("make key packages", nothing, |play| play.client.create_key_packages(2, Default::default()).map(drop)),
    step("list key packages", nothing, |play| play.client.key_packages(None, 10).map(drop)),
    step("status", nothing, |play| play.group.status().map(drop)),
    step("members", nothing, |play| play.group.members(None, 10).map(drop)),
    step("group info", nothing, |play| play.group.group_info(true).map(drop)),
    step("encrypt", nothing, |play| play.group.encrypt(vec![1], vec![], vec![]).map(drop)),
    step("receive the first", nothing, |play| play.receive(&play.scene.messages[0])),
    step("receive the second", hear_one, |play| play.receive(&play.scene.messages[1])),
    step("receive out of order", nothing, |play| play.receive(&play.scene.messages[1])),
    step("receive a proposal", nothing, |play| play.receive(&play.scene.proposal)),
    step("list proposals", hear_proposal, |play| play.group.pending_proposals().map(drop)),
    step("receive a commit", hear_proposal, |play| play.receive(&play.scene.commit)),
    step("propose", nothing, |play| play.group.propose_update(vec![]).map(drop)),
    step("propose a removal", nothing, |play| play.group.propose_remove(0, vec![]).map(drop)),
    step("build a commit", hear_proposal, build),
    step("discard a commit", hear_and_build, |play| play.group.discard_commit(None)),
    step("look at a commit", hear_and_build, |play| play.group.pending_commit().map(drop)),
    step("confirm a commit", hear_and_build, |play| play.group.confirm_commit(None, vec![]).map(drop)),
    step("lose a commit", hear_and_build, |play| play.receive(&play.scene.commit)),
    step("clear proposals", hear_proposal, |play| play.group.clear_proposals()),
    step("join", nothing, |play| play.client.join(play.scene.welcome.clone(), Default::default()).map(drop)),
    step("put a key", nothing, |play| play.client.put_psk(vec![1], vec![2; 32])),
    step("delete", nothing, |play| play.group.delete()),
    step("export the tree", nothing, |play| play.group.export_tree().map(drop)),
];

/// Plays a step with the fault at every call in turn; gives how often it struck, and how often the step failed.
fn play(scene: &Scene, step: &Step, (fault, lasting): (Fault, bool)) -> (usize, usize) {
    let mut failed = 0;
    for from in 0.. {
        let play = Play::of(scene);
        (step.before)(&play);
        let before = play.storage.sound.records();
        play.storage.arm(Plan { fault, from, lasting });
        let outcome = (step.call)(&play);
        if !play.storage.disarm() {
            outcome.unwrap();
            return (from, failed);
        }
        let what = format!("{} with {fault:?} from call {from}, lasting: {lasting}", step.name);
        if let Err(error) = outcome {
            failed += 1;
            check_code(scene, (step, fault), error.code()).unwrap_or_else(|()| panic!("{what}: {error}"));
            if fault != Doubt {
                assert!(play.storage.sound.records() == before, "{what}: left a trace");
                (step.call)(&play).unwrap_or_else(|error| panic!("{what}: and then {error}"));
            }
        } else {
            assert!(!REFUSALS.contains(&fault) && fault != Doubt, "{what}: went unnoticed");
        }
        play.goes_on();
    }
    unreachable!()
}

fn check_code(scene: &Scene, (step, fault): (&Step, Fault), code: u32) -> Result<(), ()> {
    let expected = match fault {
        Unavailable | Doubt => code == 701,
        Locked => code == 704,
        TooFew | TooMany | Oversized | Backwards | Repeated | Foreign => code == 703,
        // A value that shows the key to be right, and was altered, cannot be told from another key.
        Flip if step.name == "open the client" && scene.config.storage_key.is_some() => matches!(code, 702 | 804 | 102),
        Noise | Flip if step.name == "open the client" => matches!(code, 702 | 804),
        // A spoilt value that is not looked into is found by the guards of the write.
        _ if scene.config.storage_key.is_none() => matches!(code, 702 | 601),
        _ => code == 702,
    };
    if expected { Ok(()) } else { Err(()) }
}

#[test]
fn failing_calls() {
    for (step, fault) in pairs(&[Unavailable, Locked, Doubt]) {
        let scene = scene(false);
        for lasting in [false, true] {
            let (struck, failed) = play(&scene, step, (fault, lasting));
            assert_eq!(struck, failed);
            assert!(struck > 0 || fault == Doubt, "{} never touched the storage", step.name);
        }
    }
}

#[test]
fn answers_against_the_contract() {
    let faults = [&READS[..2], &SCANS].concat();
    for (step, fault) in pairs(&faults) {
        let scene = scene(false);
        for lasting in [false, true] {
            let (struck, failed) = play(&scene, step, (fault, lasting));
            assert_eq!(struck, failed, "{} with {fault:?}", step.name);
        }
    }
}

#[test]
fn garbage() {
    for (step, fault) in pairs(&READS[2..]) {
        let scene = scene(false);
        for lasting in [false, true] {
            play(&scene, step, (fault, lasting));
        }
    }
}

#[test]
fn garbage_under_a_seal() {
    let faults = [&READS[2..], &SEALED_READS].concat();
    for (step, fault) in pairs(&faults) {
        let scene = scene(true);
        play(&scene, step, (fault, false));
        let (struck, failed) = play(&scene, step, (fault, true));
        assert_eq!(struck, failed, "{} with {fault:?}", step.name);
    }
}

fn pairs(faults: &[Fault]) -> impl Iterator<Item = (&'static Step, Fault)> {
    STEPS.iter().flat_map(move |step| faults.iter().map(move |fault| (step, *fault)))
}
