//! The keys of the records of a group, which lie behind the incarnation of a stay in it.

use std::sync::Arc;

use super::{Incarnation, Key, KeyRange, Keyspace, epoch_kind, kind};
use crate::base::{Epoch, LeafIndex};

/// Makes the keys of one stay in a group.
#[derive(Clone)]
pub(crate) struct GroupKeys {
    keyspace: Arc<Keyspace>,
    incarnation: Incarnation,
}

/// Which of a sender's two ratchets (RFC 9420 §9.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RatchetKind {
    Handshake,
    Application,
}

/// A namespace of the directory: values of different namespaces never collide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(crate) enum Namespace {
    SignatureKey,
    EncryptionKey,
    ClientId,
}

/// A namespace of the directory, and sixteen bytes that stand for a value in it.
pub(crate) type Listing = [u8; 17];

/// What a census record counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub(crate) enum Tally {
    /// Members, and credential types in use.
    InUse,
    /// Leaves that support an extension type.
    Extension,
    /// Leaves that support a proposal type.
    Proposal,
    /// Leaves that support a credential type.
    Credential,
}

impl GroupKeys {
    pub(crate) fn new(keyspace: Arc<Keyspace>, incarnation: Incarnation) -> Self {
        GroupKeys { keyspace, incarnation }
    }

    /// The keys of another stay of the same client.
    pub(crate) fn of_incarnation(&self, incarnation: Incarnation) -> Self {
        GroupKeys { keyspace: self.keyspace.clone(), incarnation }
    }

    pub(super) fn key(&self, kind: u8, parts: &[&[u8]]) -> Key {
        Key::behind(&[&self.keyspace.prefix, &[kind::GROUP], &self.incarnation.0, &[kind]], parts)
    }

    /// Every record of this stay.
    pub(crate) fn all(&self) -> KeyRange {
        KeyRange::of_prefix(&self.keyspace.key(kind::GROUP, &[&self.incarnation.0]).0)
    }

    fn of_epoch(&self, epoch: Epoch, kind: u8, parts: &[&[u8]]) -> Key {
        let Keyspace { prefix, .. } = &*self.keyspace;
        let epoch = epoch.0.to_be_bytes();
        Key::behind(&[prefix, &[kind::GROUP], &self.incarnation.0, &[kind::EPOCH], &epoch, &[kind]], parts)
    }

    /// The secrets and the group context of an epoch.
    pub(crate) fn epoch(&self, epoch: Epoch) -> Key {
        self.of_epoch(epoch, epoch_kind::RECORD, &[])
    }

    /// A node of an epoch's secret tree that has not been consumed.
    pub(crate) fn frontier(&self, epoch: Epoch, node: u32) -> Key {
        self.of_epoch(epoch, epoch_kind::FRONTIER, &[&node.to_be_bytes()])
    }

    /// What remains of an epoch's frontier.
    pub(crate) fn frontier_of(&self, epoch: Epoch) -> Key {
        self.of_epoch(epoch, epoch_kind::FRONTIER, &[])
    }

    /// Every ratchet of an epoch.
    pub(crate) fn ratchets(&self, epoch: Epoch) -> Key {
        self.of_epoch(epoch, epoch_kind::RATCHET, &[])
    }

    /// A sender's ratchet.
    pub(crate) fn ratchet(&self, epoch: Epoch, leaf: LeafIndex, which: RatchetKind) -> Key {
        self.of_epoch(epoch, epoch_kind::RATCHET, &[&leaf.0.to_be_bytes(), &[which as u8]])
    }

    /// Sixteen consecutive generations of a ratchet whose messages have not come.
    pub(crate) fn skipped(&self, epoch: Epoch, leaf: LeafIndex, which: RatchetKind, chunk: u32) -> Key {
        let leaf = leaf.0.to_be_bytes();
        self.of_epoch(epoch, epoch_kind::SKIPPED, &[&leaf, &[which as u8], &chunk.to_be_bytes()])
    }

    /// Every skipped chunk of a ratchet, in order of generations.
    pub(crate) fn skipped_all(&self, epoch: Epoch, leaf: LeafIndex, which: RatchetKind) -> Key {
        self.of_epoch(epoch, epoch_kind::SKIPPED, &[&leaf.0.to_be_bytes(), &[which as u8]])
    }

    /// Every skipped chunk of an epoch.
    pub(crate) fn skipped_of(&self, epoch: Epoch) -> Key {
        self.of_epoch(epoch, epoch_kind::SKIPPED, &[])
    }

    /// The ratchet that a skipped chunk belongs to, by the chunk's key; nothing for another kind of key.
    pub(crate) fn ratchet_of(&self, chunk: &Key) -> Option<Key> {
        let fields = self.key(kind::EPOCH, &[]).0.len() + size_of::<u64>();
        let (epoch, rest) = chunk.0.split_at_checked(fields)?;
        let (ratchet, _number) = rest.strip_prefix(&[epoch_kind::SKIPPED])?.split_last_chunk::<4>()?;
        Some(Key::of(&[epoch, &[epoch_kind::RATCHET], ratchet]))
    }

    /// A leaf as it was up to the epoch `last`, if another has its place since.
    pub(crate) fn former_leaf(&self, last: Epoch, leaf: LeafIndex) -> Key {
        self.of_epoch(last, epoch_kind::FORMER_LEAF, &[&leaf.0.to_be_bytes()])
    }

    /// Everything kept of the epochs from `first` up to `last`, exclusive.
    pub(crate) fn epochs(&self, first: Epoch, last: Epoch) -> KeyRange {
        let (from, to) = (first.0.to_be_bytes(), last.0.to_be_bytes());
        KeyRange { from: self.key(kind::EPOCH, &[&from]), to: self.key(kind::EPOCH, &[&to]) }
    }

    /// What the running epoch has collected and its end clears: proposals, our pending commit, keys of proposed Updates, and
    /// commits of ours that were discarded.
    pub(crate) fn collected(&self) -> KeyRange {
        KeyRange { from: self.key(kind::PROPOSAL, &[]), to: self.key(kind::COLLECTED_END, &[]) }
    }

    /// A node of the ratchet tree. Four levels of a subtree share a band, and lie together in the order of their indices.
    pub(crate) fn node(&self, band: u8, node: u32) -> Key {
        self.key(kind::NODE, &[&[band], &node.to_be_bytes()])
    }

    /// The nodes of a band from index `first` on.
    pub(crate) fn nodes_from(&self, band: u8, first: u32) -> KeyRange {
        KeyRange { from: self.node(band, first), to: self.node(band + 1, 0) }
    }

    /// A chunk of the unmerged leaves of a parent node.
    pub(crate) fn unmerged(&self, node: u32, chunk: u32) -> Key {
        self.key(kind::UNMERGED, &[&node.to_be_bytes(), &chunk.to_be_bytes()])
    }

    /// All chunks of the unmerged leaves of the nodes from `first` up to `last`, exclusive.
    pub(crate) fn unmerged_of(&self, first: u32, last: u32) -> KeyRange {
        let end = self.key(kind::UNMERGED, &[&last.to_be_bytes()]);
        KeyRange { from: self.key(kind::UNMERGED, &[&first.to_be_bytes()]), to: end }
    }

    /// Who owns a key or a name.
    pub(crate) fn directory(&self, namespace: Namespace, name: &[u8]) -> Key {
        self.listed(&self.listing(namespace, name))
    }

    /// What tells a key or a name from all others in the directory.
    pub(crate) fn listing(&self, namespace: Namespace, name: &[u8]) -> Listing {
        let mut listing = [namespace as u8; size_of::<Listing>()];
        let tag = self.keyspace.tag(b"directory", name);
        listing.iter_mut().skip(1).zip(tag).for_each(|(place, byte)| *place = byte);
        listing
    }

    /// The record of a listing.
    pub(crate) fn listed(&self, listing: &Listing) -> Key {
        self.key(kind::DIRECTORY, &[listing])
    }

    /// The node whose record lies under `key`, if one's does.
    pub(crate) fn node_of(&self, key: &Key) -> Option<u32> {
        let place = key.0.strip_prefix(self.key(kind::NODE, &[]).0.as_slice())?;
        let (_band, node) = place.split_first()?;
        Some(u32::from_be_bytes(node.try_into().ok()?))
    }

    /// The listing whose record lies under `key`, if one's does.
    pub(crate) fn listing_of(&self, key: &Key) -> Option<Listing> {
        key.0.strip_prefix(self.key(kind::DIRECTORY, &[]).0.as_slice())?.try_into().ok()
    }

    /// Whether keys that begin with `prefix` may be those of nodes or of the directory.
    pub(crate) fn reaches_tree(&self, prefix: &Key) -> bool {
        [kind::NODE, kind::DIRECTORY].into_iter().any(|kind| {
            let stem = self.key(kind, &[]).0;
            stem.starts_with(&prefix.0) || prefix.0.starts_with(&stem)
        })
    }

    /// How many leaves have or support something.
    pub(crate) fn census(&self, tally: Tally, which: u16) -> Key {
        self.key(kind::CENSUS, &[&[tally as u8], &which.to_be_bytes()])
    }

    /// The private keys of our own leaf and of the nodes above it.
    pub(crate) fn path_keys(&self) -> Key {
        self.key(kind::PATH_KEYS, &[])
    }

    /// The ReInit that closed the group.
    pub(crate) fn successor(&self) -> Key {
        self.key(kind::SUCCESSOR, &[])
    }

    /// A proposal of this epoch, by its reference.
    pub(crate) fn proposal(&self, reference: &[u8]) -> Key {
        self.key(kind::PROPOSAL, &[reference])
    }

    /// Every proposal of this epoch.
    pub(crate) fn proposals(&self) -> Key {
        self.key(kind::PROPOSAL, &[])
    }

    /// Our own pending commit, in chunks.
    pub(crate) fn pending(&self) -> Key {
        self.key(kind::PENDING, &[])
    }

    /// The private key of a leaf that we proposed in an Update, by the public key.
    pub(crate) fn update_key(&self, public_key: &[u8]) -> Key {
        self.key(kind::UPDATE_KEY, &[&self.keyspace.tag(b"update", public_key)])
    }

    /// A commit of ours that was discarded, by the hash of its bytes.
    pub(crate) fn tombstone(&self, hash: &[u8; 32]) -> Key {
        self.key(kind::TOMBSTONE, &[hash])
    }
}
