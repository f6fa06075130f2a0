//! Many scripts, side by side.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::actor::Library;
use crate::script::{Cast, play};
use crate::tally::Tally;

/// So many scripts of one cast, with seeds from `first` on.
#[derive(Clone, Copy)]
pub struct Batch {
    /// Who plays.
    pub cast: Cast,
    /// The first seed.
    pub first: u64,
    /// How many.
    pub scripts: u64,
}

/// What came of a batch.
pub struct Report {
    /// How many scripts ended well.
    pub passed: u64,
    /// What was exercised.
    pub tally: Tally,
    /// Each script that failed: its seed, what happened, and why it failed.
    pub failures: Vec<String>,
}

impl Batch {
    /// Plays the scripts on so many threads.
    pub fn play(self, threads: usize) -> Report {
        let next = AtomicU64::new(0);
        let report = Mutex::new(Report { passed: 0, tally: Tally::default(), failures: Vec::new() });
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.scripts {
                            break;
                        }
                        let outcome = self.play_one(self.first + number);
                        report.lock().unwrap_or_else(PoisonError::into_inner).take_in(outcome);
                    }
                });
            }
        });
        report.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn play_one(self, seed: u64) -> Result<Tally, String> {
        let cast = self.cast;
        let played = play(cast, seed).map_err(|error| format!("seed {seed} of {cast:?} does not start: {error}"))?;
        match played.failed {
            None => Ok(played.tally),
            Some(why) => Err(format!("{}\nFAILED: seed {seed} of {cast:?}: {why}", played.log.join("\n"))),
        }
    }
}

impl Report {
    fn take_in(&mut self, outcome: Result<Tally, String>) {
        match outcome {
            Ok(tally) => {
                self.passed += 1;
                self.tally.add(&tally);
            }
            Err(failure) => self.failures.push(failure),
        }
    }

    /// What these libraries should have done and did not, in words.
    pub fn missing(&self, libraries: &[Library]) -> Vec<String> {
        let missing = self.tally.missing(libraries).into_iter();
        missing.map(|(feature, library)| format!("{} never {}", library.name(), feature.says())).collect()
    }
}
