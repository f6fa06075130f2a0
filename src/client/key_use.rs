//! Which key a message was encrypted with, for tests that no key is used twice. Compiled for tests only.

use super::group::Group;
use crate::base::{Code, Result};
use crate::group::epoch::EpochRecord;
use crate::group::inbound::parse;
use crate::message::ContentType;

/// The place of one key in the secret tree of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyUse {
    /// The epoch.
    pub epoch: u64,
    /// The sender's leaf.
    pub leaf: u32,
    /// Whether the key is of the ratchet for proposals and commits.
    pub handshake: bool,
    /// The number in the ratchet.
    pub generation: u32,
}

impl Group {
    /// The key that an encrypted message of an epoch in the window says it was encrypted with; nothing for a public one.
    pub fn key_use(&self, message: &[u8]) -> Result<Option<KeyUse>> {
        let inbound = parse(message)?;
        let Some(message) = inbound.private() else { return Ok(None) };
        let (epoch, handshake) = (message.epoch, message.content_type != ContentType::Application);
        self.query(|txn, state| {
            let record: EpochRecord = txn.load(&state.keys.epoch(epoch))?.ok_or(Code::PastEpoch)?;
            let located = message.clone().locate(state.suite, &record.sender_data_secret, record.width.leaves())?;
            let (leaf, generation) = (located.leaf_index().0, located.generation());
            Ok(Some(KeyUse { epoch: epoch.0, leaf, handshake, generation }))
        })
    }
}
