//! Looking without touching: calls that tell something of a message, a member or a key package, and write nothing.

use super::call::run;
use super::client::Client;
use super::group::{Group, member};
use super::lease::Inside;
use super::types::Member;
use crate::base::Result;
use crate::base::event::Event;
use crate::base::lookup::{KeyPackageStatus, MessagePeek, WelcomePreview};
use crate::group::foresight::Foresight;
use crate::group::inbound::Incoming;
use crate::group::{key_package, members, peek, preview};
use crate::message::Message;
use crate::tree::Payload;

#[uniffi::export]
impl Client {
    /// Tells what kind of message this is, which group and epoch it is for, and how it stands to what this client has: for an
    /// inbox that many groups share.
    ///
    /// Decrypts and verifies nothing: it is what the message says of itself. Writes nothing, and reads one record; for a
    /// Welcome, as many as clients are invited by it, or all our key packages if there are more than 64.
    ///
    /// # Errors
    /// The 2xx of bytes that are no message, `LimitReached`, `UnsupportedVersion`, `UnsupportedContent`.
    pub fn peek(&self, message: Vec<u8>) -> Result<MessagePeek> {
        let _inside = Inside::enter()?;
        let message = Message::decode(&message)?;
        run(&self.shared.store, |txn| Ok((peek::message(txn, &message)?, None)))
    }

    /// Opens a Welcome and verifies what it leads into, just as `join` would, and tells it before the user decides. `tree` is
    /// the ratchet tree, when the Welcome does not hold it. Without any, what needs the tree stays unknown and unverified.
    ///
    /// Writes nothing, and the key package remains. Verifies the whole tree: O(n), and `join` does it again. The app's
    /// validator is asked about every member, and the observer sees the progress.
    ///
    /// # Errors
    /// Those of `join`, except for `TreeMissing`.
    #[uniffi::method(default(tree))]
    pub fn preview_welcome(&self, welcome: Vec<u8>, tree: Option<Vec<u8>>) -> Result<WelcomePreview> {
        let _inside = Inside::enter()?;
        let (host, tree) = (&self.shared.services, tree.map(Payload::new));
        run(&self.shared.store, |txn| Ok((preview::welcome(txn, host, &welcome, tree.as_ref())?, None)))
    }

    /// What has become of one of our key packages, by its reference. Reads one record and writes nothing.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn key_package_status(&self, reference: Vec<u8>) -> Result<KeyPackageStatus> {
        let _inside = Inside::enter()?;
        run(&self.shared.store, |txn| Ok((key_package::status(txn, &self.shared.services, &reference)?, None)))
    }
}

#[uniffi::export]
impl Group {
    /// The members with this user id, as the app's validator named it: a user's devices. In the order of the tree, after the
    /// leaf `after`, at most `limit` of them.
    ///
    /// Reads every leaf up to the last one it finds, and all of them if it finds fewer than `limit`: O(n). For one client,
    /// `find_member` reads a few records.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn find_members(&self, user_id: Vec<u8>, after: Option<u32>, limit: u32) -> Result<Vec<Member>> {
        self.query(|txn, state| {
            let found = members::of_user(txn, state, &user_id, (after, limit as usize))?;
            found.into_iter().map(member).collect()
        })
    }

    /// Reads an application message of the current epoch, or of a past one that is kept, and writes nothing: for an extension
    /// that shows a notification and must not move the group on.
    ///
    /// The event is the one that `receive` gives, with everything verified. The key is not used up: the message can still be
    /// received, and has to be, for its key to go. A message of our own gives `OwnEcho`.
    ///
    /// # Errors
    /// Those of `receive`, and `WrongContent` for a proposal or a commit: what `peek` tells of it is all that can be told
    /// without taking it in.
    pub fn preview(&self, message: Vec<u8>) -> Result<Event> {
        let incoming = Incoming::parse(&message)?;
        self.act(
            |foresight: &Foresight| incoming.look(|inbound| foresight.to_receive(inbound)),
            |txn, state| Ok((preview::application(txn, (state, &self.shared.services), incoming.take()?)?, None)),
        )
    }
}
