//! What an act is about to read, foretold at each point where more of it becomes known, so that it takes few calls: when the
//! sender of a message is known, when a commit's proposals are, and when their clients have names. A wrong guess costs a
//! longer read or one more, and nothing else.

use std::collections::BTreeSet;

use super::identities::Vetted;
use super::resolve::{Committer, Listed};
use super::retention;
use super::state::GroupState;
use crate::base::{LeafIndex, Result};
use crate::message::{ContentType, Proposal, Sender};
use crate::schedule::SecretTree;
use crate::store::{Key, RatchetKind, Txn};
use crate::tree::{LeafNode, Tree, path_records};

/// What a message of the current epoch rests on, besides the head and the epoch. A handshake is as a rule the first message
/// of its sender in an epoch, and a commit goes on to the paths of its sender and of ourselves.
pub(crate) fn of_sender(
    tree: SecretTree<'_>,
    (sender, own_leaf): (LeafIndex, LeafIndex),
    (content_type, encrypted): (ContentType, bool),
) -> Vec<Key> {
    let paths = |leaf| path_records(tree.keys, tree.width, leaf);
    let mut keys = match content_type {
        ContentType::Application => return vec![tree.keys.ratchet(tree.epoch, sender, RatchetKind::Application)],
        ContentType::Proposal => paths(sender).into_iter().take(1).collect(),
        ContentType::Commit => [paths(sender), paths(own_leaf), vec![tree.keys.path_keys()]].concat(),
    };
    if encrypted {
        keys.extend(tree.first_keys_needed(sender).into_iter().flatten());
    }
    keys
}

/// What the proposals of a commit are about: the paths of the leaves they change and of the next free one, and again those
/// of the committer and of ourselves, in case the sender told nothing.
pub(crate) fn of_proposals(txn: &mut Txn, state: &GroupState, listed: &Listed) -> Result<()> {
    let free = state.head.tree.root.facts.first_blank().map(LeafIndex);
    let about = listed.proposals.iter().filter_map(|one| match (&one.known.proposal, one.known.sender) {
        (Proposal::Remove(leaf), _) => Some(*leaf),
        (Proposal::Update(_), Sender::Member(leaf)) => Some(leaf),
        (Proposal::Add(_), _) => free,
        _ => None,
    });
    let committer = match listed.committer {
        Committer::Member(leaf) => Some(leaf),
        Committer::Joiner => free,
    };
    let about = about.filter(|leaf| state.epoch.width.holds(*leaf));
    let leaves = about.chain(committer).chain([state.head.own_leaf]);
    // All Adds are about the same leaf.
    let leaves: BTreeSet<u32> = leaves.map(|leaf| leaf.0).collect();
    let paths = leaves.into_iter().flat_map(|leaf| path_records(&state.keys, state.epoch.width, LeafIndex(leaf)));
    let mut keys: Vec<Key> = paths.collect();
    keys.push(state.keys.path_keys());
    txn.prefetch(keys)
}

/// What else a commit rests on, once every client has a name: who owns the keys and names that it brings, the counts
/// that it changes, and our private key if it has an Update of ours. `tree` is the one before the commit.
pub(crate) fn of_changes(txn: &mut Txn, state: &GroupState, vetted: &Vetted, tree: &mut Tree) -> Result<()> {
    let Vetted { allowed, path_names } = vetted;
    let path_leaf = allowed.path.as_ref().map(|path| (path.leaf_node.peek(), path_names));
    let updates = allowed.updates.iter().map(|update| (&update.node, &update.names));
    let adds = allowed.adds.iter().map(|add| (&add.key_package.leaf_node, &add.names));
    let named = updates.chain(adds).chain(path_leaf);
    let came: Vec<(&LeafNode, &[u8])> =
        named.map(|(node, names)| (node, names.as_ref().map_or(&[][..], |(client_id, _)| client_id))).collect();
    let mut gone: Vec<LeafIndex> = allowed.updates.iter().map(|update| update.leaf).collect();
    gone.extend(&allowed.removes);
    gone.extend(allowed.committer.leaf().filter(|_| path_leaf.is_some()));
    let mut keys = tree.roster_records(txn, &came, &gone)?;
    let path = allowed.path.iter().flat_map(|path| &path.nodes);
    keys.extend(path.map(|node| tree.owner_record(&node.encryption_key)));
    let ours = allowed.updates.iter().filter(|update| update.leaf == state.head.own_leaf);
    keys.extend(ours.map(|update| state.keys.update_key(&update.node.encryption_key.0)));
    keys.extend(retention::oldest_records(state));
    txn.prefetch(keys)
}
