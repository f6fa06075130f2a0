//! A group that is added all at once.

use crate::person::{Change, Made, Person};
use crate::scene::Seat;

/// Everybody who is to be added.
pub(crate) struct Bulk<P: Person> {
    key_packages: Vec<Vec<u8>>,
    /// The last of them.
    pub joiner: Seat<P>,
    welcome: Option<Vec<u8>>,
}

impl<P: Person> Bulk<P> {
    /// All but the creator of a group of `n`.
    pub(crate) fn new(n: u32, enter: fn(&str) -> P) -> Self {
        let mut joiner = enter("joiner");
        let others = (2..n).map(|number| enter(&format!("member {number}")).key_package());
        let key_packages = others.chain([joiner.key_package()]).collect();
        Bulk { key_packages, joiner: Seat::new(joiner), welcome: None }
    }

    /// Has the creator of a new group make the commit that adds them.
    pub(crate) fn add(&mut self, creator: &mut P) -> Made {
        let made = creator.commit(Change { add: &self.key_packages, remove: None, tree_inside: true });
        self.welcome.clone_from(&made.welcome);
        made
    }

    /// The Welcome of the last such commit.
    pub(crate) fn welcome(&self) -> Option<&[u8]> {
        self.welcome.as_deref()
    }
}
