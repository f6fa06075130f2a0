//! The store under the library's own conformance kit.
#![allow(clippy::unwrap_used)]

use conclave::check_storage;
use conclave_sqlite::{Options, SqliteStorage};
use tempfile::TempDir;

#[test]
fn the_store_keeps_its_contract() {
    let dir = TempDir::new().unwrap();
    for durable in [true, false] {
        let options = Options { durable, ..Options::default() };
        let storage = SqliteStorage::open_with(dir.path().join("store.db"), options).unwrap();
        assert_eq!(check_storage(storage).unwrap(), []);
    }
}
