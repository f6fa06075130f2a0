//! `repeat OPERATION MEMBERS TIMES`: one operation again and again, for a profiler to look at. The operation is one of the table,
//! such as `"process add"`:
//! `valgrind --tool=callgrind --toggle-collect='*rehearsal*measured*' target/profiling/repeat "process self-update" 1000 20`.

#![allow(clippy::unwrap_used, clippy::panic)]

use conclave_benches::contender::{Contender, Operation};
use conclave_benches::ours::{Ours, person::Storing};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [operation, members, times] = arguments.as_slice() else { panic!("usage: repeat OPERATION MEMBERS TIMES") };
    let operation = Operation::ALL.into_iter().find(|one| one.name() == operation).unwrap();
    let mut ours = Ours::new(Storing::Memory);
    ours.gather(members.parse().unwrap());
    for _ in 0..times.parse().unwrap() {
        ours.round(operation).unwrap();
    }
}
