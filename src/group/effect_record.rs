//! Effects and events as the journal stores them.

use super::event_record::{read_event, read_name, read_summary, write_event, write_name, write_summary};
use crate::base::Result;
use crate::base::event::{Author, Effect, EpochChange, Event};
use crate::store::{Reader, Record, Writer, corrupt};

impl Record for Effect {
    fn write(&self, writer: &mut Writer) {
        match self {
            Effect::Received { group_id, tag, event } => {
                write_head(writer, 1, (group_id, tag));
                write_any_event(writer, event);
            }
            Effect::Outbound { group_id, tag, message } => {
                write_head(writer, 2, (group_id, tag));
                writer.bytes(message);
            }
            Effect::Confirmed { group_id, tag, event, welcome } => {
                write_head(writer, 3, (group_id, tag));
                write_any_event(writer, event);
                writer.option(welcome.as_ref(), |writer, welcome| writer.bytes(welcome));
            }
            Effect::Joined { group_id, tag, epoch } => {
                write_head(writer, 4, (group_id, tag));
                writer.u64(*epoch);
            }
            Effect::Imported { group_ids } => write_list(writer, 5, group_ids),
            Effect::KeyPackages { messages } => write_list(writer, 6, messages),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let kind = reader.u8()?;
        Ok(match kind {
            5 => Effect::Imported { group_ids: reader.list(read_bytes)? },
            6 => Effect::KeyPackages { messages: reader.list(read_bytes)? },
            _ => {
                let (group_id, tag) = (read_bytes(reader)?, read_bytes(reader)?);
                match kind {
                    1 => Effect::Received { group_id, tag, event: read_any_event(reader)? },
                    2 => Effect::Outbound { group_id, tag, message: read_bytes(reader)? },
                    3 => {
                        let event = read_any_event(reader)?;
                        Effect::Confirmed { group_id, tag, event, welcome: reader.option(read_bytes)? }
                    }
                    4 => Effect::Joined { group_id, tag, epoch: reader.u64()? },
                    _ => return Err(corrupt()),
                }
            }
        })
    }
}

fn write_head(writer: &mut Writer, kind: u8, (group_id, tag): (&[u8], &[u8])) {
    writer.u8(kind);
    writer.bytes(group_id);
    writer.bytes(tag);
}

fn write_list(writer: &mut Writer, kind: u8, values: &[Vec<u8>]) {
    writer.u8(kind);
    writer.list(values, |writer, value| writer.bytes(value));
}

fn read_bytes(reader: &mut Reader<'_>) -> Result<Vec<u8>> {
    Ok(reader.bytes()?.to_vec())
}

/// An event of any kind; that of a commit has the form that a pending one has, and what is only known afterwards behind it.
fn write_any_event(writer: &mut Writer, event: &Event) {
    match event {
        Event::Message { sender, plaintext, aad, epoch, generation } => {
            writer.u8(1);
            write_name(writer, sender);
            writer.bytes(plaintext);
            writer.bytes(aad);
            writer.u64(*epoch);
            writer.u32(*generation);
        }
        Event::Proposal { author, reference, summary } => {
            writer.u8(2);
            write_author(writer, author);
            writer.bytes(reference);
            write_summary(writer, summary);
        }
        Event::EpochChanged { change } | Event::Reinit { change, .. } => {
            writer.u8(3);
            write_event(writer, event);
            writer.flag(change.own);
            writer.option(change.lost_commit.as_ref(), |writer, intents| writer.list(intents, write_summary));
        }
        Event::Removed { by, epoch } => {
            writer.u8(4);
            write_author(writer, by);
            writer.u64(*epoch);
        }
        Event::OwnEcho => writer.u8(5),
        Event::Duplicate => writer.u8(6),
        Event::Deferred { epoch } => {
            writer.u8(7);
            writer.u64(*epoch);
        }
    }
}

fn read_any_event(reader: &mut Reader<'_>) -> Result<Event> {
    Ok(match reader.u8()? {
        1 => Event::Message {
            sender: read_name(reader)?,
            plaintext: read_bytes(reader)?,
            aad: read_bytes(reader)?,
            epoch: reader.u64()?,
            generation: reader.u32()?,
        },
        2 => Event::Proposal {
            author: read_author(reader)?,
            reference: read_bytes(reader)?,
            summary: read_summary(reader)?,
        },
        3 => read_commit(reader)?,
        4 => Event::Removed { by: read_author(reader)?, epoch: reader.u64()? },
        5 => Event::OwnEcho,
        6 => Event::Duplicate,
        7 => Event::Deferred { epoch: reader.u64()? },
        _ => return Err(corrupt()),
    })
}

fn read_commit(reader: &mut Reader<'_>) -> Result<Event> {
    let event = read_event(reader, true)?;
    let own = reader.flag()?;
    let lost_commit = reader.option(|reader| reader.list(read_summary))?;
    let seen = |change: EpochChange| EpochChange { own, lost_commit, ..change };
    Ok(match event {
        Event::EpochChanged { change } => Event::EpochChanged { change: seen(change) },
        Event::Reinit { change, group_id, cipher_suite } => {
            Event::Reinit { change: seen(change), group_id, cipher_suite }
        }
        other => other,
    })
}

fn write_author(writer: &mut Writer, author: &Author) {
    match author {
        Author::Member { member } => {
            writer.u8(1);
            write_name(writer, member);
        }
        Author::External { index } => {
            writer.u8(2);
            writer.u32(*index);
        }
        Author::NewMember => writer.u8(3),
    }
}

fn read_author(reader: &mut Reader<'_>) -> Result<Author> {
    Ok(match reader.u8()? {
        1 => Author::Member { member: read_name(reader)? },
        2 => Author::External { index: reader.u32()? },
        3 => Author::NewMember,
        _ => return Err(corrupt()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::event::{MemberName, ProposalSummary, ResumptionPsk};
    use crate::store::{decode_record, encode_record};

    fn name(leaf: u32) -> MemberName {
        MemberName { leaf, client_id: vec![1; 3], user_id: vec![2] }
    }

    fn change(own: bool, lost_commit: Option<Vec<ProposalSummary>>) -> EpochChange {
        EpochChange {
            epoch: 9,
            committer: name(1),
            own,
            added: vec![name(2)],
            removed: vec![name(3), name(4)],
            updated: vec![name(5)],
            extensions_changed: true,
            psks: vec![vec![6]],
            resumption_psks: vec![ResumptionPsk { group_id: vec![7], epoch: 3 }],
            custom: vec![ProposalSummary::Custom { proposal_type: 0xf001, content: vec![8] }],
            lost_commit,
        }
    }

    fn events() -> Vec<Event> {
        let summary = ProposalSummary::Remove { member: name(1) };
        let proposal = |author| Event::Proposal {
            author,
            reference: vec![4; 32],
            summary: ProposalSummary::Add { client_id: vec![1] },
        };
        vec![
            Event::Message { sender: name(1), plaintext: vec![1; 70_000], aad: vec![2], epoch: 3, generation: 4 },
            proposal(Author::Member { member: name(2) }),
            proposal(Author::External { index: 7 }),
            proposal(Author::NewMember),
            Event::EpochChanged { change: change(true, None) },
            Event::EpochChanged { change: change(false, Some(vec![summary.clone(), ProposalSummary::Update])) },
            Event::Reinit { change: change(false, Some(vec![summary])), group_id: vec![5], cipher_suite: 2 },
            Event::Removed { by: Author::NewMember, epoch: 8 },
            Event::OwnEcho,
            Event::Duplicate,
            Event::Deferred { epoch: 11 },
        ]
    }

    #[test]
    fn every_effect_comes_back_as_it_was() {
        let (group_id, tag) = (vec![1; 5], vec![2; 6]);
        let mut effects = vec![
            Effect::Outbound { group_id: group_id.clone(), tag: tag.clone(), message: vec![3; 9] },
            Effect::Joined { group_id: group_id.clone(), tag: tag.clone(), epoch: 4 },
            Effect::Imported { group_ids: vec![vec![1], vec![]] },
            Effect::KeyPackages { messages: vec![vec![2; 300]] },
        ];
        for event in events() {
            let (group_id, tag) = (group_id.clone(), tag.clone());
            let welcome = Some(vec![5; 9]);
            effects.push(Effect::Received { group_id: group_id.clone(), tag: tag.clone(), event: event.clone() });
            effects.push(Effect::Confirmed { group_id, tag, event, welcome });
        }
        for effect in effects {
            let bytes = encode_record(&effect);
            assert!(decode_record::<Effect>(&bytes).unwrap() == effect);
            assert!(decode_record::<Effect>(bytes.split_last().unwrap().1).is_err());
        }
    }
}
