//! Nodes in the `ratchet_tree` extension (RFC 9420 §12.4.3.3), read one by one: a tree of 100 000 members is 17 MB.

use tls_codec::{TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::leaf_node::LeafNode;
use super::parent_node::ParentNode;
use super::unverified::Unverified;
use crate::base::{Code, Result, limits};
use crate::codec::{decode_front, split_opaque};

/// A node of either kind.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum Node {
    /// A member.
    #[tls_codec(discriminant = 1)]
    Leaf(Box<Unverified<LeafNode>>),
    /// A node above the leaves.
    #[tls_codec(discriminant = 2)]
    Parent(ParentNode),
}

/// One node of an encoded tree.
#[derive(Debug)]
pub(crate) struct TreeNode<'a> {
    pub(crate) node: Node,
    /// The encoded LeafNode or ParentNode, without the node type before it: what the tree hash takes in.
    pub(crate) raw: &'a [u8],
}

/// Most nodes of a tree with [`limits::MAX_LEAVES`] leaves.
const MAX_NODES: u32 = 2 * limits::MAX_LEAVES - 1;

/// The nodes of an encoded `ratchet_tree`, blank ones included, in the order of the array. It ends at the first error.
/// That leaves stand at even positions and parents at odd ones is left to whoever places them.
#[derive(Debug)]
pub(crate) struct TreeNodes<'a> {
    rest: &'a [u8],
    read: u32,
    ends_blank: bool,
    failed: bool,
}

impl<'a> TreeNodes<'a> {
    /// Reads the encoded vector, which must fill `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() > limits::MAX_TREE {
            return Err(Code::LimitReached.with(format_args!("a tree is at most {} bytes long", limits::MAX_TREE)));
        }
        match split_opaque(bytes).map_err(|_| Code::BadVector)? {
            (nodes, []) => Ok(TreeNodes { rest: nodes, read: 0, ends_blank: true, failed: false }),
            _ => Err(Code::TrailingBytes.into()),
        }
    }

    /// How many bytes are still to be read, for progress.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn read_node(&mut self) -> Result<Option<TreeNode<'a>>> {
        if self.read == MAX_NODES {
            return Err(Code::LimitReached.with(format_args!("a tree has at most {} leaves", limits::MAX_LEAVES)));
        }
        self.read += 1;
        let (node, rest) = split_node(self.rest)?;
        self.rest = rest;
        self.ends_blank = node.is_none();
        Ok(node)
    }

    /// The last node must not be blank (RFC 9420 §12.4.3.3), so a tree without nodes is none either.
    fn check_end(&mut self) -> Option<Result<Option<TreeNode<'a>>>> {
        if !std::mem::take(&mut self.ends_blank) {
            return None;
        }
        Some(Err(Code::BadTree.with("the last node is blank")))
    }
}

impl<'a> Iterator for TreeNodes<'a> {
    type Item = Result<Option<TreeNode<'a>>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        if self.rest.is_empty() {
            return self.check_end();
        }
        let node = self.read_node();
        self.failed = node.is_err();
        Some(node)
    }
}

/// Splits one `optional<Node>` off the front.
fn split_node(bytes: &[u8]) -> Result<(Option<TreeNode<'_>>, &[u8])> {
    let present = match bytes.split_first() {
        Some((0, rest)) => return Ok((None, rest)),
        Some((1, present)) => present,
        _ => return Err(Code::Malformed.with("an optional that is neither present nor absent")),
    };
    let (node, rest) = decode_front::<Node>(present)?;
    let length = present.len() - rest.len();
    let raw = present.get(1..length).ok_or(Code::Internal)?;
    Ok((Some(TreeNode { node, raw }), rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn codes(bytes: &[u8]) -> Vec<u32> {
        let nodes = TreeNodes::new(bytes).unwrap();
        nodes.map(|node| node.map_or_else(|error| error.code(), |node| u32::from(node.is_some()))).collect()
    }

    #[test]
    fn the_last_node_is_present() {
        let bad_tree = Code::BadTree.number();
        assert_eq!(codes(&[0]), [bad_tree]);
        assert_eq!(codes(&[2, 0, 0]), [0, 0, bad_tree]);
        let parent = [1, 2, 1, 9, 0, 0];
        assert_eq!(codes(&[&[7, 0][..], &parent].concat()), [0, 1]);
        assert_eq!(codes(&[&[8, 0][..], &parent, &[0]].concat()), [0, 1, 0, bad_tree]);
    }

    #[test]
    fn reading_ends_at_the_first_error() {
        assert_eq!(codes(&[3, 0, 7, 0]), [0, Code::Malformed.number()]);
        assert!(TreeNodes::new(&[1, 0, 0]).is_err());
        assert!(TreeNodes::new(&[2, 0]).is_err());
    }

    #[test]
    fn the_raw_bytes_are_those_of_the_node_alone() {
        let bytes = [6, 1, 2, 1, 9, 0, 0];
        let node = TreeNodes::new(&bytes).unwrap().next().unwrap().unwrap().unwrap();
        assert_eq!(node.raw, [1, 9, 0, 0]);
        assert!(matches!(node.node, Node::Parent(_)));
    }
}
