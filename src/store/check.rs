//! The conformance kit: what every host runs against its own storage, in its own tests.
//!
//! Each rule works on keys of its own and says what it saw when it is broken. That a written batch survives a crash cannot
//! be seen from inside: a host tests that by killing a process.

mod batches;
mod probe;
mod races;
mod records;
mod scans;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::probe::{Probe, Verdict};
use super::space::unread;
use super::storage::Storage;
use crate::base::Result;

/// A rule that a storage breaks.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// The short name of the rule.
    pub rule: String,
    /// What was seen, in words.
    pub detail: String,
}

struct Rule {
    name: &'static str,
    check: fn(&Probe) -> Verdict,
}

const RULES: [&[Rule]; 4] = [&records::RULES, &scans::RULES, &batches::RULES, &races::RULES];

/// Checks a host's storage against its contract, and returns every rule that it breaks: none, if it is fit for use.
///
/// It takes seconds, works on a random prefix of its own, deletes what it wrote, and writes no effects. A storage that is
/// broken may well damage other records meanwhile, so it should be one that was made for the test.
///
/// # Errors
/// Storage, if a first write and read of nothing much fails.
#[uniffi::export]
pub fn check_storage(storage: Arc<dyn Storage>) -> Result<Vec<Finding>> {
    let probe = Probe::new(storage);
    probe.first_touch().map_err(unread)?;
    let (mut findings, mut cleaned) = (Vec::new(), Ok(()));
    for (number, rule) in (0u8..).zip(RULES.into_iter().flatten()) {
        let outcome = (rule.check)(&probe.for_rule(number));
        findings.extend(outcome.err().map(|broken| broken.into_finding(rule.name)));
        cleaned = cleaned.and(probe.clean());
    }
    findings.extend(cleaned.err().map(|broken| broken.into_finding("leaves-nothing")));
    Ok(findings)
}
