//! `passive-client-*.json`: a client is added to a group and follows along, through the public API and over a store
//! (RFC 9420 §12.4.2, §12.4.3.1).

use std::sync::Arc;

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, field, list, number, words};
use crate::base::{Result as BaseResult, Secret};
use crate::client::seam::MadeElsewhere;
use crate::message::Message;
use crate::{
    Candidate, Client, ClientConfig, CredentialValidator, Event, Group, Host, Identity, JoinOptions, Storage, Verdict,
};

/// Plays one whole scenario.
pub(super) fn run(entry: &Value, storage: NewStorage<'_>) -> Result<(), String> {
    let device = Device { storage: storage(), config: config(entry)? };
    device.prepare(entry)?;
    let mut group = device.join(entry)?;
    expect(entry, "initial_epoch_authenticator", &group.epoch_authenticator().map_err(words)?)?;
    for (index, epoch) in list(entry, "epochs")?.iter().enumerate() {
        follow(&mut group, &device, epoch, index % 2 == 0).map_err(|error| format!("epoch {index}: {error}"))?;
    }
    Ok(())
}

/// Receives the messages of one epoch. With `reopen`, each of them by a client that knows nothing but what is stored.
fn follow(group: &mut Arc<Group>, device: &Device, epoch: &Value, reopen: bool) -> Result<(), String> {
    for proposal in list(epoch, "proposals")? {
        let message = decode(proposal.as_str().unwrap_or_default())?;
        let event = group.receive(message, Vec::new()).map_err(|error| format!("proposal: {error}"))?;
        if !matches!(event, Event::Proposal { .. }) {
            return Err(format!("a proposal became {event:?}"));
        }
        if reopen {
            *group = device.reopen(&group.id())?;
        }
    }
    let event = group.receive(bytes(epoch, "commit")?, Vec::new()).map_err(|error| format!("commit: {error}"))?;
    if !matches!(event, Event::EpochChanged { .. }) {
        return Err(format!("the commit became {event:?}"));
    }
    expect(epoch, "epoch_authenticator", &group.epoch_authenticator().map_err(words)?)?;
    if reopen {
        *group = device.reopen(&group.id())?;
        expect(epoch, "epoch_authenticator", &group.epoch_authenticator().map_err(words)?)?;
    }
    Ok(())
}

/// The client of the scenario: its store, and how to open it.
struct Device {
    storage: Arc<dyn Storage>,
    config: ClientConfig,
}

impl Device {
    fn open(&self) -> Result<Arc<Client>, String> {
        let host = Host::new(self.storage.clone(), Arc::new(NamedByKey));
        Client::new(self.config.clone(), host).map_err(words)
    }

    fn reopen(&self, group_id: &[u8]) -> Result<Arc<Group>, String> {
        self.open()?.open_group(group_id.to_vec()).map_err(words)
    }

    /// Puts the pre-shared keys and the key package into the store.
    fn prepare(&self, entry: &Value) -> Result<(), String> {
        let client = self.open()?;
        for psk in list(entry, "external_psks")? {
            client.put_psk(bytes(psk, "psk_id")?, bytes(psk, "psk")?).map_err(words)?;
        }
        let made = MadeElsewhere {
            message: bytes(entry, "key_package")?,
            init_key: private_key(entry, "init_priv")?,
            leaf_key: private_key(entry, "encryption_priv")?,
            signature_key: private_key(entry, "signature_priv")?,
        };
        client.import_key_package(made).map_err(|error| format!("key package: {error}"))
    }

    fn join(&self, entry: &Value) -> Result<Arc<Group>, String> {
        let tree = match field(entry, "ratchet_tree")? {
            Value::Null => None,
            _ => Some(bytes(entry, "ratchet_tree")?),
        };
        let options = JoinOptions { tree, ..JoinOptions::default() };
        let joined = self.open()?.join(bytes(entry, "welcome")?, options);
        joined.map_err(|error| format!("welcome: {error}"))
    }
}

/// The client that the key package describes; keys of any age are accepted.
fn config(entry: &Value) -> Result<ClientConfig, String> {
    let Message::KeyPackage(key_package) = Message::decode(&bytes(entry, "key_package")?).map_err(words)? else {
        return Err("key_package is another kind of message".into());
    };
    let identity: Identity = key_package.peek().leaf_node.credential.identity();
    let mut config = ClientConfig::basic("passive");
    config.identity = identity;
    config.cipher_suites = vec![number(entry, "cipher_suite")?];
    config.max_lifetime = u64::MAX;
    Ok(config)
}

/// A private key. The file drops leading zeros of a scalar, which RFC 9180 §7.1.2 (SerializePrivateKey) keeps.
fn private_key(entry: &Value, name: &str) -> Result<Secret, String> {
    let length = match number(entry, "cipher_suite")? {
        2u16 => 32,
        5 => 66,
        7 => 48,
        _ => 0,
    };
    let mut scalar = bytes(entry, name)?;
    let missing = usize::saturating_sub(length, scalar.len());
    scalar.splice(0..0, std::iter::repeat_n(0, missing));
    Ok(Secret::new(scalar))
}

/// Believes every credential. Names in the scenarios repeat, so clients are told apart by their signature keys.
struct NamedByKey;

impl CredentialValidator for NamedByKey {
    fn validate(&self, candidates: Vec<Candidate>) -> BaseResult<Vec<Verdict>> {
        let name = |candidate: Candidate| Verdict::Accept {
            client_id: candidate.signature_key.clone(),
            user_id: candidate.signature_key,
        };
        Ok(candidates.into_iter().map(name).collect())
    }

    fn is_successor(&self, _old: Candidate, _new: Candidate) -> BaseResult<bool> {
        Ok(true)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|error| format!("a proposal is not hex: {error}"))
}
