//! What the library should do with a message, told by the rules of the documentation alone: which epochs a member can still
//! read, which keys it still has, and what waits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use conclave::*;

use crate::moves::SeatCopy;

/// A message as the delivery service has it.
pub(crate) struct Post {
    pub(crate) bytes: Vec<u8>,
    /// Who sent it.
    pub(crate) from: usize,
    pub(crate) epoch: u64,
    pub(crate) kind: Kind,
    /// Who has read it.
    pub(crate) read: BTreeSet<usize>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Application { text: Vec<u8>, aad: Vec<u8>, leaf: u32, generation: u32 },
    Proposal(Proposed),
    Commit,
}

/// A proposal. Who proposes the same thing twice in an epoch makes one proposal twice, unless there is something random in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proposed {
    /// What it is about; nothing if there is none like it.
    pub(crate) what: Option<Vec<u8>>,
    /// The message by which it was made first.
    pub(crate) first: usize,
    pub(crate) author: By,
    /// Whether it is a PublicMessage.
    pub(crate) public: bool,
    /// Whether the delivery service does not want it committed.
    pub(crate) dropped: bool,
}

/// As what somebody proposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Member,
    /// One of the senders that the group names.
    Outsider,
    /// Somebody who asks to be added.
    NewMember,
}

/// What should become of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Read,
    Proposal,
    Duplicate,
    Echo,
    /// The commit takes effect, or removes us.
    Change,
    /// It is kept until its epoch has begun.
    Deferred,
    Refused(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Active,
    Removed,
    Frozen,
    /// Out of an archive, and not healed.
    Imported,
}

/// Epochs of one stay that can still be read, and the place in the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) oldest: u64,
    pub(crate) last: u64,
    pub(crate) leaf: u32,
}

impl Stay {
    fn covers(&self, epoch: u64) -> bool {
        (self.oldest..=self.last).contains(&epoch)
    }
}

/// How far a client follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) past_epochs: u64,
    pub(crate) forward: u32,
    pub(crate) skipped: usize,
    /// How many messages of future epochs are kept.
    pub(crate) deferred: usize,
    /// How many generations are reserved at a time; at least 1.
    pub(crate) reserve: u32,
}

/// The keys of one sender in one epoch.
#[derive(Default)]
struct Ratchet {
    next: u32,
    kept: BTreeSet<u32>,
}

impl Ratchet {
    /// What using the key of this generation should come to.
    fn check(&self, generation: u32, window: Window) -> Expected {
        match generation {
            early if early < self.next && self.kept.contains(&early) => Expected::Read,
            early if early < self.next => Expected::Refused(405),
            late if late - self.next > window.forward => Expected::Refused(404),
            _ => Expected::Read,
        }
    }

    fn take(&mut self, generation: u32, window: Window) {
        if !self.kept.remove(&generation) {
            self.kept.extend(self.next..generation);
            self.next = generation + 1;
            while self.kept.len() > window.skipped {
                self.kept.pop_first();
            }
        }
    }
}

/// Our own commit while it waits.
pub(crate) struct Pending {
    pub(crate) built: CommitResult,
    /// The proposals that it may name: those that waited.
    pub(crate) names: BTreeSet<usize>,
    /// Whether the Welcome needs a tree that is exported later.
    pub(crate) tree_later: bool,
    pub(crate) sent: Sent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Not,
    /// Under this number.
    Accepted(usize),
    Refused,
}

/// A client in a group.
pub(crate) struct Seat {
    pub(crate) group: Arc<Group>,
    pub(crate) window: Window,
    pub(crate) standing: Standing,
    pub(crate) stay: Stay,
    pub(crate) previous: Option<Stay>,
    /// The proposals that wait, by the messages that made them first.
    pub(crate) waiting: BTreeSet<usize>,
    /// The messages with proposals of the present epoch that have come at some time.
    pub(crate) came: BTreeSet<usize>,
    pub(crate) pending: Option<Pending>,
    /// What is on its way, and what is held up.
    pub(crate) queue: VecDeque<usize>,
    pub(crate) late: Vec<usize>,
    /// Whether the next commit cannot be read.
    pub(crate) stuck: bool,
    /// The messages of future epochs that are kept, in the order they came.
    pub(crate) deferred: Vec<usize>,
    /// The next generation of our messages of the present epoch, and the first one that is not reserved.
    sent: u32,
    reserved: u32,
    ratchets: BTreeMap<(u64, u32), Ratchet>,
    /// Whose handshakes had come when the archive was made that this seat is out of, and of which epoch: keys of earlier ones that
    /// had not come are gone.
    pub(crate) torn: BTreeSet<(u64, usize)>,
    /// The handshakes that a new device could not take.
    pub(crate) missed: BTreeSet<usize>,
}

impl Seat {
    pub(crate) fn new(group: Arc<Group>, window: Window, (epoch, leaf): (u64, u32)) -> Self {
        Seat {
            group,
            window,
            standing: Standing::Active,
            stay: Stay { oldest: epoch, last: epoch, leaf },
            previous: None,
            waiting: BTreeSet::new(),
            came: BTreeSet::new(),
            pending: None,
            queue: VecDeque::new(),
            late: Vec::new(),
            stuck: false,
            deferred: Vec::new(),
            sent: 0,
            reserved: 0,
            ratchets: BTreeMap::new(),
            torn: BTreeSet::new(),
            missed: BTreeSet::new(),
        }
    }

    /// A seat out of an archive, to which comes all that was sent since its epoch began.
    pub(crate) fn imported(group: Arc<Group>, window: Window, copy: SeatCopy, log: &[Post]) -> Self {
        let ratchet = |next| Ratchet { next, kept: BTreeSet::new() };
        Seat {
            standing: copy.standing,
            waiting: copy.waiting,
            came: copy.came,
            queue: (0..log.len()).filter(|number| log[*number].epoch >= copy.place.0).collect(),
            ratchets: copy.next.into_iter().map(|(sender, next)| (sender, ratchet(next))).collect(),
            torn: copy.torn,
            missed: copy.missed,
            ..Seat::new(group, window, copy.place)
        }
    }

    /// How far the keys of the present epoch have come.
    pub(crate) fn next_generations(&self) -> BTreeMap<(u64, u32), u32> {
        let now = self.ratchets.iter().filter(|((epoch, _), _)| *epoch == self.epoch());
        now.map(|(sender, ratchet)| (*sender, ratchet.next)).collect()
    }

    /// Whether it goes along with the group.
    pub(crate) fn is_following(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::Imported)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.stay.last
    }

    pub(crate) fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// What receiving a message should come to at the member `me`.
    pub(crate) fn expect(&self, me: usize, (number, post): (usize, &Post)) -> Expected {
        let stay = self.stay_of(post.epoch);
        let is_application = matches!(post.kind, Kind::Application { .. });
        let late = is_application && stay.is_some();
        match () {
            () if self.standing == Standing::Removed && is_application && !late && post.epoch <= self.epoch() => {
                return Expected::Refused(403);
            }
            () if self.standing == Standing::Removed && !late => return Expected::Refused(409),
            () if post.epoch > self.epoch() => return Expected::Refused(402),
            () if post.epoch < self.epoch() && !late => return Expected::Refused(403),
            () => {}
        }
        let own = if self.standing == Standing::Imported { Expected::Refused(509) } else { Expected::Echo };
        match &post.kind {
            Kind::Application { leaf, generation, .. } => match stay {
                Some(stay) if stay.leaf == *leaf => own,
                _ => self.ratchet(post.epoch, *leaf).check(*generation, self.window),
            },
            Kind::Proposal(Proposed { author: By::Member, .. }) if post.from == me => own,
            Kind::Proposal(proposed) => self.expect_proposal(number, proposed),
            Kind::Commit => Expected::Change,
        }
    }

    fn expect_proposal(&self, number: usize, proposed: &Proposed) -> Expected {
        match self.waiting.contains(&proposed.first) {
            _ if self.came.contains(&number) && !proposed.public => Expected::Refused(405),
            true => Expected::Duplicate,
            false => Expected::Proposal,
        }
    }

    fn stay_of(&self, epoch: u64) -> Option<Stay> {
        let stays = [Some(self.stay), self.previous];
        stays.into_iter().flatten().find(|stay| stay.covers(epoch))
    }

    fn ratchet(&self, epoch: u64, leaf: u32) -> &Ratchet {
        const UNUSED: &Ratchet = &Ratchet { next: 0, kept: BTreeSet::new() };
        self.ratchets.get(&(epoch, leaf)).unwrap_or(UNUSED)
    }

    /// The message was read.
    pub(crate) fn took(&mut self, (epoch, leaf, generation): (u64, u32, u32)) {
        self.ratchets.entry((epoch, leaf)).or_default().take(generation, self.window);
    }

    /// Whether the next message is sent from a reserve.
    pub(crate) fn has_reserve(&self) -> bool {
        self.sent != self.reserved
    }

    /// A message was sent, with this generation.
    pub(crate) fn count_sent(&mut self) -> u32 {
        if !self.has_reserve() {
            self.reserved += self.window.reserve;
        }
        self.sent += 1;
        self.sent - 1
    }

    /// What a handle has reserved is gone with it.
    pub(crate) fn reopened(&mut self, group: Arc<Group>) {
        self.group = group;
        self.lose_reserve();
    }

    pub(crate) fn lose_reserve(&mut self) {
        self.sent = self.reserved;
    }

    /// All past epochs but so many are forgotten.
    pub(crate) fn pruned(&mut self, keep: u64) {
        let (keep, now) = (keep.min(self.window.past_epochs), self.stay.last);
        self.stay.oldest = self.stay.oldest.max(now.saturating_sub(keep));
        self.previous = self.previous.filter(|stay| stay.last + keep >= now);
    }

    /// The kept messages whose epochs have begun, in the order in which they come out.
    pub(crate) fn due(&self, log: &[Post]) -> Vec<usize> {
        let mut due: Vec<usize> =
            self.deferred.iter().copied().filter(|number| log[*number].epoch <= self.epoch()).collect();
        due.sort_by_key(|number| log[*number].epoch);
        due
    }

    /// The next epoch has begun.
    pub(crate) fn advanced(&mut self) {
        self.stay.last += 1;
        let now = self.stay.last;
        self.stay.oldest = self.stay.oldest.max(now.saturating_sub(self.window.past_epochs));
        self.outlive();
        (self.sent, self.reserved) = (0, 0);
    }

    /// This stay follows an earlier one.
    pub(crate) fn come_back(&mut self, old: Seat, log: &[Post]) {
        self.previous = Some(old.stay);
        self.ratchets = old.ratchets;
        let coming = old.late.into_iter().chain(old.queue);
        let missed = coming.filter(|number| log[*number].epoch <= old.stay.last);
        self.late.extend(missed.filter(|number| matches!(log[*number].kind, Kind::Application { .. })));
    }

    pub(crate) fn was_removed(&mut self) {
        self.standing = Standing::Removed;
        self.outlive();
    }

    /// An epoch is over: what waited in it is gone, and an earlier stay that has left the window.
    fn outlive(&mut self) {
        let now = self.stay.last;
        self.previous = self.previous.filter(|stay| stay.last + self.window.past_epochs >= now);
        self.waiting.clear();
        self.came.clear();
        self.pending = None;
    }
}
