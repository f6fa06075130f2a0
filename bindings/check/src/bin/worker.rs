//! `worker DATABASE INBOX SALT`: one of the two processes of `mixed`, in Rust. Every language has one; they take the same arguments,
//! print the same, and differ in the order in which they try the messages of a step.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use conclave::{AcceptAll, Client, ClientConfig, Effect, Event, Group, Host};
use conclave_check::Outcome;
use conclave_sqlite::{OnEffect, Options, SqliteStorage};

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [database, inbox, salt] = arguments.as_slice() else { return Err("usage: worker DATABASE INBOX SALT".into()) };
    let group = open(Path::new(database))?;
    let (mut received, mut been) = (0, 0);
    for mut step in steps(Path::new(inbox))?.into_values() {
        step.messages.sort_by_key(|path| scattered(path, salt));
        for path in step.messages.iter().chain(&step.commit) {
            match receive(&group, &fs::read(path)?)? {
                true => received += u32::from(path.extension().is_some_and(|kind| kind == "msg")),
                false => been += 1,
            }
        }
    }
    print(&format!("{received} received, {been} had been"));
    Ok(ExitCode::SUCCESS)
}

/// The files of a step.
#[derive(Default)]
struct Step {
    messages: Vec<PathBuf>,
    commit: Option<PathBuf>,
}

fn steps(inbox: &Path) -> Outcome<BTreeMap<String, Step>> {
    let mut steps: BTreeMap<String, Step> = BTreeMap::new();
    for entry in fs::read_dir(inbox)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a file without a name")?.to_owned();
        let step = steps.entry(name.chars().take(3).collect()).or_default();
        if name.ends_with(".commit") { step.commit = Some(path) } else { step.messages.push(path) }
    }
    Ok(steps)
}

/// A place in an order that depends on the salt.
fn scattered(path: &Path, salt: &str) -> u64 {
    let bytes = path.to_string_lossy().into_owned() + salt;
    bytes.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn open(database: &Path) -> Outcome<Arc<Group>> {
    let on_effect: OnEffect = Box::new(|transaction, effect| {
        if let Effect::Received { event: Event::Message { plaintext, .. }, .. } = effect {
            transaction.execute("INSERT INTO received (text) VALUES (?1)", [std::str::from_utf8(plaintext)?])?;
        }
        Ok(())
    });
    let options = Options { on_effect: Some(on_effect), ..Options::default() };
    let storage = SqliteStorage::open_with(database, options)?;
    let client = Client::new(ClientConfig::basic("bob"), Host::new(storage, Arc::new(AcceptAll)))?;
    let found = client.groups(None, 1)?.groups;
    Ok(client.open_group(found.first().ok_or("no group")?.group_id.clone())?)
}

/// Whether the message was new. It is tried again when another process was faster.
fn receive(group: &Arc<Group>, message: &[u8]) -> Outcome<bool> {
    loop {
        return match group.receive(message.to_vec(), vec![]) {
            Ok(Event::Duplicate) => Ok(false),
            Ok(_) => Ok(true),
            // Of a past epoch, or its key is gone: it was received before.
            Err(error) if matches!(error.code(), 403 | 405) => Ok(false),
            Err(error) if matches!(error.code(), 501 | 600..700) => continue,
            Err(error) => Err(error.into()),
        };
    }
}

#[expect(clippy::print_stdout, reason = "the result is for whoever started the program")]
fn print(line: &str) {
    println!("{line}");
}
