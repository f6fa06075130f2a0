//! `bench [DATABASE WELCOME TREE]`: what calls cost in Rust, for comparison with the programs of the same name in the other languages,
//! which print the same lines. With arguments, as `large_group` leaves them, also what it costs to join through SQLite.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conclave::{
    AcceptAll, Client, ClientConfig, GroupOptions, Host, JoinOptions, MemoryStorage, Storage, StorageError,
    StoredRecord, WriteBatch,
};
use conclave_check::Outcome;
use conclave_sqlite::SqliteStorage;
use parking_lot::Mutex;

const WARM_UP: u32 = 5_000;
const CALLS: u32 = 10_000;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => encryption(),
        [database, welcome, tree] => join(database, (welcome, tree)).and_then(|()| encryption()),
        _ => Err("usage: bench [DATABASE WELCOME TREE]".into()),
    }
}

fn encryption() -> Outcome<()> {
    let group = client("alice", MemoryStorage::new())?.create_group(GroupOptions::default())?;
    let text = vec![0; 1024];
    let encrypt = |times: u32| (0..times).try_for_each(|_| group.encrypt(text.clone(), vec![], vec![]).map(drop));
    encrypt(WARM_UP)?;
    let start = Instant::now();
    encrypt(CALLS)?;
    let spent = start.elapsed();
    tell("encrypt 1 KiB, storage of the library", spent.as_secs_f64() * 1e6 / f64::from(CALLS), "us");
    Ok(())
}

/// A store, and how long its writes took.
struct Timed(Arc<SqliteStorage>, Mutex<Duration>);

impl Storage for Timed {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.0.read(keys)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        self.0.scan(prefix, after, limit)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        let start = Instant::now();
        let outcome = self.0.write(batch);
        *self.1.lock() += start.elapsed();
        outcome
    }
}

fn join(database: &str, (welcome, tree): (&str, &str)) -> Outcome<()> {
    let storage = Arc::new(Timed(SqliteStorage::open(database)?, Mutex::default()));
    let client = client("joiner", storage.clone())?;
    let options = JoinOptions { tree: Some(fs::read(tree)?), ..JoinOptions::default() };
    let welcome = fs::read(welcome)?;
    *storage.1.lock() = Duration::ZERO;
    let start = Instant::now();
    client.join(welcome, options)?;
    let (whole, writing) = (start.elapsed(), *storage.1.lock());
    tell("join", whole.as_secs_f64(), "s");
    tell("join, the write of it", writing.as_secs_f64(), "s");
    tell("join, peak resident set", peak()? / 1024.0, "MiB");
    Ok(())
}

fn client(name: &str, storage: Arc<dyn Storage>) -> Outcome<Arc<Client>> {
    Ok(Client::new(ClientConfig::basic(name), Host::new(storage, Arc::new(AcceptAll)))?)
}

/// The most memory that this process ever had, in KiB, as Linux tells it.
fn peak() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

#[expect(clippy::print_stdout, reason = "the result is for whoever started the program")]
fn tell(name: &str, value: f64, unit: &str) {
    println!("{name}\t{value:.3}\t{unit}");
}
