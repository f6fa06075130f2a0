//! Nodes of a tree that is taken in, as far as each can be looked at alone.

use std::ops::Range;

use super::hash::leaf_hash;
use super::import::Newcomer;
use super::index::NodeIndex;
use super::leaf_node::{ExpectedSource, LeafNode, LeafRules};
use super::node::{Node, TreeNode, TreeNodes};
use super::parent_node::ParentNode;
use super::unverified::Unverified;
use crate::base::{Code, GroupId, LeafIndex, Result};
use crate::crypto::{Digest, HpkePublicKey, Suite};
use crate::store::{GroupKeys, Listing, Namespace};

/// Nodes that are read at a time, and their leaves named. On two cores a stretch of them takes some milliseconds.
const STRETCH: usize = 512;

/// What the members of a group are held to (RFC 9420 §7.3).
pub(crate) struct MemberRules<'a> {
    pub(crate) group_id: &'a GroupId,
    /// See [`LeafRules`].
    pub(crate) longest_lifetime: u64,
}

impl MemberRules<'_> {
    fn at(&self, leaf: LeafIndex) -> LeafRules<'_> {
        let (member, longest_lifetime) = (Some((self.group_id, leaf)), self.longest_lifetime);
        LeafRules { source: ExpectedSource::Any, member, longest_lifetime }
    }
}

/// Consecutive nodes of the array.
pub(super) struct Stretch<'a> {
    pub(super) arrivals: Vec<Arrival<'a>>,
    /// How many bytes of the tree were read with it, and how many there are.
    pub(super) progress: (u64, u64),
}

/// One node.
pub(super) struct Arrival<'a> {
    pub(super) at: NodeIndex,
    pub(super) content: Content,
    /// The content, encoded, and where it lies in the payload.
    raw: &'a [u8],
    pub(super) place: Option<Range<u32>>,
    pub(super) finding: Result<Finding>,
}

/// What stands in a place; it fits it.
pub(super) enum Content {
    Blank,
    Leaf(Box<Unverified<LeafNode>>),
    Parent(ParentNode),
}

/// What was found out about a node that breaks no rule.
pub(super) enum Finding {
    /// The tree hash of a leaf, and how its keys are listed in the directory, if there are any.
    Leaf(Digest, Vec<Listing>),
    /// How the key of a parent is listed.
    Parent(Listing),
    /// There is nothing to say of a blank parent.
    Nothing,
}

impl<'a> Stretch<'a> {
    /// Reads the next nodes, of which the first has the index `first`. There are none at the end.
    pub(super) fn read(payload: &[u8], nodes: &mut TreeNodes<'a>, first: u32) -> Result<Self> {
        let mut read = Vec::with_capacity(STRETCH);
        while read.len() < STRETCH
            && let Some(node) = nodes.next()
        {
            read.push((node?, payload.len() - nodes.remaining()));
        }
        let arrivals = (first..).map(NodeIndex).zip(read).map(|(at, (node, end))| Arrival::new(at, node, end));
        let arrivals = arrivals.collect::<Result<_>>()?;
        Ok(Stretch { arrivals, progress: ((payload.len() - nodes.remaining()) as u64, payload.len() as u64) })
    }

    /// The first error over a leaf, if there is one: before the app is asked about any, all are known to be good.
    pub(super) fn check_leaves(&mut self) -> Result<()> {
        let leaves = self.arrivals.iter_mut().filter(|arrival| arrival.at.is_leaf());
        let mut failed = leaves.filter(|arrival| arrival.finding.is_err());
        failed.next().map_or(Ok(()), |arrival| std::mem::replace(&mut arrival.finding, Ok(Finding::Nothing)).map(drop))
    }

    /// The leaves that are to be named.
    pub(super) fn newcomers(&self) -> Vec<Newcomer<'_>> {
        let leaves = self.arrivals.iter().filter_map(|arrival| match (&arrival.content, arrival.at.leaf()) {
            (Content::Leaf(node), Some(leaf)) => Some((leaf, node.peek())),
            _ => None,
        });
        leaves.collect()
    }
}

impl<'a> Arrival<'a> {
    fn new(at: NodeIndex, node: Option<TreeNode<'a>>, end: usize) -> Result<Self> {
        let raw = node.as_ref().map(|node| node.raw);
        let content = match node.map(|node| node.node) {
            None => Content::Blank,
            Some(Node::Leaf(leaf)) if at.is_leaf() => Content::Leaf(leaf),
            Some(Node::Parent(parent)) if !at.is_leaf() => Content::Parent(parent),
            _ => return Err(Code::BadTree.with("a leaf stands in a parent's place, or a parent in a leaf's")),
        };
        let place = raw.map(|raw| place(end - raw.len()..end)).transpose()?;
        Ok(Arrival { at, content, raw: raw.unwrap_or_default(), place, finding: Ok(Finding::Nothing) })
    }

    /// Finds out all that the node alone can tell.
    pub(super) fn look(&mut self, group: (&GroupKeys, &Suite), rules: Option<&MemberRules<'_>>) {
        self.finding = self.examine(group, rules);
    }

    fn examine(&self, (keys, suite): (&GroupKeys, &Suite), rules: Option<&MemberRules<'_>>) -> Result<Finding> {
        let owner = |key: &HpkePublicKey| keys.listing(Namespace::EncryptionKey, &key.0);
        match (&self.content, self.at.leaf()) {
            (Content::Leaf(leaf), Some(index)) => {
                let node = leaf.peek();
                if let Some(rules) = rules {
                    let _proof = node.verify(suite, &rules.at(index))?;
                }
                let signer = keys.listing(Namespace::SignatureKey, &node.signature_key.0);
                let listings = vec![signer, owner(&node.encryption_key)];
                Ok(Finding::Leaf(leaf_hash(suite, index, Some(self.raw)), listings))
            }
            (Content::Parent(parent), _) => {
                parent.check(suite)?;
                Ok(Finding::Parent(owner(&parent.encryption_key)))
            }
            (_, Some(index)) => Ok(Finding::Leaf(leaf_hash(suite, index, None), Vec::new())),
            _ => Ok(Finding::Nothing),
        }
    }
}

fn place(content: Range<usize>) -> Result<Range<u32>> {
    let number = |at: usize| u32::try_from(at).map_err(|_| Code::LimitReached);
    Ok(number(content.start)?..number(content.end)?)
}
