//! The state in which every round begins, and the messages that are received in it.

use crate::person::{Change, Made, Person};
use crate::seating::seat;

/// What is encrypted.
pub(crate) const TEXT: [u8; 1024] = [7; 1024];

/// How many messages are lost before one arrives.
const SKIPPED: usize = 1000;

/// A person, and the state to go back to.
pub(crate) struct Seat<P: Person> {
    /// The person.
    pub person: P,
    start: P::Saved,
}

impl<P: Person> Seat<P> {
    /// Someone whose present state is the one to go back to.
    pub(crate) fn new(person: P) -> Self {
        Seat { start: person.save(), person }
    }

    /// The person as in the beginning.
    pub(crate) fn again(&mut self) -> &mut P {
        self.person.restore(&self.start);
        &mut self.person
    }
}

/// A full group.
pub(crate) struct Scene<P: Person> {
    /// Whether the other member is the receiver.
    pub is_small: bool,
    /// Its first member.
    pub sender: Seat<P>,
    /// The member in the middle.
    pub receiver: Seat<P>,
    /// Someone outside, who has a key package.
    pub newcomer: Seat<P>,
    /// Someone outside, who has none.
    pub visitor: Seat<P>,
    /// The newcomer's key package.
    pub key_package: Vec<u8>,
    /// A leaf of another member: in a group of two or three, the receiver's.
    pub other: u32,
    /// The sender's commit of fresh keys.
    pub update: Made,
    /// The sender's commit that adds the newcomer.
    pub add: Made,
    /// The tree of the epoch that this begins.
    pub grown: Vec<u8>,
    /// The sender's commit that removes the other member.
    pub removal: Made,
    /// The sender's first and second messages, and the one after many.
    pub messages: [Vec<u8>; 3],
    /// The GroupInfo for joining by oneself, and the tree.
    pub entrance: (Vec<u8>, Vec<u8>),
    /// The commit by which the visitor joins.
    pub external: Vec<u8>,
}

impl<P: Person> Scene<P> {
    /// A group of `n` with people who enter like this.
    pub(crate) fn new(n: u32, enter: fn(&str) -> P) -> Self {
        let [mut sender, mut receiver, mut newcomer, visitor] =
            ["sender", "receiver", "newcomer", "visitor"].map(enter);
        seat(n, &mut sender, &mut receiver);
        let key_package = newcomer.key_package();
        let [mut sender, receiver, newcomer, mut visitor] = [sender, receiver, newcomer, visitor].map(Seat::new);
        let other = (n / 4).max(1);
        let update = sender.again().commit(Change::default());
        let removal = sender.again().commit(Change { remove: Some(other), ..Change::default() });
        let add = sender.again().commit(Change { add: std::slice::from_ref(&key_package), ..Change::default() });
        sender.person.confirm();
        let grown = sender.person.tree();
        let messages = speak(sender.again());
        let entrance = (sender.again().group_info(), sender.person.tree());
        let external = visitor.again().join_external(&entrance.0, &entrance.1);
        Scene {
            is_small: other == n / 2,
            sender,
            receiver,
            newcomer,
            visitor,
            key_package,
            other,
            update,
            add,
            grown,
            removal,
            messages,
            entrance,
            external,
        }
    }
}

fn speak(sender: &mut impl Person) -> [Vec<u8>; 3] {
    let (first, second) = (sender.encrypt(&TEXT), sender.encrypt(&TEXT));
    (2..SKIPPED).for_each(|_| drop(sender.encrypt(&TEXT)));
    [first, second, sender.encrypt(&TEXT)]
}
