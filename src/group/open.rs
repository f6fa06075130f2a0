//! The first half of receiving (RFC 9420 §6): from a parsed message to content that is known to be its sender's. Each step is a
//! type: of [`Inbound`] nothing is known; [`Opened`] is decrypted, and its signature is verified.

use super::epoch::EpochRecord;
use super::host::Host;
use super::inbound::{Framed, Inbound};
use super::state::{GroupState, Stay};
use super::touch;
use crate::base::event::MemberName;
use crate::base::{Code, Epoch, Error, LeafIndex, Result};
use crate::crypto::{SignaturePublicKey, SignatureVerified};
use crate::message::{
    AuthenticatedContent, Content, ContentType, FramedContent, Glimpse, Located, Membership, PrivateMessage, Proposal,
    PublicMessage, Sender, Verified,
};
use crate::schedule::{Advance, Ratchet, SecretTree, SenderIdentity};
use crate::store::{Key, RatchetKind, Txn};
use crate::tree::{LeafRecord, Width, leaf_key};

/// What a message turned out to be.
pub(crate) enum Opened<'a> {
    /// Data for the app.
    Application(Application<'a>),
    /// A proposal or commit.
    Handshake(Handshake<'a>),
    /// A message that this client sent, or that says so.
    Own(OwnClaim),
}

/// What shows that a message is our own.
pub(crate) enum OwnClaim {
    /// Our signature.
    Signed(ContentType),
    /// Nothing: our leaf index in sender data that any member can write.
    Unproven,
}

/// A readable application message; its key is used up when `advance` is.
pub(crate) struct Application<'a> {
    pub(crate) sender: MemberName,
    pub(crate) content: FramedContent,
    pub(crate) advance: Advance<'a>,
    pub(crate) proof: SignatureVerified,
}

/// A proposal or commit with a good signature.
pub(crate) struct Handshake<'a> {
    pub(crate) content: AuthenticatedContent,
    pub(crate) proof: SignatureVerified,
    /// The key it was encrypted with, if it was.
    pub(crate) advance: Option<Advance<'a>>,
}

impl Inbound {
    /// Decrypts and verifies the message, which belongs to `stay`. Nothing is staged.
    pub(crate) fn unprotect<'s>(
        self,
        txn: &mut Txn,
        state: &GroupState,
        stay: &'s Stay,
        host: &Host,
    ) -> Result<Opened<'s>> {
        match self.framed {
            Framed::Public(message) => unprotect_public(txn, (state, stay), *message),
            Framed::Private(message, seen) => unprotect_private(txn, (state, stay), host, (message, seen.into_inner())),
        }
    }
}

fn unprotect_public<'s>(
    txn: &mut Txn,
    (state, stay): (&GroupState, &Stay),
    message: PublicMessage,
) -> Result<Opened<'s>> {
    let membership = Membership {
        suite: state.suite,
        membership_key: &state.epoch.current()?.membership_key,
        group_context: &state.epoch.group_context,
    };
    let opened = message.unprotect(&membership)?;
    let sender = opened.peek().sender;
    if let Sender::Member(leaf) = sender {
        let tree =
            SecretTree { suite: state.suite, keys: &stay.keys, epoch: state.head.epoch, width: state.epoch.width };
        let content_type = opened.peek().content.content_type();
        require_place(tree.width, leaf)?;
        txn.prefetch(touch::of_sender(tree, (leaf, stay.own_leaf), (content_type, false)))?;
    }
    let key = public_sender_key(txn, (state, stay), opened.peek())?;
    let verified = opened.verify(state.suite, &key)?;
    if sender == Sender::Member(state.head.own_leaf) {
        return Ok(Opened::Own(OwnClaim::Signed(verified.authenticated().content.content.content_type())));
    }
    let (content, proof) = verified.into_parts();
    Ok(Opened::Handshake(Handshake { content, proof, advance: None }))
}

/// The key that the sender of a PublicMessage signs with (RFC 9420 §6.1).
fn public_sender_key(
    txn: &mut Txn,
    (state, stay): (&GroupState, &Stay),
    content: &FramedContent,
) -> Result<SignaturePublicKey> {
    match (content.sender, &content.content) {
        (Sender::Member(leaf), _) => {
            let at = (state.head.epoch, state.epoch.width, leaf);
            Ok(member_at(txn, stay, at)?.into_leaf_node()?.signature_key)
        }
        (Sender::External(index), _) => {
            let senders = state.context.extensions.external_senders()?.unwrap_or_default();
            let sender = senders.into_iter().nth(index as usize);
            let unknown = || Code::BadSender.with("the group has no external sender of this index");
            sender.map(|sender| sender.signature_key).ok_or_else(unknown)
        }
        (Sender::NewMemberProposal, Content::Proposal(Proposal::Add(key_package))) => {
            Ok(key_package.peek().leaf_node.signature_key.clone())
        }
        (Sender::NewMemberCommit, Content::Commit(commit)) => {
            let path = commit.path.as_ref().ok_or(Code::BadPath)?;
            Ok(path.leaf_node.peek().signature_key.clone())
        }
        _ => Err(Code::BadSender.into()),
    }
}

fn unprotect_private<'s>(
    txn: &mut Txn,
    (state, stay): (&GroupState, &'s Stay),
    host: &Host,
    (message, glimpse): (PrivateMessage, Option<Glimpse>),
) -> Result<Opened<'s>> {
    let epoch = message.epoch;
    let key = stay.keys.epoch(epoch);
    txn.guard(&key)?;
    let past: Option<EpochRecord> = match epoch == state.head.epoch {
        true => None,
        false => Some(txn.load(&key)?.ok_or(Code::PastEpoch)?),
    };
    let record = past.as_ref().unwrap_or(&state.epoch);
    let now = host.now()?;
    record.require_fresh(now, host.limits.past_age)?;
    let judged_by = (&record.sender_data_secret, record.width.leaves());
    let located = message.locate_glimpsed(glimpse, state.suite, judged_by)?;
    if located.leaf_index() == stay.own_leaf {
        return Ok(Opened::Own(OwnClaim::Unproven));
    }
    let tree = SecretTree { suite: state.suite, keys: &stay.keys, epoch, width: record.width };
    if located.content_type() != ContentType::Application {
        let whose = (located.leaf_index(), stay.own_leaf);
        txn.prefetch(touch::of_sender(tree, whose, (located.content_type(), true)))?;
    }
    let ratchet = sender_ratchet(txn, stay, tree, &located)?;
    let generation = located.generation();
    let (key, advance) = ratchet.seek(txn, generation, (host.limits.ratchet, now))?;
    let leaf = located.leaf_index();
    let opened = located.open(state.suite, key, &record.group_context)?;
    let verified = opened.verify(state.suite, &advance.sender().signature_key)?;
    Ok(classify(leaf, verified, advance))
}

/// The sender's ratchet; on its first use in the epoch, from the secret tree and the sender's leaf of that epoch.
fn sender_ratchet<'s>(txn: &mut Txn, stay: &Stay, tree: SecretTree<'s>, located: &Located) -> Result<Ratchet<'s>> {
    let (leaf, kind) = (located.leaf_index(), ratchet_kind(located.content_type()));
    if let Some(ratchet) = Ratchet::load(txn, tree, leaf, kind)? {
        return Ok(ratchet);
    }
    txn.prefetch(tree.first_keys_needed(leaf)?.into_iter().chain(member_keys(stay, (tree.epoch, leaf))))?;
    let record = member_at(txn, stay, (tree.epoch, tree.width, leaf))?;
    let sender = SenderIdentity {
        signature_key: record.leaf_node()?.signature_key.clone(),
        client_id: record.client_id,
        user_id: record.user_id,
    };
    Ratchet::first(txn, tree, (leaf, kind), sender)
}

/// Where the leaf of an epoch may lie: kept under the first epoch since that was its last, or in the tree.
fn member_keys(stay: &Stay, (epoch, leaf): (Epoch, LeafIndex)) -> impl Iterator<Item = Key> + use<'_> {
    let former = (epoch.0..stay.last_epoch.0).map(move |last| stay.keys.former_leaf(Epoch(last), leaf));
    former.chain(std::iter::once(leaf_key(&stay.keys, leaf)))
}

/// The member that was at a leaf in that epoch, whose tree was so wide; a blank leaf sends nothing.
pub(crate) fn member_at(
    txn: &mut Txn,
    stay: &Stay,
    (epoch, width, leaf): (Epoch, Width, LeafIndex),
) -> Result<LeafRecord> {
    require_place(width, leaf)?;
    let keys: Vec<Key> = member_keys(stay, (epoch, leaf)).collect();
    txn.prefetch(keys.iter().cloned())?;
    for key in keys {
        if let Some(record) = txn.load::<LeafRecord>(&key)? {
            return if record.since <= epoch { Ok(record) } else { Err(blank_sender()) };
        }
    }
    Err(blank_sender())
}

/// Refuses a leaf outside the tree: its number may stand for a node of another.
fn require_place(width: Width, leaf: LeafIndex) -> Result<()> {
    if width.holds(leaf) { Ok(()) } else { Err(Code::BadSender.with("the sender's leaf is outside the tree")) }
}

fn blank_sender() -> Error {
    Code::BadSender.with("the sender's leaf is blank")
}

/// The ratchet that content of this kind is encrypted with (RFC 9420 §9.1).
pub(crate) fn ratchet_kind(content_type: ContentType) -> RatchetKind {
    match content_type {
        ContentType::Application => RatchetKind::Application,
        ContentType::Proposal | ContentType::Commit => RatchetKind::Handshake,
    }
}

fn classify(leaf: LeafIndex, verified: Verified, advance: Advance<'_>) -> Opened<'_> {
    let (content, proof) = verified.into_parts();
    if content.content.content.content_type() != ContentType::Application {
        return Opened::Handshake(Handshake { content, proof, advance: Some(advance) });
    }
    let SenderIdentity { client_id, user_id, .. } = advance.sender().clone();
    let sender = MemberName { leaf: leaf.0, client_id, user_id };
    Opened::Application(Application { sender, content: content.content, advance, proof })
}
