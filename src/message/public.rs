//! Messages that are signed and not encrypted (RFC 9420 §6.2).

use std::io::Write;

use tls_codec::{DeserializeBytes, Error, Serialize, Size};

use super::content::{FramedContent, FramedContentAuthData, read_tag, tag_size, write_tag};
use super::sender::Sender;
use crate::crypto::Mac;

/// A signed message with proof that its sender is a member, unless it comes from outside.
#[derive(Debug, Clone)]
pub(crate) struct PublicMessage {
    content: FramedContent,
    auth: FramedContentAuthData,
    /// There exactly for members: the sender type says so, and no byte of its own.
    membership_tag: Option<Mac>,
}

impl PublicMessage {
    /// The content, of which nothing is known to be true yet.
    pub(crate) fn peek(&self) -> &FramedContent {
        &self.content
    }
}

impl Size for PublicMessage {
    fn tls_serialized_len(&self) -> usize {
        let signed = self.content.tls_serialized_len() + self.auth.tls_serialized_len();
        signed + tag_size(self.membership_tag.as_ref())
    }
}

impl Serialize for PublicMessage {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        let signed = self.content.tls_serialize(writer)? + self.auth.tls_serialize(writer)?;
        Ok(signed + write_tag(self.membership_tag.as_ref(), writer)?)
    }
}

impl DeserializeBytes for PublicMessage {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (content, rest) = FramedContent::tls_deserialize_bytes(bytes)?;
        let (auth, rest) = FramedContentAuthData::read(rest, &content.content)?;
        let (membership_tag, rest) = read_tag(matches!(content.sender, Sender::Member(_)), rest)?;
        Ok((PublicMessage { content, auth, membership_tag }, rest))
    }
}
