//! Sizes beyond which the library refuses work, each checked before the work is done.

/// Most leaves a ratchet tree may have: 2^24, so that node indices and sizes never overflow.
pub(crate) const MAX_LEAVES: u32 = 1 << 24;

/// Longest message accepted from the network; a Welcome or tree of the largest group is longer and has its own limit.
pub(crate) const MAX_MESSAGE: usize = 16 << 20;

/// Longest Welcome, GroupInfo or ratchet tree accepted.
pub(crate) const MAX_TREE: usize = 1 << 30;

/// Longest leaf node stored: it must fit one record.
pub(crate) const MAX_LEAF_NODE: usize = 48 << 10;

/// Longest credential and extensions, together, of our own leaves: the keys and the signature must have room beside them.
pub(crate) const MAX_LEAF_CONTENT: usize = MAX_LEAF_NODE - (1 << 10);

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

/// How many epochs ahead of the group a message may be to be deferred. What is delivered out of order is a few commits early;
/// a forged number could keep its place in the buffer for as long as the group needs to get there.
pub(crate) const MAX_EPOCHS_AHEAD: u64 = 1_000;

/// Longest application message encrypted in one call, with its authenticated data: padded and framed, it is no longer than what
/// receivers accept.
pub(crate) const MAX_PLAINTEXT: usize = 15 << 20;

/// Longest value that is stored as one record.
pub(crate) const MAX_VALUE: usize = 64 << 10;

/// Longest storage key.
pub(crate) const MAX_KEY: usize = 96;

/// Most generations reserved in one write: receivers must be able to skip what several handles leave unused of theirs.
pub(crate) const MAX_RESERVED: u32 = 256;

/// Longest message, with its authenticated data, that a reserved generation is used for; longer ones get one of their own.
pub(crate) const MAX_RESERVED_CONTENT: usize = 48 << 10;

/// What a reserved generation counts for against the bounds of an epoch: the longest such message, padded and signed.
pub(crate) const RESERVED_BYTES: u64 = 64 << 10;

/// From how many leases on a client lets go those that nobody holds or waits for.
pub(crate) const MANY_LEASES: usize = 1024;

/// How long keys of ended epochs and of skipped messages are kept unless the app says otherwise, in seconds: 30 days, as for
/// private keys of key packages that are over. Delivery services that keep messages for devices that are away rarely keep
/// them longer, and the time runs only from when this client itself went on.
pub(crate) const KEPT_FOR: u64 = 30 * 24 * 60 * 60;

/// Longest total lifetime of a leaf node unless the app sets another, in seconds (RFC 9420 §7.2): 84 days, and an hour
/// for clocks that disagree.
pub(crate) const MAX_LIFETIME: u64 = 84 * 24 * 60 * 60 + 60 * 60;
