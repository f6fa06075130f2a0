//! Taking in a whole tree (RFC 9420 §7.9, §12.4.3.1): the array is read once from left to right; each subtree is hashed,
//! checked and staged as soon as it is complete, so that only the path to the current leaf is held.

use super::hash::{leaf_summary, parent_summary};
use super::index::{NodeIndex, Width};
use super::leaf_node::{LeafNode, LeafNodeSource};
use super::node::{Node, TreeNode, TreeNodes};
use super::paged::Tree;
use super::parent_hash::{Branch, check_parent};
use super::parent_node::ParentNode;
use super::record::{LeafRecord, ParentKey, ParentRecord};
use super::summary::{Summary, TreeHead};
use super::unmerged::Unmerged;
use super::unverified::Unverified;
use crate::base::host::{Observer, report};
use crate::base::{Code, Epoch, LeafIndex, Result};
use crate::crypto::{Digest, Suite};
use crate::store::{GroupKeys, Namespace, Txn};

/// Nodes that are decoded, and their leaves judged, at a time.
const STRETCH: usize = 1024;

/// A leaf to be judged: its place and its content.
pub(crate) type Newcomer = (LeafIndex, Unverified<LeafNode>);

/// Who a leaf turned out to be: its client and its user.
pub(crate) type Names = (Vec<u8>, Vec<u8>);

/// Judges leaves on behalf of an import: verifies signatures, asks the app's validator, and names each client.
pub(crate) trait Judge {
    fn judge(&mut self, newcomers: &[Newcomer]) -> Result<Vec<Names>>;
}

/// A complete subtree.
struct Subtree {
    node: NodeIndex,
    summary: Summary,
    branch: Branch,
}

/// What stands between the left edge and the current node: complete subtrees, each followed by the parent that waits for its
/// right child.
struct Import<'a> {
    tree: Tree,
    txn: &'a mut Txn,
    left: Vec<(Subtree, Option<ParentNode>)>,
    last: Option<Subtree>,
}

impl Tree {
    /// Checks an encoded `ratchet_tree` and stages all of it. Of these keys nothing may be stored yet.
    pub(crate) fn import(
        txn: &mut Txn,
        (keys, suite): (GroupKeys, &'static Suite),
        payload: &[u8],
        (judge, observer): (&mut dyn Judge, &dyn Observer),
    ) -> Result<TreeHead> {
        let mut import = Import { tree: Tree::blank(keys, suite), txn, left: Vec::new(), last: None };
        let mut nodes = TreeNodes::new(payload)?;
        let mut at = 0u32;
        loop {
            let stretch: Vec<Option<TreeNode<'_>>> = nodes.by_ref().take(STRETCH).collect::<Result<_>>()?;
            if stretch.is_empty() {
                break;
            }
            let count = u32::try_from(stretch.len()).map_err(|_| Code::BadTree)?;
            import.take_stretch(at, stretch, judge)?;
            at += count;
            report(observer, (payload.len() - nodes.remaining()) as u64, payload.len() as u64)?;
        }
        import.finish(at)
    }
}

impl Import<'_> {
    fn take_stretch(&mut self, first: u32, nodes: Vec<Option<TreeNode<'_>>>, judge: &mut dyn Judge) -> Result<()> {
        let (mut newcomers, mut raws, mut parents) = (Vec::new(), Vec::new(), Vec::new());
        for (at, node) in (first..).map(NodeIndex).zip(nodes) {
            match (node, at.leaf()) {
                (None, _) => parents.push((at, None)),
                (Some(TreeNode { node: Node::Leaf(leaf), raw }), Some(index)) => {
                    newcomers.push((index, *leaf));
                    raws.push(raw);
                }
                (Some(TreeNode { node: Node::Parent(parent), .. }), None) => parents.push((at, Some(parent))),
                _ => return Err(Code::BadTree.with("a leaf stands in a parent's place, or a parent in a leaf's")),
            }
        }
        let names = judge.judge(&newcomers)?;
        if names.len() != newcomers.len() {
            return Err(Code::Internal.into());
        }
        let mut occupied = newcomers.into_iter().zip(raws).zip(names).peekable();
        let mut others = parents.into_iter().peekable();
        loop {
            let leaf_first = match (occupied.peek(), others.peek()) {
                (None, None) => return Ok(()),
                (Some((((leaf, _), _), _)), Some((at, _))) => NodeIndex::from(*leaf) < *at,
                (leaf, _) => leaf.is_some(),
            };
            if leaf_first {
                let Some(((newcomer, raw), names)) = occupied.next() else { continue };
                self.take_leaf(newcomer, raw, names)?;
            } else if let Some((at, parent)) = others.next() {
                self.take_other(at, parent)?;
            }
        }
    }

    fn take_leaf(&mut self, (leaf, node): Newcomer, raw: &[u8], (client_id, user_id): Names) -> Result<()> {
        let record = LeafRecord { node: raw.to_vec(), client_id, user_id, since: Epoch(0) };
        self.tree.enter(self.txn, leaf, &record)?;
        let parent_hash = match &node.peek().leaf_node_source {
            LeafNodeSource::Commit(hash) => Some(hash.clone()),
            _ => None,
        };
        let summary = leaf_summary(self.tree.suite, leaf, Some(raw));
        self.txn.store(self.tree.key(leaf.into()), &record);
        self.complete(Subtree { node: leaf.into(), summary, branch: Branch::of(leaf.into(), parent_hash) })
    }

    /// A blank leaf, or a parent node.
    fn take_other(&mut self, at: NodeIndex, parent: Option<ParentNode>) -> Result<()> {
        if let Some(leaf) = at.leaf() {
            let summary = leaf_summary(self.tree.suite, leaf, None);
            return self.complete(Subtree { node: at, summary, branch: Branch::default() });
        }
        if let Some(parent) = &parent {
            parent.check(self.tree.suite)?;
        }
        let left = self.last.take().ok_or(Code::BadTree)?;
        self.left.push((left, parent));
        Ok(())
    }

    /// Joins a complete subtree with those to its left that waited for it.
    fn complete(&mut self, mut subtree: Subtree) -> Result<()> {
        while let Some((left, parent)) = self.left.pop_if(|(left, _)| left.node.sibling() == subtree.node) {
            subtree = self.join(left, parent, subtree)?;
        }
        self.last = Some(subtree);
        Ok(())
    }

    fn join(&mut self, left: Subtree, parent: Option<ParentNode>, right: Subtree) -> Result<Subtree> {
        let node = left.node.parent();
        let mut record = ParentRecord::blank(left.summary, right.summary);
        let branch = match parent {
            None => Branch::join(left.branch, right.branch),
            Some(parent) => {
                self.tree.claim_parent(self.txn, node, &parent)?;
                let hash: Digest = parent.parent_hash.clone();
                let unmerged: Vec<u32> = parent.unmerged_leaves.iter().map(|leaf| leaf.0).collect();
                record.key = Some(ParentKey { encryption_key: parent.encryption_key, parent_hash: hash.clone() });
                record.unmerged = Unmerged::of(unmerged.iter().copied());
                check_parent(&self.tree, self.txn, (node, &record), (&left.branch, &right.branch))?;
                Branch::keyed(node, hash, unmerged)
            }
        };
        let summary = parent_summary(self.tree.suite, &record)?;
        if !record.is_vacant() {
            let keys = self.tree.keys.clone();
            record.unmerged.flush(self.txn, &keys, node)?;
            self.txn.store(self.tree.key(node), &record);
        }
        Ok(Subtree { node, summary, branch })
    }

    /// Extends the array with blanks until the tree is full (§12.4.3.3), and gives the whole.
    fn finish(mut self, read: u32) -> Result<TreeHead> {
        let too_many = || Code::LimitReached.with("the tree has too many leaves");
        let width = Width::for_leaves(read / 2 + 1).ok_or_else(too_many)?;
        for at in (read..width.nodes()).map(NodeIndex) {
            self.take_other(at, None)?;
        }
        let root = self.last.filter(|last| last.node == width.root()).ok_or(Code::BadTree)?;
        self.tree.census.flush(self.txn)?;
        Ok(TreeHead { width, root: root.summary })
    }
}

impl Tree {
    fn claim_parent(&self, txn: &mut Txn, node: NodeIndex, parent: &ParentNode) -> Result<()> {
        let key = self.keys.directory(Namespace::EncryptionKey, &parent.encryption_key.0);
        if txn.read(&key)?.is_some() {
            return Err(Code::KeyReused.with("an encryption key is in the tree twice"));
        }
        txn.store(key, &node.0);
        Ok(())
    }
}
