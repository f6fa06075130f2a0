//! A page of text that fills while an object is read: every field read becomes a line.

use std::fmt::{self, Write};
use std::mem;

use super::names::{Choice, Registry};
use super::value;
use crate::base::{Code, Error, Result};
use crate::codec::split_header;

/// Most lines of a page. What comes after them is read all the same, and counted.
pub(super) const MAX_LINES: usize = 5_000;

/// How the fields of a struct are read, one after another.
pub(super) type Fields = fn(&mut Page<'_>) -> Result<()>;

/// What a line is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    /// A field of a struct.
    Field(&'static str),
    /// An item of a list.
    Item(usize),
}

impl From<&'static str> for Name {
    fn from(field: &'static str) -> Self {
        Name::Field(field)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Field(name) => f.write_str(name),
            Name::Item(number) => write!(f, "[{number}]"),
        }
    }
}

/// The object, how far it is read, and the text so far.
#[derive(Debug)]
pub(super) struct Page<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the innermost vector ends that is being read.
    end: usize,
    /// The structs and lists that are being read, the outermost first.
    path: Vec<Name>,
    text: Text,
}

/// The lines so far, and how many found no room.
#[derive(Debug, Default)]
struct Text {
    written: String,
    lines: usize,
    left_out: usize,
}

impl<'a> Page<'a> {
    /// Describes the object that fills `bytes`.
    pub(super) fn read(bytes: &'a [u8], title: &'static str, fields: Fields) -> Result<String> {
        let path = vec![Name::Field(title)];
        let mut page = Page { bytes, at: 0, end: bytes.len(), path, text: Text::default() };
        page.text.push(0, format_args!("{title} ({} bytes)", bytes.len()));
        fields(&mut page)?;
        page.finish()?;
        Ok(page.text.close())
    }

    /// A number of one byte that names a case of the struct; others are no cases.
    pub(super) fn choice(&mut self, name: impl Into<Name>, choice: Choice) -> Result<u8> {
        let name = name.into();
        let number = u8::from_be_bytes(self.array(name)?);
        let Some(case) = choice.name(number) else {
            return Err(self.fault(name, Code::Malformed, format_args!("{number} is none of {choice}")));
        };
        self.line(name, format_args!("{number} ({case})"));
        Ok(number)
    }

    /// A number of two bytes that IANA registers.
    pub(super) fn registered(&mut self, name: impl Into<Name>, registry: Registry) -> Result<u16> {
        let name = name.into();
        let number = u16::from_be_bytes(self.array(name)?);
        self.line(name, format_args!("{number:#06x} ({})", registry.name(number)));
        Ok(number)
    }

    /// A number of four bytes.
    pub(super) fn uint32(&mut self, name: impl Into<Name>) -> Result<u32> {
        let name = name.into();
        let number = u32::from_be_bytes(self.array(name)?);
        self.line(name, format_args!("{number}"));
        Ok(number)
    }

    /// A number of eight bytes.
    pub(super) fn uint64(&mut self, name: impl Into<Name>) -> Result<u64> {
        let name = name.into();
        let number = u64::from_be_bytes(self.array(name)?);
        self.line(name, format_args!("{number}"));
        Ok(number)
    }

    /// `opaque<V>` of keys, hashes and ciphertexts.
    pub(super) fn opaque(&mut self, name: impl Into<Name>) -> Result<()> {
        let name = name.into();
        let content = self.vector(name)?;
        self.line(name, value::hex(content));
        Ok(())
    }

    /// `opaque<V>` of what apps choose, which may be text.
    pub(super) fn words(&mut self, name: impl Into<Name>) -> Result<()> {
        let name = name.into();
        let content = self.vector(name)?;
        self.line(name, value::words(content));
        Ok(())
    }

    /// `optional<T>` (RFC 9420 §2.1.1): what comes next is there, or it is not.
    pub(super) fn optional(&mut self, name: impl Into<Name>) -> Result<bool> {
        let name = name.into();
        match self.array(name)? {
            [0] => {
                self.line(name, "absent");
                Ok(false)
            }
            [1] => Ok(true),
            [_] => Err(self.fault(name, Code::Malformed, "an optional that is neither present nor absent")),
        }
    }

    /// A struct inside this one.
    pub(super) fn inner(&mut self, name: impl Into<Name>, (title, fields): (&str, Fields)) -> Result<()> {
        let name = name.into();
        self.line(name, title);
        self.below(name, fields)
    }

    /// What belongs to a line that is written already.
    pub(super) fn below(&mut self, name: Name, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.path.push(name);
        let read = read(self);
        self.path.pop();
        read
    }

    /// A vector of items, each read under its number.
    pub(super) fn list(
        &mut self,
        name: &'static str,
        mut item: impl FnMut(&mut Self, Name) -> Result<()>,
    ) -> Result<()> {
        self.enclosed(name.into(), |page| {
            let mut number = 0;
            while page.at < page.end {
                item(page, Name::Item(number))?;
                number += 1;
            }
            Ok(())
        })
    }

    /// `opaque<V>` that has fields of its own. What does not have this form is shown as bytes, with a line that says why.
    pub(super) fn payload(&mut self, name: &'static str, fields: Fields) -> Result<()> {
        let (at, end) = (self.at, self.end);
        let text = (self.text.written.len(), self.text.lines, self.text.left_out);
        let Err(why) = self.enclosed(name.into(), fields) else { return Ok(()) };
        (self.at, self.end) = (at, end);
        self.text.written.truncate(text.0);
        (self.text.lines, self.text.left_out) = (text.1, text.2);
        self.opaque(name)?;
        self.line(name.into(), format_args!("malformed: {}", why.detail()));
        Ok(())
    }

    /// A fault of the object, at a field that was not read yet or has just been.
    pub(super) fn fault(&self, name: impl Into<Name>, code: Code, what: impl fmt::Display) -> Error {
        let place = Place { path: &self.path, name: Some(name.into()) };
        code.with(format_args!("{place} before byte {}: {what}", self.at))
    }

    fn enclosed(&mut self, name: Name, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let length = self.length(name)?;
        self.line(name, value::Length(length));
        let outer = mem::replace(&mut self.end, self.at + length);
        let read = self.below(name, |page| read(page).and_then(|()| page.finish()));
        self.end = outer;
        read
    }

    /// Makes sure that the innermost vector, or the object itself, has been read to its end.
    fn finish(&self) -> Result<()> {
        let place = Place { path: &self.path, name: None };
        match self.end - self.at {
            0 => Ok(()),
            left => {
                Err(Code::TrailingBytes.with(format_args!("{place} ends at byte {}, and {left} are left", self.at)))
            }
        }
    }

    fn vector(&mut self, name: Name) -> Result<&'a [u8]> {
        let length = self.length(name)?;
        self.take(name, length)
    }

    /// The length in front of a vector that fits where it stands (RFC 9420 §2.1.2).
    fn length(&mut self, name: Name) -> Result<usize> {
        let rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        let Ok((length, after)) = split_header(rest) else {
            return Err(self.fault(
                name,
                Code::BadVector,
                "the length of the vector is cut off or not in its shortest form",
            ));
        };
        if length > after.len() {
            let words = format_args!("a vector of {length} bytes where {} are left", after.len());
            return Err(self.fault(name, Code::BadVector, words));
        }
        self.at = self.end - after.len();
        Ok(length)
    }

    fn array<const N: usize>(&mut self, name: Name) -> Result<[u8; N]> {
        let taken = self.take(name, N)?;
        taken.try_into().map_err(|_| Code::Internal.into())
    }

    fn take(&mut self, name: Name, length: usize) -> Result<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.end).and_then(|rest| rest.get(..length));
        let taken =
            taken.ok_or_else(|| self.fault(name, Code::Malformed, format_args!("{length} bytes are wanted")))?;
        self.at += length;
        Ok(taken)
    }

    fn line(&mut self, name: Name, shown: impl fmt::Display) {
        self.text.push(self.path.len(), format_args!("{name}: {shown}"));
    }
}

impl Text {
    fn push(&mut self, depth: usize, line: fmt::Arguments<'_>) {
        if self.lines == MAX_LINES {
            self.left_out += 1;
            return;
        }
        self.lines += 1;
        // Writing to a string does not fail.
        let _written = writeln!(self.written, "{:indent$}{line}", "", indent = 2 * depth);
    }

    fn close(mut self) -> String {
        if self.left_out > 0 {
            let _written = writeln!(self.written, "... and {} lines more", self.left_out);
        }
        self.written
    }
}

/// A field with all it stands in.
struct Place<'p> {
    path: &'p [Name],
    name: Option<Name>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, name) in self.path.iter().chain(&self.name).enumerate() {
            match (name, depth) {
                (Name::Field(_), 1..) => write!(f, ".{name}")?,
                _ => write!(f, "{name}")?,
            }
        }
        Ok(())
    }
}
