//! Takes genuine bytes apart in every way, and demands that each attempt is refused and leaves no trace.

use conclave::{MemoryStorage, Result};

/// At least this many places of a message are hit by each kind of damage.
const PLACES: usize = 400;

/// What is attacked: the storage that must not change, and the call that takes the bytes.
pub(crate) struct Target<'a> {
    pub(crate) name: &'a str,
    pub(crate) storage: &'a MemoryStorage,
    pub(crate) take: &'a dyn Fn(Vec<u8>) -> Result<()>,
}

impl Target<'_> {
    /// Every kind of damage to these genuine bytes; and then they are taken as they are.
    pub(crate) fn attack(&self, genuine: &[u8]) {
        self.damage(genuine);
        (self.take)(genuine.to_vec()).unwrap_or_else(|error| panic!("{}: the genuine bytes: {error}", self.name));
    }

    /// The same for bytes that would not be taken as they are either.
    pub(crate) fn damage(&self, genuine: &[u8]) {
        self.truncate(genuine);
        self.flip(genuine);
        self.extend(genuine);
        self.garbage(genuine);
    }

    /// These bytes must be refused, with a code that judges them.
    pub(crate) fn refuse(&self, bytes: Vec<u8>, how: &str) -> u32 {
        let before = self.storage.records();
        let Err(error) = (self.take)(bytes) else { panic!("{}: {how} was taken", self.name) };
        assert!(matches!(error.code() / 100, 2 | 3 | 4 | 8), "{}: {how}: {error}", self.name);
        assert!(self.storage.records() == before, "{}: {how} left a trace ({error})", self.name);
        error.code()
    }

    fn truncate(&self, genuine: &[u8]) {
        for length in (0..genuine.len()).step_by(stride(genuine.len())) {
            self.refuse(genuine[..length].to_vec(), &format!("cut at {length}"));
        }
    }

    fn flip(&self, genuine: &[u8]) {
        for (turn, at) in (0..genuine.len()).step_by(stride(genuine.len())).enumerate() {
            for mask in [1 << (turn % 8), 0xff] {
                let mut bytes = genuine.to_vec();
                bytes[at] ^= mask;
                self.refuse(bytes, &format!("byte {at} changed by {mask:#x}"));
            }
        }
    }

    fn extend(&self, genuine: &[u8]) {
        for tail in [&[0][..], &[1], &[0xff; 100], genuine] {
            self.refuse([genuine, tail].concat(), &format!("{} bytes at the end", tail.len()));
        }
    }

    fn garbage(&self, genuine: &[u8]) {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ genuine.len() as u64);
        for turn in 0..PLACES {
            let length = dice.below(2 * genuine.len() + 8);
            let noise: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
            let header = genuine.len().min([0, 4, 8, 30][turn % 4]);
            self.refuse([&genuine[..header], &noise].concat(), &format!("{length} bytes of garbage after {header}"));
        }
    }
}

/// Short messages are hit everywhere.
fn stride(length: usize) -> usize {
    (length / PLACES).max(1)
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
