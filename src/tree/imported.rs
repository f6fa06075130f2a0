//! A tree that was taken in whole, as the records of its nodes and of the directory, which are made from the encoded tree when
//! they are read or written: beside the encoded tree there are a hash and a few numbers for each node that is not vacant.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::index::NodeIndex;
use super::listings::{Listings, SortedListings};
use super::parent_node::ParentNode;
use super::record::{LeafRecord, Names, ParentKey, ParentRecord};
use super::sparse::Sparse;
use super::summary::{Facts, Summary};
use super::unmerged::Unmerged;
use crate::base::host::Observer;
use crate::base::{Code, Epoch, Result};
use crate::codec::{decode_exact, split_opaque};
use crate::crypto::{Digest, Suite};
use crate::store::{GroupKeys, Key, Latent, Made, corrupt, encode_record};

/// No leaf's record is longer than its content, its names and so much more.
const LEAF_OVERHEAD: usize = 32;

/// An encoded `ratchet_tree`, shared by whatever is made from it.
pub(crate) type Payload = Arc<Vec<u8>>;

/// The part of a tree that its encoding holds. Blank nodes that only fill the tree up are not in it.
pub(super) struct Imported {
    keys: GroupKeys,
    payload: Payload,
    observer: Arc<dyn Observer>,
    /// How many nodes the encoding has.
    reach: u32,
    /// Where the content of each node that is not blank begins and ends in the payload.
    contents: Sparse<u32>,
    /// The tree hashes of both children of each parent that is not vacant.
    hashes: Sparse<u8>,
    /// The facts of each parent that is not vacant, by half its index.
    facts: Sparse<Facts>,
    names: NameList,
    directory: SortedListings,
    count: u64,
    longest: usize,
}

impl Imported {
    pub(super) fn new(
        keys: GroupKeys,
        suite: &'static Suite,
        (payload, observer): (Payload, Arc<dyn Observer>),
    ) -> Self {
        Imported {
            keys,
            payload,
            observer,
            reach: 0,
            contents: Sparse::of(2),
            hashes: Sparse::of(suite.hash_length()),
            facts: Sparse::of(1),
            names: NameList::default(),
            directory: SortedListings::default(),
            count: 0,
            longest: 0,
        }
    }

    /// Notes where the content of the next node of the array lies in the payload, unless it is blank.
    pub(super) fn append(&mut self, content: Option<Range<u32>>) {
        if let Some(content) = content {
            self.contents.put(self.reach, &[content.start, content.end]);
        }
        self.reach += 1;
    }

    /// The whole, with the directory of all its keys and names.
    pub(super) fn complete(mut self, listings: Listings) -> Self {
        self.directory = listings.sorted();
        self.count += self.directory.len() as u64;
        self
    }

    /// Notes what the client of a leaf is called.
    pub(super) fn put_leaf(&mut self, at: NodeIndex, names: Names) -> Result<()> {
        let content = content_of(&self.payload, &self.contents, at)?.ok_or(Code::Internal)?;
        self.longest = self.longest.max(content.len() + names.0.len() + names.1.len() + LEAF_OVERHEAD);
        self.names.put(at, names, identity(content))?;
        self.count += 1;
        Ok(())
    }

    /// Notes what there is to know of a parent beside its content. Of one that is vacant nobody asks.
    pub(super) fn put_parent(&mut self, node: NodeIndex, record: &ParentRecord, facts: Facts) {
        let Some((left, right)) = node.children().filter(|_| facts.occupied > 0) else { return };
        self.hashes.put(left.0, &record.left.tree_hash.0);
        self.hashes.put(right.0, &record.right.tree_hash.0);
        self.facts.put(node.0 / 2, &[facts]);
        self.count += 1;
    }

    /// The record of a parent that is not vacant, with all its unmerged leaves.
    pub(super) fn parent(&self, node: NodeIndex) -> Result<Option<ParentRecord>> {
        let (Some((left, right)), Some(_)) = (node.children(), self.facts(node)) else { return Ok(None) };
        let mut record = ParentRecord::blank(self.summary(left)?, self.summary(right)?);
        if let Some(content) = self.content(node)? {
            let parent: ParentNode = decode_exact(content)?;
            let parent_hash = parent.parent_hash;
            record.key = Some(ParentKey { encryption_key: parent.encryption_key, parent_hash });
            record.unmerged = Unmerged::of(parent.unmerged_leaves.into_iter().map(|leaf| leaf.0));
        }
        Ok(Some(record))
    }

    fn leaf(&self, at: NodeIndex) -> Result<Option<LeafRecord>> {
        let Some(content) = self.content(at)? else { return Ok(None) };
        let (client_id, user_id) = self.names.get(at, identity(content))?;
        Ok(Some(LeafRecord::new(content.to_vec(), (client_id, user_id), Epoch(0))))
    }

    fn record(&self, node: NodeIndex) -> Result<Option<Vec<u8>>> {
        Ok(match node.is_leaf() {
            true => self.leaf(node)?.map(|record| encode_record(&record)),
            false => self.parent(node)?.map(|record| encode_record(&record)),
        })
    }

    /// The content of a node, encoded, unless it is blank.
    fn content(&self, node: NodeIndex) -> Result<Option<&[u8]>> {
        content_of(&self.payload, &self.contents, node)
    }

    /// The facts of a parent that is not vacant.
    fn facts(&self, node: NodeIndex) -> Option<Facts> {
        self.facts.at(node.0 / 2)?.first().copied().filter(|facts| facts.occupied > 0)
    }

    /// The summary of a child of a parent that is not vacant.
    fn summary(&self, node: NodeIndex) -> Result<Summary> {
        let hash = self.hashes.at(node.0).ok_or_else(corrupt)?;
        let known = match node.leaf() {
            Some(_) => self.content(node)?.map(|_| Facts::OCCUPIED_LEAF),
            None => self.facts(node),
        };
        let facts = known.unwrap_or_else(|| Facts::blank(node.leaves().start));
        Ok(Summary { tree_hash: Digest(hash.into()), facts })
    }

    /// Every node that the encoding reaches, in the order of their keys, after this one.
    fn nodes_after(&self, node: Option<NodeIndex>) -> impl Iterator<Item = NodeIndex> {
        let (band, first) = node.map_or((0, 0), |node| (node.band(), node.0 + 1));
        let end = self.reach;
        let rest = (band + 1..=NodeIndex::LAST_BAND).flat_map(move |band| NodeIndex::in_band(band, (0, end)));
        NodeIndex::in_band(band, (first, end)).chain(rest)
    }
}

impl Latent for Imported {
    fn value(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        match (self.keys.node_of(key), self.keys.listing_of(key)) {
            (Some(node), _) => self.record(NodeIndex(node)),
            (_, Some(listing)) => Ok(self.directory.owner(&listing).map(|owner| encode_record(&owner))),
            _ => Ok(None),
        }
    }

    fn reaches(&self, prefix: &Key) -> bool {
        self.keys.reaches_tree(prefix)
    }

    fn scan(&self, after: Option<&Key>, limit: usize) -> Result<Vec<Made>> {
        let (node, listing) = match after {
            None => (None, None),
            Some(key) => (self.keys.node_of(key).map(NodeIndex), self.keys.listing_of(key)),
        };
        let mut made = Vec::new();
        let mut nodes = self.nodes_after(node).take_while(|_| listing.is_none());
        while made.len() < limit
            && let Some(node) = nodes.next()
        {
            if let Some(value) = self.record(node)? {
                made.push((self.keys.node(node.band(), node.0), value));
            }
        }
        let rest = self.directory.after(listing.as_ref()).take(limit - made.len());
        made.extend(rest.map(|(listing, owner)| (self.keys.listed(listing), encode_record(&owner))));
        Ok(made)
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn longest(&self) -> usize {
        self.longest
    }

    // It is too late to stop: a batch is written as a whole, and not given up between two of its operations.
    fn drawn(&self, count: u64) {
        let _answer = self.observer.progress(count, self.count);
    }
}

fn content_of<'p>(payload: &'p [u8], contents: &Sparse<u32>, node: NodeIndex) -> Result<Option<&'p [u8]>> {
    match contents.at(node.0) {
        Some(&[start, end]) if start < end => payload.get(start as usize..end as usize).map(Some).ok_or_else(corrupt),
        _ => Ok(None),
    }
}

/// What members are called, where that is not what their credentials say.
#[derive(Default)]
struct NameList {
    /// Where the names of each leaf begin, from one on.
    places: BTreeMap<u32, u32>,
    names: Vec<u8>,
}

impl NameList {
    fn put(&mut self, at: NodeIndex, (client_id, user_id): Names, identity: Option<&[u8]>) -> Result<()> {
        if identity == Some(&client_id) && client_id == user_id {
            return Ok(());
        }
        let place = u32::try_from(self.names.len()).map_err(|_| Code::LimitReached)?;
        self.places.insert(at.0, place);
        self.append(&client_id)?;
        // Most clients are named as their users are.
        match client_id == user_id {
            true => self.names.extend_from_slice(&SAME.to_be_bytes()),
            false => self.append(&user_id)?,
        }
        Ok(())
    }

    fn append(&mut self, name: &[u8]) -> Result<()> {
        let length = u32::try_from(name.len()).map_err(|_| Code::LimitReached)?;
        self.names.extend_from_slice(&length.to_be_bytes());
        self.names.extend_from_slice(name);
        Ok(())
    }

    fn get(&self, at: NodeIndex, identity: Option<&[u8]>) -> Result<Names> {
        let Some(place) = self.places.get(&at.0) else {
            let identity = identity.ok_or_else(corrupt)?.to_vec();
            return Ok((identity.clone(), identity));
        };
        let names = self.names.get(*place as usize..).ok_or_else(corrupt)?;
        let (client_id, rest) = split_name(names)?;
        let client_id = client_id.ok_or_else(corrupt)?;
        let (user_id, _) = split_name(rest)?;
        Ok((client_id.to_vec(), user_id.unwrap_or(client_id).to_vec()))
    }
}

/// In place of a length: the name is the one before.
const SAME: u32 = u32::MAX;

fn split_name(bytes: &[u8]) -> Result<(Option<&[u8]>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(corrupt)?;
    match u32::from_be_bytes(*length) {
        SAME => Ok((None, rest)),
        length => rest.split_at_checked(length as usize).map(|(name, rest)| (Some(name), rest)).ok_or_else(corrupt),
    }
}

/// What the credential of an encoded leaf says, if it is of a kind that says one thing: two keys and the type come before.
fn identity(leaf: &[u8]) -> Option<&[u8]> {
    let (_encryption_key, rest) = split_opaque(leaf).ok()?;
    let (_signature_key, rest) = split_opaque(rest).ok()?;
    let (_credential_type, rest) = rest.split_first_chunk::<2>()?;
    split_opaque(rest).ok().map(|(identity, _)| identity)
}
