//! The shape that every labelled input of RFC 9420 shares: `opaque label<V>; opaque content<V>`.

use crate::base::{Code, Error, Result};
use crate::codec::write_header;

const PREFIX: &str = "MLS 1.0 ";

/// A label and a content as they are encoded, in parts, so that a long content is never copied.
pub(super) struct Labelled<'a> {
    label_header: Header,
    prefix: &'static str,
    label: &'a str,
    content_header: Header,
    content: &'a [u8],
}

impl<'a> Labelled<'a> {
    /// With "MLS 1.0 " before the label (RFC 9420 §5.1.2, §5.1.3, §8).
    pub(super) fn mls(label: &'a str, content: &'a [u8]) -> Result<Self> {
        Self::with_prefix(PREFIX, label, content)
    }

    /// With the label as it is (RFC 9420 §5.2).
    pub(super) fn bare(label: &'a str, content: &'a [u8]) -> Result<Self> {
        Self::with_prefix("", label, content)
    }

    fn with_prefix(prefix: &'static str, label: &'a str, content: &'a [u8]) -> Result<Self> {
        let label_header = Header::of(prefix.len() + label.len())?;
        let content_header = Header::of(content.len())?;
        Ok(Labelled { label_header, prefix, label, content_header, content })
    }

    /// The encoding, in order.
    pub(super) fn parts(&self) -> [&[u8]; 5] {
        [
            self.label_header.as_slice(),
            self.prefix.as_bytes(),
            self.label.as_bytes(),
            self.content_header.as_slice(),
            self.content,
        ]
    }
}

/// A vector's length header, on the stack.
struct Header {
    bytes: [u8; 4],
    size: usize,
}

impl Header {
    fn of(length: usize) -> Result<Self> {
        let mut bytes = [0; 4];
        let size = write_header(length, &mut bytes.as_mut_slice()).map_err(too_long)?;
        Ok(Header { bytes, size })
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.size).unwrap_or_default()
    }
}

fn too_long(_: tls_codec::Error) -> Error {
    Code::TooLong.with("a label or its content is longer than a vector may be")
}
