//! The keys of messages of future epochs.

use super::{GroupKeys, Key, KeyRange, kind};

/// What is stored of a deferred message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Deferred {
    /// That it is there, by its place.
    Entry,
    /// Its bytes in chunks, by its place.
    Body,
    /// That it is there, by the hash of its bytes.
    Mark,
}

impl GroupKeys {
    /// A record of a deferred message: by its place in the order of release, or by its hash.
    pub(crate) fn deferred(&self, part: Deferred, which: &[u8]) -> Key {
        self.key(kind::DEFERRED, &[&[part as u8], which])
    }

    /// Everything there is of deferred messages.
    pub(crate) fn all_deferred(&self) -> KeyRange {
        KeyRange::of_prefix(&self.key(kind::DEFERRED, &[]).0)
    }
}
