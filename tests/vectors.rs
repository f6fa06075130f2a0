//! The official test vectors of the MLS working group: all sixteen files, and whatever else lies beside them in the same formats.
//!
//! They are looked for in `MLS_VECTORS_DIR`, or else in `../shared/mls-vectors`, or else in `.cache/mls-vectors`, where `make
//! vectors` puts them. A folder that `MLS_VECTORS_DIR` names may hold other vectors, and fewer kinds of them.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclave::vectors::{NewStorage, Tally, run_file, uses_storage};
use conclave::{MemoryStorage, Storage};
use conclave_sqlite::{Options, SqliteStorage};

/// What the names of the official files begin with.
const OFFICIAL: [&str; 16] = [
    "crypto-basics",
    "deserialization",
    "key-schedule",
    "message-protection",
    "messages",
    "passive-client-handling-commit",
    "passive-client-random",
    "passive-client-welcome",
    "psk_secret",
    "secret-tree",
    "transcript-hashes",
    "tree-math",
    "tree-operations",
    "tree-validation",
    "treekem",
    "welcome",
];

const HOW_TO_GET_THEM: &str =
    "run `make vectors`, or set MLS_VECTORS_DIR to the folder test-vectors of github.com/mlswg/mls-implementations";

#[test]
fn official_vectors() {
    let files = files(&directory());
    let in_memory = || -> Arc<dyn Storage> { MemoryStorage::new() };
    run_all(&files, &in_memory, "");
}

/// The files whose entries use a store, over SQLite.
#[test]
fn official_vectors_in_sqlite() {
    let mut files = files(&directory());
    files.retain(|path| uses_storage(path));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let opened = AtomicUsize::new(0);
    let in_sqlite = || -> Arc<dyn Storage> {
        let name = format!("{}.db", opened.fetch_add(1, Ordering::Relaxed));
        let options = Options { durable: false, ..Options::default() };
        SqliteStorage::open_with(folder.path().join(name), options).expect("a store")
    };
    run_all(&files, &in_sqlite, " (sqlite)");
}

/// Runs every file to its end before it fails, so that one look shows all that is wrong.
fn run_all(files: &[PathBuf], storage: NewStorage<'_>, suffix: &str) {
    let bad: Vec<String> = files.iter().filter_map(|path| run_one(path, storage, suffix).err()).collect();
    assert!(bad.is_empty(), "{}", bad.join("; "));
}

fn run_one(path: &Path, storage: NewStorage<'_>, suffix: &str) -> Result<(), String> {
    let Tally { name, passed, failed, failures } = run_file(path, storage)?;
    // Past the test runner, which would keep the lines of a test that passes to itself.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{name}{suffix}: {passed} passed, {failed} failed");
    failures.iter().for_each(|failure| drop(writeln!(out, "    {failure}")));
    match (passed, failed) {
        (0, 0) => Err(format!("{name}{suffix} is empty")),
        (_, 0) => Ok(()),
        _ => Err(format!("{name}{suffix}: {failed} failed")),
    }
}

fn directory() -> PathBuf {
    if let Some(chosen) = std::env::var_os("MLS_VECTORS_DIR") {
        return PathBuf::from(chosen);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join("../shared/mls-vectors"), root.join(".cache/mls-vectors")];
    let found = places.into_iter().find(|place| place.is_dir());
    found.unwrap_or_else(|| panic!("the official MLS vectors are not here: {HOW_TO_GET_THEM}"))
}

/// The vector files of a folder. An official one that is missing is an error; one that has no runner fails when it is run.
fn files(directory: &Path) -> Vec<PathBuf> {
    let listing = directory.read_dir();
    let listing = listing.unwrap_or_else(|error| panic!("{}: {error}; {HOW_TO_GET_THEM}", directory.display()));
    let mut files: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    assert!(!files.is_empty(), "no vectors in {}: {HOW_TO_GET_THEM}", directory.display());
    let missing: Vec<&str> =
        OFFICIAL.into_iter().filter(|name| !files.iter().any(|path| is_named(path, name))).collect();
    let chosen = std::env::var_os("MLS_VECTORS_DIR").is_some();
    assert!(missing.is_empty() || chosen, "missing in {}: {missing:?}; {HOW_TO_GET_THEM}", directory.display());
    files
}

fn is_named(path: &Path, prefix: &str) -> bool {
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with(prefix))
}
