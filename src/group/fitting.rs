//! Whether a waiting proposal can go into our own commit. What the checks of the commit would refuse is left out, so that one
//! unfit proposal does not keep the others from being committed.

use std::collections::BTreeSet;

use super::census;
use super::proposals::KnownProposal;
use super::state::GroupState;
use crate::base::{Code, LeafIndex, Result};
use crate::message::{KeyPackage, Proposal};
use crate::store::Txn;
use crate::tree::{Extensions, LeafNode, NodeIndex, ProposalType, Tree};

/// The group as the proposals chosen so far would leave it, in counts and in keys.
pub(crate) struct Fitting<'a> {
    state: &'a GroupState,
    /// The leaves that the commit removes.
    removed: &'a BTreeSet<u32>,
    /// The members who stay, in their present form, and how many they are.
    staying: (Tree, u32),
    /// Those, in their new form, with the clients that come, and how many they are.
    coming: (Tree, u32),
    extensions: Extensions,
    taken: BTreeSet<Taken>,
}

/// Something that the leaves of one commit must not share (RFC 9420 §7.3, §12.2).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    SignatureKey(Vec<u8>),
    EncryptionKey(Vec<u8>),
    InitKey(Vec<u8>),
    Client(Vec<u8>),
}

/// A leaf that a proposal brings in.
struct Coming<'p> {
    /// Where it replaces another.
    place: Option<LeafIndex>,
    node: &'p LeafNode,
    init_key: Option<&'p [u8]>,
    client_id: Option<&'p [u8]>,
}

impl<'a> Fitting<'a> {
    /// Begins with the removals and with what we bring ourselves, which goes before anything that waits.
    pub(crate) fn begin(
        txn: &mut Txn,
        state: &'a GroupState,
        (removed, ours): (&'a BTreeSet<u32>, &[Proposal]),
    ) -> Result<Self> {
        let (mut staying, mut coming, mut members) = (state.tree(), state.tree(), state.member_count());
        for leaf in removed {
            let Some(record) = staying.leaf(txn, LeafIndex(*leaf))? else { continue };
            let node = record.leaf_node()?.clone();
            staying.recount(Some(&node), None);
            coming.recount(Some(&node), None);
            members = members.saturating_sub(1);
        }
        let (staying, coming, extensions) = ((staying, members), (coming, members), state.context.extensions.clone());
        let mut fitting = Fitting { state, removed, staying, coming, extensions, taken: BTreeSet::new() };
        ours.iter().for_each(|proposal| fitting.take_ours(proposal));
        Ok(fitting)
    }

    fn take_ours(&mut self, proposal: &Proposal) {
        match proposal {
            Proposal::Add(key_package) => {
                let came = Coming::by_add(key_package.peek(), None);
                self.coming.0.recount(None, Some(came.node));
                self.coming.1 += 1;
                self.taken.extend(came.takes());
            }
            Proposal::GroupContextExtensions(extensions) => self.extensions = extensions.clone(),
            _ => {}
        }
    }

    /// Takes these extensions for the group's, if every member supports them.
    pub(crate) fn admit_extensions(&mut self, txn: &mut Txn, extensions: &Extensions) -> Result<bool> {
        let (tree, members) = &self.coming;
        let fits = capable(census::check_extensions(txn, tree, (extensions, *members)))?;
        if fits {
            self.extensions = extensions.clone();
        }
        Ok(fits)
    }

    /// Takes the client of an Add in, if it can be a member beside the others.
    pub(crate) fn admit_add(&mut self, txn: &mut Txn, key_package: &KeyPackage, known: &KnownProposal) -> Result<bool> {
        let admitted = self.admit(txn, &Coming::by_add(key_package, Some(known)), None)?;
        self.coming.1 += u32::from(admitted);
        Ok(admitted)
    }

    /// Takes the new leaf of an Update in, if it can stand beside the others.
    pub(crate) fn admit_update(
        &mut self,
        txn: &mut Txn,
        (leaf, node): (LeafIndex, &LeafNode),
        known: &KnownProposal,
    ) -> Result<bool> {
        let Some(record) = self.staying.0.leaf(txn, leaf)? else { return Ok(false) };
        let old = record.leaf_node()?.clone();
        let came = Coming { place: Some(leaf), node, init_key: None, client_id: client_of(known) };
        self.admit(txn, &came, Some(&old))
    }

    /// Whether every member who processes the commit supports a proposal type (RFC 9420 §12.2).
    pub(crate) fn all_support(&self, txn: &mut Txn, proposal_type: ProposalType) -> Result<bool> {
        let (tree, members) = &self.staying;
        Ok(tree.census.supporting_proposal(txn, proposal_type)? == *members)
    }

    fn admit(&mut self, txn: &mut Txn, came: &Coming<'_>, old: Option<&LeafNode>) -> Result<bool> {
        let takes = came.takes();
        if takes.iter().any(|taken| self.taken.contains(taken)) || !self.is_free(txn, came)? {
            return Ok(false);
        }
        self.coming.0.recount(old, Some(came.node));
        let members = self.coming.1 + u32::from(old.is_none());
        if !self.supports_and_is_supported(txn, came.node, members)? {
            self.coming.0.recount(Some(came.node), old);
            return Ok(false);
        }
        self.taken.extend(takes);
        Ok(true)
    }

    /// Whether a leaf that is counted in supports what the group needs, and all `members` its kind of credential.
    fn supports_and_is_supported(&self, txn: &mut Txn, node: &LeafNode, members: u32) -> Result<bool> {
        let (tree, types) = (&self.coming.0, [node.credential.credential_type()]);
        Ok(capable(census::check_leaves(txn, tree, &self.extensions, &[node]))?
            && capable(census::check_credentials(txn, tree, (&types, members)))?)
    }

    /// Whether neither the client nor its keys are in the group, not counting the leaf it replaces, the nodes above that one
    /// (which an Update blanks), and members that the commit removes.
    fn is_free(&self, txn: &mut Txn, came: &Coming<'_>) -> Result<bool> {
        let owners = self.state.tree().owners(txn, came.node, came.client_id.unwrap_or_default())?;
        let gone = |leaf: LeafIndex| came.place == Some(leaf) || self.removed.contains(&leaf.0);
        let blanked = |node: NodeIndex| came.place.is_some_and(|leaf| node.covers(leaf.into()));
        Ok(owners.into_iter().all(|owner| owner.leaf().map_or(blanked(owner), gone)))
    }
}

impl<'p> Coming<'p> {
    fn by_add(key_package: &'p KeyPackage, known: Option<&'p KnownProposal>) -> Self {
        Coming {
            place: None,
            node: &key_package.leaf_node,
            init_key: Some(&key_package.init_key.0),
            client_id: known.and_then(client_of),
        }
    }

    fn takes(&self) -> Vec<Taken> {
        let keys = [
            Taken::SignatureKey(self.node.signature_key.0.to_vec()),
            Taken::EncryptionKey(self.node.encryption_key.0.to_vec()),
        ];
        let init_key = self.init_key.map(|key| Taken::InitKey(key.to_vec()));
        let client = self.client_id.map(|client_id| Taken::Client(client_id.to_vec()));
        keys.into_iter().chain(init_key).chain(client).collect()
    }
}

fn client_of(known: &KnownProposal) -> Option<&[u8]> {
    known.names.as_ref().map(|(client_id, _)| client_id.as_slice())
}

/// Whether a check of what members support was passed.
fn capable(checked: Result<()>) -> Result<bool> {
    match checked {
        Ok(()) => Ok(true),
        Err(error) if error.is(Code::Incapable) => Ok(false),
        Err(error) => Err(error),
    }
}
