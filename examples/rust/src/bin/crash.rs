//! Processes are killed in the middle of sending and of receiving, and go on from their stores: nothing is lost, nothing
//! comes twice, and what was encrypted is sent as it was encrypted.

use std::path::Path;

use conclave_examples::Outcome;
use conclave_examples::delivery::Spool;
use conclave_examples::ledger::Ledger;
use conclave_examples::process::{Actor, Point, played_a_role};

fn main() -> Outcome<()> {
    if played_a_role()? {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let directory = directory.path();
    let mut bob = Actor::start("bob", directory)?;
    let mut alice = Actor::start("alice", directory)?;
    alice.ask("/create")?;
    alice.ask("/add bob")?;
    alice.end()?;
    bob.ask("")?;
    sending(directory, &mut bob)?;
    bob.end()?;
    receiving(directory)?;
    building(directory)?;
    let all = Ledger::open(&directory.join("bob/store.db"))?.inbox()?;
    print("everything bob ever received:");
    all.iter().for_each(|line| print(&format!("  {line}")));
    Ok(())
}

fn sending(directory: &Path, bob: &mut Actor) -> Outcome<()> {
    Actor::start_until("alice", directory, Point::BeforeSending)?.kill_at(Point::BeforeSending, "one")?;
    print("alice encrypted \"one\" and was killed before it was sent");
    let bytes = waiting(directory)?;
    print(&format!("bob sees {} messages", bob.ask("")?.len()));
    start_and_end("alice", directory)?;
    print(&format!("alice goes on; the same bytes were sent: {}", is_sent(directory, &bytes)?));
    print(&format!("bob sees: {}", bob.ask("")?.join(", ")));

    Actor::start_until("alice", directory, Point::AfterSending)?.kill_at(Point::AfterSending, "two")?;
    print("alice sent \"two\" and was killed before she could note it");
    print(&format!("bob sees: {}", bob.ask("")?.join(", ")));
    start_and_end("alice", directory)?;
    print(&format!("alice goes on and sends it again; bob sees {} messages", bob.ask("")?.len()));
    Ok(())
}

fn receiving(directory: &Path) -> Outcome<()> {
    one_line(directory, "three")?;
    Actor::start_until("bob", directory, Point::InsideReceiving)?.kill_at(Point::InsideReceiving, "")?;
    print("bob was killed inside the transaction that receives \"three\"");
    print(&format!("bob goes on and sees: {}", start_and_end("bob", directory)?.join(", ")));

    one_line(directory, "four")?;
    Actor::start_until("bob", directory, Point::AfterReceiving)?.kill_at(Point::AfterReceiving, "")?;
    print("bob received \"four\" and was killed before he saw it");
    print(&format!("bob goes on and sees: {}", start_and_end("bob", directory)?.join(", ")));
    Ok(())
}

fn building(directory: &Path) -> Outcome<()> {
    Actor::start_until("alice", directory, Point::BeforeSending)?.kill_at(Point::BeforeSending, "/refresh")?;
    print("alice built a commit and was killed before it was sent");
    start_and_end("alice", directory)?;
    print(&format!("alice goes on; bob sees: {}", start_and_end("bob", directory)?.join(", ")));
    one_line(directory, "five")?;
    print(&format!("bob sees: {}", start_and_end("bob", directory)?.join(", ")));
    Ok(())
}

/// Starts someone again, who finds out what there is to do; tells what was seen.
fn start_and_end(name: &str, directory: &Path) -> Outcome<Vec<String>> {
    let mut actor = Actor::start(name, directory)?;
    let seen = actor.ask("")?;
    actor.end()?;
    Ok(seen)
}

fn one_line(directory: &Path, text: &str) -> Outcome<()> {
    let mut alice = Actor::start("alice", directory)?;
    alice.ask(text)?;
    alice.end()
}

/// The one message in alice's outbox.
fn waiting(directory: &Path) -> Outcome<Vec<u8>> {
    let letter = Ledger::open(&directory.join("alice/store.db"))?.unsent()?.pop();
    Ok(letter.ok_or("the outbox is empty")?.bytes)
}

/// Whether the newest message of the group is these bytes.
fn is_sent(directory: &Path, bytes: &[u8]) -> Outcome<bool> {
    let spool = Spool::open(directory.join("spool"))?;
    let group_id = spool.groups()?.pop().ok_or("there is no group")?;
    let mut newest = None;
    for number in 1.. {
        match spool.fetch(&group_id, number)? {
            Some(entry) => newest = Some(entry.message),
            None => break,
        }
    }
    Ok(newest.as_deref() == Some(bytes))
}

#[expect(clippy::print_stdout, reason = "what a scenario prints is its result")]
fn print(line: &str) {
    println!("{line}");
}
