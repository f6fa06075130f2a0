//! Some of the scripts; `make test-interop` plays hundreds, and demands that everything was exercised.
#![allow(clippy::unwrap_used, reason = "a test that goes wrong is to stop")]

use conclave_interop::actor::Library;
use conclave_interop::run::Batch;
use conclave_interop::script::{Cast, play};
use conclave_interop::tally::{Feature, Tally};

/// Other seeds than those of `make test-interop`.
const FIRST: u64 = 1 << 32;

fn all_pass(cast: Cast, scripts: u64) {
    let report = Batch { cast, first: FIRST, scripts }.play(2);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n\n"));
    assert_eq!(report.passed, scripts);
}

#[test]
fn groups_of_conclave_and_openmls_agree() {
    all_pass(Cast::WithOpenMls, 4);
}

#[test]
fn groups_of_conclave_and_mls_rs_agree() {
    all_pass(Cast::WithMlsRs, 4);
}

#[test]
fn groups_of_all_three_agree() {
    all_pass(Cast::All, 2);
}

#[test]
fn a_script_comes_again_with_its_seed() {
    let (one, other) = (play(Cast::All, FIRST).unwrap(), play(Cast::All, FIRST).unwrap());
    assert!(one.log.len() > 40);
    assert_eq!(one.log, other.log);
}

#[test]
fn what_nobody_exercised_is_missing() {
    let mut tally = Tally::default();
    assert!(tally.missing(&[Library::Conclave]).contains(&(Feature::Late, Library::Conclave)));
    tally.count(Feature::Late, Library::Conclave);
    assert!(!tally.missing(&[Library::Conclave]).contains(&(Feature::Late, Library::Conclave)));
    assert!(tally.missing(&Library::ALL).contains(&(Feature::Late, Library::OpenMls)));
    assert!(!tally.missing(&Library::ALL).contains(&(Feature::Suite4, Library::OpenMls)));
}
