//! The messages of RFC 9420 as they stand on the wire, each with the checks that need no group.

mod commit;
mod content;
mod group_context;
mod group_info;
mod key_package;
mod opened;
mod padding;
mod private;
mod proposal;
mod public;
mod sender;
mod sender_data;
mod welcome;
mod wire;

pub(crate) use commit::{Commit, ProposalOrRef};
pub(crate) use content::{
    AuthenticatedContent, CommitFrame, Content, ContentType, FramedContent, FramedContentAuthData,
};
pub(crate) use group_context::{GroupContext, check_group_extensions};
pub(crate) use group_info::GroupInfo;
pub(crate) use key_package::KeyPackage;
#[cfg(any(test, feature = "test-util"))]
pub(crate) use opened::Opened;
pub(crate) use opened::Verified;
pub(crate) use padding::Padding;
pub(crate) use private::{Glimpse, Located, PrivateMessage, Sealing};
pub(crate) use proposal::{Proposal, ReInit};
pub(crate) use public::{Membership, PublicMessage};
pub(crate) use sender::Sender;
pub(crate) use welcome::{EncryptedGroupSecrets, GroupSecrets, Welcome};
pub(crate) use wire::{Message, WireFormat};

#[cfg(test)]
mod protection_tests;
