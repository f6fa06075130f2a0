//! Clients, each on a storage of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conclave::{AcceptAll, Client, ClientConfig, Host, KeyPackageOptions, MemoryStorage, Storage};
use conclave_sqlite::{Options, SqliteStorage};
use tempfile::TempDir;

use super::rehearsal::Rehearsal;

/// Where and how clients store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storing {
    /// In memory.
    Memory,
    /// In memory, each value sealed.
    Sealed,
    /// In a file of SQLite.
    Sqlite {
        /// Whether a write waits until it is on the disk.
        durable: bool,
    },
}

/// Where files go: not to a temporary folder, which often is in memory.
pub fn scratch() -> PathBuf {
    let folder = std::env::var_os("CONCLAVE_BENCH_FOLDER").map_or_else(|| PathBuf::from("target/bench"), PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A client on a storage that can be taken back.
pub struct Person {
    /// The client.
    pub client: Arc<Client>,
    /// Its storage.
    pub storage: Arc<Rehearsal>,
    /// Deleted last.
    _folder: Option<TempDir>,
}

impl Person {
    /// A new client of this name.
    pub fn new(name: &str, storing: Storing) -> Self {
        let (records, folder) = records(storing);
        let storage = Rehearsal::new(records);
        let sealed = storing == Storing::Sealed;
        let config =
            ClientConfig { storage_key: sealed.then(|| vec![3; 32]), threads: cores(), ..ClientConfig::basic(name) };
        let host = Host::new(storage.clone(), Arc::new(AcceptAll));
        Person { client: Client::new(config, host).unwrap(), storage, _folder: folder }
    }

    /// A new key package of the client.
    pub fn key_package(&self) -> Vec<u8> {
        self.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }
}

fn records(storing: Storing) -> (Arc<dyn Storage>, Option<TempDir>) {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let Storing::Sqlite { durable } = storing else { return (MemoryStorage::new(), None) };
    let folder = tempfile::tempdir_in(scratch()).unwrap();
    let file = folder.path().join(format!("{}.sqlite", FILES.fetch_add(1, Ordering::Relaxed)));
    let options = Options { durable, ..Options::default() };
    (SqliteStorage::open_with(file, options).unwrap(), Some(folder))
}

/// The cores of this machine: what a client that joins large groups may be allowed.
pub(super) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32)
}
