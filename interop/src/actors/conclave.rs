//! conclave.

use std::sync::Arc;

use ::conclave::{
    AcceptAll, BranchOptions, Client, ClientConfig, Event, ExternalJoinOptions, Group, GroupOptions, Host, Identity,
    JoinOptions, KeyPackageOptions, MemoryStorage, ReinitOptions, ResumptionPsk, SuccessorOptions,
};

use crate::Outcome;
use crate::actor::{
    Actor, Built, Change, EXPORT, EXTENSION, Entrance, Entry, Heard, Manner, Origin, PAST_EPOCHS, PROPOSAL, Persona,
    View,
};

pub(super) fn enter(persona: &Persona) -> Outcome<Box<dyn Actor>> {
    let config = ClientConfig {
        cipher_suites: vec![persona.suite],
        extensions: vec![EXTENSION],
        proposals: vec![PROPOSAL],
        grease_extensions: persona.grease,
        past_epochs: PAST_EPOCHS,
        ..ClientConfig::basic(&persona.name)
    };
    let client = Client::new(config, Host::new(MemoryStorage::new(), Arc::new(AcceptAll)))?;
    Ok(Box::new(Conclave { client, group: None, persona: persona.clone() }))
}

struct Conclave {
    client: Arc<Client>,
    group: Option<Arc<Group>>,
    persona: Persona,
}

impl Conclave {
    fn group(&self) -> Outcome<Arc<Group>> {
        self.group.clone().ok_or_else(|| "not in a group".into())
    }

    fn resumption(&self, epoch: u64) -> Outcome<ResumptionPsk> {
        Ok(ResumptionPsk { group_id: self.group()?.id(), epoch })
    }

    fn join_options(&self, tree: Option<&[u8]>) -> JoinOptions {
        JoinOptions {
            tree: tree.map(<[u8]>::to_vec),
            public_handshakes: self.persona.public,
            without_padding: !self.persona.padded,
            tag: vec![],
        }
    }
}

impl Actor for Conclave {
    fn key_package(&mut self) -> Outcome<Vec<u8>> {
        let made = self.client.create_key_packages(1, KeyPackageOptions::default())?;
        let first = made.into_iter().next().ok_or("no key package was made")?;
        Ok(first.message)
    }

    fn put_psk(&mut self, psk_id: &[u8], secret: &[u8]) -> Outcome<()> {
        Ok(self.client.put_psk(psk_id.to_vec(), secret.to_vec())?)
    }

    fn create(&mut self, group_id: &[u8]) -> Outcome<()> {
        let options = GroupOptions {
            group_id: Some(group_id.to_vec()),
            public_handshakes: self.persona.public,
            without_padding: !self.persona.padded,
            ..GroupOptions::default()
        };
        self.group = Some(self.client.create_group(options)?);
        Ok(())
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Outcome<()> {
        self.group = Some(self.client.join(welcome.to_vec(), self.join_options(tree))?);
        Ok(())
    }

    fn join_external(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>> {
        let options = ExternalJoinOptions {
            tree: entrance.tree.clone(),
            rejoin: entrance.former.is_some(),
            psks: entrance.psk.iter().cloned().collect(),
            public_handshakes: self.persona.public,
            without_padding: !self.persona.padded,
            ..ExternalJoinOptions::default()
        };
        let made = self.client.join_external(entrance.group_info.clone(), options)?;
        self.group = Some(self.client.confirm_join(made.group_id, Some(made.commit.clone()), vec![])?);
        Ok(made.commit)
    }

    fn ask_to_join(&mut self, entrance: &Entrance) -> Outcome<Vec<u8>> {
        let asked = self.client.propose_join(entrance.group_info.clone(), entrance.tree.clone(), vec![])?;
        Ok(asked.message)
    }

    fn found(&mut self, origin: &Origin, key_packages: Vec<Vec<u8>>, tree_inside: bool) -> Outcome<Vec<u8>> {
        let members = SuccessorOptions {
            key_packages,
            tree_beside_welcome: !tree_inside,
            public_handshakes: self.persona.public,
            without_padding: !self.persona.padded,
            tag: vec![],
        };
        let group = self.group()?;
        let made = match origin {
            Origin::Reinit => group.create_successor(members)?,
            Origin::Branch(id) => {
                group.branch(BranchOptions { group_id: Some(id.clone()), extensions: None, members })?
            }
        };
        self.group = Some(made.group);
        made.welcome.ok_or_else(|| "no Welcome was made".into())
    }

    fn follow(&mut self, _origin: &Origin, welcome: &[u8], tree: Option<&[u8]>) -> Outcome<()> {
        self.join(welcome, tree)
    }

    fn propose(&mut self, change: &Change) -> Outcome<Vec<u8>> {
        let group = self.group()?;
        Ok(match change.clone() {
            Change::Add(key_package) => group.propose_add(key_package, vec![]),
            Change::Remove(leaf) if leaf == self.leaf()? => group.propose_leave(vec![]),
            Change::Remove(leaf) => group.propose_remove(leaf, vec![]),
            Change::Update => group.propose_update(vec![]),
            Change::Psk(psk_id) => group.propose_psk(psk_id, vec![]),
            Change::Extensions(extensions) => group.propose_extensions(extensions, vec![]),
            Change::Resumption(epoch) => group.propose_resumption_psk(self.resumption(epoch)?, vec![]),
            Change::Reinit(group_id) => group.propose_reinit(anew(group_id), vec![]),
            Change::Custom(content) => group.propose_custom(PROPOSAL, content, vec![]),
        }?)
    }

    fn commit(&mut self, changes: &[Change], manner: Manner) -> Outcome<Built> {
        let mut draft = self.group()?.new_commit();
        for change in changes {
            draft = match change.clone() {
                Change::Add(key_package) => draft.add(key_package)?,
                Change::Remove(leaf) => draft.remove(leaf)?,
                Change::Update => return Err("an Update cannot be in one's own commit".into()),
                Change::Psk(psk_id) => draft.psk(psk_id)?,
                Change::Resumption(epoch) => draft.resumption_psk(self.resumption(epoch)?)?,
                Change::Reinit(group_id) => draft.reinit(anew(group_id))?,
                Change::Extensions(extensions) => draft.extensions(extensions)?,
                Change::Custom(content) => draft.custom(PROPOSAL, content)?,
            };
        }
        if !manner.path {
            draft = draft.without_path()?;
        }
        if !manner.tree_inside {
            draft = draft.tree_later()?;
        }
        let built = draft.build()?;
        Ok(Built { commit: built.commit, welcome: built.welcome })
    }

    fn confirm(&mut self) -> Outcome<()> {
        self.group()?.confirm_commit(None, vec![])?;
        Ok(())
    }

    fn encrypt(&mut self, text: &[u8], aad: &[u8]) -> Outcome<Vec<u8>> {
        Ok(self.group()?.encrypt(text.to_vec(), aad.to_vec(), vec![])?)
    }

    fn receive(&mut self, message: &[u8]) -> Outcome<Heard> {
        match self.group()?.receive(message.to_vec(), vec![])? {
            Event::Message { sender, plaintext, aad, .. } => {
                Ok(Heard::Message { sender: sender.leaf, text: plaintext, aad })
            }
            Event::Proposal { .. } => Ok(Heard::Proposal),
            Event::EpochChanged { .. } => Ok(Heard::Epoch),
            Event::Removed { .. } => Ok(Heard::Removed),
            Event::Reinit { .. } => Ok(Heard::Closed),
            other => Err(format!("unexpected event: {other:?}").into()),
        }
    }

    fn group_info(&mut self, with_tree: bool) -> Outcome<Vec<u8>> {
        Ok(self.group()?.group_info(with_tree)?)
    }

    fn tree(&mut self) -> Outcome<Vec<u8>> {
        Ok(self.group()?.export_tree()?)
    }

    fn view(&mut self) -> Outcome<View> {
        let group = self.group()?;
        let (label, context, length) = EXPORT;
        let roster = group.members(None, u32::MAX)?.into_iter().map(|member| match member.identity {
            Identity::Basic { identity } => {
                Ok(Entry { leaf: member.name.leaf, name: identity, signature_key: member.signature_key })
            }
            other => Err(format!("not a basic credential: {other:?}").into()),
        });
        Ok(View {
            epoch: group.status()?.epoch,
            authenticator: group.epoch_authenticator()?,
            exported: group.export_secret(label.to_owned(), context.to_vec(), length as u32)?.copy()?,
            roster: roster.collect::<Outcome<_>>()?,
            tree: group.export_tree()?,
        })
    }

    fn leaf(&mut self) -> Outcome<u32> {
        Ok(self.group()?.status()?.own_leaf)
    }
}

fn anew(group_id: Vec<u8>) -> ReinitOptions {
    ReinitOptions { group_id: Some(group_id), cipher_suite: None, extensions: None }
}
