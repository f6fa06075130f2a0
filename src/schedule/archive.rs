//! What of an epoch's message keys goes into an archive: all that messages of others need, and nothing that we could send with.

use std::collections::BTreeSet;
use std::ops::Range;

use super::ratchet_record::RatchetRecord;
use super::secret_tree::{FrontierNode, SecretTree};
use crate::base::{Code, LeafIndex, Result, Secret};
use crate::store::{RatchetKind, Reader, Record, Txn, Writer, corrupt, decode_record, encode_record};
use crate::tree::NodeIndex;

/// Keys to receive with: nodes of the secret tree by index, and the ratchets of others.
pub(crate) struct ReceivingKeys {
    frontier: Vec<FrontierNode>,
    ratchets: Vec<(LeafIndex, RatchetKind, RatchetRecord)>,
}

impl ReceivingKeys {
    /// Reads the keys of an epoch. Where our own leaf has not sent yet, the secret above it is split until what is left is not
    /// above it any more.
    pub(crate) fn of(txn: &mut Txn, tree: SecretTree<'_>, own_leaf: LeafIndex) -> Result<Self> {
        let own = tree.split_off(txn, own_leaf)?;
        let mut frontier = Vec::new();
        txn.each(&tree.keys.frontier_of(tree.epoch), |rest, value| {
            let node = u32::from_be_bytes(rest.try_into().map_err(|_| corrupt())?);
            if own.as_ref().is_none_or(|(split, _)| *split != node) {
                frontier.push((node, decode_record(value)?));
            }
            Ok(())
        })?;
        frontier.extend(own.into_iter().flat_map(|(_, siblings)| siblings));
        let mut ratchets = Vec::new();
        txn.each(&tree.keys.ratchets(tree.epoch), |rest, value| {
            let (leaf, kind) = place(rest)?;
            if leaf != own_leaf {
                ratchets.push((leaf, kind, decode_record::<RatchetRecord>(value)?.without_skipped()));
            }
            Ok(())
        })?;
        let keys = ReceivingKeys { frontier, ratchets };
        match keys.is_whole(tree, own_leaf) {
            true => Ok(keys),
            false => Err(Code::Conflict.with("another process has read messages meanwhile: export again")),
        }
    }

    /// Whether every leaf but our own has its keys here, and has them once. Not so, the records were read at different times:
    /// keys would be missing, or could be derived again from what others have consumed.
    fn is_whole(&self, tree: SecretTree<'_>, own_leaf: LeafIndex) -> bool {
        let nodes = self.frontier.iter().map(|(node, _)| NodeIndex(*node).leaves());
        let ratchets: BTreeSet<u32> = self.ratchets.iter().map(|(leaf, ..)| leaf.0).collect();
        let leaves = ratchets.into_iter().chain([own_leaf.0]).map(|leaf| leaf..leaf + 1);
        let mut covered: Vec<Range<u32>> = nodes.chain(leaves).collect();
        covered.sort_unstable_by_key(|range| range.start);
        let end = covered.into_iter().try_fold(0, |end, range| (range.start == end).then_some(range.end));
        end == Some(tree.width.leaves())
    }

    /// Stages the keys as those of an epoch.
    pub(crate) fn stage(&self, txn: &mut Txn, tree: SecretTree<'_>) {
        for (node, secret) in &self.frontier {
            txn.store(tree.keys.frontier(tree.epoch, *node), secret);
        }
        for (leaf, kind, record) in &self.ratchets {
            txn.store(tree.keys.ratchet(tree.epoch, *leaf, *kind), record);
        }
    }
}

fn place(rest: &[u8]) -> Result<(LeafIndex, RatchetKind)> {
    let (leaf, kind) = rest.split_first_chunk().ok_or_else(corrupt)?;
    Ok((LeafIndex(u32::from_be_bytes(*leaf)), kind_of(kind.first().copied().ok_or_else(corrupt)?)?))
}

fn kind_of(number: u8) -> Result<RatchetKind> {
    let kinds = [RatchetKind::Handshake, RatchetKind::Application];
    kinds.into_iter().find(|kind| *kind as u8 == number).ok_or_else(corrupt)
}

impl Record for ReceivingKeys {
    fn write(&self, writer: &mut Writer) {
        writer.list(&self.frontier, |writer, (node, secret)| {
            writer.u32(*node);
            writer.secret(secret);
        });
        writer.list(&self.ratchets, |writer, (leaf, kind, record)| {
            writer.u32(leaf.0);
            writer.u8(*kind as u8);
            writer.secret(&Secret::new(encode_record(record)));
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(ReceivingKeys {
            frontier: reader.list(|reader| Ok((reader.u32()?, reader.secret()?)))?,
            ratchets: reader.list(|reader| {
                let (leaf, kind) = (LeafIndex(reader.u32()?), kind_of(reader.u8()?)?);
                Ok((leaf, kind, decode_record(reader.bytes()?)?))
            })?,
        })
    }
}
