//! What was decoded but not checked has another type than what was: `Unverified<T>` gives up its `T` only for a verified
//! signature.

use std::io::Write;
use std::sync::Arc;

use tls_codec::{DeserializeBytes, Error, Serialize, Size};

use crate::base::{Code, Result};
use crate::codec::encode;
use crate::crypto::{Signature, SignatureVerified};

/// An object from the network that nobody has checked. Each kind of object has its own `verify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unverified<T>(T);

impl<T> Unverified<T> {
    /// A look at the unchecked object, for what must be known to check it.
    pub(crate) fn peek(&self) -> &T {
        &self.0
    }

    /// The same, to be had in many places: a large object that is decoded once.
    pub(crate) fn shared(self) -> Unverified<Arc<T>> {
        Unverified(Arc::new(self.0))
    }

    /// The object, now that its signature is known to be good. The other checks come before, in its `verify`.
    pub(crate) fn accept(self, _: SignatureVerified) -> T {
        self.0
    }
}

/// An object of our own making travels as any other.
impl<T> From<T> for Unverified<T> {
    fn from(checked: T) -> Self {
        Unverified(checked)
    }
}

impl<T: Size> Size for Unverified<T> {
    fn tls_serialized_len(&self) -> usize {
        self.0.tls_serialized_len()
    }
}

impl<T: Serialize> Serialize for Unverified<T> {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        self.0.tls_serialize(writer)
    }
}

impl<T: DeserializeBytes> DeserializeBytes for Unverified<T> {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (unchecked, rest) = T::tls_deserialize_bytes(bytes)?;
        Ok((Unverified(unchecked), rest))
    }
}

/// A struct that ends in a signature over all fields before it.
pub(crate) trait Signed: Serialize {
    /// The label its signature is made with (RFC 9420 §17.6).
    const LABEL: &'static str;

    /// The signature that ends the struct.
    fn signature(&self) -> &Signature;

    /// The encoded fields above the signature, which it covers.
    fn signed_fields(&self) -> Result<Vec<u8>> {
        let mut bytes = encode(self)?;
        let signature = self.signature().tls_serialized_len();
        let end = bytes.len().checked_sub(signature).ok_or(Code::Internal)?;
        bytes.truncate(end);
        Ok(bytes)
    }
}
