//! The floor: what an operation would cost if it were nothing but its unavoidable primitives, each timed alone in the same
//! run. Parsing, copying and storage cost nothing here. Cipher suite 1.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey as Peer, X25519, agree};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// How long each primitive takes, in nanoseconds.
pub struct Floor {
    sign: f64,
    verify: f64,
    /// X25519 with the base point, and key generation with it.
    base: f64,
    keygen: f64,
    /// X25519 with a peer's key.
    agree: f64,
    extract: f64,
    expand: f64,
    hmac: f64,
    sha_110: f64,
    sha_140: f64,
    sha_200: f64,
    sha_300: f64,
    gcm_12: f64,
    gcm_32: f64,
    gcm_1100: f64,
    /// AES-GCM for each byte of something long.
    gcm_byte: f64,
}

impl Floor {
    /// Times every primitive.
    pub fn measure() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let message = [7; 300];
        let signature = pair.sign(&message);
        let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
        let private = PrivateKey::generate(&X25519).unwrap();
        let peer = PrivateKey::generate(&X25519).unwrap().compute_public_key().unwrap();
        let salt = Salt::new(HKDF_SHA256, &[1; 32]);
        let prk = Prk::new_less_safe(HKDF_SHA256, &[2; 32]);
        let long = 1 << 20;
        Floor {
            sign: nanos(|| pair.sign(&message)),
            verify: nanos(|| public.verify(&message, signature.as_ref()).unwrap()),
            base: nanos(|| private.compute_public_key().unwrap()),
            keygen: nanos(|| PrivateKey::generate(&X25519).unwrap().compute_public_key().unwrap()),
            agree: nanos(|| agree(&private, Peer::new(&X25519, &peer), (), |shared| Ok(shared[0])).unwrap()),
            extract: nanos(|| salt.extract(&[3; 32])),
            expand: nanos(|| {
                let mut output = [0; 32];
                prk.expand(&[&[4; 40]], HKDF_SHA256).unwrap().fill(&mut output).unwrap();
                output
            }),
            hmac: nanos(|| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &[5; 32]), &[6; 32])),
            sha_110: sha(110),
            sha_140: sha(140),
            sha_200: sha(200),
            sha_300: sha(300),
            gcm_12: gcm(12),
            gcm_32: gcm(32),
            gcm_1100: gcm(1100),
            gcm_byte: gcm(long) / long as f64,
        }
    }

    fn node_key(&self) -> f64 {
        3.0 * self.expand + self.extract + self.base
    }

    fn schedule(&self) -> f64 {
        15.0 * self.expand + 5.0 * self.hmac + 3.0 * self.sha_200
    }

    /// HPKE of a path secret to one recipient: key generation, agreement, and the two key schedules.
    fn seal(&self) -> f64 {
        self.keygen + self.agree + self.hpke_schedule()
    }

    fn open(&self) -> f64 {
        self.agree + self.base + self.hpke_schedule()
    }

    fn hpke_schedule(&self) -> f64 {
        2.0 * self.extract + 3.0 * self.expand + self.gcm_32
    }

    /// Rehashing a path of `d` nodes.
    fn path_hashes(&self, d: f64) -> f64 {
        d * (self.sha_110 + self.sha_140) + self.sha_300
    }

    /// A key package: two HPKE keys, two signatures.
    pub fn key_package(&self) -> f64 {
        2.0 * self.keygen + 2.0 * self.sign
    }

    /// Processing another member's commit with a path.
    pub fn process_commit(&self, n: f64) -> f64 {
        2.0 * self.verify + self.open() + self.node_key() + self.path_hashes(depth(n)) + self.schedule()
    }

    /// The same with one Add in it.
    pub fn process_add(&self, n: f64) -> f64 {
        self.process_commit(n) + 2.0 * self.verify
    }

    /// Making a commit that gives ourselves fresh keys.
    pub fn self_update(&self, n: f64) -> f64 {
        let d = depth(n);
        self.keygen + d * (self.node_key() + self.seal()) + self.path_hashes(d) + 2.0 * self.sign + self.schedule()
    }

    /// Making a commit that removes one member.
    pub fn remove(&self, n: f64) -> f64 {
        self.self_update(n) + (depth(n) - 2.0).max(0.0) * self.seal()
    }

    /// Making a commit that adds one member, and its Welcome; the tree travels beside it.
    pub fn add_one(&self, n: f64) -> f64 {
        self.self_update(n) + 2.0 * self.verify + self.seal() + self.sign
    }

    /// Encrypting 1 KiB.
    pub fn encrypt(&self) -> f64 {
        self.sign + 5.0 * self.expand + self.gcm_1100 + self.gcm_12
    }

    /// Decrypting 1 KiB.
    pub fn decrypt(&self) -> f64 {
        self.verify + 5.0 * self.expand + self.gcm_1100 + self.gcm_12
    }

    /// Opening a stored group, and decrypting the first message of a sender.
    pub fn open_and_decrypt(&self, n: f64) -> f64 {
        self.decrypt() + 2.0 * depth(n) * self.expand
    }

    /// Adding `n` members at once; the tree of `tree` bytes is sealed once.
    pub fn bulk_add(&self, n: f64, tree: f64) -> f64 {
        n * (2.0 * self.verify + self.seal() + 2.0 * self.sha_300)
            + 3.0 * self.sign
            + depth(n) * self.node_key()
            + n * self.sha_140
            + self.schedule()
            + tree * self.gcm_byte
    }

    /// Joining a group of `n`.
    pub fn join(&self, n: f64, tree: f64) -> f64 {
        self.open()
            + (n + 1.0) * self.verify
            + n * (self.sha_300 + self.sha_140 + self.sha_110)
            + self.node_key()
            + self.schedule()
            + tree * self.gcm_byte
    }
}

fn depth(n: f64) -> f64 {
    n.log2().ceil()
}

fn sha(length: usize) -> f64 {
    let input = vec![8; length];
    nanos(|| digest(&SHA256, &input))
}

fn gcm(length: usize) -> f64 {
    let mut buffer = vec![9; length];
    nanos(|| {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[1; 16]).unwrap());
        let nonce = Nonce::assume_unique_for_key([2; 12]);
        key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer).unwrap()
    })
}

/// The fastest of 15 samples of about 4 ms each: whatever else the machine does must not raise the floor.
fn nanos<T>(mut act: impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    let mut rounds = 0u32;
    while start.elapsed() < Duration::from_millis(4) {
        black_box(act());
        rounds += 1;
    }
    let samples = (0..15).map(|_| {
        let start = Instant::now();
        (0..rounds).for_each(|_| drop(black_box(act())));
        start.elapsed().as_nanos() as f64 / f64::from(rounds)
    });
    samples.fold(f64::INFINITY, f64::min)
}
