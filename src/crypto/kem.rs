//! DHKEM: key derivation and encapsulation (RFC 9180 §4.1, §7.1).

use super::curve::{Curve, CurvePrivateKey};
use super::kdf::{HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, Kdf};
use crate::base::{Code, Result, Secret};

/// The KEM column of the suite table, each with the KDF that is its own.
pub(super) struct Kem {
    pub(super) id: u16,
    curve: Curve,
    kdf: &'static Kdf,
}

pub(super) static DHKEM_P256: Kem = Kem { id: 0x0010, curve: Curve::P256, kdf: &HKDF_SHA256 };
pub(super) static DHKEM_P384: Kem = Kem { id: 0x0011, curve: Curve::P384, kdf: &HKDF_SHA384 };
pub(super) static DHKEM_P521: Kem = Kem { id: 0x0012, curve: Curve::P521, kdf: &HKDF_SHA512 };
pub(super) static DHKEM_X25519: Kem = Kem { id: 0x0020, curve: Curve::X25519, kdf: &HKDF_SHA256 };
pub(super) static DHKEM_X448: Kem = Kem { id: 0x0021, curve: Curve::X448, kdf: &HKDF_SHA512 };

impl Kem {
    /// `Nsk`: the length of a private key.
    pub(super) fn private_length(&self) -> usize {
        self.curve.private_length()
    }

    /// `DeriveKeyPair(ikm)`: a private key and its public key, the same for the same secret.
    pub(super) fn derive_key_pair(&self, ikm: &Secret) -> Result<(Secret, Vec<u8>)> {
        let suite_id = self.suite_id();
        let kdf = LabeledKdf { kdf: self.kdf, suite_id: &suite_id };
        let dkp_prk = kdf.extract(b"", b"dkp_prk", &[ikm.expose()]);
        match self.curve {
            Curve::X25519 | Curve::X448 => {
                let private = kdf.expand(&dkp_prk, b"sk", b"", self.private_length())?;
                let public = self.public_key(&private)?;
                Ok((private, public))
            }
            Curve::P256 | Curve::P384 | Curve::P521 => self.first_candidate(&kdf, &dkp_prk),
        }
    }

    // A candidate fails with a chance of about 2^-32 or less, so the loop as good as never turns twice.
    fn first_candidate(&self, kdf: &LabeledKdf<'_>, dkp_prk: &Secret) -> Result<(Secret, Vec<u8>)> {
        for counter in 0..=u8::MAX {
            let candidate = kdf.expand(dkp_prk, b"candidate", &[counter], self.private_length())?;
            let private = mask_first(&candidate, if self.curve == Curve::P521 { 0x01 } else { 0xff });
            if let Ok(key) = self.curve.load(private.expose()) {
                return Ok((private, key.public()?));
            }
        }
        Err(Code::Internal.with("no candidate is a private key"))
    }

    /// The public key of a private key.
    pub(super) fn public_key(&self, private: &Secret) -> Result<Vec<u8>> {
        self.curve.load(private.expose())?.public()
    }

    /// Whether these bytes are a public key.
    pub(super) fn check_public_key(&self, public: &[u8]) -> Result<()> {
        self.curve.check_public(public)
    }

    /// `Encap(pkR)`: a fresh shared secret, and the output that carries it to the holder of the private key.
    pub(super) fn encapsulate(&self, public: &[u8]) -> Result<(Secret, Vec<u8>)> {
        let ephemeral = self.curve.generate()?;
        self.encapsulate_with(&ephemeral, public)
    }

    fn encapsulate_with(&self, ephemeral: &CurvePrivateKey, public: &[u8]) -> Result<(Secret, Vec<u8>)> {
        let kem_output = ephemeral.public()?;
        let shared = self.extract_and_expand(&ephemeral.agree(public)?, &[&kem_output, public].concat())?;
        Ok((shared, kem_output))
    }

    /// `Decap(enc, skR)`: the shared secret again, or `BadCiphertext` for an output that no sender made.
    pub(super) fn decapsulate(&self, kem_output: &[u8], private: &Secret) -> Result<Secret> {
        let key = self.curve.load(private.expose())?;
        let agreed = key.agree(kem_output).map_err(|_| Code::BadCiphertext)?;
        self.extract_and_expand(&agreed, &[kem_output, &key.public()?].concat())
    }

    fn extract_and_expand(&self, agreed: &Secret, kem_context: &[u8]) -> Result<Secret> {
        let suite_id = self.suite_id();
        let kdf = LabeledKdf { kdf: self.kdf, suite_id: &suite_id };
        let eae_prk = kdf.extract(b"", b"eae_prk", &[agreed.expose()]);
        kdf.expand(&eae_prk, b"shared_secret", kem_context, self.kdf.length)
    }

    fn suite_id(&self) -> [u8; 5] {
        let [high, low] = self.id.to_be_bytes();
        [b'K', b'E', b'M', high, low]
    }
}

fn mask_first(candidate: &Secret, mask: u8) -> Secret {
    let mut bytes = candidate.expose().to_vec();
    if let Some(first) = bytes.first_mut() {
        *first &= mask;
    }
    Secret::new(bytes)
}

/// `LabeledExtract` and `LabeledExpand` (RFC 9180 §4).
pub(super) struct LabeledKdf<'a> {
    pub(super) kdf: &'static Kdf,
    pub(super) suite_id: &'a [u8],
}

const VERSION: &[u8] = b"HPKE-v1";

impl LabeledKdf<'_> {
    /// `LabeledExtract(salt, label, ikm)`, the keying material in parts.
    pub(super) fn extract(&self, salt: &[u8], label: &[u8], ikm: &[&[u8]]) -> Secret {
        let prefix = [VERSION, self.suite_id, label];
        self.kdf.extract(salt, prefix.into_iter().chain(ikm.iter().copied()))
    }

    /// `LabeledExpand(prk, label, info, length)`.
    pub(super) fn expand(&self, prk: &Secret, label: &[u8], info: &[u8], length: usize) -> Result<Secret> {
        let encoded =
            u16::try_from(length).map_err(|_| Code::BadArgument.with("a KDF output is at most 65535 bytes"))?;
        self.kdf.expand(prk, &[&encoded.to_be_bytes(), VERSION, self.suite_id, label, info], length)
    }
}
