//! The stored form of the tree's nodes.

use std::sync::OnceLock;

use super::leaf_node::LeafNode;
use super::summary::Summary;
use super::unmerged::Unmerged;
use crate::base::{Epoch, Result};
use crate::codec::decode_exact;
use crate::crypto::{Digest, HpkePublicKey};
use crate::store::{Reader, Record, Writer, corrupt};

/// The canonical names of a client and of its user, as the app's validator gave them.
pub(crate) type Names = (Vec<u8>, Vec<u8>);

/// An occupied leaf.
#[derive(Clone, Debug)]
pub(crate) struct LeafRecord {
    /// The LeafNode, encoded.
    pub(crate) node: Vec<u8>,
    /// The canonical name of the client, as the app's validator gave it.
    pub(crate) client_id: Vec<u8>,
    /// The canonical name of its user.
    pub(crate) user_id: Vec<u8>,
    /// The first epoch that saw this leaf, as far as this client knows: in earlier ones the place was another's, or blank.
    pub(crate) since: Epoch,
    decoded: OnceLock<Box<LeafNode>>,
}

impl LeafRecord {
    /// A leaf with this encoding, under these names.
    pub(crate) fn new(node: Vec<u8>, (client_id, user_id): Names, since: Epoch) -> Self {
        LeafRecord { node, client_id, user_id, since, decoded: OnceLock::new() }
    }

    /// The LeafNode itself, decoded once. It was checked before it was stored.
    pub(crate) fn leaf_node(&self) -> Result<&LeafNode> {
        if let Some(node) = self.decoded.get() {
            return Ok(node);
        }
        let node = Box::new(decode_exact(&self.node).map_err(|_| corrupt())?);
        Ok(self.decoded.get_or_init(|| node))
    }

    /// The LeafNode alone.
    pub(crate) fn into_leaf_node(self) -> Result<LeafNode> {
        self.decoded.into_inner().map_or_else(|| decode_exact(&self.node).map_err(|_| corrupt()), |node| Ok(*node))
    }
}

impl PartialEq for LeafRecord {
    fn eq(&self, other: &Self) -> bool {
        let parts =
            |record: &Self| (record.node.clone(), record.client_id.clone(), record.user_id.clone(), record.since);
        parts(self) == parts(other)
    }
}

impl Record for LeafRecord {
    fn size_hint(&self) -> usize {
        self.node.len() + self.client_id.len() + self.user_id.len() + 24
    }

    fn write(&self, writer: &mut Writer) {
        writer.u64(self.since.0);
        writer.bytes(&self.client_id);
        // Most clients are named as their users are.
        let named = self.user_id != self.client_id;
        writer.option(named.then_some(&self.user_id), |writer, name| writer.bytes(name));
        writer.rest(&self.node);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let since = Epoch(reader.u64()?);
        let client_id = reader.bytes()?.to_vec();
        let user_id = reader.option(|reader| Ok(reader.bytes()?.to_vec()))?.unwrap_or_else(|| client_id.clone());
        Ok(LeafRecord::new(reader.rest().to_vec(), (client_id, user_id), since))
    }
}

/// What a parent node that is not blank holds, besides its unmerged leaves (RFC 9420 §7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParentKey {
    pub(crate) encryption_key: HpkePublicKey,
    pub(crate) parent_hash: Digest,
}

/// A parent node, blank or not, and the summaries of its children.
#[derive(Clone, Debug)]
pub(crate) struct ParentRecord {
    pub(crate) key: Option<ParentKey>,
    pub(crate) unmerged: Unmerged,
    pub(crate) left: Summary,
    pub(crate) right: Summary,
}

impl ParentRecord {
    /// A blank node over two subtrees.
    pub(crate) fn blank(left: Summary, right: Summary) -> Self {
        ParentRecord { key: None, unmerged: Unmerged::default(), left, right }
    }

    /// Whether there is no member below: such a node is blank, and not stored.
    pub(crate) fn is_vacant(&self) -> bool {
        self.left.facts.occupied + self.right.facts.occupied == 0
    }

    /// The number of unmerged leaves, if the node is not blank.
    pub(crate) fn keyed(&self) -> Option<u32> {
        self.key.as_ref().map(|_| self.unmerged.len())
    }
}

impl Record for ParentRecord {
    fn size_hint(&self) -> usize {
        let key = self.key.as_ref().map_or(0, |key| key.encryption_key.0.len() + key.parent_hash.0.len());
        key + self.left.tree_hash.0.len() + self.right.tree_hash.0.len() + 64
    }

    fn write(&self, writer: &mut Writer) {
        writer.option(self.key.as_ref(), |writer, key| {
            writer.bytes(&key.encryption_key.0);
            writer.bytes(&key.parent_hash.0);
        });
        self.unmerged.write(writer);
        self.left.write(writer);
        self.right.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let key = reader.option(|reader| {
            let encryption_key = HpkePublicKey(reader.bytes()?.into());
            Ok(ParentKey { encryption_key, parent_hash: Digest(reader.bytes()?.into()) })
        })?;
        let unmerged = Unmerged::read(reader)?;
        Ok(ParentRecord { key, unmerged, left: Summary::read(reader)?, right: Summary::read(reader)? })
    }
}
