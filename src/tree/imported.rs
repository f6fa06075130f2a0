//! A tree that was taken in whole, as the records of its nodes and of the directory, which are made from the encoded tree when
//! they are read or written: beside the encoded tree there are a hash and a few numbers for each node.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::index::NodeIndex;
use super::listings::{Listings, SortedListings};
use super::parent_node::ParentNode;
use super::record::Names;
use super::record::{LeafRecord, ParentKey, ParentRecord};
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
    suite: &'static Suite,
    payload: Payload,
    observer: Arc<dyn Observer>,
    /// Where the content of each node lies in the payload; nowhere if the node is blank.
    contents: Vec<Range<u32>>,
    /// The tree hashes of all nodes, one after another.
    hashes: Vec<u8>,
    /// Of each parent.
    facts: Vec<Facts>,
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
            suite,
            payload,
            observer,
            contents: Vec::new(),
            hashes: Vec::new(),
            facts: Vec::new(),
            names: NameList::default(),
            directory: SortedListings::default(),
            count: 0,
            longest: 0,
        }
    }

    /// Notes where the content of the next node of the array lies in the payload, unless it is blank.
    pub(super) fn append(&mut self, content: Option<Range<u32>>) {
        self.contents.push(content.unwrap_or_default());
    }

    /// The whole, with the directory of all its keys and names.
    pub(super) fn complete(mut self, listings: Listings) -> Self {
        self.directory = listings.sorted();
        self.count += self.directory.len() as u64;
        self
    }

    /// Notes the tree hash of a leaf, and what its client is called, if it is not blank.
    pub(super) fn put_leaf(&mut self, at: NodeIndex, names: Option<Names>, hash: &Digest) -> Result<()> {
        self.put_hash(at, hash);
        let Some(names) = names else { return Ok(()) };
        let content = content_of(&self.payload, &self.contents, at)?.ok_or(Code::Internal)?;
        self.longest = self.longest.max(content.len() + names.0.len() + names.1.len() + LEAF_OVERHEAD);
        self.names.put(at, names, identity(content))?;
        self.count += 1;
        Ok(())
    }

    /// Notes what there is to know of a parent beside its content.
    pub(super) fn put_parent(&mut self, node: NodeIndex, summary: &Summary) {
        self.put_hash(node, &summary.tree_hash);
        let rank = node.0 as usize / 2;
        if self.facts.len() <= rank {
            self.facts.resize(rank + 1, Facts::blank(0));
        }
        if let Some(facts) = self.facts.get_mut(rank) {
            *facts = summary.facts;
        }
        self.count += u64::from(summary.facts.occupied > 0);
    }

    fn put_hash(&mut self, node: NodeIndex, hash: &Digest) {
        let start = node.0 as usize * self.suite.hash_length();
        let end = start + self.suite.hash_length();
        if self.hashes.len() < end {
            self.hashes.resize(end, 0);
        }
        if let Some(place) = self.hashes.get_mut(start..end) {
            place.copy_from_slice(&hash.0);
        }
    }

    /// The record of a parent that is not vacant, with all its unmerged leaves.
    pub(super) fn parent(&self, node: NodeIndex) -> Result<Option<ParentRecord>> {
        let (Some((left, right)), true) = (node.children(), self.occupied(node)) else { return Ok(None) };
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

    fn occupied(&self, node: NodeIndex) -> bool {
        self.facts.get(node.0 as usize / 2).is_some_and(|facts| facts.occupied > 0)
    }

    fn summary(&self, node: NodeIndex) -> Result<Summary> {
        let start = node.0 as usize * self.suite.hash_length();
        let hash = self.hashes.get(start..start + self.suite.hash_length()).ok_or_else(corrupt)?;
        let facts = match node.leaf() {
            Some(_) if self.content(node)?.is_some() => Facts::OCCUPIED_LEAF,
            Some(leaf) => Facts::blank(leaf.0),
            None => *self.facts.get(node.0 as usize / 2).ok_or_else(corrupt)?,
        };
        Ok(Summary { tree_hash: Digest(hash.into()), facts })
    }

    /// Every node that the encoding reaches, in the order of their keys, after this one.
    fn nodes_after(&self, node: Option<NodeIndex>) -> impl Iterator<Item = NodeIndex> {
        let (band, first) = node.map_or((0, 0), |node| (node.band(), node.0 + 1));
        let end = u32::try_from(self.contents.len()).unwrap_or(u32::MAX);
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

fn content_of<'p>(payload: &'p [u8], contents: &[Range<u32>], node: NodeIndex) -> Result<Option<&'p [u8]>> {
    let Some(content) = contents.get(node.0 as usize).filter(|content| !content.is_empty()) else {
        return Ok(None);
    };
    payload.get(content.start as usize..content.end as usize).map(Some).ok_or_else(corrupt)
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
