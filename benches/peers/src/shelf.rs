//! The storage of a peer: records in memory, unsealed, that counts what is asked of it and can go back to an earlier state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use conclave_benches::contender::Sample;

/// What lay in a storage at some moment.
pub type Records = HashMap<Vec<u8>, Arc<Vec<u8>>>;

/// Records by key. Whoever clones it has the same records.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    records: Records,
    tally: Sample,
}

impl Shelf {
    /// The record at this key.
    pub fn read(&self, key: &[u8]) -> Option<Arc<Vec<u8>>> {
        let mut state = self.state();
        let record = state.records.get(key).cloned();
        state.tally.reads += 1;
        state.tally.read_bytes += record.as_ref().map_or(0, |record| (key.len() + record.len()) as u64);
        record
    }

    /// Puts a record at each key, or takes what is there away, in one call.
    pub fn write(&self, records: Vec<(Vec<u8>, Option<Vec<u8>>)>) {
        let mut state = self.state();
        state.tally.writes += 1;
        for (key, record) in records {
            state.tally.written_bytes += (key.len() + record.as_ref().map_or(0, Vec::len)) as u64;
            match record {
                Some(record) => drop(state.records.insert(key, Arc::new(record))),
                None => drop(state.records.remove(&key)),
            }
        }
    }

    /// What was asked so far. Nothing was measured in `elapsed`.
    pub fn tally(&self) -> Sample {
        self.state().tally
    }

    /// All records as they are.
    pub fn records(&self) -> Records {
        self.state().records.clone()
    }

    /// Goes back to these records.
    pub fn restore(&self, records: &Records) {
        self.state().records = records.clone();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}
