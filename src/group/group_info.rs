//! Making GroupInfo and Welcome (RFC 9420 §12.4.3).

use super::advance::Begun;
use super::host::Host;
use super::rules::Arrival;
use super::state::GroupState;
use crate::base::host::{SignPurpose, report};
use crate::base::{LeafIndex, Result, Secret, parallel};
use crate::codec::{Short, encode};
use crate::crypto::{HpkeInfo, Mac, Signature, Suite};
use crate::message::{EncryptedGroupSecrets, GroupContext, GroupInfo, GroupSecrets, Message, Welcome};
use crate::schedule::{PreSharedKeyId, WelcomeKey, external_keys};
use crate::store::{Txn, corrupt};
use crate::tree::{ExtensionType, Extensions, NewPath, Signed, add_to_extensions};

/// What a GroupInfo says beside the group context.
pub(crate) struct GroupInfoParts {
    pub(crate) context: GroupContext,
    pub(crate) confirmation_tag: Mac,
    pub(crate) signer: LeafIndex,
    /// The encoded tree, if it is to stand inside.
    pub(crate) tree: Option<Vec<u8>>,
    /// The secret whose public key lets clients join by themselves, if they shall.
    pub(crate) external_secret: Option<Secret>,
}

/// Signs a GroupInfo.
pub(crate) fn sign(host: &Host, (suite, signing_key): (&Suite, &[u8]), parts: GroupInfoParts) -> Result<GroupInfo> {
    let mut extensions = Extensions::default();
    if let Some(tree) = parts.tree {
        extensions.put(ExtensionType::RATCHET_TREE, tree);
    }
    if let Some(secret) = &parts.external_secret {
        let (_, public) = external_keys(suite, secret)?;
        extensions.put(ExtensionType::EXTERNAL_PUB, encode(&public)?);
    }
    if host.identity(signing_key)?.grease {
        add_to_extensions(&mut extensions, &[])?;
    }
    let mut group_info = GroupInfo {
        group_context: parts.context,
        extensions,
        confirmation_tag: parts.confirmation_tag,
        signer: parts.signer,
        signature: Signature(Short::default()),
    };
    let content = group_info.signed_fields()?;
    group_info.signature = host.sign(signing_key, (SignPurpose::GroupInfo, GroupInfo::LABEL), &content)?;
    Ok(group_info)
}

/// What every new member is told alike.
pub(crate) struct Invitation<'a> {
    pub(crate) suite: &'static Suite,
    pub(crate) welcome_key: WelcomeKey,
    pub(crate) joiner_secret: &'a Secret,
    pub(crate) psks: &'a [PreSharedKeyId],
    pub(crate) path: Option<&'a NewPath>,
}

/// New members whose secrets are sealed between two reports to the observer. On two cores they take some 20 milliseconds.
const SEALED_AT_ONCE: usize = 512;

/// One Welcome for all new members. The encrypted GroupInfo, which every member's secrets are bound to, is hashed once.
pub(crate) fn welcome(
    host: &Host,
    invitation: Invitation<'_>,
    group_info: &GroupInfo,
    added: &[(LeafIndex, Arrival)],
) -> Result<Vec<u8>> {
    let Invitation { suite, welcome_key, joiner_secret, psks, path } = invitation;
    let encrypted_group_info = welcome_key.seal(&encode(group_info)?)?;
    let info = HpkeInfo::new(suite, "Welcome", &encrypted_group_info)?;
    let secrets = seal_all(host, added, |(leaf, arrival)| {
        let path_secret = path.and_then(|path| path.secret_for(*leaf)).map(|secret| secret.0.duplicate());
        let group_secrets =
            GroupSecrets { joiner_secret: joiner_secret.duplicate(), path_secret, psks: psks.to_vec() }.encode()?;
        Ok(EncryptedGroupSecrets {
            new_member: arrival.key_package.reference(suite)?,
            encrypted_group_secrets: info.seal_to(&arrival.key_package.init_key, group_secrets.expose())?,
        })
    })?;
    let cipher_suite = suite.id();
    Message::Welcome(Welcome { cipher_suite, secrets, encrypted_group_info: encrypted_group_info.into() }).encode()
}

/// What `seal` makes for each new member, in their order.
fn seal_all(
    host: &Host,
    added: &[(LeafIndex, Arrival)],
    seal: impl Fn(&(LeafIndex, Arrival)) -> Result<EncryptedGroupSecrets> + Sync,
) -> Result<Vec<EncryptedGroupSecrets>> {
    let mut secrets = Vec::with_capacity(added.len());
    for some in added.chunks(SEALED_AT_ONCE) {
        let mut sealed: Vec<_> = some.iter().map(|new_member| (new_member, None)).collect();
        parallel::for_each(&mut sealed, |(new_member, secrets)| *secrets = Some(seal(new_member)));
        for one in sealed.into_iter().filter_map(|(_, secrets)| secrets) {
            secrets.push(one?);
        }
        report(&*host.observer, secrets.len() as u64, added.len() as u64)?;
    }
    Ok(secrets)
}

/// The GroupInfo of the current epoch, as an MLSMessage, for clients that join by themselves.
pub(crate) fn current(
    txn: &mut Txn,
    (state, host): (&GroupState, &Host),
    (with_tree, with_external_pub): (bool, bool),
) -> Result<Vec<u8>> {
    state.head.require_active()?;
    let current = state.epoch.current()?;
    let tree = match with_tree {
        true => Some(state.tree().export(txn, &*host.observer)?),
        false => None,
    };
    let parts = GroupInfoParts {
        context: state.context.clone(),
        confirmation_tag: current.confirmation_tag.clone(),
        signer: state.head.own_leaf,
        tree,
        external_secret: with_external_pub.then(|| current.external_secret.duplicate()),
    };
    let group_info = sign(host, (state.suite, &state.head.signing_key), parts)?;
    Message::GroupInfo(Box::new(group_info.into())).encode()
}

/// The parts of the GroupInfo that goes into the Welcome of a new epoch.
pub(crate) fn parts_of(
    begun: &Begun,
    context: GroupContext,
    (signer, tree): (LeafIndex, Option<Vec<u8>>),
) -> Result<GroupInfoParts> {
    let current = begun.epoch.current.as_ref().ok_or_else(corrupt)?;
    let external_secret = None;
    Ok(GroupInfoParts { context, confirmation_tag: current.confirmation_tag.clone(), signer, tree, external_secret })
}
