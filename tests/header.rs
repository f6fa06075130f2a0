//! `include/conclave.h` is what the source makes, and each function in it is documented in the same way.
//!
//! `CONCLAVE_WRITE_HEADER=1 cargo test --test header` brings the file up to date.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/header.rs"]
mod header;

use std::path::Path;

const MADE: &str = include_str!(concat!(env!("OUT_DIR"), "/conclave.h"));

#[test]
fn the_header_is_what_the_source_makes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/conclave.h");
    if std::env::var_os("CONCLAVE_WRITE_HEADER").is_some() {
        std::fs::write(&file, MADE).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept == MADE, "include/conclave.h is out of date: CONCLAVE_WRITE_HEADER=1 cargo test --test header");
}

#[test]
fn each_function_says_what_goes_in_and_out() {
    let functions = header::functions(MADE);
    assert!(functions.len() > 100, "{} functions", functions.len());
    for (name, comment) in functions {
        let mut rest = comment.as_str();
        for part in [" Returns: ", "\n In: ", "\n Out: ", "\n State: ", "\n Threads: "] {
            let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{name} does not say{part}"));
            rest = after;
        }
    }
}

#[test]
fn the_header_is_plain_ascii() {
    assert!(MADE.is_ascii(), "{:?}", MADE.lines().find(|line| !line.is_ascii()));
}
