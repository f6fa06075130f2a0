//! A small world of named people, each with a client over storage of its own: messages go to all, and after each step all
//! members are held against each other. Clients are opened anew from their storages all the time.

#![allow(dead_code, unused_imports)]

mod callbacks;
mod recorder;
pub(crate) mod records;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use callbacks::*;
use conclave::*;
pub(crate) use recorder::Recorder;
pub(crate) use wire::*;

/// A commit that is being put together.
pub(crate) type Draft = Arc<CommitBuilder>;

/// One client, what it was opened with, and its handle on the group.
pub(crate) struct Person {
    pub(crate) config: ClientConfig,
    pub(crate) host: Host,
    pub(crate) storage: Arc<Recorder>,
    pub(crate) client: Arc<Client>,
    pub(crate) group: Option<Arc<Group>>,
    /// Whether proposals and commits of this member go out as PublicMessage.
    pub(crate) public: bool,
}

impl Person {
    fn new(config: ClientConfig, lend: impl FnOnce(&mut Host)) -> Self {
        let storage = Recorder::new();
        let mut host = Host::new(storage.clone(), Arc::new(AcceptAll));
        lend(&mut host);
        let client = Client::new(config.clone(), host.clone()).unwrap();
        Person { config, host, storage, client, group: None, public: false }
    }

    /// Opens the client and its group anew from the storage, as after a restart.
    fn reopen(&mut self) {
        self.client = Client::new(self.config.clone(), self.host.clone()).unwrap();
        let reopened = self.group.as_ref().map(|group| self.client.open_group(group.id()).unwrap());
        self.group = reopened;
    }

    fn is_member(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.status().unwrap().active)
    }
}

/// A commit that all members have processed.
pub(crate) struct Committed {
    pub(crate) built: CommitResult,
    /// What each member made of it, the committer included.
    pub(crate) events: BTreeMap<String, Event>,
}

impl Committed {
    /// What changed, as the committer was told.
    pub(crate) fn change(&self) -> &EpochChange {
        let own = self.events.values().find_map(|event| match event {
            Event::EpochChanged { change } if change.own => Some(change),
            _ => None,
        });
        own.unwrap()
    }
}

/// Everybody.
pub(crate) struct World {
    people: BTreeMap<String, Person>,
    pub(crate) clock: Arc<FakeClock>,
    /// Whether members keep silent after each step, so that nobody has been heard of in the new epoch.
    pub(crate) silent: bool,
    steps: usize,
}

impl World {
    /// People with the default configuration, who are in no group.
    pub(crate) fn of(names: &[&str]) -> Self {
        let mut world = World { people: BTreeMap::new(), clock: FakeClock::new(), silent: false, steps: 0 };
        names.iter().for_each(|name| world.enlist(ClientConfig::basic(name), |_| {}));
        world
    }

    /// People in one group that the first of them made.
    pub(crate) fn group_of(names: &[&str]) -> Self {
        let mut world = Self::of(names);
        world.found(names);
        world
    }

    /// The first of these people makes a group and adds the others.
    pub(crate) fn found(&mut self, names: &[&str]) {
        self.create(names[0], GroupOptions::default());
        if names.len() > 1 {
            self.add(names[0], &names[1..]);
        }
    }

    /// A person more, under the configuration's name.
    pub(crate) fn enlist(&mut self, config: ClientConfig, lend: impl FnOnce(&mut Host)) {
        let clock = self.clock.clone();
        let name = String::from_utf8(config.name.clone()).unwrap();
        let person = Person::new(config, |host| {
            host.clock = Some(clock);
            lend(host);
        });
        assert!(self.people.insert(name, person).is_none());
    }

    pub(crate) fn person(&self, name: &str) -> &Person {
        &self.people[name]
    }

    pub(crate) fn person_mut(&mut self, name: &str) -> &mut Person {
        self.people.get_mut(name).unwrap()
    }

    pub(crate) fn client(&self, name: &str) -> Arc<Client> {
        self.person(name).client.clone()
    }

    /// A person's handle on the group.
    pub(crate) fn group(&self, name: &str) -> Arc<Group> {
        self.person(name).group.clone().unwrap()
    }

    /// Everything a person's storage holds.
    pub(crate) fn records(&self, name: &str) -> Vec<StoredRecord> {
        self.person(name).storage.records()
    }

    /// Who is in the group at present.
    pub(crate) fn members(&self) -> Vec<String> {
        self.people.iter().filter(|(_, person)| person.is_member()).map(|(name, _)| name.clone()).collect()
    }

    /// The leaf of a member.
    pub(crate) fn leaf(&self, name: &str) -> u32 {
        self.group(name).status().unwrap().own_leaf
    }

    pub(crate) fn epoch(&self, name: &str) -> u64 {
        self.group(name).status().unwrap().epoch
    }

    /// Opens a person's client anew from its storage.
    pub(crate) fn reopen(&mut self, name: &str) {
        self.person_mut(name).reopen();
    }

    pub(crate) fn reopen_all(&mut self) {
        self.people.values_mut().for_each(Person::reopen);
    }

    /// A fresh key package.
    pub(crate) fn key_package(&self, name: &str) -> Vec<u8> {
        self.client(name).create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }

    pub(crate) fn create(&mut self, name: &str, options: GroupOptions) {
        let options = GroupOptions { public_handshakes: self.person(name).public, ..options };
        let group = self.client(name).create_group(options).unwrap();
        self.person_mut(name).group = Some(group);
    }

    /// Adds people, by value, in one commit.
    pub(crate) fn add(&mut self, by: &str, names: &[&str]) -> Committed {
        let key_packages: Vec<_> = names.iter().map(|name| self.key_package(name)).collect();
        self.commit(by, |draft| key_packages.into_iter().fold(draft, |draft, package| draft.add(package).unwrap()))
    }

    /// Removes a member, by value.
    pub(crate) fn remove(&mut self, by: &str, name: &str) -> Committed {
        let leaf = self.leaf(name);
        self.commit(by, |draft| draft.remove(leaf).unwrap())
    }

    /// Gives a member fresh keys by an empty commit.
    pub(crate) fn update(&mut self, by: &str) -> Committed {
        self.commit(by, |draft| draft)
    }

    /// One member commits, everybody processes it, and the welcomed join. The commit takes effect at its maker's by
    /// confirmation or by its echo, in turns.
    pub(crate) fn commit(&mut self, by: &str, draft: impl FnOnce(Draft) -> Draft) -> Committed {
        let built = draft(self.group(by).new_commit()).build().unwrap();
        self.reopen(by);
        self.publish(by, built)
    }

    /// A pending commit of this member wins: it takes effect everywhere.
    pub(crate) fn publish(&mut self, by: &str, built: CommitResult) -> Committed {
        let group = self.group(by);
        let own = match self.steps.is_multiple_of(2) {
            true => group.confirm_commit(None, vec![]).unwrap(),
            false => group.receive(built.commit.clone(), vec![]).unwrap(),
        };
        assert!(change_of(&own).own);
        let mut events = self.deliver(by, &built.commit);
        events.insert(by.to_owned(), own);
        check_changes(&events);
        self.welcome(&built);
        self.settle();
        Committed { built, events }
    }

    /// Hands a Welcome to everybody outside; those that it is for join.
    pub(crate) fn welcome(&mut self, built: &CommitResult) {
        let Some(welcome) = &built.welcome else { return };
        for person in self.people.values_mut().filter(|person| !person.is_member()) {
            let options =
                JoinOptions { tree: built.tree.clone(), public_handshakes: person.public, ..JoinOptions::default() };
            match person.client.join(welcome.clone(), options) {
                Ok(group) => person.group = Some(group),
                Err(error) => assert_eq!(error.code(), 408, "{error}"),
            }
        }
    }

    /// One member proposes, and everybody keeps the proposal.
    pub(crate) fn propose(&mut self, by: &str, make: impl FnOnce(&Group) -> Result<Vec<u8>>) -> Vec<u8> {
        let message = make(&self.group(by)).unwrap();
        for (name, event) in self.deliver(by, &message) {
            assert!(matches!(event, Event::Proposal { .. }), "{name}: {event:?}");
        }
        message
    }

    /// Hands a message to every member but its sender.
    pub(crate) fn deliver(&self, from: &str, message: &[u8]) -> BTreeMap<String, Event> {
        let others = self.members().into_iter().filter(|name| name != from);
        others
            .map(|name| {
                let event = self.receive(&name, message).unwrap_or_else(|error| panic!("{name}: {error}"));
                (name, event)
            })
            .collect()
    }

    pub(crate) fn receive(&self, name: &str, message: &[u8]) -> Result<Event> {
        self.group(name).receive(message.to_vec(), vec![])
    }

    /// The code with which a message is refused, which must leave the stored bytes as they were.
    pub(crate) fn refused(&self, name: &str, message: &[u8]) -> u32 {
        let before = self.records(name);
        let code = code(self.receive(name, message));
        assert!(self.records(name) == before, "a refused message changed the store");
        code
    }

    /// A message of a member, encrypted.
    pub(crate) fn encrypt(&self, name: &str, text: &str) -> Vec<u8> {
        self.group(name).encrypt(text.into(), vec![], vec![]).unwrap()
    }

    /// A member speaks, and everybody understands and knows who it was.
    pub(crate) fn say(&self, from: &str, text: &str) {
        let message = self.encrypt(from, text);
        let leaf = self.leaf(from);
        for (name, event) in self.deliver(from, &message) {
            let Event::Message { sender, plaintext, .. } = event else { panic!("{name}: {event:?}") };
            assert_eq!((sender.leaf, plaintext.as_slice()), (leaf, text.as_bytes()), "{name}");
        }
    }

    /// All members are in one state; all of them speak and are understood; and some restart.
    pub(crate) fn settle(&mut self) {
        self.agree();
        let members = self.members();
        let waiting = members.iter().any(|name| self.group(name).status().unwrap().pending_proposals > 0);
        if !waiting && !self.silent && members.len() <= 9 {
            members.iter().for_each(|name| self.say(name, "is everybody here?"));
        }
        let restarting = members.iter().enumerate().filter(|(at, _)| (at + self.steps).is_multiple_of(2));
        restarting.for_each(|(_, name)| self.people.get_mut(name).unwrap().reopen());
        self.steps += 1;
        self.agree();
    }

    /// Epoch, authenticator, exporter, roster and tree are the same for all members.
    pub(crate) fn agree(&self) {
        let members = self.members();
        let views: Vec<View> = members.iter().map(|name| View::of(&self.group(name))).collect();
        for (name, view) in members.iter().zip(&views) {
            assert!(*view == views[0], "{name} disagrees with {}", members[0]);
            assert!(view.roster.iter().any(|member| member.name.leaf == self.leaf(name)));
        }
        assert!(views.iter().all(|view| view.roster.len() == members.len()));
    }
}

/// What all members of an epoch must see alike.
#[derive(PartialEq)]
struct View {
    epoch: u64,
    authenticator: Vec<u8>,
    exported: Vec<u8>,
    roster: Vec<Member>,
    tree: Vec<u8>,
}

impl View {
    fn of(group: &Group) -> Self {
        let status = group.status().unwrap();
        let roster = group.members(None, u32::MAX).unwrap();
        assert_eq!(roster.len(), status.members as usize);
        View {
            epoch: status.epoch,
            authenticator: group.epoch_authenticator().unwrap(),
            exported: group.export_secret("test".into(), b"context".to_vec(), 32).unwrap().copy().unwrap(),
            roster,
            tree: group.export_tree().unwrap(),
        }
    }
}

/// Everybody must have been told the same of a commit.
fn check_changes(events: &BTreeMap<String, Event>) {
    let told = events.values().filter(|event| !matches!(event, Event::Removed { .. }));
    let told: Vec<EpochChange> =
        told.map(|event| EpochChange { own: false, lost_commit: None, ..change_of(event).clone() }).collect();
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
}

/// What a commit changed.
pub(crate) fn change_of(event: &Event) -> &EpochChange {
    match event {
        Event::EpochChanged { change } => change,
        other => panic!("{other:?}"),
    }
}

/// What was written.
pub(crate) fn text_of(event: Event) -> String {
    match event {
        Event::Message { plaintext, .. } => String::from_utf8(plaintext).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The code of a call that must fail.
pub(crate) fn code<T>(result: Result<T>) -> u32 {
    result.err().expect("an error").code()
}

/// The client ids, as text.
pub(crate) fn names(members: &[MemberName]) -> Vec<String> {
    members.iter().map(|member| String::from_utf8(member.client_id.clone()).unwrap()).collect()
}
