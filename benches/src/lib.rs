//! What the benches share: contenders, their operations in turns with each other and with the primitives, and what is written
//! down of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod compare;
pub mod contender;
pub mod floor;
pub mod fresh;
pub mod ours;
pub mod primitives;
mod report;
pub mod rounds;

pub use compare::compare;
