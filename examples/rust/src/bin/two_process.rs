//! A messenger and its notification extension: two processes, one SQLite file, one member of the group. Whoever is quicker
//! receives a message; nothing is received twice, nothing is lost, and no key is used twice.

use conclave_examples::Outcome;
use conclave_examples::ledger::Ledger;
use conclave_examples::process::{Actor, played_a_role};

const RACE: usize = 20;

fn main() -> Outcome<()> {
    if played_a_role()? {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let start = |name| Actor::start(name, directory.path());
    let (mut alice, mut app, mut extension) = (start("alice")?, start("bob")?, start("bob")?);
    say_all(&mut alice, &["/create", "/add bob"])?;

    print("the extension is awake, the app is not:");
    say_all(&mut alice, &["one", "two", "three"])?;
    print_all(&extension.ask("")?);
    print("the app is awake, the extension is not:");
    say_all(&mut alice, &["four", "/refresh", "five"])?;
    print_all(&app.ask("")?);
    print("both look at the same moment:");
    for n in 1..=RACE {
        say_all(&mut alice, &[&format!("message {n:02}")])?;
    }
    let shown = merged(&mut app, &mut extension, ["", ""])?;
    let inbox = Ledger::open(&directory.path().join("bob/store.db"))?.inbox()?;
    let received = inbox.get(inbox.len().saturating_sub(RACE)..).unwrap_or_default();
    print_all(received);
    print(&format!(
        "{} received, {} shown, by one of the two each: {}",
        received.len(),
        shown.len(),
        shown == received
    ));
    print("both write at the same moment:");
    merged(&mut app, &mut extension, ["from the app", "from the extension"])?;
    let mut read = alice.ask("")?;
    read.sort();
    print_all(&read);
    [alice, app, extension].into_iter().try_for_each(Actor::end)
}

/// What two processes show when told at the same moment: each a part of it, so sorted.
fn merged(app: &mut Actor, extension: &mut Actor, commands: [&str; 2]) -> Outcome<Vec<String>> {
    let [to_app, to_extension] = commands;
    app.tell(to_app)?;
    extension.tell(to_extension)?;
    let mut shown = app.answer()?;
    shown.extend(extension.answer()?);
    shown.sort();
    Ok(shown)
}

fn say_all(actor: &mut Actor, commands: &[&str]) -> Outcome<()> {
    commands.iter().try_for_each(|command| actor.ask(command).map(drop))
}

fn print_all(lines: &[String]) {
    lines.iter().for_each(|line| print(&format!("  {line}")));
}

#[expect(clippy::print_stdout, reason = "what a scenario prints is its result")]
fn print(line: &str) {
    println!("{line}");
}
