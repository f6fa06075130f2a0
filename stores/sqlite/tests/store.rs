//! What the store promises beyond the conformance kit: durability, effects, busy and broken files, deletion to the bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use common::{batch, clear, guarded, joined, occurrences, put, words};
use conclave::{Effect, Storage, StorageError};
use conclave_sqlite::rusqlite::{self, Connection, Transaction, ffi};
use conclave_sqlite::{Options, SqliteStorage};
use tempfile::TempDir;

fn hasty() -> Options {
    Options { busy_timeout: Duration::from_millis(150), ..Options::default() }
}

fn acting(act: impl Fn(&Transaction<'_>, &Effect) -> rusqlite::Result<()> + Send + Sync + 'static) -> Options {
    Options { on_effect: Some(Box::new(act)), ..Options::default() }
}

fn value(storage: &SqliteStorage, key: &[u8]) -> Option<Vec<u8>> {
    storage.read(vec![key.to_vec()]).unwrap().remove(0)
}

#[test]
fn what_is_written_is_there_after_reopening() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    let storage = SqliteStorage::open(&path).unwrap();
    storage.write(batch(vec![put(b"a", b"1"), put(b"b", b""), put(b"c", b"3")])).unwrap();
    storage.write(guarded(b"a", Some(b"1"), vec![put(b"a", b"2"), clear(b"c", b"d")])).unwrap();
    assert_eq!(storage.write(guarded(b"a", None, vec![put(b"a", b"lost")])), Err(StorageError::Conflict));
    drop(storage);
    assert!(!dir.path().join("store.db-wal").exists());
    let storage = SqliteStorage::open(&path).unwrap();
    let found = storage.scan(vec![], vec![], 9).unwrap();
    let found: Vec<(Vec<u8>, Vec<u8>)> = found.into_iter().map(|record| (record.key, record.value)).collect();
    assert_eq!(found, [(b"a".to_vec(), b"2".to_vec()), (b"b".to_vec(), vec![])]);
}

#[cfg(unix)]
#[test]
fn the_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let storage = SqliteStorage::open(dir.path().join("store.db")).unwrap();
    storage.write(batch(vec![put(b"a", b"1")])).unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
    }
}

#[test]
fn an_app_that_ends_the_transaction_has_stored_nothing() {
    for sql in ["ROLLBACK", "ROLLBACK; BEGIN IMMEDIATE", "COMMIT; BEGIN IMMEDIATE"] {
        let dir = TempDir::new().unwrap();
        let storage =
            SqliteStorage::open_with(dir.path().join("store.db"), acting(|app, _| app.execute_batch(sql))).unwrap();
        let refused = storage.write(joined(vec![put(b"a", b"1")]));
        assert!(matches!(&refused, Err(StorageError::Unavailable { .. })), "{sql}: {refused:?}");
        // What was committed was, and the error says that nobody knows.
        assert_eq!(value(&storage, b"a").is_some(), sql.starts_with("COMMIT"));
    }
}

#[test]
fn effects_join_the_transaction_or_take_it_back() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE app (epoch INTEGER UNIQUE)").unwrap();
    let insert = |transaction: &Transaction<'_>, effect: &Effect| match effect {
        Effect::Joined { epoch, .. } => transaction.execute("INSERT INTO app VALUES (?1)", [*epoch as i64]).map(drop),
        _ => Ok(()),
    };
    let storage = SqliteStorage::open_with(&path, acting(insert)).unwrap();
    storage.write(batch(vec![put(b"a", b"1")])).unwrap();
    storage.write(joined(vec![put(b"b", b"2")])).unwrap();
    assert!(words(storage.write(joined(vec![put(b"b", b"3")]))).contains("UNIQUE"));
    assert_eq!(value(&storage, b"b").unwrap(), b"2");
    let rows: i64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM app", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_busy_attempt_starts_over_with_the_whole_batch() {
    let dir = TempDir::new().unwrap();
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = attempts.clone();
    let busy_twice = move |_: &Transaction<'_>, _: &Effect| match counted.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
        _ => Ok(()),
    };
    let storage = SqliteStorage::open_with(dir.path().join("store.db"), acting(busy_twice)).unwrap();
    let ops = (0..3000u32).map(|n| put(&n.to_be_bytes(), b"x")).collect();
    storage.write(joined(ops)).unwrap();
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    assert_eq!(storage.scan(vec![], vec![], 9999).unwrap().len(), 3000);
}

#[test]
fn a_write_inside_an_open_transaction_is_refused() {
    let dir = TempDir::new().unwrap();
    let itself: Arc<OnceLock<Weak<SqliteStorage>>> = Arc::default();
    let seen = Arc::new(OnceLock::new());
    let (within, told) = (itself.clone(), seen.clone());
    let calls_back = move |_: &Transaction<'_>, _: &Effect| {
        let storage = within.get().unwrap().upgrade().unwrap();
        told.set(words(storage.write(batch(vec![put(b"inner", b"1")])))).unwrap();
        Ok(())
    };
    let storage = SqliteStorage::open_with(dir.path().join("store.db"), acting(calls_back)).unwrap();
    itself.set(Arc::downgrade(&storage)).unwrap();
    storage.write(joined(vec![put(b"outer", b"1")])).unwrap();
    assert!(seen.get().unwrap().contains("transaction is open"));
    assert_eq!(value(&storage, b"inner"), None);
    assert!(value(&storage, b"outer").is_some());
}

#[test]
fn a_busy_writer_elsewhere_is_waited_for_and_then_reported() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    let storage = SqliteStorage::open_with(&path, hasty()).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(words(storage.write(batch(vec![put(b"a", b"1")]))).contains("locked"));
    assert_eq!(value(&storage, b"a"), None);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| storage.write(batch(vec![put(b"a", b"1")])));
        std::thread::sleep(Duration::from_millis(50));
        other.execute_batch("COMMIT").unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert!(value(&storage, b"a").is_some());
}

#[test]
fn a_full_disk_is_unavailable_and_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let limit =
        |transaction: &Transaction<'_>, _: &Effect| transaction.query_row("PRAGMA max_page_count = 8", [], |_| Ok(()));
    let storage = SqliteStorage::open_with(dir.path().join("store.db"), acting(limit)).unwrap();
    storage.write(joined(vec![put(b"a", b"1")])).unwrap();
    let much = (0..64u8).map(|n| put(&[n], &[n; 4096])).collect();
    assert!(words(storage.write(batch(much))).contains("full"));
    assert_eq!(storage.scan(vec![], vec![], 9).unwrap().len(), 1);
    storage.write(batch(vec![put(b"a", b"2")])).unwrap();
}

#[test]
fn places_that_cannot_hold_a_store_are_refused() {
    let dir = TempDir::new().unwrap();
    let text = dir.path().join("text");
    std::fs::write(&text, [b'x'; 4096]).unwrap();
    words(SqliteStorage::open(&text).map(drop));
    words(SqliteStorage::open(dir.path()).map(drop));
    for place in [":memory:", ""] {
        assert!(words(SqliteStorage::open(place).map(drop)).contains("local disk"));
        assert!(!std::path::Path::new(place).exists());
    }
}

const SECRET: &[u8] = b"the key that nobody shall read again";

#[test]
fn deleted_secrets_leave_the_raw_files() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    let storage = SqliteStorage::open(&path).unwrap();
    storage.write(batch(vec![put(b"epoch 1", SECRET), put(b"kept", b"x")])).unwrap();
    value(&storage, b"epoch 1").unwrap();
    assert!(occurrences(&path, SECRET) > 0);
    storage.write(batch(vec![put(b"epoch 2", b"y"), clear(b"epoch 1", b"epoch 2")])).unwrap();
    assert_eq!(occurrences(&path, SECRET), 0);
    assert_eq!(std::fs::metadata(dir.path().join("store.db-wal")).unwrap().len(), 0);
}

#[test]
fn a_reader_elsewhere_delays_the_emptying_of_the_log_and_no_more() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    let storage = SqliteStorage::open(&path).unwrap();
    storage.write(batch(vec![put(b"epoch 1", SECRET)])).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count =
        |_: &Connection| reader.query_row("SELECT count(*) FROM conclave_records", [], |row| row.get::<_, i64>(0));
    assert_eq!(count(&reader).unwrap(), 1);
    storage.write(batch(vec![clear(b"epoch 1", b"epoch 2")])).unwrap();
    assert!(occurrences(&path, SECRET) > 0);
    reader.execute_batch("COMMIT").unwrap();
    storage.write(batch(vec![put(b"later", b"x")])).unwrap();
    assert_eq!(occurrences(&path, SECRET), 0);
}

/// SQLite leaves copies behind where a page was packed anew; scrubbing must find them all.
#[test]
fn scrubbing_leaves_no_copy_of_a_deleted_secret_among_those_that_stay() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    let storage = SqliteStorage::open_with(&path, Options { durable: false, ..Options::default() }).unwrap();
    let mut state = 1u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let long =
        |text: &[u8], length: u32| text.iter().copied().cycle().take(40 + length as usize % 300).collect::<Vec<u8>>();
    for _ in 0..200 {
        let place = random().to_be_bytes();
        let secrets = (0..10u32).map(|_| put(&[b"s", &random().to_be_bytes()[..]].concat(), &long(SECRET, random())));
        let mut ops: Vec<_> = secrets.collect();
        ops.extend(
            (0..10u32).map(|_| put(&[b"s", &random().to_be_bytes()[..], b"k"].concat(), &long(b"kept", random()))),
        );
        ops.push(clear(
            &[b"s", &place[..]].concat(),
            &[b"s", &(u32::from_be_bytes(place) | 0xff_ffff).to_be_bytes()[..]].concat(),
        ));
        storage.write(batch(ops)).unwrap();
    }
    let secrets: Vec<_> = storage.scan(vec![b's'], vec![], 99_999).unwrap();
    let secrets = secrets.into_iter().filter(|record| record.value.starts_with(&SECRET[..9]));
    let doomed = secrets.map(|record| clear(&record.key, &[&record.key[..], &[0]].concat())).collect();
    storage.write(batch(doomed)).unwrap();
    let before = storage.scan(vec![], vec![], 99_999).unwrap();
    assert!(before.len() > 500);
    storage.scrub().unwrap();
    assert_eq!(occurrences(&path, &SECRET[..20]), 0);
    assert!(storage.scan(vec![], vec![], 99_999).unwrap() == before);
}
