//! A group into which all others are added at once.

use std::sync::Arc;

use conclave::{CommitBuilder, CommitResult, Group, GroupOptions, JoinOptions};

use super::person::{Person, Storing};
use crate::contender::Sample;

/// A group of one, and those who are to come in.
pub(super) struct Bulk {
    creator: Person,
    group: Arc<Group>,
    key_packages: Vec<Vec<u8>>,
    /// The last of them.
    joiner: Person,
    welcome: Option<Vec<u8>>,
}

impl Bulk {
    /// A group that is to have `n` members.
    pub(super) fn new(n: u32, storing: Storing) -> Self {
        let [creator, joiner] = ["creator", "joiner"].map(|name| Person::new(name, storing));
        let group = creator.client.create_group(GroupOptions::default()).unwrap();
        let others = (2..n).map(|number| Person::new(&format!("member {number}"), Storing::Memory).key_package());
        let key_packages = others.chain([joiner.key_package()]).collect();
        [&creator, &joiner].iter().for_each(|person| person.storage.begin());
        Bulk { creator, group, key_packages, joiner, welcome: None }
    }

    /// Adds everyone.
    pub(super) fn add(&mut self) -> Sample {
        self.creator.storage.rewind();
        self.group.status().unwrap();
        let key_packages = self.key_packages.clone();
        let (made, sample) = self.creator.storage.timed(|| commit(&self.group, key_packages));
        self.welcome = made.welcome;
        sample
    }

    /// The last one joins.
    pub(super) fn join(&mut self) -> Sample {
        if self.welcome.is_none() {
            self.add();
        }
        self.joiner.storage.rewind();
        let welcome = self.welcome.clone().unwrap();
        self.joiner.storage.timed(|| self.joiner.client.join(welcome, JoinOptions::default()).unwrap()).1
    }
}

fn commit(group: &Arc<Group>, key_packages: Vec<Vec<u8>>) -> CommitResult {
    let add = |draft: Arc<CommitBuilder>, key_package| draft.add(key_package).unwrap();
    key_packages.into_iter().fold(group.clone().new_commit(), add).build().unwrap()
}
