//! Making an update path (RFC 9420 §7.4, §7.5, §7.6).

use std::collections::BTreeSet;

use super::index::NodeIndex;
use super::paged::Tree;
use super::path::UpdatePathNode;
use super::path_secret::{DerivedPath, PathSecret};
use super::resolution::PathStep;
use crate::base::{LeafIndex, Result};
use crate::crypto::{HpkeCiphertext, HpkeInfo, Suite, random_secret};
use crate::store::{Txn, corrupt};

/// The label of RFC 9420 §7.6.
pub(super) const LABEL: &str = "UpdatePathNode";

/// An update path of our own, before it is sealed to the others.
pub(crate) struct NewPath {
    pub(crate) steps: Vec<PathStep>,
    pub(crate) derived: DerivedPath,
}

impl NewPath {
    /// Fresh keys for each node of a filtered direct path.
    pub(crate) fn generate(suite: &'static Suite, steps: Vec<PathStep>) -> Result<Self> {
        let first = PathSecret(random_secret(suite.secret_length())?);
        let derived = DerivedPath::derive(suite, first, steps.iter().map(|step| step.node))?;
        Ok(NewPath { steps, derived })
    }

    /// The path secret that a new member at `leaf` is told: that of the lowest node above both it and us (§12.4.3.1).
    pub(crate) fn secret_for(&self, leaf: LeafIndex) -> Option<&PathSecret> {
        let shared = self.steps.iter().position(|step| step.copath.covers(leaf.into()))?;
        self.derived.secrets.get(shared)
    }
}

impl Tree {
    /// Seals each path secret to the resolution of its copath child, without the leaves that this commit adds.
    pub(crate) fn seal_path(
        &mut self,
        txn: &mut Txn,
        path: &NewPath,
        (added, group_context): (&BTreeSet<u32>, &[u8]),
    ) -> Result<Vec<UpdatePathNode>> {
        let info = HpkeInfo::new(self.suite, LABEL, group_context)?;
        let copath: Vec<NodeIndex> = path.steps.iter().map(|step| step.copath).collect();
        let resolutions = self.resolutions(txn, &copath, added)?;
        let everyone: Vec<NodeIndex> = resolutions.iter().flatten().copied().collect();
        self.load(txn, everyone)?;
        let mut nodes = Vec::with_capacity(path.steps.len());
        for (resolution, (key, secret)) in
            resolutions.iter().zip(path.derived.public_keys.iter().zip(&path.derived.secrets))
        {
            let sealed = resolution.iter().map(|node| self.seal_secret(txn, *node, (&info, secret)));
            let encrypted_path_secret = sealed.collect::<Result<Vec<HpkeCiphertext>>>()?;
            nodes.push(UpdatePathNode { encryption_key: key.clone(), encrypted_path_secret });
        }
        if nodes.len() == path.steps.len() { Ok(nodes) } else { Err(corrupt()) }
    }

    fn seal_secret(
        &mut self,
        txn: &mut Txn,
        node: NodeIndex,
        (info, secret): (&HpkeInfo, &PathSecret),
    ) -> Result<HpkeCiphertext> {
        let public_key = self.public_key(txn, node)?;
        info.seal_to(&public_key, secret.0.expose())
    }
}
