//! The official test vectors of the MLS working group, every file that has a runner.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conclave::vectors::{Tally, is_known, run_file};
use conclave::{Storage, StorageError, StoredRecord, WriteBatch};

#[test]
fn official_vectors() {
    let tallies: Vec<Tally> = files(&directory())
        .iter()
        .map(|path| run_file(path, &no_storage).unwrap_or_else(|reason| panic!("{reason}")))
        .collect();
    tallies.iter().for_each(report);
    assert!(!tallies.is_empty(), "no file has a runner");
    let bad: Vec<&str> = tallies.iter().filter(|tally| !is_good(tally)).map(|tally| tally.name.as_str()).collect();
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

fn no_storage() -> Arc<dyn Storage> {
    Arc::new(NoStorage)
}

/// For files whose entries need no store.
struct NoStorage;

impl Storage for NoStorage {
    fn read(&self, _: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        Err(absent())
    }

    fn scan(&self, _: Vec<u8>, _: Vec<u8>, _: u32) -> Result<Vec<StoredRecord>, StorageError> {
        Err(absent())
    }

    fn write(&self, _: Arc<WriteBatch>) -> Result<(), StorageError> {
        Err(absent())
    }
}

fn absent() -> StorageError {
    StorageError::Unavailable { detail: "these vectors bring no store".into() }
}
