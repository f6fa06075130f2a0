//! `transcript-hashes.json`: the transcript hashes of a commit, and its confirmation tag (RFC 9420 §8.2).

use serde_json::Value;

use super::NewStorage;
use super::field::{bytes, expect, secret, suite, words};
use crate::codec::decode_exact;
use crate::crypto::Digest;
use crate::message::AuthenticatedContent;
use crate::schedule::{confirm, confirmed_transcript_hash, interim_transcript_hash};

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let suite = suite(entry)?;
    let commit: AuthenticatedContent = decode_exact(&bytes(entry, "authenticated_content")?).map_err(words)?;
    let tag = commit.auth.confirmation_tag.as_ref().ok_or("the content is no commit")?;
    let before = Digest(bytes(entry, "interim_transcript_hash_before")?.into());
    let input = commit.confirmed_transcript_input().map_err(words)?;
    let confirmed = confirmed_transcript_hash(suite, &before, &input);
    expect(entry, "confirmed_transcript_hash_after", &confirmed.0)?;
    confirm(suite, &secret(entry, "confirmation_key")?, &confirmed, tag).map_err(words)?;
    let interim = interim_transcript_hash(suite, &confirmed, tag).map_err(words)?;
    expect(entry, "interim_transcript_hash_after", &interim.0)
}
