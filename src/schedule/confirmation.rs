//! The confirmation tag: that both sides of a commit reached the same epoch (RFC 9420 §6.1).

use crate::base::{Code, Result, Secret};
use crate::crypto::{Digest, Mac, Suite};

/// Proof that a confirmation tag matched. Only [`confirm`] makes one.
#[derive(Debug)]
pub(crate) struct ConfirmationMatched(());

/// `confirmation_tag = MAC(confirmation_key, confirmed_transcript_hash)`.
pub(crate) fn confirmation_tag(suite: &Suite, confirmation_key: &Secret, confirmed_transcript_hash: &Digest) -> Mac {
    suite.mac(confirmation_key, &confirmed_transcript_hash.0)
}

/// Compares a received tag with the one the new epoch asks for, in constant time, or gives `BadMac`.
pub(crate) fn confirm(
    suite: &Suite,
    confirmation_key: &Secret,
    confirmed_transcript_hash: &Digest,
    received: &Mac,
) -> Result<ConfirmationMatched> {
    match confirmation_tag(suite, confirmation_key, confirmed_transcript_hash).matches(received) {
        true => Ok(ConfirmationMatched(())),
        false => Err(Code::BadMac.into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_tag_confirms() {
        for suite in Suite::ALL {
            let (key, hash) = (Secret::zero(suite.secret_length()), suite.hash(b"transcript"));
            let tag = confirmation_tag(suite, &key, &hash);
            confirm(suite, &key, &hash, &tag).unwrap();
            let longer = [&tag.0[..], &[0]].concat();
            for other in [&tag.0[1..], &tag.0[..tag.0.len() - 1], &longer, &[]] {
                let verdict = confirm(suite, &key, &hash, &Mac(other.into()));
                assert!(verdict.unwrap_err().is(Code::BadMac));
            }
            assert!(confirm(suite, &key, &suite.hash(b"another"), &tag).is_err());
        }
    }
}
