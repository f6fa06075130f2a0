//! What the scenarios, the demo and the `conclave chat` command share: everything around the library that an app has to
//! bring along itself, as small as it can be and still survive a crash at any line.
//!
//! Read in this order: [`delivery`] carries bytes between processes and reads none of them; [`ledger`] is the app's own
//! tables, in the same SQLite file as the library's records and written in the same transactions; [`device`] joins the two
//! to a client of the library; [`chat`] is the face; [`process`] starts and kills whole processes for the demonstrations.

pub mod chat;
pub mod delivery;
pub mod device;
pub mod ledger;
pub mod process;
pub mod tag;

/// A result of the examples: whatever went wrong, it can be printed.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
