//! The path of a commit, on its way into the provisional tree (RFC 9420 §12.4.2): checked and merged when received, made and
//! merged when sent.

use super::host::Host;
use super::own_leaf::sign_leaf;
use super::proposals::require_fresh_key;
use super::resolve::Committer;
use super::stage::{Provisional, leaf_record};
use super::state::GroupState;
use crate::base::{CipherSuite, Code, LeafIndex, Result};
use crate::crypto::{HpkePrivateKey, HpkePublicKey};
use crate::store::Txn;
use crate::tree::{ExpectedSource, LeafNode, LeafNodeSource, LeafRules, Names, NewPath, PathStep, Tree, UpdatePath};

/// A path merged into the tree: whose it is, and the steps it takes.
pub(crate) struct Merged {
    pub(crate) leaf: LeafIndex,
    pub(crate) steps: Vec<PathStep>,
}

/// Checks a received path and merges it.
pub(crate) fn receive(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    staged: &mut Provisional,
    (path, names): (&UpdatePath, Option<Names>),
) -> Result<Merged> {
    let leaf = match staged.committer {
        Committer::Member(leaf) => leaf,
        Committer::Joiner => staged.tree.next_leaf(txn)?,
    };
    let node = verified_leaf(state, host, leaf, path)?;
    check_newcomer(staged.committer, state.suite.id(), &node)?;
    check_successor(txn, (state, host), staged, &node)?;
    let keys = Tree::sent_keys(&node.encryption_key, &path.nodes);
    staged.tree.check_path_keys(txn, &keys)?;
    let record = leaf_record(&node, names, staged.epoch())?;
    match staged.committer {
        Committer::Member(_) => drop(staged.strike(txn, leaf)?),
        Committer::Joiner => drop(staged.tree.add(txn, record.clone())?),
    }
    let steps = staged.tree.filtered_direct_path(txn, leaf)?;
    let keys: Vec<HpkePublicKey> = path.nodes.iter().map(|node| node.encryption_key.clone()).collect();
    let expected = staged.tree.merge_path(txn, leaf, (&steps, &keys))?;
    if node.leaf_node_source != LeafNodeSource::Commit(expected) {
        return Err(Code::BadPath.with("the parent hash of the committer's leaf does not match"));
    }
    staged.tree.enter(txn, leaf, &record)?;
    staged.tree.replace_leaf(txn, leaf, record)?;
    staged.note_leaf(node);
    Ok(Merged { leaf, steps })
}

/// Makes the path of our own commit at `leaf`, and merges it. The leaf keeps what `template` says and gets fresh keys; whoever
/// joins by the commit takes the next free leaf.
pub(crate) fn make(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    staged: &mut Provisional,
    (leaf, mut template, names): (LeafIndex, LeafNode, Names),
) -> Result<(NewPath, LeafNode, HpkePrivateKey)> {
    if staged.committer == Committer::Joiner {
        // The tree takes its shape from where the leaf is, and not from what it says.
        staged.tree.add(txn, leaf_record(&template, Some(names.clone()), staged.epoch())?)?;
    }
    let steps = staged.tree.filtered_direct_path(txn, leaf)?;
    let path = NewPath::generate(state.suite, steps)?;
    let (private, public) = state.suite.generate_hpke_keys()?;
    let mut keys: Vec<&HpkePublicKey> = path.derived.public_keys.iter().collect();
    keys.push(&public);
    staged.tree.check_path_keys(txn, &keys)?;
    let parent_hash = staged.tree.merge_path(txn, leaf, (&path.steps, &path.derived.public_keys))?;
    template.encryption_key = public;
    template.leaf_node_source = LeafNodeSource::Commit(parent_hash);
    check_newcomer(staged.committer, state.suite.id(), &template)?;
    let node = sign_leaf(host, (&state.head.signing_key, template), Some((state, leaf)))?;
    let record = leaf_record(&node, Some(names), staged.epoch())?;
    if let Committer::Member(_) = staged.committer {
        staged.strike(txn, leaf)?;
    }
    staged.tree.enter(txn, leaf, &record)?;
    staged.tree.replace_leaf(txn, leaf, record)?;
    staged.note_leaf(node.clone());
    Ok((path, node, private))
}

fn verified_leaf(state: &GroupState, host: &Host, leaf: LeafIndex, path: &UpdatePath) -> Result<LeafNode> {
    let rules = LeafRules {
        source: ExpectedSource::Commit,
        member: Some((&state.head.group_id, leaf)),
        longest_lifetime: host.limits.longest_lifetime,
    };
    path.leaf_node.clone().verify(state.suite, &rules)
}

/// A client that joins by its commit must support the group's version and suite, as one that is added must (§11.1).
fn check_newcomer(committer: Committer, suite: CipherSuite, node: &LeafNode) -> Result<()> {
    match committer {
        Committer::Member(_) => Ok(()),
        Committer::Joiner => node.check_group(suite),
    }
}

/// The new leaf must be fit to follow the committer's old one, or the one that a rejoining client removes (§12.2, §5.3.1).
fn check_successor(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    staged: &mut Provisional,
    node: &LeafNode,
) -> Result<()> {
    let rejoining;
    let old = match (staged.committer, staged.roster.removed.first()) {
        (Committer::Member(leaf), _) => staged.tree.leaf(txn, leaf)?.ok_or(Code::BadSender)?.leaf_node()?,
        (Committer::Joiner, Some(removed)) => {
            rejoining = staged.former_leaf(txn, LeafIndex(removed.leaf))?;
            &rejoining
        }
        (Committer::Joiner, None) => return Ok(()),
    };
    require_fresh_key(old, node)?;
    host.require_successor(state.suite, old, node)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::Suite;
    use crate::tree::sample;

    #[test]
    fn a_joiner_lists_the_suite_of_the_group() {
        let (leaf, _) = sample::leaf(Suite::of(CipherSuite(1)).unwrap());
        check_newcomer(Committer::Joiner, CipherSuite(1), &leaf).unwrap();
        assert!(check_newcomer(Committer::Joiner, CipherSuite(3), &leaf).unwrap_err().is(Code::BadLeafNode));
        // Leaves that are in the group already are not held to it.
        check_newcomer(Committer::Member(LeafIndex(0)), CipherSuite(3), &leaf).unwrap();
    }
}
