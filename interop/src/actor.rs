//! What every library must offer to take part: one person on one device, in at most one group at a time. All that goes in and
//! out is bytes as they go over the wire, and what a person sees of the group.

use crate::Outcome;

/// A type of group context extension that is nobody's, and that everybody here supports.
pub const EXTENSION: u16 = 0xf0a0;

/// A type of proposal that is nobody's, and that everybody here supports.
pub const PROPOSAL: u16 = 0xf0a1;

/// For how many epochs everybody here can read late messages.
pub const PAST_EPOCHS: u32 = 5;

/// An implementation of MLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Library {
    /// This project.
    Conclave,
    /// <https://openmls.tech>
    OpenMls,
    /// <https://github.com/awslabs/mls-rs>
    MlsRs,
}

impl Library {
    /// All of them.
    pub const ALL: [Library; 3] = [Library::Conclave, Library::OpenMls, Library::MlsRs];

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Library::Conclave => "conclave",
            Library::OpenMls => "openmls",
            Library::MlsRs => "mls-rs",
        }
    }

    /// The cipher suites that it has, with the cryptography it was given here.
    pub fn suites(self) -> &'static [u16] {
        match self {
            Library::Conclave | Library::MlsRs => &[1, 2, 3, 4, 5, 6, 7],
            Library::OpenMls => &[1, 2, 3],
        }
    }
}

/// Who someone is, and how they do things.
#[derive(Clone)]
pub struct Persona {
    /// The name in the basic credential.
    pub name: String,
    /// The cipher suite of the group.
    pub suite: u16,
    /// Whether proposals and commits go out as PublicMessage.
    pub public: bool,
    /// Whether messages are padded.
    pub padded: bool,
    /// Whether extensions of random types are published beside the real ones (GREASE, RFC 9420 §13.5), by those who can.
    pub grease: bool,
}

/// What a proposal changes.
#[derive(Clone)]
pub enum Change {
    /// Adds the client of this key package.
    Add(Vec<u8>),
    /// Removes the member at this leaf.
    Remove(u32),
    /// Gives the proposer fresh keys; only as a proposal on its own.
    Update,
    /// Mixes the external pre-shared key of this id in.
    Psk(Vec<u8>),
    /// Mixes the resumption secret of this epoch of the group in.
    Resumption(u64),
    /// Closes the group in favour of one with this id, and all else as it is.
    Reinit(Vec<u8>),
    /// Replaces the group's extensions by this encoded list.
    Extensions(Vec<u8>),
    /// A proposal of the type [`PROPOSAL`] with this content.
    Custom(Vec<u8>),
}

/// How a commit is made.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Whether it has a path even if the changes do not ask for one.
    pub path: bool,
    /// Whether the ratchet tree is in the Welcome.
    pub tree_inside: bool,
}

/// A commit that waits to be confirmed.
pub struct Built {
    /// The message for the group.
    pub commit: Vec<u8>,
    /// The Welcome for those that it adds.
    pub welcome: Option<Vec<u8>>,
}

/// By what someone joins by themselves, or asks to be added.
pub struct Entrance {
    /// The GroupInfo.
    pub group_info: Vec<u8>,
    /// The ratchet tree, when the GroupInfo does not hold it.
    pub tree: Option<Vec<u8>>,
    /// The leaf of one's own former self that is to be removed.
    pub former: Option<u32>,
    /// The external pre-shared key that is mixed in.
    pub psk: Option<Vec<u8>>,
}

/// What a new group follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The group that was closed.
    Reinit,
    /// The group that goes on; the new one has this id.
    Branch(Vec<u8>),
}

/// What a message turned into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An application message.
    Message {
        /// The leaf of the sender.
        sender: u32,
        /// What was written.
        text: Vec<u8>,
        /// What was authenticated beside it.
        aad: Vec<u8>,
    },
    /// A proposal, kept until a commit names it.
    Proposal,
    /// A commit took effect.
    Epoch,
    /// A commit removed the receiver.
    Removed,
    /// A commit closed the group.
    Closed,
}

/// A member, as another one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its leaf.
    pub leaf: u32,
    /// The identity in its credential.
    pub name: Vec<u8>,
    /// Its signature key.
    pub signature_key: Vec<u8>,
}

/// What all members of an epoch must see alike.
#[derive(Clone, PartialEq, Eq)]
pub struct View {
    /// The epoch.
    pub epoch: u64,
    /// Its authenticator.
    pub authenticator: Vec<u8>,
    /// A secret that was exported from it.
    pub exported: Vec<u8>,
    /// Everybody.
    pub roster: Vec<Entry>,
    /// The encoded ratchet tree.
    pub tree: Vec<u8>,
}

/// The label and the context of the exported secret in a [`View`], and its length.
pub const EXPORT: (&str, &[u8], usize) = ("interop", b"context", 32);

/// A person on one of the libraries.
pub trait Actor {
    /// Makes a key package.
    fn key_package(&mut self) -> Outcome<Vec<u8>>;
    /// Keeps an external pre-shared key.
    fn put_psk(&mut self, psk_id: &[u8], secret: &[u8]) -> Outcome<()>;
    /// Creates a group with oneself as its only member.
    fn create(&mut self, group_id: &[u8]) -> Outcome<()>;
    /// Joins by a Welcome.
    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Outcome<()>;
    /// Joins by an external commit, which takes effect here at once.
    fn join_external(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>>;
    /// Proposes from outside to be added.
    fn ask_to_join(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>>;
    /// Makes a group that follows from the present one, with these others, and goes on in it. Gives the Welcome.
    fn found(&mut self, _origin: &Origin, _key_packages: Vec<Vec<u8>>, _tree_inside: bool) -> Outcome<Vec<u8>> {
        Err("this library makes no groups that follow from another".into())
    }
    /// Joins a group that follows from the present one, and goes on in it.
    fn follow(&mut self, _origin: &Origin, _welcome: &[u8], _tree: Option<&[u8]>) -> Outcome<()> {
        Err("this library joins no groups that follow from another".into())
    }
    /// Proposes a change.
    fn propose(&mut self, change: &Change) -> Outcome<Vec<u8>>;
    /// Makes a commit of all proposals that wait, and of these.
    fn commit(&mut self, changes: &[Change], manner: Manner) -> Outcome<Built>;
    /// One's own commit takes effect.
    fn confirm(&mut self) -> Outcome<()>;
    /// Encrypts a message.
    fn encrypt(&mut self, text: &[u8], aad: &[u8]) -> Outcome<Vec<u8>>;
    /// Receives any message for the group.
    fn receive(&mut self, message: &[u8]) -> Outcome<Heard>;
    /// The GroupInfo for others to join by, with or without the tree.
    fn group_info(&mut self, with_tree: bool) -> Outcome<Vec<u8>>;
    /// The encoded ratchet tree.
    fn tree(&mut self) -> Outcome<Vec<u8>>;
    /// What one sees of the group.
    fn view(&mut self) -> Outcome<View>;
    /// One's own leaf.
    fn leaf(&mut self) -> Outcome<u32>;
}
