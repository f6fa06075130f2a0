//! The roster in pages, and members by name: a group is never listed whole.

use super::state::{GroupState, member_name};
use crate::base::event::MemberName;
use crate::base::{LeafIndex, Result};
use crate::store::Txn;
use crate::tree::{LeafNode, LeafRecord};

/// A member as the roster shows it.
pub(crate) struct Listing {
    pub(crate) name: MemberName,
    pub(crate) node: LeafNode,
}

/// Leaves read in one call.
const STRETCH: u32 = 128;

/// Members at leaves after `after`, in the order of the tree, at most `limit`.
pub(crate) fn page(txn: &mut Txn, state: &GroupState, after: Option<u32>, limit: usize) -> Result<Vec<Listing>> {
    select(txn, state, (after, limit), |_| true)
}

/// The same of those members alone who are devices of one user. Reads the leaves of all others as well.
pub(crate) fn of_user(
    txn: &mut Txn,
    state: &GroupState,
    user_id: &[u8],
    (after, limit): (Option<u32>, usize),
) -> Result<Vec<Listing>> {
    select(txn, state, (after, limit), |record| record.user_id == user_id)
}

fn select(
    txn: &mut Txn,
    state: &GroupState,
    (after, limit): (Option<u32>, usize),
    wanted: impl Fn(&LeafRecord) -> bool,
) -> Result<Vec<Listing>> {
    let mut tree = state.tree();
    let width = tree.width().leaves();
    let mut first = after.map_or(0, |after| after.saturating_add(1));
    let mut found = Vec::new();
    while first < width && found.len() < limit {
        let stretch = first..width.min(first + STRETCH);
        tree.load(txn, stretch.clone().map(|leaf| LeafIndex(leaf).into()))?;
        for leaf in stretch.clone().map(LeafIndex) {
            if let Some(record) = tree.leaf(txn, leaf)?.filter(|record| found.len() < limit && wanted(record)) {
                found.push(Listing { name: member_name(leaf, record), node: record.leaf_node()?.clone() });
            }
        }
        first = stretch.end;
    }
    Ok(found)
}

/// The member with this client id.
pub(crate) fn find(txn: &mut Txn, state: &GroupState, client_id: &[u8]) -> Result<Option<Listing>> {
    match state.tree().find_client(txn, client_id)? {
        Some(leaf) => Ok(page(txn, state, leaf.0.checked_sub(1), 1)?.pop()),
        None => Ok(None),
    }
}
