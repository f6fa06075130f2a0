//! The table of contents of the store: every kind of record there is, and the key it lies under.
//!
//! All keys of a client begin with the same eight bytes. Records of a group carry the random incarnation of this client's
//! stay in it, so that a group that was deleted and joined again can never be taken for the old one; only the head, which
//! names the incarnation, is found by the group's id. Integers are big-endian, so that byte order is number order.

mod deferred;
mod group;

use smallvec::SmallVec;

use crate::base::{GroupId, Secret};
use crate::crypto::{hmac_sha256, sha256};

pub(crate) use deferred::Deferred;
pub(crate) use group::{GroupKeys, Listing, Namespace, RatchetKind, Tally};

/// How long a key may be to need no allocation: as long as all but a few are.
const IN_PLACE: usize = 40;

/// The key of one record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key(pub(crate) SmallVec<[u8; IN_PLACE]>);

/// A stretch of keys: the first one inside, and the first one past it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyRange {
    pub(crate) from: Key,
    pub(crate) to: Key,
}

impl Key {
    /// The key that these parts make, one after another.
    pub(crate) fn of(parts: &[&[u8]]) -> Key {
        Key::behind(&[], parts)
    }

    /// The key that the parts of both lists make, in which those of the first come first.
    fn behind(first: &[&[u8]], then: &[&[u8]]) -> Key {
        let length = first.iter().chain(then).map(|part| part.len()).sum();
        let mut bytes = match length {
            0..=IN_PLACE => SmallVec::from_buf_and_len([0; IN_PLACE], length),
            _ => SmallVec::from_elem(0, length),
        };
        let mut room = bytes.as_mut_slice();
        for part in first.iter().chain(then) {
            let Some((place, rest)) = room.split_at_mut_checked(part.len()) else { break };
            place.copy_from_slice(part);
            room = rest;
        }
        Key(bytes)
    }

    /// The bytes, as the host gets them.
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// The number that stands behind `prefix`.
    pub(crate) fn number_behind(&self, prefix: &Key) -> Option<u64> {
        let number = self.0.strip_prefix(prefix.0.as_slice())?.first_chunk()?;
        Some(u64::from_be_bytes(*number))
    }
}

impl KeyRange {
    /// Every key that begins with `prefix`, which must not be all 0xff.
    pub(crate) fn of_prefix(prefix: &[u8]) -> KeyRange {
        let from = Key::of(&[prefix]);
        let mut to = from.clone();
        while let Some(last) = to.0.pop() {
            if last < 0xff {
                to.0.push(last + 1);
                break;
            }
        }
        KeyRange { from, to }
    }

    /// Whether `key` lies inside.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        *key >= self.from && *key < self.to
    }
}

/// The random id of one stay in a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Incarnation(pub(crate) [u8; 8]);

mod kind {
    // Records of a client.
    pub(super) const FORMAT: u8 = 0x01;
    pub(super) const KEY_PACKAGE: u8 = 0x02;
    pub(super) const PSK: u8 = 0x03;
    pub(super) const HEAD: u8 = 0x04;
    pub(super) const SIGNATURE_KEY: u8 = 0x05;
    pub(super) const KEY_CHECK: u8 = 0x06;
    pub(super) const JOINING: u8 = 0x07;
    pub(super) const ANNOUNCED: u8 = 0x08;
    pub(super) const EFFECT: u8 = 0x09;
    pub(super) const LATEST: u8 = 0x0a;
    pub(super) const GROUP: u8 = 0x10;
    // Records of a group, behind its incarnation.
    pub(super) const EPOCH: u8 = 0x01;
    pub(super) const NODE: u8 = 0x02;
    pub(super) const UNMERGED: u8 = 0x03;
    pub(super) const DIRECTORY: u8 = 0x04;
    pub(super) const CENSUS: u8 = 0x05;
    pub(super) const PATH_KEYS: u8 = 0x06;
    pub(super) const SUCCESSOR: u8 = 0x07;
    pub(super) const DEFERRED: u8 = 0x08;
    // What an epoch collects and its end clears.
    pub(super) const PROPOSAL: u8 = 0x10;
    pub(super) const PENDING: u8 = 0x11;
    pub(super) const UPDATE_KEY: u8 = 0x12;
    pub(super) const TOMBSTONE: u8 = 0x13;
    pub(super) const COLLECTED_END: u8 = 0x14;
}

mod epoch_kind {
    // Records of one epoch, behind its number.
    pub(super) const RECORD: u8 = 0x00;
    pub(super) const FRONTIER: u8 = 0x01;
    pub(super) const RATCHET: u8 = 0x02;
    pub(super) const SKIPPED: u8 = 0x03;
    pub(super) const FORMER_LEAF: u8 = 0x04;
}

/// Makes the keys of one client.
pub(crate) struct Keyspace {
    prefix: [u8; 8],
    tag_key: Option<Secret>,
}

impl Keyspace {
    /// The keys of the client called `name`. With `tag_key`, ids in keys are hashed under it, so that a copy of the store
    /// does not tell them. The client itself is found whatever the key, so that a wrong one is noticed.
    pub(crate) fn new(name: &[u8], tag_key: Option<Secret>) -> Self {
        let hash = sha256(&[b"conclave client ", name]);
        Keyspace { prefix: hash.first_chunk().copied().unwrap_or_default(), tag_key }
    }

    /// Sixteen bytes that stand for `name` in keys.
    fn tag(&self, label: &[u8], name: &[u8]) -> [u8; 16] {
        let parts: [&[u8]; 4] = [b"conclave ", label, b" ", name];
        let hash = match &self.tag_key {
            Some(key) => hmac_sha256(key, &parts),
            None => sha256(&parts),
        };
        hash.first_chunk().copied().unwrap_or_default()
    }

    fn key(&self, kind: u8, parts: &[&[u8]]) -> Key {
        Key::behind(&[&self.prefix, &[kind]], parts)
    }

    /// Everything that the client has.
    pub(crate) fn everything(&self) -> KeyRange {
        KeyRange::of_prefix(&self.prefix)
    }

    /// An effect in the journal, by its id: the prefix of its chunks.
    pub(crate) fn effect(&self, id: u64) -> Key {
        self.key(kind::EFFECT, &[&id.to_be_bytes()])
    }

    /// Every effect in the journal.
    pub(crate) fn effects(&self) -> Key {
        self.key(kind::EFFECT, &[])
    }

    /// The mark of an id that was given, which outlives its effect; the highest id lies first.
    pub(crate) fn latest(&self, id: u64) -> Key {
        self.key(kind::LATEST, &[&(!id).to_be_bytes()])
    }

    /// Every such mark.
    pub(crate) fn latests(&self) -> Key {
        self.key(kind::LATEST, &[])
    }

    /// The version of the store's format; every batch is guarded by it.
    pub(crate) fn format(&self) -> Key {
        self.key(kind::FORMAT, &[])
    }

    /// A value that opens under the storage key of this store alone; absent in a store without one.
    pub(crate) fn key_check(&self) -> Key {
        self.key(kind::KEY_CHECK, &[])
    }

    /// The private keys of a key package, by its reference.
    pub(crate) fn key_package(&self, reference: &[u8]) -> Key {
        self.key(kind::KEY_PACKAGE, &[&self.tag(b"key package", reference)])
    }

    /// Every key package.
    pub(crate) fn key_packages(&self) -> Key {
        self.key(kind::KEY_PACKAGE, &[])
    }

    /// An external pre-shared key, by its id.
    pub(crate) fn psk(&self, id: &[u8]) -> Key {
        self.key(kind::PSK, &[&self.tag(b"psk", id)])
    }

    /// Every external pre-shared key.
    pub(crate) fn psks(&self) -> Key {
        self.key(kind::PSK, &[])
    }

    /// The head of a group: what is read first, and names everything else.
    pub(crate) fn head(&self, group: &GroupId) -> Key {
        self.key(kind::HEAD, &[&self.tag(b"group", group.as_slice())])
    }

    /// Every head.
    pub(crate) fn heads(&self) -> Key {
        self.key(kind::HEAD, &[])
    }

    /// An external join of ours that waits, by the id of the group.
    pub(crate) fn joining(&self, group: &GroupId) -> Key {
        self.key(kind::JOINING, &[&self.tag(b"group", group.as_slice())])
    }

    /// Every external join that waits.
    pub(crate) fn joinings(&self) -> Key {
        self.key(kind::JOINING, &[])
    }

    /// The group that a closed one announced as its successor, by its id.
    pub(crate) fn announced(&self, group: &GroupId) -> Key {
        self.key(kind::ANNOUNCED, &[&self.tag(b"group", group.as_slice())])
    }

    /// A signature key of the software signer, by its id.
    pub(crate) fn signature_key(&self, id: &[u8]) -> Key {
        self.key(kind::SIGNATURE_KEY, &[&self.tag(b"signature key", id)])
    }
}
