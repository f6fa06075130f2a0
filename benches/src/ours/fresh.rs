//! Conclave in fresh processes, with its stores in files of SQLite.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use conclave::testing::crowd;
use conclave::{AcceptAll, Client, ClientConfig, Group, Host, JoinOptions, KeyPackageOptions, MemoryStorage, Observer};
use conclave_sqlite::SqliteStorage;

use crate::fresh::{Fresh, Gaps};
use crate::ours::person::cores;

/// Conclave over SQLite, waiting for the disk.
pub struct FreshOurs;

impl Fresh for FreshOurs {
    fn name(&self) -> &'static str {
        "conclave, SQLite"
    }

    fn prepare(&self, folder: &Path, n: u32) {
        let sender = client("sender", Host::new(MemoryStorage::new(), Arc::new(AcceptAll)));
        let receiver = client("receiver", on_disk(folder, "receiver"));
        let mut groups = crowd(n, &[(0, sender), (n / 2, receiver)], true).unwrap();
        let (receiving, sending) = (groups.pop().unwrap(), groups.pop().unwrap());
        let message = sending.encrypt(vec![7; 1024], vec![], vec![]).unwrap();
        let leave = |name: &str, content: Vec<u8>| fs::write(folder.join(name), content).unwrap();
        leave("group", receiving.id());
        leave("message", message);
        let newcomer = client("newcomer", on_disk(folder, "newcomer"));
        let (welcome, tree) = invite(&sending, &newcomer);
        leave("welcome", welcome);
        leave("tree", tree);
    }

    fn open_and_decrypt(&self, folder: &Path) {
        let receiver = client("receiver", on_disk(folder, "receiver"));
        let group = receiver.open_group(fs::read(folder.join("group")).unwrap()).unwrap();
        group.receive(fs::read(folder.join("message")).unwrap(), vec![]).unwrap();
    }

    fn join(&self, folder: &Path, heard: Arc<Gaps>) {
        let host = Host { observer: Some(Arc::new(Listener(heard))), ..on_disk(folder, "newcomer") };
        let newcomer = client("newcomer", host);
        let [welcome, tree] = ["welcome", "tree"].map(|name| fs::read(folder.join(name)).unwrap());
        newcomer.join(welcome, JoinOptions { tree: Some(tree), ..JoinOptions::default() }).unwrap();
    }
}

/// Passes on that something was heard.
struct Listener(Arc<Gaps>);

impl Observer for Listener {
    fn progress(&self, _done: u64, _total: u64) -> conclave::Result<bool> {
        self.0.hear();
        Ok(true)
    }
}

fn on_disk(folder: &Path, name: &str) -> Host {
    Host::new(SqliteStorage::open(folder.join(format!("{name}.sqlite"))).unwrap(), Arc::new(AcceptAll))
}

fn client(name: &str, host: Host) -> Arc<Client> {
    Client::new(ClientConfig { threads: cores(), ..ClientConfig::basic(name) }, host).unwrap()
}

/// The Welcome for the newcomer, and the tree.
fn invite(group: &Arc<Group>, newcomer: &Client) -> (Vec<u8>, Vec<u8>) {
    let key_package = newcomer.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message;
    let draft = group.clone().new_commit().tree_beside_welcome().unwrap();
    let made = draft.add(key_package).unwrap().build().unwrap();
    (made.welcome.unwrap(), made.tree.unwrap())
}
