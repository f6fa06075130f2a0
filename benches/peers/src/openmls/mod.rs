//! OpenMLS, with each of its providers of primitives.

mod primitives;
mod storage;

use openmls::prelude::tls_codec::{DeserializeBytes as _, Serialize as _};
use openmls::prelude::*;
use openmls_basic_credential::SignatureKeyPair;

use self::primitives::{Primitives, Provider};
use crate::person::{Change, Made, Person};
use crate::shelf::{Records, Shelf};

const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

/// How many messages of a sender may come out of order, and how many may be skipped. The group stores up to so many keys.
const RATCHET: (u32, u32) = (1000, 1000);

/// A person on OpenMLS.
pub struct OpenMls<C> {
    provider: Provider<C>,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
    group: Option<MlsGroup>,
    group_id: Option<GroupId>,
    /// Whether each commit comes with a GroupInfo that holds the tree.
    group_info: bool,
}

impl<C: Primitives> OpenMls<C> {
    /// Somebody whose commits come without GroupInfo.
    pub fn enter(name: &str) -> Self {
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm()).unwrap();
        let credential = CredentialWithKey {
            credential: BasicCredential::new(name.as_bytes().to_vec()).into(),
            signature_key: signer.public().into(),
        };
        OpenMls { provider: Provider::new(), signer, credential, group: None, group_id: None, group_info: false }
    }

    /// Somebody whose commits each come with a GroupInfo, for others to join by.
    pub fn enter_with_group_info(name: &str) -> Self {
        OpenMls { group_info: true, ..OpenMls::enter(name) }
    }

    fn settle(&mut self, group: MlsGroup) {
        self.group_id = Some(group.group_id().clone());
        self.group = Some(group);
    }

    fn join_config(&self) -> MlsGroupJoinConfig {
        let ratchet = SenderRatchetConfiguration::new(RATCHET.0, RATCHET.1);
        MlsGroupJoinConfig::builder()
            .use_ratchet_tree_extension(self.group_info)
            .sender_ratchet_configuration(ratchet)
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .build()
    }

    fn client_of(&self, key_package: &[u8]) -> KeyPackage {
        let MlsMessageBodyIn::KeyPackage(key_package) = message(key_package).extract() else {
            panic!("not a key package")
        };
        key_package.validate(self.provider.crypto(), ProtocolVersion::Mls10).unwrap()
    }
}

impl<C: Primitives> Person for OpenMls<C> {
    type Saved = Records;

    fn key_package(&mut self) -> Vec<u8> {
        let builder = KeyPackage::builder().leaf_node_capabilities(capabilities());
        let made = builder.build(SUITE, &self.provider, &self.signer, self.credential.clone()).unwrap();
        MlsMessageOut::from(made.key_package().clone()).tls_serialize_detached().unwrap()
    }

    fn create(&mut self) {
        let ratchet = SenderRatchetConfiguration::new(RATCHET.0, RATCHET.1);
        let builder = MlsGroup::builder()
            .ciphersuite(SUITE)
            .with_capabilities(capabilities())
            .use_ratchet_tree_extension(self.group_info)
            .sender_ratchet_configuration(ratchet)
            .with_wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY);
        let group = builder.build(&self.provider, &self.signer, self.credential.clone()).unwrap();
        self.settle(group);
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) {
        let MlsMessageBodyIn::Welcome(welcome) = message(welcome).extract() else { panic!("not a Welcome") };
        let tree = tree.map(|tree| RatchetTreeIn::tls_deserialize_exact_bytes(tree).unwrap());
        let staged = StagedWelcome::new_from_welcome(&self.provider, &self.join_config(), welcome, tree).unwrap();
        let group = staged.into_group(&self.provider).unwrap();
        self.settle(group);
    }

    fn join_external(&mut self, group_info: &[u8], tree: &[u8]) -> Vec<u8> {
        let MlsMessageBodyIn::GroupInfo(group_info) = message(group_info).extract() else { panic!("not a GroupInfo") };
        let leaf = LeafNodeParameters::builder().with_capabilities(capabilities()).build();
        let (group, bundle) = MlsGroup::external_commit_builder()
            .with_config(self.join_config())
            .with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact_bytes(tree).unwrap())
            .build_group(&self.provider, group_info, self.credential.clone())
            .unwrap()
            .leaf_node_parameters(leaf)
            .load_psks(self.provider.storage())
            .unwrap()
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)
            .unwrap()
            .finalize(&self.provider)
            .unwrap();
        self.settle(group);
        bundle.into_commit().to_bytes().unwrap()
    }

    fn commit(&mut self, change: Change<'_>) -> Made {
        let added: Vec<_> = change.add.iter().map(|key_package| self.client_of(key_package)).collect();
        let group = self.group.as_mut().unwrap();
        let bundle = group
            .commit_builder()
            .force_self_update(true)
            .propose_adds(added)
            .propose_removals(change.remove.map(LeafNodeIndex::new))
            .load_psks(self.provider.storage())
            .unwrap()
            .use_ratchet_tree_extension(change.tree_inside || self.group_info)
            .create_group_info(self.group_info)
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)
            .unwrap()
            .stage_commit(&self.provider)
            .unwrap();
        let (commit, welcome, group_info) = bundle.into_messages();
        let _for_joiners = group_info.map(|group_info| group_info.to_bytes().unwrap());
        Made { commit: commit.to_bytes().unwrap(), welcome: welcome.map(|welcome| welcome.to_bytes().unwrap()) }
    }

    fn confirm(&mut self) {
        self.group.as_mut().unwrap().merge_pending_commit(&self.provider).unwrap();
    }

    fn encrypt(&mut self, text: &[u8]) -> Vec<u8> {
        let group = self.group.as_mut().unwrap();
        group.create_message(&self.provider, &self.signer, text).unwrap().to_bytes().unwrap()
    }

    fn receive(&mut self, bytes: &[u8]) {
        let group = self.group.as_mut().unwrap();
        let processed = group.process_message(&self.provider, message(bytes).try_into_protocol_message().unwrap());
        match processed.unwrap().into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                group.merge_staged_commit(&self.provider, *staged).unwrap();
            }
            ProcessedMessageContent::ApplicationMessage(text) => drop(std::hint::black_box(text.into_bytes())),
            other => panic!("unexpected: {other:?}"),
        }
    }

    fn close(&mut self) {
        self.group = None;
    }

    fn group_id(&self) -> Vec<u8> {
        self.group_id.as_ref().unwrap().to_vec()
    }

    fn recall(&mut self, group_id: &[u8]) {
        self.group_id = Some(GroupId::from_slice(group_id));
    }

    fn open(&mut self) {
        let group_id = self.group_id.as_ref().unwrap();
        self.group = MlsGroup::load(self.provider.storage(), group_id).unwrap();
    }

    fn group_info(&mut self) -> Vec<u8> {
        let group = self.group.as_mut().unwrap();
        let group_info = group.export_group_info(self.provider.crypto(), &self.signer, false).unwrap();
        group_info.to_bytes().unwrap()
    }

    fn tree(&mut self) -> Vec<u8> {
        self.group.as_ref().unwrap().export_ratchet_tree().tls_serialize_detached().unwrap()
    }

    fn save(&self) -> Records {
        self.shelf().records()
    }

    fn restore(&mut self, saved: &Records) {
        self.shelf().restore(saved);
        self.close();
        if self.group_id.is_some() {
            self.open();
        }
    }

    fn shelf(&self) -> &Shelf {
        &self.provider.storage().0
    }
}

fn capabilities() -> Capabilities {
    Capabilities::builder().ciphersuites(vec![SUITE]).credentials(vec![CredentialType::Basic]).build()
}

fn message(bytes: &[u8]) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap()
}
