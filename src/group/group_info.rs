//! Making GroupInfo (RFC 9420 §12.4.3).

use super::advance::Begun;
use super::host::Host;
use super::state::GroupState;
use crate::base::host::SignPurpose;
use crate::base::{LeafIndex, Result, Secret};
use crate::codec::{Short, encode};
use crate::crypto::{Mac, Signature, Suite};
use crate::message::{GroupContext, GroupInfo, Message};
use crate::schedule::external_keys;
use crate::store::{Txn, corrupt};
use crate::tree::{ExtensionType, Extensions, Signed, add_to_extensions};

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
