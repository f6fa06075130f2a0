//! Joining by a Welcome (RFC 9420 §12.4.3.1, in its order).

use std::collections::HashMap;

use super::census::check_newcomer;
use super::entry::{Entrance, Entry};
use super::epoch::EpochRecord;
use super::head::{Head, PreviousStay, Seat, Settings};
use super::host::Host;
use super::key_package::{self, OwnKeyPackage};
use super::state::GroupState;
use super::stay::{NewStay, begin_stay};
use super::{psk, successor};
use crate::base::{Code, Epoch, LeafIndex, Result};
use crate::codec::{decode_exact, encode};
use crate::crypto::{Digest, Suite};
use crate::message::{EncryptedGroupSecrets, GroupInfo, GroupSecrets, KeyPackage, Message, Welcome};
use crate::schedule::{Joiner, SecretTree, Welcomer, confirm, interim_transcript_hash};
use crate::store::{GroupKeys, Txn};
use crate::tree::{PathKeys, PathSecret, Payload, Tree, TreeHead, Unverified, own_capabilities};

/// What the app passes along with a Welcome.
pub(crate) struct Joining<'a> {
    /// The tree, when the Welcome does not hold it.
    pub(crate) tree: Option<&'a Payload>,
    pub(crate) settings: Settings,
}

/// The Welcome, opened with one of our key packages.
struct Invited {
    own: OwnKeyPackage,
    key_package: KeyPackage,
    secrets: GroupSecrets,
    suite: &'static Suite,
}

/// A Welcome's GroupInfo, decrypted; its signature can be checked when the tree is there.
struct Announced {
    group_info: Unverified<GroupInfo>,
    welcomer: Welcomer,
}

/// An opened Welcome into a group that this client may enter, as far as can be told without the tree.
pub(crate) struct Invitation {
    invited: Invited,
    announced: Announced,
    stay: NewStay,
}

impl Invitation {
    /// The reference of the key package that it opened with.
    pub(crate) fn key_package(&self) -> &[u8] {
        &self.invited.own.reference.0
    }

    /// What it says of the group.
    pub(crate) fn group_info(&self) -> &GroupInfo {
        self.announced.group_info.peek()
    }
}

/// Joins the group that a Welcome opens, and stages it.
pub(crate) fn welcome(txn: &mut Txn, host: &Host, bytes: &[u8], joining: Joining<'_>) -> Result<GroupState> {
    let invitation = open(txn, host, bytes)?;
    enter(txn, host, invitation, joining)
}

/// Opens a Welcome, and checks what needs no tree.
pub(crate) fn open(txn: &mut Txn, host: &Host, bytes: &[u8]) -> Result<Invitation> {
    let Message::Welcome(welcome) = Message::decode(bytes)? else {
        return Err(Code::WrongContent.with("not a Welcome"));
    };
    let invited = open_secrets(txn, &welcome)?;
    let announced = open_group_info(txn, host, &invited, &welcome)?;
    check_context(&invited, announced.group_info.peek())?;
    let context = &announced.group_info.peek().group_context;
    let stay = begin_stay(txn, &context.group_id)?;
    check_newer(stay.previous, context.epoch)?;
    Ok(Invitation { invited, announced, stay })
}

/// Verifies the tree and all that rests on it, and stages the group.
pub(crate) fn enter(txn: &mut Txn, host: &Host, invitation: Invitation, joining: Joining<'_>) -> Result<GroupState> {
    let Invitation { invited, announced, stay: NewStay { keys, incarnation, previous } } = invitation;
    let entrance = Entrance { keys: &keys, suite: invited.suite, host };
    let own = Some(&invited.key_package.leaf_node);
    let Entry { tree, own_leaf } = entrance.take_tree(txn, announced.group_info.peek(), (joining.tree, own))?;
    let own_leaf = own_leaf.ok_or_else(|| Code::BadWelcome.with("our leaf is not in the tree"))?;
    let group_info = entrance.verify(txn, &tree, announced.group_info)?;
    let path_keys = adopt_keys(txn, (&keys, &invited), (&tree, own_leaf), &group_info)?;
    let epoch = begin_epoch(txn, (&keys, invited.suite), (&group_info, &tree), announced.welcomer)?;
    txn.store(keys.path_keys(), &path_keys);
    let context = group_info.group_context;
    let seat = Seat { own_leaf, signing_key: invited.own.signing_key.clone(), settings: joining.settings };
    let head = Head { previous, ..Head::begin(incarnation, &context, tree, seat) };
    let mut state = GroupState { head, epoch, context, keys, suite: invited.suite };
    successor::check(txn, &state, &invited.secrets.psks)?;
    state.store_head(txn)?;
    use_up(txn, &invited.own);
    Ok(state)
}

/// Finds the key package that the Welcome is for, and decrypts our secrets with it.
fn open_secrets(txn: &mut Txn, welcome: &Welcome) -> Result<Invited> {
    let suite = Suite::of(welcome.cipher_suite)?;
    let (own, sealed) = find_key_package(txn, welcome)?.ok_or(Code::NotForUs)?;
    let key = txn.keyspace().key_package(&own.reference.0);
    txn.guard(&key)?;
    if own.suite != suite.id() {
        return Err(Code::BadWelcome.with("its cipher suite is not that of the key package"));
    }
    let context = &welcome.encrypted_group_info;
    let plain = suite.decrypt_with_label(&own.init_key, "Welcome", context, &sealed.encrypted_group_secrets)?;
    let secrets = GroupSecrets::decode(plain.expose())?;
    let Message::KeyPackage(key_package) = Message::decode(&own.message)? else {
        return Err(Code::StorageCorrupt.into());
    };
    // It is our own, and was verified by nobody but its maker.
    let key_package = key_package.peek().clone();
    Ok(Invited { own, key_package, secrets, suite })
}

/// References that are looked up directly; in a longer list, our own key packages are looked up in it instead.
const FEW: usize = 64;

/// The first of our key packages that the Welcome is for, and what it holds for it.
pub(crate) fn find_key_package<'w>(
    txn: &mut Txn,
    welcome: &'w Welcome,
) -> Result<Option<(OwnKeyPackage, &'w EncryptedGroupSecrets)>> {
    if welcome.secrets.len() > FEW {
        let own = key_package::list(txn, None, usize::MAX)?;
        let mut own: HashMap<Digest, OwnKeyPackage> = own.into_iter().map(|own| (own.reference.clone(), own)).collect();
        return Ok(welcome.secrets.iter().find_map(|sealed| own.remove(&sealed.new_member).map(|own| (own, sealed))));
    }
    let keyspace = txn.keyspace().clone();
    txn.prefetch(welcome.secrets.iter().map(|secrets| keyspace.key_package(&secrets.new_member.0)))?;
    for sealed in &welcome.secrets {
        let key = keyspace.key_package(&sealed.new_member.0);
        // That none of them is there is a verdict too.
        txn.watch(&key)?;
        if let Some(own) = txn.load::<OwnKeyPackage>(&key)? {
            return Ok(Some((own, sealed)));
        }
    }
    Ok(None)
}

fn open_group_info(txn: &mut Txn, host: &Host, invited: &Invited, welcome: &Welcome) -> Result<Announced> {
    check_psks(txn, host, invited)?;
    let psk_secret = psk::combine(txn, invited.suite, &invited.secrets.psks)?;
    let joiner = Joiner::from_welcome(invited.suite, invited.secrets.joiner_secret.duplicate())?;
    let welcomer = joiner.with_psks(&psk_secret);
    let plain = welcomer.welcome_key()?.open(&welcome.encrypted_group_info)?;
    Ok(Announced { group_info: decode_exact(plain.expose())?, welcomer })
}

/// Every key once, at most one of them to link the group to another, none from further back than the app looks, and nonces of
/// the right length (RFC 9420 §8.4, §8.6, §12.4.3.1).
fn check_psks(txn: &mut Txn, host: &Host, invited: &Invited) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for id in &invited.secrets.psks {
        if !seen.insert(id) {
            return Err(Code::BadWelcome.with("it names a pre-shared key twice"));
        }
        if id.psk_nonce.len() != invited.suite.secret_length() {
            return Err(Code::BadWelcome.with("the nonce of a pre-shared key has the wrong length"));
        }
        psk::check_reach(txn, host, id)?;
    }
    match invited.secrets.psks.iter().filter_map(successor::link).count() {
        0 | 1 => Ok(()),
        _ => Err(Code::BadWelcome.with("it continues more than one other group")),
    }
}

/// The group must be one that the key package was made for.
fn check_context(invited: &Invited, group_info: &GroupInfo) -> Result<()> {
    let context = &group_info.group_context;
    if context.cipher_suite != invited.suite.id() {
        return Err(Code::BadWelcome.with("the group has another cipher suite than the Welcome"));
    }
    context.check(invited.suite)?;
    check_newcomer(&own_capabilities(&invited.key_package.leaf_node), &context.extensions)
}

/// A Welcome into an epoch that an earlier stay has seen is a replay: a key package of last resort opens it again.
fn check_newer(previous: Option<PreviousStay>, epoch: Epoch) -> Result<()> {
    match previous.is_some_and(|stay| epoch <= stay.epochs.1) {
        true => Err(Code::BadWelcome.with("this epoch was lived through before")),
        false => Ok(()),
    }
}

/// Our private keys: the leaf's, and what follows from the path secret.
fn adopt_keys(
    txn: &mut Txn,
    (keys, invited): (&GroupKeys, &Invited),
    (head, own_leaf): (&TreeHead, LeafIndex),
    group_info: &GroupInfo,
) -> Result<PathKeys> {
    let leaf_key = crate::crypto::HpkePrivateKey(invited.own.leaf_key.0.duplicate());
    let mut path_keys = PathKeys::of_leaf(own_leaf, leaf_key);
    let mut tree = Tree::open(keys.clone(), invited.suite, head);
    if let Some(secret) = &invited.secrets.path_secret {
        if group_info.signer == own_leaf {
            return Err(Code::BadGroupInfo.with("it is signed by the client that it is sent to"));
        }
        let secret = PathSecret::received(invited.suite, secret.duplicate())?;
        let derived = tree.adopt_path_secret(txn, secret, (own_leaf, group_info.signer))?;
        path_keys.replace(derived.keys);
    }
    // Without a key that the tree says we have, we could not read the commits of others.
    match tree.lacks_key(txn, own_leaf, &path_keys)? {
        true => Err(Code::BadWelcome.with("it lacks the path secret of a node that the tree says we know")),
        false => Ok(path_keys),
    }
}

/// The secrets of the epoch, if the confirmation tag shows that they are the group's.
fn begin_epoch(
    txn: &mut Txn,
    (keys, suite): (&GroupKeys, &'static Suite),
    (group_info, tree): (&GroupInfo, &TreeHead),
    welcomer: Welcomer,
) -> Result<EpochRecord> {
    let context = &group_info.group_context;
    let encoded = encode(context)?;
    let secrets = welcomer.into_epoch(&encoded)?;
    let tag = &group_info.confirmation_tag;
    let _proof = confirm(suite, &secrets.confirmation_key, &context.confirmed_transcript_hash, tag)?;
    let interim = interim_transcript_hash(suite, &context.confirmed_transcript_hash, tag)?;
    let (record, encryption_secret) = EpochRecord::begin(secrets, (encoded, tree.width), (interim, tag.clone()));
    SecretTree { suite, keys, epoch: context.epoch, width: tree.width }.plant(txn, encryption_secret);
    txn.store(keys.epoch(context.epoch), &record);
    Ok(record)
}

/// Deletes the private keys of the key package in the batch that joins, unless it is one of last resort.
fn use_up(txn: &mut Txn, own: &OwnKeyPackage) {
    if !own.last_resort {
        let key = txn.keyspace().key_package(&own.reference.0);
        txn.delete(key);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::{CipherSuite, Secret};
    use crate::codec::{Opaque, Short};
    use crate::crypto::HpkePrivateKey;
    use crate::store::{MemoryStorage, Store};

    fn welcome_for(references: impl Iterator<Item = u8>) -> Welcome {
        let suite = Suite::of(CipherSuite(1)).unwrap();
        let (_, public) = suite.generate_hpke_keys().unwrap();
        let sealed = suite.encrypt_with_label(&public, "Welcome", &[], &[1]).unwrap();
        let secrets = references.map(|reference| EncryptedGroupSecrets {
            new_member: Digest(Short::from(vec![reference; 32])),
            encrypted_group_secrets: sealed.clone(),
        });
        Welcome { cipher_suite: suite.id(), secrets: secrets.collect(), encrypted_group_info: Opaque::default() }
    }

    fn own(reference: u8) -> OwnKeyPackage {
        let key = || HpkePrivateKey(Secret::copy_of(&[1; 32]));
        OwnKeyPackage {
            reference: Digest(Short::from(vec![reference; 32])),
            message: vec![],
            init_key: key(),
            leaf_key: key(),
            signing_key: vec![],
            suite: CipherSuite(1),
            last_resort: false,
            not_after: 0,
        }
    }

    fn publish(store: &std::sync::Arc<Store>, reference: u8) {
        let mut txn = Txn::begin(store.clone());
        let own = own(reference);
        let key = txn.keyspace().key_package(&own.reference.0);
        txn.store(key, &own);
        store.write(txn.finish(None).unwrap()).unwrap();
    }

    #[test]
    fn ours_is_found_in_short_and_long_lists() {
        let store = Store::open(MemoryStorage::new(), b"alice", None).unwrap();
        publish(&store, 90);
        publish(&store, 200);
        for first in [80, 1] {
            let welcome = welcome_for(first..100);
            let (own, sealed) = find_key_package(&mut Txn::begin(store.clone()), &welcome).unwrap().unwrap();
            assert_eq!((&*own.reference.0, &*sealed.new_member.0), (&[90; 32][..], &[90; 32][..]));
            assert!(find_key_package(&mut Txn::begin(store.clone()), &welcome_for(first..90)).unwrap().is_none());
        }
    }

    #[test]
    fn that_none_is_ours_rests_on_the_records_looked_up() {
        let store = Store::open(MemoryStorage::new(), b"alice", None).unwrap();
        let mut txn = Txn::begin(store.clone());
        assert!(find_key_package(&mut txn, &welcome_for(1..3)).unwrap().is_none());
        assert!(txn.is_settled().unwrap());
        publish(&store, 2);
        assert!(!txn.is_settled().unwrap());
    }
}
