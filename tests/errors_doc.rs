//! `docs/errors.md` says what the table in `base/error.rs` says. Run with `CONCLAVE_WRITE_DOCS=1` to write it anew.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::Path;

const CATEGORIES: [(u32, &str, &str); 9] = [
    (1, "InvalidArgument", "Fix the call."),
    (2, "Malformed", "Drop the message: its sender has a fault or is hostile."),
    (3, "Rejected", "Drop the message and report its sender."),
    (4, "Epoch", "Buffer the message, fetch what is missing, or rejoin."),
    (5, "Usage", "Finish the other thing first."),
    (6, "Conflict", "Another process won: run the call again."),
    (7, "Storage, Signer, Validator", "The app's own callback failed; nothing changed."),
    (8, "Unsupported", "Agree with the others to do without."),
    (9, "Internal", "A fault of the library: please report it."),
];

fn page() -> String {
    let mut page = String::from(
        "# Error codes\n\nEvery error has a number that is never changed and never reused; `code / 100` is its category, and the\n\
         category says what to do. This page is generated from the one table in `src/base/error.rs`.\n",
    );
    let table = conclave::error_table();
    for (category, name, remedy) in CATEGORIES {
        write!(
            page,
            "\n## {category}xx {name}\n\n{remedy}\n\n| Code | Name | What happened | What to do |\n|--:|---|---|---|\n"
        )
        .unwrap();
        for info in table.iter().filter(|info| info.code / 100 == category) {
            writeln!(page, "| {} | `{}` | {} | {} |", info.code, info.name, info.summary, info.remedy).unwrap();
        }
    }
    page
}

#[test]
fn the_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    if std::env::var_os("CONCLAVE_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/errors.md is out of date: run with CONCLAVE_WRITE_DOCS=1");
}
