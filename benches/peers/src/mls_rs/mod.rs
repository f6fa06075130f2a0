//! mls-rs, with AWS-LC's primitives and rayon.

mod rules;
mod storage;

use std::time::Duration;

use mls_rs::client_builder::MlsConfig;
use mls_rs::group::{ExportedTree, ReceivedMessage};
use mls_rs::identity::SigningIdentity;
use mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use mls_rs::{CipherSuite, CipherSuiteProvider, Client, CryptoProvider, ExtensionList, Group, MlsMessage};
use mls_rs_crypto_awslc::AwsLcCryptoProvider;

use self::rules::Rules;
use self::storage::{Groups, KeyPackages};
use crate::person::{Change, Made, Person};
use crate::shelf::{Records, Shelf};

/// A lifetime of key packages that everybody accepts.
const LIFETIME: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// Somebody on mls-rs, who stores a group as one record, as its storage trait has it.
pub fn enter(name: &str) -> MlsRs<impl MlsConfig + use<>> {
    enter_storing(name, false)
}

/// Somebody on mls-rs, who stores the ratchet tree by itself, so that it is not written again where it has not changed.
pub fn enter_with_tree_apart(name: &str) -> MlsRs<impl MlsConfig + use<>> {
    enter_storing(name, true)
}

fn enter_storing(name: &str, tree_apart: bool) -> MlsRs<impl MlsConfig + use<>> {
    let (shelf, rules) = (Shelf::default(), Rules::default());
    let crypto = AwsLcCryptoProvider::default();
    let suite = CipherSuite::CURVE25519_AES128;
    let provider = crypto.cipher_suite_provider(suite).unwrap();
    let (secret, public) = provider.signature_key_generate().unwrap();
    let identity = BasicCredential::new(name.as_bytes().to_vec()).into_credential();
    let client = Client::builder()
        .crypto_provider(crypto)
        .identity_provider(BasicIdentityProvider::new())
        .key_package_repo(KeyPackages(shelf.clone()))
        .group_state_storage(Groups(shelf.clone()))
        .mls_rules(rules.clone())
        .key_package_lifetime(LIFETIME)
        .signing_identity(SigningIdentity::new(identity, public), secret, suite)
        .build();
    MlsRs { client, shelf, rules, tree_apart, group: None, group_id: vec![] }
}

/// A person on mls-rs.
pub struct MlsRs<C: MlsConfig> {
    client: Client<C>,
    shelf: Shelf,
    rules: Rules,
    tree_apart: bool,
    group: Option<Group<C>>,
    group_id: Vec<u8>,
}

impl<C: MlsConfig> MlsRs<C> {
    fn settle(&mut self, group: Group<C>) {
        self.group_id = group.group_id().to_vec();
        self.group = Some(group);
        self.keep();
    }

    fn group(&mut self) -> &mut Group<C> {
        self.group.as_mut().unwrap()
    }

    /// Stores the group, of a new epoch.
    fn keep(&mut self) {
        if self.tree_apart {
            let tree = self.tree();
            self.shelf.write(vec![(self.tree_key(), Some(tree))]);
        }
        self.keep_tree();
    }

    /// Stores the group, the tree of which has not changed.
    fn keep_tree(&mut self) {
        match self.tree_apart {
            true => self.group().write_to_storage_without_ratchet_tree().unwrap(),
            false => self.group().write_to_storage().unwrap(),
        }
    }

    fn tree_key(&self) -> Vec<u8> {
        [b"tree", self.group_id.as_slice()].concat()
    }
}

impl<C: MlsConfig> Person for MlsRs<C> {
    type Saved = (Records, Option<Group<C>>);

    fn key_package(&mut self) -> Vec<u8> {
        let none = ExtensionList::default();
        self.client.generate_key_package_message(none.clone(), none, None).unwrap().to_bytes().unwrap()
    }

    fn create(&mut self) {
        let none = ExtensionList::default();
        let group = self.client.create_group(none.clone(), none, None).unwrap();
        self.settle(group);
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) {
        let tree = tree.map(|tree| ExportedTree::from_bytes(tree).unwrap());
        let (group, _) = self.client.join_group(tree, &message(welcome), None).unwrap();
        self.settle(group);
    }

    fn join_external(&mut self, group_info: &[u8], tree: &[u8]) -> Vec<u8> {
        let tree = ExportedTree::from_bytes(tree).unwrap().into_owned();
        let builder = self.client.external_commit_builder().unwrap().with_tree_data(tree);
        let (group, commit) = builder.build(message(group_info)).unwrap();
        self.settle(group);
        commit.to_bytes().unwrap()
    }

    fn commit(&mut self, change: Change<'_>) -> Made {
        self.rules.put_tree_inside(change.tree_inside);
        let mut builder = self.group().commit_builder();
        for key_package in change.add {
            builder = builder.add_member(message(key_package)).unwrap();
        }
        if let Some(leaf) = change.remove {
            builder = builder.remove_member(leaf).unwrap();
        }
        let made = builder.build().unwrap();
        self.keep_tree();
        let welcome = made.welcome_messages.first().map(|welcome| welcome.to_bytes().unwrap());
        Made { commit: made.commit_message.to_bytes().unwrap(), welcome }
    }

    fn confirm(&mut self) {
        self.group().apply_pending_commit().unwrap();
        self.keep();
    }

    fn encrypt(&mut self, text: &[u8]) -> Vec<u8> {
        let message = self.group().encrypt_application_message(text, vec![]).unwrap();
        self.keep_tree();
        message.to_bytes().unwrap()
    }

    fn receive(&mut self, bytes: &[u8]) {
        match self.group().process_incoming_message(message(bytes)).unwrap() {
            ReceivedMessage::ApplicationMessage(_) => self.keep_tree(),
            ReceivedMessage::Commit(_) => self.keep(),
            other => panic!("unexpected: {other:?}"),
        }
    }

    fn close(&mut self) {
        self.group = None;
    }

    fn group_id(&self) -> Vec<u8> {
        self.group_id.clone()
    }

    fn recall(&mut self, group_id: &[u8]) {
        self.group_id = group_id.to_vec();
    }

    fn open(&mut self) {
        self.group = Some(match self.tree_apart {
            true => {
                let record = self.shelf.read(&self.tree_key()).unwrap();
                let tree = ExportedTree::from_bytes(&record).unwrap();
                self.client.load_group_with_ratchet_tree(&self.group_id, tree).unwrap()
            }
            false => self.client.load_group(&self.group_id).unwrap(),
        });
    }

    fn group_info(&mut self) -> Vec<u8> {
        self.group().group_info_message_allowing_ext_commit(false).unwrap().to_bytes().unwrap()
    }

    fn tree(&mut self) -> Vec<u8> {
        self.group().export_tree().to_bytes().unwrap()
    }

    fn save(&self) -> Self::Saved {
        (self.shelf.records(), self.group.clone())
    }

    fn restore(&mut self, (records, group): &Self::Saved) {
        self.shelf.restore(records);
        self.group.clone_from(group);
    }

    fn shelf(&self) -> &Shelf {
        &self.shelf
    }
}

fn message(bytes: &[u8]) -> MlsMessage {
    MlsMessage::from_bytes(bytes).unwrap()
}
