//! Applying a commit's proposals to the tree (RFC 9420 §12.3) inside the overlay: nothing of it is stored before the
//! commit is confirmed.

use std::collections::BTreeSet;

use super::census;
use super::identities::Vetted;
use super::resolve::Committer;
use super::rules::{Allowed, Arrival, Replacement};
use super::state::{GroupState, member_name};
use super::touch;
use crate::base::event::MemberName;
use crate::base::{Code, Epoch, LeafIndex, Result};
use crate::codec::encode;
use crate::message::GroupContext;
use crate::store::{GroupKeys, Txn};
use crate::tree::{CredentialType, LeafNode, LeafRecord, Names, Tree};

/// The group as the commit's proposals would leave it, before its path.
pub(crate) struct Provisional {
    pub(crate) tree: Tree,
    /// New epoch and extensions, old confirmed transcript hash; the tree hash is set when the path is in.
    pub(crate) context: GroupContext,
    pub(crate) committer: Committer,
    /// Where the new members are, in the order of their Adds.
    pub(crate) added: Vec<(LeafIndex, Arrival)>,
    /// The same leaves, as a set.
    pub(crate) added_leaves: BTreeSet<u32>,
    pub(crate) roster: RosterChange,
    pub(crate) rest: Allowed,
    keys: GroupKeys,
    /// The epoch that the commit ends.
    last_epoch: Epoch,
    /// Leaves of members that are renewed, to be held against what the group needs as those of new members are.
    renewed: Vec<LeafNode>,
}

/// Who came, went and changed.
#[derive(Default, Clone)]
pub(crate) struct RosterChange {
    pub(crate) added: Vec<MemberName>,
    pub(crate) removed: Vec<MemberName>,
    pub(crate) updated: Vec<MemberName>,
}

/// Applies the proposals: extensions, Updates, Removes, Adds (RFC 9420 §12.3).
pub(crate) fn proposals(txn: &mut Txn, state: &GroupState, vetted: Vetted) -> Result<Provisional> {
    let mut tree = state.tree();
    touch::of_changes(txn, state, &vetted, &mut tree)?;
    let mut rest = vetted.allowed;
    let epoch = state.head.epoch.next().ok_or_else(|| Code::LimitReached.with("the last epoch is reached"))?;
    let mut context = state.context.clone();
    context.epoch = epoch;
    if let Some(extensions) = &rest.extensions {
        context.extensions = extensions.clone();
    }
    let (updates, removes, adds) =
        (std::mem::take(&mut rest.updates), std::mem::take(&mut rest.removes), std::mem::take(&mut rest.adds));
    let mut staged = Provisional {
        tree,
        context,
        committer: rest.committer,
        added: Vec::new(),
        added_leaves: BTreeSet::new(),
        roster: RosterChange::default(),
        rest,
        keys: state.keys.clone(),
        last_epoch: state.head.epoch,
        renewed: Vec::new(),
    };
    staged.leave(txn, (&updates, &removes))?;
    let entering = staged.update(txn, updates)?;
    staged.remove(txn, &removes)?;
    staged.enter(txn, entering)?;
    staged.add(txn, adds)?;
    Ok(staged)
}

impl Provisional {
    /// Takes every leaf that changes or goes out of the roster, so that the order of proposals does not matter to what is
    /// free.
    fn leave(&mut self, txn: &mut Txn, (updates, removes): (&[Replacement], &[LeafIndex])) -> Result<()> {
        for update in updates {
            self.strike(txn, update.leaf)?;
        }
        for leaf in removes {
            let record = self.strike(txn, *leaf)?;
            self.roster.removed.push(member_name(*leaf, &record));
        }
        Ok(())
    }

    /// Takes one leaf out of the roster, and keeps it for late messages of the epochs it was in.
    pub(super) fn strike(&mut self, txn: &mut Txn, leaf: LeafIndex) -> Result<LeafRecord> {
        let record = self.tree.leaf(txn, leaf)?.cloned().ok_or(Code::BadProposal)?;
        self.tree.strike(txn, &record)?;
        txn.store(self.keys.former_leaf(self.last_epoch, leaf), &record);
        Ok(record)
    }

    /// Puts the new leaves in place. They are entered in the roster only when every path is blank: a key that blanking frees
    /// is free, whatever the order of proposals.
    fn update(&mut self, txn: &mut Txn, updates: Vec<Replacement>) -> Result<Vec<(LeafIndex, LeafRecord)>> {
        let mut entering = Vec::with_capacity(updates.len());
        for Replacement { leaf, node, names } in updates {
            let record = leaf_record(&node, names, self.context.epoch)?;
            self.roster.updated.push(member_name(leaf, &record));
            self.tree.update(txn, leaf, record.clone())?;
            self.renewed.push(node);
            entering.push((leaf, record));
        }
        Ok(entering)
    }

    fn enter(&mut self, txn: &mut Txn, entering: Vec<(LeafIndex, LeafRecord)>) -> Result<()> {
        entering.iter().try_for_each(|(leaf, record)| self.tree.enter(txn, *leaf, record))
    }

    fn remove(&mut self, txn: &mut Txn, removes: &[LeafIndex]) -> Result<()> {
        for leaf in removes {
            self.tree.remove(txn, *leaf)?;
        }
        if removes.is_empty() { Ok(()) } else { self.tree.shrink(txn) }
    }

    fn add(&mut self, txn: &mut Txn, adds: Vec<Arrival>) -> Result<()> {
        let epoch = self.context.epoch;
        let record = |add: &Arrival| leaf_record(&add.key_package.leaf_node, add.names.clone(), epoch);
        let leaves = self.tree.add_all(txn, adds.iter().map(record).collect::<Result<_>>()?)?;
        for (leaf, arrival) in leaves.into_iter().zip(adds) {
            let (client_id, user_id) = arrival.names.clone().ok_or(Code::Internal)?;
            self.tree.enter_node(txn, leaf, (&arrival.key_package.leaf_node, &client_id))?;
            self.roster.added.push(MemberName { leaf: leaf.0, client_id, user_id });
            self.added_leaves.insert(leaf.0);
            self.added.push((leaf, arrival));
        }
        Ok(())
    }

    /// Notes a leaf that the path brings, to be checked with the others.
    pub(super) fn note_leaf(&mut self, node: LeafNode) {
        self.renewed.push(node);
    }

    /// Holds the resulting group against RFC 9420 §7.3 and §11.1: its new leaves against its extensions and each other, and
    /// every member against new extensions.
    pub(crate) fn check_members(&mut self, txn: &mut Txn) -> Result<()> {
        let members = self.tree.member_count(txn)?;
        let added = self.added.iter().map(|(_, arrival)| &arrival.key_package.leaf_node);
        let leaves: Vec<&LeafNode> = added.chain(&self.renewed).collect();
        census::check_leaves(txn, &self.tree, &self.context.extensions, &leaves)?;
        let types: BTreeSet<CredentialType> = leaves.iter().map(|leaf| leaf.credential.credential_type()).collect();
        let types: Vec<CredentialType> = types.into_iter().collect();
        census::check_credentials(txn, &self.tree, (&types, members))?;
        match self.rest.extensions.is_some() {
            true => census::check_extensions(txn, &self.tree, (&self.context.extensions, members)),
            false => Ok(()),
        }
    }

    /// Sets the tree hash, and gives the encoded provisional GroupContext (RFC 9420 §12.4.1).
    pub(crate) fn seal_context(&mut self, txn: &mut Txn) -> Result<Vec<u8>> {
        self.context.tree_hash = self.tree.head(txn)?.root.tree_hash;
        encode(&self.context)
    }

    /// A leaf that this commit takes out, as it was.
    pub(super) fn former_leaf(&self, txn: &mut Txn, leaf: LeafIndex) -> Result<LeafNode> {
        txn.require::<LeafRecord>(&self.keys.former_leaf(self.last_epoch, leaf))?.into_leaf_node()
    }

    /// The epoch that the commit begins.
    pub(crate) fn epoch(&self) -> Epoch {
        self.context.epoch
    }
}

/// The stored form of a leaf that is first seen in the epoch `since`.
pub(crate) fn leaf_record(node: &LeafNode, names: Option<Names>, since: Epoch) -> Result<LeafRecord> {
    Ok(LeafRecord::new(encode(node)?, names.ok_or(Code::Internal)?, since))
}
