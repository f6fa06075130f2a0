//! The cryptographic primitives of cipher suite 1, each timed in short loops between the operations: so what else the machine
//! does meets both alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey as Peer, X25519, agree};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// How long each primitive takes, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Costs {
    /// An Ed25519 signature.
    pub sign: f64,
    /// The verification of one.
    pub verify: f64,
    /// X25519 with the base point.
    pub base: f64,
    /// The making of an X25519 key, and its public key.
    pub keygen: f64,
    /// X25519 with a peer's key.
    pub agree: f64,
    /// HKDF-Extract: an HMAC of 32 bytes.
    pub extract: f64,
    /// HKDF-Expand to 32 bytes: an HMAC of 41 bytes.
    pub expand: f64,
    /// HMAC of 32 bytes.
    pub hmac: f64,
    /// SHA-256 of 110 bytes.
    pub sha_110: f64,
    /// SHA-256 of 140 bytes.
    pub sha_140: f64,
    /// SHA-256 of 200 bytes.
    pub sha_200: f64,
    /// SHA-256 of 300 bytes.
    pub sha_300: f64,
    /// AES-GCM of 12 bytes, key schedule included.
    pub gcm_12: f64,
    /// AES-GCM of 32 bytes.
    pub gcm_32: f64,
    /// AES-GCM of 1 100 bytes.
    pub gcm_1100: f64,
    /// AES-GCM for each byte of something long.
    pub gcm_byte: f64,
}

/// How long one loop over a primitive is to take.
const LOOP: Duration = Duration::from_micros(50);

/// The length of something long.
const LONG: usize = 1 << 16;

/// A primitive in a loop: runs it so many times.
type Looped = Box<dyn FnMut(u32)>;

/// One primitive and how long it has taken.
struct Primitive {
    run: Looped,
    count: u32,
    nanos: Vec<f64>,
}

/// All of them, with the samples since the last [`forget`](Primitives::forget).
pub struct Primitives(Vec<Primitive>);

impl Primitives {
    /// Gets all of them ready.
    pub fn new() -> Self {
        let mut all = signatures();
        all.extend(agreements());
        all.extend(derivations());
        all.extend([110, 140, 200, 300].map(hash));
        all.extend([12, 32, 1100, LONG].map(seal));
        Primitives(all.into_iter().map(Primitive::new).collect())
    }

    /// Takes one sample of each.
    pub fn sample(&mut self) {
        self.0.iter_mut().for_each(Primitive::sample);
    }

    /// Forgets all samples.
    pub fn forget(&mut self) {
        self.0.iter_mut().for_each(|primitive| primitive.nanos.clear());
    }

    /// The medians of the samples.
    pub fn costs(&self) -> Costs {
        let mut medians = self.0.iter().map(Primitive::median);
        let mut next = || medians.next().unwrap();
        Costs {
            sign: next(),
            verify: next(),
            base: next(),
            keygen: next(),
            agree: next(),
            extract: next(),
            expand: next(),
            hmac: next(),
            sha_110: next(),
            sha_140: next(),
            sha_200: next(),
            sha_300: next(),
            gcm_12: next(),
            gcm_32: next(),
            gcm_1100: next(),
            gcm_byte: next() / LONG as f64,
        }
    }
}

impl Default for Primitives {
    fn default() -> Self {
        Self::new()
    }
}

impl Primitive {
    fn new(mut run: Looped) -> Self {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < 20 * LOOP {
            run(1);
            count += 1;
        }
        Primitive { run, count: (count / 20).max(1), nanos: Vec::new() }
    }

    fn sample(&mut self) {
        // The first is for the caches, which the operations before have filled with something else.
        (self.run)(1);
        let start = Instant::now();
        (self.run)(self.count);
        self.nanos.push(start.elapsed().as_nanos() as f64 / f64::from(self.count));
    }

    fn median(&self) -> f64 {
        let mut sorted = self.nanos.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

fn looped<T>(mut act: impl FnMut() -> T + 'static) -> Looped {
    Box::new(move |count| (0..count).for_each(|_| drop(black_box(act()))))
}

fn signatures() -> Vec<Looped> {
    let message = [7; 300];
    let pair = Ed25519KeyPair::generate().unwrap();
    let signature = pair.sign(&message);
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref().to_vec());
    vec![looped(move || pair.sign(&message)), looped(move || public.verify(&message, signature.as_ref()).unwrap())]
}

fn agreements() -> Vec<Looped> {
    let [agreeing, other] = [(); 2].map(|()| PrivateKey::generate(&X25519).unwrap());
    let peer = other.compute_public_key().unwrap();
    vec![
        // A key that is loaded has its public key already: loading is where it is computed.
        looped(|| PrivateKey::from_private_key(&X25519, &[7; 32]).unwrap()),
        looped(|| PrivateKey::generate(&X25519).unwrap().compute_public_key().unwrap()),
        looped(move || agree(&agreeing, Peer::new(&X25519, &peer), (), |shared| Ok(shared[0])).unwrap()),
    ]
}

/// An HMAC is two hashes, and is not counted with what the backend's own adds to them: it sets up, copies and wipes contexts.
fn derivations() -> Vec<Looped> {
    let hmac = |length: usize| {
        let mut inner = vec![0x36; 64 + length];
        looped(move || {
            let mut outer = [0x5c; 96];
            outer[64..].copy_from_slice(digest(&SHA256, &inner).as_ref());
            let tag = digest(&SHA256, &outer);
            inner[64] = tag.as_ref()[0];
            tag
        })
    };
    vec![hmac(32), hmac(41), hmac(32)]
}

fn hash(length: usize) -> Looped {
    let input = vec![8; length];
    looped(move || digest(&SHA256, &input))
}

fn seal(length: usize) -> Looped {
    let mut buffer = vec![9; length];
    looped(move || {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[1; 16]).unwrap());
        let nonce = Nonce::assume_unique_for_key([2; 12]);
        key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer).unwrap()
    })
}
