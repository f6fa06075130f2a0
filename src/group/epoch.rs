//! What is kept of an epoch: all its secrets while it lasts, and what late messages need for as long as the window reaches.

use crate::base::{Code, Epoch, Result, Secret, is_over};
use crate::codec::decode_exact;
use crate::crypto::{Digest, Mac};
use crate::message::GroupContext;
use crate::schedule::EpochSecrets;
use crate::store::{Reader, Record, Writer, corrupt};
use crate::tree::Width;

/// The record of one epoch.
pub(crate) struct EpochRecord {
    /// The encoded GroupContext, which signatures cover.
    pub(crate) group_context: Vec<u8>,
    /// How wide the tree was, and so the secret tree is.
    pub(crate) width: Width,
    pub(crate) sender_data_secret: Secret,
    pub(crate) resumption_psk: Secret,
    /// What only the current epoch has.
    pub(crate) current: Option<CurrentSecrets>,
    /// When the epoch ended, if that is known: the first version of the record did not tell.
    pub(crate) ended_at: Option<u64>,
}

/// Secrets that are deleted when the epoch ends.
pub(crate) struct CurrentSecrets {
    pub(crate) exporter_secret: Secret,
    pub(crate) external_secret: Secret,
    pub(crate) membership_key: Secret,
    pub(crate) epoch_authenticator: Secret,
    pub(crate) init_secret: Secret,
    pub(crate) interim_transcript_hash: Digest,
    /// The tag of the commit that began the epoch, which a GroupInfo repeats.
    pub(crate) confirmation_tag: Mac,
}

impl EpochRecord {
    /// The record of a new epoch, and the root of its secret tree, which is stored apart.
    pub(crate) fn begin(
        secrets: EpochSecrets,
        (group_context, width): (Vec<u8>, Width),
        (interim_transcript_hash, confirmation_tag): (Digest, Mac),
    ) -> (Self, Secret) {
        let current = CurrentSecrets {
            exporter_secret: secrets.exporter_secret,
            external_secret: secrets.external_secret,
            membership_key: secrets.membership_key,
            epoch_authenticator: secrets.epoch_authenticator,
            init_secret: secrets.init_secret,
            interim_transcript_hash,
            confirmation_tag,
        };
        let record = EpochRecord {
            group_context,
            width,
            sender_data_secret: secrets.sender_data_secret,
            resumption_psk: secrets.resumption_psk,
            current: Some(current),
            ended_at: None,
        };
        (record, secrets.encryption_secret)
    }

    /// What someone who is not in the group knows of its epoch: nothing secret. It is never stored.
    pub(crate) fn seen_from_outside(group_context: Vec<u8>, width: Width) -> Self {
        let nothing = || Secret::zero(0);
        EpochRecord {
            group_context,
            width,
            sender_data_secret: nothing(),
            resumption_psk: nothing(),
            current: None,
            ended_at: None,
        }
    }

    /// The secrets of the current epoch.
    pub(crate) fn current(&self) -> Result<&CurrentSecrets> {
        self.current.as_ref().ok_or_else(corrupt)
    }

    /// The group context, decoded.
    pub(crate) fn context(&self) -> Result<GroupContext> {
        decode_exact(&self.group_context).map_err(|_| corrupt())
    }

    /// Leaves what late messages need when the epoch is over.
    pub(crate) fn end(&mut self, now: u64) {
        self.current = None;
        self.ended_at = Some(now);
    }

    /// Leaves what is no secret, when late messages cannot be read any more either.
    pub(crate) fn forget(&mut self) {
        self.sender_data_secret = Secret::zero(0);
        self.resumption_psk = Secret::zero(0);
    }

    /// Whether [`EpochRecord::forget`] has been there.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.resumption_psk.expose().is_empty()
    }

    /// Refuses messages of an epoch that ended too long ago, whether or not its keys are deleted yet.
    pub(crate) fn require_fresh(&self, now: u64, limit: Option<u64>) -> Result<()> {
        match self.ended_at.is_some_and(|at| is_over(at, now, limit)) {
            true => Err(Code::PastEpoch.into()),
            false => Ok(()),
        }
    }
}

/// The first epoch to keep when `current` has begun.
pub(crate) fn oldest_kept(current: Epoch, past_epochs: u32, kept_so_far: Epoch) -> Epoch {
    Epoch(current.0.saturating_sub(past_epochs.into())).max(kept_so_far)
}

impl Record for EpochRecord {
    const VERSION: u8 = 2;

    fn size_hint(&self) -> usize {
        640
    }

    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.group_context);
        writer.u32(self.width.leaves());
        writer.secret(&self.sender_data_secret);
        writer.secret(&self.resumption_psk);
        writer.option(self.current.as_ref(), |writer, current| {
            writer.secret(&current.exporter_secret);
            writer.secret(&current.external_secret);
            writer.secret(&current.membership_key);
            writer.secret(&current.epoch_authenticator);
            writer.secret(&current.init_secret);
            writer.bytes(&current.interim_transcript_hash.0);
            writer.bytes(&current.confirmation_tag.0);
        });
        writer.option(self.ended_at.as_ref(), |writer, at| writer.u64(*at));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(EpochRecord {
            group_context: reader.bytes()?.to_vec(),
            width: Width::new(reader.u32()?).ok_or_else(corrupt)?,
            sender_data_secret: reader.secret()?,
            resumption_psk: reader.secret()?,
            current: reader.option(|reader| {
                Ok(CurrentSecrets {
                    exporter_secret: reader.secret()?,
                    external_secret: reader.secret()?,
                    membership_key: reader.secret()?,
                    epoch_authenticator: reader.secret()?,
                    init_secret: reader.secret()?,
                    interim_transcript_hash: Digest(reader.bytes()?.into()),
                    confirmation_tag: Mac(reader.bytes()?.into()),
                })
            })?,
            ended_at: match reader.version() {
                1 => None,
                _ => reader.option(|reader| reader.u64())?,
            },
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::CipherSuite;
    use crate::codec::Short;
    use crate::crypto::Suite;
    use crate::store::encode_record;

    #[test]
    fn the_confirmation_key_is_not_kept() {
        let secrets = EpochSecrets::create(Suite::of(CipherSuite(1)).unwrap()).unwrap();
        let (used, kept) = (secrets.confirmation_key.duplicate(), secrets.membership_key.duplicate());
        let hashes = (Digest(Short::default()), Mac(Short::default()));
        let (record, _) = EpochRecord::begin(secrets, (vec![], Width::new(1).unwrap()), hashes);
        let stored = encode_record(&record);
        let holds = |key: &Secret| stored.windows(key.expose().len()).any(|window| window == key.expose());
        assert!(holds(&kept) && !holds(&used));
    }
}
