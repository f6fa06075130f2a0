//! Creating a group (RFC 9420 §11): epoch 0, with its creator alone in the tree.

use super::census;
use super::epoch::EpochRecord;
use super::head::{Head, Seat, Settings};
use super::host::{Host, OwnIdentity};
use super::identities;
use super::key_package::fresh_lifetime;
use super::own_leaf::{sign_leaf, unsigned_leaf};
use super::stage::leaf_record;
use super::state::GroupState;
use super::stay::begin_stay;
use crate::base::{Epoch, GroupId, LeafIndex, ProtocolVersion, Result};
use crate::codec::{Short, encode};
use crate::crypto::{Digest, Suite};
use crate::message::{GroupContext, check_group_extensions};
use crate::schedule::{EpochSecrets, SecretTree, confirmation_tag, interim_transcript_hash};
use crate::store::{GroupKeys, Txn};
use crate::tree::{Extensions, LeafNodeSource, PathKeys, Tree, TreeHead};

/// What the creator decides.
pub(crate) struct NewGroup {
    pub(crate) group_id: GroupId,
    pub(crate) suite: &'static Suite,
    pub(crate) extensions: Extensions,
    pub(crate) settings: Settings,
}

/// Stages a new group of one member.
pub(crate) fn group(txn: &mut Txn, host: &Host, new: NewGroup) -> Result<GroupState> {
    let NewGroup { group_id, suite, extensions, settings } = new;
    check_group_extensions(&extensions)?;
    let stay = begin_stay(txn, &group_id)?;
    let keys = stay.keys;
    let identity = host.identity_for(suite)?;
    identities::judge_external_senders(suite, host, &extensions)?;
    let (tree, tree_head) = plant(txn, host, (&keys, suite, identity), &extensions)?;
    let context = GroupContext {
        version: ProtocolVersion::MLS10,
        cipher_suite: suite.id(),
        group_id: group_id.clone(),
        epoch: Epoch(0),
        tree_hash: tree_head.root.tree_hash.clone(),
        confirmed_transcript_hash: Digest(Short::default()),
        extensions,
    };
    let epoch = first_epoch(txn, suite, (&keys, &tree), &context)?;
    let seat = Seat { own_leaf: CREATOR, signing_key: identity.key_id.clone(), settings };
    let head = Head { previous: stay.previous, ..Head::begin(stay.incarnation, &context, tree_head, seat) };
    let mut state = GroupState { head, epoch, context, keys, suite };
    state.store_head(txn)?;
    Ok(state)
}

/// The leaf of a group's creator.
const CREATOR: LeafIndex = LeafIndex(0);

/// Stages a tree with the creator alone.
fn plant(
    txn: &mut Txn,
    host: &Host,
    (keys, suite, identity): (&GroupKeys, &'static Suite, &OwnIdentity),
    extensions: &Extensions,
) -> Result<(Tree, TreeHead)> {
    let (private, public) = suite.generate_hpke_keys()?;
    let source = LeafNodeSource::KeyPackage(fresh_lifetime(host)?);
    let node = sign_leaf(host, (&identity.key_id, unsigned_leaf(identity, public, source)?), None)?;
    let names = host.name(suite, &[&node])?.into_iter().next();
    let record = leaf_record(&node, names, Epoch(0))?;
    let mut tree = Tree::blank(keys.clone(), suite);
    tree.add(txn, record.clone())?;
    tree.enter(txn, CREATOR, &record)?;
    census::check_leaves(txn, &tree, extensions, &[&node])?;
    let head = tree.flush(txn)?;
    txn.store(keys.path_keys(), &PathKeys::of_leaf(CREATOR, private));
    Ok((tree, head))
}

/// Stages the secrets of epoch 0: a random epoch secret, and the hashes of an empty transcript (RFC 9420 §11).
fn first_epoch(
    txn: &mut Txn,
    suite: &'static Suite,
    (keys, tree): (&GroupKeys, &Tree),
    context: &GroupContext,
) -> Result<EpochRecord> {
    let secrets = EpochSecrets::create(suite)?;
    let confirmed = Digest(Short::default());
    let tag = confirmation_tag(suite, &secrets.confirmation_key, &confirmed);
    let interim = interim_transcript_hash(suite, &confirmed, &tag)?;
    let width = tree.width();
    let (record, encryption_secret) = EpochRecord::begin(secrets, (encode(context)?, width), (interim, tag));
    SecretTree { suite, keys, epoch: Epoch(0), width }.plant(txn, encryption_secret);
    txn.store(keys.epoch(Epoch(0)), &record);
    Ok(record)
}
