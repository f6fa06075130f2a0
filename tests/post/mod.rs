//! One member, Alice, whose processes share one file of SQLite; the others and the delivery service live in the test itself.
//!
//! Alice's effects are rows beside her records, written in the same transactions. The delivery service takes what she sends
//! from there, decides which commit ends an epoch, and puts what she is to receive into a second file, the post. Her file
//! is opened without syncing: that writes outlast the machine is tested elsewhere, and a killed process takes nothing with
//! it that the operating system has.
#![allow(dead_code, reason = "each test program uses its share")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use conclave::*;
use conclave_sqlite::rusqlite::{Connection, OptionalExtension};
use conclave_sqlite::{Options, SqliteStorage};

const ROLE: &str = "CONCLAVE_TEST_ROLE";
const PLACE: &str = "CONCLAVE_TEST_PLACE";
const GROUP: &[u8] = b"group";
const PSK: &[u8] = b"psk";

/// Random numbers that come again with their seed (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// What one of Alice's processes is to do.
#[derive(Clone, Copy)]
pub(crate) struct Role {
    pub(crate) number: u64,
    pub(crate) seed: u64,
    /// How many operations; the others are received to the end afterwards.
    pub(crate) operations: u64,
    pub(crate) builds: bool,
    /// Whether it confirms accepted commits, or receives their echo. `confirm_commit` takes whatever commit waits, so only a
    /// process that is the only one to build may look which one it is and then confirm.
    pub(crate) confirms: bool,
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection
}

fn alice_db(place: &Path) -> PathBuf {
    place.join("alice.db")
}

fn post_db(place: &Path) -> PathBuf {
    place.join("post.db")
}

/// Opens Alice's client, with a row for each effect.
fn open_alice(place: &Path) -> Arc<Client> {
    let on_effect = |transaction: &conclave_sqlite::rusqlite::Transaction<'_>, effect: &Effect| {
        let (kind, tag, bytes): (&str, &[u8], &[u8]) = match effect {
            Effect::Outbound { tag, message, .. } => ("sent", tag, message),
            Effect::Received { tag, event: Event::Message { plaintext, .. }, .. } => ("message", tag, plaintext),
            Effect::Received { tag, event: Event::EpochChanged { .. }, .. } => ("epoch", tag, &[]),
            Effect::Confirmed { tag, .. } => ("epoch", tag, &[]),
            _ => ("other", &[], &[]),
        };
        let sql = "INSERT INTO effects (kind, tag, bytes) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(sql)?.execute((kind, tag, bytes)).map(drop)
    };
    let options =
        Options { on_effect: Some(Box::new(on_effect)), durable: false, busy_timeout: Duration::from_secs(20) };
    let storage = SqliteStorage::open_with(alice_db(place), options).unwrap();
    Client::new(ClientConfig::basic("alice"), Host::new(storage, Arc::new(AcceptAll))).unwrap()
}

// One of Alice's processes.

/// Starts this test program again, as a process of Alice's. What it has been told is done comes back in lines.
pub(crate) fn start(place: &Path, role: Role) -> Running {
    let Role { number, seed, operations, builds, confirms } = role;
    let words = format!("{number} {seed} {operations} {} {}", u8::from(builds), u8::from(confirms));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "another_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, words)
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = std::thread::spawn(move || {
        let acknowledged = |line: String| line.split("ack ").nth(1).map(str::to_owned);
        lines.map_while(std::result::Result::ok).filter_map(acknowledged).collect()
    });
    Running { child, told: Some(told) }
}

pub(crate) struct Running {
    pub(crate) child: Child,
    told: Option<JoinHandle<Vec<String>>>,
}

/// No process outlives a test that failed.
impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running {
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// SIGKILL; gives what the process had been told is done.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.told.take().unwrap().join().unwrap()
    }

    pub(crate) fn finish(mut self) -> Vec<String> {
        assert!(self.child.wait().unwrap().success(), "a process of Alice's failed");
        self.told.take().unwrap().join().unwrap()
    }
}

/// What the other process does; nothing in the test run itself.
pub(crate) fn live() {
    let (Ok(words), Some(place)) = (std::env::var(ROLE), std::env::var_os(PLACE)) else { return };
    let words: Vec<u64> = words.split(' ').map(|word| word.parse().unwrap()).collect();
    let [number, seed, operations, builds, confirms] = words[..] else { panic!("{words:?}") };
    let role = Role { number, seed, operations, builds: builds == 1, confirms: confirms == 1 };
    Process::open(Path::new(&place), role).run();
}

struct Process {
    role: Role,
    dice: Dice,
    group: Arc<Group>,
    post: Connection,
    effects: Connection,
    /// The last letter taken from the post.
    cursor: i64,
    waiting: Vec<Letter>,
    sent: u64,
    /// Operations that had an effect.
    done: u64,
}

#[derive(Clone)]
struct Letter {
    number: i64,
    kind: String,
    epoch: u64,
    bytes: Vec<u8>,
    /// How many commits were received since it came.
    age: u32,
}

impl Letter {
    fn is_message(&self) -> bool {
        self.kind == "message"
    }

    fn tag(&self) -> Vec<u8> {
        self.number.to_be_bytes().to_vec()
    }
}

impl Process {
    fn open(place: &Path, role: Role) -> Self {
        let group = open_alice(place).open_group(GROUP.to_vec()).unwrap();
        let (post, effects) = (open(&post_db(place)), open(&alice_db(place)));
        let dice = Dice::new(role.seed);
        Process { role, dice, group, post, effects, cursor: 0, waiting: Vec::new(), sent: 0, done: 0 }
    }

    fn run(mut self) {
        while self.done < self.role.operations {
            self.fetch();
            match self.dice.below(100) {
                0..50 => self.receive_something(),
                50..80 => self.encrypt(),
                80..85 => self.propose(),
                85..92 => self.build(),
                _ => self.look(),
            }
        }
        let sql = "INSERT INTO finished (number) VALUES (?1)";
        self.post.execute(sql, [self.role.number as i64]).unwrap();
        while !self.waiting.iter().any(|letter| letter.kind == "end") || self.waiting.len() > 1 {
            self.fetch();
            match self.waiting.len() {
                0 => std::thread::sleep(Duration::from_millis(2)),
                _ => self.receive_something(),
            }
        }
    }

    fn fetch(&mut self) {
        let sql = "SELECT number, kind, epoch, bytes FROM letters WHERE number > ?1 ORDER BY number LIMIT 20";
        let mut statement = self.post.prepare_cached(sql).unwrap();
        let found = statement.query_map([self.cursor], |row| {
            let epoch: i64 = row.get(2)?;
            Ok(Letter { number: row.get(0)?, kind: row.get(1)?, epoch: epoch as u64, bytes: row.get(3)?, age: 0 })
        });
        let room = 40usize.saturating_sub(self.waiting.len());
        for letter in found.unwrap().map(std::result::Result::unwrap).take(room) {
            self.cursor = letter.number;
            self.waiting.push(letter);
        }
    }

    /// Handshakes in their order, messages in any, though not more than three commits late.
    fn receive_something(&mut self) {
        let stop = self.waiting.iter().position(|letter| !letter.is_message()).unwrap_or(self.waiting.len());
        let old = self.waiting.iter().position(|letter| letter.is_message() && letter.age >= 3);
        let wanted = self.dice.below(stop as u64 + 2) as usize;
        let place = match old {
            Some(old) => old,
            None if wanted < stop => wanted,
            None if stop < self.waiting.len() && self.waiting[stop].kind != "end" => stop,
            None if stop > 0 => 0,
            None => return,
        };
        let letter = self.waiting[place].clone();
        let done = match letter.is_message() {
            true => self.hear(&letter),
            false => self.follow(&letter),
        };
        if done {
            self.waiting.remove(place);
            let passed = u32::from(!letter.is_message() && letter.kind != "proposal");
            self.waiting[..place].iter_mut().for_each(|one| one.age += passed);
        }
    }

    /// A message whose key is gone has been delivered: its effect is there, once.
    fn hear(&mut self, letter: &Letter) -> bool {
        match self.group.receive(letter.bytes.clone(), letter.tag()) {
            Ok(Event::Message { .. }) => self.done += 1,
            Err(error) if error.code() == 601 => return false,
            Err(error) if matches!(error.code(), 403 | 405) => {}
            other => panic!("{}: message {}: {other:?}", self.role.number, letter.number),
        }
        let sql = "SELECT count(*) FROM effects WHERE tag = ?1 AND kind = 'message'";
        let mut statement = self.effects.prepare_cached(sql).unwrap();
        let delivered: i64 = statement.query_row([letter.tag()], |row| row.get(0)).unwrap();
        assert_eq!(delivered, 1, "message {} of epoch {}", letter.number, letter.epoch);
        true
    }

    fn follow(&mut self, letter: &Letter) -> bool {
        let confirm = self.role.confirms && letter.kind == "own" && self.dice.below(2) == 0 && self.waits(letter);
        let outcome = match confirm {
            true => self.group.confirm_commit(None, letter.tag()),
            false => self.group.receive(letter.bytes.clone(), letter.tag()),
        };
        match outcome {
            Ok(Event::EpochChanged { .. } | Event::Proposal { .. }) => {
                self.done += 1;
                true
            }
            Ok(Event::OwnEcho | Event::Duplicate) => true,
            Err(error) if error.code() == 601 => false,
            Err(error) if matches!(error.code(), 403 | 405) => true,
            Err(error) if confirm && error.code() == 504 => true,
            other => panic!("{}: {} {} of {}: {other:?}", self.role.number, letter.kind, letter.number, letter.epoch),
        }
    }

    /// Whether this very commit waits; the sibling may have confirmed it, and another may wait by now.
    fn waits(&self, letter: &Letter) -> bool {
        let pending = self.group.pending_commit().unwrap();
        pending.is_some_and(|pending| pending.commit == letter.bytes)
    }

    fn encrypt(&mut self) {
        self.sent += 1;
        let text = format!("{}-{}-{}", self.role.number, self.role.seed, self.sent);
        match self.group.encrypt(text.clone().into_bytes(), vec![], b"message".to_vec()) {
            Ok(_) => {
                self.done += 1;
                acknowledge(&text);
            }
            Err(error) if error.code() == 505 => self.build(),
            Err(error) => self.expect(&error, &[601]),
        }
    }

    fn propose(&mut self) {
        if self.group.status().unwrap().pending_proposals > 3 {
            return;
        }
        let outcome = match self.dice.below(2) {
            0 => self.group.propose_update(b"proposal".to_vec()),
            _ => self.group.propose_psk(PSK.to_vec(), b"proposal".to_vec()),
        };
        self.tally(outcome.map(drop), &[601]);
    }

    fn build(&mut self) {
        if self.role.builds {
            let built = self.group.clone().new_commit().tag(b"commit".to_vec()).unwrap().build();
            self.tally(built.map(drop), &[503, 601]);
        }
    }

    fn look(&self) {
        let outcome = self.group.status().and_then(|_| self.group.members(None, 5));
        match outcome {
            Ok(members) => assert_eq!(members.len(), 3),
            Err(error) => self.expect(&error, &[601]),
        }
    }

    fn tally(&mut self, outcome: Result<()>, codes: &[u32]) {
        match outcome {
            Ok(()) => self.done += 1,
            Err(error) => self.expect(&error, codes),
        }
    }

    fn expect(&self, error: &Error, codes: &[u32]) {
        assert!(codes.contains(&error.code()), "{}: {error:?}", self.role.number);
    }
}

fn acknowledge(text: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "ack {text}").unwrap();
    out.flush().unwrap();
}

// The others.

struct Member {
    group: Arc<Group>,
}

fn client(name: &str) -> Arc<Client> {
    // The others read whatever comes late, so that nothing that Alice sent may be lost.
    let config = ClientConfig { past_epochs: 1_000_000, ..ClientConfig::basic(name) };
    let client = Client::new(config, Host::new(MemoryStorage::new(), Arc::new(AcceptAll))).unwrap();
    client.put_psk(PSK.to_vec(), vec![7; 32]).unwrap();
    client
}

/// The delivery service, with Bob and Carol.
pub(crate) struct Office {
    pub(crate) place: PathBuf,
    effects: Connection,
    post: Connection,
    bob: Member,
    carol: Member,
    dice: Dice,
    last_effect: i64,
    keys: HashSet<KeyUse>,
    heard: HashMap<String, u32>,
    messages: Vec<i64>,
    commits: u64,
    counted: BTreeMap<&'static str, u64>,
}

impl Office {
    /// Founds the group of three. Alice is nowhere open when this returns.
    pub(crate) fn found(place: &Path, seed: u64) -> Self {
        let effects = open(&alice_db(place));
        effects.pragma_update(None, "journal_mode", "WAL").unwrap();
        let table = "CREATE TABLE effects (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, tag BLOB, bytes BLOB);
                     CREATE INDEX effects_by_tag ON effects (tag)";
        effects.execute_batch(table).unwrap();
        let post = open(&post_db(place));
        post.pragma_update(None, "journal_mode", "WAL").unwrap();
        let tables =
            "CREATE TABLE letters (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, epoch INTEGER, bytes BLOB);
                      CREATE TABLE finished (number INTEGER)";
        post.execute_batch(tables).unwrap();
        let (bob, carol) = Self::gather(place);
        let last_effect = last(&effects);
        Office {
            place: place.to_path_buf(),
            effects,
            post,
            bob,
            carol,
            dice: Dice::new(seed),
            last_effect,
            keys: HashSet::new(),
            heard: HashMap::new(),
            messages: Vec::new(),
            commits: 0,
            counted: BTreeMap::new(),
        }
    }

    fn gather(place: &Path) -> (Member, Member) {
        let (alice, bob, carol) = (open_alice(place), client("bob"), client("carol"));
        alice.put_psk(PSK.to_vec(), vec![7; 32]).unwrap();
        let options = GroupOptions { group_id: Some(GROUP.to_vec()), ..GroupOptions::default() };
        let group = alice.create_group(options).unwrap();
        let mut builder = group.clone().new_commit();
        for newcomer in [&bob, &carol] {
            let package = newcomer.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0);
            builder = builder.add(package.message).unwrap();
        }
        let welcome = builder.build().unwrap().welcome.unwrap();
        group.confirm_commit(None, vec![]).unwrap();
        let [bob, carol] =
            [bob, carol].map(|one| Member { group: one.join(welcome.clone(), JoinOptions::default()).unwrap() });
        (bob, carol)
    }

    fn others(&self) -> [&Arc<Group>; 2] {
        [&self.bob.group, &self.carol.group]
    }

    fn epoch(&self) -> u64 {
        self.bob.group.status().unwrap().epoch
    }

    fn put(&mut self, kind: &str, epoch: u64, bytes: &[u8]) -> i64 {
        let sql = "INSERT INTO letters (kind, epoch, bytes) VALUES (?1, ?2, ?3)";
        self.post.prepare_cached(sql).unwrap().execute((kind, epoch as i64, bytes)).unwrap();
        self.post.last_insert_rowid()
    }

    /// Takes what Alice has sent, and lets the others act if the post is not too full.
    pub(crate) fn step(&mut self) {
        let sent = self.collect();
        let delivered: i64 = self
            .effects
            .query_row("SELECT count(*) FROM effects WHERE kind = 'message'", [], |row| row.get(0))
            .unwrap();
        match self.messages.len() as i64 - delivered {
            0..15 => self.act(),
            _ if sent == 0 => std::thread::sleep(Duration::from_millis(1)),
            _ => {}
        }
    }

    /// Every new effect, in the order of the writes.
    fn collect(&mut self) -> usize {
        let sql = "SELECT number, kind, tag, bytes FROM effects WHERE number > ?1 ORDER BY number";
        let mut found: Vec<(i64, String, Vec<u8>, Vec<u8>)> = Vec::new();
        {
            let mut statement = self.effects.prepare_cached(sql).unwrap();
            let rows = statement
                .query_map([self.last_effect], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .unwrap();
            found.extend(rows.map(std::result::Result::unwrap));
        }
        let count = found.len();
        for (number, kind, tag, bytes) in found {
            self.last_effect = number;
            if kind == "sent" {
                self.post_from_alice(&tag, &bytes);
            }
        }
        count
    }

    fn post_from_alice(&mut self, tag: &[u8], bytes: &[u8]) {
        let used = self.bob.group.key_use(bytes).unwrap().unwrap();
        assert!(self.keys.insert(used), "a key was used twice: {used:?}");
        let now = self.epoch();
        match tag {
            b"message" => {
                let texts = self.others().map(|group| text(group.receive(bytes.to_vec(), vec![])));
                assert_eq!(texts[0], texts[1]);
                *self.heard.entry(texts[0].clone()).or_default() += 1;
                self.count("messages of Alice");
            }
            _ if used.epoch != now => self.count("late handshakes of Alice, dropped"),
            b"proposal" => {
                for group in self.others() {
                    group.receive(bytes.to_vec(), vec![]).unwrap();
                }
                self.put("proposal", now, bytes);
                self.count("proposals of Alice");
            }
            b"commit" => {
                for group in self.others() {
                    group.receive(bytes.to_vec(), vec![]).unwrap();
                }
                self.put("own", now, bytes);
                self.commits += 1;
                self.count("commits of Alice");
            }
            _ => panic!("what is this?"),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counted.entry(what).or_default() += 1;
    }

    /// Bob or Carol does something.
    fn act(&mut self) {
        let (one, other) = match self.dice.below(2) {
            0 => (self.bob.group.clone(), self.carol.group.clone()),
            _ => (self.carol.group.clone(), self.bob.group.clone()),
        };
        let epoch = self.epoch();
        let waiting = one.status().unwrap().pending_proposals > 0;
        match self.dice.below(100) {
            0..2 => self.commit(&one, &other),
            2..4 => {
                let proposal = one.propose_update(vec![]).unwrap();
                other.receive(proposal.clone(), vec![]).unwrap();
                self.put("proposal", epoch, &proposal);
                self.count("proposals of others");
            }
            _ if waiting && self.dice.below(50) == 0 => self.commit(&one, &other),
            _ if waiting => std::thread::sleep(Duration::from_micros(200)),
            _ => {
                let message = one.encrypt(b"hello".to_vec(), vec![], vec![]).unwrap();
                other.receive(message.clone(), vec![]).unwrap();
                let number = self.put("message", epoch, &message);
                self.messages.push(number);
                self.count("messages of others");
            }
        }
    }

    fn commit(&mut self, one: &Arc<Group>, other: &Arc<Group>) {
        let epoch = self.epoch();
        let commit = one.clone().new_commit().build().unwrap().commit;
        one.confirm_commit(None, vec![]).unwrap();
        other.receive(commit.clone(), vec![]).unwrap();
        self.put("commit", epoch, &commit);
        self.commits += 1;
        self.count("commits of others");
    }

    /// Whether so many processes have done their operations.
    pub(crate) fn have_finished(&self, processes: i64) -> bool {
        let sql = "SELECT count(*) FROM finished";
        let count: Option<i64> = self.post.query_row(sql, [], |row| row.get(0)).optional().unwrap();
        count == Some(processes)
    }

    /// The last commit, and the end of the post.
    pub(crate) fn close(&mut self) {
        self.collect();
        let (bob, carol) = (self.bob.group.clone(), self.carol.group.clone());
        self.commit(&bob, &carol);
        self.put("end", 0, &[]);
    }

    /// Everything was delivered, once; everyone is in one epoch and goes on.
    pub(crate) fn judge(&mut self, acknowledged: &[String]) {
        self.collect();
        for text in acknowledged {
            assert_eq!(self.heard.get(text), Some(&1), "{text} was acknowledged");
        }
        assert!(self.heard.values().all(|count| *count == 1), "a message of Alice came twice");
        for number in &self.messages {
            let sql = "SELECT count(*) FROM effects WHERE kind = 'message' AND tag = ?1";
            let rows: i64 = self.effects.query_row(sql, [number.to_be_bytes()], |row| row.get(0)).unwrap();
            assert_eq!(rows, 1, "message {number} was delivered {rows} times");
        }
        let sql = "SELECT count(*) FROM effects WHERE kind = 'epoch' AND number > 0 AND tag != x''";
        let epochs: i64 = self.effects.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(epochs as u64, self.commits, "commits taken");
        let alice = open_alice(&self.place).open_group(GROUP.to_vec()).unwrap();
        for other in self.others() {
            assert_eq!(other.epoch_authenticator().unwrap(), alice.epoch_authenticator().unwrap());
            let message = other.encrypt(b"last".to_vec(), vec![], vec![]).unwrap();
            assert_eq!(text(alice.receive(message, vec![])), "last");
        }
        let message = alice.encrypt(b"last".to_vec(), vec![], b"message".to_vec()).unwrap();
        assert!(self.keys.insert(self.bob.group.key_use(&message).unwrap().unwrap()));
        for other in self.others() {
            assert_eq!(text(other.receive(message.clone(), vec![])), "last");
        }
        #[allow(clippy::print_stdout)]
        for (what, count) in &self.counted {
            println!("{count:6} {what}");
        }
    }
}

fn last(effects: &Connection) -> i64 {
    effects.query_row("SELECT coalesce(max(number), 0) FROM effects", [], |row| row.get(0)).unwrap()
}

fn text(event: Result<Event>) -> String {
    match event.unwrap() {
        Event::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
        other => panic!("{other:?}"),
    }
}
