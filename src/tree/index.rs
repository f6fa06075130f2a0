//! Arithmetic of the array-based tree (RFC 9420 Appendix C). No other file shifts or masks an index.

use crate::base::LeafIndex;

/// The position of a node: leaves are even, and the level of a node is the number of its trailing one bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct NodeIndex(pub(crate) u32);

/// Levels of the tree that share a band of storage keys.
const BAND: u32 = 4;

impl NodeIndex {
    /// The band of the root of the widest tree.
    pub(crate) const LAST_BAND: u8 = (crate::base::limits::MAX_LEAVES.ilog2() / BAND) as u8;

    /// How far the node lies above the leaves.
    pub(crate) fn level(self) -> u32 {
        self.0.trailing_ones()
    }

    pub(crate) fn is_leaf(self) -> bool {
        self.0 & 1 == 0
    }

    /// The leaf at this node, if it is one.
    pub(crate) fn leaf(self) -> Option<LeafIndex> {
        self.is_leaf().then_some(LeafIndex(self.0 >> 1))
    }

    /// The children of a parent node, left and right.
    pub(crate) fn children(self) -> Option<(NodeIndex, NodeIndex)> {
        let half = 1u32.checked_shl(self.level().checked_sub(1)?)?;
        Some((NodeIndex(self.0 - half), NodeIndex(self.0 + half)))
    }

    /// The node above, whether or not the tree reaches that far.
    pub(crate) fn parent(self) -> NodeIndex {
        let level = self.level();
        let step = 1u32 << level;
        match (self.0 >> (level + 1)) & 1 {
            0 => NodeIndex(self.0 + step),
            _ => NodeIndex(self.0 - step),
        }
    }

    /// The other child of the parent.
    pub(crate) fn sibling(self) -> NodeIndex {
        NodeIndex(self.0 ^ (2u32 << self.level()))
    }

    /// Whether this is the right child of its parent.
    pub(crate) fn is_right(self) -> bool {
        self.sibling() < self
    }

    /// The leaves below, as a range of leaf indices.
    pub(crate) fn leaves(self) -> std::ops::Range<u32> {
        let size = 1u32 << self.level();
        let first = (self.0 + 1 - size) >> 1;
        first..first + size
    }

    /// Whether `other` is this node or lies below it.
    pub(crate) fn covers(self, other: NodeIndex) -> bool {
        let reach = (1u32 << self.level()) - 1;
        other.0 >= self.0 - reach && other.0 <= self.0 + reach
    }

    /// Which group of four levels the node belongs to.
    pub(crate) fn band(self) -> u8 {
        u8::try_from(self.level() / BAND).unwrap_or(u8::MAX)
    }

    /// The nodes of a band from index `first` on, up to index `end`, exclusive.
    pub(crate) fn in_band(band: u8, (first, end): (u32, u32)) -> impl Iterator<Item = NodeIndex> {
        // From the lowest level of the band on, every so manieth index lies on it or above.
        let step = 1u64.checked_shl(u32::from(band) * BAND).unwrap_or(u64::MAX);
        let start = (u64::from(first) + 1).next_multiple_of(step) - 1;
        let indices = (start..u64::from(end)).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        indices.filter_map(|at| u32::try_from(at).ok()).map(NodeIndex).filter(move |node| node.band() == band)
    }
}

impl From<LeafIndex> for NodeIndex {
    fn from(leaf: LeafIndex) -> Self {
        NodeIndex(leaf.0 << 1)
    }
}

/// The number of leaf positions in a tree: a power of two, at most [`crate::base::limits::MAX_LEAVES`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Width(u32);

impl Width {
    /// A tree of a single leaf.
    pub(crate) const ONE: Width = Width(1);

    /// A tree of this many leaf positions.
    pub(crate) fn new(leaves: u32) -> Option<Width> {
        (leaves.is_power_of_two() && leaves <= crate::base::limits::MAX_LEAVES).then_some(Width(leaves))
    }

    /// The narrowest tree that has room for this many leaves.
    pub(crate) fn for_leaves(leaves: u32) -> Option<Width> {
        Width::new(leaves.max(1).checked_next_power_of_two()?)
    }

    pub(crate) fn leaves(self) -> u32 {
        self.0
    }

    /// The number of nodes.
    pub(crate) fn nodes(self) -> u32 {
        2 * self.0 - 1
    }

    pub(crate) fn root(self) -> NodeIndex {
        NodeIndex(self.0 - 1)
    }

    /// A tree twice as wide.
    pub(crate) fn doubled(self) -> Option<Width> {
        Width::new(self.0.checked_mul(2)?)
    }

    /// A tree half as wide.
    pub(crate) fn halved(self) -> Option<Width> {
        Width::new(self.0 / 2)
    }

    /// Whether the leaf has a position here.
    pub(crate) fn holds(self, leaf: LeafIndex) -> bool {
        leaf.0 < self.0
    }

    /// The nodes above `node`, from its parent to the root.
    pub(crate) fn direct_path(self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        let root = self.root();
        let next = move |at: &NodeIndex| (*at != root).then(|| at.parent());
        std::iter::successors(next(&node), next)
    }

    /// How many bands of storage keys the nodes fill.
    pub(crate) fn bands(self) -> u8 {
        self.root().band() + 1
    }
}

/// The lowest node above (or at) both.
pub(crate) fn common_ancestor(a: NodeIndex, b: NodeIndex) -> NodeIndex {
    let mut at = a;
    while !at.covers(b) {
        at = at.parent();
    }
    at
}
