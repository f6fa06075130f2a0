//! Consuming the update path of another member (RFC 9420 §7.5, second half).

use std::collections::BTreeSet;

use super::index::common_ancestor;
use super::paged::Tree;
use super::path::UpdatePathNode;
use super::path_keys::PathKeys;
use super::path_seal::LABEL;
use super::path_secret::{DerivedPath, PathSecret};
use super::resolution::PathStep;
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::{HpkeCiphertext, HpkePublicKey};
use crate::store::{Txn, corrupt};

/// A received path: the steps it takes in our view of the tree, what was sent for each, and whom it leaves out.
pub(crate) struct ReceivedPath<'a> {
    pub(crate) steps: &'a [PathStep],
    pub(crate) nodes: &'a [UpdatePathNode],
    /// The leaves that the same commit added: nothing is sealed to them.
    pub(crate) added: &'a BTreeSet<u32>,
}

impl Tree {
    /// Decrypts the path secret of a path whose ciphertexts were counted, and derives every key above it. The keys must be
    /// those that were sent. `group_context` is the provisional one.
    pub(crate) fn open_path(
        &mut self,
        txn: &mut Txn,
        path: &ReceivedPath<'_>,
        (own, keys, group_context): (LeafIndex, &PathKeys, &[u8]),
    ) -> Result<DerivedPath> {
        let shared = path.steps.iter().position(|step| step.copath.covers(own.into())).ok_or(Code::BadPath)?;
        let (steps, nodes) =
            (path.steps.get(shared..).unwrap_or_default(), path.nodes.get(shared..).unwrap_or_default());
        let (first, sent) = steps.first().zip(nodes.first()).ok_or(Code::BadPath)?;
        let (node, place) = self.locate(txn, (first.copath, own), path.added)?;
        let private = keys.find(node).ok_or_else(corrupt)?;
        let sealed: &HpkeCiphertext = sent.encrypted_path_secret.get(place).ok_or(Code::BadPath)?;
        let secret =
            PathSecret::received(self.suite, self.suite.decrypt_with_label(private, LABEL, group_context, sealed)?)?;
        let derived = DerivedPath::derive(self.suite, secret, steps.iter().map(|step| step.node))?;
        match derived.public_keys.iter().eq(nodes.iter().map(|node| &node.encryption_key)) {
            true => Ok(derived),
            false => Err(Code::BadPath.with("the keys of the update path do not follow from its secrets")),
        }
    }

    /// What a new member learns from the path secret in its Welcome (RFC 9420 §12.4.3.1): the keys of the lowest node above
    /// both itself and the committer, and of every keyed node further up.
    pub(crate) fn adopt_path_secret(
        &mut self,
        txn: &mut Txn,
        secret: PathSecret,
        (own, committer): (LeafIndex, LeafIndex),
    ) -> Result<DerivedPath> {
        let shared = common_ancestor(own.into(), committer.into());
        let mut nodes = Vec::new();
        for node in std::iter::once(shared).chain(self.width.direct_path(shared).collect::<Vec<_>>()) {
            if self.parent(txn, node)?.key.is_some() {
                nodes.push(node);
            }
        }
        if nodes.first() != Some(&shared) {
            return Err(Code::BadWelcome.with("it names a path secret for a blank node"));
        }
        let expected = self.public_keys(txn, &nodes)?;
        let derived = DerivedPath::derive(self.suite, secret, nodes)?;
        match derived.public_keys == expected {
            true => Ok(derived),
            false => Err(Code::BadWelcome.with("its path secret does not fit the keys in the tree")),
        }
    }

    /// Whether there is a keyed node above a member, merged there, whose private key it has not.
    pub(crate) fn lacks_key(&mut self, txn: &mut Txn, member: LeafIndex, keys: &PathKeys) -> Result<bool> {
        self.load_paths(txn, &[member])?;
        for node in self.width.direct_path(member.into()).collect::<Vec<_>>() {
            let record = self.parent(txn, node)?;
            let knows = record.key.is_some() && !record.unmerged.contains(member.0);
            if knows && keys.find(node).is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One ciphertext for each node of the copath's resolution, new leaves left out (RFC 9420 §7.6).
    pub(crate) fn check_ciphertext_counts(&mut self, txn: &mut Txn, path: &ReceivedPath<'_>) -> Result<()> {
        for (step, node) in path.steps.iter().zip(path.nodes) {
            let added = path.added.range(step.copath.leaves()).count();
            let resolution = self.facts(txn, step.copath)?.resolution as usize;
            if node.encrypted_path_secret.len() + added != resolution {
                return Err(Code::BadPath.with("a node of the update path has the wrong number of ciphertexts"));
            }
        }
        Ok(())
    }

    /// The public keys of a received path, its leaf's first.
    pub(crate) fn sent_keys<'a>(leaf: &'a HpkePublicKey, nodes: &'a [UpdatePathNode]) -> Vec<&'a HpkePublicKey> {
        std::iter::once(leaf).chain(nodes.iter().map(|node| &node.encryption_key)).collect()
    }
}
