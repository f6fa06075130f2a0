//! What the primitives of one received commit cost when they follow each other, as they do in the operation, beside what they cost
//! each in a loop of its own, which is what the floor counts. The difference is in caches and in what the processor foresees.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::time::Instant;

use conclave_benches::contender::Operation;
use conclave_benches::floor::Floor;
use conclave_benches::primitives::Primitives;

const ROUNDS: usize = 501;

fn main() {
    let mut primitives = Primitives::new();
    for n in [10u32, 1_000, 10_000, 100_000] {
        primitives.forget();
        let order = received(n.next_power_of_two().ilog2());
        let times = (0..ROUNDS).map(|_| {
            primitives.sample();
            let start = Instant::now();
            primitives.run(&order);
            start.elapsed().as_nanos() as f64
        });
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        let (together, apart) = (times[ROUNDS / 2], Floor(primitives.costs()).of(Operation::ProcessUpdate, n));
        let [micros, floor] = [together, apart].map(|nanos| nanos / 1e3);
        println!("n = {n}: {micros:.1} µs one after another, {floor:.1} µs each in a loop: {:.2}", together / apart);
    }
}

/// The primitives of the floor's "process a commit", by their place among the costs, about as they follow each other.
fn received(depth: u32) -> [(usize, u32); 15] {
    let (verify, base, agree, extract, expand, hmac) = (1, 2, 4, 5, 6, 7);
    let (sha_110, sha_140, sha_200, sha_300, gcm_32) = (8, 9, 10, 11, 13);
    [
        (sha_200, 3),
        (verify, 1),
        (hmac, 1),
        (verify, 1),
        (sha_110, depth),
        (sha_140, depth),
        (sha_300, 1),
        (base, 1),
        (agree, 1),
        (extract, 3),
        (expand, 6),
        (gcm_32, 1),
        (base, 1),
        (expand, 15),
        (hmac, 4),
    ]
}
