//! The storage of a peer: records in memory, unsealed, that counts what is asked of it and can go back to an earlier state.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
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
    /// What the files begin with that hold the records instead.
    files: Option<PathBuf>,
    tally: Sample,
}

impl Shelf {
    /// The record at this key.
    pub fn read(&self, key: &[u8]) -> Option<Arc<Vec<u8>>> {
        let mut state = self.state();
        let record = state.find(key);
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
            state.place(key, record);
        }
    }

    /// What was asked so far. Nothing was measured in `elapsed`.
    pub fn tally(&self) -> Sample {
        self.state().tally
    }

    /// All records as they are in memory.
    pub fn records(&self) -> Records {
        self.state().records.clone()
    }

    /// Goes back to these records.
    pub fn restore(&self, records: &Records) {
        self.state().records.clone_from(records);
    }

    /// From now on, the records are in files that begin with this path, those in memory included.
    pub fn move_to(&self, files: PathBuf) {
        let mut state = self.state();
        state.files = Some(files);
        for (key, record) in std::mem::take(&mut state.records) {
            state.place(key, Some(record.to_vec()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn find(&self, key: &[u8]) -> Option<Arc<Vec<u8>>> {
        match &self.files {
            Some(files) => fs::read(file(files, key)).ok().map(Arc::new),
            None => self.records.get(key).cloned(),
        }
    }

    fn place(&mut self, key: Vec<u8>, record: Option<Vec<u8>>) {
        match (&self.files, record) {
            (Some(files), Some(record)) => fs::write(file(files, &key), record).unwrap(),
            // What is not there need not be taken away.
            (Some(files), None) => drop(fs::remove_file(file(files, &key))),
            (None, Some(record)) => drop(self.records.insert(key, Arc::new(record))),
            (None, None) => drop(self.records.remove(&key)),
        }
    }
}

fn file(files: &Path, key: &[u8]) -> PathBuf {
    let mut name = files.as_os_str().to_owned();
    let mut digits = String::from("-");
    key.iter().for_each(|byte| write!(digits, "{byte:02x}").unwrap());
    name.push(digits);
    name.into()
}
