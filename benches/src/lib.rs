//! What the benches share: storages that can stand still, clients and groups on them, and the floor they are held against.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

pub mod floor;
pub mod rehearsal;
pub mod scene;
