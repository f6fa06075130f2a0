//! What the budget tests and the benches need and no app does. Compiled for tests only.

mod crowd;

pub use crowd::crowd;
