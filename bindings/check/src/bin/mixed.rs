//! `mixed COUNT PROGRAM PROGRAM`: two programs, of two languages as a rule, as two processes of one device on one SQLite file, like an
//! app and its notification extension. Both try every one of COUNT messages, each in an order of its own, with commits in between; each
//! message has to be in the table of the app exactly once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use conclave::{
    AcceptAll, Client, ClientConfig, Group, GroupOptions, Host, JoinOptions, KeyPackageOptions, MemoryStorage, Storage,
};
use conclave_check::Outcome;
use conclave_sqlite::SqliteStorage;
use rusqlite::Connection;

/// How many messages there are before each commit.
const STEP: usize = 250;

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, programs @ ..] = arguments.as_slice() else { return Err("usage: mixed COUNT PROGRAM PROGRAM".into()) };
    let count: usize = count.parse()?;
    if programs.len() != 2 {
        return Err("usage: mixed COUNT PROGRAM PROGRAM".into());
    }
    let directory = tempfile::tempdir()?;
    let (database, inbox) = (directory.path().join("bob.sqlite"), directory.path().join("inbox"));
    fs::create_dir(&inbox)?;
    write_inbox(&group_of_two(&database)?, &inbox, count)?;
    Connection::open(&database)?.execute_batch("CREATE TABLE received (text TEXT NOT NULL)")?;
    let running = (1..).zip(programs).map(|(salt, program)| start(program, (&database, &inbox), salt));
    let running: Vec<Child> = running.collect::<Outcome<_>>()?;
    let mut all_well = true;
    for (program, child) in programs.iter().zip(running) {
        let ended = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
        print(&format!("{program}: {said}"));
        all_well &= ended.status.success() && took_part(&said, count);
    }
    let (rows, distinct) = received(&database)?;
    print(&format!("{count} messages sent, {rows} in the table, {distinct} of them different"));
    let all_there = [rows, distinct].iter().all(|found| usize::try_from(*found).is_ok_and(|found| found == count));
    Ok(if all_well && all_there { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn client(name: &str, storage: Arc<dyn Storage>) -> Outcome<Arc<Client>> {
    Ok(Client::new(ClientConfig::basic(name), Host::new(storage, Arc::new(AcceptAll)))?)
}

/// Makes bob, in a file, a member of a group of alice's; gives the group as alice has it.
fn group_of_two(database: &Path) -> Outcome<Arc<Group>> {
    let (alice, bob) = (client("alice", MemoryStorage::new())?, client("bob", SqliteStorage::open(database)?)?);
    let key_package = bob.create_key_packages(1, KeyPackageOptions::default())?.remove(0);
    let group = alice.create_group(GroupOptions::default())?;
    let built = group.clone().new_commit().add(key_package.message)?.build()?;
    group.confirm_commit(None, vec![])?;
    bob.join(built.welcome.ok_or("no Welcome")?, JoinOptions::default())?;
    Ok(group)
}

/// Writes the messages and commits as files, named in the order of their steps.
fn write_inbox(group: &Arc<Group>, inbox: &Path, count: usize) -> Outcome<()> {
    for (step, first) in (0..count).step_by(STEP).enumerate() {
        for number in 0..STEP.min(count - first) {
            let message = group.encrypt(format!("message {:05}", first + number).into_bytes(), vec![], vec![])?;
            fs::write(inbox.join(format!("{step:03}-{number:04}.msg")), message)?;
        }
        let commit = group.clone().new_commit().build()?.commit;
        group.confirm_commit(None, vec![])?;
        fs::write(inbox.join(format!("{step:03}.commit")), commit)?;
    }
    Ok(())
}

fn start(program: &str, (database, inbox): (&Path, &Path), salt: u32) -> Outcome<Child> {
    let mut command = Command::new(program);
    command.arg(database).arg(inbox).arg(salt.to_string());
    Ok(command.stdout(Stdio::piped()).spawn()?)
}

/// Whether a program tried everything, and got something of it: it says `N received, M had been`. With a few messages one may get
/// all before the other is there.
fn took_part(said: &str, count: usize) -> bool {
    let numbers = said.split_once(" received, ").and_then(|(received, rest)| Some((received, rest.split_once(' ')?.0)));
    let [received, been] =
        numbers.map_or([0; 2], |(one, other)| [one, other].map(|number| number.parse().unwrap_or(0)));
    let files = count + count.div_ceil(STEP);
    (count..=files).contains(&(received + been)) && (received > 0 || count < 5_000)
}

fn received(database: &Path) -> Outcome<(i64, i64)> {
    let query = "SELECT count(*), count(DISTINCT text) FROM received";
    Ok(Connection::open(database)?.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

#[expect(clippy::print_stdout, reason = "the result is for whoever started the program")]
fn print(line: &str) {
    println!("{line}");
}
