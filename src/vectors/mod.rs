//! Runs the official MLS test vectors against the library's own functions. Compiled for tests only.

mod crypto_basics;
mod deserialization;
mod field;
mod key_schedule;
mod message_protection;
mod messages;
mod passive_client;
mod psk_secret;
mod secret_tree;
mod stored_tree;
mod transcript_hashes;
mod tree_math;
mod tree_operations;
mod tree_validation;
mod treekem;
mod welcome;

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::Storage;

/// What came of one file.
pub struct Tally {
    /// The file's name without its ending.
    pub name: String,
    /// How many entries passed.
    pub passed: usize,
    /// How many entries failed.
    pub failed: usize,
    /// Which entries failed, and why.
    pub failures: Vec<String>,
}

/// Makes an empty store; the entries that play a whole client ask for one each.
pub type NewStorage<'a> = &'a dyn Fn() -> Arc<dyn Storage>;

type Runner = fn(&Value, NewStorage<'_>) -> Result<(), String>;

/// The runner of each file, by the beginning of the file's name.
const RUNNERS: &[(&str, Runner)] = &[
    ("crypto-basics", crypto_basics::run),
    ("deserialization", deserialization::run),
    ("key-schedule", key_schedule::run),
    ("message-protection", message_protection::run),
    ("messages", messages::run),
    ("passive-client", passive_client::run),
    ("psk_secret", psk_secret::run),
    ("secret-tree", secret_tree::run),
    ("transcript-hashes", transcript_hashes::run),
    ("tree-math", tree_math::run),
    ("tree-operations", tree_operations::run),
    ("tree-validation", tree_validation::run),
    ("treekem", treekem::run),
    ("welcome", welcome::run),
];

/// The beginnings of the names of files whose entries use the store.
const STORING: &[&str] = &["tree-operations", "tree-validation", "treekem", "passive-client"];

/// Whether the entries of the file use the store.
pub fn uses_storage(path: &Path) -> bool {
    STORING.iter().any(|prefix| stem(path).starts_with(prefix))
}

/// Runs every entry of a file. An error says that the file could not be read or has no runner.
pub fn run_file(path: &Path, storage: NewStorage<'_>) -> Result<Tally, String> {
    let name = stem(path);
    let runner = runner(&name).ok_or_else(|| format!("no runner for {name}"))?;
    let text = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let entries: Vec<Value> = serde_json::from_slice(&text).map_err(|error| format!("{name}: {error}"))?;
    let verdicts = entries.iter().map(|entry| runner(entry, storage));
    let failures = failures(verdicts);
    Ok(Tally { passed: entries.len() - failures.len(), failed: failures.len(), name, failures })
}

fn runner(name: &str) -> Option<Runner> {
    RUNNERS.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, runner)| *runner)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn failures(verdicts: impl Iterator<Item = Result<(), String>>) -> Vec<String> {
    let numbered = verdicts.enumerate();
    numbered.filter_map(|(number, verdict)| Some(format!("entry {number}: {}", verdict.err()?))).collect()
}
