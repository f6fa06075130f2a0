//! Clients, and a full group with three of them in it.

use std::sync::Arc;

use conclave::testing::crowd;
use conclave::{AcceptAll, Client, ClientConfig, CommitResult, Group, Host, KeyPackageOptions};

use crate::rehearsal::Rehearsal;

/// A client on a storage that can stand still.
pub struct Person {
    /// The client.
    pub client: Arc<Client>,
    /// Its storage.
    pub storage: Arc<Rehearsal>,
}

impl Person {
    /// A new client of this name.
    pub fn new(name: &str) -> Self {
        let storage = Rehearsal::new();
        let host = Host::new(storage.clone(), Arc::new(AcceptAll));
        Person { client: Client::new(ClientConfig::basic(name), host).unwrap(), storage }
    }

    /// A new key package of the client.
    pub fn key_package(&self) -> Vec<u8> {
        self.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }
}

/// A full group with its first and its middle member in reach.
pub struct Scene {
    /// The client at the first leaf.
    pub sender: Person,
    /// The client in the middle.
    pub receiver: Person,
    /// The sender's handle on the group.
    pub sending: Arc<Group>,
    /// The receiver's handle on the group.
    pub receiving: Arc<Group>,
    /// A leaf of another member.
    pub bystander: u32,
}

impl Scene {
    /// A group of `size`, at least 4.
    pub fn new(size: u32) -> Self {
        let (sender, receiver) = (Person::new("sender"), Person::new("receiver"));
        let seats = [(0, sender.client.clone()), (size / 2, receiver.client.clone())];
        let mut groups = crowd(size, &seats, false).unwrap();
        let (receiving, sending) = (groups.pop().unwrap(), groups.pop().unwrap());
        Scene { sender, receiver, sending, receiving, bystander: size / 4 }
    }

    /// Neither storage changes any more, or both do again.
    pub fn hold_still(&self, still: bool) {
        self.sender.storage.hold_still(still);
        self.receiver.storage.hold_still(still);
    }

    /// A commit by the sender: of fresh keys, and of what is added or removed.
    pub fn commit(&self, add: Option<&[u8]>, remove: Option<u32>) -> CommitResult {
        let mut draft = self.sending.clone().new_commit().tree_beside_welcome().unwrap();
        if let Some(key_package) = add {
            draft = draft.add(key_package.to_vec()).unwrap();
        }
        if let Some(leaf) = remove {
            draft = draft.remove(leaf).unwrap();
        }
        draft.build().unwrap()
    }

    /// A message of 1 KiB by the sender.
    pub fn encrypt(&self) -> Vec<u8> {
        self.sending.encrypt(vec![7; 1024], vec![], vec![]).unwrap()
    }

    /// The receiver receives.
    pub fn receive(&self, message: &[u8]) {
        self.receiving.receive(message.to_vec(), vec![]).unwrap();
    }
}
