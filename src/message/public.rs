//! Messages that are signed and not encrypted (RFC 9420 §6.2).

use std::io::Write;

use tls_codec::{DeserializeBytes, Error, Serialize, Size};

use super::content::{AuthenticatedContent, FramedContent, FramedContentAuthData, read_tag, tag_size, write_tag};
use super::opened::Opened;
use super::sender::Sender;
use super::wire::WireFormat;
use crate::base::{Code, Result as Checked, Secret};
use crate::codec::encode;
use crate::crypto::{Mac, Suite};

/// What shows that a sender is a member of the epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Membership<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) membership_key: &'a Secret,
    /// The encoded GroupContext of the epoch.
    pub(crate) group_context: &'a [u8],
}

impl Membership<'_> {
    /// The membership tag (RFC 9420 §6.2) of content whose FramedContentTBS is already at hand.
    fn tag(&self, to_be_signed: &[u8], auth: &FramedContentAuthData) -> Checked<Mac> {
        Ok(self.suite.mac_parts(self.membership_key, &[to_be_signed, &encode(auth)?]))
    }
}

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

    /// Sends the content of a member.
    pub(crate) fn protect(authenticated: AuthenticatedContent, membership: &Membership<'_>) -> Checked<Self> {
        let mut message = Self::protect_outside(authenticated)?;
        if matches!(message.content.sender, Sender::Member(_)) {
            let to_be_signed = message.to_be_signed(membership)?;
            message.membership_tag = Some(membership.tag(&to_be_signed, &message.auth)?);
        }
        Ok(message)
    }

    /// Sends the content of someone who is no member, and so has no key to prove it.
    pub(crate) fn protect_outside(authenticated: AuthenticatedContent) -> Checked<Self> {
        authenticated.check_outgoing(WireFormat::PUBLIC_MESSAGE)?;
        let AuthenticatedContent { content, auth, .. } = authenticated;
        Ok(PublicMessage { content, auth, membership_tag: None })
    }

    /// Receives content: the rules on who may send what, then the membership tag. The signature is left to
    /// [`Opened::verify`].
    pub(crate) fn unprotect(self, membership: &Membership<'_>) -> Checked<Opened> {
        let wire_format = WireFormat::PUBLIC_MESSAGE;
        self.content.check(wire_format)?;
        let to_be_signed = self.to_be_signed(membership)?;
        if let Some(tag) = &self.membership_tag
            && !membership.tag(&to_be_signed, &self.auth)?.matches(tag)
        {
            return Err(Code::BadMac.into());
        }
        let authenticated = AuthenticatedContent { wire_format, content: self.content, auth: self.auth };
        Ok(Opened::new(authenticated, to_be_signed))
    }

    fn to_be_signed(&self, membership: &Membership<'_>) -> Checked<Vec<u8>> {
        self.content.to_be_signed(WireFormat::PUBLIC_MESSAGE, membership.group_context)
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
