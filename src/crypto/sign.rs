//! SignWithLabel and VerifyWithLabel (RFC 9420 §5.1.2).

use std::fmt;

use super::label::Labelled;
use super::scheme::SigningPair;
use super::suite::Suite;
use super::wire::{Signature, SignaturePublicKey};
use crate::base::{Code, Result, Secret};

/// Proof that a signature was verified. Only [`Suite::verify_with_label`] makes one.
#[derive(Debug)]
pub(crate) struct SignatureVerified(());

/// A private key for signatures, held ready for use.
pub(crate) struct SignaturePrivateKey {
    secret: Secret,
    pair: SigningPair,
}

impl Suite {
    /// Makes a fresh key pair.
    pub(crate) fn generate_signature_keys(&self) -> Result<(SignaturePrivateKey, SignaturePublicKey)> {
        let private = self.signature_key(self.signature.generate()?)?;
        let public = private.public_key();
        Ok((private, public))
    }

    /// Reads a private key: the seed of EdDSA, the scalar of ECDSA. `BadKey` if it is neither.
    pub(crate) fn signature_key(&self, secret: Secret) -> Result<SignaturePrivateKey> {
        let pair = self.signature.load(&secret)?;
        Ok(SignaturePrivateKey { secret, pair })
    }

    /// Whether this is a public key of the suite's signature scheme; `Malformed` if not.
    pub(crate) fn check_signature_key(&self, public: &SignaturePublicKey) -> Result<()> {
        match self.signature.is_public_key(&public.0) {
            true => Ok(()),
            false => Err(Code::Malformed.with("the bytes are not a signature key of the cipher suite")),
        }
    }

    /// `VerifyWithLabel(public, label, content, signature)`, or `BadSignature`.
    pub(crate) fn verify_with_label(
        &self,
        public: &SignaturePublicKey,
        label: &str,
        content: &[u8],
        signature: &Signature,
    ) -> Result<SignatureVerified> {
        match self.signature.verifies(&public.0, &sign_content(label, content)?, &signature.0) {
            true => Ok(SignatureVerified(())),
            false => Err(Code::BadSignature.into()),
        }
    }
}

impl SignaturePrivateKey {
    /// `SignWithLabel(self, label, content)`.
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn sign_with_label(&self, label: &str, content: &[u8]) -> Result<Signature> {
        self.sign(&sign_content(label, content)?)
    }

    /// Signs a SignContent that [`sign_content`] has built.
    pub(crate) fn sign(&self, sign_content: &[u8]) -> Result<Signature> {
        Ok(Signature(self.pair.sign(sign_content)?.into()))
    }

    /// The public key that belongs to it.
    pub(crate) fn public_key(&self) -> SignaturePublicKey {
        SignaturePublicKey(self.pair.public().into())
    }

    /// The raw bytes, which [`Suite::signature_key`] reads back.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl fmt::Debug for SignaturePrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignaturePrivateKey")
    }
}

/// The encoded SignContent of a label and a content: the bytes that are signed.
pub(crate) fn sign_content(label: &str, content: &[u8]) -> Result<Vec<u8>> {
    Ok(Labelled::mls(label, content)?.parts().concat())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_label_and_content_only() {
        for suite in Suite::ALL {
            let (private, public) = suite.generate_signature_keys().unwrap();
            let signature = private.sign_with_label("FramedContentTBS", b"content").unwrap();
            suite.check_signature_key(&public).unwrap();
            suite.verify_with_label(&public, "FramedContentTBS", b"content", &signature).unwrap();
            for (label, content) in [("FramedContentTBT", b"content"), ("FramedContentTBS", b"contend")] {
                let verdict = suite.verify_with_label(&public, label, content, &signature);
                assert!(verdict.unwrap_err().is(Code::BadSignature));
            }
            let again = suite.signature_key(private.secret().duplicate()).unwrap();
            assert_eq!(again.public_key(), public);
        }
    }
}
