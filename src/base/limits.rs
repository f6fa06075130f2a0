//! Sizes beyond which the library refuses work, each checked before the work is done.

/// Most leaves a ratchet tree may have: 2^24, so that node indices and sizes never overflow.
pub(crate) const MAX_LEAVES: u32 = 1 << 24;

/// Longest message accepted from the network; a Welcome or tree of the largest group is longer and has its own limit.
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

/// Longest Welcome, GroupInfo or ratchet tree accepted.
pub(crate) const MAX_TREE: usize = 1 << 30;

/// Longest leaf node stored: it must fit one record.
pub(crate) const MAX_LEAF_NODE: usize = 48 << 10;

/// Longest list of group context extensions: it must fit one record.
pub(crate) const MAX_GROUP_EXTENSIONS: usize = 40 << 10;

/// Longest group id accepted.
pub(crate) const MAX_GROUP_ID: usize = 1 << 10;

/// Most proposals that wait for a commit at one time.
pub(crate) const MAX_PENDING_PROPOSALS: u32 = 1_000;

/// Most of the waiting proposals that one member, or one of the senders outside whom the group names, may have made.
pub(crate) const MAX_PENDING_OF_MEMBER: u32 = 100;

/// Most of the waiting proposals that may come from clients that ask to be added, from all of them together: new ones cost
/// nothing.
pub(crate) const MAX_PENDING_OF_STRANGERS: u32 = 20;

/// Most proposals in one commit, nearly all of them by value.
pub(crate) const MAX_COMMIT_PROPOSALS: usize = 1 << 16;

/// Longest proposal that is kept waiting: it must fit one record.
pub(crate) const MAX_PENDING_PROPOSAL: usize = 60 << 10;

/// Longest application message encrypted in one call.
pub(crate) const MAX_PLAINTEXT: usize = 32 << 20;

/// Longest value that is stored as one record.
pub(crate) const MAX_VALUE: usize = 64 << 10;

/// Longest storage key.
pub(crate) const MAX_KEY: usize = 96;

/// Longest total lifetime of a leaf node unless the app sets another, in seconds (RFC 9420 §7.2): 84 days, and an hour
/// for clocks that disagree.
pub(crate) const MAX_LIFETIME: u64 = 84 * 24 * 60 * 60 + 60 * 60;
