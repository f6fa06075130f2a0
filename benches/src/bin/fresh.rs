//! Peak memory, time and longest silence of fresh processes that open a group and decrypt a message, or
//! join it. Prints CSV.

use conclave_benches::fresh;
use conclave_benches::ours::fresh::FreshOurs;

fn main() {
    fresh::main(&[&FreshOurs], &[1_000, 10_000, 100_000]);
}
