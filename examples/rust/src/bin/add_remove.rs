//! Three people: one adds, another removes, and everyone agrees on who is there.

use std::sync::Arc;

use conclave::{
    AcceptAll, Client, ClientConfig, Event, Group, GroupOptions, Host, JoinOptions, KeyPackageOptions, MemoryStorage,
};
use conclave_examples::Outcome;

fn main() -> Outcome<()> {
    let [alice, bob, carol] = [person("alice")?, person("bob")?, person("carol")?];
    let a = alice.create_group(GroupOptions::default())?;
    let b = add(&a, &[], &bob)?;
    say("alice added bob", &[&a, &b])?;
    let c = add(&a, &[&b], &carol)?;
    say("alice added carol", &[&a, &b, &c])?;

    let refreshed = c.clone().new_commit().build()?.commit;
    c.confirm_commit(None, Vec::new())?;
    receive(&[&a, &b], &refreshed)?;
    say("carol refreshed her keys", &[&a, &b, &c])?;

    let leaf = c.find_member(b"bob".to_vec())?.ok_or("bob is not there")?.name.leaf;
    let removed = c.clone().new_commit().remove(leaf)?.build()?.commit;
    c.confirm_commit(None, Vec::new())?;
    receive(&[&a, &b], &removed)?;
    say("carol removed bob", &[&a, &c])?;

    let message = a.encrypt(b"bob is gone".to_vec(), Vec::new(), Vec::new())?;
    let Event::Message { plaintext, .. } = c.receive(message.clone(), Vec::new())? else {
        return Err("no message".into());
    };
    print(&format!("carol reads: {}", String::from_utf8(plaintext)?));
    let refused = b.receive(message, Vec::new()).err().ok_or("bob could still read")?;
    print(&format!("bob cannot read it: error {}", refused.code()));
    let refused = b.encrypt(b"hello?".to_vec(), Vec::new(), Vec::new()).err().ok_or("bob could still write")?;
    print(&format!("bob cannot write: error {}", refused.code()));
    Ok(())
}

fn person(name: &str) -> Outcome<Arc<Client>> {
    Ok(Client::new(ClientConfig::basic(name), Host::new(MemoryStorage::new(), Arc::new(AcceptAll)))?)
}

/// Adds someone, and takes the commit to the other members.
fn add(group: &Arc<Group>, others: &[&Arc<Group>], newcomer: &Client) -> Outcome<Arc<Group>> {
    let key_packages = newcomer.create_key_packages(1, KeyPackageOptions::default())?;
    let key_package = key_packages.into_iter().next().ok_or("no key package")?;
    let added = group.clone().new_commit().add(key_package.message)?.build()?;
    group.confirm_commit(None, Vec::new())?;
    receive(others, &added.commit)?;
    Ok(newcomer.join(added.welcome.ok_or("no Welcome")?, JoinOptions::default())?)
}

fn receive(groups: &[&Arc<Group>], message: &[u8]) -> Outcome<()> {
    Ok(groups.iter().try_for_each(|group| group.receive(message.to_vec(), Vec::new()).map(drop))?)
}

/// Tells how everyone sees the group; the epoch authenticator is equal only if all of it is.
fn say(what: &str, groups: &[&Arc<Group>]) -> Outcome<()> {
    let seen = groups.iter().map(|group| Ok((group.epoch_authenticator()?, group.status()?)));
    let seen: Vec<_> = seen.collect::<Outcome<_>>()?;
    let Some((authenticator, status)) = seen.first() else { return Err("nobody is there".into()) };
    let agreed = seen.iter().all(|(other, _)| other == authenticator);
    let verdict = if agreed { "everyone agrees" } else { "they disagree" };
    print(&format!("{what}: epoch {}, {} members, {verdict}", status.epoch, status.members));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what a scenario prints is its result")]
fn print(line: &str) {
    println!("{line}");
}
