//! `opaque<V>`: a byte string behind a variable-size length header (RFC 9420 §2.1.2).

use std::fmt;
use std::io::Write;
use std::ops::Deref;

use smallvec::SmallVec;
use tls_codec::{DeserializeBytes, Error, Serialize, Size};

/// Bytes on the wire as `opaque<V>`. Prints its length only, for it may hold what users wrote.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Opaque(pub(crate) Vec<u8>);

impl Opaque {
    pub(crate) fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl Deref for Opaque {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Opaque {
    fn from(bytes: Vec<u8>) -> Self {
        Opaque(bytes)
    }
}

impl From<&[u8]> for Opaque {
    fn from(bytes: &[u8]) -> Self {
        Opaque(bytes.to_vec())
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({})", self.0.len())
    }
}

impl Size for Opaque {
    fn tls_serialized_len(&self) -> usize {
        header_size(self.0.len()) + self.0.len()
    }
}

impl Serialize for Opaque {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        write_opaque(&self.0, writer)
    }
}

impl DeserializeBytes for Opaque {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (content, rest) = split_opaque(bytes)?;
        Ok((Opaque(content.to_vec()), rest))
    }
}

/// The same where it is short as a rule, and public: a hash, a public key, a signature. Up to 32 bytes need no
/// allocation.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Short(pub(crate) SmallVec<[u8; 32]>);

impl Deref for Short {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Short {
    fn from(bytes: Vec<u8>) -> Self {
        Short::from(bytes.as_slice())
    }
}

impl From<&[u8]> for Short {
    fn from(bytes: &[u8]) -> Self {
        Short(SmallVec::from_slice(bytes))
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Short({})", self.0.len())
    }
}

impl Size for Short {
    fn tls_serialized_len(&self) -> usize {
        header_size(self.0.len()) + self.0.len()
    }
}

impl Serialize for Short {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        write_opaque(&self.0, writer)
    }
}

impl DeserializeBytes for Short {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (content, rest) = split_opaque(bytes)?;
        Ok((Short::from(content), rest))
    }
}

/// How many bytes the length header of a vector of `length` bytes takes.
pub(crate) fn header_size(length: usize) -> usize {
    match length {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        _ => 4,
    }
}

/// Writes a length header in its shortest form.
pub(crate) fn write_header<W: Write>(length: usize, writer: &mut W) -> Result<usize, Error> {
    let value = u32::try_from(length).map_err(|_| Error::InvalidVectorLength)?;
    match value {
        0..=0x3f => writer.write_all(&[value as u8])?,
        0x40..=0x3fff => writer.write_all(&(0x4000 | value as u16).to_be_bytes())?,
        0x4000..=0x3fff_ffff => writer.write_all(&(0x8000_0000 | value).to_be_bytes())?,
        _ => return Err(Error::InvalidVectorLength),
    }
    Ok(header_size(length))
}

/// Writes `content` behind its length header.
pub(crate) fn write_opaque<W: Write>(content: &[u8], writer: &mut W) -> Result<usize, Error> {
    let header = write_header(content.len(), writer)?;
    writer.write_all(content)?;
    Ok(header + content.len())
}

/// Reads a length header; anything but its shortest form is refused.
pub(crate) fn split_header(bytes: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (&first, rest) = bytes.split_first().ok_or(Error::EndOfStream)?;
    let extra = match first >> 6 {
        0 => 0,
        1 => 1,
        2 => 3,
        _ => return Err(Error::InvalidVectorLength),
    };
    let (tail, rest) = rest.split_at_checked(extra).ok_or(Error::EndOfStream)?;
    let length = tail.iter().fold(usize::from(first & 0x3f), |length, &byte| length << 8 | usize::from(byte));
    match header_size(length) == 1 + extra {
        true => Ok((length, rest)),
        false => Err(Error::InvalidVectorLength),
    }
}

/// Splits `opaque<V>` off the front without copying it.
pub(crate) fn split_opaque(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (length, rest) = split_header(bytes)?;
    rest.split_at_checked(length).ok_or(Error::EndOfStream)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shortest_header_is_read() {
        for length in [0usize, 0x3f, 0x40, 0x3fff, 0x4000, 0x3fff_ffff] {
            let mut bytes = Vec::new();
            write_header(length, &mut bytes).unwrap();
            assert_eq!(split_header(&bytes).unwrap(), (length, &[][..]));
        }
        assert!(write_header(0x4000_0000, &mut Vec::new()).is_err());
        for longer in [&[0x40, 0x3f][..], &[0x80, 0, 0x3f, 0xff], &[0xc0, 0, 0, 0, 0, 0, 0, 1]] {
            assert!(split_header(longer).is_err());
        }
    }

    #[test]
    fn content_past_the_end_is_refused() {
        assert!(split_opaque(&[2, 7]).is_err());
        assert_eq!(split_opaque(&[1, 7, 9]).unwrap(), (&[7u8][..], &[9u8][..]));
    }
}
