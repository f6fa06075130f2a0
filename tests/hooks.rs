//! What the app is asked, when, and with what: every question of a step, in order, and no other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::{Arc, Mutex};

use common::*;
use conclave::*;

/// Writes down what one client is asked, and says yes.
#[derive(Default)]
struct Book(Mutex<Vec<String>>);

impl Book {
    fn note(&self, question: String) {
        self.0.lock().unwrap().push(question);
    }
}

fn name(candidate: &Candidate) -> String {
    assert_eq!(candidate.cipher_suite, 1);
    assert_eq!(candidate.signature_key.len(), 32);
    match &candidate.identity {
        Identity::Basic { identity } => String::from_utf8(identity.clone()).unwrap(),
        other => panic!("{other:?}"),
    }
}

impl CredentialValidator for Book {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        let names: Vec<String> = candidates.iter().map(name).collect();
        self.note(format!("who: {}", names.join(" ")));
        let accept = |name: String| Verdict::Accept { client_id: name.clone().into(), user_id: name.into() };
        Ok(names.into_iter().map(accept).collect())
    }

    fn is_successor(&self, old: Candidate, new: Candidate) -> Result<bool> {
        self.note(format!("{} for {}", name(&new), name(&old)));
        Ok(true)
    }
}

fn party(party: Party) -> String {
    match party {
        Party::Member { leaf } => leaf.to_string(),
        Party::External { index } => format!("external {index}"),
        Party::NewMember => "new".to_owned(),
    }
}

impl Policy for Book {
    fn permit(&self, request: ChangeRequest) -> Result<bool> {
        let change = match request.change {
            Change::Add { client_id } => format!("add {}", String::from_utf8(client_id).unwrap()),
            Change::Remove { leaf } => format!("remove {leaf}"),
            Change::Update { leaf } => format!("update {leaf}"),
            Change::Psk { .. } => "psk".to_owned(),
            Change::ResumptionPsk { .. } => "resumption psk".to_owned(),
            Change::Reinit { .. } => "reinit".to_owned(),
            Change::ExternalJoin { client_id, removed, .. } => {
                format!("join of {} removing {removed:?}", String::from_utf8(client_id).unwrap())
            }
            Change::Commit => "commit".to_owned(),
            Change::Extensions { types } => format!("extensions {types:?}"),
            Change::Custom { proposal_type, .. } => format!("custom {proposal_type:x}"),
        };
        let stage = request.committer.map_or("proposed".to_owned(), |by| format!("committed by {}", party(by)));
        self.note(format!("{change}: by {}, {stage}", party(request.proposer)));
        Ok(true)
    }
}

/// A world whose people have books.
struct Watched {
    world: World,
    books: Vec<(String, Arc<Book>)>,
}

impl Watched {
    fn of(names: &[&str]) -> Self {
        let mut watched = Watched { world: World::of(&[]), books: Vec::new() };
        watched.world.silent = true;
        for name in names {
            let (book, config) = (Arc::<Book>::default(), ClientConfig::basic(name));
            let config = ClientConfig { proposals: vec![PRIVATE_TYPE], extensions: vec![PRIVATE_TYPE], ..config };
            let (validator, policy) = (book.clone(), book.clone());
            watched.world.enlist(config, |host| {
                host.validator = validator;
                host.policy = Some(policy);
            });
            watched.books.push(((*name).to_owned(), book));
        }
        watched
    }

    /// What this person was asked since the last call of this.
    fn asked(&self, name: &str) -> Vec<String> {
        let book = &self.books.iter().find(|(known, _)| known == name).unwrap().1;
        std::mem::take(&mut *book.0.lock().unwrap())
    }

    fn forget(&self) {
        self.books.iter().for_each(|(name, _)| drop(self.asked(name)));
    }

    /// A group of these people, and empty books.
    fn group(names: &[&str]) -> Self {
        let mut watched = Self::of(names);
        watched.world.found(names);
        watched.forget();
        watched
    }

    fn rename(&mut self, name: &str, identity: &str) {
        self.world.person_mut(name).config.identity = Identity::Basic { identity: identity.into() };
        self.world.reopen(name);
    }
}

fn listening_to(watched: &Watched, name: &str) -> Vec<u8> {
    let senders = vec![watched.world.client(name).external_sender(None).unwrap()];
    encode_extensions(vec![Extension::ExternalSenders { senders }]).unwrap()
}

#[test]
fn entering_a_group() {
    let mut watched = Watched::of(&["alice", "bob", "server"]);
    let extensions = listening_to(&watched, "server");
    watched.world.create("alice", GroupOptions { extensions, ..GroupOptions::default() });
    assert_eq!(watched.asked("alice"), ["who: server", "who: alice"]);
    watched.world.add("alice", &["bob"]);
    let committed = ["who: bob", "add bob: by 0, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), committed);
    assert_eq!(watched.asked("bob"), ["who: alice bob", "who: server"]);
}

#[test]
fn a_client_that_is_proposed() {
    let mut watched = Watched::of(&["alice", "bob", "carol"]);
    watched.world.found(&["alice", "bob"]);
    watched.forget();
    let package = watched.world.key_package("carol");
    watched.world.propose("bob", |group| group.propose_add(package, vec![]));
    for name in ["alice", "bob"] {
        assert_eq!(watched.asked(name), ["who: carol", "add carol: by 1, proposed"]);
    }
    watched.world.update("alice");
    // Who carol is was asked when she was proposed.
    let changes = ["add carol: by 1, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), changes);
    assert_eq!(watched.asked("bob"), [&["who: alice"], &changes[..]].concat());
    assert_eq!(watched.asked("carol"), ["who: alice bob carol"]);
}

#[test]
fn a_leaf_that_is_updated() {
    let mut watched = Watched::group(&["alice", "bob"]);
    watched.world.propose("bob", |group| group.propose_update(vec![]));
    for name in ["alice", "bob"] {
        assert_eq!(watched.asked(name), ["who: bob", "update 1: by 1, proposed"]);
    }
    watched.world.update("alice");
    let changes = ["update 1: by 1, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), changes);
    assert_eq!(watched.asked("bob"), [&["who: alice"], &changes[..]].concat());
}

#[test]
fn a_credential_that_changes_by_proposal() {
    let mut watched = Watched::group(&["alice", "bob"]);
    watched.rename("bob", "robert");
    watched.world.propose("bob", |group| group.propose_update(vec![]));
    for name in ["alice", "bob"] {
        assert_eq!(watched.asked(name), ["robert for bob", "who: robert", "update 1: by 1, proposed"]);
    }
    watched.world.update("alice");
    let changes = ["update 1: by 1, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), changes);
    assert_eq!(watched.asked("bob"), [&["who: alice"], &changes[..]].concat());
}

#[test]
fn a_credential_that_changes_by_commit() {
    let mut watched = Watched::group(&["alice", "bob"]);
    watched.rename("bob", "robert");
    watched.world.update("bob");
    assert_eq!(watched.asked("bob"), ["commit: by 1, committed by 1", "robert for bob", "who: robert"]);
    assert_eq!(watched.asked("alice"), ["who: robert", "commit: by 1, committed by 1", "robert for bob"]);
}

/// A call that proposes something.
type Propose = Box<dyn Fn(&Group) -> Result<Vec<u8>>>;

#[test]
fn other_changes() {
    let mut watched = Watched::group(&["alice", "bob", "carol"]);
    for name in ["alice", "bob", "carol"] {
        watched.world.client(name).put_psk(b"key".to_vec(), vec![7; 32]).unwrap();
    }
    let (leaf, list) = (watched.world.leaf("carol"), extensions(&[(PRIVATE_TYPE, b"data")]));
    let proposals: [(&str, Propose); 4] = [
        ("remove 2", Box::new(move |group| group.propose_remove(leaf, vec![]))),
        ("psk", Box::new(|group| group.propose_psk(b"key".to_vec(), vec![]))),
        ("extensions [61441]", Box::new(move |group| group.propose_extensions(list.clone(), vec![]))),
        ("custom f001", Box::new(|group| group.propose_custom(PRIVATE_TYPE, vec![1], vec![]))),
    ];
    for (change, propose) in &proposals {
        watched.world.propose("bob", propose);
        for name in ["alice", "bob", "carol"] {
            assert_eq!(watched.asked(name), [format!("{change}: by 1, proposed")]);
        }
    }
    let mut changes: Vec<String> =
        proposals.iter().map(|(change, _)| format!("{change}: by 1, committed by 0")).collect();
    changes.push("commit: by 0, committed by 0".to_owned());
    watched.world.update("alice");
    assert_eq!(watched.asked("alice"), changes);
    changes.insert(0, "who: alice".to_owned());
    for name in ["bob", "carol"] {
        assert_eq!(watched.asked(name), changes);
    }
}

#[test]
fn external_senders_that_are_set() {
    let mut watched = Watched::of(&["alice", "bob", "server"]);
    watched.world.found(&["alice", "bob"]);
    watched.forget();
    let list = listening_to(&watched, "server");
    watched.world.propose("bob", |group| group.propose_extensions(list.clone(), vec![]));
    for name in ["alice", "bob"] {
        assert_eq!(watched.asked(name), ["who: server", "extensions [5]: by 1, proposed"]);
    }
    watched.world.update("alice");
    let changes = ["extensions [5]: by 1, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), [&["who: server"], &changes[..]].concat());
    assert_eq!(watched.asked("bob"), [&["who: alice server"], &changes[..]].concat());
    watched.world.commit("alice", |draft| draft.extensions(list).unwrap());
    let changes = ["extensions [5]: by 0, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), [&["who: server"], &changes[..]].concat());
    assert_eq!(watched.asked("bob"), [&["who: alice server"], &changes[..]].concat());
}

#[test]
fn proposals_from_outside() {
    let mut watched = Watched::of(&["alice", "bob", "carol", "server"]);
    let extensions = listening_to(&watched, "server");
    watched.world.create("alice", GroupOptions { extensions, ..GroupOptions::default() });
    watched.world.add("alice", &["bob"]);
    let info = watched.world.group("alice").group_info(true).unwrap();
    watched.forget();
    let server = ExternalProposer::new(watched.world.client("server"), info.clone(), None).unwrap();
    assert_eq!(watched.asked("server"), ["who: alice"]);
    let removal = server.propose_remove(watched.world.leaf("bob")).unwrap();
    let asked = watched.world.client("carol").propose_join(info, None, vec![]).unwrap().message;
    assert_eq!(watched.asked("carol"), ["who: alice"]);
    watched.world.deliver("nobody", &removal);
    watched.world.deliver("nobody", &asked);
    let proposed = ["remove 1: by external 0, proposed", "who: carol", "add carol: by new, proposed"];
    for name in ["alice", "bob"] {
        assert_eq!(watched.asked(name), proposed);
    }
    watched.world.update("alice");
    let changes = [
        "remove 1: by external 0, committed by 0",
        "add carol: by new, committed by 0",
        "commit: by 0, committed by 0",
    ];
    assert_eq!(watched.asked("alice"), changes);
    assert_eq!(watched.asked("bob"), [&["who: alice"], &changes[..]].concat());
}

#[test]
fn what_an_external_sender_proposes_itself() {
    let mut watched = Watched::of(&["alice", "carol", "server"]);
    let extensions = listening_to(&watched, "server");
    watched.world.create("alice", GroupOptions { extensions: extensions.clone(), ..GroupOptions::default() });
    let info = watched.world.group("alice").group_info(true).unwrap();
    let (package, server) = (watched.world.key_package("carol"), watched.world.client("server"));
    let server = ExternalProposer::new(server, info, None).unwrap();
    watched.forget();
    server.propose_add(package).unwrap();
    assert_eq!(watched.asked("server"), ["who: carol"]);
    server.propose_extensions(extensions.clone()).unwrap();
    assert_eq!(watched.asked("server"), ["who: server"]);
    server.propose_remove(0).unwrap();
    server.propose_psk(b"key".to_vec()).unwrap();
    server.propose_reinit(b"next".to_vec(), 1, extensions).unwrap();
    assert!(watched.asked("server").is_empty());
}

/// Alice and bob in a group that listens to the server, with empty books.
fn overheard() -> Watched {
    let mut watched = Watched::of(&["alice", "bob", "server"]);
    let extensions = listening_to(&watched, "server");
    watched.world.create("alice", GroupOptions { extensions, ..GroupOptions::default() });
    watched.world.add("alice", &["bob"]);
    watched.forget();
    watched
}

#[test]
fn a_welcome_that_is_looked_into() {
    let mut watched = Watched::of(&["alice", "bob", "server"]);
    let extensions = listening_to(&watched, "server");
    watched.world.create("alice", GroupOptions { extensions, ..GroupOptions::default() });
    let package = watched.world.key_package("bob");
    let draft = watched.world.group("alice").new_commit().add(package).unwrap().tree_beside_welcome().unwrap();
    let built = draft.build().unwrap();
    let (bob, welcome) = (watched.world.client("bob"), built.welcome.clone().unwrap());
    bob.preview_welcome(welcome.clone(), None).unwrap();
    assert!(watched.asked("bob").is_empty(), "without the tree nobody is known");
    bob.preview_welcome(welcome, built.tree.clone()).unwrap();
    let everybody = ["who: alice bob", "who: server"];
    assert_eq!(watched.asked("bob"), everybody);
    watched.world.publish("alice", built);
    assert_eq!(watched.asked("bob"), everybody);
}

#[test]
fn a_group_that_is_closed_and_begun_anew() {
    let watched = overheard();
    let (alice, bob) = (watched.world.group("alice"), watched.world.group("bob"));
    let proposal = bob.propose_reinit(ReinitOptions::default(), vec![]).unwrap();
    alice.receive(proposal, vec![]).unwrap();
    for name in ["alice", "bob"] {
        assert_eq!(watched.asked(name), ["reinit: by 1, proposed"]);
    }
    let commit = alice.clone().new_commit().build().unwrap().commit;
    bob.receive(commit, vec![]).unwrap();
    let changes = ["reinit: by 1, committed by 0", "commit: by 0, committed by 0"];
    assert_eq!(watched.asked("alice"), changes);
    assert_eq!(watched.asked("bob"), [&["who: alice"], &changes[..]].concat());
    alice.confirm_commit(None, vec![]).unwrap();
    followed(&watched, |options| alice.create_successor(options));
}

#[test]
fn a_group_that_branches_off() {
    let watched = overheard();
    let alice = watched.world.group("alice");
    followed(&watched, |members| alice.branch(BranchOptions { members, ..BranchOptions::default() }));
}

/// Alice makes a group that follows from the old one, and bob comes along.
fn followed(watched: &Watched, make: impl FnOnce(SuccessorOptions) -> Result<Successor>) {
    let key_packages = vec![watched.world.key_package("bob")];
    let successor = make(SuccessorOptions { key_packages, ..SuccessorOptions::default() }).unwrap();
    let asked = [
        "who: server",
        "who: alice",
        "who: bob",
        "resumption psk: by 0, committed by 0",
        "add bob: by 0, committed by 0",
        "commit: by 0, committed by 0",
    ];
    assert_eq!(watched.asked("alice"), asked);
    watched.world.client("bob").join(successor.welcome.unwrap(), JoinOptions::default()).unwrap();
    assert_eq!(watched.asked("bob"), ["who: alice bob", "who: server"]);
}

#[test]
fn what_is_no_change_is_not_asked_about() {
    let mut watched = Watched::group(&["alice", "bob"]);
    watched.world.say("alice", "hello");
    let built = watched.world.group("alice").new_commit().build().unwrap();
    assert_eq!(watched.asked("alice"), ["commit: by 0, committed by 0"]);
    watched.world.reopen("alice");
    watched.world.publish("alice", built);
    assert!(watched.asked("alice").is_empty());
    watched.world.group("bob").group_info(true).unwrap();
    watched.world.key_package("bob");
    let archive = watched.world.client("bob").export_archive(vec![5; 32]).unwrap();
    watched.world.client("bob").import_archive(archive, vec![5; 32], ImportOptions { replace: true }).unwrap();
    assert_eq!(watched.asked("bob"), ["who: alice", "commit: by 0, committed by 0"]);
}

/// A client joins by its own commit, with a key that all have, and alice hears of it.
fn enter(watched: &Watched, name: &str, rejoin: bool) {
    ["alice", name].iter().for_each(|name| watched.world.client(name).put_psk(b"key".to_vec(), vec![7; 32]).unwrap());
    let info = watched.world.group("alice").group_info(true).unwrap();
    let options = ExternalJoinOptions { rejoin, psks: vec![b"key".to_vec()], ..ExternalJoinOptions::default() };
    let join = watched.world.client(name).join_external(info, options).unwrap();
    watched.world.receive("alice", &join.commit).unwrap();
}

#[test]
fn a_client_that_joins_by_itself() {
    let mut watched = Watched::of(&["alice", "bob", "server"]);
    let extensions = listening_to(&watched, "server");
    watched.world.create("alice", GroupOptions { extensions, ..GroupOptions::default() });
    watched.forget();
    enter(&watched, "bob", false);
    let changes = ["psk: by new, committed by new", "join of bob removing None: by new, committed by new"];
    assert_eq!(watched.asked("bob"), [&["who: alice", "who: server", "who: bob"], &changes[..]].concat());
    assert_eq!(watched.asked("alice"), [&["who: bob"], &changes[..]].concat());
}

/// What is asked of a join that takes out an earlier leaf of bob's.
const COMES_BACK: [&str; 3] = [
    "remove 1: by new, committed by new",
    "psk: by new, committed by new",
    "join of bob removing Some(1): by new, committed by new",
];

#[test]
fn a_client_that_rejoins() {
    let watched = Watched::group(&["alice", "bob"]);
    enter(&watched, "bob", true);
    assert_eq!(watched.asked("bob"), [&["who: alice bob", "who: bob"], &COMES_BACK[..]].concat());
    assert_eq!(watched.asked("alice"), [&["who: bob"], &COMES_BACK[..]].concat());
}

#[test]
fn a_client_that_comes_back_with_another_key() {
    let mut watched = Watched::of(&["alice", "bob", "bob anew"]);
    watched.rename("bob anew", "bob");
    watched.world.found(&["alice", "bob"]);
    watched.forget();
    enter(&watched, "bob anew", false);
    let changes = [&COMES_BACK[..], &["bob for bob"]].concat();
    assert_eq!(watched.asked("bob anew"), [&["who: alice bob", "who: bob"], &changes[..]].concat());
    assert_eq!(watched.asked("alice"), [&["who: bob"], &changes[..]].concat());
}
