//! Which record a key of the store is for, by the table in `src/store/key.rs`: eight bytes of the client's come first, then a
//! kind; in a group follow eight bytes of the stay in it and another kind; in an epoch, its number and a third kind.
#![allow(dead_code, reason = "each test program uses its share")]

/// The private keys of a key package.
pub(crate) const KEY_PACKAGE: u8 = 0x02;
/// The head of a group.
pub(crate) const HEAD: u8 = 0x04;
/// Anything else of a group.
pub(crate) const GROUP: u8 = 0x10;

/// Kinds of records of a group.
pub(crate) mod of_group {
    pub(crate) const EPOCH: u8 = 0x01;
    pub(crate) const PATH_KEYS: u8 = 0x06;
    pub(crate) const DEFERRED: u8 = 0x08;
    pub(crate) const PENDING: u8 = 0x11;
    pub(crate) const UPDATE_KEY: u8 = 0x12;
}

/// Kinds of records of an epoch.
pub(crate) mod of_epoch {
    /// A node of the secret tree that was not used yet.
    pub(crate) const FRONTIER: u8 = 0x01;
    pub(crate) const RATCHET: u8 = 0x02;
    pub(crate) const SKIPPED: u8 = 0x03;
    pub(crate) const FORMER_LEAF: u8 = 0x04;
}

/// The kind of a record.
pub(crate) fn kind(key: &[u8]) -> u8 {
    key[8]
}

/// The stay in a group that a record belongs to.
pub(crate) fn stay(key: &[u8]) -> Option<&[u8]> {
    (kind(key) == GROUP).then(|| &key[9..17])
}

/// The kind of a record of a group.
pub(crate) fn kind_in_group(key: &[u8]) -> Option<u8> {
    (kind(key) == GROUP).then(|| key[17])
}

/// The epoch that a record belongs to, and its kind among those of an epoch.
pub(crate) fn kind_in_epoch(key: &[u8]) -> Option<(u64, u8)> {
    let number = |key: &[u8]| u64::from_be_bytes(key[18..26].try_into().unwrap());
    (kind_in_group(key) == Some(of_group::EPOCH)).then(|| (number(key), key[26]))
}

/// Whether a record of an epoch is of this kind.
pub(crate) fn is_of_epoch(key: &[u8], wanted: u8) -> bool {
    kind_in_epoch(key).is_some_and(|(_, kind)| kind == wanted)
}

/// Whether two records belong to one epoch of one stay.
pub(crate) fn are_of_one_epoch(one: &[u8], other: &[u8]) -> bool {
    kind_in_epoch(one).is_some() && one[..26] == other[..26]
}

/// The leaf of a ratchet, or the node of a secret tree.
pub(crate) fn number(key: &[u8]) -> u32 {
    u32::from_be_bytes(key[27..31].try_into().unwrap())
}

/// Whether a node of a secret tree is at a leaf or above it: the leaf's ratchets can be derived from it.
pub(crate) fn covers(node: u32, leaf: u32) -> bool {
    let reach = (1u32 << node.trailing_ones()) - 1;
    (2 * leaf).abs_diff(node) <= reach
}

/// Whether a record holds a message that is deferred, or belongs to one.
pub(crate) fn is_deferred(key: &[u8]) -> bool {
    kind_in_group(key) == Some(of_group::DEFERRED)
}
