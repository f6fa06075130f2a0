//! Welcomes that no honest client sends, and the GroupInfo inside them.

use super::people::Person;
use super::plot::Outcome;
use crate::base::host::SignPurpose;
use crate::base::{LeafIndex, Secret};
use crate::codec::{Opaque, Short, encode};
use crate::crypto::{HpkeInfo, Signature};
use crate::message::{EncryptedGroupSecrets, GroupInfo, GroupSecrets, Message, Welcome};
use crate::tree::{ExtensionType, Extensions, Signed};

type Hook<'a, T> = Box<dyn Fn(&mut T) + 'a>;

/// A Welcome in the making.
pub(super) struct Letter<'a> {
    outcome: Outcome<'a>,
    signer: &'a Person,
    tree: Vec<u8>,
    group_info: Hook<'a, GroupInfo>,
    signed: Hook<'a, GroupInfo>,
    secrets: Hook<'a, GroupSecrets>,
    welcome: Hook<'a, Welcome>,
    tails: (Vec<u8>, Vec<u8>),
}

impl<'a> Letter<'a> {
    /// The Welcome of a commit, with the tree inside.
    pub(super) fn of(outcome: Outcome<'a>) -> Self {
        let (signer, tree, tails) = (outcome.signer, outcome.tree.export(), Default::default());
        let (group_info, signed): (Hook<'a, GroupInfo>, Hook<'a, GroupInfo>) = (Box::new(|_| ()), Box::new(|_| ()));
        Letter {
            outcome,
            signer,
            tree,
            group_info,
            signed,
            secrets: Box::new(|_| ()),
            welcome: Box::new(|_| ()),
            tails,
        }
    }

    /// With another tree inside than the one that was hashed.
    pub(super) fn tree(mut self, tree: Vec<u8>) -> Self {
        self.tree = tree;
        self
    }

    /// Signed by someone else.
    pub(super) fn signed_by(mut self, signer: &'a Person) -> Self {
        self.signer = signer;
        self
    }

    /// Alters the GroupInfo before it is signed.
    pub(super) fn group_info(mut self, alter: impl Fn(&mut GroupInfo) + 'a) -> Self {
        self.group_info = Box::new(alter);
        self
    }

    /// Alters the GroupInfo after it is signed.
    pub(super) fn signed(mut self, alter: impl Fn(&mut GroupInfo) + 'a) -> Self {
        self.signed = Box::new(alter);
        self
    }

    /// Alters what each new member is told.
    pub(super) fn secrets(mut self, alter: impl Fn(&mut GroupSecrets) + 'a) -> Self {
        self.secrets = Box::new(alter);
        self
    }

    /// Alters the Welcome itself.
    pub(super) fn welcome(mut self, alter: impl Fn(&mut Welcome) + 'a) -> Self {
        self.welcome = Box::new(alter);
        self
    }

    /// With bytes behind the GroupInfo and behind the GroupSecrets.
    pub(super) fn tails(mut self, group_info: &[u8], secrets: &[u8]) -> Self {
        self.tails = (group_info.to_vec(), secrets.to_vec());
        self
    }

    /// The message.
    pub(super) fn send(self) -> Vec<u8> {
        let group_info = self.make_group_info();
        let Letter { outcome, secrets: alter_secrets, welcome: alter_welcome, tails, .. } = self;
        let suite = crate::crypto::Suite::of(outcome.context.cipher_suite).unwrap();
        let sealed = outcome.welcome_key.seal(&[encode(&group_info).unwrap(), tails.0].concat()).unwrap();
        let info = HpkeInfo::new(suite, "Welcome", &sealed).unwrap();
        let secrets = outcome.added.iter().map(|(leaf, key_package)| {
            let path = outcome.made.as_ref().and_then(|made| made.path.secret_for(*leaf));
            let mut secrets = GroupSecrets {
                joiner_secret: outcome.joiner_secret.duplicate(),
                path_secret: path.map(|secret| secret.0.duplicate()),
                psks: outcome.psks.clone(),
            };
            alter_secrets(&mut secrets);
            let plain = [secrets.encode().unwrap().expose(), &tails.1].concat();
            let encrypted = info.seal_to(&key_package.init_key, &plain).unwrap();
            let new_member = key_package.reference(suite).unwrap();
            EncryptedGroupSecrets { new_member, encrypted_group_secrets: encrypted }
        });
        let secrets = secrets.collect();
        let mut welcome = Welcome { cipher_suite: suite.id(), secrets, encrypted_group_info: Opaque(sealed) };
        alter_welcome(&mut welcome);
        Message::Welcome(welcome).encode().unwrap()
    }

    fn make_group_info(&self) -> GroupInfo {
        let mut extensions = Extensions::default();
        extensions.put(ExtensionType::RATCHET_TREE, self.tree.clone());
        let mut group_info = GroupInfo {
            group_context: self.outcome.context.clone(),
            extensions,
            confirmation_tag: self.outcome.tag.clone(),
            signer: self.outcome.made.as_ref().map_or(LeafIndex(0), |made| made.leaf),
            signature: Signature(Short::default()),
        };
        (self.group_info)(&mut group_info);
        let content = group_info.signed_fields().unwrap();
        group_info.signature = self.signer.sign(SignPurpose::GroupInfo, GroupInfo::LABEL, &content);
        (self.signed)(&mut group_info);
        group_info
    }
}

/// A secret of the right length that is nobody's.
pub(super) fn made_up() -> Secret {
    Secret::copy_of(&[0x5a; 32])
}
