//! HPKE in base mode: EncryptWithLabel (RFC 9420 §5.1.3), external initialization (§8.3), over RFC 9180 §5 and §6.

use super::kem::LabeledKdf;
use super::label::Labelled;
use super::random::random_secret;
use super::suite::Suite;
use super::wire::{HpkeCiphertext, HpkePublicKey};
use crate::base::{Code, Result, Secret};
use crate::codec::Opaque;

/// A private key for HPKE, in the form of RFC 9180's SerializePrivateKey.
#[derive(Debug)]
pub(crate) struct HpkePrivateKey(pub(crate) Secret);

impl Suite {
    /// Makes a fresh key pair.
    pub(crate) fn generate_hpke_keys(&self) -> Result<(HpkePrivateKey, HpkePublicKey)> {
        self.derive_hpke_keys(&random_secret(self.kem.private_length())?)
    }

    /// `KEM.DeriveKeyPair(ikm)`.
    pub(crate) fn derive_hpke_keys(&self, ikm: &Secret) -> Result<(HpkePrivateKey, HpkePublicKey)> {
        let (private, public) = self.kem.derive_key_pair(ikm)?;
        Ok((HpkePrivateKey(private), HpkePublicKey(public.into())))
    }

    /// The public key of a private key, or `BadKey`.
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn hpke_public_key(&self, private: &HpkePrivateKey) -> Result<HpkePublicKey> {
        Ok(HpkePublicKey(self.kem.public_key(&private.0)?.into()))
    }

    /// Whether this is a public key of the suite; `Malformed` if not.
    pub(crate) fn check_hpke_key(&self, public: &HpkePublicKey) -> Result<()> {
        self.kem.check_public_key(&public.0)
    }

    /// `EncryptWithLabel(public, label, context, plaintext)` to one recipient; to many, see [`HpkeInfo`].
    #[cfg(any(test, feature = "test-util"))]
    pub(crate) fn encrypt_with_label(
        &'static self,
        public: &HpkePublicKey,
        label: &str,
        context: &[u8],
        plaintext: &[u8],
    ) -> Result<HpkeCiphertext> {
        HpkeInfo::new(self, label, context)?.seal_to(public, plaintext)
    }

    /// `DecryptWithLabel(private, label, context, ciphertext)`, or `BadCiphertext`.
    pub(crate) fn decrypt_with_label(
        &'static self,
        private: &HpkePrivateKey,
        label: &str,
        context: &[u8],
        ciphertext: &HpkeCiphertext,
    ) -> Result<Secret> {
        HpkeInfo::new(self, label, context)?.open(private, ciphertext)
    }

    /// `Encap(public)`: the part of an encryption that takes the longest, and needs nothing but the key of the recipient.
    pub(crate) fn encapsulate(&self, public: &HpkePublicKey) -> Result<Encapsulated> {
        let (shared_secret, kem_output) = self.kem.encapsulate(&public.0)?;
        Ok(Encapsulated { shared_secret, kem_output })
    }

    /// `SetupBaseS(public, "")` and its `export(label, length)`: a secret, and the KEM output that carries it.
    pub(crate) fn export_to(
        &'static self,
        public: &HpkePublicKey,
        label: &str,
        length: usize,
    ) -> Result<(Opaque, Secret)> {
        let (shared_secret, kem_output) = self.kem.encapsulate(&public.0)?;
        let secret = HpkeInfo::of(self, &[]).schedule(&shared_secret).export(label, length)?;
        Ok((kem_output.into(), secret))
    }

    /// `SetupBaseR(kem_output, private, "")` and its `export(label, length)`.
    pub(crate) fn export_from(
        &'static self,
        kem_output: &[u8],
        private: &HpkePrivateKey,
        label: &str,
        length: usize,
    ) -> Result<Secret> {
        let shared_secret = self.kem.decapsulate(kem_output, &private.0)?;
        HpkeInfo::of(self, &[]).schedule(&shared_secret).export(label, length)
    }

    fn hpke_suite_id(&self) -> [u8; 10] {
        let [kem, kdf, aead] = [self.kem.id, self.kdf.id, self.aead.id].map(u16::to_be_bytes);
        [b'H', b'P', b'K', b'E', kem[0], kem[1], kdf[0], kdf[1], aead[0], aead[1]]
    }
}

/// A fresh secret shared with one recipient, for one message.
pub(crate) struct Encapsulated {
    shared_secret: Secret,
    kem_output: Vec<u8>,
}

/// What a label and a context contribute to an encryption, hashed once, however long the context and many the recipients.
pub(crate) struct HpkeInfo {
    suite: &'static Suite,
    suite_id: [u8; 10],
    key_schedule_context: Vec<u8>,
}

impl HpkeInfo {
    /// Hashes `EncryptContext` (RFC 9420 §5.1.3).
    pub(crate) fn new(suite: &'static Suite, label: &str, context: &[u8]) -> Result<Self> {
        Ok(Self::of(suite, &Labelled::mls(label, context)?.parts()))
    }

    fn of(suite: &'static Suite, info: &[&[u8]]) -> Self {
        const MODE_BASE: &[u8] = &[0];
        let suite_id = suite.hpke_suite_id();
        let kdf = LabeledKdf { kdf: suite.kdf, suite_id: &suite_id };
        let psk_id_hash = kdf.extract(b"", b"psk_id_hash", &[]);
        let info_hash = kdf.extract(b"", b"info_hash", info);
        let key_schedule_context = [MODE_BASE, psk_id_hash.expose(), info_hash.expose()].concat();
        HpkeInfo { suite, suite_id, key_schedule_context }
    }

    /// `SealBase(public, info, "", plaintext)`.
    pub(crate) fn seal_to(&self, public: &HpkePublicKey, plaintext: &[u8]) -> Result<HpkeCiphertext> {
        self.seal_under(self.suite.encapsulate(public)?, plaintext)
    }

    /// The same to a recipient for whom the secret was made before.
    pub(crate) fn seal_under(&self, encapsulated: Encapsulated, plaintext: &[u8]) -> Result<HpkeCiphertext> {
        let Encapsulated { shared_secret, kem_output } = encapsulated;
        let (key, nonce) = self.schedule(&shared_secret).key_and_nonce()?;
        let ciphertext = self.suite.seal(&key, nonce.expose(), b"", plaintext)?;
        Ok(HpkeCiphertext { kem_output: kem_output.into(), ciphertext: ciphertext.into() })
    }

    /// `OpenBase(kem_output, private, info, "", ciphertext)`, or `BadCiphertext`.
    pub(crate) fn open(&self, private: &HpkePrivateKey, sealed: &HpkeCiphertext) -> Result<Secret> {
        if sealed.ciphertext.len() < self.suite.tag_length() {
            return Err(Code::BadCiphertext.into());
        }
        let shared_secret = self.suite.kem.decapsulate(&sealed.kem_output, &private.0)?;
        let (key, nonce) = self.schedule(&shared_secret).key_and_nonce()?;
        self.suite.open(&key, nonce.expose(), b"", &sealed.ciphertext)
    }

    /// `KeySchedule` (RFC 9180 §5.1) without a PSK.
    fn schedule(&self, shared_secret: &Secret) -> Scheduled<'_> {
        let kdf = LabeledKdf { kdf: self.suite.kdf, suite_id: &self.suite_id };
        let secret = kdf.extract(shared_secret.expose(), b"secret", &[]);
        Scheduled { info: self, kdf, secret }
    }
}

/// The secret of one encryption context, from which its keys are expanded as they are needed.
struct Scheduled<'a> {
    info: &'a HpkeInfo,
    kdf: LabeledKdf<'a>,
    secret: Secret,
}

impl Scheduled<'_> {
    // Only one message is sealed in a context, so the base nonce is the nonce.
    fn key_and_nonce(&self) -> Result<(Secret, Secret)> {
        let suite = self.info.suite;
        Ok((self.expand(b"key", suite.key_length())?, self.expand(b"base_nonce", suite.nonce_length())?))
    }

    fn export(&self, label: &str, length: usize) -> Result<Secret> {
        let exporter_secret = self.expand(b"exp", self.kdf.kdf.length)?;
        self.kdf.expand(&exporter_secret, b"sec", label.as_bytes(), length)
    }

    fn expand(&self, label: &[u8], length: usize) -> Result<Secret> {
        self.kdf.expand(&self.secret, label, &self.info.key_schedule_context, length)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::codec::Short;

    #[test]
    fn one_info_serves_many_recipients() {
        for suite in Suite::ALL {
            let info = HpkeInfo::new(suite, "Welcome", &[9; 5000]).unwrap();
            for plaintext in [&b""[..], b"first", b"second"] {
                let (private, public) = suite.generate_hpke_keys().unwrap();
                assert_eq!(suite.hpke_public_key(&private).unwrap(), public);
                suite.check_hpke_key(&public).unwrap();
                let sealed = info.seal_to(&public, plaintext).unwrap();
                let opened = suite.decrypt_with_label(&private, "Welcome", &[9; 5000], &sealed).unwrap();
                assert_eq!(opened.expose(), plaintext);
                let wrong = suite.decrypt_with_label(&private, "Welcomf", &[9; 5000], &sealed);
                assert!(wrong.unwrap_err().is(Code::BadCiphertext));
            }
        }
    }

    #[test]
    fn damaged_ciphertexts_do_not_open() {
        for suite in Suite::ALL {
            let (private, public) = suite.derive_hpke_keys(&Secret::zero(32)).unwrap();
            let info = HpkeInfo::new(suite, "x", b"").unwrap();
            let sealed = info.seal_to(&public, b"secret").unwrap();
            let refused = |kem_output: Vec<u8>, ciphertext: Vec<u8>| {
                let sealed = HpkeCiphertext { kem_output: kem_output.into(), ciphertext: ciphertext.into() };
                info.open(&private, &sealed).unwrap_err().is(Code::BadCiphertext)
            };
            assert!(refused(Vec::new(), sealed.ciphertext.to_vec()));
            assert!(refused(vec![0; sealed.kem_output.len()], sealed.ciphertext.to_vec()));
            assert!(refused(sealed.kem_output.to_vec(), vec![0; 7]));
            assert!(refused(sealed.kem_output.to_vec(), vec![0; 22]));
        }
    }

    #[test]
    fn both_sides_export_the_same_secret() {
        for suite in Suite::ALL {
            let (private, public) = suite.generate_hpke_keys().unwrap();
            let (kem_output, ours) = suite.export_to(&public, "label", 32).unwrap();
            let theirs = suite.export_from(&kem_output, &private, "label", 32).unwrap();
            assert!(ours.matches(theirs.expose()));
            assert!(!ours.matches(suite.export_from(&kem_output, &private, "other", 32).unwrap().expose()));
            assert!(suite.export_from(&[], &private, "label", 32).unwrap_err().is(Code::BadCiphertext));
            assert!(suite.export_to(&HpkePublicKey(Short::default()), "label", 32).unwrap_err().is(Code::Malformed));
        }
    }

    #[test]
    fn exports_of_rfc_9180_appendix_a_1() {
        let suite = Suite::of(crate::base::CipherSuite(1)).unwrap();
        let private = Secret::new(unhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"));
        let kem_output = unhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
        let shared_secret = suite.kem.decapsulate(&kem_output, &private).unwrap();
        let info = HpkeInfo::of(suite, &[b"Ode on a ", b"Grecian Urn"]);
        let export = |label| info.schedule(&shared_secret).export(label, 32).unwrap();
        let empty = unhex("3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee");
        let named = unhex("e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931");
        assert_eq!(export("").expose(), empty);
        assert_eq!(export("TestContext").expose(), named);
    }

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|start| u8::from_str_radix(&text[start..start + 2], 16).unwrap()).collect()
    }
}
