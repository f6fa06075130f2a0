//! OpenMLS and mls-rs, to be measured beside conclave.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod bulk;
pub mod fresh;
mod fullness;
pub mod mls_rs;
pub mod openmls;
pub mod peer;
pub mod person;
mod scene;
mod seating;
pub mod shelf;
