//! A full group with three clients in reach: two members, and one who is about to join.

use std::cell::OnceCell;
use std::sync::Arc;

use conclave::testing::crowd;
use conclave::{CommitResult, ExternalJoinOptions, Group, JoinOptions};

use super::person::{Person, Storing};
use crate::contender::Sample;

/// What the newcomer needs in order to join: the Welcome or GroupInfo, and the tree.
type Invitation = (Vec<u8>, Vec<u8>);

/// A full group.
pub struct Scene {
    /// The client at the first leaf.
    pub sender: Person,
    /// The client in the middle.
    pub receiver: Person,
    /// The client that is no member.
    pub newcomer: Person,
    /// The sender's handle on the group.
    pub sending: Arc<Group>,
    /// The receiver's handle on the group.
    pub receiving: Arc<Group>,
    /// A leaf of another member: in a group of two or three, the receiver's.
    pub other: u32,
    key_package: Vec<u8>,
    welcome: OnceCell<Invitation>,
    outside: OnceCell<Invitation>,
}

/// What a commit changes besides the keys of its sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// The newcomer is added; the tree is left out.
    Add,
    /// The other member is removed.
    Remove,
}

impl Scene {
    /// A group of `size`, at least 2.
    pub fn new(size: u32, storing: Storing) -> Self {
        let [sender, receiver, newcomer] = ["sender", "receiver", "newcomer"].map(|name| Person::new(name, storing));
        let seats = [(0, sender.client.clone()), (size / 2, receiver.client.clone())];
        let mut groups = crowd(size, &seats, true).unwrap();
        let (receiving, sending) = (groups.pop().unwrap(), groups.pop().unwrap());
        let key_package = newcomer.key_package();
        // The epoch that a crowd begins with has no confirmed past, which those who join from outside would miss.
        let commit = sending.clone().new_commit().build().unwrap().commit;
        sending.confirm_commit(None, vec![]).unwrap();
        receiving.receive(commit, vec![]).unwrap();
        [&sender, &receiver, &newcomer].iter().for_each(|person| person.storage.begin());
        let other = (size / 4).max(1);
        let (welcome, outside) = (OnceCell::new(), OnceCell::new());
        Scene { sender, receiver, newcomer, sending, receiving, other, key_package, welcome, outside }
    }

    /// Everything as it was in the beginning, the handles warm.
    pub fn rewind(&self) {
        [&self.sender, &self.receiver, &self.newcomer].iter().for_each(|person| person.storage.rewind());
        drop([&self.sending, &self.receiving].map(|group| group.status().unwrap()));
    }

    /// A commit by the sender.
    pub fn commit(&self, change: Change) -> CommitResult {
        let draft = self.sending.clone().new_commit();
        let draft = match change {
            Change::Nothing => draft,
            Change::Add => draft.tree_later().unwrap().add(self.key_package.clone()).unwrap(),
            Change::Remove => draft.remove(self.other).unwrap(),
        };
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

    /// The same by a handle that has just been opened.
    pub fn open_and_receive(&self, message: &[u8]) {
        let group = self.receiver.client.open_group(self.receiving.id()).unwrap();
        group.receive(message.to_vec(), vec![]).unwrap();
    }

    /// The newcomer joins by a Welcome.
    pub fn join(&self) -> Sample {
        let (welcome, tree) = self.welcome.get_or_init(|| self.invite()).clone();
        self.rewind();
        let options = JoinOptions { tree: Some(tree), ..JoinOptions::default() };
        self.newcomer.storage.timed(|| self.newcomer.client.join(welcome, options).unwrap()).1
    }

    /// The newcomer joins without one; gives the commit.
    pub fn join_external(&self) -> (Vec<u8>, Sample) {
        let announce = || (self.sending.group_info(false).unwrap(), self.sending.export_tree().unwrap());
        let (group_info, tree) = self.outside.get_or_init(announce).clone();
        self.rewind();
        let options = ExternalJoinOptions { tree: Some(tree), ..ExternalJoinOptions::default() };
        let join = || {
            let join = self.newcomer.client.join_external(group_info, options).unwrap();
            self.newcomer.client.confirm_join(join.group_id.clone(), None, vec![]).unwrap();
            join
        };
        let (join, sample) = self.newcomer.storage.timed(join);
        (join.commit, sample)
    }

    fn invite(&self) -> Invitation {
        self.rewind();
        let draft = self.sending.clone().new_commit().tree_beside_welcome().unwrap();
        let made = draft.add(self.key_package.clone()).unwrap().build().unwrap();
        self.rewind();
        (made.welcome.unwrap(), made.tree.unwrap())
    }
}
