//! What each operation takes with conclave, OpenMLS and mls-rs, in one process.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)]

mod bulk;
mod contender;
mod fullness;
mod mls_rs;
mod openmls;
mod peer;
mod person;
mod scene;
mod seating;
mod shelf;

use contender::{Contender, Operation};
use peer::Peer;

fn main() {
    let sizes: Vec<u32> = std::env::args().skip(1).map(|size| size.parse().unwrap()).collect();
    let mut contenders: Vec<Box<dyn Contender>> = vec![
        Box::new(Peer::new("OpenMLS", openmls::OpenMls::enter)),
        Box::new(Peer::new("OpenMLS, GroupInfo per commit", openmls::OpenMls::enter_with_group_info)),
        Box::new(Peer::new("mls-rs", mls_rs::enter)),
    ];
    for n in sizes {
        for contender in &mut contenders {
            let start = std::time::Instant::now();
            contender.gather(n);
            println!("{n} {} gathered in {:?}", contender.name(), start.elapsed());
            for operation in Operation::ALL {
                let start = std::time::Instant::now();
                let mut samples = Vec::new();
                while samples.len() < 7 && start.elapsed().as_secs() < 3 {
                    samples.extend(contender.round(operation));
                    if samples.is_empty() {
                        break;
                    }
                }
                samples.sort_by_key(|sample| sample.elapsed);
                let Some(sample) = samples.get(samples.len() / 2) else { continue };
                println!(
                    "{n:6} {:32} {:28} {:>12.1?} r {} {} w {} {}",
                    contender.name(),
                    operation.name(),
                    sample.elapsed,
                    sample.reads,
                    sample.read_bytes,
                    sample.writes,
                    sample.written_bytes
                );
            }
        }
    }
}
