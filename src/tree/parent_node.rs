//! Parent nodes (RFC 9420 §7.1).

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use crate::base::{Code, LeafIndex, Result};
use crate::crypto::{Digest, HpkePublicKey, Suite};

/// A node above the leaves: a key that the members below share, except the unmerged ones.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct ParentNode {
    pub(crate) encryption_key: HpkePublicKey,
    pub(crate) parent_hash: Digest,
    pub(crate) unmerged_leaves: Vec<LeafIndex>,
}

impl ParentNode {
    /// Refuses what no tree makes right: a key that is none, a parent hash of another length than the
    /// suite's, or unmerged leaves that do not ascend (RFC 9420 §7.1, §7.9).
    pub(crate) fn check(&self, suite: &Suite) -> Result<()> {
        suite.check_hpke_key(&self.encryption_key)?;
        if ![0, suite.hash_length()].contains(&self.parent_hash.0.len()) {
            return Err(Code::BadTree.with("a parent hash of the wrong length"));
        }
        match self.unmerged_leaves.is_sorted_by(|left, right| left < right) {
            true => Ok(()),
            false => Err(Code::BadTree.with("unmerged leaves that do not ascend")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::CipherSuite;
    use crate::codec::Short;

    #[test]
    fn unmerged_leaves_ascend_without_repeating() {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let (_, encryption_key) = suite.generate_hpke_keys().unwrap();
        let node = |leaves: &[u32]| ParentNode {
            encryption_key: encryption_key.clone(),
            parent_hash: Digest(Short::from(vec![])),
            unmerged_leaves: leaves.iter().copied().map(LeafIndex).collect(),
        };
        node(&[]).check(suite).unwrap();
        node(&[0, 2, 3]).check(suite).unwrap();
        assert!(node(&[2, 2]).check(suite).is_err());
        assert!(node(&[3, 2]).check(suite).is_err());
        for (length, fits) in [(1, false), (31, false), (32, true), (33, false)] {
            let hashed = ParentNode { parent_hash: Digest(Short::from(vec![7; length])), ..node(&[]) };
            assert_eq!(hashed.check(suite).is_ok(), fits);
        }
        let keyless = ParentNode { encryption_key: HpkePublicKey(Short::from(vec![])), ..node(&[]) };
        assert!(keyless.check(suite).is_err());
    }
}
