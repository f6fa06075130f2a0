//! Bytes that cross the border: borrowed on the way in, owned on the way out.

use super::memory::conclave_memory;
use crate::base::{Code, Result};

/// Longest input that is looked at. What a call really takes is less, and each says so itself.
const LONGEST: usize = 1 << 30;

/// Bytes that are lent: they are read before the call returns, and never kept.
///
/// `data` may be NULL if `len` is 0. Where the bytes are optional, NULL means that they are absent, and any other pointer with
/// `len` 0 that they are present and empty. This struct never grows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct conclave_bytes {
    /// The first byte.
    pub data: *const u8,
    /// How many there are.
    pub len: usize,
}

impl conclave_bytes {
    /// Absent.
    pub(super) const NONE: conclave_bytes = conclave_bytes { data: std::ptr::null(), len: 0 };

    /// Lends a slice; the caller keeps it alive.
    pub(super) fn lend(bytes: &[u8]) -> Self {
        conclave_bytes { data: bytes.as_ptr(), len: bytes.len() }
    }

    /// The bytes, for as long as the call lasts.
    pub(super) fn read(&self, name: &str) -> Result<&[u8]> {
        match (self.data.is_null(), self.len) {
            (_, 0) => Ok(&[]),
            (true, _) => Err(Code::BadArgument.with(format_args!("{name} has a length and no data"))),
            (false, 1..=LONGEST) => {
                // SAFETY: whoever calls a function of the C API vouches that `data` points to `len` bytes that nobody changes
                // before the call returns, as the header demands.
                Ok(unsafe { std::slice::from_raw_parts(self.data, self.len) })
            }
            _ => Err(Code::TooLong.with(format_args!("{name} is longer than {LONGEST} bytes"))),
        }
    }

    /// The bytes as a copy of our own.
    pub(super) fn copy(&self, name: &str) -> Result<Vec<u8>> {
        self.read(name).map(<[u8]>::to_vec)
    }

    /// A copy, or nothing where `data` is NULL.
    pub(super) fn copy_optional(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match (self.data.is_null(), self.len) {
            (true, 0) => Ok(None),
            _ => self.copy(name).map(Some),
        }
    }
}

/// Copies a list of lent bytes.
pub(super) fn copy_list(items: *const conclave_bytes, count: usize, name: &str) -> Result<Vec<Vec<u8>>> {
    read_list(items, count, name)?.iter().map(|item| item.copy(name)).collect()
}

/// A list that is lent, for as long as the call lasts. `T` is a plain struct of the header.
pub(super) fn read_list<'call, T>(items: *const T, count: usize, name: &str) -> Result<&'call [T]> {
    match (items.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Code::BadArgument.with(format_args!("{name} has a count and no items"))),
        (false, count) if count <= LONGEST / size_of::<T>() => {
            // SAFETY: as for `conclave_bytes::read`: the caller vouches for `count` items.
            Ok(unsafe { std::slice::from_raw_parts(items, count) })
        }
        _ => Err(Code::TooLong.with(format_args!("{name} has more than {} items", LONGEST / size_of::<T>()))),
    }
}

/// Bytes that the library hands over, to be freed with `conclave_buf_free`, which wipes them.
///
/// A zero byte stands behind the last one and is not counted, so that text can be used as a C string.
#[repr(C)]
pub struct conclave_buf {
    /// The first byte; never NULL.
    pub data: *const u8,
    /// How many there are.
    pub len: usize,
    /// The library's own; leave it alone.
    pub owner: Box<conclave_memory>,
}

impl conclave_buf {
    pub(super) fn new(bytes: Vec<u8>) -> Box<Self> {
        let mut owner = conclave_memory::new();
        let (data, len) = owner.text(bytes);
        Box::new(conclave_buf { data, len, owner })
    }
}

/// Wipes and frees a buffer.
///
/// Returns: nothing.
/// In: `buf`, from any function that gives one; NULL is allowed and does nothing.
/// Out: nothing.
/// State: none.
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn conclave_buf_free(buf: Option<Box<conclave_buf>>) {
    drop(buf);
}
