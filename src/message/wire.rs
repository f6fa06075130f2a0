//! The envelope of everything that clients send each other (MLSMessage, RFC 9420 §6).

use tls_codec::{DeserializeBytes, Serialize, Size, TlsDeserializeBytes, TlsSerialize, TlsSize};

use super::group_info::GroupInfo;
use super::key_package::KeyPackage;
use super::private::PrivateMessage;
use super::public::PublicMessage;
use super::welcome::Welcome;
use crate::base::{Code, ProtocolVersion, Result, limits};
use crate::codec::{decode_exact, decode_front, write};
use crate::tree::Unverified;

/// The registered number of a kind of message (RFC 9420 §17.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, TlsSize, TlsSerialize, TlsDeserializeBytes)]
pub(crate) struct WireFormat(pub(crate) u16);

impl WireFormat {
    /// A framed message that is signed and not encrypted.
    pub(crate) const PUBLIC_MESSAGE: Self = WireFormat(1);
    /// A framed message that is signed and encrypted.
    pub(crate) const PRIVATE_MESSAGE: Self = WireFormat(2);
    /// A Welcome.
    pub(crate) const WELCOME: Self = WireFormat(3);
    /// A GroupInfo.
    pub(crate) const GROUP_INFO: Self = WireFormat(4);
    /// A key package.
    pub(crate) const KEY_PACKAGE: Self = WireFormat(5);
}

/// A message of any kind.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// A framed message that is signed and not encrypted.
    Public(Box<PublicMessage>),
    /// A framed message that is signed and encrypted.
    Private(PrivateMessage),
    /// A Welcome.
    Welcome(Welcome),
    /// A GroupInfo.
    GroupInfo(Box<Unverified<GroupInfo>>),
    /// A key package.
    KeyPackage(Box<Unverified<KeyPackage>>),
}

impl Message {
    /// The number of its kind.
    pub(crate) fn wire_format(&self) -> WireFormat {
        match self {
            Message::Public(_) => WireFormat::PUBLIC_MESSAGE,
            Message::Private(_) => WireFormat::PRIVATE_MESSAGE,
            Message::Welcome(_) => WireFormat::WELCOME,
            Message::GroupInfo(_) => WireFormat::GROUP_INFO,
            Message::KeyPackage(_) => WireFormat::KEY_PACKAGE,
        }
    }

    /// Reads a message that fills `bytes`. Version, kind and length are looked at before anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let (version, rest) = decode_front::<ProtocolVersion>(bytes)?;
        version.check()?;
        let (wire_format, body) = decode_front::<WireFormat>(rest)?;
        check_length(wire_format, bytes.len())?;
        match wire_format {
            WireFormat::PUBLIC_MESSAGE => decode_body(body, Message::Public),
            WireFormat::PRIVATE_MESSAGE => decode_body(body, Message::Private),
            WireFormat::WELCOME => decode_body(body, Message::Welcome),
            WireFormat::GROUP_INFO => decode_body(body, Message::GroupInfo),
            WireFormat::KEY_PACKAGE => decode_body(body, Message::KeyPackage),
            WireFormat(other) => Err(Code::UnsupportedContent.with(format_args!("wire format {other}"))),
        }
    }

    /// Encodes the message in its envelope.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let header = (ProtocolVersion::MLS10, self.wire_format());
        match self {
            Message::Public(message) => encode_body(header, &**message),
            Message::Private(message) => encode_body(header, message),
            Message::Welcome(welcome) => encode_body(header, welcome),
            Message::GroupInfo(group_info) => encode_body(header, &**group_info),
            Message::KeyPackage(key_package) => encode_body(header, &**key_package),
        }
    }
}

fn encode_body(header: (ProtocolVersion, WireFormat), body: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(header.tls_serialized_len() + body.tls_serialized_len());
    write(&mut bytes, &header)?;
    write(&mut bytes, body)?;
    Ok(bytes)
}

fn check_length(wire_format: WireFormat, length: usize) -> Result<()> {
    let most = match wire_format {
        WireFormat::WELCOME | WireFormat::GROUP_INFO => limits::MAX_TREE,
        _ => limits::MAX_MESSAGE,
    };
    match length <= most {
        true => Ok(()),
        false => Err(Code::LimitReached.with(format_args!("a message of this kind is at most {most} bytes long"))),
    }
}

fn decode_body<T: DeserializeBytes>(body: &[u8], message: impl Fn(T) -> Message) -> Result<Message> {
    decode_exact(body).map(message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn other_versions_and_kinds_are_unsupported() {
        let code = |bytes: &[u8]| Message::decode(bytes).unwrap_err().code();
        assert_eq!(code(&[0, 2, 0, 5]), Code::UnsupportedVersion.number());
        assert_eq!(code(&[0, 0, 0, 5]), Code::UnsupportedVersion.number());
        assert_eq!(code(&[0, 1, 0, 6]), Code::UnsupportedContent.number());
        assert_eq!(code(&[0, 1, 0]), Code::Malformed.number());
    }

    #[test]
    fn nothing_follows_a_message() {
        let welcome = [0, 1, 0, 3, 0, 1, 0, 0];
        assert_eq!(Message::decode(&welcome).unwrap().encode().unwrap(), welcome);
        let longer = [&welcome[..], &[0]].concat();
        assert_eq!(Message::decode(&longer).unwrap_err().code(), Code::TrailingBytes.number());
    }
}
