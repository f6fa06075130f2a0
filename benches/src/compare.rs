//! The whole comparison: every operation, at every size, of every contender.
//!
//! `CONCLAVE_BENCH_OPERATIONS`, `CONCLAVE_BENCH_CONTENDERS` and `CONCLAVE_BENCH_SIZES` choose among them: lists, separated by
//! semicolons, of parts of the names, and of sizes; a part that begins with `=` is a whole name. `CONCLAVE_BENCH_QUICK=1` takes
//! fewer rounds.

use crate::contender::{Contender, Operation};
use crate::primitives::Primitives;
use crate::report::Report;
use crate::rounds::{Line, row};

/// Measures the contenders in groups of these sizes. Each row is written into the CSV file as it is measured; the table is
/// printed at the end.
pub fn compare(contenders: Vec<Box<dyn Contender>>, sizes: &[u32]) -> Vec<Line> {
    let mut contenders: Vec<_> =
        contenders.into_iter().filter(|one| chosen("CONCLAVE_BENCH_CONTENDERS", one.name())).collect();
    let operations = Operation::ALL.into_iter().filter(|one| chosen("CONCLAVE_BENCH_OPERATIONS", one.name()));
    let operations: Vec<Operation> = operations.collect();
    let (mut primitives, mut report) = (Primitives::new(), Report::new());
    for (place, n) in wanted(sizes).into_iter().enumerate() {
        let mut gathered: Vec<_> = contenders.extract_if(.., |contender| contender.gather(n)).collect();
        for operation in operations.iter().copied().filter(|operation| place == 0 || !operation.is_alone()) {
            let n = if operation.is_alone() { 1 } else { n };
            report.add(row(&mut gathered, (operation, n), &mut primitives));
        }
        // Whoever cannot gather so many is asked again at the next size.
        contenders.append(&mut gathered);
    }
    report.finish()
}

/// Whether a variable of the environment asks for this name; if it is not set, for all.
fn chosen(variable: &str, name: &str) -> bool {
    let Ok(list) = std::env::var(variable) else { return true };
    let fits = |part: &str| part.strip_prefix('=').map_or_else(|| name.contains(part), |whole| name == whole);
    list.split(';').map(str::trim).any(fits)
}

/// The sizes that the environment asks for, or these.
pub(crate) fn wanted(sizes: &[u32]) -> Vec<u32> {
    let Ok(list) = std::env::var("CONCLAVE_BENCH_SIZES") else { return sizes.to_vec() };
    list.split(';').map(|size| size.trim().parse().unwrap()).collect()
}
