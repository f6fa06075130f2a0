//! Counts over all members, kept as leaves come and go, so that "does every member support this?" is one lookup.
//!
//! A leaf counts once for each type it lists, however often it lists it: a list with duplicates cannot forge a full count.

use std::collections::BTreeMap;

use super::capabilities::ProposalType;
use super::credential::CredentialType;
use super::extension::ExtensionType;
use super::leaf_node::LeafNode;
use crate::base::{Code, Result};
use crate::store::{GroupKeys, Key, Reader, Record, Tally, Txn, Writer, corrupt};

/// Most credential types in use in one group at a time.
const MAX_IN_USE: usize = 4096;

/// The counts of one group, with the changes of the running operation on top.
pub(crate) struct Census {
    keys: GroupKeys,
    changes: BTreeMap<(Tally, u16), i64>,
}

/// The credential types of the members, with how many have each.
#[derive(Default)]
struct InUse(BTreeMap<u16, u32>);

impl Record for InUse {
    fn write(&self, writer: &mut Writer) {
        let pairs: Vec<(u16, u32)> = self.0.iter().map(|(which, count)| (*which, *count)).collect();
        writer.list(&pairs, |writer, (which, count)| {
            writer.u16(*which);
            writer.u32(*count);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(InUse(reader.list(|reader| Ok((reader.u16()?, reader.u32()?)))?.into_iter().collect()))
    }
}

impl Census {
    pub(super) fn new(keys: GroupKeys) -> Self {
        Census { keys, changes: BTreeMap::new() }
    }

    /// Counts a leaf in.
    pub(super) fn count_in(&mut self, leaf: &LeafNode) {
        self.change(leaf, 1);
    }

    /// Counts a leaf out.
    pub(super) fn count_out(&mut self, leaf: &LeafNode) {
        self.change(leaf, -1);
    }

    /// How many members support an extension type that is not a default one.
    pub(crate) fn supporting_extension(&self, txn: &mut Txn, extension: ExtensionType) -> Result<u32> {
        self.count(txn, Tally::Extension, extension.0)
    }

    /// How many members support a proposal type that is not a default one.
    pub(crate) fn supporting_proposal(&self, txn: &mut Txn, proposal: ProposalType) -> Result<u32> {
        self.count(txn, Tally::Proposal, proposal.0)
    }

    /// How many members support a credential type.
    pub(crate) fn supporting_credential(&self, txn: &mut Txn, credential: CredentialType) -> Result<u32> {
        self.count(txn, Tally::Credential, credential.0)
    }

    /// The credential types that members have.
    pub(crate) fn credentials_in_use(&self, txn: &mut Txn) -> Result<Vec<CredentialType>> {
        Ok(self.in_use(txn)?.0.into_keys().map(CredentialType).collect())
    }

    /// The keys of the records that the changes so far will read, to be checked and to be staged.
    pub(super) fn records(&self) -> impl Iterator<Item = Key> {
        self.changes.iter().flat_map(|((tally, which), change)| match tally {
            Tally::InUse => vec![self.keys.census(Tally::InUse, 0), self.keys.census(Tally::Credential, *which)],
            _ if *change == 0 => Vec::new(),
            _ => vec![self.keys.census(*tally, *which)],
        })
    }

    /// Stages the counts that changed.
    pub(super) fn flush(&mut self, txn: &mut Txn) -> Result<()> {
        self.changes.retain(|_, change| *change != 0);
        if self.changes.keys().any(|(tally, _)| *tally == Tally::InUse) {
            let in_use = self.in_use(txn)?;
            if in_use.0.len() > MAX_IN_USE {
                return Err(Code::LimitReached.with("too many credential types in one group"));
            }
            txn.store(self.keys.census(Tally::InUse, 0), &in_use);
        }
        let mut due = std::mem::take(&mut self.changes);
        due.retain(|(tally, _), _| *tally != Tally::InUse);
        txn.prefetch(due.keys().map(|(tally, which)| self.keys.census(*tally, *which)).collect::<Vec<_>>())?;
        for ((tally, which), change) in due {
            let key = self.keys.census(tally, which);
            match add(txn.load::<u32>(&key)?.unwrap_or(0), change)? {
                0 => txn.delete(key),
                count => txn.store(key, &count),
            }
        }
        Ok(())
    }

    fn change(&mut self, leaf: &LeafNode, by: i64) {
        let capabilities = &leaf.capabilities;
        let extensions = capabilities.extensions.iter().map(|listed| (Tally::Extension, listed.0));
        let proposals = capabilities.proposals.iter().map(|listed| (Tally::Proposal, listed.0));
        let credentials = capabilities.credentials.iter().map(|listed| (Tally::Credential, listed.0));
        let in_use = (Tally::InUse, leaf.credential.credential_type().0);
        let mut counted: Vec<(Tally, u16)> = extensions.chain(proposals).chain(credentials).chain([in_use]).collect();
        counted.sort_unstable();
        counted.dedup();
        counted.into_iter().for_each(|which| *self.changes.entry(which).or_default() += by);
    }

    fn count(&self, txn: &mut Txn, tally: Tally, which: u16) -> Result<u32> {
        let stored = txn.load::<u32>(&self.keys.census(tally, which))?.unwrap_or(0);
        add(stored, self.changes.get(&(tally, which)).copied().unwrap_or(0))
    }

    fn in_use(&self, txn: &mut Txn) -> Result<InUse> {
        let mut counts = txn.load::<InUse>(&self.keys.census(Tally::InUse, 0))?.unwrap_or_default();
        for ((_, which), change) in self.changes.range((Tally::InUse, 0)..=(Tally::InUse, u16::MAX)) {
            let count = counts.0.entry(*which).or_default();
            *count = add(*count, *change)?;
        }
        counts.0.retain(|_, count| *count > 0);
        Ok(counts)
    }
}

fn add(count: u32, change: i64) -> Result<u32> {
    u32::try_from(i64::from(count) + change).map_err(|_| corrupt())
}
