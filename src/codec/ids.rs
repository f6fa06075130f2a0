//! Wire forms of the ids of `base` that are byte strings.

use std::io::Write;

use tls_codec::{DeserializeBytes, Error, Serialize, Size};

use super::opaque::{header_size, split_opaque, write_opaque};
use crate::base::GroupId;

impl Size for GroupId {
    fn tls_serialized_len(&self) -> usize {
        header_size(self.0.len()) + self.0.len()
    }
}

impl Serialize for GroupId {
    fn tls_serialize<W: Write>(&self, writer: &mut W) -> Result<usize, Error> {
        write_opaque(&self.0, writer)
    }
}

impl DeserializeBytes for GroupId {
    fn tls_deserialize_bytes(bytes: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (content, rest) = split_opaque(bytes)?;
        Ok((GroupId(content.to_vec()), rest))
    }
}
