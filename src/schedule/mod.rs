//! The key schedule (RFC 9420 §8): from one epoch's secrets to the next, as states that are consumed by value. And the keys
//! of its messages (§9): the secret tree and the sender ratchets, as records of the store.

mod archive;
mod confirmation;
mod epoch;
mod exporter;
mod external;
mod message_key;
mod psk;
mod psk_id;
mod ratchet;
mod ratchet_record;
mod secret_tree;
mod skipped;
mod transcript;

pub(crate) use archive::ReceivingKeys;
pub(crate) use confirmation::{ConfirmationMatched, confirm, confirmation_tag};
pub(crate) use epoch::{EpochSecrets, Joiner, WelcomeKey, Welcomer};
pub(crate) use exporter::Exporter;
pub(crate) use external::{external_init_from, external_init_to, external_keys};
pub(crate) use message_key::MessageKey;
pub(crate) use psk::psk_secret;
pub(crate) use psk_id::{PreSharedKeyId, Psk, ResumptionPskUsage};
pub(crate) use ratchet::{Advance, Ratchet, RatchetLimits, SealLimits};
pub(crate) use ratchet_record::SenderIdentity;
pub(crate) use secret_tree::{SecretTree, forget_epochs, forget_own};
pub(crate) use skipped::expire_skipped;
pub(crate) use transcript::{confirmed_transcript_hash, interim_transcript_hash};
