//! What is known of a subtree without looking into it. A parent's record holds the summaries of both its children, so that
//! a change reads and writes the records of one path and no others.

use super::index::Width;
use crate::base::Result;
use crate::crypto::Digest;
use crate::store::{Reader, Writer, corrupt};

/// Where there is no blank leaf.
const FULL: u32 = u32::MAX;

/// The facts of a subtree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// The tree hash (RFC 9420 §7.8).
    pub(crate) tree_hash: Digest,
    /// What can be counted without hashing.
    pub(crate) facts: Facts,
}

/// The facts that adding and sealing need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// How many leaves are not blank.
    pub(crate) occupied: u32,
    /// The length of the resolution (RFC 9420 §4.1.1).
    pub(crate) resolution: u32,
    first_blank: u32,
}

impl Facts {
    /// A leaf that is occupied.
    pub(crate) const OCCUPIED_LEAF: Facts = Facts { occupied: 1, resolution: 1, first_blank: FULL };

    /// A subtree without a member, whose first leaf is `first`.
    pub(crate) fn blank(first: u32) -> Facts {
        Facts { occupied: 0, resolution: 0, first_blank: first }
    }

    /// The facts of a parent over those of its children; `keyed` is the number of its unmerged leaves, if it is not blank.
    pub(crate) fn over(left: Facts, right: Facts, keyed: Option<u32>) -> Facts {
        Facts {
            occupied: left.occupied + right.occupied,
            resolution: keyed.map_or(left.resolution + right.resolution, |unmerged| unmerged + 1),
            first_blank: left.first_blank.min(right.first_blank),
        }
    }

    /// The leftmost blank leaf.
    pub(crate) fn first_blank(&self) -> Option<u32> {
        (self.first_blank != FULL).then_some(self.first_blank)
    }

    fn write(self, writer: &mut Writer) {
        writer.u32(self.occupied);
        writer.u32(self.resolution);
        writer.u32(self.first_blank);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Facts { occupied: reader.u32()?, resolution: reader.u32()?, first_blank: reader.u32()? })
    }
}

impl Summary {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.tree_hash.0);
        self.facts.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Summary { tree_hash: Digest(reader.bytes()?.into()), facts: Facts::read(reader)? })
    }
}

/// What the group's head says of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeHead {
    pub(crate) width: Width,
    pub(crate) root: Summary,
}

impl TreeHead {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u32(self.width.leaves());
        self.root.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let width = Width::new(reader.u32()?).ok_or_else(corrupt)?;
        Ok(TreeHead { width, root: Summary::read(reader)? })
    }
}
