//! How long the operations of Conclave take, with storage in memory; `operations all` in every configuration and up to 100 000
//! members.

use conclave_benches::ours::{self, Ours, person::Storing};

fn main() {
    if std::env::args().any(|argument| argument == "all") {
        conclave_benches::compare(ours::all(), &[2, 10, 100, 1_000, 10_000, 100_000]);
    } else {
        conclave_benches::compare(vec![Box::new(Ours::new(Storing::Memory))], &[2, 10, 100, 1_000, 10_000]);
    }
}
