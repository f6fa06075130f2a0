//! `make test-interop`: hundreds of scripts, a table of what was exercised, and an error if anything was not.
//!
//! `conclave-interop [scripts]` plays that many scripts of conclave with each peer, and a fifth of it with all three;
//! `conclave-interop seed CAST SEED` plays one again and tells what happens, where CAST is openmls, mls-rs or all.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use conclave_interop::Outcome;
use conclave_interop::actor::Library;
use conclave_interop::run::{Batch, Report};
use conclave_interop::script::{Cast, STEPS, play};
use conclave_interop::tally::Tally;

/// How many scripts with each peer, unless told otherwise.
const SCRIPTS: u64 = 200;

/// How many failures of a cast are told with all their steps; the others in one line.
const IN_FULL: usize = 3;

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => play_all(SCRIPTS),
        ["seed", cast, seed] => play_one(cast_of(cast)?, seed.parse()?),
        [scripts] => play_all(scripts.parse()?),
        _ => Err("usage: conclave-interop [scripts] | seed openmls|mls-rs|all SEED".into()),
    }
}

fn cast_of(word: &str) -> Outcome<Cast> {
    match word {
        "openmls" => Ok(Cast::WithOpenMls),
        "mls-rs" => Ok(Cast::WithMlsRs),
        "all" => Ok(Cast::All),
        _ => Err("the cast is openmls, mls-rs or all".into()),
    }
}

fn play_one(cast: Cast, seed: u64) -> Outcome<ExitCode> {
    let played = play(cast, seed)?;
    print(&played.log.join("\n"));
    match played.failed {
        None => Ok(ExitCode::SUCCESS),
        Some(why) => {
            print(&format!("FAILED: {why}"));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn play_all(scripts: u64) -> Outcome<ExitCode> {
    let threads = std::thread::available_parallelism()?.get();
    let mut whole = Report { passed: 0, tally: Tally::default(), failures: Vec::new() };
    for (cast, scripts) in [(Cast::WithOpenMls, scripts), (Cast::WithMlsRs, scripts), (Cast::All, scripts.div_ceil(5))]
    {
        let began = Instant::now();
        let report = Batch { cast, first: 0, scripts }.play(threads);
        let (passed, seconds) = (report.passed, began.elapsed().as_secs());
        print(&format!("{cast:?}: {passed} of {scripts} scripts of {STEPS} steps passed, {seconds} s"));
        report
            .failures
            .iter()
            .enumerate()
            .for_each(|(at, failure)| print(if at < IN_FULL { failure } else { last(failure) }));
        whole.passed += passed;
        whole.tally.add(&report.tally);
        whole.failures.extend(report.failures);
    }
    print(&format!("\n{}\n", whole.tally.table()));
    let missing = whole.missing(&Library::ALL);
    missing.iter().for_each(|what| print(&format!("MISSING: {what}")));
    print(&format!("{} scripts passed, {} failed", whole.passed, whole.failures.len()));
    Ok(if missing.is_empty() && whole.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The line that says why.
fn last(failure: &str) -> &str {
    failure.lines().last().unwrap_or(failure)
}

fn print(line: &str) {
    // Nobody is left to tell if the output is closed.
    writeln!(std::io::stdout(), "{line}").ok();
}
