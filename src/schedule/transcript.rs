//! The transcript hashes, which chain every commit of a group's history (RFC 9420 §8.2).

use crate::base::Result;
use crate::codec::encode;
use crate::crypto::{Digest, Mac, Suite};

/// `confirmed_transcript_hash` after a commit, from the interim hash before it and its encoded ConfirmedTranscriptHashInput.
pub(crate) fn confirmed_transcript_hash(suite: &Suite, interim_before: &Digest, input: &[u8]) -> Digest {
    suite.hash_parts(&[&interim_before.0, input])
}

/// `interim_transcript_hash` after a commit, from its confirmed hash and its confirmation tag.
pub(crate) fn interim_transcript_hash(suite: &Suite, confirmed: &Digest, confirmation_tag: &Mac) -> Result<Digest> {
    Ok(suite.hash_parts(&[&confirmed.0, &encode(confirmation_tag)?]))
}
