//! What entering a group from outside has in common, by a Welcome or by an external commit: its whole tree is verified and
//! staged, and its GroupInfo is verified against it (RFC 9420 §12.4.3).

use super::census;
use super::host::Host;
use super::identities;
use crate::base::{Code, LeafIndex, Result};
use crate::crypto::Suite;
use crate::message::GroupInfo;
use crate::store::{GroupKeys, Txn};
use crate::tree::{
    CredentialType, Judge, LeafNode, MemberRules, Names, Newcomer, Payload, Scrutiny, Tree, TreeHead, Unverified,
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
        (beside, own): (Option<&Payload>, Option<&LeafNode>),
    ) -> Result<Entry> {
        let inside = group_info.extensions.ratchet_tree().map(|tree| Payload::new(tree.to_vec()));
        let payload = inside.or_else(|| beside.cloned()).ok_or(Code::TreeMissing)?;
        let context = &group_info.group_context;
        let (host, suite) = (self.host, self.suite);
        let mut newcomers = Newcomers { host, suite, own, own_leaf: None };
        let rules = MemberRules { group_id: &context.group_id, longest_lifetime: host.limits.longest_lifetime };
        let scrutiny = Scrutiny {
            rules: Some(rules),
            judge: &mut newcomers,
            threads: host.limits.threads,
            observer: &host.observer,
        };
        let tree = Tree::import(txn, (self.keys.clone(), suite), &payload, scrutiny)?;
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

/// Has the app name the leaves of an imported tree, and looks for our own.
struct Newcomers<'a> {
    host: &'a Host,
    suite: &'static Suite,
    own: Option<&'a LeafNode>,
    own_leaf: Option<LeafIndex>,
}

impl Judge for Newcomers<'_> {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        let own = newcomers.iter().rfind(|(_, node)| Some(*node) == self.own);
        self.own_leaf = own.map(|(leaf, _)| *leaf).or(self.own_leaf);
        let leaves: Vec<&LeafNode> = newcomers.iter().map(|(_, node)| *node).collect();
        self.host.name(self.suite, &leaves)
    }
}
