//! Who is in the group: every leaf is entered in the directory (its keys and its client, each unique among the members,
//! RFC 9420 §7.3) and counted in the census.
//!
//! A commit first takes out every leaf that it removes or replaces, and then enters the new ones, so that the order of its
//! proposals cannot make a free key look taken or a taken one free.

use super::census::Census;
use super::index::NodeIndex;
use super::leaf_node::LeafNode;
use super::paged::Tree;
use super::record::LeafRecord;
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::HpkePublicKey;
use crate::store::{Key, Namespace, Txn};

impl Tree {
    /// The keys of the directory records that entering a leaf touches.
    pub(crate) fn directory_keys(&self, node: &LeafNode, client_id: &[u8]) -> [Key; 3] {
        [
            self.keys.directory(Namespace::SignatureKey, &node.signature_key.0),
            self.owner_record(&node.encryption_key),
            self.client_record(client_id),
        ]
    }

    /// The key of the record that tells where a client is.
    pub(crate) fn client_record(&self, client_id: &[u8]) -> Key {
        self.keys.directory(Namespace::ClientId, client_id)
    }

    /// The key of the record that tells who owns an encryption key.
    pub(crate) fn owner_record(&self, key: &HpkePublicKey) -> Key {
        self.keys.directory(Namespace::EncryptionKey, &key.0)
    }

    /// The keys of all records that are read when leaves come, each with its client, and others go.
    pub(crate) fn roster_records(
        &mut self,
        txn: &mut Txn,
        came: &[(&LeafNode, &[u8])],
        gone: &[LeafIndex],
    ) -> Result<Vec<Key>> {
        let mut census = Census::new(self.keys.clone());
        came.iter().for_each(|(node, _)| census.count_in(node));
        for leaf in gone {
            if let Some(record) = self.leaf(txn, *leaf)? {
                census.count_out(record.leaf_node()?);
            }
        }
        let directory = came.iter().flat_map(|(node, client_id)| self.directory_keys(node, client_id));
        Ok(directory.chain(census.records()).collect())
    }

    /// Enters a leaf: its keys and its client must not be in the group (RFC 9420 §7.3, §12.1.1).
    pub(crate) fn enter(&mut self, txn: &mut Txn, leaf: LeafIndex, record: &LeafRecord) -> Result<()> {
        let node = record.leaf_node()?;
        self.enter_node(txn, leaf, (node, &record.client_id))
    }

    /// The same for a leaf whose node is at hand.
    pub(crate) fn enter_node(
        &mut self,
        txn: &mut Txn,
        leaf: LeafIndex,
        (node, client_id): (&LeafNode, &[u8]),
    ) -> Result<()> {
        let owner = NodeIndex::from(leaf).0;
        let keys = self.directory_keys(node, client_id);
        txn.prefetch(keys.iter().cloned())?;
        for key in keys {
            if txn.read(&key)?.is_some() {
                return Err(Code::KeyReused.into());
            }
            txn.store(key, &owner);
        }
        self.census.count_in(node);
        Ok(())
    }

    /// Takes a leaf out, and frees its keys and its client.
    pub(crate) fn strike(&mut self, txn: &mut Txn, record: &LeafRecord) -> Result<()> {
        let node = record.leaf_node()?;
        self.directory_keys(node, &record.client_id).into_iter().for_each(|key| txn.delete(key));
        self.census.count_out(node);
        Ok(())
    }

    /// Counts, in this view of the tree and nowhere else, one leaf out and another in.
    pub(crate) fn recount(&mut self, gone: Option<&LeafNode>, came: Option<&LeafNode>) {
        gone.into_iter().for_each(|leaf| self.census.count_out(leaf));
        came.into_iter().for_each(|leaf| self.census.count_in(leaf));
    }

    /// The nodes that own a key of this leaf or its client, where any does.
    pub(crate) fn owners(&self, txn: &mut Txn, node: &LeafNode, client_id: &[u8]) -> Result<Vec<NodeIndex>> {
        let keys = self.directory_keys(node, client_id);
        txn.prefetch(keys.clone())?;
        let found = keys.iter().map(|key| txn.load::<u32>(key)).collect::<Result<Vec<_>>>()?;
        Ok(found.into_iter().flatten().map(NodeIndex).collect())
    }

    /// The member with this client id.
    pub(crate) fn find_client(&self, txn: &mut Txn, client_id: &[u8]) -> Result<Option<LeafIndex>> {
        let owner = txn.load::<u32>(&self.client_record(client_id))?;
        Ok(owner.and_then(|node| NodeIndex(node).leaf()))
    }
}
