//! The signature schemes of the suites: their keys in raw form, and signing and verifying of plain messages.

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, UnparsedPublicKey};
use ed448_goldilocks as ed448;

use super::curve::Curve;
use super::random::random_secret;
use crate::base::{Code, Error, Result, Secret};

const ED25519_LENGTH: usize = 32;

/// The signature column of the suite table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureScheme {
    Ed25519,
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    Ed448,
}

/// A curve of ECDSA: how to sign on it, how to verify, and its Diffie-Hellman twin, which has keys of the same form.
struct Ecdsa {
    signing: &'static signature::EcdsaSigningAlgorithm,
    verifying: &'static signature::EcdsaVerificationAlgorithm,
    curve: Curve,
}

static ECDSA_P256: Ecdsa = Ecdsa {
    signing: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
    verifying: &signature::ECDSA_P256_SHA256_ASN1,
    curve: Curve::P256,
};
static ECDSA_P384: Ecdsa = Ecdsa {
    signing: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
    verifying: &signature::ECDSA_P384_SHA384_ASN1,
    curve: Curve::P384,
};
static ECDSA_P521: Ecdsa = Ecdsa {
    signing: &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
    verifying: &signature::ECDSA_P521_SHA512_ASN1,
    curve: Curve::P521,
};

impl SignatureScheme {
    /// A fresh private key: a seed for EdDSA, a scalar for ECDSA.
    pub(super) fn generate(self) -> Result<Secret> {
        match self.ecdsa() {
            Some(ecdsa) => generate_scalar(ecdsa),
            None if self == SignatureScheme::Ed448 => random_secret(ed448::SECRET_KEY_LENGTH),
            None => random_secret(ED25519_LENGTH),
        }
    }

    /// Prepares a private key for signing, or `BadKey`.
    pub(super) fn load(self, private: &Secret) -> Result<SigningPair> {
        let bytes = private.expose();
        match self.ecdsa() {
            Some(ecdsa) => load_scalar(ecdsa, bytes),
            None if self == SignatureScheme::Ed448 => {
                ed448::SigningKey::try_from(bytes).map(|key| SigningPair::Ed448(Box::new(key))).map_err(|_| bad_key())
            }
            None if bytes.len() == ED25519_LENGTH => {
                Ed25519KeyPair::from_seed_unchecked(bytes).map(SigningPair::Ed25519).map_err(|_| bad_key())
            }
            None => Err(bad_key()),
        }
    }

    /// Whether `signature` is one of the holder of `public` over `message`. Bytes that are no key have signed nothing.
    pub(super) fn verifies(self, public: &[u8], message: &[u8], signature: &[u8]) -> bool {
        match self.ecdsa() {
            Some(ecdsa) => {
                ecdsa.is_uncompressed(public)
                    && UnparsedPublicKey::new(ecdsa.verifying, public).verify(message, signature).is_ok()
            }
            None if self == SignatureScheme::Ed448 => verifies_ed448(public, message, signature).is_some(),
            None => {
                public.len() == ED25519_LENGTH
                    && UnparsedPublicKey::new(&signature::ED25519, public).verify(message, signature).is_ok()
            }
        }
    }

    /// Whether these bytes are a public key in the form of RFC 9420 §5.1.1.
    pub(super) fn is_public_key(self, public: &[u8]) -> bool {
        match self.ecdsa() {
            Some(ecdsa) => ecdsa.is_uncompressed(public) && ParsedPublicKey::new(ecdsa.verifying, public).is_ok(),
            None if self == SignatureScheme::Ed448 => verifying_ed448(public).is_some(),
            None => public.len() == ED25519_LENGTH && ParsedPublicKey::new(&signature::ED25519, public).is_ok(),
        }
    }

    fn ecdsa(self) -> Option<&'static Ecdsa> {
        match self {
            SignatureScheme::EcdsaP256 => Some(&ECDSA_P256),
            SignatureScheme::EcdsaP384 => Some(&ECDSA_P384),
            SignatureScheme::EcdsaP521 => Some(&ECDSA_P521),
            SignatureScheme::Ed25519 | SignatureScheme::Ed448 => None,
        }
    }
}

impl Ecdsa {
    // The backend also reads compressed points and certificates' key encodings, which have no place here.
    fn is_uncompressed(&self, public: &[u8]) -> bool {
        public.len() == self.curve.public_length() && public.first() == Some(&4)
    }
}

/// A private key with its public key, prepared once so that each signature costs no more than it must.
pub(super) enum SigningPair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed448(Box<ed448::SigningKey>),
}

impl SigningPair {
    /// The public key.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            SigningPair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            SigningPair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            SigningPair::Ed448(key) => key.verifying_key().to_bytes().to_vec(),
        }
    }

    /// A signature over `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = match self {
            SigningPair::Ed25519(pair) => pair.try_sign(message),
            SigningPair::Ecdsa(pair) => pair.sign(&SystemRandom::new(), message),
            SigningPair::Ed448(key) => return Ok(key.sign_raw(message).to_bytes().to_vec()),
        };
        signature.map(|signature| signature.as_ref().to_vec()).map_err(|_| Code::Internal.with("signing failed"))
    }
}

fn generate_scalar(ecdsa: &Ecdsa) -> Result<Secret> {
    let pair = EcdsaKeyPair::generate(ecdsa.signing);
    let scalar = pair.and_then(|pair| pair.private_key().as_be_bytes());
    scalar.map(|scalar| Secret::copy_of(scalar.as_ref())).map_err(|_| Code::Internal.with("no key could be generated"))
}

fn load_scalar(ecdsa: &Ecdsa, scalar: &[u8]) -> Result<SigningPair> {
    let public = ecdsa.curve.load(scalar)?.public()?;
    EcdsaKeyPair::from_private_key_and_public_key(ecdsa.signing, scalar, &public)
        .map(SigningPair::Ecdsa)
        .map_err(|_| bad_key())
}

fn verifies_ed448(public: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let signature = ed448::Signature::from_slice(signature).ok()?;
    verifying_ed448(public)?.verify_raw(&signature, message).ok()
}

fn verifying_ed448(public: &[u8]) -> Option<ed448::VerifyingKey> {
    ed448::VerifyingKey::from_bytes(public.try_into().ok()?).ok()
}

fn bad_key() -> Error {
    Code::BadKey.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const ALL: [SignatureScheme; 5] = [
        SignatureScheme::Ed25519,
        SignatureScheme::EcdsaP256,
        SignatureScheme::EcdsaP384,
        SignatureScheme::EcdsaP521,
        SignatureScheme::Ed448,
    ];

    #[test]
    fn a_key_signs_after_a_round_trip_through_its_bytes() {
        for scheme in ALL {
            let private = scheme.generate().unwrap();
            let pair = scheme.load(&private.duplicate()).unwrap();
            let (public, signature) = (pair.public(), pair.sign(b"message").unwrap());
            assert!(scheme.is_public_key(&public));
            assert!(scheme.verifies(&public, b"message", &signature));
            assert!(!scheme.verifies(&public, b"messagf", &signature));
            assert!(!scheme.verifies(&public, b"message", &signature[1..]));
            assert!(!scheme.verifies(&public, b"message", &[]));
            assert!(!scheme.verifies(&public[1..], b"message", &signature));
            assert!(!scheme.verifies(&[], b"message", &signature));
        }
    }

    #[test]
    fn compressed_points_and_odd_lengths_are_no_keys() {
        for scheme in ALL {
            let private = scheme.generate().unwrap();
            let pair = scheme.load(&private).unwrap();
            let public = pair.public();
            assert!(scheme.load(&Secret::copy_of(&private.expose()[1..])).is_err());
            assert!(scheme.load(&Secret::zero(private.expose().len() + 1)).is_err());
            assert!(!scheme.is_public_key(&public[1..]));
            if let Some(ecdsa) = scheme.ecdsa() {
                let length = ecdsa.curve.private_length();
                let compressed = [&[2 + (public[2 * length] & 1)], &public[1..=length]].concat();
                let signature = pair.sign(b"message").unwrap();
                assert!(!scheme.is_public_key(&compressed));
                assert!(!scheme.verifies(&compressed, b"message", &signature));
                assert!(scheme.load(&Secret::zero(length)).is_err());
            }
        }
    }
}
