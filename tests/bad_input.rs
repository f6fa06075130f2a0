//! What hostile or broken bytes, storages and callbacks can do: nothing. Each refusal is a typed error, the stored bytes stay
//! identical, and the genuine message is still received afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "bad_input/attack.rs"]
mod attack;
#[path = "bad_input/callbacks.rs"]
mod callbacks;
#[path = "bad_input/messages.rs"]
mod messages;
#[path = "bad_input/misplaced.rs"]
mod misplaced;
#[path = "bad_input/people.rs"]
mod people;
#[path = "bad_input/requests.rs"]
mod requests;
#[path = "bad_input/storage.rs"]
mod storage;
