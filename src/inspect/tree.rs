//! The ratchet tree as it travels (RFC 9420 §12.4.3.3), node by node.

use super::leaf_node::leaf_node;
use super::names::NODE_TYPES;
use super::page::{Name, Page};
use crate::base::{Code, Result};

/// The payload of the extension `ratchet_tree`: its last node is not blank.
pub(super) fn ratchet_tree(page: &mut Page<'_>) -> Result<()> {
    let mut ends_blank = true;
    page.list("ratchet_tree", |page, item| {
        ends_blank = !page.optional(item)?;
        match ends_blank {
            true => Ok(()),
            false => page.inner(item, ("Node", node)),
        }
    })?;
    match ends_blank {
        true => Err(page.fault("ratchet_tree", Code::BadTree, "the last node is blank")),
        false => Ok(()),
    }
}

/// Node (§12.4.3.3).
fn node(page: &mut Page<'_>) -> Result<()> {
    match page.choice("node_type", NODE_TYPES)? {
        1 => page.inner("leaf_node", ("LeafNode", leaf_node)),
        _ => page.inner("parent_node", ("ParentNode", parent_node)),
    }
}

/// ParentNode (§7.1).
fn parent_node(page: &mut Page<'_>) -> Result<()> {
    page.opaque("encryption_key")?;
    page.opaque("parent_hash")?;
    page.list("unmerged_leaves", |page, item: Name| page.uint32(item).map(drop))
}
