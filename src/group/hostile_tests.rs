//! What a member or a stranger could send that no client of this library makes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use super::host::Host;
use super::own_leaf::{handshake_format, protect, sign_content, sign_leaf, unsigned_leaf};
use super::resolve::{self, Committer};
use super::state::GroupState;
use super::{proposals, propose};
use crate::base::host::SignPurpose;
use crate::base::{Code, GroupId, LeafIndex, Result, limits};
use crate::client::{Client, ClientConfig, Group, GroupOptions, Host as Lent, JoinOptions, KeyPackageOptions};
use crate::codec::Opaque;
use crate::crypto::{Digest, Mac, Signature};
use crate::message::{
    AuthenticatedContent, Commit, Content, FramedContent, FramedContentAuthData, Membership, Message, Proposal,
    ProposalOrRef, PublicMessage, Sender, WireFormat,
};
use crate::store::{MemoryStorage, Txn};
use crate::tree::{LeafNodeSource, ProposalType};
use crate::{AcceptAll, Author, Event};

struct Person {
    storage: Arc<MemoryStorage>,
    client: Arc<Client>,
    group: Option<Arc<Group>>,
}

impl Person {
    fn of(name: &str) -> Self {
        let storage = MemoryStorage::new();
        let host = Lent::new(storage.clone(), Arc::new(AcceptAll));
        let client = Client::new(ClientConfig::basic(name), host).unwrap();
        Person { storage, client, group: None }
    }

    fn group(&self) -> Arc<Group> {
        self.group.clone().unwrap()
    }

    fn key_package(&self) -> Vec<u8> {
        self.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }

    /// Looks at the group, or makes something of it; nothing of that is stored.
    fn inside<T>(&self, act: impl FnOnce(&mut Txn, &mut GroupState, &Host) -> T) -> T {
        let shared = self.client.shared();
        let mut txn = Txn::begin(shared.store.clone());
        let mut state = GroupState::load(&mut txn, &GroupId(self.group().id())).unwrap();
        act(&mut txn, &mut state, &shared.services)
    }

    fn propose(&self, proposal: Proposal) -> Vec<u8> {
        self.inside(|txn, state, host| propose::send(txn, (state, host), (proposal, &[])).unwrap())
    }

    fn receive(&self, message: &[u8]) -> Result<Event> {
        self.group().receive(message.to_vec(), vec![])
    }

    /// The code with which a message is refused, which must leave the stored bytes as they were.
    fn refuses(&self, message: &[u8]) -> u32 {
        let before = self.storage.records();
        let code = self.receive(message).unwrap_err().code();
        assert!(self.storage.records() == before, "a refused message changed the store");
        code
    }
}

/// People in one group, whose handshakes go in the open.
fn members<const N: usize>(names: [&str; N]) -> [Person; N] {
    let mut people = names.map(Person::of);
    let [first, rest @ ..] = &mut people[..] else { panic!("nobody") };
    let options = GroupOptions { public_handshakes: true, ..GroupOptions::default() };
    let group = first.client.create_group(options).unwrap();
    let draft = rest.iter().fold(group.clone().new_commit(), |draft, one| draft.add(one.key_package()).unwrap());
    let welcome = draft.build().unwrap().welcome.unwrap();
    let pending = group.pending_commit().unwrap().unwrap();
    group.receive(pending.commit, vec![]).unwrap();
    first.group = Some(group);
    for one in rest {
        let options = JoinOptions { public_handshakes: true, ..JoinOptions::default() };
        one.group = Some(one.client.join(welcome.clone(), options).unwrap());
    }
    people
}

/// A commit of this member that names these references, and is signed and nothing more.
fn naming(by: &Person, references: Vec<Digest>) -> Vec<u8> {
    let proposals = references.into_iter().map(ProposalOrRef::Reference).collect();
    let commit = Content::Commit(Box::new(Commit { proposals, path: None }));
    by.inside(|txn, state, host| {
        let mut content = sign_content(state, host, (handshake_format(state), commit), &[]).unwrap();
        content.auth.confirmation_tag = Some(Mac(Opaque::from([7; 32].as_slice())));
        let keys = state.keys.clone();
        protect(txn, (state, &keys), content).unwrap().0
    })
}

fn reference(number: u32, length: usize) -> Digest {
    let mut bytes = vec![0; length];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Digest(bytes.as_slice().into())
}

#[test]
fn a_commit_names_each_proposal_once_and_not_too_many() {
    let [alice, bob] = members(["alice", "bob"]);
    let twice = naming(&alice, vec![reference(1, 32), reference(1, 32)]);
    assert_eq!(bob.refuses(&twice), Code::BadProposalList.number());
    let many = (0..=limits::MAX_PENDING_PROPOSALS).map(|number| reference(number, 32)).collect();
    assert_eq!(bob.refuses(&naming(&alice, many)), Code::BadProposalList.number());
    assert_eq!(bob.refuses(&naming(&alice, vec![reference(1, 32)])), Code::UnknownProposal.number());
}

#[test]
fn a_reference_has_the_length_of_a_hash() {
    let [alice, bob] = members(["alice", "bob"]);
    for length in [31, 33, 4096] {
        assert_eq!(bob.refuses(&naming(&alice, vec![reference(1, length)])), Code::UnknownProposal.number());
    }
}

#[test]
fn an_external_commit_is_refused_for_a_reference_before_that_is_looked_up() {
    let [alice, _] = members(["alice", "bob"]);
    let commit = Commit { proposals: vec![ProposalOrRef::Reference(reference(1, 32))], path: None };
    let refused = alice.inside(|txn, state, _| resolve::proposals(txn, state, Committer::Joiner, commit).err());
    assert!(refused.unwrap().is(Code::BadProposalList));
}

/// A handshake in the open that is signed with a client's key, as whoever it says it is from.
fn framed(signer: &Person, inside: &Person, (sender, proposal): (Sender, Proposal), aad: &[u8]) -> Vec<u8> {
    let services = &signer.client.shared().services;
    inside.inside(|_, state, _| {
        let content = FramedContent {
            group_id: state.head.group_id.clone(),
            epoch: state.head.epoch,
            sender,
            authenticated_data: aad.into(),
            content: Content::Proposal(proposal),
        };
        let to_be_signed = content.to_be_signed(WireFormat::PUBLIC_MESSAGE, &state.epoch.group_context).unwrap();
        let key = &services.identity_for(state.suite).unwrap().key_id;
        let signature: Signature =
            services.sign(key, (SignPurpose::Proposal, FramedContent::LABEL), &to_be_signed).unwrap();
        let auth = FramedContentAuthData { signature, confirmation_tag: None };
        let membership = Membership {
            suite: state.suite,
            membership_key: &state.epoch.current().unwrap().membership_key,
            group_context: &state.epoch.group_context,
        };
        let authenticated = AuthenticatedContent { wire_format: WireFormat::PUBLIC_MESSAGE, content, auth };
        let message = PublicMessage::protect(authenticated, &membership).unwrap();
        Message::Public(Box::new(message)).encode().unwrap()
    })
}

#[test]
fn a_sender_or_target_outside_the_tree_is_the_fault_of_the_message() {
    let [alice, bob] = members(["alice", "bob"]);
    // Twice 2^31 wraps to the node of leaf 0, which is alice's.
    for leaf in [1 << 31, 2, u32::MAX] {
        let message = framed(&alice, &alice, (Sender::Member(LeafIndex(leaf)), Proposal::Remove(LeafIndex(1))), &[]);
        assert_eq!(bob.refuses(&message), Code::BadSender.number());
        let target = framed(&alice, &alice, (Sender::Member(LeafIndex(0)), Proposal::Remove(LeafIndex(leaf))), &[]);
        assert_eq!(bob.refuses(&target), Code::BadProposal.number());
    }
}

#[test]
fn strangers_have_a_small_share_of_what_waits() {
    let [alice, bob] = members(["alice", "bob"]);
    let stranger = Person::of("carol");
    let Message::KeyPackage(key_package) = Message::decode(&stranger.key_package()).unwrap() else { panic!() };
    let ask = |number: u32| {
        let proposal = (Sender::NewMemberProposal, Proposal::Add(key_package.clone()));
        framed(&stranger, &alice, proposal, &number.to_be_bytes())
    };
    for number in 0..limits::MAX_PENDING_OF_STRANGERS {
        let event = alice.receive(&ask(number)).unwrap();
        assert!(matches!(event, Event::Proposal { author: Author::NewMember, .. }));
    }
    assert_eq!(alice.refuses(&ask(limits::MAX_PENDING_OF_STRANGERS)), Code::LimitReached.number());
    // Members are not kept from proposing, and what waits is found again over several pages.
    alice.receive(&bob.group().propose_update(vec![]).unwrap()).unwrap();
    assert_eq!(alice.group().pending_proposals().unwrap().len(), limits::MAX_PENDING_OF_STRANGERS as usize + 1);
}

#[test]
fn a_key_that_an_update_frees_is_free_for_it() {
    let [alice, bob, carol] = members(["alice", "bob", "carol"]);
    let message = bob.inside(|txn, state, host| {
        let mut tree = state.tree();
        let root = tree.width().root();
        let key = tree.parent(txn, root).unwrap().key.as_ref().unwrap().encryption_key.clone();
        let identity = host.identity(&state.head.signing_key).unwrap();
        let template = unsigned_leaf(identity, key, LeafNodeSource::Update).unwrap();
        let own = Some((&*state, state.head.own_leaf));
        let node = sign_leaf(host, (&state.head.signing_key, template), own).unwrap();
        propose::send(txn, (state, host), (Proposal::Update(Box::new(node.into())), &[])).unwrap()
    });
    for one in [&alice, &carol] {
        one.receive(&message).unwrap();
    }
    let commit = alice.group().new_commit().build().unwrap().commit;
    for one in [&alice, &carol] {
        let Event::EpochChanged { change } = one.receive(&commit).unwrap() else { panic!() };
        assert_eq!(change.updated.len(), 1);
    }
    assert_eq!(alice.group().epoch_authenticator().unwrap(), carol.group().epoch_authenticator().unwrap());
}

#[test]
fn a_proposal_of_a_type_that_not_all_support_does_not_block_commits() {
    let [alice, bob] = members(["alice", "bob"]);
    let custom = bob.propose(Proposal::Custom(ProposalType(0xf001), Opaque::from([1].as_slice())));
    alice.receive(&custom).unwrap();
    let built = alice.group().new_commit().build().unwrap();
    let Event::EpochChanged { change } = bob.receive(&built.commit).unwrap() else { panic!() };
    assert!(change.custom.is_empty());
}

#[test]
fn all_that_waits_is_found_over_several_pages() {
    let [_, bob] = members(["alice", "bob"]);
    for number in 0..70_u8 {
        bob.group().propose_psk(vec![number], vec![]).unwrap();
    }
    let waiting = bob.inside(|txn, state, _| proposals::waiting(state, txn).unwrap());
    assert!(waiting.iter().map(|(_, known)| known.number).eq(0..70));
}
