//! How every call runs: begin a transaction, act, write once; and again from the start if another process moved meanwhile.

use std::sync::Arc;

use crate::base::event::Effect;
use crate::base::host::LogLevel;
use crate::base::trace::log;
use crate::base::{Code, Error, Result};
use crate::group::journal;
use crate::store::{Store, Txn, WriteBatch};

/// How often a call begins anew before it gives up with `Conflict`.
const ATTEMPTS: u32 = 4;

/// What an act gives back: its result, and what it means to the app if it writes.
pub(crate) type Act<T> = Result<(T, Option<Effect>)>;

/// Runs an act as one transaction. An act that stages nothing writes nothing.
///
/// Reads are not a snapshot. A verdict on the input, or a result without a write, is given only if the records it rests on
/// are still the same; otherwise the act runs again.
pub(crate) fn run<T>(store: &Arc<Store>, mut act: impl FnMut(&mut Txn) -> Act<T>) -> Result<T> {
    for _ in 0..ATTEMPTS {
        let mut txn = Txn::begin(store.clone());
        match act(&mut txn) {
            Ok((value, effect)) if !txn.is_idle() => match store.write(finish(txn, store.journals(), effect)?) {
                Ok(()) => return Ok(value),
                Err(error) if error.is(Code::Conflict) => retry("another process wrote first"),
                Err(error) => return Err(error),
            },
            Ok((value, _)) if txn.is_settled()? => return Ok(value),
            Err(error) if !rests_on_records(&error) || txn.is_settled()? => return Err(error),
            _ => retry("another process wrote meanwhile"),
        }
    }
    Err(Code::Conflict.into())
}

/// The batch of an act, with its effect in the journal too, if there is one.
fn finish(mut txn: Txn, journals: bool, effect: Option<Effect>) -> Result<WriteBatch> {
    if let Some(effect) = effect.as_ref().filter(|_| journals) {
        journal::append(&mut txn, effect)?;
    }
    txn.finish(effect)
}

fn retry(why: &str) {
    log(LogLevel::Debug, "conclave::call", || format!("{why}: beginning anew"));
}

/// Whether other records could have led to another outcome. A record that seems corrupt may be two halves of different ages.
fn rests_on_records(error: &Error) -> bool {
    error.is_verdict() || matches!(error.code() / 100, 1 | 5 | 8 | 9) || error.is(Code::StorageCorrupt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{Key, MemoryStorage};

    #[test]
    fn an_error_over_records_that_moved_is_not_the_last_word() {
        for code in [Code::BadArgument, Code::NotForUs, Code::PendingCommit, Code::UsageLimit, Code::Internal] {
            let store = Store::open(MemoryStorage::new(), b"alice", None).unwrap();
            let key = Key::of(&[b"key"]);
            let found = run(&store, |txn| {
                txn.watch(&key)?;
                match txn.read(&key)? {
                    Some(_) => Ok(((), None)),
                    None => {
                        let mut other = Txn::begin(store.clone());
                        other.put(key.clone(), vec![1]);
                        store.write(other.finish(None)?)?;
                        Err(code.into())
                    }
                }
            });
            assert!(found.is_ok());
        }
    }
}
