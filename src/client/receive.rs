//! Receiving messages: at once, or when the commits before them have come.

use super::group::Group;
use crate::base::Result;
use crate::base::event::{Effect, Event};
use crate::group::deferral;
use crate::group::foresight::Foresight;
use crate::group::inbound::Incoming;
use crate::group::receive::Received;

#[uniffi::export]
impl Group {
    /// Receives any message for this group: what it turned into is the event. `tag` comes back in the effect.
    ///
    /// A message that is refused changes nothing. The echo of our own pending commit confirms it. A message of a future epoch
    /// is kept if `ClientConfig.max_deferred` allows it, and comes out of `next_deferred` when its epoch has begun.
    ///
    /// What changes nothing (an error, `OwnEcho`, `Duplicate`) is not written, and so has no effect: an app that moves its
    /// cursor with the effect steps over such a message by itself.
    ///
    /// # Errors
    /// - What is no message: the 2xx, `UnsupportedVersion`, `UnsupportedContent`, `LimitReached`. `WrongContent` for one of
    ///   another kind or group.
    /// - What comes at the wrong time: `FutureEpoch`, `PastEpoch`, `GenerationTooFar`, `KeyGone`, `Removed`; `Frozen` for
    ///   proposals and commits.
    /// - What lacks something: `UnknownProposal`, `UnknownPsk`.
    /// - What is our own: `OwnCommitDiscarded`, `OwnMessage` for a commit that this store does not know, and `NotHealed` in a
    ///   group that came out of an archive, where another device may have sent it.
    /// - What breaks a rule, the app's own among them (`CredentialRejected`, `PolicyRejected`): the 3xx. `LimitReached` for a
    ///   proposal when too many wait.
    #[uniffi::method(default(tag))]
    pub fn receive(&self, message: Vec<u8>, tag: Vec<u8>) -> Result<Event> {
        let incoming = Incoming::parse(&message)?;
        self.act(
            |foresight| incoming.look(|inbound| foresight.to_receive(inbound)),
            |txn, state| {
                let inbound = incoming.take()?;
                let received = deferral::receive(txn, (state, &self.shared.services), (inbound, &message))?;
                let effect = self.effect(&received, &tag);
                Ok((received, Some(effect)))
            },
        )
        .map(Received::claim)
    }

    /// Takes the first deferred message whose epoch has begun, and processes it as `receive` would; nothing if there is none.
    /// After every commit, received or confirmed, call this until it gives nothing:
    ///
    /// ```text
    /// event = group.receive(message, tag)
    /// while event { show(event); event = group.next_deferred(tag) }
    /// ```
    ///
    /// Messages come by epoch, in each epoch the commits last, and else in the order they arrived. The event and the deletion
    /// of the message are one batch, with the effect that `receive` gives, here for `OwnEcho` and `Duplicate` too. A message
    /// that is refused is deleted without a word and the next one tried; deleted, too, are messages whose epochs have left the
    /// window of `past_epochs`. All are when the group is joined anew or deleted; after a removal or a ReInit, those of
    /// epochs that this client will not see.
    ///
    /// # Errors
    /// `UnknownProposal` and `UnknownPsk` if a commit waits for a proposal that has not come or for a key that was not put, and
    /// nothing else can be released: it stays. And those of the app's callbacks, after which the message stays as well.
    #[uniffi::method(default(tag))]
    pub fn next_deferred(&self, tag: Vec<u8>) -> Result<Option<Event>> {
        let released = self.act(Foresight::to_load, |txn, state| {
            let released = deferral::release(txn, (state, &self.shared.services))?;
            let effect = released.received.as_ref().map(|received| self.effect(received, &tag));
            Ok((released, effect))
        })?;
        match (released.received, released.blocked) {
            (Some(received), _) => Ok(Some(received.claim())),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    /// Deletes all deferred messages, of whatever epoch: for a buffer that somebody has filled with what will never come.
    ///
    /// # Errors
    /// None but those of every call.
    pub fn clear_deferred(&self) -> Result<()> {
        self.act(Foresight::to_load, |txn, state| {
            deferral::clear(txn, state)?;
            Ok(((), None))
        })
    }
}

impl Group {
    fn effect(&self, received: &Received, tag: &[u8]) -> Effect {
        let (group_id, tag, event) = (self.id(), tag.to_vec(), received.event.clone());
        match received.own_commit {
            true => Effect::Confirmed { group_id, tag, event, welcome: received.welcome.clone() },
            false => Effect::Received { group_id, tag, event },
        }
    }
}
