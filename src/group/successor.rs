//! Groups that follow from another: the one that takes the place of a group that a ReInit closed (RFC 9420 §11.2), and one that
//! branches off (§11.3). Both are tied to the old group by its resumption secret, and start in epoch 1 with a Welcome.

use std::sync::Arc;

use super::commit::{self, CommitRequest, Founded, TreePlace};
use super::create::{self, NewGroup};
use super::head::{Head, Settings, Standing};
use super::host::Host;
use super::members;
use super::psk::with_nonce;
use super::state::GroupState;
use crate::base::event::MemberName;
use crate::base::{Code, Epoch, Error, GroupId, Result};
use crate::codec::{decode_exact, encode};
use crate::crypto::Suite;
use crate::message::{KeyPackage, Proposal, ReInit};
use crate::schedule::{PreSharedKeyId, Psk, ResumptionPskUsage};
use crate::store::{GroupKeys, Reader, Record, Txn, Writer, corrupt};
use crate::tree::{Extensions, Unverified};

/// Who comes along, and how they are told.
pub(crate) struct Move {
    pub(crate) key_packages: Vec<Unverified<Arc<KeyPackage>>>,
    pub(crate) tree: TreePlace,
    pub(crate) settings: Settings,
}

/// What a group that branches off is called and has.
pub(crate) struct Branching {
    pub(crate) group_id: GroupId,
    pub(crate) extensions: Extensions,
}

/// Stages the group that the ReInit of a closed one asks for, with all its members.
pub(crate) fn reinitialized(
    txn: &mut Txn,
    (old, host): (&GroupState, &Host),
    moving: Move,
) -> Result<(GroupState, Founded)> {
    let reinit = reinit_of(txn, old)?;
    let new = NewGroup {
        group_id: reinit.group_id,
        suite: Suite::of(reinit.cipher_suite)?,
        extensions: reinit.extensions,
        settings: moving.settings,
    };
    let founded = found(txn, (old, host), (new, moving), ResumptionPskUsage::ReInit)?;
    if missing(txn, old, &founded.0)?.is_some() {
        return Err(Code::BadArgument.with("the key package of a member of the old group is missing"));
    }
    fulfil(txn, &founded.0.head.group_id);
    Ok(founded)
}

/// Stages a group of some members of another, and with its parameters.
pub(crate) fn branch(
    txn: &mut Txn,
    (old, host): (&GroupState, &Host),
    (branching, moving): (Branching, Move),
) -> Result<(GroupState, Founded)> {
    old.head.require_active()?;
    let Branching { group_id, extensions } = branching;
    let new = NewGroup { group_id, suite: old.suite, extensions, settings: moving.settings };
    let founded = found(txn, (old, host), (new, moving), ResumptionPskUsage::Branch)?;
    match missing(txn, &founded.0, old)? {
        Some(_) => Err(Code::NoSuchMember.with("a key package is of a client that is not in the old group")),
        None => Ok(founded),
    }
}

/// The first epoch of the new group, and the commit that adds the others and mixes in the secret of the old group.
fn found(
    txn: &mut Txn,
    (old, host): (&GroupState, &Host),
    (new, moving): (NewGroup, Move),
    usage: ResumptionPskUsage,
) -> Result<(GroupState, Founded)> {
    let psk = Psk::Resumption { usage, psk_group_id: old.head.group_id.clone(), psk_epoch: old.head.epoch };
    let mut proposals = vec![with_nonce(new.suite, psk)?];
    proposals.extend(moving.key_packages.into_iter().map(Proposal::Add));
    let mut state = create::group(txn, host, new)?;
    let request = CommitRequest {
        proposals,
        without_pending: true,
        without_path: false,
        tree: moving.tree,
        aad: Vec::new(),
        linking: Some(usage),
    };
    let founded = commit::found(txn, &mut state, host, request)?;
    Ok((state, founded))
}

/// The ReInit that closed a group.
fn reinit_of(txn: &mut Txn, old: &GroupState) -> Result<ReInit> {
    match old.head.standing {
        Standing::Frozen => txn.load(&old.keys.successor())?.ok_or_else(|| {
            // Stores of the first format did not keep it.
            Code::NotClosed.with("the ReInit that closed the group was not kept: make a new group instead")
        }),
        _ => Err(Code::NotClosed.into()),
    }
}

/// Keeps the ReInit that closed a group, and notes that the group it names must follow from this one.
pub(crate) fn announce(txn: &mut Txn, old: &GroupState, reinit: &ReInit) {
    txn.store(old.keys.successor(), reinit);
    let key = txn.keyspace().announced(&reinit.group_id);
    txn.store(key, &Announced(old.head.group_id.clone()));
}

/// The group whose successor has been announced.
struct Announced(GroupId);

/// Checks a group that a Welcome opens: whether it follows from another as it says (RFC 9420 §12.4.3.1, §11.2, §11.3), and whether
/// it says so if a closed group here has announced it as its successor.
pub(crate) fn check(txn: &mut Txn, new: &GroupState, psks: &[PreSharedKeyId]) -> Result<()> {
    let link = psks.iter().find_map(link);
    let is_linked = matches!(link, Some((ResumptionPskUsage::ReInit, ..)));
    if is_awaited(txn, &new.head)? && !is_linked {
        return Err(bad_successor(
            "it has the id of the successor of a closed group that is here, and does not say so",
        ));
    }
    fulfil(txn, &new.head.group_id);
    let Some((usage, group_id, epoch)) = link else { return Ok(()) };
    if new.head.epoch != Epoch(1) {
        return Err(bad_successor("it does not begin in epoch 1"));
    }
    let head: Head = txn.require(&txn.keyspace().head(group_id))?;
    if head.standing == Standing::Removed {
        return Err(bad_successor("this client was removed from the old group"));
    }
    let old = GroupState::load(txn, group_id)?;
    match usage {
        ResumptionPskUsage::ReInit => check_reinit(txn, &old, new, epoch),
        _ => check_branch(txn, &old, new),
    }
}

/// Whether a closed group waits for this one. It does not once this client has been in the new one, or has deleted the old one.
fn is_awaited(txn: &mut Txn, new: &Head) -> Result<bool> {
    let key = txn.keyspace().announced(&new.group_id);
    txn.watch(&key)?;
    let Some(Announced(old)) = txn.load(&key)?.filter(|_| new.previous.is_none()) else { return Ok(false) };
    let head = txn.keyspace().head(&old);
    txn.watch(&head)?;
    Ok(txn.load::<Head>(&head)?.is_some_and(|old| old.standing == Standing::Frozen))
}

/// The group is here now; whoever announced it waits no more.
pub(crate) fn fulfil(txn: &mut Txn, group_id: &GroupId) {
    let key = txn.keyspace().announced(group_id);
    txn.delete(key);
}

/// A closed group is deleted, and waits for no other; readable records or not.
pub(crate) fn withdraw(txn: &mut Txn, keys: &GroupKeys, old: &GroupId) {
    let Ok(Some(ReInit { group_id, .. })) = txn.load(&keys.successor()) else { return };
    let key = txn.keyspace().announced(&group_id);
    if matches!(txn.load(&key), Ok(Some(Announced(by))) if by == *old) {
        txn.delete(key);
    }
}

/// The key that links a group to another.
pub(crate) fn link(id: &PreSharedKeyId) -> Option<(ResumptionPskUsage, &GroupId, Epoch)> {
    match &id.psk {
        Psk::Resumption { usage: ResumptionPskUsage::Application, .. } | Psk::External(_) => None,
        Psk::Resumption { usage, psk_group_id, psk_epoch } => Some((*usage, psk_group_id, *psk_epoch)),
    }
}

/// The group must be the one that the last commit of the old one asks for, with all its members.
fn check_reinit(txn: &mut Txn, old: &GroupState, new: &GroupState, epoch: Epoch) -> Result<()> {
    let reinit = match reinit_of(txn, old) {
        Err(error) if error.is(Code::NotClosed) => return Err(bad_successor("the old group was not closed")),
        found => found?,
    };
    if epoch != old.head.epoch {
        return Err(bad_successor("its key is not of the epoch that the ReInit began"));
    }
    let context = &new.context;
    let asked = (&reinit.group_id, reinit.version, reinit.cipher_suite, &reinit.extensions);
    if asked != (&context.group_id, context.version, context.cipher_suite, &context.extensions) {
        return Err(bad_successor("it is not the group that the ReInit asks for"));
    }
    match missing(txn, old, new)? {
        Some(_) => Err(bad_successor("a member of the old group is missing")),
        None => Ok(()),
    }
}

/// The group must have the parameters of the old one, and none but its members.
fn check_branch(txn: &mut Txn, old: &GroupState, new: &GroupState) -> Result<()> {
    if (old.context.version, old.context.cipher_suite) != (new.context.version, new.context.cipher_suite) {
        return Err(bad_successor("its version or cipher suite is not that of the old group"));
    }
    match missing(txn, new, old)? {
        Some(_) => Err(bad_successor("it has a member that is not in the old group")),
        None => Ok(()),
    }
}

/// Members looked up at a time.
const STRETCH: usize = 128;

/// The first member of one group that is not in the other. O(n). Clients are the same if the app gives them one name.
fn missing(txn: &mut Txn, of: &GroupState, from: &GroupState) -> Result<Option<MemberName>> {
    let (tree, mut after) = (from.tree(), None);
    loop {
        let page = members::page(txn, of, after, STRETCH)?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.name.leaf);
        txn.prefetch(page.iter().map(|member| tree.client_record(&member.name.client_id)).collect::<Vec<_>>())?;
        for member in page {
            if tree.find_client(txn, &member.name.client_id)?.is_none() {
                return Ok(Some(member.name));
            }
        }
    }
}

fn bad_successor(why: &str) -> Error {
    Code::BadSuccessor.with(format_args!("the group does not follow from the old one: {why}"))
}

impl Record for Announced {
    fn write(&self, writer: &mut Writer) {
        writer.rest(self.0.as_slice());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Announced(GroupId(reader.rest().to_vec())))
    }
}

impl Record for ReInit {
    fn write(&self, writer: &mut Writer) {
        // It was decoded from the wire or made here, so it encodes.
        writer.rest(&encode(self).unwrap_or_default());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        decode_exact(reader.rest()).map_err(|_| corrupt())
    }
}
