//! Merging an update path into the tree (RFC 9420 §7.5), for whoever made it and whoever received it alike.

use std::collections::BTreeSet;

use super::hash::parent_hash;
use super::paged::Tree;
use super::record::ParentKey;
use super::resolution::PathStep;
use crate::base::{Code, LeafIndex, Result};
use crate::codec::Short;
use crate::crypto::{Digest, HpkePublicKey};
use crate::store::{Key, Txn};

impl Tree {
    /// Refuses keys of a path that are anywhere in the tree, the committer's old path included, or twice in the path
    /// (RFC 9420 §12.4.2). Checked after the proposals and before the merge.
    pub(crate) fn check_path_keys(&mut self, txn: &mut Txn, keys: &[&HpkePublicKey]) -> Result<()> {
        let distinct: BTreeSet<&[u8]> = keys.iter().map(|key| &*key.0).collect();
        if distinct.len() < keys.len() {
            return Err(Code::KeyReused.with("an update path has one key twice"));
        }
        let owners: Vec<Key> = keys.iter().map(|key| self.owner_record(key)).collect();
        txn.prefetch(owners.iter().cloned())?;
        for (key, owner) in keys.iter().zip(owners) {
            self.suite.check_hpke_key(key)?;
            if txn.read(&owner)?.is_some() {
                return Err(Code::KeyReused.with("a key of the update path is in the tree already"));
            }
        }
        Ok(())
    }

    /// Blanks the nodes above `leaf`, gives those of its filtered direct path their new keys and parent hashes, and returns
    /// the parent hash that the leaf itself must carry.
    pub(crate) fn merge_path(
        &mut self,
        txn: &mut Txn,
        leaf: LeafIndex,
        (steps, keys): (&[PathStep], &[HpkePublicKey]),
    ) -> Result<Digest> {
        if steps.len() != keys.len() {
            return Err(Code::BadPath.with("the update path is not as long as the filtered direct path"));
        }
        self.blank_path(txn, leaf)?;
        let mut above = Digest(Short::default());
        for (step, key) in steps.iter().zip(keys).rev() {
            let sibling = self.refresh(txn, step.copath)?.tree_hash;
            let next = parent_hash(self.suite, key, &above.0, &sibling)?;
            let content = ParentKey { encryption_key: key.clone(), parent_hash: above };
            self.rekey(txn, step.node, Some(content))?;
            above = next;
        }
        Ok(above)
    }
}
