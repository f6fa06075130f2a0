//! What entering a group from outside has in common, by a Welcome or by an external commit: its whole tree is verified and
//! staged, and its GroupInfo is verified against it (RFC 9420 §12.4.3).

use super::census;
use super::host::Host;
use super::identities;
use crate::base::{Code, GroupId, LeafIndex, Result};
use crate::crypto::Suite;
use crate::message::GroupInfo;
use crate::store::{GroupKeys, Txn};
use crate::tree::{
    CredentialType, ExpectedSource, Judge, LeafNode, LeafRules, Names, Newcomer, Tree, TreeHead, Unverified,
};

/// The group that is entered: where its records go, its suite, and whose word counts on its members.
pub(crate) struct Entrance<'a> {
    pub(crate) keys: &'a GroupKeys,
    pub(crate) suite: &'static Suite,
    pub(crate) host: &'a Host,
}

/// The verified tree, and where our own leaf is, if it was looked for and found.
pub(crate) struct Entry {
    pub(crate) tree: TreeHead,
    pub(crate) own_leaf: Option<LeafIndex>,
}

impl Entrance<'_> {
    /// Verifies and stages the tree that stands in the GroupInfo or beside it, every member of which must support what the group
    /// is and asks for; `own` is the leaf to look for.
    pub(crate) fn take_tree(
        &self,
        txn: &mut Txn,
        group_info: &GroupInfo,
        (beside, own): (Option<&[u8]>, Option<&LeafNode>),
    ) -> Result<Entry> {
        let payload = group_info.extensions.ratchet_tree().or(beside).ok_or(Code::TreeMissing)?;
        let context = &group_info.group_context;
        let (host, suite) = (self.host, self.suite);
        let mut newcomers = Newcomers { host, suite, group_id: &context.group_id, own, own_leaf: None };
        let tree = Tree::import(txn, (self.keys.clone(), suite), payload, (&mut newcomers, &*host.observer))?;
        if tree.root.tree_hash != context.tree_hash {
            return Err(Code::BadTree.with("the tree is not the one that the GroupInfo names"));
        }
        self.check_members(txn, &tree, group_info)?;
        Ok(Entry { tree, own_leaf: newcomers.own_leaf })
    }

    /// The GroupInfo, if a member of the tree has signed it (RFC 9420 §12.4.3), and the app believes the external senders that it
    /// names.
    pub(crate) fn verify(
        &self,
        txn: &mut Txn,
        tree: &TreeHead,
        group_info: Unverified<GroupInfo>,
    ) -> Result<GroupInfo> {
        let mut tree = Tree::open(self.keys.clone(), self.suite, tree);
        let signer = tree.leaf(txn, group_info.peek().signer)?;
        let signer = signer.ok_or_else(|| Code::BadGroupInfo.with("its signer is a blank leaf"))?.leaf_node()?;
        let group_info = group_info.verify(self.suite, &signer.signature_key)?;
        identities::judge_external_senders(self.suite, self.host, &group_info.group_context.extensions)?;
        Ok(group_info)
    }

    /// Every member supports what the group is and asks for, and the credentials of all others (RFC 9420 §7.3).
    fn check_members(&self, txn: &mut Txn, head: &TreeHead, group_info: &GroupInfo) -> Result<()> {
        let tree = Tree::open(self.keys.clone(), self.suite, head);
        let members = head.root.facts.occupied;
        census::check_extensions(txn, &tree, (&group_info.group_context.extensions, members))?;
        let in_use: Vec<CredentialType> = tree.census.credentials_in_use(txn)?;
        census::check_credentials(txn, &tree, (&in_use, members))
    }
}

/// Verifies every leaf of an imported tree, has the app name them, and looks for our own.
struct Newcomers<'a> {
    host: &'a Host,
    suite: &'static Suite,
    group_id: &'a GroupId,
    own: Option<&'a LeafNode>,
    own_leaf: Option<LeafIndex>,
}

impl Judge for Newcomers<'_> {
    fn judge(&mut self, newcomers: &[Newcomer]) -> Result<Vec<Names>> {
        let mut verified = Vec::with_capacity(newcomers.len());
        for (leaf, node) in newcomers {
            let rules = LeafRules {
                source: ExpectedSource::Any,
                member: Some((self.group_id, *leaf)),
                longest_lifetime: self.host.limits.longest_lifetime,
            };
            let proof = node.peek().verify(self.suite, &rules)?;
            if Some(node.peek()) == self.own {
                self.own_leaf = Some(*leaf);
            }
            verified.push((node.peek(), proof));
        }
        let leaves: Vec<&LeafNode> = verified.iter().map(|(leaf, _)| *leaf).collect();
        self.host.name(self.suite, &leaves)
    }
}
