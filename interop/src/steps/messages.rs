//! Application messages, in order, out of order, and late.

use crate::Outcome;
use crate::actor::{Heard, Library};
use crate::script::Script;
use crate::tally::Feature;
use crate::world::Who;

/// After so many epochs a message is delivered at the latest.
const MOST_LATE: u64 = 4;

/// A message on its way.
#[derive(Clone)]
pub(crate) struct Held {
    by: Who,
    leaf: u32,
    text: Vec<u8>,
    aad: Vec<u8>,
    message: Vec<u8>,
    epoch: u64,
    /// Who has not got it yet.
    to: Vec<Who>,
}

impl Script {
    /// A member writes some messages, which arrive in order.
    pub(crate) fn talk(&mut self) -> Outcome<()> {
        let by = self.any_member()?;
        let count = 1 + self.dice.below(3);
        self.world.note(format!("{} writes {count} messages", self.world.name(by)));
        for _ in 0..count {
            let written = self.write(by)?;
            for to in written.to.clone() {
                self.hear(to, &written)?;
            }
            self.world.count(Feature::Message, by)?;
        }
        Ok(())
    }

    /// Some members write at the same time, and everybody gets the messages in another order.
    pub(crate) fn shuffle(&mut self) -> Outcome<()> {
        let mut all = Vec::new();
        for _ in 0..2 + self.dice.below(2) {
            let by = self.any_member()?;
            for _ in 0..2 + self.dice.below(3) {
                all.push(self.write(by)?);
            }
            self.world.count(Feature::Shuffled, by)?;
        }
        self.world.note(format!("{} messages come out of order", all.len()));
        for to in self.world.members() {
            let own: Vec<_> = all.iter().filter(|held| held.to.contains(&to)).cloned().collect();
            for held in self.dice.shuffled(own) {
                self.hear(to, &held)?;
            }
        }
        Ok(())
    }

    /// A member writes some messages, of which some arrive now and others later.
    pub(crate) fn hold(&mut self) -> Outcome<()> {
        let by = self.any_member()?;
        self.world.note(format!("{} writes messages that are late", self.world.name(by)));
        for _ in 0..1 + self.dice.below(3) {
            let mut held = self.write(by)?;
            let now: Vec<_> = held.to.iter().copied().filter(|_| self.dice.chance(40)).collect();
            for to in &now {
                self.hear(*to, &held)?;
            }
            held.to.retain(|to| !now.contains(to));
            self.held.push(held);
        }
        Ok(())
    }

    /// Delivers what must not be later, and some of the rest.
    pub(crate) fn deliver_some_held(&mut self) -> Outcome<()> {
        let count = if self.dice.chance(15) { self.dice.below(3) } else { 0 };
        self.deliver_held(count)
    }

    /// Delivers what must not be later, and so many others, in any order.
    pub(crate) fn deliver_held(&mut self, count: usize) -> Outcome<()> {
        let shuffled = std::mem::take(&mut self.held);
        let mut others = 0;
        for held in self.dice.shuffled(shuffled) {
            let due = self.world.epoch >= held.epoch + MOST_LATE;
            if !due && others >= count {
                self.held.push(held);
                continue;
            }
            others += usize::from(!due);
            self.deliver_late(&held)?;
        }
        Ok(())
    }

    fn deliver_late(&mut self, held: &Held) -> Outcome<()> {
        let late = self.world.epoch - held.epoch;
        let left = self.world.person(held.by)?.leaf != Some(held.leaf);
        let readers: Vec<_> = held.to.iter().copied().filter(|to| !left || self.reads_the_departed(*to)).collect();
        let (by, names) = (self.world.name(held.by), self.world.names(&readers));
        self.world.note(format!("a message of {by} arrives {late} epochs late at {names}"));
        for to in &readers {
            self.hear(*to, held)?;
        }
        let happened = late > 0 && !readers.is_empty();
        let counted = [(happened, Feature::Late), (happened && left, Feature::LateAfterLeaving)];
        for (_, feature) in counted.into_iter().filter(|(happened, _)| *happened) {
            self.world.count(feature, held.by)?;
        }
        Ok(())
    }

    /// Whether the library reads late messages of those who have left: mls-rs refuses to (docs/interop.md).
    fn reads_the_departed(&self, reader: Who) -> bool {
        self.world.person(reader).is_ok_and(|person| person.library != Library::MlsRs)
    }

    /// These people have lost the keys of what is still on its way.
    pub(crate) fn stop_holding_for(&mut self, people: &[Who]) {
        for held in &mut self.held {
            held.to.retain(|to| !people.contains(to));
        }
    }

    fn any_member(&mut self) -> Outcome<Who> {
        let members = self.world.members();
        self.one_of(&members)
    }

    fn write(&mut self, by: Who) -> Outcome<Held> {
        self.written += 1;
        let text = [format!("message {} ", self.written).into_bytes(), self.dice.bytes(300)].concat();
        let aad = if self.dice.chance(50) { self.dice.bytes(30) } else { Vec::new() };
        let message = self.world.act(by, "encrypt", |actor| actor.encrypt(&text, &aad))?;
        let to = self.world.members().into_iter().filter(|to| *to != by).collect();
        let (leaf, epoch) = (self.world.leaf(by)?, self.world.epoch);
        Ok(Held { by, leaf, text, aad, message, epoch, to })
    }

    fn hear(&mut self, to: Who, held: &Held) -> Outcome<()> {
        let what = format!("receive a message of {} from epoch {}", self.world.name(held.by), held.epoch);
        let heard = self.world.act(to, &what, |actor| actor.receive(&held.message))?;
        let expected = Heard::Message { sender: held.leaf, text: held.text.clone(), aad: held.aad.clone() };
        match heard == expected {
            true => Ok(()),
            false => Err(format!("{} read {heard:?} for {expected:?}", self.world.name(to)).into()),
        }
    }
}
