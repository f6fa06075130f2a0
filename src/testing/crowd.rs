//! Large groups, made at once: what a group looks like after every member has committed, without the commits.
//!
//! The tree is grown from the right to the left, so that each keyed node is chained to the member that would have set it
//! last, and then goes into every seated client's storage by the same import that a join uses. Only what nobody looks at is
//! made up: encryption keys of subtrees in which no client is seated are random bytes, which X25519 takes for keys. All
//! leaves have signature keys of their own and are signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::host::{Observer, SignPurpose, Unobserved};
use crate::base::{CipherSuite, Code, Epoch, GroupId, LeafIndex, ProtocolVersion, Result, Secret};
use crate::client::{Client, Group, Shared};
use crate::codec::{Short, encode, write_opaque};
use crate::crypto::{Digest, HpkePrivateKey, HpkePublicKey, Mac, SignaturePrivateKey, Suite, random_bytes};
use crate::group::epoch::EpochRecord;
use crate::group::head::{Head, Seat, Settings};
use crate::group::host::{Host, OwnIdentity};
use crate::group::own_leaf::unsigned_leaf;
use crate::group::stay::{NewStay, begin_stay};
use crate::message::GroupContext;
use crate::schedule::{EpochSecrets, SecretTree};
use crate::store::Txn;
use crate::tree::{
    Credential, Extensions, Judge, LeafNode, LeafNodeSource, Names, Newcomer, Node, NodeIndex, ParentKey, ParentNode,
    ParentRecord, PathKeys, Payload, Scrutiny, Signed, Summary, Tree, Width, blank_summary, leaf_summary, parent_hash,
    parent_summary,
};

/// The epoch that a crowd begins with.
const EPOCH: Epoch = Epoch(1000);

/// Seats each client at its leaf in one group of `size` members, and fills the other leaves with members that never speak.
/// Cipher suite 1. The names of those members are 64 bytes long.
///
/// # Errors
/// `BadArgument` without a client or with a leaf outside the group, and what the storages return.
pub fn crowd(size: u32, seats: &[(u32, Arc<Client>)], public_handshakes: bool) -> Result<Vec<Arc<Group>>> {
    let outside = || Code::BadArgument.with("a crowd needs a client, and every client a leaf inside");
    let (_, model) = seats.iter().find(|(leaf, _)| *leaf < size).ok_or_else(outside)?;
    let suite = Suite::of(CipherSuite(1))?;
    let growing = Growing {
        suite,
        group_id: GroupId(random_bytes::<16>()?.to_vec()),
        size,
        hosts: seats.iter().map(|(leaf, client)| (*leaf, &client.shared().services)).collect(),
        model: model.shared().services.identity_for(suite)?,
        nodes: vec![vec![0]; 2 * size as usize - 1],
        private_keys: BTreeMap::new(),
    };
    let settings = Settings { encrypt_handshakes: !public_handshakes, pad: true };
    let crowd = growing.finish(settings)?;
    seats.iter().map(|(leaf, client)| crowd.seat(client.shared(), LeafIndex(*leaf))).collect()
}

/// A tree that grows.
struct Growing<'a> {
    suite: &'static Suite,
    group_id: GroupId,
    size: u32,
    hosts: BTreeMap<u32, &'a Host>,
    /// Whom the silent members resemble.
    model: &'a OwnIdentity,
    /// Each `optional<Node>`, encoded.
    nodes: Vec<Vec<u8>>,
    /// The private keys of the nodes at and above the seats.
    private_keys: BTreeMap<NodeIndex, HpkePrivateKey>,
}

impl Growing<'_> {
    fn finish(mut self, settings: Settings) -> Result<Crowd> {
        let width = Width::for_leaves(self.size).ok_or(Code::BadArgument)?;
        let root = self.grow(width.root(), Digest(Short::default()))?;
        let mut payload = Vec::new();
        write_opaque(&self.nodes.concat(), &mut payload).map_err(crate::codec::unencodable)?;
        let context = GroupContext {
            version: ProtocolVersion::MLS10,
            cipher_suite: self.suite.id(),
            group_id: self.group_id,
            epoch: EPOCH,
            tree_hash: root.tree_hash,
            confirmed_transcript_hash: any_digest()?,
            extensions: Extensions::default(),
        };
        let tag = Mac(random_bytes::<32>()?.to_vec().into());
        let secrets = EpochSecrets::create(self.suite)?;
        let (epoch, encryption_secret) = EpochRecord::begin(secrets, (encode(&context)?, width), (any_digest()?, tag));
        let private_keys = self.private_keys;
        Ok(Crowd {
            suite: self.suite,
            payload: Arc::new(payload),
            context,
            epoch,
            encryption_secret,
            private_keys,
            settings,
        })
    }

    /// Fills the subtree of `node`, whose topmost keyed node is to carry `parent_hash`.
    fn grow(&mut self, node: NodeIndex, above: Digest) -> Result<Summary> {
        let Some((left, right)) = node.children() else {
            return self.grow_leaf(LeafIndex(node.leaves().start), above);
        };
        if right.leaves().start >= self.size {
            let below = self.grow(left, above)?;
            return parent_summary(self.suite, &ParentRecord::blank(below, blank_summary(self.suite, right)?));
        }
        let encryption_key = self.key_of(node)?;
        // Whoever committed last sits on the left, so what the right side carries is older than this node.
        let right = self.grow(right, any_digest()?)?;
        let chained = parent_hash(self.suite, &encryption_key, &above.0, &right.tree_hash)?;
        let mut record = ParentRecord::blank(self.grow(left, chained)?, right);
        record.key = Some(ParentKey { encryption_key: encryption_key.clone(), parent_hash: above.clone() });
        let parent = ParentNode { encryption_key, parent_hash: above, unmerged_leaves: Vec::new() };
        self.place(node, &Node::Parent(parent))?;
        parent_summary(self.suite, &record)
    }

    fn grow_leaf(&mut self, leaf: LeafIndex, above: Digest) -> Result<Summary> {
        let source = LeafNodeSource::Commit(above);
        let encryption_key = self.key_of(leaf.into())?;
        let place = Some((&self.group_id, leaf));
        let node = match self.hosts.get(&leaf.0) {
            Some(host) => {
                let identity = host.identity_for(self.suite)?;
                let mut node = unsigned_leaf(identity, encryption_key, source)?;
                let content = node.to_be_signed(place)?;
                node.signature = host.sign(&identity.key_id, (SignPurpose::LeafNode, LeafNode::LABEL), &content)?;
                node
            }
            None => {
                let (identity, key) = self.silent_member(leaf)?;
                let mut node = unsigned_leaf(&identity, encryption_key, source)?;
                node.signature = key.sign_with_label(LeafNode::LABEL, &node.to_be_signed(place)?)?;
                node
            }
        };
        let summary = leaf_summary(self.suite, leaf, Some(&encode(&node)?));
        self.place(leaf.into(), &Node::Leaf(Box::new(node.into())))?;
        Ok(summary)
    }

    fn silent_member(&self, leaf: LeafIndex) -> Result<(OwnIdentity, SignaturePrivateKey)> {
        let (private, public_key) = self.suite.generate_signature_keys()?;
        let name = format!("silent {:0>57}", leaf.0);
        let credential = Credential::Basic(name.into_bytes().into());
        Ok((OwnIdentity { public_key, credential, ..self.model.clone() }, private))
    }

    fn key_of(&mut self, node: NodeIndex) -> Result<HpkePublicKey> {
        if self.hosts.range(node.leaves()).next().is_none() {
            return Ok(HpkePublicKey(random_bytes::<32>()?.to_vec().into()));
        }
        let (private, public) = self.suite.generate_hpke_keys()?;
        self.private_keys.insert(node, private);
        Ok(public)
    }

    fn place(&mut self, at: NodeIndex, node: &Node) -> Result<()> {
        let place = self.nodes.get_mut(at.0 as usize).ok_or(Code::Internal)?;
        *place = [vec![1], encode(node)?].concat();
        Ok(())
    }
}

/// A group that clients can be put into.
struct Crowd {
    suite: &'static Suite,
    payload: Payload,
    context: GroupContext,
    epoch: EpochRecord,
    encryption_secret: Secret,
    private_keys: BTreeMap<NodeIndex, HpkePrivateKey>,
    settings: Settings,
}

impl Crowd {
    fn seat(&self, client: &Arc<Shared>, own_leaf: LeafIndex) -> Result<Arc<Group>> {
        let mut txn = Txn::begin(client.store.clone());
        let group_id = self.context.group_id.clone();
        let NewStay { keys, incarnation, previous } = begin_stay(&mut txn, &group_id)?;
        let mut names = Introductions { host: &client.services, suite: self.suite };
        let observer: Arc<dyn Observer> = Arc::new(Unobserved);
        let scrutiny = Scrutiny { rules: None, judge: &mut names, threads: 1, observer: &observer };
        let tree = Tree::import(&mut txn, (keys.clone(), self.suite), &self.payload, scrutiny)?;
        SecretTree { suite: self.suite, keys: &keys, epoch: EPOCH, width: tree.width }
            .plant(&mut txn, self.encryption_secret.duplicate());
        txn.store(keys.epoch(EPOCH), &self.epoch);
        txn.store(keys.path_keys(), &self.path_keys(own_leaf, tree.width)?);
        let signing_key = client.services.identity_for(self.suite)?.key_id.clone();
        let seat = Seat { own_leaf, signing_key, settings: self.settings };
        let head = Head { previous, ..Head::begin(incarnation, &self.context, tree, seat) };
        let head_key = txn.keyspace().head(&group_id);
        txn.store(head_key, &head);
        client.store.write(txn.finish(None)?)?;
        Ok(Group::open(client.clone(), group_id))
    }

    /// The keys that the member at a leaf has been told by the others' commits: all above it.
    fn path_keys(&self, own_leaf: LeafIndex, width: Width) -> Result<PathKeys> {
        let key = |node: NodeIndex| Some((node, HpkePrivateKey(self.private_keys.get(&node)?.0.duplicate())));
        let mut keys = PathKeys::default();
        keys.replace(key(own_leaf.into()).into_iter().collect());
        keys.replace(width.direct_path(own_leaf.into()).filter_map(key).collect());
        Ok(keys)
    }
}

/// Has the app name the leaves; their signatures were made a moment ago.
struct Introductions<'a> {
    host: &'a Host,
    suite: &'static Suite,
}

impl Judge for Introductions<'_> {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        let leaves: Vec<&LeafNode> = newcomers.iter().map(|(_, node)| *node).collect();
        self.host.name(self.suite, &leaves)
    }
}

fn any_digest() -> Result<Digest> {
    Ok(Digest(random_bytes::<32>()?.to_vec().into()))
}
