//! What the outside of a message tells, and how it stands to what this client has. Nothing is decrypted or verified.

use super::head::{Head, Standing};
use super::join::find_key_package;
use crate::base::lookup::{MessageKind, MessagePeek, MessageStanding};
use crate::base::{CipherSuite, Epoch, GroupId, Result};
use crate::message::{ContentType, Message, Welcome};
use crate::store::Txn;

/// Looks at a message of any kind.
pub(crate) fn message(txn: &mut Txn, message: &Message) -> Result<MessagePeek> {
    match message {
        Message::Public(public) => {
            let content = public.peek();
            let kind = kind_of(content.content.content_type());
            of_group(txn, (kind, false), (&content.group_id, content.epoch), None)
        }
        Message::Private(private) => {
            of_group(txn, (kind_of(private.content_type), true), (&private.group_id, private.epoch), None)
        }
        Message::GroupInfo(group_info) => {
            let context = &group_info.peek().group_context;
            let at = (&context.group_id, context.epoch);
            of_group(txn, (MessageKind::GroupInfo, false), at, Some(context.cipher_suite))
        }
        Message::Welcome(invitation) => welcome(txn, invitation),
        Message::KeyPackage(key_package) => {
            let suite = key_package.peek().cipher_suite;
            Ok(of_no_group((MessageKind::KeyPackage, false), suite, MessageStanding::Apart))
        }
    }
}

fn kind_of(content_type: ContentType) -> MessageKind {
    match content_type {
        ContentType::Application => MessageKind::Application,
        ContentType::Proposal => MessageKind::Proposal,
        ContentType::Commit => MessageKind::Commit,
    }
}

fn of_group(
    txn: &mut Txn,
    (kind, encrypted): (MessageKind, bool),
    (group_id, epoch): (&GroupId, Epoch),
    named: Option<CipherSuite>,
) -> Result<MessagePeek> {
    let key = txn.keyspace().head(group_id);
    txn.watch(&key)?;
    let head: Option<Head> = txn.load(&key)?;
    let suite = named.or(head.as_ref().map(|head| head.suite));
    let standing = head.map_or(MessageStanding::UnknownGroup, |head| standing(&head, kind, epoch));
    Ok(MessagePeek {
        kind,
        encrypted,
        group_id: Some(group_id.as_slice().to_vec()),
        epoch: Some(epoch.0),
        cipher_suite: suite.map(|suite| suite.0),
        standing,
    })
}

/// Where an epoch lies, as `receive` would see it.
fn standing(head: &Head, kind: MessageKind, epoch: Epoch) -> MessageStanding {
    let late = kind == MessageKind::Application && head.keeps(epoch);
    match head.standing {
        Standing::Removed if !late => MessageStanding::Removed,
        _ if epoch > head.epoch => MessageStanding::Future,
        _ if epoch < head.epoch => MessageStanding::Past { readable: late },
        _ => MessageStanding::Current,
    }
}

fn welcome(txn: &mut Txn, welcome: &Welcome) -> Result<MessagePeek> {
    let standing = match find_key_package(txn, welcome)? {
        Some((own, _)) => MessageStanding::Invitation { key_package: own.reference.0.to_vec() },
        None => MessageStanding::NotForUs,
    };
    Ok(of_no_group((MessageKind::Welcome, true), welcome.cipher_suite, standing))
}

fn of_no_group((kind, encrypted): (MessageKind, bool), suite: CipherSuite, standing: MessageStanding) -> MessagePeek {
    MessagePeek { kind, encrypted, group_id: None, epoch: None, cipher_suite: Some(suite.0), standing }
}
