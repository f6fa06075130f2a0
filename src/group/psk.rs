//! Pre-shared keys (RFC 9420 §8.4): external ones that the app put into the store, and resumption secrets of kept epochs.

use super::epoch::EpochRecord;
use super::head::Head;
use super::host::Host;
use crate::base::event::ResumptionPsk;
use crate::base::{Code, Epoch, GroupId, Result, Secret, constant_time_eq};
use crate::crypto::{Suite, random_bytes};
use crate::message::Proposal;
use crate::schedule::{PreSharedKeyId, Psk, ResumptionPskUsage, psk_secret};
use crate::store::{GroupKeys, Reader, Record, Txn, Writer, decode_record};

/// Longest external pre-shared key and longest id of one.
const MAX_PSK: usize = 4096;

/// Checks an id by itself: the nonce has the length of the suite's secrets, and a key that links a group to another stands only
/// where one does (RFC 9420 §12.1.4).
pub(crate) fn check_id(suite: &Suite, id: &PreSharedKeyId, linking: Option<ResumptionPskUsage>) -> Result<()> {
    if id.psk_nonce.len() != suite.secret_length() {
        return Err(Code::BadProposal.with("the nonce of a pre-shared key has the wrong length"));
    }
    match &id.psk {
        Psk::External(_) | Psk::Resumption { usage: ResumptionPskUsage::Application, .. } => Ok(()),
        Psk::Resumption { usage, .. } if linking == Some(*usage) => Ok(()),
        Psk::Resumption { .. } => Err(Code::BadProposal.with("a reinit or branch key may not be proposed")),
    }
}

/// A proposal to mix a key in, under a fresh nonce (RFC 9420 §8.4).
pub(crate) fn with_nonce(suite: &Suite, psk: Psk) -> Result<Proposal> {
    let nonce: [u8; 64] = random_bytes()?;
    let psk_nonce = nonce.get(..suite.secret_length()).unwrap_or(&nonce).into();
    Ok(Proposal::PreSharedKey(PreSharedKeyId { psk, psk_nonce }))
}

/// Puts an external key into the store.
pub(crate) fn put(txn: &mut Txn, psk_id: &[u8], secret: &Secret) -> Result<()> {
    if psk_id.len() > MAX_PSK || secret.expose().len() > MAX_PSK {
        return Err(Code::TooLong.with(format_args!("a pre-shared key and its id are at most {MAX_PSK} bytes long")));
    }
    keep(txn, &StoredPsk { psk_id: psk_id.to_vec(), tells_id: true, secret: secret.duplicate() });
    Ok(())
}

/// Takes a key out of an archive. Another one of its id goes only if that was asked for.
pub(crate) fn take_in(txn: &mut Txn, key: &StoredPsk, replace: bool) -> Result<()> {
    let record = txn.keyspace().psk(&key.psk_id);
    txn.guard(&record)?;
    let known: Option<StoredPsk> = txn.load(&record)?;
    let differs = known.is_some_and(|known| !constant_time_eq(known.secret.expose(), key.secret.expose()));
    if differs && !replace {
        return Err(Code::AlreadyMember.with("a pre-shared key of the archive has the id of another one that is here"));
    }
    keep(txn, key);
    Ok(())
}

/// Stages an external key.
fn keep(txn: &mut Txn, key: &StoredPsk) {
    let record = txn.keyspace().psk(&key.psk_id);
    txn.store(record, key);
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

/// Whether the key of this id can be used here: it is known, and from no further back than the app looks.
pub(crate) fn is_usable(txn: &mut Txn, host: &Host, id: &PreSharedKeyId) -> Result<bool> {
    match check_reach(txn, host, id).and_then(|()| find(txn, id)) {
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
            let stored: StoredPsk = txn.load(&key)?.ok_or(Code::UnknownPsk)?;
            Ok(stored.secret)
        }
        Psk::Resumption { psk_group_id, psk_epoch, .. } => resumption(txn, psk_group_id, *psk_epoch),
    }
}

/// What keys are mixed in, in the words of events: the ids of the app's, and the earlier epochs.
pub(crate) fn in_words(ids: &[PreSharedKeyId]) -> (Vec<Vec<u8>>, Vec<ResumptionPsk>) {
    let (mut external, mut resumption) = (Vec::new(), Vec::new());
    for id in ids {
        match &id.psk {
            Psk::External(psk_id) => external.push(psk_id.to_vec()),
            Psk::Resumption { psk_group_id, psk_epoch, .. } => {
                resumption.push(ResumptionPsk { group_id: psk_group_id.as_slice().to_vec(), epoch: psk_epoch.0 });
            }
        }
    }
    (external, resumption)
}

/// An external key as it is stored.
pub(crate) struct StoredPsk {
    /// Empty in records of the first version, which do not tell it.
    psk_id: Vec<u8>,
    tells_id: bool,
    secret: Secret,
}

impl Record for StoredPsk {
    const VERSION: u8 = 2;

    fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.psk_id);
        writer.rest(self.secret.expose());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let tells_id = reader.version() >= 2;
        let psk_id = if tells_id { reader.bytes()?.to_vec() } else { Vec::new() };
        Ok(StoredPsk { psk_id, tells_id, secret: Secret::copy_of(reader.rest()) })
    }
}

/// Every external key whose record tells its id.
pub(crate) fn list(txn: &mut Txn) -> Result<Vec<StoredPsk>> {
    let (prefix, mut keys) = (txn.keyspace().psks(), Vec::new());
    txn.each(&prefix, |_, value| {
        keys.push(decode_record::<StoredPsk>(value)?);
        Ok(())
    })?;
    keys.retain(|key| key.tells_id);
    Ok(keys)
}

/// The resumption secret of an epoch of a group, as far back as the window of kept epochs reaches.
fn resumption(txn: &mut Txn, group_id: &GroupId, epoch: Epoch) -> Result<Secret> {
    let head = head_of(txn, group_id)?;
    Ok(record_of(txn, &head, epoch)?.resumption_psk)
}

/// The head of a group whose secret a message asks for.
fn head_of(txn: &mut Txn, group_id: &GroupId) -> Result<Head> {
    let key = txn.keyspace().head(group_id);
    txn.watch(&key)?;
    txn.load(&key)?.ok_or_else(|| Code::UnknownPsk.into())
}

/// What is kept of an epoch, of this stay in the group or of the one before.
fn record_of(txn: &mut Txn, head: &Head, epoch: Epoch) -> Result<EpochRecord> {
    if !head.keeps(epoch) {
        return Err(Code::UnknownPsk.into());
    }
    let previous = head.previous.filter(|stay| epoch < head.oldest_epoch && epoch <= stay.epochs.1);
    let incarnation = previous.map_or(head.incarnation, |stay| stay.incarnation);
    let key = GroupKeys::new(txn.keyspace().clone(), incarnation).epoch(epoch);
    txn.watch(&key)?;
    let record: Option<EpochRecord> = txn.load(&key)?.filter(|record: &EpochRecord| !record.is_forgotten());
    record.ok_or_else(|| Code::UnknownPsk.into())
}

/// Refuses the resumption secret of an epoch that is further back than the app looks (RFC 9420 §8.6), or ended too long ago.
pub(crate) fn check_reach(txn: &mut Txn, host: &Host, id: &PreSharedKeyId) -> Result<()> {
    let Psk::Resumption { psk_group_id, psk_epoch, .. } = &id.psk else { return Ok(()) };
    let head = head_of(txn, psk_group_id)?;
    let near = head.epoch.0.saturating_sub(psk_epoch.0) <= u64::from(host.limits.resumption_epochs);
    let record = record_of(txn, &head, *psk_epoch)?;
    let now = host.now()?;
    match near && record.require_fresh(now, host.limits.past_age).is_ok() {
        true => Ok(()),
        false => {
            Err(Code::UnknownPsk.with("the epoch that a key is to come from is further back than this client looks"))
        }
    }
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
