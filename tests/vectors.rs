//! The official test vectors of the MLS working group, every file that has a runner.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclave::vectors::{NewStorage, Tally, is_known, run_file, uses_storage};
use conclave::{MemoryStorage, Storage};
use conclave_sqlite::{Options, SqliteStorage};

#[test]
fn official_vectors() {
    let files = files(&directory());
    assert!(!files.is_empty(), "no file has a runner");
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

fn run_all(files: &[PathBuf], storage: NewStorage<'_>, suffix: &str) {
    let mut bad = Vec::new();
    for path in files {
        let mut tally = run_file(path, storage).unwrap_or_else(|reason| panic!("{reason}"));
        tally.name.push_str(suffix);
        report(&tally);
        if !is_good(&tally) {
            bad.push(tally.name);
        }
    }
    assert!(bad.is_empty(), "failed or empty: {bad:?}");
}

fn report(tally: &Tally) {
    println!("{}: {} passed, {} failed", tally.name, tally.passed, tally.failed);
    tally.failures.iter().for_each(|failure| println!("    {failure}"));
}

fn is_good(tally: &Tally) -> bool {
    tally.failed == 0 && tally.passed > 0
}

fn directory() -> PathBuf {
    if let Some(chosen) = std::env::var_os("MLS_VECTORS_DIR") {
        return PathBuf::from(chosen);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [root.join("../shared/mls-vectors"), root.join(".cache/mls-vectors")];
    places.into_iter().find(|place| place.is_dir()).expect(
        "the official MLS vectors are not here: set MLS_VECTORS_DIR to the folder of their *.json files, or put them \
         into .cache/mls-vectors",
    )
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let listing = directory.read_dir().unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json") && is_known(path));
    files.sort();
    files
}
