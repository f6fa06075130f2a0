//! `deserialization.json`: length headers of vectors (RFC 9420 §2.1.2).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, number};
use crate::codec::{split_header, write_header};

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let header = bytes(entry, "vlbytes_header")?;
    let (length, rest) = split_header(&header).map_err(|error| error.to_string())?;
    if length != number::<usize>(entry, "length")? || !rest.is_empty() {
        return Err(format!("read as {length} with {} bytes left", rest.len()));
    }
    let mut written = Vec::new();
    write_header(length, &mut written).map_err(|error| error.to_string())?;
    expect(entry, "vlbytes_header", &written)
}
