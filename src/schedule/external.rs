//! External initialization: an init secret from outside the group (RFC 9420 §8.3).

use crate::base::{Result, Secret};
use crate::codec::Opaque;
use crate::crypto::{HpkePrivateKey, HpkePublicKey, Suite};

const LABEL: &str = "MLS 1.0 external init secret";

/// `external_priv` and `external_pub` of an epoch (RFC 9420 §8).
pub(crate) fn external_keys(suite: &Suite, external_secret: &Secret) -> Result<(HpkePrivateKey, HpkePublicKey)> {
    suite.derive_hpke_keys(external_secret)
}

/// For who joins: a fresh `init_secret`, and the `kem_output` of the ExternalInit that carries it to the members.
pub(crate) fn external_init_to(suite: &'static Suite, external_pub: &HpkePublicKey) -> Result<(Opaque, Secret)> {
    suite.export_to(external_pub, LABEL, suite.secret_length())
}

/// For a member: the `init_secret` that an ExternalInit carries. `BadCiphertext` if its `kem_output` is none.
pub(crate) fn external_init_from(suite: &'static Suite, external_secret: &Secret, kem_output: &[u8]) -> Result<Secret> {
    let (external_priv, _) = external_keys(suite, external_secret)?;
    suite.export_from(kem_output, &external_priv, LABEL, suite.secret_length())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::Code;

    #[test]
    fn members_find_the_init_secret_of_who_joins() {
        for suite in Suite::ALL {
            let external_secret = Secret::zero(suite.secret_length());
            let (_, external_pub) = external_keys(suite, &external_secret).unwrap();
            let (kem_output, ours) = external_init_to(suite, &external_pub).unwrap();
            assert!(ours.matches(external_init_from(suite, &external_secret, &kem_output).unwrap().expose()));
            assert!(external_init_from(suite, &external_secret, b"").unwrap_err().is(Code::BadCiphertext));
        }
    }
}
