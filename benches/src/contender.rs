//! What a library has to do to be measured beside the others.

use std::time::Duration;

/// What every library is asked to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Makes a key package and stores its private keys.
    KeyPackage,
    /// Creates a group of one.
    Create,
    /// Makes the commit that adds all n - 1 others at once, with its Welcome and the tree in it.
    BulkAdd,
    /// Joins by the Welcome of a bulk add: a tree of leaves whose parents are blank.
    JoinBulk,
    /// Joins a fully populated tree by the Welcome of an add.
    JoinFull,
    /// Makes a commit of fresh keys.
    SelfUpdate,
    /// Applies the pending commit of fresh keys.
    ConfirmUpdate,
    /// Processes another member's commit of fresh keys.
    ProcessUpdate,
    /// Makes a commit that adds one member, and its Welcome; the tree is left outside.
    Add,
    /// Processes such a commit.
    ProcessAdd,
    /// Makes a commit that removes one member.
    Remove,
    /// Processes such a commit.
    ProcessRemove,
    /// Encrypts 1 KiB, not as the first message in the epoch.
    Encrypt,
    /// Decrypts 1 KiB, not as the first message of its sender.
    Decrypt,
    /// Decrypts the sender's 1 001st message, none of the 1 000 before seen.
    DecryptSkipped,
    /// Opens the stored group, and decrypts the first message of a sender.
    OpenDecrypt,
    /// Makes the commit by which someone outside joins.
    ExternalJoin,
    /// Processes such a commit.
    ProcessExternal,
}

/// What one round of an operation took.
#[derive(Clone, Copy, Default, Debug)]
pub struct Sample {
    /// How long it took.
    pub elapsed: Duration,
    /// Calls that read from the storage.
    pub reads: u64,
    /// Bytes that these returned.
    pub read_bytes: u64,
    /// Calls that wrote to the storage.
    pub writes: u64,
    /// Bytes of keys and values in these.
    pub written_bytes: u64,
}

/// A library in one configuration.
pub trait Contender {
    /// What the table calls it, configuration included.
    fn name(&self) -> &'static str;
    /// Gets ready for groups of `n` members, fully populated. False: nothing is measured at this size (say why on stderr).
    fn gather(&mut self, n: u32) -> bool;
    /// One round: untimed preparation (restore the state), then the operation, timed. None: this library has no such operation.
    fn round(&mut self, operation: Operation) -> Option<Sample>;
}

impl Operation {
    /// All of them, in the order of the table.
    pub const ALL: [Operation; 18] = [
        Operation::KeyPackage,
        Operation::Create,
        Operation::BulkAdd,
        Operation::JoinBulk,
        Operation::JoinFull,
        Operation::SelfUpdate,
        Operation::ConfirmUpdate,
        Operation::ProcessUpdate,
        Operation::Add,
        Operation::ProcessAdd,
        Operation::Remove,
        Operation::ProcessRemove,
        Operation::Encrypt,
        Operation::Decrypt,
        Operation::DecryptSkipped,
        Operation::OpenDecrypt,
        Operation::ExternalJoin,
        Operation::ProcessExternal,
    ];

    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::KeyPackage => "key package",
            Operation::Create => "create",
            Operation::BulkAdd => "bulk add",
            Operation::JoinBulk => "join after bulk add",
            Operation::JoinFull => "join full tree",
            Operation::SelfUpdate => "self-update",
            Operation::ConfirmUpdate => "confirm self-update",
            Operation::ProcessUpdate => "process self-update",
            Operation::Add => "add",
            Operation::ProcessAdd => "process add",
            Operation::Remove => "remove",
            Operation::ProcessRemove => "process remove",
            Operation::Encrypt => "encrypt 1 KiB",
            Operation::Decrypt => "decrypt 1 KiB",
            Operation::DecryptSkipped => "decrypt after 1000 skipped",
            Operation::OpenDecrypt => "open and decrypt",
            Operation::ExternalJoin => "external join",
            Operation::ProcessExternal => "process external join",
        }
    }

    /// Whether it is the same for groups of every size.
    pub fn is_alone(self) -> bool {
        matches!(self, Operation::KeyPackage | Operation::Create)
    }
}
