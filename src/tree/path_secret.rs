//! Path secrets (RFC 9420 §7.4): each gives the key pair of its node and the path secret of the next one up.

use super::index::NodeIndex;
use crate::base::{Code, Result, Secret};
use crate::crypto::{HpkePrivateKey, HpkePublicKey, Suite};

/// The secret of one node of an update path.
pub(crate) struct PathSecret(pub(crate) Secret);

impl PathSecret {
    /// A path secret that someone else sent; it must have the length of the suite's secrets.
    pub(crate) fn received(suite: &Suite, secret: Secret) -> Result<PathSecret> {
        match secret.expose().len() == suite.secret_length() {
            true => Ok(PathSecret(secret)),
            false => Err(Code::BadPath.with("a path secret has the wrong length")),
        }
    }

    /// The key pair of the node, by way of its node secret.
    pub(crate) fn node_keys(&self, suite: &Suite) -> Result<(HpkePrivateKey, HpkePublicKey)> {
        suite.derive_hpke_keys(&suite.derive_secret(&self.0, "node")?)
    }

    /// The path secret of the next node of the filtered direct path; past the root it is the commit secret.
    pub(crate) fn next(&self, suite: &Suite) -> Result<PathSecret> {
        Ok(PathSecret(suite.derive_secret(&self.0, "path")?))
    }

    /// The commit secret that stands one step past the root.
    pub(crate) fn into_commit_secret(self) -> Secret {
        self.0
    }
}

/// Key pairs of consecutive nodes, and what follows the last of them.
pub(crate) struct DerivedPath {
    pub(crate) keys: Vec<(NodeIndex, HpkePrivateKey)>,
    pub(crate) public_keys: Vec<HpkePublicKey>,
    /// The path secret of each node.
    pub(crate) secrets: Vec<PathSecret>,
    pub(crate) commit_secret: Secret,
}

impl DerivedPath {
    /// Derives everything from the path secret of the first of `nodes`, upward.
    pub(crate) fn derive(
        suite: &Suite,
        first: PathSecret,
        nodes: impl IntoIterator<Item = NodeIndex>,
    ) -> Result<DerivedPath> {
        let (mut keys, mut public_keys, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = first;
        for node in nodes {
            let (private, public) = at.node_keys(suite)?;
            let next = at.next(suite)?;
            keys.push((node, private));
            public_keys.push(public);
            secrets.push(std::mem::replace(&mut at, next));
        }
        Ok(DerivedPath { keys, public_keys, secrets, commit_secret: at.into_commit_secret() })
    }
}
