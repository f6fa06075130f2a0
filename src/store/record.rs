//! The form of stored values: one version byte, then fields written and read by hand, so that a value means the same in
//! every release.

use zeroize::Zeroize;

use crate::base::{Code, Error, Result, Secret};

/// The version that every record of this release begins with.
const VERSION: u8 = 1;

/// A kind of stored value.
pub(crate) trait Record: Sized {
    /// Writes the fields.
    fn write(&self, writer: &mut Writer);
    /// Reads the fields in the same order.
    fn read(reader: &mut Reader<'_>) -> Result<Self>;
}

/// The stored bytes of a record.
pub(crate) fn encode_record<R: Record>(record: &R) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(64));
    writer.u8(VERSION);
    record.write(&mut writer);
    writer.0
}

/// The record behind stored bytes.
pub(crate) fn decode_record<R: Record>(bytes: &[u8]) -> Result<R> {
    let mut reader = Reader(bytes);
    match reader.u8()? {
        VERSION => {}
        newer if newer > VERSION => return Err(Code::StoreNewer.into()),
        _ => return Err(corrupt()),
    }
    let record = R::read(&mut reader)?;
    if reader.0.is_empty() { Ok(record) } else { Err(corrupt()) }
}

pub(crate) fn corrupt() -> Error {
    Code::StorageCorrupt.into()
}

/// Appends fields to a value. Values hold secrets: a buffer that is outgrown is wiped.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Bytes of a fixed number, without a length.
    pub(crate) fn raw(&mut self, value: &[u8]) {
        let needed = self.0.len() + value.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()));
            larger.extend_from_slice(&self.0);
            std::mem::replace(&mut self.0, larger).zeroize();
        }
        self.0.extend_from_slice(value);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.raw(&[value]);
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.raw(&[u8::from(value)]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.raw(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.raw(&value.to_be_bytes());
    }

    /// Bytes behind their length: two bytes of it, or six for what does not fit those.
    pub(crate) fn bytes(&mut self, value: &[u8]) {
        match u16::try_from(value.len()) {
            Ok(length) if length < u16::MAX => self.u16(length),
            _ => {
                self.u16(u16::MAX);
                self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
            }
        }
        self.raw(value);
    }

    /// Bytes to the end of the value, without a length.
    pub(crate) fn rest(&mut self, value: &[u8]) {
        self.raw(value);
    }

    pub(crate) fn secret(&mut self, value: &Secret) {
        self.bytes(value.expose());
    }

    pub(crate) fn list<T>(&mut self, values: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.u32(u32::try_from(values.len()).unwrap_or(u32::MAX));
        values.iter().for_each(|value| each(self, value));
    }

    pub(crate) fn option<T>(&mut self, value: Option<&T>, each: impl FnOnce(&mut Self, &T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            each(self, value);
        }
    }
}

/// Takes fields off a value.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length).ok_or_else(corrupt)?;
        self.0 = rest;
        Ok(field)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| corrupt())
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn flag(&mut self) -> Result<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(corrupt()),
        }
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = match self.u16()? {
            u16::MAX => self.u32()? as usize,
            short => usize::from(short),
        };
        self.take(length)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn secret(&mut self) -> Result<Secret> {
        Ok(Secret::copy_of(self.bytes()?))
    }

    pub(crate) fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.u32()? as usize;
        // A count is believed only as far as bytes stand behind it.
        let mut values = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            values.push(each(self)?);
        }
        Ok(values)
    }

    pub(crate) fn option<T>(&mut self, each: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        if self.flag()? { each(self).map(Some) } else { Ok(None) }
    }
}

/// A bare number: an owner in the directory, a count in the census.
impl Record for u32 {
    fn write(&self, writer: &mut Writer) {
        writer.u32(*self);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.u32()
    }
}

/// A bare secret: a node of a secret tree.
impl Record for Secret {
    fn write(&self, writer: &mut Writer) {
        writer.rest(self.expose());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Secret::copy_of(reader.rest()))
    }
}
