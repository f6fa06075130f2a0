//! Framed content (RFC 9420 §6) and what authenticates it (§6.1).

use std::io::Write;

use tls_codec::{DeserializeBytes, Error, Serialize, Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::commit::Commit;
use super::proposal::Proposal;
use super::sender::Sender;
use super::wire::WireFormat;
use crate::base::{Code, Epoch, GroupId, ProtocolVersion, Result};
use crate::codec::{Opaque, encode, write};
use crate::crypto::{Digest, Mac, Signature, Suite};

/// The kind of a framed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum ContentType {
    /// The app's own data.
    Application = 1,
    /// A proposal.
    Proposal = 2,
    /// A commit.
    Commit = 3,
}

/// What a framed message carries.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
#[repr(u8)]
pub(crate) enum Content {
    /// The app's own data.
    #[tls_codec(discriminant = 1)]
    Application(Opaque),
    /// A proposal.
    #[tls_codec(discriminant = 2)]
    Proposal(Proposal),
    /// A commit.
    #[tls_codec(discriminant = 3)]
    Commit(Box<Commit>),
}

impl Content {
    /// The number of its kind.
    pub(crate) fn content_type(&self) -> ContentType {
        match self {
            Content::Application(_) => ContentType::Application,
            Content::Proposal(_) => ContentType::Proposal,
            Content::Commit(_) => ContentType::Commit,
        }
    }

    /// The encoded size without the number of its kind.
    pub(super) fn body_size(&self) -> usize {
        self.tls_serialized_len() - self.content_type().tls_serialized_len()
    }

    /// Appends the content without the number of its kind.
    pub(super) fn write_body(&self, bytes: &mut Vec<u8>) -> Result<()> {
        match self {
            Content::Application(data) => write(bytes, data),
            Content::Proposal(proposal) => write(bytes, proposal),
            Content::Commit(commit) => write(bytes, commit),
        }
    }

    /// Reads content of a kind that is known from elsewhere.
    pub(super) fn read_body(content_type: ContentType, bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        match content_type {
            ContentType::Application => read(bytes, Content::Application),
            ContentType::Proposal => read(bytes, Content::Proposal),
            ContentType::Commit => read(bytes, Content::Commit),
        }
    }

    /// Whether a message of this kind has a confirmation tag (RFC 9420 §6.1).
    pub(crate) fn is_commit(&self) -> bool {
        matches!(self, Content::Commit(_))
    }
}

fn read<T: DeserializeBytes>(bytes: &[u8], content: impl Fn(T) -> Content) -> Result<(Content, &[u8]), Error> {
    let (body, rest) = T::tls_deserialize_bytes(bytes)?;
    Ok((content(body), rest))
}

/// Content with its group, epoch and sender.
#[derive(Debug, Clone, PartialEq, Eq, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct FramedContent {
    pub(crate) group_id: GroupId,
    pub(crate) epoch: Epoch,
    pub(crate) sender: Sender,
    pub(crate) authenticated_data: Opaque,
    pub(crate) content: Content,
}

impl FramedContent {
    /// The label that framed content is signed with (RFC 9420 §6.1).
    pub(crate) const LABEL: &'static str = "FramedContentTBS";

    /// What the signature covers (FramedContentTBS, RFC 9420 §6.1). `group_context` is the encoded GroupContext of the
    /// message's epoch, left out for senders outside the group.
    pub(crate) fn to_be_signed(&self, wire_format: WireFormat, group_context: &[u8]) -> Result<Vec<u8>> {
        let mut bytes = encode(&(ProtocolVersion::MLS10, wire_format, self))?;
        if self.sender.signs_group_context() {
            bytes.extend_from_slice(group_context);
        }
        Ok(bytes)
    }

    /// The rules on who may send what, and in which wire format (RFC 9420 §6, §6.1, §12.1.8).
    pub(crate) fn check(&self, wire_format: WireFormat) -> Result<()> {
        let encrypted = wire_format == WireFormat::PRIVATE_MESSAGE;
        match (self.sender, &self.content) {
            (Sender::Member(_), Content::Application(_)) if !encrypted => {
                Err(Code::WrongContent.with("application data that is not encrypted"))
            }
            (Sender::Member(_), _) => Ok(()),
            _ if encrypted => Err(Code::BadSender.with("an encrypted message from outside the group")),
            (Sender::External(_), Content::Proposal(proposal)) if proposal.may_be_external() => Ok(()),
            (Sender::NewMemberProposal, Content::Proposal(Proposal::Add(_))) => Ok(()),
            (Sender::NewMemberCommit, Content::Commit(commit)) if commit.path.is_some() => Ok(()),
            _ => Err(Code::BadSender.with("content that this kind of sender may not send")),
        }
    }
}

/// What authenticates framed content.
#[derive(Debug, Clone)]
pub(crate) struct FramedContentAuthData {
    pub(crate) signature: Signature,
    /// Proof that the committer reached the new epoch; commits alone have it. No byte on the wire says whether it is
    /// there: the content type does.
    pub(crate) confirmation_tag: Option<Mac>,
}

impl FramedContentAuthData {
    /// Reads what follows `content` on the wire.
    pub(super) fn read<'a>(bytes: &'a [u8], content: &Content) -> Result<(Self, &'a [u8]), Error> {
        let (signature, rest) = Signature::tls_deserialize_bytes(bytes)?;
        let (confirmation_tag, rest) = read_tag(content.is_commit(), rest)?;
        Ok((FramedContentAuthData { signature, confirmation_tag }, rest))
    }
}

impl Size for FramedContentAuthData {
    fn tls_serialized_len(&self) -> usize {
        self.signature.tls_serialized_len() + tag_size(self.confirmation_tag.as_ref())
    }
}

impl Serialize for FramedContentAuthData {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        Ok(self.signature.tls_serialize(writer)? + write_tag(self.confirmation_tag.as_ref(), writer)?)
    }
}

/// Reads a tag that is there under a condition which its own bytes do not tell.
pub(super) fn read_tag(present: bool, bytes: &[u8]) -> Result<(Option<Mac>, &[u8]), Error> {
    match present {
        true => Mac::tls_deserialize_bytes(bytes).map(|(tag, rest)| (Some(tag), rest)),
        false => Ok((None, bytes)),
    }
}

/// The encoded size of a tag that may not be there.
pub(super) fn tag_size(tag: Option<&Mac>) -> usize {
    tag.map_or(0, Size::tls_serialized_len)
}

/// Writes a tag if there is one.
pub(super) fn write_tag<W: Write>(tag: Option<&Mac>, writer: &mut W) -> Result<usize, Error> {
    tag.map_or(Ok(0), |tag| tag.tls_serialize(writer))
}

/// Content with what authenticates it and the wire format it was signed for. Every encoding of it is the same, so that
/// its hash can be taken from the decoded form (ProposalRef, RFC 9420 §5.2).
#[derive(Debug, Clone)]
pub(crate) struct AuthenticatedContent {
    pub(crate) wire_format: WireFormat,
    pub(crate) content: FramedContent,
    pub(crate) auth: FramedContentAuthData,
}

impl AuthenticatedContent {
    /// The ProposalRef of the proposal it carries (RFC 9420 §5.2).
    pub(crate) fn proposal_ref(&self, suite: &Suite) -> Result<Digest> {
        suite.proposal_ref(&encode(self)?)
    }

    /// Refuses to send what receivers would refuse: content that the wire format may not carry, or a confirmation tag
    /// that is missing or misplaced.
    pub(super) fn check_outgoing(&self, wire_format: WireFormat) -> Result<()> {
        self.content.check(wire_format)?;
        let tagged = self.auth.confirmation_tag.is_some() == self.content.content.is_commit();
        match tagged && self.wire_format == wire_format {
            true => Ok(()),
            false => {
                Err(Code::Internal.with("content signed for another wire format, or its confirmation tag is amiss"))
            }
        }
    }

    /// What a commit adds to the transcript (ConfirmedTranscriptHashInput, RFC 9420 §8.2).
    pub(crate) fn confirmed_transcript_input(&self) -> Result<Vec<u8>> {
        encode(&(self.wire_format, &self.content, &self.auth.signature))
    }

    /// Takes a commit out of its frame; `WrongContent` if it is none.
    pub(crate) fn into_commit(self) -> Result<(CommitFrame, Commit)> {
        let transcript_input = self.confirmed_transcript_input()?;
        let Content::Commit(commit) = self.content.content else { return Err(Code::WrongContent.into()) };
        let (sender, confirmation_tag) = (self.content.sender, self.auth.confirmation_tag);
        Ok((CommitFrame { sender, transcript_input, confirmation_tag }, *commit))
    }
}

/// What is left of a message when its commit is taken out.
pub(crate) struct CommitFrame {
    pub(crate) sender: Sender,
    /// What the commit adds to the transcript.
    pub(crate) transcript_input: Vec<u8>,
    pub(crate) confirmation_tag: Option<Mac>,
}

impl Size for AuthenticatedContent {
    fn tls_serialized_len(&self) -> usize {
        self.wire_format.tls_serialized_len() + self.content.tls_serialized_len() + self.auth.tls_serialized_len()
    }
}

impl Serialize for AuthenticatedContent {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        let header = self.wire_format.tls_serialize(writer)?;
        Ok(header + self.content.tls_serialize(writer)? + self.auth.tls_serialize(writer)?)
    }
}

impl DeserializeBytes for AuthenticatedContent {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (wire_format, rest) = WireFormat::tls_deserialize_bytes(bytes)?;
        let (content, rest) = FramedContent::tls_deserialize_bytes(rest)?;
        let (auth, rest) = FramedContentAuthData::read(rest, &content.content)?;
        Ok((AuthenticatedContent { wire_format, content, auth }, rest))
    }
}
