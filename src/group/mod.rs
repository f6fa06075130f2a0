//! The protocol acts. Receiving goes `open → resolve → rules → identities → stage → path → advance → record`, in the order
//! that `receive` spells out; `commit` goes the same way with a path and a tag of its own.

pub(crate) mod advance;
pub(crate) mod archive;
pub(crate) mod census;
pub(crate) mod commit;
pub(crate) mod create;
pub(crate) mod deferral;
mod effect_record;
pub(crate) mod entry;
pub(crate) mod epoch;
mod event_record;
pub(crate) mod external;
mod fitting;
pub(crate) mod foresight;
pub(crate) mod group_info;
pub(crate) mod head;
pub(crate) mod host;
pub(crate) mod identities;
pub(crate) mod inbound;
mod invite;
pub(crate) mod join;
pub(crate) mod journal;
pub(crate) mod key_package;
pub(crate) mod members;
pub(crate) mod open;
pub(crate) mod outside;
pub(crate) mod own_leaf;
pub(crate) mod path;
pub(crate) mod peek;
pub(crate) mod pending;
pub(crate) mod pending_join;
pub(crate) mod preview;
pub(crate) mod proposals;
pub(crate) mod propose;
pub(crate) mod psk;
pub(crate) mod receive;
pub(crate) mod record;
pub(crate) mod reserve;
pub(crate) mod resolve;
pub(crate) mod retention;
pub(crate) mod rules;
pub(crate) mod select;
pub(crate) mod send;
pub(crate) mod stage;
pub(crate) mod state;
pub(crate) mod stay;
pub(crate) mod successor;
pub(crate) mod touch;

#[cfg(all(test, feature = "test-util"))]
mod grease_tests;
