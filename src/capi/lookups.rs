//! Looking without touching.

use super::answer::{Out, Owned, hand_over, required};
use super::bytes::conclave_bytes;
use super::client::conclave_client;
use super::memory::conclave_memory;
use super::names::conclave_member_name;
use super::status::conclave_status;
use crate::base::lookup::{MessageKind, MessagePeek, MessageStanding, WelcomePreview};

/// One of `CONCLAVE_KIND_*`.
pub type conclave_message_kind = i32;

/// Invites clients into a group.
pub const CONCLAVE_KIND_WELCOME: conclave_message_kind = 1;
/// Describes an epoch of a group, for clients that join by themselves.
pub const CONCLAVE_KIND_GROUP_INFO: conclave_message_kind = 2;
/// Lets others add a client.
pub const CONCLAVE_KIND_KEY_PACKAGE: conclave_message_kind = 3;
/// Data of the app.
pub const CONCLAVE_KIND_APPLICATION: conclave_message_kind = 4;
/// Asks for a change of the group.
pub const CONCLAVE_KIND_PROPOSAL: conclave_message_kind = 5;
/// Changes the group.
pub const CONCLAVE_KIND_COMMIT: conclave_message_kind = 6;

/// One of `CONCLAVE_STANDING_*`.
pub type conclave_message_standing = i32;

/// It belongs to no group: a key package.
pub const CONCLAVE_STANDING_APART: conclave_message_standing = 1;
/// A Welcome for a key package of ours: see `key_package`.
pub const CONCLAVE_STANDING_INVITATION: conclave_message_standing = 2;
/// A Welcome for others: none of our key packages is in it.
pub const CONCLAVE_STANDING_NOT_FOR_US: conclave_message_standing = 3;
/// This client holds no such group.
pub const CONCLAVE_STANDING_UNKNOWN_GROUP: conclave_message_standing = 4;
/// Of an epoch before the current one: see `readable`.
pub const CONCLAVE_STANDING_PAST: conclave_message_standing = 5;
/// Of the epoch that the group is in.
pub const CONCLAVE_STANDING_CURRENT: conclave_message_standing = 6;
/// Of an epoch that has not come yet: commits are missing.
pub const CONCLAVE_STANDING_FUTURE: conclave_message_standing = 7;
/// The group has removed this client, and the message cannot be read.
pub const CONCLAVE_STANDING_REMOVED: conclave_message_standing = 8;

/// What the outside of a message tells, for an app that sorts its inbox: what it says of itself, and nothing of it is verified.
/// Free it with `conclave_message_peek_free`.
#[repr(C)]
pub struct conclave_message_peek {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// What kind of message it is: one of `CONCLAVE_KIND_*`.
    pub kind: conclave_message_kind,
    /// How it stands to what this client has: one of `CONCLAVE_STANDING_*`.
    pub standing: conclave_message_standing,
    /// Whether only members can read what is inside.
    pub encrypted: bool,
    /// Of a past epoch, whether its keys are still there, for an application message: it may be read. Never for a handshake.
    pub readable: bool,
    /// Whether `epoch` is told; a Welcome does not tell.
    pub has_epoch: bool,
    /// The cipher suite, or 0 if it is not known.
    pub cipher_suite: u16,
    /// The group it is for; absent for a Welcome, which does not tell, and for a key package, which is for none.
    pub group_id: conclave_bytes,
    /// The epoch it belongs to.
    pub epoch: u64,
    /// Of an invitation, the reference of the key package; else absent.
    pub key_package: conclave_bytes,
}

/// What a Welcome would lead into. Everything that `conclave_client_join` verifies is verified, except for what needs a tree that is
/// missing: then `inviter` and `members` are absent, and the rest is what someone says who has seen the key package. Free it
/// with `conclave_welcome_preview_free`.
#[repr(C)]
pub struct conclave_welcome_preview {
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
    /// The id of the group.
    pub group_id: conclave_bytes,
    /// The epoch it is in.
    pub epoch: u64,
    /// Its cipher suite.
    pub cipher_suite: u16,
    /// Whether the tree is neither inside the Welcome nor was passed along: joining needs it.
    pub tree_missing: bool,
    /// How many members the group has, with us; 0 if that is not known.
    pub members: u32,
    /// The member who signed the invitation; NULL if that is not known.
    pub inviter: *const conclave_member_name,
    /// The types of the group's own extensions.
    pub extensions: *const u16,
    /// How many there are.
    pub extension_count: usize,
    /// The reference of the key package that the Welcome opens with.
    pub key_package: conclave_bytes,
}

impl conclave_message_peek {
    fn new(peek: MessagePeek) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let (standing, readable, key_package) = standing(peek.standing);
        let (group_id, key_package) = (owner.optional(peek.group_id), owner.optional(key_package));
        Box::new(conclave_message_peek {
            owner,
            kind: kind(peek.kind),
            standing,
            encrypted: peek.encrypted,
            readable,
            has_epoch: peek.epoch.is_some(),
            cipher_suite: peek.cipher_suite.unwrap_or_default(),
            group_id,
            epoch: peek.epoch.unwrap_or_default(),
            key_package,
        })
    }
}

impl conclave_welcome_preview {
    fn new(preview: WelcomePreview) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let (group_id, key_package) = (owner.bytes(preview.group_id), owner.bytes(preview.key_package));
        let inviter = conclave_member_name::optional(&mut owner, preview.inviter);
        let (extensions, extension_count) = owner.list(preview.extensions);
        Box::new(conclave_welcome_preview {
            owner,
            group_id,
            epoch: preview.epoch,
            cipher_suite: preview.cipher_suite,
            tree_missing: preview.tree_missing,
            members: preview.members.unwrap_or_default(),
            inviter,
            extensions,
            extension_count,
            key_package,
        })
    }
}

/// Tells what kind of message this is, which group and epoch it is for, and how it stands to what this client has: for an inbox that
/// many groups share. Decrypts and verifies nothing.
///
/// Returns: `CONCLAVE_OK`, the 2xx of bytes that are no message, `CONCLAVE_LIMIT_REACHED`, `CONCLAVE_UNSUPPORTED_VERSION`,
/// `CONCLAVE_UNSUPPORTED_CONTENT`.
/// In: `client`; `message`.
/// Out: `peek`, to be freed with `conclave_message_peek_free`.
/// State: reads one record; for a Welcome, as many as clients are invited by it, or all our key packages if there are more than 64.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_peek(
    client: Option<&conclave_client>,
    message: conclave_bytes,
    peek: Out<'_, Owned<conclave_message_peek>>,
) -> conclave_status {
    hand_over(peek, || {
        Ok(conclave_message_peek::new(required(client, "client")?.client.peek(message.copy("message")?)?))
    })
}

/// Frees what the outside of a message told.
///
/// Returns: nothing.
/// In: `peek`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_message_peek_free(peek: Option<Box<conclave_message_peek>>) {
    drop(peek);
}

/// Opens a Welcome and verifies what it leads into, just as `conclave_client_join` would, and tells it before the user decides.
/// Without a tree, what needs it stays unknown and unverified. The key package remains.
///
/// Returns: those of `conclave_client_join`, except for `CONCLAVE_TREE_MISSING`.
/// In: `client`; `welcome`; `tree`, when the Welcome does not hold it, or absent.
/// Out: `preview`, to be freed with `conclave_welcome_preview_free`.
/// State: writes nothing. Verifies the whole tree: O(n), and joining does it again.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_client_preview_welcome(
    client: Option<&conclave_client>,
    welcome: conclave_bytes,
    tree: conclave_bytes,
    preview: Out<'_, Owned<conclave_welcome_preview>>,
) -> conclave_status {
    hand_over(preview, || {
        let (welcome, tree) = (welcome.copy("welcome")?, tree.copy_optional("tree")?);
        Ok(conclave_welcome_preview::new(required(client, "client")?.client.preview_welcome(welcome, tree)?))
    })
}

/// Frees what tells of a Welcome.
///
/// Returns: nothing.
/// In: `preview`; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_welcome_preview_free(preview: Option<Box<conclave_welcome_preview>>) {
    drop(preview);
}

fn kind(kind: MessageKind) -> conclave_message_kind {
    match kind {
        MessageKind::Welcome => CONCLAVE_KIND_WELCOME,
        MessageKind::GroupInfo => CONCLAVE_KIND_GROUP_INFO,
        MessageKind::KeyPackage => CONCLAVE_KIND_KEY_PACKAGE,
        MessageKind::Application => CONCLAVE_KIND_APPLICATION,
        MessageKind::Proposal => CONCLAVE_KIND_PROPOSAL,
        MessageKind::Commit => CONCLAVE_KIND_COMMIT,
    }
}

/// The standing, whether it is readable, and the key package of an invitation.
fn standing(standing: MessageStanding) -> (conclave_message_standing, bool, Option<Vec<u8>>) {
    match standing {
        MessageStanding::Apart => (CONCLAVE_STANDING_APART, false, None),
        MessageStanding::Invitation { key_package } => (CONCLAVE_STANDING_INVITATION, false, Some(key_package)),
        MessageStanding::NotForUs => (CONCLAVE_STANDING_NOT_FOR_US, false, None),
        MessageStanding::UnknownGroup => (CONCLAVE_STANDING_UNKNOWN_GROUP, false, None),
        MessageStanding::Past { readable } => (CONCLAVE_STANDING_PAST, readable, None),
        MessageStanding::Current => (CONCLAVE_STANDING_CURRENT, false, None),
        MessageStanding::Future => (CONCLAVE_STANDING_FUTURE, false, None),
        MessageStanding::Removed => (CONCLAVE_STANDING_REMOVED, false, None),
    }
}
