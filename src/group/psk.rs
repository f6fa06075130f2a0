//! Pre-shared keys (RFC 9420 §8.4): external ones that the app put into the store, and resumption secrets of kept epochs.

use super::epoch::EpochRecord;
use super::head::Head;
use crate::base::{Code, Epoch, GroupId, Result, Secret};
use crate::crypto::Suite;
use crate::schedule::{PreSharedKeyId, Psk, ResumptionPskUsage, psk_secret};
use crate::store::{GroupKeys, Txn};

/// Longest external pre-shared key and longest id of one.
const MAX_PSK: usize = 4096;

/// Checks an id by itself: the nonce has the length of the suite's secrets, and only resumption for the app's own purposes
/// may be proposed (RFC 9420 §12.1.4).
pub(crate) fn check_id(suite: &Suite, id: &PreSharedKeyId) -> Result<()> {
    if id.psk_nonce.len() != suite.secret_length() {
        return Err(Code::BadProposal.with("the nonce of a pre-shared key has the wrong length"));
    }
    match &id.psk {
        Psk::External(_) | Psk::Resumption { usage: ResumptionPskUsage::Application, .. } => Ok(()),
        Psk::Resumption { .. } => Err(Code::BadProposal.with("a reinit or branch key may not be proposed")),
    }
}

/// Puts an external key into the store.
pub(crate) fn put(txn: &mut Txn, psk_id: &[u8], secret: &Secret) -> Result<()> {
    if psk_id.len() > MAX_PSK || secret.expose().len() > MAX_PSK {
        return Err(Code::TooLong.with(format_args!("a pre-shared key and its id are at most {MAX_PSK} bytes long")));
    }
    let key = txn.keyspace().psk(psk_id);
    txn.store(key, secret);
    Ok(())
}

/// Deletes an external key.
pub(crate) fn delete(txn: &mut Txn, psk_id: &[u8]) {
    let key = txn.keyspace().psk(psk_id);
    txn.delete(key);
}

/// `psk_secret` of these keys; each must be known here.
pub(crate) fn combine(txn: &mut Txn, suite: &Suite, ids: &[PreSharedKeyId]) -> Result<Secret> {
    let mut keys = Vec::with_capacity(ids.len());
    for id in ids {
        keys.push((id.clone(), find(txn, id)?));
    }
    psk_secret(suite, &keys)
}

/// Whether the key of this id is known here.
pub(crate) fn is_known(txn: &mut Txn, id: &PreSharedKeyId) -> Result<bool> {
    match find(txn, id) {
        Ok(_) => Ok(true),
        Err(error) if error.is(Code::UnknownPsk) => Ok(false),
        Err(error) => Err(error),
    }
}

fn find(txn: &mut Txn, id: &PreSharedKeyId) -> Result<Secret> {
    match &id.psk {
        Psk::External(psk_id) => {
            let key = txn.keyspace().psk(psk_id);
            txn.watch(&key)?;
            txn.load(&key)?.ok_or_else(|| Code::UnknownPsk.into())
        }
        Psk::Resumption { psk_group_id, psk_epoch, .. } => resumption(txn, psk_group_id, *psk_epoch),
    }
}

/// The resumption secret of an epoch of a group, as far back as the window of kept epochs reaches.
fn resumption(txn: &mut Txn, group_id: &GroupId, epoch: Epoch) -> Result<Secret> {
    let head_key = txn.keyspace().head(group_id);
    txn.watch(&head_key)?;
    let head: Head = txn.load(&head_key)?.ok_or(Code::UnknownPsk)?;
    let keys = GroupKeys::new(txn.keyspace().clone(), head.incarnation);
    let key = keys.epoch(epoch);
    txn.watch(&key)?;
    let record: Option<EpochRecord> = txn.load(&key)?.filter(|record: &EpochRecord| !record.is_forgotten());
    record.map(|record| record.resumption_psk).ok_or_else(|| Code::UnknownPsk.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::{MemoryStorage, Store};

    #[test]
    fn that_a_group_is_unknown_rests_on_its_head() {
        let store = Store::open(MemoryStorage::new(), b"alice", None).unwrap();
        let (mut txn, group_id) = (Txn::begin(store.clone()), GroupId(vec![1]));
        assert!(resumption(&mut txn, &group_id, Epoch(0)).is_err_and(|error| error.is(Code::UnknownPsk)));
        assert!(txn.is_settled().unwrap());
        let mut other = Txn::begin(store.clone());
        other.put(txn.keyspace().head(&group_id), vec![1]);
        store.write(other.finish(None).unwrap()).unwrap();
        assert!(!txn.is_settled().unwrap());
    }
}
