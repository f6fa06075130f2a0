//! The key schedule as a chain of states: [`Joiner`], then [`Welcomer`], then [`EpochSecrets`] (RFC 9420 §8).

use crate::base::{Code, Result, Secret};
use crate::crypto::{Suite, random_secret};

/// Holds `joiner_secret`, the one thing of an epoch that new members are told.
#[derive(Debug)]
pub(crate) struct Joiner {
    suite: &'static Suite,
    joiner_secret: Secret,
}

impl Joiner {
    /// For a member, and for whoever joins by an external commit: `init_secret` is the last epoch's, or the one of the
    /// ExternalInit; `commit_secret` is all zero without a path; `group_context` is the new epoch's, encoded.
    pub(crate) fn from_commit(
        suite: &'static Suite,
        init_secret: Secret,
        commit_secret: Secret,
        group_context: &[u8],
    ) -> Result<Self> {
        let extracted = suite.extract(init_secret.expose(), commit_secret.expose());
        let joiner_secret = suite.expand_with_label(&extracted, "joiner", group_context, suite.secret_length())?;
        Ok(Joiner { suite, joiner_secret })
    }

    /// For a new member, who finds the secret in a Welcome. `BadWelcome` if its length is wrong.
    pub(crate) fn from_welcome(suite: &'static Suite, joiner_secret: Secret) -> Result<Self> {
        match joiner_secret.expose().len() == suite.secret_length() {
            true => Ok(Joiner { suite, joiner_secret }),
            false => Err(Code::BadWelcome.with("the joiner secret has the wrong length")),
        }
    }

    /// `joiner_secret`, for the GroupSecrets of a Welcome.
    pub(crate) fn joiner_secret(&self) -> &Secret {
        &self.joiner_secret
    }

    /// Mixes in `psk_secret`, which [`psk_secret`](super::psk_secret) gives, also for no key at all.
    pub(crate) fn with_psks(self, psk_secret: &Secret) -> Welcomer {
        let member_secret = self.suite.extract(self.joiner_secret.expose(), psk_secret.expose());
        Welcomer { suite: self.suite, member_secret }
    }
}

/// Can seal and open the GroupInfo of a Welcome, and goes on to the epoch once its group context is known.
#[derive(Debug)]
pub(crate) struct Welcomer {
    suite: &'static Suite,
    member_secret: Secret,
}

impl Welcomer {
    /// The key of the Welcome's GroupInfo (RFC 9420 §12.4.3.1).
    pub(crate) fn welcome_key(&self) -> Result<WelcomeKey> {
        let suite = self.suite;
        let welcome_secret = self.welcome_secret()?;
        let key = suite.expand_with_label(&welcome_secret, "key", b"", suite.key_length())?;
        let nonce = suite.expand_with_label(&welcome_secret, "nonce", b"", suite.nonce_length())?;
        Ok(WelcomeKey { suite, key, nonce })
    }

    /// `welcome_secret`.
    pub(crate) fn welcome_secret(&self) -> Result<Secret> {
        self.suite.derive_secret(&self.member_secret, "welcome")
    }

    /// The secrets of the epoch whose encoded group context this is.
    pub(crate) fn into_epoch(self, group_context: &[u8]) -> Result<EpochSecrets> {
        let suite = self.suite;
        let epoch_secret =
            suite.expand_with_label(&self.member_secret, "epoch", group_context, suite.secret_length())?;
        EpochSecrets::derive(suite, &epoch_secret)
    }
}

/// Seals one GroupInfo, or opens it.
#[derive(Debug)]
pub(crate) struct WelcomeKey {
    suite: &'static Suite,
    key: Secret,
    nonce: Secret,
}

impl WelcomeKey {
    /// Makes `encrypted_group_info`; the key has served then.
    pub(crate) fn seal(self, group_info: &[u8]) -> Result<Vec<u8>> {
        self.suite.seal(&self.key, self.nonce.expose(), b"", group_info)
    }

    /// Opens `encrypted_group_info`, or `BadCiphertext`.
    pub(crate) fn open(self, encrypted_group_info: &[u8]) -> Result<Secret> {
        self.suite.open(&self.key, self.nonce.expose(), b"", encrypted_group_info)
    }
}

/// Every secret of an epoch (RFC 9420 §8, table 4), under the names of the RFC.
#[derive(Debug)]
pub(crate) struct EpochSecrets {
    /// Keys that hide who sent a PrivateMessage.
    pub(crate) sender_data_secret: Secret,
    /// The root of the secret tree.
    pub(crate) encryption_secret: Secret,
    /// What the app exports from.
    pub(crate) exporter_secret: Secret,
    /// The key pair that external commits are made to.
    pub(crate) external_secret: Secret,
    /// The key of the confirmation tag.
    pub(crate) confirmation_key: Secret,
    /// The key of the membership tags.
    pub(crate) membership_key: Secret,
    /// Proof, in later epochs and other groups, of having been a member now.
    pub(crate) resumption_psk: Secret,
    /// What two members compare to know that they are in the same epoch.
    pub(crate) epoch_authenticator: Secret,
    /// The start of the next epoch.
    pub(crate) init_secret: Secret,
}

impl EpochSecrets {
    /// The secrets of a new group's first epoch, which begin with randomness (RFC 9420 §11).
    pub(crate) fn create(suite: &'static Suite) -> Result<Self> {
        Self::derive(suite, &random_secret(suite.secret_length())?)
    }

    fn derive(suite: &Suite, epoch_secret: &Secret) -> Result<Self> {
        let derive = |label| suite.derive_secret(epoch_secret, label);
        Ok(EpochSecrets {
            sender_data_secret: derive("sender data")?,
            encryption_secret: derive("encryption")?,
            exporter_secret: derive("exporter")?,
            external_secret: derive("external")?,
            confirmation_key: derive("confirm")?,
            membership_key: derive("membership")?,
            resumption_psk: derive("resumption")?,
            epoch_authenticator: derive("authentication")?,
            init_secret: derive("init")?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::schedule::psk_secret;

    #[test]
    fn who_commits_and_who_is_welcomed_reach_the_same_epoch() {
        for suite in Suite::ALL {
            let zero = || Secret::zero(suite.secret_length());
            let psk_secret = psk_secret(suite, &[]).unwrap();
            let joiner = Joiner::from_commit(suite, zero(), zero(), b"context").unwrap();
            let welcomed = Joiner::from_welcome(suite, joiner.joiner_secret().duplicate()).unwrap();
            let (ours, theirs) = (joiner.with_psks(&psk_secret), welcomed.with_psks(&psk_secret));
            let sealed = ours.welcome_key().unwrap().seal(b"group info").unwrap();
            assert_eq!(theirs.welcome_key().unwrap().open(&sealed).unwrap().expose(), b"group info");
            assert!(theirs.welcome_key().unwrap().open(b"").unwrap_err().is(Code::BadCiphertext));
            let (ours, theirs) = (ours.into_epoch(b"context").unwrap(), theirs.into_epoch(b"context").unwrap());
            assert!(ours.epoch_authenticator.matches(theirs.epoch_authenticator.expose()));
            assert!(ours.init_secret.matches(theirs.init_secret.expose()));
        }
    }

    #[test]
    fn a_joiner_secret_of_the_wrong_length_is_refused() {
        for (suite, length) in Suite::ALL.iter().flat_map(|suite| [0, 31, 65, 100_000].map(|length| (suite, length))) {
            assert!(Joiner::from_welcome(suite, Secret::zero(length)).unwrap_err().is(Code::BadWelcome));
        }
    }
}
