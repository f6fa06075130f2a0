//! One test for every rule that an incoming message, Welcome or tree is held to (RFC 9420, and the mistakes that other
//! libraries made). Each forges its input with the real keys of a member, such that nothing but the rule under test is broken;
//! sees it refused, with the code of the table, and the stored bytes as they were; and shows that without the forgery the
//! same message is taken. These files are part of the library's unit tests: forging takes what no client gives out.
//!
//! What a test is for stands in the first line above it, in this form, with the line of the checklist that it covers (`+` for
//! rules that the checklist does not name) and the section of the RFC:
//!
//! ```text
//! /// Rule F5: the last node of a ratchet tree is not blank (RFC 9420 §12.4.3.3).
//! ```
//!
//! `docs/validation.md` is made of these lines: `CONCLAVE_WRITE_DOCS=1 cargo test --all-features --lib validation`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod frame;
mod letter;
mod page;
mod people;
mod plot;

mod commit;
mod custom;
mod external;
mod framing;
mod leaf_node;
mod path;
mod private;
mod proposals;
mod psk;
mod secrets;
mod support;
mod tree;
mod welcome;
