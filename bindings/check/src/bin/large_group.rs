//! `large_group MEMBERS FOLDER`: what a client needs that joins a full group of so many: `joiner.sqlite`, the store of a client called
//! `joiner` with its key package, and `welcome` and `tree`, as they come from the network.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use conclave::testing::crowd;
use conclave::{AcceptAll, Client, ClientConfig, Host, KeyPackageOptions, MemoryStorage};
use conclave_check::Outcome;
use conclave_sqlite::SqliteStorage;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [members, folder] = arguments.as_slice() else { return Err("usage: large_group MEMBERS FOLDER".into()) };
    let (members, folder) = (members.parse::<u32>()?, Path::new(folder));
    fs::create_dir_all(folder)?;
    let host = |storage| Host::new(storage, Arc::new(AcceptAll));
    let joiner = Client::new(ClientConfig::basic("joiner"), host(SqliteStorage::open(folder.join("joiner.sqlite"))?))?;
    let key_package = joiner.create_key_packages(1, KeyPackageOptions::default())?.remove(0);
    let first = Client::new(ClientConfig::basic("first"), host(MemoryStorage::new()))?;
    let group = crowd(members - 1, &[(0, first)], false)?.remove(0);
    let built = group.clone().new_commit().add(key_package.message)?.tree_later()?.build()?;
    group.confirm_commit(None, vec![])?;
    fs::write(folder.join("welcome"), built.welcome.ok_or("no Welcome")?)?;
    fs::write(folder.join("tree"), group.export_tree()?)?;
    Ok(())
}
