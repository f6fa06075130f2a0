//! Tree hashes and parent hashes (RFC 9420 §7.8, §7.9), over parts that are never copied together.

use super::index::NodeIndex;
use super::record::{ParentKey, ParentRecord};
use super::summary::{Facts, Summary};
use super::unmerged::Unmerged;
use crate::base::{LeafIndex, Result};
use crate::codec::{write_header, write_opaque};
use crate::crypto::{Digest, HpkePublicKey, Suite};

/// About how long that is, unless a node has many unmerged leaves.
const TYPICAL: usize = 192;

/// What is hashed of a parent node.
type Input = Vec<u8>;

const LEAF: u8 = 1;
const PARENT: u8 = 2;

/// The tree hash of a leaf; `node` is the encoded LeafNode, if the leaf is not blank.
pub(crate) fn leaf_hash(suite: &Suite, leaf: LeafIndex, node: Option<&[u8]>) -> Digest {
    let index = leaf.0.to_be_bytes();
    match node {
        Some(node) => suite.hash_parts(&[&[LEAF], &index, &[1], node]),
        None => suite.hash_parts(&[&[LEAF], &index, &[0]]),
    }
}

/// The tree hash of a parent over those of its children; `key` and `unmerged` are its content, if it is not blank.
pub(crate) fn parent_node_hash(
    suite: &Suite,
    content: Option<(&ParentKey, &Unmerged)>,
    left: &Digest,
    right: &Digest,
) -> Result<Digest> {
    let mut input = Input::with_capacity(TYPICAL);
    input.push(PARENT);
    input.push(u8::from(content.is_some()));
    if let Some((key, unmerged)) = content {
        append(&mut input, &key.encryption_key.0)?;
        append(&mut input, &key.parent_hash.0)?;
        append_unmerged(&mut input, unmerged)?;
    }
    append(&mut input, &left.0)?;
    append(&mut input, &right.0)?;
    Ok(suite.hash(&input))
}

/// The parent hash of a node with this key, over the parent hash of the next one above and the tree hash of the copath
/// child (RFC 9420 §7.9).
pub(crate) fn parent_hash(suite: &Suite, key: &HpkePublicKey, above: &[u8], sibling: &Digest) -> Result<Digest> {
    let mut input = Input::with_capacity(TYPICAL);
    append(&mut input, &key.0)?;
    append(&mut input, above)?;
    append(&mut input, &sibling.0)?;
    Ok(suite.hash(&input))
}

/// The summary of a leaf.
pub(crate) fn leaf_summary(suite: &Suite, leaf: LeafIndex, node: Option<&[u8]>) -> Summary {
    let facts = if node.is_some() { Facts::OCCUPIED_LEAF } else { Facts::blank(leaf.0) };
    Summary { tree_hash: leaf_hash(suite, leaf, node), facts }
}

/// The summary of a parent whose record holds current summaries of its children.
pub(crate) fn parent_summary(suite: &Suite, record: &ParentRecord) -> Result<Summary> {
    let content = record.key.as_ref().map(|key| (key, &record.unmerged));
    let tree_hash = parent_node_hash(suite, content, &record.left.tree_hash, &record.right.tree_hash)?;
    Ok(Summary { tree_hash, facts: Facts::over(record.left.facts, record.right.facts, record.keyed()) })
}

/// The summary of a subtree in which everything is blank.
pub(crate) fn blank_summary(suite: &Suite, node: NodeIndex) -> Result<Summary> {
    match (node.leaf(), node.children()) {
        (Some(leaf), _) => Ok(leaf_summary(suite, leaf, None)),
        (None, Some((left, right))) => {
            parent_summary(suite, &ParentRecord::blank(blank_summary(suite, left)?, blank_summary(suite, right)?))
        }
        (None, None) => Err(crate::store::corrupt()),
    }
}

fn append(input: &mut Input, field: &[u8]) -> Result<()> {
    write_opaque(field, input).map(drop).map_err(crate::codec::unencodable)
}

fn append_unmerged(input: &mut Input, unmerged: &Unmerged) -> Result<()> {
    write_header(4 * unmerged.len() as usize, input).map_err(crate::codec::unencodable)?;
    unmerged.iter().for_each(|leaf| input.extend_from_slice(&leaf.to_be_bytes()));
    Ok(())
}
