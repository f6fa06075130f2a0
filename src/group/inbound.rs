//! A message as it came: parsed, and nothing of it known to be true.

use std::cell::{OnceCell, RefCell};

use super::head::Standing;
use super::state::GroupState;
use crate::base::{Code, Epoch, GroupId, LeafIndex, Result, Secret};
use crate::crypto::sha256;
use crate::message::{ContentType, Glimpse, Message, PrivateMessage, PublicMessage, Sender};
use crate::schedule::SecretTree;

/// A framed message of which nothing is known to be true.
pub(crate) struct Inbound {
    pub(super) framed: Framed,
    /// The hash of its bytes, by which our own come back.
    pub(crate) hash: [u8; 32],
}

pub(super) enum Framed {
    Public(Box<PublicMessage>),
    /// With its sender data, once they were looked at.
    Private(PrivateMessage, OnceCell<Glimpse>),
}

/// The bytes of a message, parsed anew for each attempt to receive it, but for the first.
pub(crate) struct Incoming<'a> {
    bytes: &'a [u8],
    parsed: RefCell<Option<Inbound>>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        Ok(Incoming { bytes, parsed: RefCell::new(Some(parse(bytes)?)) })
    }

    /// What can be told of the message before the first attempt.
    pub(crate) fn look<T: Default>(&self, tell: impl Fn(&Inbound) -> T) -> T {
        self.parsed.borrow().as_ref().map(tell).unwrap_or_default()
    }

    /// The message, for one attempt.
    pub(crate) fn take(&self) -> Result<Inbound> {
        self.parsed.take().map_or_else(|| parse(self.bytes), Ok)
    }
}

/// Reads a message for a group; no other kind belongs here.
pub(crate) fn parse(bytes: &[u8]) -> Result<Inbound> {
    let framed = match Message::decode(bytes)? {
        Message::Public(message) => Framed::Public(message),
        Message::Private(message) => Framed::Private(message, OnceCell::new()),
        _ => return Err(Code::WrongContent.with("not a message for a group: pass a Welcome to join")),
    };
    Ok(Inbound { framed, hash: sha256(&[bytes]) })
}

impl Inbound {
    fn group_id(&self) -> &GroupId {
        match &self.framed {
            Framed::Public(message) => &message.peek().group_id,
            Framed::Private(message, _) => &message.group_id,
        }
    }

    /// Refuses a message for another group.
    pub(crate) fn require_group(&self, group_id: &GroupId) -> Result<()> {
        match self.group_id() == group_id {
            true => Ok(()),
            false => Err(Code::WrongContent.with("the message is for another group")),
        }
    }

    pub(crate) fn epoch(&self) -> Epoch {
        match &self.framed {
            Framed::Public(message) => message.peek().epoch,
            Framed::Private(message, _) => message.epoch,
        }
    }

    /// Of what kind the message says it is.
    pub(crate) fn content_type(&self) -> ContentType {
        match &self.framed {
            Framed::Public(message) => message.peek().content.content_type(),
            Framed::Private(message, _) => message.content_type,
        }
    }

    /// The member that claims to have sent the message, and of what kind it is; `tree` is that of the message's epoch.
    pub(crate) fn claimed_sender(
        &self,
        tree: &SecretTree<'_>,
        sender_data_secret: &Secret,
    ) -> Option<(LeafIndex, ContentType)> {
        match &self.framed {
            Framed::Public(message) => match message.peek().sender {
                Sender::Member(leaf) => Some((leaf, message.peek().content.content_type())),
                _ => None,
            },
            Framed::Private(message, seen) => {
                let glimpse = message.glimpse(tree.suite, sender_data_secret, tree.width.leaves()).ok()?;
                Some((seen.get_or_init(|| glimpse).leaf_index(), message.content_type))
            }
        }
    }

    /// The message, if it is encrypted.
    #[cfg(feature = "test-util")]
    pub(crate) fn private(&self) -> Option<&PrivateMessage> {
        match &self.framed {
            Framed::Private(message, _) => Some(message),
            Framed::Public(_) => None,
        }
    }

    /// Whether the message is encrypted.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.framed, Framed::Private(..))
    }

    /// Whether the message is data for the app.
    pub(crate) fn is_application(&self) -> bool {
        matches!(&self.framed, Framed::Private(message, _) if message.content_type == ContentType::Application)
    }

    /// Refuses what cannot be read in the group's present epoch: handshakes of any other, and data whose keys are gone or
    /// yet to come.
    pub(crate) fn check_epoch(&self, state: &GroupState) -> Result<()> {
        let (epoch, now) = (self.epoch(), state.head.epoch);
        let late = self.is_application() && state.head.keeps(epoch);
        match state.head.standing {
            Standing::Removed if self.is_application() && !late && epoch <= now => Err(Code::PastEpoch.into()),
            Standing::Removed if !late => Err(Code::Removed.into()),
            _ if epoch > now => Err(Code::FutureEpoch.into()),
            _ if epoch < now && !late => Err(Code::PastEpoch.into()),
            _ => Ok(()),
        }
    }
}
