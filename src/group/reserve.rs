//! Generations of our application ratchet that were reserved in one write: the stored ratchet has moved past them, so nobody
//! else can use them, and a crash skips them. Their keys are here alone.
//!
//! They serve as long as the head says that nothing has changed: in a later epoch, a member that was removed could read them.

use std::collections::VecDeque;

use super::head::Head;
use super::host::Host;
use super::own_leaf::{padding, sign_as};
use super::send;
use super::state::GroupState;
use crate::base::{Epoch, LeafIndex, Result, Secret, limits};
use crate::crypto::{Suite, random_bytes};
use crate::message::{Content, Message, PrivateMessage, Sealing, Sender, WireFormat};
use crate::schedule::MessageKey;
use crate::store::{Incarnation, Key, Txn};

/// Keys for the next messages, and what else these need.
pub(crate) struct Reserve {
    suite: &'static Suite,
    head: Key,
    incarnation: Incarnation,
    epoch: Epoch,
    own_leaf: LeafIndex,
    group_context: Vec<u8>,
    sender_data_secret: Secret,
    keys: VecDeque<(u32, MessageKey)>,
    /// The process that made it: a child that was forked off has a copy, and must not use it.
    process: u32,
}

impl Reserve {
    /// These keys, with what they belong to; nothing if there are none.
    pub(crate) fn of(txn: &Txn, state: &GroupState, keys: VecDeque<(u32, MessageKey)>) -> Option<Self> {
        (!keys.is_empty()).then(|| Reserve {
            suite: state.suite,
            head: txn.keyspace().head(&state.head.group_id),
            incarnation: state.head.incarnation,
            epoch: state.head.epoch,
            own_leaf: state.head.own_leaf,
            group_context: state.epoch.group_context.clone(),
            sender_data_secret: state.epoch.sender_data_secret.duplicate(),
            keys,
            process: std::process::id(),
        })
    }

    /// Whether it has keys left for a group that stands so.
    pub(crate) fn fits(&self, head: &Head) -> bool {
        let same = (self.incarnation, self.epoch, self.own_leaf) == (head.incarnation, head.epoch, head.own_leaf);
        let ours = self.process == std::process::id();
        same && ours && head.require_active().is_ok() && !self.is_spent()
    }

    /// Whether no key is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.keys.is_empty()
    }

    /// Encrypts one message and writes nothing; nothing comes of it if the message is too long, or the reserve does not fit the
    /// group any more. A key is gone once it was tried, whatever came of it. Reads the head, on which the outcome rests.
    pub(crate) fn send(
        &mut self,
        txn: &mut Txn,
        host: &Host,
        (plaintext, aad): (&[u8], &[u8]),
    ) -> Result<Option<Vec<u8>>> {
        if plaintext.len().saturating_add(aad.len()) > limits::MAX_RESERVED_CONTENT {
            return Ok(None);
        }
        txn.watch(&self.head)?;
        let Some(head) = txn.load::<Head>(&self.head)?.filter(|head| self.fits(head)) else {
            self.keys.clear();
            return Ok(None);
        };
        send::check(&head, (plaintext, aad))?;
        let content = (WireFormat::PRIVATE_MESSAGE, Content::Application(plaintext.into()));
        let authenticated = sign_as(Sender::Member(head.own_leaf), ((&head, &self.group_context), host), content, aad)?;
        let Some((generation, key)) = self.keys.pop_front() else { return Ok(None) };
        let sealing = Sealing {
            suite: self.suite,
            sender_data_secret: &self.sender_data_secret,
            generation,
            key,
            reuse_guard: random_bytes()?,
            padding: padding(&head),
        };
        Message::Private(PrivateMessage::protect(&authenticated, sealing)?).encode().map(Some)
    }
}
