//! One group in an archive: what a new device needs to read on and to come back in. Past epochs, skipped keys, keys to send
//! with and pending commits stay behind. A copy does not know which keys were used since it was made, so a group that comes out
//! of one sends nothing until it was rejoined.

use std::sync::Arc;

use super::epoch::EpochRecord;
use super::head::{Head, Seat, Settings, Standing};
use super::members;
use super::pending_join;
use super::proposals::{self, KnownProposal};
use super::state::GroupState;
use super::stay::{self, start_afresh};
use super::successor::announce;
use crate::base::host::Observer;
use crate::base::{Code, Error, GroupId, LeafIndex, Result, Secret};
use crate::crypto::{Digest, Suite};
use crate::message::{GroupContext, Proposal, ReInit, Sender};
use crate::schedule::{ReceivingKeys, SecretTree};
use crate::store::{GroupKeys, Reader, Record, Txn, Writer, decode_record, encode_record};
use crate::tree::{Judge, Names, Newcomer, PathKeys, Payload, Scrutiny, Tree, TreeHead};

/// A group as an archive holds it.
pub(crate) struct GroupArchive {
    epoch: EpochRecord,
    own_leaf: LeafIndex,
    signing_key: Vec<u8>,
    settings: Settings,
    is_closed: bool,
    /// The ReInit that closed the group.
    reinit: Option<ReInit>,
    tree: Vec<u8>,
    /// What the app called the members, in the order of the tree.
    names: Vec<Names>,
    keys: ReceivingKeys,
    path_keys: PathKeys,
    proposals: Vec<(Digest, KnownProposal)>,
    /// The private keys of Updates that we proposed, behind their public keys.
    update_keys: Vec<(Vec<u8>, Secret)>,
}

impl GroupArchive {
    /// Reads a group that this client is in. O(n).
    pub(crate) fn of(txn: &mut Txn, state: &GroupState, observer: &dyn Observer) -> Result<Self> {
        let reinit = match state.head.standing {
            Standing::Removed => return Err(Code::Removed.into()),
            Standing::Frozen => txn.load(&state.keys.successor())?,
            _ => None,
        };
        let proposals = proposals::waiting(state, txn)?;
        Ok(GroupArchive {
            epoch: txn.require(&state.keys.epoch(state.head.epoch))?,
            own_leaf: state.head.own_leaf,
            signing_key: state.head.signing_key.clone(),
            settings: state.head.settings,
            is_closed: state.head.standing == Standing::Frozen,
            reinit,
            tree: state.tree().export(txn, observer)?,
            names: names(txn, state)?,
            keys: ReceivingKeys::of(txn, secret_tree(state, &state.keys), state.head.own_leaf)?,
            path_keys: txn.require(&state.keys.path_keys())?,
            update_keys: update_keys(txn, state, &proposals)?,
            proposals,
        })
    }

    /// The id of the group.
    pub(crate) fn group_id(&self) -> Result<GroupId> {
        self.epoch.context().map(|context| context.group_id).map_err(|_| damaged())
    }

    /// Stages the group as one that is to be rejoined. One that is here already is replaced only if asked for: what is here may be
    /// newer than the archive.
    pub(crate) fn stage(self, txn: &mut Txn, replace: bool, observer: &Arc<dyn Observer>) -> Result<GroupState> {
        let context = self.epoch.context().map_err(|_| damaged())?;
        make_way(txn, &context.group_id, replace)?;
        let suite = Suite::of(context.cipher_suite)?;
        let (keys, incarnation) = start_afresh(txn)?;
        let tree = take_tree(txn, (&keys, suite), (Payload::new(self.tree), self.names), (&context, observer))?;
        if tree.width != self.epoch.width {
            return Err(damaged());
        }
        let seat = Seat { own_leaf: self.own_leaf, signing_key: self.signing_key, settings: self.settings };
        let head = Head {
            standing: if self.is_closed { Standing::Frozen } else { Standing::Imported },
            proposals: u32::try_from(self.proposals.len()).map_err(|_| damaged())?,
            ..Head::begin(incarnation, &context, tree, seat)
        };
        let mut state = GroupState { head, epoch: self.epoch, context, keys, suite };
        txn.store(state.keys.epoch(state.head.epoch), &state.epoch);
        txn.store(state.keys.path_keys(), &self.path_keys);
        self.keys.stage(txn, secret_tree(&state, &state.keys));
        self.reinit.iter().for_each(|reinit| announce(txn, &state, reinit));
        self.proposals.iter().for_each(|(reference, known)| txn.store(state.keys.proposal(&reference.0), known));
        self.update_keys.iter().for_each(|(public, private)| txn.store(state.keys.update_key(public), private));
        state.store_head(txn)?;
        Ok(state)
    }
}

fn secret_tree<'a>(state: &GroupState, keys: &'a GroupKeys) -> SecretTree<'a> {
    SecretTree { suite: state.suite, keys, epoch: state.head.epoch, width: state.epoch.width }
}

/// Members read at a time.
const STRETCH: usize = 512;

fn names(txn: &mut Txn, state: &GroupState) -> Result<Vec<Names>> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = members::page(txn, state, after, STRETCH)?;
        let Some(last) = page.last() else { return Ok(names) };
        after = Some(last.name.leaf);
        names.extend(page.into_iter().map(|member| (member.name.client_id, member.name.user_id)));
    }
}

fn update_keys(
    txn: &mut Txn,
    state: &GroupState,
    waiting: &[(Digest, KnownProposal)],
) -> Result<Vec<(Vec<u8>, Secret)>> {
    let mut found = Vec::new();
    for (_, known) in waiting.iter().filter(|(_, known)| known.sender == Sender::Member(state.head.own_leaf)) {
        let Proposal::Update(node) = &known.proposal else { continue };
        let public = &node.peek().encryption_key.0;
        if let Some(private) = txn.load(&state.keys.update_key(public))? {
            found.push((public.to_vec(), private));
        }
    }
    Ok(found)
}

/// Takes what is here of the group away, if it may be.
fn make_way(txn: &mut Txn, group_id: &GroupId, replace: bool) -> Result<()> {
    let key = txn.keyspace().head(group_id);
    txn.guard(&key)?;
    pending_join::drop_waiting(txn, group_id)?;
    match txn.load::<Head>(&key)? {
        Some(_) if !replace => Err(Code::AlreadyMember.into()),
        Some(head) => stay::forget(txn, &head),
        None => Ok(()),
    }
}

/// Stages the tree. Its members were verified when they came into the group, and the archive was sealed by us.
fn take_tree(
    txn: &mut Txn,
    (keys, suite): (&GroupKeys, &'static Suite),
    (payload, names): (Payload, Vec<Names>),
    (context, observer): (&GroupContext, &Arc<dyn Observer>),
) -> Result<TreeHead> {
    let mut remembered = Remembered(names.into_iter());
    let scrutiny = Scrutiny { rules: None, judge: &mut remembered, threads: 1, observer };
    let tree = Tree::import(txn, (keys.clone(), suite), &payload, scrutiny)?;
    match tree.root.tree_hash == context.tree_hash && remembered.0.next().is_none() {
        true => Ok(tree),
        false => Err(damaged()),
    }
}

/// Calls the members what they were called.
struct Remembered(std::vec::IntoIter<Names>);

impl Judge for Remembered {
    fn judge(&mut self, newcomers: &[Newcomer<'_>]) -> Result<Vec<Names>> {
        let names: Vec<Names> = self.0.by_ref().take(newcomers.len()).collect();
        if names.len() == newcomers.len() { Ok(names) } else { Err(damaged()) }
    }
}

fn damaged() -> Error {
    Code::BadArchive.into()
}

impl Record for GroupArchive {
    fn write(&self, writer: &mut Writer) {
        write_inner(writer, &self.epoch);
        writer.u32(self.own_leaf.0);
        writer.bytes(&self.signing_key);
        writer.flag(self.settings.encrypt_handshakes);
        writer.flag(self.settings.pad);
        writer.flag(self.is_closed);
        writer.option(self.reinit.as_ref(), write_inner);
        writer.bytes(&self.tree);
        writer.list(&self.names, |writer, (client_id, user_id)| {
            writer.bytes(client_id);
            writer.bytes(user_id);
        });
        write_inner(writer, &self.keys);
        write_inner(writer, &self.path_keys);
        writer.list(&self.proposals, |writer, (reference, known)| {
            writer.bytes(&reference.0);
            write_inner(writer, known);
        });
        writer.list(&self.update_keys, |writer, (public, private)| {
            writer.bytes(public);
            writer.secret(private);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(GroupArchive {
            epoch: read_inner(reader)?,
            own_leaf: LeafIndex(reader.u32()?),
            signing_key: reader.bytes()?.to_vec(),
            settings: Settings { encrypt_handshakes: reader.flag()?, pad: reader.flag()? },
            is_closed: reader.flag()?,
            reinit: reader.option(read_inner)?,
            tree: reader.bytes()?.to_vec(),
            names: reader.list(|reader| Ok((reader.bytes()?.to_vec(), reader.bytes()?.to_vec())))?,
            keys: read_inner(reader)?,
            path_keys: read_inner(reader)?,
            proposals: reader.list(|reader| Ok((Digest(reader.bytes()?.into()), read_inner(reader)?)))?,
            update_keys: reader.list(|reader| Ok((reader.bytes()?.to_vec(), reader.secret()?)))?,
        })
    }
}

/// A record inside another, with a version of its own.
fn write_inner<R: Record>(writer: &mut Writer, record: &R) {
    writer.secret(&Secret::new(encode_record(record)));
}

fn read_inner<R: Record>(reader: &mut Reader<'_>) -> Result<R> {
    decode_record(reader.bytes()?)
}
