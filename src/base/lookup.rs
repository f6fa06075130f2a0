//! What can be told of messages and key packages without taking any of them in.

use super::event::MemberName;

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MessageKind {
    /// Invites clients into a group.
    Welcome,
    /// Describes an epoch of a group, for clients that join by themselves.
    GroupInfo,
    /// Lets others add a client.
    KeyPackage,
    /// Data of the app.
    Application,
    /// Asks for a change of the group.
    Proposal,
    /// Changes the group.
    Commit,
}

/// How a message stands to what this client has. It is what the message says of itself: nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MessageStanding {
    /// It belongs to no group: a key package.
    Apart,
    /// A Welcome for a key package of ours.
    Invitation {
        /// The reference of the key package.
        key_package: Vec<u8>,
    },
    /// A Welcome for others: none of our key packages is in it.
    NotForUs,
    /// This client holds no such group.
    UnknownGroup,
    /// Of an epoch before the current one.
    Past {
        /// Whether the epoch's keys are still there, for an application message: it may be read. Never for a handshake.
        readable: bool,
    },
    /// Of the epoch that the group is in.
    Current,
    /// Of an epoch that has not come yet: commits are missing.
    Future,
    /// The group has removed this client, and the message cannot be read.
    Removed,
}

/// What the outside of a message tells, for an app that sorts its inbox.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MessagePeek {
    /// What kind of message it is.
    pub kind: MessageKind,
    /// Whether only members can read what is inside.
    pub encrypted: bool,
    /// The group it is for; a Welcome does not tell, and a key package is for none.
    pub group_id: Option<Vec<u8>>,
    /// The epoch it belongs to; a Welcome does not tell.
    pub epoch: Option<u64>,
    /// The cipher suite: that of the group, if it is known here and the message does not name it.
    pub cipher_suite: Option<u16>,
    /// How it stands to what this client has.
    pub standing: MessageStanding,
}

/// What a Welcome would lead into.
///
/// Everything that `join` verifies is verified, except for what needs a tree that is missing: then `inviter` and `members` are
/// absent, and the rest is what someone says who has seen the key package.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WelcomePreview {
    /// The id of the group.
    pub group_id: Vec<u8>,
    /// The epoch it is in.
    pub epoch: u64,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// The types of the group's own extensions.
    pub extensions: Vec<u16>,
    /// The reference of the key package that the Welcome opens with.
    pub key_package: Vec<u8>,
    /// Whether the tree is neither inside the Welcome nor was passed along: `join` needs it.
    pub tree_missing: bool,
    /// The member who signed the invitation.
    pub inviter: Option<MemberName>,
    /// How many members the group has, with us.
    pub members: Option<u32>,
}

/// What has become of a key package of this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum KeyPackageStatus {
    /// It waits for a Welcome.
    Available {
        /// Whether its private keys are kept after use: it may have been used already.
        last_resort: bool,
        /// When it expires, in seconds since 1970.
        not_after: u64,
    },
    /// Its time is over: nobody can be expected to add this client with it. A Welcome that is on its way can still be opened,
    /// for 30 days at the most.
    Expired,
    /// It was used or deleted, or never made here.
    Unknown,
}
