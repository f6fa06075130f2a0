//! Two people, one group, one message each way: the smallest program.

use std::sync::Arc;

use conclave::{
    AcceptAll, Client, ClientConfig, Event, GroupOptions, Host, JoinOptions, KeyPackageOptions, MemoryStorage,
};
use conclave_examples::Outcome;

fn main() -> Outcome<()> {
    let [alice, bob] = [person("alice")?, person("bob")?];
    let key_packages = bob.create_key_packages(1, KeyPackageOptions::default())?;
    let key_package = key_packages.into_iter().next().ok_or("no key package")?;
    say("bob published a key package");

    let group = alice.create_group(GroupOptions::default())?;
    let added = group.clone().new_commit().add(key_package.message)?.build()?;
    group.confirm_commit(None, Vec::new())?;
    say("alice created a group and added bob");

    let joined = bob.join(added.welcome.ok_or("no Welcome")?, JoinOptions::default())?;
    say(&format!("bob joined: {} members, epoch {}", joined.status()?.members, joined.status()?.epoch));

    let hello = group.encrypt(b"hello bob".to_vec(), Vec::new(), Vec::new())?;
    say(&format!("bob reads: {}", text(joined.receive(hello, Vec::new())?)?));
    let reply = joined.encrypt(b"hello alice".to_vec(), Vec::new(), Vec::new())?;
    say(&format!("alice reads: {}", text(group.receive(reply, Vec::new())?)?));
    Ok(())
}

fn person(name: &str) -> Outcome<Arc<Client>> {
    Ok(Client::new(ClientConfig::basic(name), Host::new(MemoryStorage::new(), Arc::new(AcceptAll)))?)
}

fn text(event: Event) -> Outcome<String> {
    let Event::Message { plaintext, .. } = event else { return Err("not a message".into()) };
    Ok(String::from_utf8(plaintext)?)
}

#[expect(clippy::print_stdout, reason = "what a scenario prints is its result")]
fn say(line: &str) {
    println!("{line}");
}
