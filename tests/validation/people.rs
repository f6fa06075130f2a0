//! Honest people, and what a malicious one of them can read out of its own store.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::host::{Candidate, CredentialValidator, Identity, SignPurpose, Unobserved, Verdict};
use crate::base::{Code, GroupId, LeafIndex, Result};
use crate::client::{Client, ClientConfig, Group, GroupOptions, Host as Lent, JoinOptions, KeyPackageOptions};
use crate::crypto::{Digest, Signature, Suite};
use crate::group::epoch::CurrentSecrets;
use crate::group::host::Host;
use crate::group::proposals::{self, KnownProposal};
use crate::group::propose;
use crate::group::state::GroupState;
use crate::message::{GroupContext, KeyPackage, Message, Proposal, ProposalOrRef};
use crate::store::{MemoryStorage, Txn};
use crate::tree::tests::model::Model;
use crate::tree::{LeafNode, LeafNodeSource, Signed};
use crate::{AcceptAll, Event};

/// A client with a storage of its own, in one group at most.
pub(super) struct Person {
    pub(super) storage: Arc<MemoryStorage>,
    pub(super) client: Arc<Client>,
    pub(super) group: Option<Arc<Group>>,
}

impl Person {
    pub(super) fn of(name: &str) -> Self {
        Person::with(ClientConfig::basic(name))
    }

    pub(super) fn with(config: ClientConfig) -> Self {
        Person::judging(config, Arc::new(AcceptAll))
    }

    pub(super) fn judging(config: ClientConfig, validator: Arc<dyn CredentialValidator>) -> Self {
        let storage = MemoryStorage::new();
        let client = Client::new(config, Lent::new(storage.clone(), validator)).unwrap();
        Person { storage, client, group: None }
    }

    pub(super) fn group(&self) -> Arc<Group> {
        self.group.clone().unwrap()
    }

    pub(super) fn host(&self) -> &Host {
        &self.client.shared().services
    }

    pub(super) fn key_package(&self) -> Vec<u8> {
        self.client.create_key_packages(1, KeyPackageOptions::default()).unwrap().remove(0).message
    }

    /// A fresh key package, to be altered.
    pub(super) fn package(&self) -> KeyPackage {
        let Message::KeyPackage(key_package) = Message::decode(&self.key_package()).unwrap() else { panic!() };
        key_package.peek().clone()
    }

    /// An Add of a fresh key package.
    pub(super) fn add(&self) -> Proposal {
        Proposal::Add(Arc::new(self.package()).into())
    }

    /// An Add of a key package that is altered before leaf and package are signed.
    pub(super) fn add_altered(&self, alter: impl FnOnce(&mut KeyPackage)) -> Proposal {
        let mut key_package = self.package();
        alter(&mut key_package);
        self.sign_package(&mut key_package);
        Proposal::Add(Arc::new(key_package).into())
    }

    /// Signs a key package and its leaf anew.
    pub(super) fn sign_package(&self, key_package: &mut KeyPackage) {
        self.sign_leaf(&mut key_package.leaf_node, None);
        let content = key_package.signed_fields().unwrap();
        key_package.signature = self.sign(SignPurpose::KeyPackage, KeyPackage::LABEL, &content);
    }

    /// Signs a leaf anew, for its place if it has one.
    pub(super) fn sign_leaf(&self, node: &mut LeafNode, place: Option<(&GroupId, LeafIndex)>) {
        let content = node.to_be_signed(place).unwrap();
        node.signature = self.sign(SignPurpose::LeafNode, LeafNode::LABEL, &content);
    }

    pub(super) fn sign(&self, purpose: SignPurpose, label: &str, content: &[u8]) -> Signature {
        let key = &self.host().identities[0].key_id;
        self.host().sign(key, (purpose, label), content).unwrap()
    }

    /// Looks at the group, or makes something of it; nothing of that is stored.
    pub(super) fn inside<T>(&self, act: impl FnOnce(&mut Txn, &mut GroupState, &Host) -> T) -> T {
        let shared = self.client.shared();
        let mut txn = Txn::begin(shared.store.clone());
        let mut state = GroupState::load(&mut txn, &GroupId(self.group().id())).unwrap();
        act(&mut txn, &mut state, &shared.services)
    }

    /// All that this member knows of its group.
    pub(super) fn view(&self) -> View {
        self.inside(|txn, state, _| View {
            suite: state.suite,
            context: state.context.clone(),
            encoded: state.epoch.group_context.clone(),
            tree: Model::import(&state.tree().export(txn, &Unobserved).unwrap()),
            secrets: state.epoch.current.take().unwrap(),
            waiting: proposals::waiting(state, txn).unwrap().into_iter().collect(),
            own_leaf: state.head.own_leaf,
        })
    }

    /// Sends a proposal as the library does, without keeping it here.
    pub(super) fn propose(&self, proposal: Proposal) -> Vec<u8> {
        self.inside(|txn, state, host| propose::send(txn, (state, host), (proposal, &[])).unwrap())
    }

    /// Our leaf as an Update would have it, altered before it is signed.
    pub(super) fn update(&self, alter: impl FnOnce(&mut LeafNode)) -> Proposal {
        let view = self.view();
        let mut node = view.leaf(view.own_leaf);
        node.encryption_key = view.suite.generate_hpke_keys().unwrap().1;
        node.leaf_node_source = LeafNodeSource::Update;
        alter(&mut node);
        self.sign_leaf(&mut node, Some((&view.context.group_id, view.own_leaf)));
        Proposal::Update(Box::new(node.into()))
    }

    /// What waits here, as a commit would name it.
    pub(super) fn references(&self) -> Vec<ProposalOrRef> {
        self.view().waiting.into_keys().map(ProposalOrRef::Reference).collect()
    }

    pub(super) fn receive(&self, message: &[u8]) -> Result<Event> {
        self.group().receive(message.to_vec(), vec![])
    }

    /// The code with which a message is refused, which must leave the stored bytes as they were.
    pub(super) fn refuses(&self, message: &[u8]) -> u32 {
        self.unmoved(|| self.receive(message).map(drop))
    }

    /// The same for a Welcome.
    pub(super) fn refuses_welcome(&self, welcome: &[u8], tree: Option<Vec<u8>>) -> u32 {
        self.unmoved(|| self.join(welcome, tree).map(drop))
    }

    pub(super) fn join(&self, welcome: &[u8], tree: Option<Vec<u8>>) -> Result<Arc<Group>> {
        let options = JoinOptions { public_handshakes: true, tree, ..JoinOptions::default() };
        self.client.join(welcome.to_vec(), options)
    }

    /// The code of a call that must fail and leave the stored bytes as they were.
    pub(super) fn unmoved(&self, call: impl FnOnce() -> Result<()>) -> u32 {
        let before = self.storage.records();
        let code = call().expect_err("what should be refused was taken").code();
        assert!(self.storage.records() == before, "what was refused changed the store");
        code
    }

    /// A commit of the library's own making, which takes effect here.
    pub(super) fn refresh(&self) -> Vec<u8> {
        let commit = self.group().new_commit().build().unwrap().commit;
        self.group().confirm_commit(None, vec![]).unwrap();
        commit
    }
}

/// What a member of a group knows in one epoch.
pub(super) struct View {
    pub(super) suite: &'static Suite,
    pub(super) context: GroupContext,
    /// The same, encoded.
    pub(super) encoded: Vec<u8>,
    pub(super) tree: Model,
    pub(super) secrets: CurrentSecrets,
    pub(super) waiting: BTreeMap<Digest, KnownProposal>,
    pub(super) own_leaf: LeafIndex,
}

impl View {
    pub(super) fn leaf(&self, leaf: LeafIndex) -> LeafNode {
        self.tree.leaves[leaf.0 as usize].clone().unwrap()
    }
}

/// People in one group, whose handshakes go in the open.
pub(super) fn members<const N: usize>(names: [&str; N]) -> [Person; N] {
    group_of(names.map(Person::of))
}

/// The same for people who are there already; the first one makes the group.
pub(super) fn group_of<const N: usize>(people: [Person; N]) -> [Person; N] {
    group_with(people, vec![])
}

/// The same, with these encoded extensions.
pub(super) fn group_with<const N: usize>(mut people: [Person; N], extensions: Vec<u8>) -> [Person; N] {
    let [first, rest @ ..] = &mut people[..] else { panic!("nobody") };
    let options = GroupOptions { public_handshakes: true, extensions, ..GroupOptions::default() };
    let group = first.client.create_group(options).unwrap();
    first.group = Some(group.clone());
    if rest.is_empty() {
        return people;
    }
    let draft = rest.iter().fold(group.clone().new_commit(), |draft, one| draft.add(one.key_package()).unwrap());
    let welcome = draft.build().unwrap().welcome.unwrap();
    let pending = group.pending_commit().unwrap().unwrap();
    group.receive(pending.commit, vec![]).unwrap();
    for one in rest {
        one.group = Some(one.join(&welcome, None).unwrap());
    }
    people
}

/// That these members are in one epoch.
pub(super) fn agree(people: &[&Person]) {
    let authenticators = people.iter().map(|one| one.group().epoch_authenticator().unwrap());
    let authenticators: Vec<Vec<u8>> = authenticators.collect();
    assert!(authenticators.windows(2).all(|pair| pair[0] == pair[1]), "the members are in different epochs");
}

/// All of these receive a proposal.
pub(super) fn deliver(proposal: &[u8], to: &[&Person]) {
    to.iter().for_each(|one| assert!(matches!(one.receive(proposal).unwrap(), Event::Proposal { .. })));
}

/// A Remove of the member at a leaf.
pub(super) fn remove(leaf: u32) -> Proposal {
    Proposal::Remove(LeafIndex(leaf))
}

/// The number of a code, as errors show it.
pub(super) const fn number(code: Code) -> u32 {
    code.number()
}

/// Believes every credential of every type, and names clients by what it says.
pub(super) struct Believer;

impl CredentialValidator for Believer {
    fn validate(&self, candidates: Vec<Candidate>) -> Result<Vec<Verdict>> {
        let name = |candidate: Candidate| match candidate.identity {
            Identity::Basic { identity } | Identity::Other { content: identity, .. } => identity,
            Identity::X509 { certificates } => certificates.concat(),
        };
        let accept = |name: Vec<u8>| Verdict::Accept { client_id: name.clone(), user_id: name };
        Ok(candidates.into_iter().map(name).map(accept).collect())
    }

    fn is_successor(&self, _old: Candidate, _new: Candidate) -> Result<bool> {
        Ok(true)
    }
}
