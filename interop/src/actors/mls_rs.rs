//! mls-rs, with OpenSSL's primitives.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::mls_rs::client_builder::{MlsConfig, PaddingMode};
use ::mls_rs::error::MlsError;
use ::mls_rs::group::proposal::CustomProposal;
use ::mls_rs::group::{CommitEffect, ExportedTree, GroupContext, ReceivedMessage, Roster};
use ::mls_rs::identity::SigningIdentity;
use ::mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use ::mls_rs::mls_rs_codec::MlsDecode;
use ::mls_rs::mls_rules::{CommitDirection, CommitOptions, CommitSource, EncryptionOptions, ProposalBundle};
use ::mls_rs::psk::{ExternalPskId, PreSharedKey};
use ::mls_rs::storage_provider::in_memory::{InMemoryGroupStateStorage, InMemoryPreSharedKeyStorage};
use ::mls_rs::{
    CipherSuite, CipherSuiteProvider, Client, CryptoProvider, ExtensionList, Group, MlsMessage, MlsRules,
    ProtocolVersion,
};
use mls_rs_crypto_openssl::OpensslCryptoProvider;

use crate::Outcome;
use crate::actor::{
    Actor, Built, Change, EXPORT, EXTENSION, Entrance, Entry, Heard, Manner, Origin, PAST_EPOCHS, PROPOSAL, Persona,
    View,
};

/// A lifetime of key packages that everybody accepts.
const LIFETIME: Duration = Duration::from_secs(28 * 24 * 60 * 60);

pub(super) fn enter(persona: &Persona) -> Outcome<Box<dyn Actor>> {
    let crypto = OpensslCryptoProvider::default();
    let suite = CipherSuite::from(persona.suite);
    let provider = crypto.cipher_suite_provider(suite).ok_or("no such cipher suite")?;
    let (secret, public) = provider.signature_key_generate().map_err(|error| format!("{error:?}"))?;
    let identity = BasicCredential::new(persona.name.clone().into_bytes()).into_credential();
    let psks = InMemoryPreSharedKeyStorage::default();
    let groups = InMemoryGroupStateStorage::new().with_max_epoch_retention(PAST_EPOCHS as usize)?;
    let manner = Arc::new(Mutex::new(Manner { path: true, tree_inside: true }));
    let rules = Rules { manner: manner.clone(), persona: persona.clone() };
    let client = Client::builder()
        .crypto_provider(crypto)
        .identity_provider(BasicIdentityProvider::new())
        .psk_store(psks.clone())
        .group_state_storage(groups.clone())
        .mls_rules(rules)
        .extension_type(EXTENSION.into())
        .custom_proposal_type(PROPOSAL.into())
        .key_package_lifetime(LIFETIME)
        .signing_identity(SigningIdentity::new(identity, public), secret, suite)
        .build();
    Ok(Box::new(MlsRs { client, psks, groups, manner, group: None }))
}

/// How messages are made: what mls-rs asks its app for each time.
#[derive(Clone)]
struct Rules {
    manner: Arc<Mutex<Manner>>,
    persona: Persona,
}

impl MlsRules for Rules {
    type Error = Infallible;

    fn filter_proposals(
        &self,
        _direction: CommitDirection,
        _source: CommitSource,
        _roster: &Roster<'_>,
        _context: &GroupContext,
        proposals: ProposalBundle,
    ) -> Result<ProposalBundle, Infallible> {
        Ok(proposals)
    }

    fn commit_options(
        &self,
        _roster: &Roster<'_>,
        _context: &GroupContext,
        _proposals: &ProposalBundle,
    ) -> Result<CommitOptions, Infallible> {
        let manner = *self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(CommitOptions::new().with_path_required(manner.path).with_ratchet_tree_extension(manner.tree_inside))
    }

    fn encryption_options(
        &self,
        _roster: &Roster<'_>,
        _context: &GroupContext,
    ) -> Result<EncryptionOptions, Infallible> {
        let padding = if self.persona.padded { PaddingMode::StepFunction } else { PaddingMode::None };
        Ok(EncryptionOptions::new(!self.persona.public, padding))
    }
}

struct MlsRs<C: MlsConfig> {
    client: Client<C>,
    psks: InMemoryPreSharedKeyStorage,
    groups: InMemoryGroupStateStorage,
    manner: Arc<Mutex<Manner>>,
    group: Option<Group<C>>,
}

impl<C: MlsConfig> MlsRs<C> {
    fn group(&mut self) -> Outcome<&mut Group<C>> {
        self.group.as_mut().ok_or_else(|| "not in a group".into())
    }

    /// Forgets the group of before, whose epochs mls-rs keeps in its storage under the same id.
    fn forget(&mut self) {
        if let Some(former) = self.group.take() {
            self.groups.delete_group(former.group_id());
        }
    }

    /// How the next commit is made.
    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// The parameters that a group has if it is begun anew as it is.
    fn same_parameters(&mut self) -> Outcome<(ProtocolVersion, CipherSuite, ExtensionList)> {
        let context = self.group()?.context();
        Ok((context.protocol_version, context.cipher_suite, context.extensions.clone()))
    }

    /// Writes the group, so that epochs that are over are kept as long as they should be, and no longer.
    fn keep(&mut self) -> Outcome<()> {
        Ok(self.group()?.write_to_storage()?)
    }
}

impl<C: MlsConfig> Actor for MlsRs<C> {
    fn key_package(&mut self) -> Outcome<Vec<u8>> {
        let none = ExtensionList::default();
        Ok(self.client.generate_key_package_message(none.clone(), none, None)?.to_bytes()?)
    }

    fn put_psk(&mut self, psk_id: &[u8], secret: &[u8]) -> Outcome<()> {
        self.psks.insert(ExternalPskId::new(psk_id.to_vec()), PreSharedKey::from(secret.to_vec()));
        Ok(())
    }

    fn create(&mut self, group_id: &[u8]) -> Outcome<()> {
        let none = ExtensionList::default();
        self.group = Some(self.client.create_group_with_id(group_id.to_vec(), none.clone(), none, None)?);
        self.keep()
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Outcome<()> {
        self.forget();
        let tree = tree.map(ExportedTree::from_bytes).transpose()?;
        let (group, _) = self.client.join_group(tree, &MlsMessage::from_bytes(welcome)?, None)?;
        self.group = Some(group);
        self.keep()
    }

    fn join_external(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>> {
        self.forget();
        let mut builder = self.client.external_commit_builder()?;
        if let Some(tree) = &entrance.tree {
            builder = builder.with_tree_data(ExportedTree::from_bytes(tree)?.into_owned());
        }
        if let Some(former) = entrance.former {
            builder = builder.with_removal(former);
        }
        if let Some(psk_id) = &entrance.psk {
            builder = builder.with_external_psk(ExternalPskId::new(psk_id.clone()));
        }
        let (group, commit) = builder.build(MlsMessage::from_bytes(&entrance.group_info)?)?;
        self.group = Some(group);
        self.keep()?;
        Ok(commit.to_bytes()?)
    }

    fn ask_to_join(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>> {
        let tree = entrance.tree.as_deref().map(ExportedTree::from_bytes).transpose()?;
        let (group_info, none) = (MlsMessage::from_bytes(&entrance.group_info)?, ExtensionList::default());
        let asked = self.client.external_add_proposal(&group_info, tree, vec![], none.clone(), none, None)?;
        Ok(asked.to_bytes()?)
    }

    fn found(&mut self, origin: &Origin, key_packages: Vec<Vec<u8>>, tree_inside: bool) -> Outcome<Vec<u8>> {
        self.behave(Manner { path: true, tree_inside });
        let key_packages = key_packages.iter().map(|bytes| MlsMessage::from_bytes(bytes));
        let key_packages = key_packages.collect::<Result<Vec<_>, _>>()?;
        let old = self.group.take().ok_or("not in a group")?;
        let (group, welcomes) = match origin {
            Origin::Reinit => {
                old.get_reinit_client(None, None)?.commit(key_packages, ExtensionList::default(), None)?
            }
            Origin::Branch(group_id) => old.branch(group_id.clone(), key_packages, None)?,
        };
        self.group = Some(group);
        self.keep()?;
        Ok(welcomes.first().ok_or("no Welcome was made")?.to_bytes()?)
    }

    fn follow(&mut self, origin: &Origin, welcome: &[u8], tree: Option<&[u8]>) -> Outcome<()> {
        let (welcome, tree) = (MlsMessage::from_bytes(welcome)?, tree.map(ExportedTree::from_bytes).transpose()?);
        let old = self.group.take().ok_or("not in a group")?;
        let (group, _) = match origin {
            Origin::Reinit => old.get_reinit_client(None, None)?.join(&welcome, tree, None)?,
            Origin::Branch(_) => old.join_subgroup(&welcome, tree, None)?,
        };
        self.group = Some(group);
        self.keep()
    }

    fn propose(&mut self, change: &Change) -> Outcome<Vec<u8>> {
        let (version, suite, same) = self.same_parameters()?;
        let group = self.group()?;
        let message = match change {
            Change::Add(key_package) => group.propose_add(MlsMessage::from_bytes(key_package)?, vec![]),
            Change::Remove(leaf) => group.propose_remove(*leaf, vec![]),
            Change::Update => group.propose_update(vec![]),
            Change::Psk(psk_id) => group.propose_external_psk(ExternalPskId::new(psk_id.clone()), vec![]),
            Change::Resumption(epoch) => group.propose_resumption_psk(*epoch, vec![]),
            Change::Reinit(group_id) => group.propose_reinit(Some(group_id.clone()), version, suite, same, vec![]),
            Change::Extensions(bytes) => group.propose_group_context_extensions(extensions(bytes)?, vec![]),
            Change::Custom(content) => group.propose_custom(custom(content), vec![]),
        }?;
        Ok(message.to_bytes()?)
    }

    fn commit(&mut self, changes: &[Change], manner: Manner) -> Outcome<Built> {
        self.behave(manner);
        let same = self.same_parameters()?;
        let mut builder = self.group()?.commit_builder();
        for change in changes {
            builder = match change {
                Change::Add(key_package) => builder.add_member(MlsMessage::from_bytes(key_package)?)?,
                Change::Remove(leaf) => builder.remove_member(*leaf)?,
                Change::Update => return Err("an Update cannot be in one's own commit".into()),
                Change::Psk(psk_id) => builder.add_external_psk(ExternalPskId::new(psk_id.clone()))?,
                Change::Resumption(epoch) => builder.add_resumption_psk(*epoch)?,
                Change::Reinit(group_id) => {
                    let (version, suite, extensions) = same.clone();
                    builder.reinit(Some(group_id.clone()), version, suite, extensions)?
                }
                Change::Extensions(bytes) => builder.set_group_context_ext(extensions(bytes)?)?,
                Change::Custom(content) => builder.custom_proposal(custom(content)),
            };
        }
        let built = builder.build()?;
        let welcome = built.welcome_messages.first().map(MlsMessage::to_bytes).transpose()?;
        Ok(Built { commit: built.commit_message.to_bytes()?, welcome })
    }

    fn confirm(&mut self) -> Outcome<()> {
        self.group()?.apply_pending_commit()?;
        self.keep()
    }

    fn encrypt(&mut self, text: &[u8], aad: &[u8]) -> Outcome<Vec<u8>> {
        Ok(self.group()?.encrypt_application_message(text, aad.to_vec())?.to_bytes()?)
    }

    fn receive(&mut self, message: &[u8]) -> Outcome<Heard> {
        let heard = match self.group()?.process_incoming_message(MlsMessage::from_bytes(message)?)? {
            ReceivedMessage::ApplicationMessage(received) => Heard::Message {
                sender: received.sender_index,
                text: received.data().to_vec(),
                aad: received.authenticated_data.clone(),
            },
            ReceivedMessage::Proposal(_) => Heard::Proposal,
            ReceivedMessage::Commit(commit) => match commit.effect {
                CommitEffect::NewEpoch(_) => Heard::Epoch,
                CommitEffect::Removed { .. } => Heard::Removed,
                CommitEffect::ReInit(_) => Heard::Closed,
            },
            other => return Err(format!("unexpected message: {other:?}").into()),
        };
        self.keep()?;
        Ok(heard)
    }

    fn group_info(&mut self, with_tree: bool) -> Outcome<Vec<u8>> {
        Ok(self.group()?.group_info_message_allowing_ext_commit(with_tree)?.to_bytes()?)
    }

    fn tree(&mut self) -> Outcome<Vec<u8>> {
        Ok(self.group()?.export_tree().to_bytes()?)
    }

    fn view(&mut self) -> Outcome<View> {
        let group = self.group()?;
        let (label, context, length) = EXPORT;
        let roster = group.roster().members().into_iter().map(|member| {
            let basic = member.signing_identity.credential.as_basic().ok_or("not a basic credential")?;
            let signature_key = member.signing_identity.signature_key.as_bytes().to_vec();
            Ok(Entry { leaf: member.index, name: basic.identifier.clone(), signature_key })
        });
        let roster = roster.collect::<Outcome<_>>()?;
        Ok(View {
            epoch: group.current_epoch(),
            authenticator: group.epoch_authenticator()?.as_bytes().to_vec(),
            exported: group.export_secret(label.as_bytes(), context, length)?.as_bytes().to_vec(),
            roster,
            tree: group.export_tree().to_bytes()?,
        })
    }

    fn leaf(&mut self) -> Outcome<u32> {
        Ok(self.group()?.current_member_index())
    }
}

fn extensions(bytes: &[u8]) -> Result<ExtensionList, MlsError> {
    let mut rest = bytes;
    Ok(ExtensionList::mls_decode(&mut rest)?)
}

fn custom(content: &[u8]) -> CustomProposal {
    CustomProposal::new(PROPOSAL.into(), content.to_vec())
}
