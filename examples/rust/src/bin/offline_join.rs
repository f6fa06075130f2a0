//! Someone is added while away, and catches up later, after a device restart in between, with values sealed in the store.

use std::path::Path;

use conclave_examples::Outcome;
use conclave_examples::device::{Device, Place};

fn main() -> Outcome<()> {
    let directory = tempfile::tempdir()?;
    on(&directory, "bob", |_| Ok(()))?;
    on(&directory, "carol", |_| Ok(()))?;
    print("bob and carol were here and left key packages");

    on(&directory, "alice", |alice| {
        alice.create_group()?;
        alice.add(&["bob"])?;
        alice.say("before carol")?;
        alice.add(&["carol"])?;
        print(&format!("alice added bob, then carol, who is away: epoch {}", alice.group()?.status()?.epoch));
        alice.say("welcome, carol")
    })?;
    on(&directory, "bob", |bob| {
        bob.say("hello carol")?;
        bob.refresh()?;
        bob.say("still there?")?;
        print_news("bob", bob)
    })?;
    print(&format!("the delivery service keeps {} invitation for carol", invitations(directory.path())?));

    on(&directory, "carol", |carol| {
        carol.sync()?;
        print_news("carol", carol)?;
        print(&format!("carol caught up: epoch {}", carol.group()?.status()?.epoch));
        print(&format!(
            "the delivery service keeps {} invitations for carol",
            carol.spool().invitations("carol")?.len()
        ));
        carol.say("I am back")
    })?;
    on(&directory, "alice", |alice| {
        alice.sync()?;
        print_news("alice", alice)
    })
}

/// Switches a device on, and off again afterwards.
fn on(directory: &tempfile::TempDir, name: &str, act: impl FnOnce(&mut Device) -> Outcome<()>) -> Outcome<()> {
    let storage_key = Some(vec![7; 32]);
    let place = Place { directory: directory.path().to_path_buf(), storage_key, stop_at: None };
    act(&mut Device::open(name, &place)?)
}

fn invitations(directory: &Path) -> Outcome<usize> {
    Ok(conclave_examples::delivery::Spool::open(directory.join("spool"))?.invitations("carol")?.len())
}

fn print_news(name: &str, device: &mut Device) -> Outcome<()> {
    for line in device.news()? {
        print(&format!("{name} sees: {line}"));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what a scenario prints is its result")]
fn print(line: &str) {
    println!("{line}");
}
