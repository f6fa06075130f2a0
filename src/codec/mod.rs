//! The TLS presentation language (RFC 9420 §2.1) on top of `tls_codec`: exact decoding, and errors of our own.

mod ids;
mod opaque;

use tls_codec::{DeserializeBytes, Serialize};

use crate::base::{Code, Error, Result};

pub(crate) use opaque::{Opaque, Short, header_size, split_header, split_opaque, write_header, write_opaque};

/// Decodes one object that must fill `bytes` to the last one.
pub(crate) fn decode_exact<T: DeserializeBytes>(bytes: &[u8]) -> Result<T> {
    let (value, rest) = T::tls_deserialize_bytes(bytes).map_err(malformed)?;
    match rest {
        [] => Ok(value),
        _ => Err(Code::TrailingBytes.into()),
    }
}

/// Decodes one object from the front of `bytes`, and gives what follows it.
pub(crate) fn decode_front<T: DeserializeBytes>(bytes: &[u8]) -> Result<(T, &[u8])> {
    T::tls_deserialize_bytes(bytes).map_err(malformed)
}

/// Encodes one object. It fails only for a vector beyond 2^30 bytes.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.tls_serialized_len());
    value.tls_serialize(&mut bytes).map_err(unencodable)?;
    Ok(bytes)
}

/// Appends one encoded object. It fails as [`encode`] does.
pub(crate) fn write(bytes: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    value.tls_serialize(bytes).map(drop).map_err(unencodable)
}

/// The library's own error for what a decoder made by hand found wrong.
pub(crate) fn malformed(error: tls_codec::Error) -> Error {
    match error {
        tls_codec::Error::InvalidVectorLength => Code::BadVector.into(),
        tls_codec::Error::TrailingData => Code::TrailingBytes.into(),
        other => Code::Malformed.with(format_args!("the bytes are not a valid MLS object: {other:?}")),
    }
}

pub(crate) fn unencodable(error: tls_codec::Error) -> Error {
    Code::TooLong.with(format_args!("the object cannot be encoded: {error:?}"))
}
