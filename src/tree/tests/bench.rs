//! A stored tree and its model, changed alike and compared.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::credential::{Credential, CredentialType};
use super::super::extension::ExtensionType;
use super::super::import::{Judge, Newcomer, Scrutiny};
use super::super::index::NodeIndex;
use super::super::leaf_node::{LeafNode, LeafNodeSource};
use super::super::paged::Tree;
use super::super::record::LeafRecord;
use super::super::record::Names;
use super::super::summary::TreeHead;
use super::model::{Below, Model, halves, index};
use super::{Rng, from_key_package, suite};
use crate::base::host::{Observer, Unobserved};
use crate::base::{LeafIndex, Result};
use crate::codec::encode;
use crate::crypto::{Digest, HpkePublicKey};
use crate::store::{GroupKeys, Incarnation, MemoryStorage, Store, Txn};
use crate::tree::{Capabilities, ProposalType};

/// Believes every leaf. Clients are named by their credentials, users by what stands before the slash.
pub(super) struct Believer;

impl Judge for Believer {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        Ok(newcomers.iter().map(|(_, leaf)| names(leaf)).collect())
    }
}

fn names(node: &LeafNode) -> Names {
    let (Credential::Basic(name) | Credential::Other(_, name)) = &node.credential else { panic!("unnamed") };
    (name.to_vec(), name.split(|byte| *byte == b'/').next().unwrap().to_vec())
}

pub(super) fn record(node: &LeafNode) -> LeafRecord {
    let (client_id, user_id) = names(node);
    LeafRecord::new(encode(node).unwrap(), (client_id, user_id), crate::base::Epoch(0))
}

/// Storage with the records of one tree.
pub(super) struct Stored {
    pub(super) storage: Arc<MemoryStorage>,
    store: Arc<Store>,
    keys: GroupKeys,
    pub(super) head: TreeHead,
}

impl Stored {
    pub(super) fn empty() -> Self {
        let storage = MemoryStorage::new();
        let store = Store::open(storage.clone(), b"tests", None).unwrap();
        let keys = GroupKeys::new(store.keyspace().clone(), Incarnation([1; 8]));
        let mut tree = Tree::blank(keys.clone(), suite());
        let head = tree.head(&mut Txn::begin(store.clone())).unwrap();
        Stored { storage, store, keys, head }
    }

    pub(super) fn import(payload: &[u8]) -> Result<Self> {
        let mut stored = Stored::empty();
        let mut txn = Txn::begin(stored.store.clone());
        txn.clear(stored.keys.all());
        let keys = stored.keys.clone();
        let observer: Arc<dyn Observer> = Arc::new(Unobserved);
        let scrutiny = Scrutiny { rules: None, judge: &mut Believer, threads: 2, observer: &observer };
        stored.head = Tree::import(&mut txn, (keys, suite()), &Arc::new(payload.to_vec()), scrutiny)?;
        stored.store.write(txn.finish(None)?)?;
        Ok(stored)
    }

    pub(super) fn open(&self) -> (Tree, Txn) {
        let tree = match self.head.root.facts.occupied {
            0 => Tree::blank(self.keys.clone(), suite()),
            _ => Tree::open(self.keys.clone(), suite(), &self.head),
        };
        (tree, Txn::begin(self.store.clone()))
    }

    pub(super) fn write(&mut self, (mut tree, mut txn): (Tree, Txn)) {
        self.head = tree.flush(&mut txn).unwrap();
        self.store.write(txn.finish(None).unwrap()).unwrap();
    }
}

/// What a commit is to do.
#[derive(Default, Clone, Debug)]
pub(super) struct Plan {
    pub(super) updates: Vec<u32>,
    pub(super) removes: Vec<u32>,
    pub(super) adds: usize,
    pub(super) committer: Option<u32>,
}

pub(super) struct Bench {
    pub(super) stored: Stored,
    pub(super) model: Model,
    pub(super) rng: Rng,
    names: u32,
    /// Whether to ask for facts and hashes between the changes of one commit.
    pub(super) curious: bool,
}

impl Bench {
    /// A group of one.
    pub(super) fn new(seed: u64) -> Self {
        let mut bench =
            Bench { stored: Stored::empty(), model: Model::default(), rng: Rng(seed), names: 0, curious: false };
        let leaf = bench.fresh_leaf(from_key_package());
        let (mut tree, mut txn) = bench.stored.open();
        assert_eq!(tree.add(&mut txn, record(&leaf)).unwrap(), LeafIndex(0));
        tree.enter(&mut txn, LeafIndex(0), &record(&leaf)).unwrap();
        bench.stored.write((tree, txn));
        bench.model = Model::of_one(leaf);
        bench
    }

    fn fresh_leaf(&mut self, source: LeafNodeSource) -> LeafNode {
        self.names += 1;
        let name = match self.names % 3 {
            0 => format!("u{}", self.names),
            _ => format!("u{}/c{}", self.names / 2, self.names),
        };
        self.rng.leaf(&name, source)
    }

    /// Carries out a commit on both trees, from stored records to stored records.
    pub(super) fn commit(&mut self, plan: &Plan) {
        let (mut tree, mut txn) = self.stored.open();
        for leaf in plan.updates.iter().chain(&plan.removes) {
            let old = tree.leaf(&mut txn, LeafIndex(*leaf)).unwrap().unwrap().clone();
            tree.strike(&mut txn, &old).unwrap();
        }
        for leaf in &plan.updates {
            let node = self.fresh_leaf(LeafNodeSource::Update);
            tree.update(&mut txn, LeafIndex(*leaf), record(&node)).unwrap();
            tree.enter(&mut txn, LeafIndex(*leaf), &record(&node)).unwrap();
            self.model.update(*leaf, node);
            self.glance((&mut tree, &mut txn));
        }
        for leaf in &plan.removes {
            tree.remove(&mut txn, LeafIndex(*leaf)).unwrap();
            self.model.remove(*leaf);
            self.glance((&mut tree, &mut txn));
        }
        tree.shrink(&mut txn).unwrap();
        self.model.shrink();
        let mut added = BTreeSet::new();
        let newcomers: Vec<LeafNode> = (0..plan.adds).map(|_| self.fresh_leaf(from_key_package())).collect();
        let together = if self.curious { 1 + self.rng.below(4) } else { plan.adds.max(1) };
        for some in newcomers.chunks(together) {
            let leaves = tree.add_all(&mut txn, some.iter().map(record).collect()).unwrap();
            for (leaf, node) in leaves.into_iter().zip(some) {
                tree.enter(&mut txn, leaf, &record(node)).unwrap();
                assert_eq!(leaf.0, self.model.add(node.clone()));
                added.insert(leaf.0);
            }
            self.glance((&mut tree, &mut txn));
        }
        if let Some(committer) = plan.committer {
            self.commit_path((&mut tree, &mut txn), (committer, &added));
        }
        self.stored.write((tree, txn));
    }

    fn commit_path(&mut self, (tree, txn): (&mut Tree, &mut Txn), (committer, added): (u32, &BTreeSet<u32>)) {
        let leaf = LeafIndex(committer);
        let steps = tree.filtered_direct_path(txn, leaf).unwrap();
        let found: Vec<(u32, u32)> = steps.iter().map(|step| (step.node.0, step.copath.0)).collect();
        let expected = self.model.filtered_path(committer);
        assert_eq!(found, expected.iter().map(|(node, other)| (index(node), index(other))).collect::<Vec<_>>());
        if self.curious {
            expected.iter().for_each(|(_, other)| self.compare_places((tree, txn), (other, added)));
        }
        let keys: Vec<HpkePublicKey> = steps.iter().map(|_| self.rng.key()).collect();
        tree.check_path_keys(txn, &keys.iter().collect::<Vec<_>>()).unwrap();
        let hash: Digest = tree.merge_path(txn, leaf, (&steps, &keys)).unwrap();
        assert_eq!(hash, self.model.merge_path(committer, &keys));
        let node = self.fresh_leaf(LeafNodeSource::Commit(hash));
        let old = tree.leaf(txn, leaf).unwrap().unwrap().clone();
        tree.strike(txn, &old).unwrap();
        tree.replace_leaf(txn, leaf, record(&node)).unwrap();
        tree.enter(txn, leaf, &record(&node)).unwrap();
        self.model.leaves[committer as usize] = Some(node);
        self.glance((tree, txn));
    }

    /// What each member below a node finds with `locate`, against the whole resolution.
    fn compare_places(&self, (tree, txn): (&mut Tree, &mut Txn), (below, added): (&Below, &BTreeSet<u32>)) {
        let at = NodeIndex(index(below));
        let mut resolution = self.model.resolution(below);
        resolution.retain(|node| node % 2 == 1 || !added.contains(&(node / 2)));
        let found = tree.resolutions(txn, &[at], added).unwrap().remove(0);
        assert_eq!(found.iter().map(|node| node.0).collect::<Vec<_>>(), resolution);
        for member in below.clone().filter(|leaf| self.model.leaves[*leaf as usize].is_some() && !added.contains(leaf))
        {
            let (node, place) = tree.locate(txn, (at, LeafIndex(member)), added).unwrap();
            assert_eq!(resolution.get(place), Some(&node.0));
            assert_eq!(node.0, self.highest_key_of(member, below));
        }
    }

    /// The highest node below `below` that is keyed and has merged the member, or its leaf.
    fn highest_key_of(&self, member: u32, below: &Below) -> u32 {
        let inside = |node: &Below| node.start >= below.start && node.end <= below.end;
        let keyed = self.model.path(member).into_iter().rev().map(|(node, _)| node).filter(inside).find_map(|node| {
            let parent = self.model.parents.get(&index(&node))?;
            Some(if parent.unmerged_leaves.contains(&LeafIndex(member)) { 2 * member } else { index(&node) })
        });
        keyed.unwrap_or(2 * member)
    }

    /// Now and then looks at one node in the midst of changes.
    fn glance(&mut self, (tree, txn): (&mut Tree, &mut Txn)) {
        if !self.curious || !self.rng.chance(40) {
            return;
        }
        let nodes = self.model.nodes();
        let below = &nodes[self.rng.below(nodes.len())];
        if self.rng.chance(50) {
            self.compare_facts((tree, txn), below);
        }
        if self.rng.chance(50) {
            let summary = tree.refresh(txn, NodeIndex(index(below))).unwrap();
            assert_eq!(summary.tree_hash, self.model.hash(below));
            self.compare_facts((tree, txn), below);
        }
    }

    fn compare_facts(&self, (tree, txn): (&mut Tree, &mut Txn), below: &Below) {
        let facts = tree.facts(txn, NodeIndex(index(below))).unwrap();
        let leaves = &self.model.leaves[below.start as usize..below.end as usize];
        assert_eq!(facts.occupied as usize, leaves.iter().flatten().count());
        assert_eq!(facts.resolution as usize, self.model.resolution(below).len());
        assert_eq!(facts.first_blank(), self.model.first_blank(below));
    }

    /// Compares everything that the stored records say with the model.
    pub(super) fn compare(&self) {
        self.compare_whole();
        let (mut tree, mut txn) = self.stored.open();
        let nodes = self.model.nodes();
        let indices: Vec<NodeIndex> = nodes.iter().map(|below| NodeIndex(index(below))).collect();
        let resolutions = tree.resolutions(&mut txn, &indices, &BTreeSet::new()).unwrap();
        for (below, resolution) in nodes.iter().zip(resolutions) {
            let expected = self.model.resolution(below);
            assert_eq!(resolution.iter().map(|node| node.0).collect::<Vec<_>>(), expected);
            self.compare_facts((&mut tree, &mut txn), below);
            assert_eq!(halves(below).is_none(), NodeIndex(index(below)).is_leaf());
        }
        self.compare_directory((&mut tree, &mut txn));
        self.compare_census((&mut tree, &mut txn));
    }

    /// Compares tree hash and payload, and all records with those of an import, which counts and enters from nothing.
    pub(super) fn compare_whole(&self) {
        assert_eq!(self.stored.head.width.leaves(), self.model.width());
        assert_eq!(self.stored.head.root.tree_hash, self.model.hash(&self.model.root()));
        let (mut tree, mut txn) = self.stored.open();
        let payload = tree.export(&mut txn, &Unobserved).unwrap();
        assert!(payload == self.model.export());
        let imported = Stored::import(&payload).unwrap();
        assert_eq!(imported.head, self.stored.head);
        // Every store has a mark of its own.
        let mark = txn.keyspace().format().to_vec();
        let tree_of = |stored: &Stored| {
            let records = stored.storage.records().into_iter();
            records.filter(|record| record.key != mark).collect::<Vec<_>>()
        };
        let (found, expected) = (tree_of(&self.stored), tree_of(&imported));
        let keys =
            |records: &[crate::StoredRecord]| records.iter().map(|record| record.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&found), keys(&expected));
        assert!(found == expected);
    }

    fn compare_directory(&self, (tree, txn): (&mut Tree, &mut Txn)) {
        for (key, node) in self.model.encryption_keys() {
            let key = HpkePublicKey(key.into());
            assert_eq!(txn.load::<u32>(&tree.owner_record(&key)).unwrap(), Some(node));
            assert_eq!(tree.public_key(txn, NodeIndex(node)).unwrap(), key);
        }
        for leaf in self.model.members() {
            let (client_id, _) = names(self.model.leaves[leaf as usize].as_ref().unwrap());
            assert_eq!(tree.find_client(txn, &client_id).unwrap(), Some(LeafIndex(leaf)));
        }
    }

    fn compare_census(&self, (tree, txn): (&mut Tree, &mut Txn)) {
        type List = fn(&Capabilities) -> Vec<u16>;
        let counts = |list: List| self.model.counts(|leaf| list(&leaf.capabilities));
        let extensions = counts(|listed| listed.extensions.iter().map(|which| which.0).collect());
        let proposals = counts(|listed| listed.proposals.iter().map(|which| which.0).collect());
        let credentials = counts(|listed| listed.credentials.iter().map(|which| which.0).collect());
        for which in [0xf000, 0xf001, 0xf002, 0xf003, 0xf004, 1] {
            let expected = |counts: &std::collections::BTreeMap<u16, u32>| counts.get(&which).copied().unwrap_or(0);
            let found = tree.census.supporting_extension(txn, ExtensionType(which)).unwrap();
            assert_eq!(found, expected(&extensions));
            assert_eq!(tree.census.supporting_proposal(txn, ProposalType(which)).unwrap(), expected(&proposals));
            let found = tree.census.supporting_credential(txn, CredentialType(which)).unwrap();
            assert_eq!(found, expected(&credentials));
        }
        let in_use = self.model.counts(|leaf| [leaf.credential.credential_type().0]);
        let found: Vec<u16> = tree.census.credentials_in_use(txn).unwrap().iter().map(|which| which.0).collect();
        assert_eq!(found, in_use.into_keys().collect::<Vec<_>>());
    }
}
