//! Reading: each call sees one state of the store.

use conclave::StoredRecord;
use rusqlite::{Connection, OptionalExtension, Row};

const VALUE: &str = "SELECT value FROM conclave_records WHERE key = ?1";
const BOUNDED: &str = "SELECT key, value FROM conclave_records WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3";
const UNBOUNDED: &str = "SELECT key, value FROM conclave_records WHERE key >= ?1 ORDER BY key LIMIT ?2";

/// The values of `keys`, in their order. Measured from 1 key to 4 096, a query for each inside one transaction is as quick
/// as one query joined with all of them, and needs no statement of its own for every number of keys.
pub(crate) fn values(reader: &Connection, keys: &[Vec<u8>]) -> rusqlite::Result<Vec<Option<Vec<u8>>>> {
    if let [key] = keys {
        return Ok(vec![value(reader, key)?]);
    }
    run(reader, "BEGIN")?;
    let found = keys.iter().map(|key| value(reader, key)).collect();
    run(reader, "COMMIT")?;
    found
}

/// The value of one key.
pub(crate) fn value(connection: &Connection, key: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.prepare_cached(VALUE)?.query_row([key], |row| row.get(0)).optional()
}

/// A stretch of keys: the first one inside, and the first one past it, if there is any past it.
pub(crate) struct Stretch {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl Stretch {
    /// The keys that begin with `prefix` and come after `after`.
    pub(crate) fn new(prefix: Vec<u8>, mut after: Vec<u8>) -> Self {
        let last = prefix.iter().rposition(|byte| *byte < 0xff);
        let to = last.and_then(|last| prefix.get(..=last)).map(|head| {
            let mut to = head.to_vec();
            to.iter_mut().rev().take(1).for_each(|byte| *byte += 1);
            to
        });
        if after < prefix {
            return Stretch { from: prefix, to };
        }
        // No key lies between `after` and `after` with a zero behind it. An empty key is none.
        after.push(0);
        Stretch { from: after, to }
    }
}

/// The first records in a stretch, in order, at most `limit`.
pub(crate) fn records(reader: &Connection, stretch: &Stretch, limit: u32) -> rusqlite::Result<Vec<StoredRecord>> {
    match &stretch.to {
        Some(to) => reader.prepare_cached(BOUNDED)?.query_map((&stretch.from, to, limit), record)?.collect(),
        None => reader.prepare_cached(UNBOUNDED)?.query_map((&stretch.from, limit), record)?.collect(),
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    Ok(StoredRecord { key: row.get(0)?, value: row.get(1)? })
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}
