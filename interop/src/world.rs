//! The people, and the one group that they are or are not in: messages go to all, and after each step that settles, all
//! members are held against each other.

use crate::Outcome;
use crate::actor::{Actor, Heard, Library, Persona, View};
use crate::actors::enter;
use crate::tally::{Feature, Tally};

/// Someone, by their place in [`World::people`].
pub type Who = usize;

/// A person with a client of one library.
pub struct Person {
    /// Who they are.
    pub persona: Persona,
    /// What their client is made of.
    pub library: Library,
    /// Their leaf, while they are members.
    pub leaf: Option<u32>,
    /// The epoch since which they are.
    pub since: Option<u64>,
    /// Whether they were members before.
    pub left: bool,
    actor: Box<dyn Actor>,
}

/// What a commit means to those who receive it.
#[derive(Default)]
pub struct Turn {
    /// Who is removed.
    pub removed: Vec<Who>,
    /// Whether the group is closed.
    pub closes: bool,
}

/// Everybody.
pub struct World {
    /// In and outside the group.
    pub people: Vec<Person>,
    /// The epoch that the group is in.
    pub epoch: u64,
    /// What was exercised.
    pub tally: Tally,
    /// What happened, a line each.
    pub log: Vec<String>,
}

impl World {
    /// These people, who are in no group.
    pub fn of(people: Vec<(Library, Persona)>) -> Outcome<Self> {
        let people = people.into_iter().map(|(library, persona)| {
            let actor = enter(library, &persona)?;
            Ok(Person { persona, library, leaf: None, since: None, left: false, actor })
        });
        let people = people.collect::<Outcome<_>>()?;
        Ok(World { people, epoch: 0, tally: Tally::default(), log: Vec::new() })
    }

    /// A person.
    pub fn person(&self, who: Who) -> Outcome<&Person> {
        self.people.get(who).ok_or_else(|| "no such person".into())
    }

    fn person_mut(&mut self, who: Who) -> Outcome<&mut Person> {
        self.people.get_mut(who).ok_or_else(|| "no such person".into())
    }

    /// Lets someone do something; what goes wrong is told with their name.
    pub fn act<T>(&mut self, who: Who, what: &str, act: impl FnOnce(&mut dyn Actor) -> Outcome<T>) -> Outcome<T> {
        let name = self.name(who);
        let person = self.person_mut(who)?;
        act(&mut *person.actor).map_err(|error| format!("{name} cannot {what}: {error} ({error:?})").into())
    }

    /// A name, with the library.
    pub fn name(&self, who: Who) -> String {
        let named = |person: &Person| format!("{}/{}", person.persona.name, person.library.name());
        self.person(who).map(named).unwrap_or_default()
    }

    /// Several names.
    pub fn names(&self, people: &[Who]) -> String {
        let names: Vec<_> = people.iter().map(|who| self.name(*who)).collect();
        names.join(", ")
    }

    /// Who is in the group.
    pub fn members(&self) -> Vec<Who> {
        self.select(|person| person.leaf.is_some())
    }

    /// Who is not.
    pub fn outsiders(&self) -> Vec<Who> {
        self.select(|person| person.leaf.is_none())
    }

    fn select(&self, test: impl Fn(&Person) -> bool) -> Vec<Who> {
        let found = self.people.iter().enumerate().filter(|(_, person)| test(person));
        found.map(|(who, _)| who).collect()
    }

    /// Whether anybody, in or outside the group, is on this library.
    pub fn takes_part(&self, library: Library) -> bool {
        self.people.iter().any(|person| person.library == library)
    }

    /// The leaf of a member.
    pub fn leaf(&self, who: Who) -> Outcome<u32> {
        self.person(who)?.leaf.ok_or_else(|| format!("{} is not a member", self.name(who)).into())
    }

    /// Writes down what happens.
    pub fn note(&mut self, line: String) {
        self.log.push(line);
    }

    /// Writes down that someone's library did this.
    pub fn count(&mut self, feature: Feature, who: Who) -> Outcome<()> {
        let library = self.person(who)?.library;
        self.tally.count(feature, library);
        Ok(())
    }

    /// Hands a proposal to all members but its sender.
    pub fn deliver_proposal(&mut self, from: Who, message: &[u8]) -> Outcome<()> {
        for to in self.members().into_iter().filter(|to| *to != from) {
            let what = format!("receive the proposal of {}", self.name(from));
            match self.act(to, &what, |actor| actor.receive(message))? {
                Heard::Proposal => {}
                other => return Err(format!("{} took a proposal for {other:?}", self.name(to)).into()),
            }
        }
        Ok(())
    }

    /// Hands a commit to all members but its sender; those that it removes leave.
    pub fn deliver_commit(&mut self, from: Who, message: &[u8], turn: &Turn) -> Outcome<()> {
        let Turn { removed, closes } = turn;
        for to in self.members().into_iter().filter(|to| *to != from) {
            let what = format!("receive the commit of {}", self.name(from));
            let heard = self.act(to, &what, |actor| actor.receive(message))?;
            match (heard, removed.contains(&to), closes) {
                (Heard::Epoch, false, false) | (Heard::Removed, true, _) | (Heard::Closed, false, true) => {}
                (other, ..) => return Err(format!("{} took a commit for {other:?}", self.name(to)).into()),
            }
        }
        for who in removed {
            self.part(*who)?;
        }
        Ok(())
    }

    /// Someone is no longer a member.
    pub fn part(&mut self, who: Who) -> Outcome<()> {
        let person = self.person_mut(who)?;
        (person.leaf, person.since, person.left) = (None, None, true);
        Ok(())
    }

    /// Someone has become a member.
    pub fn enrol(&mut self, who: Who) -> Outcome<()> {
        let leaf = self.act(who, "tell its leaf", |actor| actor.leaf())?;
        let person = self.person_mut(who)?;
        (person.leaf, person.since) = (Some(leaf), None);
        Ok(())
    }

    /// A handshake must have the format that its sender was set to.
    pub fn check_format(&mut self, from: Who, message: &[u8]) -> Outcome<()> {
        let public = self.person(from)?.persona.public;
        let (expected, feature) = match public {
            true => (1, Feature::PublicHandshake),
            false => (2, Feature::PrivateHandshake),
        };
        match message.get(..4) {
            Some([0, 1, 0, format]) if *format == expected => self.count(feature, from),
            _ => Err(format!("{} sent another wire format than it was set to", self.name(from)).into()),
        }
    }

    /// All members are in one state, which has everybody in it.
    pub fn settle(&mut self) -> Outcome<()> {
        let members = self.members();
        let mut first: Option<View> = None;
        for who in &members {
            let view = self.act(*who, "tell what it sees", |actor| actor.view())?;
            self.check_place(*who, &view)?;
            match &first {
                Some(first) => differences(first, &view)
                    .map_err(|what| format!("{} disagrees with {} on {what}", self.name(*who), self.names(&members)))?,
                None => first = Some(view),
            }
        }
        let view = first.ok_or("nobody is left")?;
        if view.roster.len() != members.len() {
            return Err(format!("the roster has {} entries, not {}", view.roster.len(), members.len()).into());
        }
        self.epoch = view.epoch;
        for person in self.people.iter_mut().filter(|person| person.leaf.is_some()) {
            person.since.get_or_insert(view.epoch);
        }
        Ok(())
    }

    /// Everybody finds themselves under their name, at the leaf they have had all the time.
    fn check_place(&mut self, who: Who, view: &View) -> Outcome<()> {
        let leaf = self.act(who, "tell its leaf", |actor| actor.leaf())?;
        let own = view.roster.iter().find(|entry| entry.leaf == leaf).map(|entry| entry.name.as_slice());
        let person = self.person(who)?;
        match own == Some(person.persona.name.as_bytes()) && person.leaf == Some(leaf) {
            true => Ok(()),
            false => Err(format!("{} is not where it should be", self.name(who)).into()),
        }
    }
}

fn differences(one: &View, other: &View) -> Result<(), String> {
    let compared = [
        (one.epoch == other.epoch, "the epoch"),
        (one.authenticator == other.authenticator, "the epoch authenticator"),
        (one.exported == other.exported, "the exported secret"),
        (one.roster == other.roster, "the roster"),
        (one.tree == other.tree, "the tree"),
    ];
    let found: Vec<_> = compared.iter().filter(|(equal, _)| !equal).map(|(_, what)| *what).collect();
    if found.is_empty() { Ok(()) } else { Err(found.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        View { epoch: 1, authenticator: vec![1], exported: vec![2], roster: vec![], tree: vec![3] }
    }

    #[test]
    fn members_that_differ_are_noticed() {
        assert_eq!(differences(&view(), &view()), Ok(()));
        let other = View { epoch: 2, exported: vec![], ..view() };
        assert_eq!(differences(&view(), &other), Err("the epoch, the exported secret".to_owned()));
        let other = View { tree: vec![], ..view() };
        assert_eq!(differences(&view(), &other), Err("the tree".to_owned()));
    }
}
