//! The official test vectors of the MLS working group, run against the rooms themselves.

mod messages;
