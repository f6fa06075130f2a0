//! The private keys a member holds: its own leaf's, and those of the nodes above that it was told.

use super::index::NodeIndex;
use super::paged::Tree;
use crate::base::{LeafIndex, Result, Secret};
use crate::crypto::HpkePrivateKey;
use crate::store::{Reader, Record, Writer};

/// Private keys by node, lowest first.
#[derive(Default)]
pub(crate) struct PathKeys(Vec<(NodeIndex, HpkePrivateKey)>);

impl PathKeys {
    /// The key of a new member's leaf and nothing else.
    pub(crate) fn of_leaf(leaf: LeafIndex, key: HpkePrivateKey) -> Self {
        PathKeys(vec![(leaf.into(), key)])
    }

    /// The private key of a node, if it is known.
    pub(crate) fn find(&self, node: NodeIndex) -> Option<&HpkePrivateKey> {
        self.0.iter().find(|(known, _)| *known == node).map(|(_, key)| key)
    }

    /// Puts new keys in the place of old ones.
    pub(crate) fn replace(&mut self, keys: Vec<(NodeIndex, HpkePrivateKey)>) {
        self.0.retain(|(known, _)| keys.iter().all(|(node, _)| node != known));
        self.0.extend(keys);
    }

    /// Drops the keys of nodes that were blanked or given other keys, and of nodes that the tree no longer has.
    pub(crate) fn forget_outdated(&mut self, tree: &Tree) {
        self.0.retain(|(node, _)| !tree.rekeyed.contains(node) && node.0 < tree.width().nodes());
    }
}

impl Record for PathKeys {
    fn size_hint(&self) -> usize {
        640
    }

    fn write(&self, writer: &mut Writer) {
        writer.list(&self.0, |writer, (node, key)| {
            writer.u32(node.0);
            writer.secret(&key.0);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let keys = reader.list(|reader| {
            let node = NodeIndex(reader.u32()?);
            let key: Secret = reader.secret()?;
            Ok((node, HpkePrivateKey(key)))
        })?;
        Ok(PathKeys(keys))
    }
}
