//! The outcome of a commit of our own as it is stored, to be told when the commit takes effect.

use crate::base::Result;
use crate::base::event::{EpochChange, Event, MemberName, ProposalSummary, ResumptionPsk};
use crate::store::{Reader, Writer, corrupt};

/// What will have happened when the commit takes effect.
pub(super) fn write_event(writer: &mut Writer, event: &Event) {
    let (change, successor) = match event {
        Event::Reinit { change, group_id, cipher_suite } => (change, Some((group_id, *cipher_suite))),
        Event::EpochChanged { change } => (change, None),
        // A commit has no other outcome.
        _ => return,
    };
    writer.option(successor.as_ref(), |writer, (group_id, cipher_suite)| {
        writer.bytes(group_id);
        writer.u16(*cipher_suite);
    });
    writer.u64(change.epoch);
    write_name(writer, &change.committer);
    writer.list(&change.added, write_name);
    writer.list(&change.removed, write_name);
    writer.list(&change.updated, write_name);
    writer.flag(change.extensions_changed);
    writer.list(&change.psks, |writer, psk_id| writer.bytes(psk_id));
    writer.list(&change.custom, write_summary);
    writer.list(&change.resumption_psks, write_resumption);
}

/// Reads what [`write_event`] wrote; the first records of this kind have no resumption keys.
pub(super) fn read_event(reader: &mut Reader<'_>, with_resumption: bool) -> Result<Event> {
    let successor = reader.option(|reader| Ok((reader.bytes()?.to_vec(), reader.u16()?)))?;
    let change = EpochChange {
        epoch: reader.u64()?,
        committer: read_name(reader)?,
        own: true,
        added: reader.list(read_name)?,
        removed: reader.list(read_name)?,
        updated: reader.list(read_name)?,
        extensions_changed: reader.flag()?,
        psks: reader.list(|reader| Ok(reader.bytes()?.to_vec()))?,
        custom: reader.list(read_summary)?,
        resumption_psks: if with_resumption { reader.list(read_resumption)? } else { Vec::new() },
        lost_commit: None,
    };
    Ok(match successor {
        Some((group_id, cipher_suite)) => Event::Reinit { change, group_id, cipher_suite },
        None => Event::EpochChanged { change },
    })
}

fn write_resumption(writer: &mut Writer, psk: &ResumptionPsk) {
    writer.bytes(&psk.group_id);
    writer.u64(psk.epoch);
}

fn read_resumption(reader: &mut Reader<'_>) -> Result<ResumptionPsk> {
    Ok(ResumptionPsk { group_id: reader.bytes()?.to_vec(), epoch: reader.u64()? })
}

pub(super) fn write_name(writer: &mut Writer, name: &MemberName) {
    writer.u32(name.leaf);
    writer.bytes(&name.client_id);
    writer.bytes(&name.user_id);
}

pub(super) fn read_name(reader: &mut Reader<'_>) -> Result<MemberName> {
    Ok(MemberName { leaf: reader.u32()?, client_id: reader.bytes()?.to_vec(), user_id: reader.bytes()?.to_vec() })
}

/// What a proposal would change.
pub(super) fn write_summary(writer: &mut Writer, summary: &ProposalSummary) {
    match summary {
        ProposalSummary::Add { client_id } => {
            writer.u8(1);
            writer.bytes(client_id);
        }
        ProposalSummary::Update => writer.u8(2),
        ProposalSummary::Remove { member } => {
            writer.u8(3);
            write_name(writer, member);
        }
        ProposalSummary::Psk { psk_id } => {
            writer.u8(4);
            writer.bytes(psk_id);
        }
        ProposalSummary::Reinit => writer.u8(5),
        ProposalSummary::ExternalInit => writer.u8(6),
        ProposalSummary::Extensions { types } => {
            writer.u8(7);
            writer.list(types, |writer, extension_type| writer.u16(*extension_type));
        }
        ProposalSummary::Custom { proposal_type, content } => {
            writer.u8(8);
            writer.u16(*proposal_type);
            writer.bytes(content);
        }
        ProposalSummary::ResumptionPsk { psk } => {
            writer.u8(9);
            write_resumption(writer, psk);
        }
    }
}

/// Reads what [`write_summary`] wrote.
pub(super) fn read_summary(reader: &mut Reader<'_>) -> Result<ProposalSummary> {
    Ok(match reader.u8()? {
        1 => ProposalSummary::Add { client_id: reader.bytes()?.to_vec() },
        2 => ProposalSummary::Update,
        3 => ProposalSummary::Remove { member: read_name(reader)? },
        4 => ProposalSummary::Psk { psk_id: reader.bytes()?.to_vec() },
        5 => ProposalSummary::Reinit,
        6 => ProposalSummary::ExternalInit,
        7 => ProposalSummary::Extensions { types: reader.list(|reader| reader.u16())? },
        8 => ProposalSummary::Custom { proposal_type: reader.u16()?, content: reader.bytes()?.to_vec() },
        9 => ProposalSummary::ResumptionPsk { psk: read_resumption(reader)? },
        _ => return Err(corrupt()),
    })
}
