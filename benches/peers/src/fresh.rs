//! The peers in fresh processes. Each record is a file, read when it is asked for; writes do not wait for the disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use conclave_benches::fresh::{Fresh, Gaps};

use crate::person::{Change, Person};
use crate::scene::TEXT;
use crate::seating::seat;

/// A library in fresh processes.
pub struct FreshPeer<P: Person> {
    name: &'static str,
    enter: fn(&str) -> P,
}

impl<P: Person> FreshPeer<P> {
    /// A library whose people enter like this.
    pub fn new(name: &'static str, enter: fn(&str) -> P) -> Self {
        FreshPeer { name, enter }
    }

    /// Someone with the records that were left in the folder.
    fn back(&self, folder: &Path, name: &str) -> P {
        let person = (self.enter)(name);
        person.shelf().move_to(folder.join(name));
        person
    }
}

impl<P: Person> Fresh for FreshPeer<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare(&self, folder: &Path, n: u32) {
        let [mut sender, mut receiver, mut newcomer] = ["sender", "receiver", "newcomer"].map(self.enter);
        seat(n, &mut sender, &mut receiver);
        let leave = |name: &str, content: Vec<u8>| fs::write(folder.join(name), content).unwrap();
        leave("group", receiver.group_id());
        leave("message", sender.encrypt(&TEXT));
        let add = [newcomer.key_package()];
        let made = sender.commit(Change { add: &add, ..Change::default() });
        sender.confirm();
        leave("welcome", made.welcome.unwrap());
        leave("tree", sender.tree());
        receiver.shelf().move_to(folder.join("receiver"));
        newcomer.shelf().move_to(folder.join("newcomer"));
    }

    fn open_and_decrypt(&self, folder: &Path) {
        let mut receiver = self.back(folder, "receiver");
        receiver.recall(&fs::read(folder.join("group")).unwrap());
        receiver.open();
        receiver.receive(&fs::read(folder.join("message")).unwrap());
    }

    /// Neither library tells how far it is.
    fn join(&self, folder: &Path, _heard: Arc<Gaps>) {
        let mut newcomer = self.back(folder, "newcomer");
        let [welcome, tree] = ["welcome", "tree"].map(|name| fs::read(folder.join(name)).unwrap());
        newcomer.join(&welcome, Some(&tree));
    }
}
