//! The whole tree as a `ratchet_tree` payload (RFC 9420 §12.4.3.3), read in stretches of the array.

use super::index::NodeIndex;
use super::paged::Tree;
use super::parent_node::ParentNode;
use crate::base::Result;
use crate::base::host::{Observer, report};
use crate::codec::{encode, header_size, write_header};
use crate::store::Txn;

/// Nodes read in one call.
const STRETCH: u32 = 512;

impl Tree {
    /// The encoded vector of all nodes up to the last one that is not blank.
    pub(crate) fn export(&mut self, txn: &mut Txn, observer: &dyn Observer) -> Result<Vec<u8>> {
        let total = self.width.nodes();
        let mut nodes = Vec::new();
        let mut end = 0;
        for first in (0..total).step_by(STRETCH as usize) {
            let stretch = first..total.min(first + STRETCH);
            self.load(txn, stretch.clone().map(NodeIndex))?;
            for node in stretch.map(NodeIndex) {
                if self.append(txn, node, &mut nodes)? {
                    end = nodes.len();
                }
            }
            report(observer, first.into(), total.into())?;
        }
        nodes.truncate(end);
        let mut payload = Vec::with_capacity(header_size(nodes.len()) + nodes.len());
        write_header(nodes.len(), &mut payload).map_err(crate::codec::unencodable)?;
        payload.append(&mut nodes);
        Ok(payload)
    }

    /// Appends one `optional<Node>`, and tells whether it is not blank.
    fn append(&mut self, txn: &mut Txn, node: NodeIndex, out: &mut Vec<u8>) -> Result<bool> {
        if let Some(leaf) = node.leaf() {
            let Some(record) = self.leaf(txn, leaf)? else {
                out.push(0);
                return Ok(false);
            };
            out.extend_from_slice(&[1, 1]);
            out.extend_from_slice(&record.node);
            return Ok(true);
        }
        let record = self.parent(txn, node)?;
        let Some(key) = &record.key else {
            out.push(0);
            return Ok(false);
        };
        let parent = ParentNode {
            encryption_key: key.encryption_key.clone(),
            parent_hash: key.parent_hash.clone(),
            unmerged_leaves: record.unmerged.iter().map(crate::base::LeafIndex).collect(),
        };
        out.extend_from_slice(&[1, 2]);
        out.extend(encode(&parent)?);
        Ok(true)
    }
}
