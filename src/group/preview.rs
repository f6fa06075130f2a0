//! What a Welcome or an application message would turn into: found out on the very way that joining and receiving take, and
//! not written.

use super::head::Settings;
use super::host::Host;
use super::inbound::Inbound;
use super::join::{self, Invitation, Joining};
use super::open::{Application, Opened};
use super::receive::message_event;
use super::state::{GroupState, member_name};
use crate::base::event::{Event, MemberName};
use crate::base::lookup::WelcomePreview;
use crate::base::{Code, LeafIndex, Result};
use crate::store::Txn;
use crate::tree::Payload;

/// Joins by a Welcome and undoes it: what is known of the group then. Where the tree is missing, it stops before.
pub(crate) fn welcome(txn: &mut Txn, host: &Host, bytes: &[u8], tree: Option<&Payload>) -> Result<WelcomePreview> {
    let invitation = join::open(txn, host, bytes)?;
    let mut preview = outline(&invitation);
    preview.tree_missing = tree.is_none() && invitation.group_info().extensions.ratchet_tree().is_none();
    if !preview.tree_missing {
        let signer = invitation.group_info().signer;
        // No message is made, so it does not matter how they would be.
        let settings = Settings { encrypt_handshakes: true, pad: true };
        let state = join::enter(txn, host, invitation, Joining { tree, settings })?;
        preview.members = Some(state.member_count());
        preview.inviter = Some(member_at(txn, &state, signer)?);
    }
    txn.take_staged();
    Ok(preview)
}

fn outline(invitation: &Invitation) -> WelcomePreview {
    let context = &invitation.group_info().group_context;
    WelcomePreview {
        group_id: context.group_id.as_slice().to_vec(),
        epoch: context.epoch.0,
        cipher_suite: context.cipher_suite.0,
        extensions: context.extensions.types().map(|listed| listed.0).collect(),
        key_package: invitation.key_package().to_vec(),
        tree_missing: true,
        inviter: None,
        members: None,
    }
}

fn member_at(txn: &mut Txn, state: &GroupState, leaf: LeafIndex) -> Result<MemberName> {
    let mut tree = state.tree();
    let record = tree.leaf(txn, leaf)?.ok_or(Code::BadGroupInfo)?;
    Ok(member_name(leaf, record))
}

/// Reads an application message and leaves its key where it is.
pub(crate) fn application(txn: &mut Txn, (state, host): (&GroupState, &Host), inbound: Inbound) -> Result<Event> {
    inbound.require_group(&state.head.group_id)?;
    if !inbound.is_application() {
        return Err(
            Code::WrongContent.with("only application messages can be previewed: peek at this one, or receive it")
        );
    }
    inbound.check_epoch(state)?;
    let stay = state.stay_of(inbound.epoch()).ok_or(Code::PastEpoch)?;
    match inbound.unprotect(txn, state, &stay, host)? {
        Opened::Application(Application { sender, content, advance, .. }) => {
            message_event((sender, advance.generation()), content)
        }
        Opened::Own(_) => Ok(Event::OwnEcho),
        Opened::Handshake(_) => Err(Code::WrongContent.into()),
    }
}
