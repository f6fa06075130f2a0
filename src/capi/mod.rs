//! The C ABI, shaped by hand over the public API: `include/conclave.h` is made of this room by cbindgen, and its comments are the
//! manual of that header.
//!
//! Read in this order: `bytes` (what is lent and what is owned), `memory` (what results point into), `growing` (structs that
//! begin with their size), `answer` (what every function does around its work), `status`; then one file for each object.
//!
//! Arguments are as safe as their types can say it: a handle is `Option<&T>`, an output `Out<T>`, an object to free
//! `Option<Box<T>>`, which are all plain pointers in C. What a type cannot say (that bytes that are lent are there, that a C
//! string ends) is taken on the caller's word, in the few unsafe blocks of `bytes`, `growing`, `status`, `group`, `config`, `context` and the
//! files of the callbacks (`storage`, `validator`, `signer`, `policy`, `watching`).

#![allow(unsafe_code)]
#![allow(non_camel_case_types, reason = "types have the names that they have in the header")]
#![allow(unreachable_pub, reason = "cbindgen takes what is public")]

mod answer;
mod archive;
mod batch;
mod bytes;
mod client;
mod commit;
mod config;
mod context;
mod effect;
mod event;
mod extensions;
mod group;
mod growing;
mod inspection;
mod joining;
mod journal;
mod key_packages;
mod lookups;
mod members;
mod memory;
mod names;
mod outside;
mod panic_hook;
mod pending_commit;
mod policy;
mod proposal;
mod proposing;
mod psk;
mod receive;
mod signer;
mod status;
mod storage;
mod successor;
#[cfg(all(test, feature = "test-util"))]
mod tests;
mod validator;
mod version;
mod watching;
