//! OpenMLS, with its provider of RustCrypto's primitives.

use ::openmls::prelude::tls_codec::{Deserialize as _, DeserializeBytes as _, Serialize as _};
use ::openmls::prelude::*;
use ::openmls::schedule::psk::{ResumptionPsk, ResumptionPskUsage};
use ::openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

use crate::Outcome;
use crate::actor::{
    Actor, Built, Change, EXPORT, EXTENSION, Entrance, Entry, Heard, Manner, PAST_EPOCHS, PROPOSAL, Persona, View,
};

/// How many messages of a sender may come out of order, and how many may be skipped.
const RATCHET: (u32, u32) = (100, 1000);

pub(super) fn enter(persona: &Persona) -> Outcome<Box<dyn Actor>> {
    let provider = OpenMlsRustCrypto::default();
    let suite = Ciphersuite::try_from(persona.suite)?;
    let signer = SignatureKeyPair::new(suite.signature_algorithm())?;
    signer.store(provider.storage())?;
    let credential = CredentialWithKey {
        credential: BasicCredential::new(persona.name.clone().into_bytes()).into(),
        signature_key: signer.public().into(),
    };
    Ok(Box::new(OpenMls { provider, suite, signer, credential, group: None, persona: persona.clone() }))
}

struct OpenMls {
    provider: OpenMlsRustCrypto,
    suite: Ciphersuite,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
    group: Option<MlsGroup>,
    persona: Persona,
}

impl OpenMls {
    fn group(&mut self) -> Outcome<&mut MlsGroup> {
        self.group.as_mut().ok_or_else(|| "not in a group".into())
    }

    fn wire_format(&self) -> WireFormatPolicy {
        match self.persona.public {
            true => MIXED_PLAINTEXT_WIRE_FORMAT_POLICY,
            false => MIXED_CIPHERTEXT_WIRE_FORMAT_POLICY,
        }
    }

    fn new_key_package(&self) -> Outcome<KeyPackage> {
        let made = KeyPackage::builder().leaf_node_capabilities(capabilities(self.suite)).build(
            self.suite,
            &self.provider,
            &self.signer,
            self.credential.clone(),
        )?;
        Ok(made.key_package().clone())
    }

    fn padding(&self) -> usize {
        if self.persona.padded { 100 } else { 0 }
    }

    fn join_config(&self) -> MlsGroupJoinConfig {
        MlsGroupJoinConfig::builder()
            .wire_format_policy(self.wire_format())
            .padding_size(self.padding())
            .max_past_epochs(PAST_EPOCHS as usize)
            .number_of_resumption_psks(PAST_EPOCHS as usize)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(RATCHET.0, RATCHET.1))
            .build()
    }

    /// Forgets the group of before, which OpenMLS keeps in its storage under the same id.
    fn forget(&mut self) -> Outcome<()> {
        match self.group.take() {
            Some(mut former) => Ok(former.delete(self.provider.storage())?),
            None => Ok(()),
        }
    }

    fn psk(&self, psk_id: &[u8]) -> Outcome<PreSharedKeyId> {
        let psk = Psk::External(ExternalPsk::new(psk_id.to_vec()));
        Ok(PreSharedKeyId::new(self.suite, self.provider.rand(), psk)?)
    }

    fn resumption(&self, epoch: u64) -> Outcome<PreSharedKeyId> {
        let group_id = self.group.as_ref().ok_or("not in a group")?.group_id().clone();
        let psk = Psk::Resumption(ResumptionPsk::new(ResumptionPskUsage::Application, group_id, epoch.into()));
        Ok(PreSharedKeyId::new(self.suite, self.provider.rand(), psk)?)
    }

    fn proposal(&self, change: &Change) -> Outcome<Propose> {
        Ok(match change {
            Change::Add(bytes) => Propose::Add(self.key_package_of(bytes)?),
            Change::Remove(leaf) => Propose::Remove(*leaf),
            Change::Update => Propose::Update(LeafNodeParameters::default()),
            Change::Psk(psk_id) => Propose::PreSharedKey(self.psk(psk_id)?),
            Change::Resumption(epoch) => Propose::PreSharedKey(self.resumption(*epoch)?),
            Change::Reinit(_) => return Err("OpenMLS closes no groups".into()),
            Change::Extensions(bytes) => Propose::GroupContextExtensions(extensions(bytes)?),
            Change::Custom(content) => Propose::Custom(CustomProposal::new(PROPOSAL, content.clone())),
        })
    }

    fn key_package_of(&self, bytes: &[u8]) -> Outcome<KeyPackage> {
        let MlsMessageBodyIn::KeyPackage(unverified) = message(bytes)?.extract() else {
            return Err("not a key package".into());
        };
        Ok(unverified.validate(self.provider.crypto(), ProtocolVersion::Mls10)?)
    }
}

impl Actor for OpenMls {
    fn key_package(&mut self) -> Outcome<Vec<u8>> {
        Ok(MlsMessageOut::from(self.new_key_package()?).tls_serialize_detached()?)
    }

    fn put_psk(&mut self, psk_id: &[u8], secret: &[u8]) -> Outcome<()> {
        Ok(self.psk(psk_id)?.store(&self.provider, secret)?)
    }

    fn create(&mut self, group_id: &[u8]) -> Outcome<()> {
        let builder = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(group_id))
            .ciphersuite(self.suite)
            .with_capabilities(capabilities(self.suite))
            .with_wire_format_policy(self.wire_format())
            .padding_size(self.padding())
            .max_past_epochs(PAST_EPOCHS as usize)
            .number_of_resumption_psks(PAST_EPOCHS as usize)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(RATCHET.0, RATCHET.1));
        self.group = Some(builder.build(&self.provider, &self.signer, self.credential.clone())?);
        Ok(())
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Outcome<()> {
        self.forget()?;
        let MlsMessageBodyIn::Welcome(welcome) = message(welcome)?.extract() else {
            return Err("not a Welcome".into());
        };
        let tree = tree.map(RatchetTreeIn::tls_deserialize_exact_bytes).transpose()?;
        let staged = StagedWelcome::new_from_welcome(&self.provider, &self.join_config(), welcome, tree)?;
        self.group = Some(staged.into_group(&self.provider)?);
        Ok(())
    }

    fn join_external(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>> {
        self.forget()?;
        let MlsMessageBodyIn::GroupInfo(group_info) = message(&entrance.group_info)?.extract() else {
            return Err("not a GroupInfo".into());
        };
        let mut builder = MlsGroup::external_commit_builder().with_config(self.join_config());
        if let Some(tree) = &entrance.tree {
            builder = builder.with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact_bytes(tree)?);
        }
        let leaf = LeafNodeParameters::builder().with_capabilities(capabilities(self.suite)).build();
        let psks = entrance.psk.iter().map(|psk_id| Ok(PreSharedKeyProposal::new(self.psk(psk_id)?)));
        let psks = psks.collect::<Outcome<Vec<_>>>()?;
        let (group, bundle) = builder
            .build_group(&self.provider, group_info, self.credential.clone())?
            .add_psk_proposals(psks)
            .leaf_node_parameters(leaf)
            .load_psks(self.provider.storage())?
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)?
            .finalize(&self.provider)?;
        self.group = Some(group);
        Ok(bundle.into_commit().to_bytes()?)
    }

    fn ask_to_join(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>> {
        let MlsMessageBodyIn::GroupInfo(group_info) = message(&entrance.group_info)?.extract() else {
            return Err("not a GroupInfo".into());
        };
        let key_package = self.new_key_package()?;
        let (group_id, epoch) = (group_info.group_id().clone(), group_info.epoch());
        let asked = JoinProposal::new::<<OpenMlsRustCrypto as OpenMlsProvider>::StorageProvider>(
            key_package,
            group_id,
            epoch,
            &self.signer,
        )?;
        Ok(asked.to_bytes()?)
    }

    fn propose(&mut self, change: &Change) -> Outcome<Vec<u8>> {
        let propose = self.proposal(change)?;
        let OpenMls { provider, signer, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        let (message, _) = match propose {
            Propose::Remove(leaf) if leaf == group.own_leaf_index().u32() => {
                return Ok(group.leave_group(provider, signer)?.to_bytes()?);
            }
            propose => group.propose(provider, signer, propose, ProposalOrRefType::Reference)?,
        };
        Ok(message.to_bytes()?)
    }

    fn commit(&mut self, changes: &[Change], manner: Manner) -> Outcome<Built> {
        let proposals = changes.iter().map(|change| self.proposal(change)).collect::<Outcome<Vec<_>>>()?;
        let OpenMls { provider, signer, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        let mut builder = group.commit_builder().force_self_update(manner.path);
        for proposal in proposals {
            builder = match proposal {
                Propose::Add(key_package) => builder.propose_adds([key_package]),
                Propose::Remove(leaf) => builder.propose_removals([LeafNodeIndex::new(leaf)]),
                Propose::PreSharedKey(psk) => {
                    builder.add_proposal(Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(psk))))
                }
                Propose::GroupContextExtensions(extensions) => builder.propose_group_context_extensions(extensions)?,
                Propose::Custom(custom) => builder.add_proposal(Proposal::Custom(Box::new(custom))),
                _ => return Err("this cannot be in one's own commit".into()),
            };
        }
        let bundle = builder
            .load_psks(provider.storage())?
            .use_ratchet_tree_extension(manner.tree_inside)
            .build(provider.rand(), provider.crypto(), signer, |_| true)?
            .stage_commit(provider)?;
        let (commit, welcome, _) = bundle.into_messages();
        let welcome = welcome.map(|welcome| welcome.to_bytes()).transpose()?;
        Ok(Built { commit: commit.to_bytes()?, welcome })
    }

    fn confirm(&mut self) -> Outcome<()> {
        let OpenMls { provider, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        Ok(group.merge_pending_commit(provider)?)
    }

    fn encrypt(&mut self, text: &[u8], aad: &[u8]) -> Outcome<Vec<u8>> {
        let OpenMls { provider, signer, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        group.set_aad(aad.to_vec());
        Ok(group.create_message(provider, signer, text)?.to_bytes()?)
    }

    fn receive(&mut self, bytes: &[u8]) -> Outcome<Heard> {
        let OpenMls { provider, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        let processed = group.process_message(provider, message(bytes)?.try_into_protocol_message()?)?;
        let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(application) => {
                let Sender::Member(leaf) = sender else { return Err("a message of nobody in the group".into()) };
                Ok(Heard::Message { sender: leaf.u32(), text: application.into_bytes(), aad })
            }
            ProcessedMessageContent::ProposalMessage(proposal)
            | ProcessedMessageContent::ExternalJoinProposalMessage(proposal) => {
                group.store_pending_proposal(provider.storage(), *proposal)?;
                Ok(Heard::Proposal)
            }
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                let removed = staged.self_removed();
                group.merge_staged_commit(provider, *staged)?;
                Ok(if removed { Heard::Removed } else { Heard::Epoch })
            }
            other => Err(format!("unexpected content: {other:?}").into()),
        }
    }

    fn group_info(&mut self, with_tree: bool) -> Outcome<Vec<u8>> {
        let OpenMls { provider, signer, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        Ok(group.export_group_info(provider.crypto(), signer, with_tree)?.to_bytes()?)
    }

    fn tree(&mut self) -> Outcome<Vec<u8>> {
        Ok(self.group()?.export_ratchet_tree().tls_serialize_detached()?)
    }

    fn view(&mut self) -> Outcome<View> {
        let OpenMls { provider, group, .. } = self;
        let group = group.as_mut().ok_or("not in a group")?;
        let (label, context, length) = EXPORT;
        let roster = group.members().map(|member| Entry {
            leaf: member.index.u32(),
            name: member.credential.serialized_content().to_vec(),
            signature_key: member.signature_key,
        });
        Ok(View {
            epoch: group.epoch().as_u64(),
            authenticator: group.epoch_authenticator().as_slice().to_vec(),
            roster: roster.collect(),
            exported: group.export_secret(provider.crypto(), label, context, length)?,
            tree: group.export_ratchet_tree().tls_serialize_detached()?,
        })
    }

    fn leaf(&mut self) -> Outcome<u32> {
        Ok(self.group()?.own_leaf_index().u32())
    }
}

fn capabilities(suite: Ciphersuite) -> Capabilities {
    Capabilities::builder()
        .ciphersuites(vec![suite])
        .extensions(vec![ExtensionType::Unknown(EXTENSION)])
        .proposals(vec![ProposalType::Custom(PROPOSAL)])
        .credentials(vec![CredentialType::Basic])
        .build()
}

fn message(bytes: &[u8]) -> Outcome<MlsMessageIn> {
    let mut rest = bytes;
    let message = MlsMessageIn::tls_deserialize(&mut rest)?;
    if rest.is_empty() { Ok(message) } else { Err("bytes are left over".into()) }
}

fn extensions(bytes: &[u8]) -> Outcome<Extensions<GroupContext>> {
    let mut rest = bytes;
    Ok(Extensions::tls_deserialize(&mut rest)?)
}
