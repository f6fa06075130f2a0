//! The form of stored values: one version byte, then fields written and read by hand, so that a value means the same in
//! every release. Each kind of record has a version of its own, and reads every earlier one.

use crate::base::secret::wipe;
use crate::base::{Code, Error, Result, Secret};

/// A kind of stored value.
pub(crate) trait Record: Sized {
    /// The version that this release writes; it reads all up to it.
    const VERSION: u8 = 1;
    /// About how long the fields are, so that most values are written where they stay.
    fn size_hint(&self) -> usize {
        64
    }
    /// Writes the fields.
    fn write(&self, writer: &mut Writer);
    /// Reads the fields in the same order; those that came with a later version only if [`Reader::version`] has reached it.
    fn read(reader: &mut Reader<'_>) -> Result<Self>;
}

/// The stored bytes of a record.
pub(crate) fn encode_record<R: Record>(record: &R) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(record.size_hint()));
    writer.u8(R::VERSION);
    record.write(&mut writer);
    writer.0
}

/// The record behind stored bytes.
pub(crate) fn decode_record<R: Record>(bytes: &[u8]) -> Result<R> {
    let mut reader = Reader { rest: bytes, version: 0 };
    reader.version = match reader.u8()? {
        0 => return Err(corrupt()),
        newer if newer > R::VERSION => return Err(Code::StoreNewer.into()),
        known => known,
    };
    let record = R::read(&mut reader)?;
    if reader.rest.is_empty() { Ok(record) } else { Err(corrupt()) }
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
            wipe(&mut std::mem::replace(&mut self.0, larger));
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
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    version: u8,
}

impl<'a> Reader<'a> {
    /// The version of the record that is being read.
    pub(crate) fn version(&self) -> u8 {
        self.version
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (field, rest) = self.rest.split_at_checked(length).ok_or_else(corrupt)?;
        self.rest = rest;
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
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn secret(&mut self) -> Result<Secret> {
        Ok(Secret::copy_of(self.bytes()?))
    }

    pub(crate) fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.u32()? as usize;
        // A count is believed only as far as bytes stand behind it.
        let mut values = Vec::with_capacity(count.min(self.rest.len()));
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
    fn size_hint(&self) -> usize {
        5
    }

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A record that got a second field.
    #[derive(Debug, PartialEq)]
    struct Grown(u8, u8);

    impl Record for Grown {
        const VERSION: u8 = 2;

        fn write(&self, writer: &mut Writer) {
            writer.u8(self.0);
            writer.u8(self.1);
        }

        fn read(reader: &mut Reader<'_>) -> Result<Self> {
            Ok(Grown(reader.u8()?, if reader.version() >= 2 { reader.u8()? } else { 7 }))
        }
    }

    #[test]
    fn earlier_versions_are_read_and_later_ones_refused() {
        let read = |bytes: &[u8]| decode_record::<Grown>(bytes).map_err(|error| error.code());
        assert_eq!(read(&[1, 5]), Ok(Grown(5, 7)));
        assert_eq!(read(&encode_record(&Grown(5, 6))), Ok(Grown(5, 6)));
        assert_eq!(read(&[3, 5, 6]), Err(Code::StoreNewer.number()));
        for bytes in [&[0, 5][..], &[1, 5, 6], &[2, 5], &[]] {
            assert_eq!(read(bytes), Err(Code::StorageCorrupt.number()));
        }
    }
}
