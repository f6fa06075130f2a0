//! Taking in a whole tree (RFC 9420 §7.9, §12.4.3.1): the array is read once from left to right, in stretches. What can be found
//! out about a node alone is worked out on all cores, while this thread puts the stretch before it in place: there each subtree
//! is hashed and checked as soon as it is complete, so that only the path to the current leaf is held.

use std::sync::Arc;

use super::arrival::{Arrival, Content, Finding, MemberRules, Stretch};
use super::hash::{leaf_hash, parent_summary};
use super::imported::{Imported, Payload};
use super::index::{NodeIndex, Width};
use super::leaf_node::{LeafNode, LeafNodeSource};
use super::listings::Listings;
use super::node::TreeNodes;
use super::paged::Tree;
use super::parent_hash::{Branch, check_parent};
use super::parent_node::ParentNode;
use super::record::Names;
use super::record::{ParentKey, ParentRecord};
use super::summary::{Facts, Summary, TreeHead};
use super::unmerged::Unmerged;
use crate::base::host::{Observer, report};
use crate::base::{Code, LeafIndex, Result, parallel};
use crate::crypto::{Digest, Suite};
use crate::store::{GroupKeys, Listing, Namespace, Txn};

/// A leaf to be named: its place and its content.
pub(crate) type Newcomer<'a> = (LeafIndex, &'a LeafNode);

/// Has leaves named on behalf of an import, by the app's validator or by whoever knows.
pub(crate) trait Judge {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>>;
}

/// What a tree that is taken in is held against.
pub(crate) struct Scrutiny<'a> {
    /// What the leaves are held to; nothing where they need not be verified.
    pub(crate) rules: Option<MemberRules<'a>>,
    pub(crate) judge: &'a mut dyn Judge,
    /// How many threads may look at nodes.
    pub(crate) threads: u32,
    pub(crate) observer: &'a Arc<dyn Observer>,
}

/// A complete subtree.
struct Subtree {
    node: NodeIndex,
    summary: Summary,
    branch: Branch,
}

/// A parent that is not blank, and how its key is listed in the directory.
type Keyed = (ParentNode, Listing);

/// What stands between the left edge and the current node: complete subtrees, each followed by the parent that waits for its
/// right child.
struct Import<'a> {
    tree: Tree,
    txn: &'a mut Txn,
    imported: Imported,
    listings: Listings,
    /// Whether the nodes are those that the payload holds, and not those that fill the tree up.
    inside: bool,
    left: Vec<(Subtree, Option<Keyed>)>,
    last: Option<Subtree>,
}

impl Tree {
    /// Checks an encoded `ratchet_tree` and stages all of it. Of these keys nothing may be stored yet, and their range is cleared.
    pub(crate) fn import(
        txn: &mut Txn,
        (keys, suite): (GroupKeys, &'static Suite),
        payload: &Payload,
        scrutiny: Scrutiny<'_>,
    ) -> Result<TreeHead> {
        let Scrutiny { rules, judge, threads, observer } = scrutiny;
        let imported = Imported::new(keys.clone(), suite, (payload.clone(), observer.clone()));
        let tree = Tree::blank(keys.clone(), suite);
        let listings = Listings::new();
        let mut import = Import { tree, txn, imported, listings, inside: true, left: Vec::new(), last: None };
        let mut nodes = TreeNodes::new(payload)?;
        let (mut verified, mut read) = (None, 0);
        loop {
            let mut next = Stretch::read(payload, &mut nodes, read);
            let arrivals = next.as_mut().map_or(&mut [][..], |stretch| &mut stretch.arrivals);
            let mut taken = Ok(());
            let take = || taken = import.take(verified.take(), (&mut *judge, &**observer));
            let look = |arrival: &mut Arrival<'_>| arrival.look((&keys, suite), rules.as_ref());
            parallel::for_each_beside(threads, arrivals, look, take);
            taken?;
            let mut next = next?;
            next.check_leaves()?;
            if next.arrivals.is_empty() {
                return import.finish(read);
            }
            read += u32::try_from(next.arrivals.len()).map_err(|_| Code::BadTree)?;
            verified = Some(next);
        }
    }
}

impl Import<'_> {
    /// Has the leaves of a verified stretch named, and puts its nodes in place.
    fn take(&mut self, stretch: Option<Stretch<'_>>, host: (&mut dyn Judge, &dyn Observer)) -> Result<()> {
        let (Some(stretch), (judge, observer)) = (stretch, host) else { return Ok(()) };
        let newcomers = stretch.newcomers();
        let names = judge.judge(&newcomers)?;
        if names.len() != newcomers.len() {
            return Err(Code::Internal.into());
        }
        let (done, total) = stretch.progress;
        let mut names = names.into_iter();
        for arrival in stretch.arrivals {
            self.imported.append(arrival.place);
            match (arrival.content, arrival.finding?) {
                (Content::Leaf(node), Finding::Leaf(hash, listings)) => {
                    let names = names.next().ok_or(Code::Internal)?;
                    self.take_leaf((arrival.at, node.peek()), (hash, listings), names)?;
                }
                (Content::Parent(parent), Finding::Parent(listing)) => self.wait(Some((parent, listing)))?,
                (_, Finding::Leaf(hash, _)) => self.take_blank_leaf(arrival.at, hash)?,
                _ => self.wait(None)?,
            }
        }
        report(observer, done, total)
    }

    fn take_leaf(
        &mut self,
        (at, node): (NodeIndex, &LeafNode),
        (tree_hash, listings): (Digest, Vec<Listing>),
        names: Names,
    ) -> Result<()> {
        let client = self.tree.keys.listing(Namespace::ClientId, &names.0);
        for listing in listings.into_iter().chain([client]) {
            self.enter(listing, at)?;
        }
        self.tree.census.count_in(node);
        let parent_hash = match &node.leaf_node_source {
            LeafNodeSource::Commit(hash) => Some(hash.clone()),
            _ => None,
        };
        self.imported.put_leaf(at, names)?;
        let summary = Summary { tree_hash, facts: Facts::OCCUPIED_LEAF };
        self.complete(Subtree { node: at, summary, branch: Branch::of(at, parent_hash) })
    }

    /// Enters a key or a name in the directory, which no other node may have (RFC 9420 §7.3).
    fn enter(&mut self, listing: Listing, owner: NodeIndex) -> Result<()> {
        match self.listings.enter(listing, owner.0)? {
            true => Ok(()),
            false if owner.is_leaf() => Err(Code::KeyReused.into()),
            false => Err(Code::KeyReused.with("an encryption key is in the tree twice")),
        }
    }

    fn take_blank_leaf(&mut self, at: NodeIndex, tree_hash: Digest) -> Result<()> {
        let summary = Summary { tree_hash, facts: Facts::blank(at.leaves().start) };
        self.complete(Subtree { node: at, summary, branch: Branch::default() })
    }

    /// A parent: what is complete to its left waits with it for what will be to its right.
    fn wait(&mut self, parent: Option<Keyed>) -> Result<()> {
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

    fn join(&mut self, left: Subtree, parent: Option<Keyed>, right: Subtree) -> Result<Subtree> {
        let node = left.node.parent();
        let mut record = ParentRecord::blank(left.summary, right.summary);
        let branch = match parent {
            None => Branch::join(left.branch, right.branch),
            Some((parent, listing)) => {
                self.enter(listing, node)?;
                let hash: Digest = parent.parent_hash.clone();
                let unmerged: Vec<u32> = parent.unmerged_leaves.iter().map(|leaf| leaf.0).collect();
                record.key = Some(ParentKey { encryption_key: parent.encryption_key, parent_hash: hash.clone() });
                record.unmerged = Unmerged::of(unmerged.iter().copied());
                self.check(node, &record, (&left.branch, &right.branch))?;
                Branch::keyed(node, hash, unmerged)
            }
        };
        let summary = parent_summary(self.tree.suite, &record)?;
        self.keep(node, record, &summary)?;
        Ok(Subtree { node, summary, branch })
    }

    fn check(&mut self, node: NodeIndex, record: &ParentRecord, branches: (&Branch, &Branch)) -> Result<()> {
        let Import { tree, txn, imported, .. } = self;
        let mut below = |node| match imported.parent(node)? {
            Some(record) => Ok(record),
            None => {
                let mut record: ParentRecord = txn.require(&tree.key(node))?;
                record.unmerged.complete(txn, &tree.keys, node)?;
                Ok(record)
            }
        };
        check_parent((tree.suite, &mut below), (node, record), branches)
    }

    /// Keeps what cannot be made from the payload again: of a node inside that is its summary, and chunks of long lists; of the
    /// few at the edge, the record.
    fn keep(&mut self, node: NodeIndex, mut record: ParentRecord, summary: &Summary) -> Result<()> {
        if !record.is_vacant() {
            record.unmerged.flush(self.txn, &self.tree.keys, node)?;
        }
        if self.inside {
            self.imported.put_parent(node, &record, summary.facts);
        } else if !record.is_vacant() {
            self.txn.store(self.tree.key(node), &record);
        }
        Ok(())
    }

    /// Extends the array with blanks until the tree is full (§12.4.3.3), and gives the whole.
    fn finish(mut self, read: u32) -> Result<TreeHead> {
        let too_many = || Code::LimitReached.with("the tree has too many leaves");
        let width = Width::for_leaves(read / 2 + 1).ok_or_else(too_many)?;
        self.inside = false;
        for at in (read..width.nodes()).map(NodeIndex) {
            match at.leaf() {
                Some(leaf) => self.take_blank_leaf(at, leaf_hash(self.tree.suite, leaf, None))?,
                None => self.wait(None)?,
            }
        }
        let root = self.last.filter(|last| last.node == width.root()).ok_or(Code::BadTree)?;
        self.txn.stage_latent(Arc::new(self.imported.complete(self.listings)))?;
        self.tree.census.flush(self.txn)?;
        Ok(TreeHead { width, root: root.summary })
    }
}
