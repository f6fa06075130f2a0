//! Two processes on one file, and processes that die in the middle of a write. The test program runs itself again, with a
//! role in its environment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{batch, clear, guarded, occurrences, put};
use conclave::{Storage, StorageError, StoredRecord};
use conclave_sqlite::SqliteStorage;
use tempfile::TempDir;

const ROLE: &str = "CONCLAVE_TEST_ROLE";
const PLACE: &str = "CONCLAVE_TEST_PLACE";
const ROUNDS: u32 = 100;

fn run_as(role: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "another_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(PLACE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Does nothing in the test run itself; what the other processes do otherwise.
#[test]
fn another_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = PathBuf::from(std::env::var_os(PLACE).unwrap());
    let storage = SqliteStorage::open(path).unwrap();
    match role.as_str() {
        "count" => count(&storage),
        _ => rewrite_for_ever(&storage),
    }
}

fn number(value: Option<&[u8]>) -> u32 {
    value.map_or(0, |bytes| u32::from_be_bytes(bytes.try_into().unwrap()))
}

fn count(storage: &SqliteStorage) {
    let mut won = 0;
    while won < ROUNDS {
        let seen = storage.read(vec![b"count".to_vec()]).unwrap().remove(0);
        let next = number(seen.as_deref()) + 1;
        match storage.write(guarded(b"count", seen.as_deref(), vec![put(b"count", &next.to_be_bytes())])) {
            Ok(()) => won += 1,
            Err(StorageError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Replaces forty records by forty of the next generation, and then says so.
fn rewrite_for_ever(storage: &SqliteStorage) {
    let first = storage.scan(b"r".to_vec(), vec![], 1).unwrap();
    let mut generation = number(first.first().map(|record| &record.value[..4]));
    loop {
        generation += 1;
        let text = format!("{generation:012} is over").repeat(50);
        let value = [&generation.to_be_bytes()[..], text.as_bytes()].concat();
        let mut ops = vec![clear(b"r", b"s")];
        ops.extend((0..40u8).map(|n| put(&[b'r', generation as u8, n], &value)));
        storage.write(batch(ops)).unwrap();
        println_raw(generation);
    }
}

fn println_raw(generation: u32) {
    let mut out = std::io::stdout();
    writeln!(out, "generation {generation}").unwrap();
    out.flush().unwrap();
}

#[test]
fn two_processes_race_and_every_increment_counts_once() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    let racers = [run_as("count", &path), run_as("count", &path)];
    let storage = SqliteStorage::open(&path).unwrap();
    count(&storage);
    for mut racer in racers {
        assert!(racer.wait().unwrap().success());
    }
    let total = storage.read(vec![b"count".to_vec()]).unwrap().remove(0);
    assert_eq!(number(total.as_deref()), 3 * ROUNDS);
}

#[test]
fn a_killed_process_leaves_all_or_nothing_and_what_it_reported() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    for round in 1..=12u64 {
        let mut child = run_as("rewrite", &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_report = |line: &String| line.contains("generation ");
        let first = lines.by_ref().map(Result::unwrap).find(is_report).unwrap();
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.map_while(Result::ok).filter(is_report).last().unwrap_or(first);
        let reported: u32 = last.rsplit(' ').next().unwrap().parse().unwrap();
        let storage = SqliteStorage::open(&path).unwrap();
        let records = storage.scan(b"r".to_vec(), vec![], 99).unwrap();
        assert_eq!(records.len(), 40);
        let generation = number(Some(&records[0].value[..4]));
        assert!(records.iter().all(|record: &StoredRecord| record.value == records[0].value));
        assert!(generation == reported || generation == reported + 1, "{generation} after {reported}");
        // Opening has emptied the log that the dead process left.
        let before = format!("{:012} is over", generation - 1);
        assert_eq!(occurrences(&path, before.as_bytes()), 0);
    }
}
