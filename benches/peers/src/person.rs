//! What a library must offer here: someone on one device, in one group. All that goes in and out is bytes as they go over the
//! wire, and whatever returns has its result in the storage.

use crate::shelf::Shelf;

/// What a commit changes, beside the fresh keys that it always brings.
#[derive(Clone, Copy, Default)]
pub struct Change<'a> {
    /// Adds the clients of these key packages.
    pub add: &'a [Vec<u8>],
    /// Removes the member at this leaf.
    pub remove: Option<u32>,
    /// Whether the ratchet tree goes into the Welcome.
    pub tree_inside: bool,
}

/// A commit that waits to be confirmed.
#[derive(Clone)]
pub struct Made {
    /// The message for the group.
    pub commit: Vec<u8>,
    /// The Welcome for those that it adds.
    pub welcome: Option<Vec<u8>>,
}

/// A person on one of the libraries.
pub trait Person {
    /// All that makes a later state out of an earlier one: the records, and the group in memory as far as it can be copied.
    type Saved;

    /// Makes a key package.
    fn key_package(&mut self) -> Vec<u8>;
    /// Creates a group of one.
    fn create(&mut self);
    /// Joins by a Welcome, with the ratchet tree if it is not inside.
    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>);
    /// Joins by a commit of one's own.
    fn join_external(&mut self, group_info: &[u8], tree: &[u8]) -> Vec<u8>;
    /// Makes a commit.
    fn commit(&mut self, change: Change<'_>) -> Made;
    /// Applies the commit that waits.
    fn confirm(&mut self);
    /// Encrypts a message.
    fn encrypt(&mut self, text: &[u8]) -> Vec<u8>;
    /// Receives a message or a commit.
    fn receive(&mut self, message: &[u8]);
    /// Forgets the group in memory.
    fn close(&mut self);
    /// The id of the group.
    fn group_id(&self) -> Vec<u8>;
    /// Takes the group of this id for the one that is meant.
    fn recall(&mut self, group_id: &[u8]);
    /// Opens the group from the storage.
    fn open(&mut self);
    /// The GroupInfo for others to join by, without the tree.
    fn group_info(&mut self) -> Vec<u8>;
    /// The encoded ratchet tree.
    fn tree(&mut self) -> Vec<u8>;
    /// The present state.
    fn save(&self) -> Self::Saved;
    /// Goes back to that state, with the group in memory.
    fn restore(&mut self, saved: &Self::Saved);
    /// Where the records are.
    fn shelf(&self) -> &Shelf;
}
