//! Groups whose members run on different MLS libraries: conclave, OpenMLS and mls-rs. Random scripts, which come again with
//! their seeds, let them do everything that at least two of them can do, and exchange nothing but the bytes of messages.
//! After every step that settles, all members must have the same epoch authenticator, exported secret, roster and tree, and
//! must have read exactly what was written.
//!
//! [`Actor`](actor::Actor) is what a library has to offer, with one implementation for each in [`actors`]; a
//! [`World`](world::World) holds the people and checks them against each other; a [`script`] decides what they do next; and
//! the [`tally`] says what was exercised.

pub mod actor;
pub mod actors;
pub mod dice;
pub mod run;
pub mod script;
mod steps;
pub mod tally;
pub mod world;

/// What came out, or why not.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
