//! Rows: all contenders in turns, and the primitives as one more among them.

use std::time::Duration;

use crate::contender::{Contender, Operation, Sample};
use crate::floor::Floor;
use crate::primitives::Primitives;

/// What one contender needed for one operation.
#[derive(Clone, Debug)]
pub struct Line {
    /// The contender.
    pub contender: &'static str,
    /// The operation.
    pub operation: Operation,
    /// Members of the group.
    pub n: u32,
    /// The middle of all rounds, with what that round touched.
    pub median: Sample,
    /// The fastest round.
    pub fastest: Duration,
    /// How many rounds there were.
    pub rounds: usize,
    /// What the primitives alone need, in nanoseconds, at the medians of the same row; 0 where there are none.
    pub floor: f64,
}

impl Line {
    /// The median by the floor.
    pub fn ratio(&self) -> Option<f64> {
        (self.floor > 0.0).then(|| self.median.elapsed.as_nanos() as f64 / self.floor)
    }
}

/// Shorter than this, and the caches matter.
const SHORT: Duration = Duration::from_millis(20);

/// A contender in a row.
struct Seat {
    at: usize,
    warm_up: Duration,
    rounds: usize,
    samples: Vec<Sample>,
}

/// Measures an operation on groups of `n`: one line for each contender that has it.
pub fn row(
    contenders: &mut [Box<dyn Contender>],
    (operation, n): (Operation, u32),
    primitives: &mut Primitives,
) -> Vec<Line> {
    let warmed =
        contenders.iter_mut().enumerate().filter_map(|(at, contender)| Some((at, contender.round(operation)?)));
    let mut seats: Vec<Seat> = warmed.map(|(at, sample)| Seat::new(at, sample)).collect();
    primitives.forget();
    let longest = seats.iter().map(|seat| seat.warm_up).max().unwrap_or_default();
    (0..passes(longest)).for_each(|_| primitives.sample());
    for round in 0..seats.iter().map(|seat| seat.rounds).max().unwrap_or_default() {
        play(contenders, (operation, round), &mut seats, primitives);
    }
    let floor = Floor(primitives.costs()).of(operation, n);
    seats.into_iter().map(|seat| seat.line(contenders, (operation, n), floor)).collect()
}

/// One round. The order goes on by one from each round to the next; the primitives have the last number.
fn play(
    contenders: &mut [Box<dyn Contender>],
    (operation, round): (Operation, usize),
    seats: &mut [Seat],
    primitives: &mut Primitives,
) {
    let turns = seats.len() + 1;
    let longest = seats.iter().filter(|seat| round < seat.rounds).map(|seat| seat.warm_up).max().unwrap_or_default();
    for turn in 0..turns {
        match seats.get_mut((round + turn) % turns) {
            Some(seat) if round < seat.rounds => seat.take(&mut *contenders[seat.at], operation),
            Some(_) => {}
            None => (0..passes(longest)).for_each(|_| primitives.sample()),
        }
    }
}

/// How often the primitives are timed in a round that takes so long: rows of few long rounds need as many samples as others.
fn passes(spent: Duration) -> u128 {
    (spent.as_millis() / 20).clamp(1, 25)
}

impl Seat {
    fn new(at: usize, warm_up: Sample) -> Self {
        let rounds = rounds(warm_up.elapsed);
        // What takes so long is not warmer the second time.
        let samples = if rounds == 0 { vec![warm_up] } else { Vec::new() };
        Seat { at, warm_up: warm_up.elapsed, rounds, samples }
    }

    /// Takes a sample. What is short is done once before, so that nobody pays for what the one before left in the caches.
    fn take(&mut self, contender: &mut dyn Contender, operation: Operation) {
        if self.warm_up < SHORT {
            contender.round(operation);
        }
        self.samples.push(contender.round(operation).unwrap());
    }

    fn line(mut self, contenders: &[Box<dyn Contender>], (operation, n): (Operation, u32), floor: f64) -> Line {
        self.samples.sort_by_key(|sample| sample.elapsed);
        let (median, fastest) = (self.samples[self.samples.len() / 2], self.samples[0].elapsed);
        let contender = contenders[self.at].name();
        Line { contender, operation, n, median, fastest, rounds: self.samples.len(), floor }
    }
}

/// How many rounds there are of something that takes so long.
fn rounds(elapsed: Duration) -> usize {
    let (careful, quick) = match elapsed.as_millis() {
        0..3 => (101, 21),
        3..20 => (41, 9),
        20..100 => (15, 5),
        100..1000 => (7, 1),
        1000..5000 => (3, 1),
        _ => (0, 0),
    };
    if std::env::var_os("CONCLAVE_BENCH_QUICK").is_some() { quick } else { careful }
}
