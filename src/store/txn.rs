//! The overlay transaction: what an operation reads, what it means to write, and what must not have moved meanwhile.
//!
//! Reads go through the overlay, so an operation sees its own writes; nothing reaches the host before [`Txn::finish`].
//! A transaction that is dropped has never happened.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::batch::{Guard, WriteBatch, WriteOp};
use super::key::{Key, KeyRange, Keyspace};
use super::latent::{Latent, LatentOps};
use super::record::{Record, corrupt, decode_record, encode_record};
use super::seal::Value;
use super::space::Store;
use crate::base::event::Effect;
use crate::base::{Code, Result, Wiped};

/// A record as the host had it when it was first read.
struct Seen {
    /// What the host returned, for guards.
    stored: Option<Value>,
    /// What it means, where it was sealed.
    opened: Option<Value>,
}

/// Puts, deletes and cleared ranges that have not been written.
#[derive(Default)]
pub(crate) struct Staged {
    /// Cleared first; a put after a clear stands in `records`.
    pub(crate) cleared: Vec<KeyRange>,
    /// Puts of records that are made when they are needed, and ranges that were cleared after them.
    latent: Option<(Arc<dyn Latent>, Vec<KeyRange>)>,
    pub(crate) records: BTreeMap<Key, Option<Value>>,
}

impl Staged {
    /// What was kept aside.
    pub(crate) fn kept(cleared: Vec<KeyRange>, records: BTreeMap<Key, Option<Value>>) -> Self {
        Staged { cleared, latent: None, records }
    }
}

/// One operation's view of the store.
pub(crate) struct Txn {
    store: Arc<Store>,
    seen: HashMap<Key, Seen, RandomState>,
    staged: Staged,
    guards: BTreeSet<Key>,
    /// Records that a verdict rests on, though a write does not depend on them.
    watched: BTreeSet<Key>,
}

impl Txn {
    /// Begins with nothing read and nothing staged.
    pub(crate) fn begin(store: Arc<Store>) -> Self {
        Txn {
            store,
            seen: HashMap::default(),
            staged: Staged::default(),
            guards: BTreeSet::new(),
            watched: BTreeSet::new(),
        }
    }

    /// The keys of this client.
    pub(crate) fn keyspace(&self) -> &Arc<Keyspace> {
        self.store.keyspace()
    }

    /// Reads the records that are not known yet, all in one call.
    pub(crate) fn prefetch(&mut self, keys: impl IntoIterator<Item = Key>) -> Result<()> {
        let mut unknown: Vec<Key> = keys.into_iter().filter(|key| !self.knows(key)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        let values = self.store.read(&unknown)?;
        self.seen.reserve(unknown.len());
        for (key, stored) in unknown.into_iter().zip(values) {
            self.remember(key, stored)?;
        }
        Ok(())
    }

    /// The value under `key`, as this operation would leave it.
    pub(crate) fn read(&mut self, key: &Key) -> Result<Option<&[u8]>> {
        self.realize(key)?;
        if !self.knows(key) {
            self.prefetch([key.clone()])?;
        }
        Ok(self.known(key))
    }

    /// The record under `key`.
    pub(crate) fn load<R: Record>(&mut self, key: &Key) -> Result<Option<R>> {
        self.read(key)?.map(decode_record).transpose()
    }

    /// The record under `key`, which must be there.
    pub(crate) fn require<R: Record>(&mut self, key: &Key) -> Result<R> {
        self.load(key)?.ok_or_else(corrupt)
    }

    /// Stages a record.
    pub(crate) fn store<R: Record>(&mut self, key: Key, record: &R) {
        self.put(key, encode_record(record));
    }

    /// Stages a value.
    pub(crate) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.staged.records.insert(key, Some(Wiped::new(value)));
    }

    /// Stages a deletion.
    pub(crate) fn delete(&mut self, key: Key) {
        self.staged.records.insert(key, None);
    }

    /// Stages the deletion of a whole range.
    pub(crate) fn clear(&mut self, range: KeyRange) {
        let doomed: Vec<Key> =
            self.staged.records.range(range.from.clone()..range.to.clone()).map(|(key, _)| key.clone()).collect();
        for key in doomed {
            self.staged.records.remove(&key);
        }
        match &mut self.staged.latent {
            Some((_, cleared)) => cleared.push(range),
            None => self.staged.cleared.push(range),
        }
    }

    /// Stages the puts of records that are made when they are needed. They lie in a range that was cleared, and nothing is
    /// staged under their keys yet. One such set in a transaction stays latent; others are made now.
    pub(crate) fn stage_latent(&mut self, latent: Arc<dyn Latent>) -> Result<()> {
        if self.staged.latent.is_none() {
            self.staged.latent = Some((latent, Vec::new()));
            return Ok(());
        }
        let mut last = None;
        while let Some((key, value)) = latent.scan(last.as_ref(), 1)?.pop() {
            last = Some(key.clone());
            self.put(key, value);
        }
        Ok(())
    }

    /// Demands that the record under `key` is still as this operation read it when the batch is written.
    pub(crate) fn guard(&mut self, key: &Key) -> Result<()> {
        self.see(key)?;
        self.guards.insert(key.clone());
        Ok(())
    }

    /// Demands that there is no record under `key`, which is a new one and was never read.
    pub(crate) fn guard_absent(&mut self, key: &Key) {
        self.seen.insert(key.clone(), Seen { stored: None, opened: None });
        self.guards.insert(key.clone());
    }

    /// Demands the same before a verdict is given without a write, and not of a write.
    pub(crate) fn watch(&mut self, key: &Key) -> Result<()> {
        self.see(key)?;
        self.watched.insert(key.clone());
        Ok(())
    }

    /// Demands of the write, too, what was to be demanded before a verdict: the write rests on the verdict.
    pub(crate) fn guard_watched(&mut self) {
        self.guards.append(&mut self.watched);
    }

    /// Records that begin with `prefix`, after the key `after`, as this operation would leave them; at most `limit`.
    pub(crate) fn scan(&mut self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Vec<(Key, Value)>> {
        self.realize_all(prefix)?;
        let mut merged: BTreeMap<Key, Value> = BTreeMap::new();
        let mut from = after.cloned();
        while merged.len() < limit {
            let found = self.store.scan(prefix, from.as_ref(), limit)?;
            let ended = found.len() < limit;
            from = found.last().map(|(key, _)| key.clone());
            let kept = found.into_iter().filter(|(key, _)| !self.overlays(key));
            for (key, value) in kept {
                let opened = self.store.unseal(&key, value)?;
                merged.insert(key, opened);
            }
            if ended {
                from = None;
                break;
            }
        }
        self.merge_staged(prefix, (after, from.as_ref()), &mut merged);
        Ok(merged.into_iter().take(limit).collect())
    }

    /// Takes out everything staged, as if nothing had been; what was read stays known.
    pub(crate) fn take_staged(&mut self) -> Staged {
        std::mem::take(&mut self.staged)
    }

    /// Stages what was taken out of another transaction.
    pub(crate) fn replay(&mut self, staged: Staged) {
        staged.cleared.into_iter().for_each(|range| self.clear(range));
        self.staged.records.extend(staged.records);
    }

    /// Whether nothing is staged.
    pub(crate) fn is_idle(&self) -> bool {
        self.staged.records.is_empty() && self.staged.cleared.is_empty() && self.staged.latent.is_none()
    }

    /// Whether every guarded or watched record is still as it was read. Reads are not a snapshot: before a verdict on a
    /// message is returned without a write, this tells whether it rests on records of one age.
    pub(crate) fn is_settled(&self) -> Result<bool> {
        let keys: Vec<Key> = self.guards.union(&self.watched).cloned().collect();
        if keys.is_empty() {
            return Ok(true);
        }
        let now = self.store.read(&keys)?;
        let same = |key: &Key, value: &Option<Value>| self.seen.get(key).is_some_and(|seen| seen.stored == *value);
        Ok(keys.iter().zip(&now).all(|(key, value)| same(key, value)))
    }

    /// Turns the operation into the one batch it writes.
    pub(crate) fn finish(self, effect: Option<Effect>) -> Result<WriteBatch> {
        let Txn { store, mut seen, staged, guards, .. } = self;
        // Whatever is in the batch is wiped with it, also if it is never complete.
        let mut batch = WriteBatch::new(vec![store.format_guard()], Vec::new(), effect);
        for key in guards {
            let stored = seen.remove(&key).ok_or(Code::Internal)?.stored;
            batch.require(Guard { key: key.to_vec(), expected: stored.map(|mut value| std::mem::take(&mut *value)) });
        }
        for range in staged.cleared {
            batch.push(WriteOp::DeleteRange { from: range.from.to_vec(), to: range.to.to_vec() })?;
        }
        if let Some((latent, cleared)) = staged.latent {
            batch.push_latent(LatentOps { latent, store: store.clone() })?;
            for range in cleared {
                batch.push(WriteOp::DeleteRange { from: range.from.to_vec(), to: range.to.to_vec() })?;
            }
        }
        for (key, value) in staged.records {
            batch.push(match value {
                Some(value) => WriteOp::Put { value: store.seal(&key, value)?, key: key.to_vec() },
                None => WriteOp::Delete { key: key.to_vec() },
            })?;
        }
        Ok(batch)
    }

    /// Makes sure that the stored form of a record is known, whatever is staged over it.
    fn see(&mut self, key: &Key) -> Result<()> {
        if !self.seen.contains_key(key) {
            let values = self.store.read(std::slice::from_ref(key))?;
            self.remember(key.clone(), values.into_iter().next().flatten())?;
        }
        Ok(())
    }

    fn remember(&mut self, key: Key, stored: Option<Value>) -> Result<()> {
        let opened = match &stored {
            Some(value) if self.store.seals() => Some(self.store.unseal(&key, value.clone())?),
            _ => None,
        };
        self.seen.insert(key, Seen { stored, opened });
        Ok(())
    }

    /// Makes the latent record under `key`, unless something else has happened to it since. From then on it is a record as any
    /// other; that the batch puts it twice does no harm.
    fn realize(&mut self, key: &Key) -> Result<()> {
        let Some((latent, cleared)) = &self.staged.latent else { return Ok(()) };
        if self.staged.records.contains_key(key) || cleared.iter().any(|range| range.contains(key)) {
            return Ok(());
        }
        if let Some(value) = latent.value(key)? {
            self.put(key.clone(), value);
        }
        Ok(())
    }

    /// Makes the latent records whose keys begin with `prefix`.
    fn realize_all(&mut self, prefix: &Key) -> Result<()> {
        let latent = self.staged.latent.as_ref().map(|(latent, _)| latent.clone());
        let Some(latent) = latent.filter(|latent| latent.reaches(prefix)) else { return Ok(()) };
        let mut last = None;
        while let Some((key, _)) = latent.scan(last.as_ref(), 1)?.pop() {
            if key.0.starts_with(&prefix.0) {
                self.realize(&key)?;
            }
            last = Some(key);
        }
        Ok(())
    }

    fn overlays(&self, key: &Key) -> bool {
        self.staged.records.contains_key(key) || self.is_cleared(key)
    }

    fn is_cleared(&self, key: &Key) -> bool {
        let after = self.staged.latent.iter().flat_map(|(_, cleared)| cleared);
        self.staged.cleared.iter().chain(after).any(|range| range.contains(key))
    }

    fn knows(&self, key: &Key) -> bool {
        self.seen.contains_key(key) || self.overlays(key)
    }

    fn known(&self, key: &Key) -> Option<&[u8]> {
        if let Some(staged) = self.staged.records.get(key) {
            return staged.as_ref().map(|value| value.as_slice());
        }
        if self.is_cleared(key) {
            return None;
        }
        let seen = self.seen.get(key)?;
        seen.opened.as_ref().or(seen.stored.as_ref()).map(|value| value.as_slice())
    }

    /// Adds staged records of `prefix` that lie after `bounds.0` and, where the scan stopped early, not after `bounds.1`.
    fn merge_staged(&self, prefix: &Key, bounds: (Option<&Key>, Option<&Key>), merged: &mut BTreeMap<Key, Value>) {
        let range = KeyRange::of_prefix(&prefix.0);
        let inside = |key: &Key| bounds.0.is_none_or(|after| key > after) && bounds.1.is_none_or(|last| key <= last);
        for (key, value) in self.staged.records.range(range.from..range.to) {
            if let Some(value) = value.as_ref().filter(|_| inside(key)) {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::store::memory::MemoryStorage;

    fn key(text: &str) -> Key {
        Key::of(&[text.as_bytes()])
    }

    fn chunk_zero(text: &str) -> Key {
        Key::of(&[text.as_bytes(), &[0; 4]])
    }

    fn store(storage: &Arc<MemoryStorage>, sealed: bool) -> Arc<Store> {
        let storage_key = sealed.then(|| Secret::copy_of(&[7; 32]));
        Store::open(storage.clone(), b"alice", storage_key.as_ref()).unwrap()
    }

    fn seed(store: &Arc<Store>, names: &[&str]) {
        let mut txn = Txn::begin(store.clone());
        names.iter().for_each(|name| txn.put(key(name), name.as_bytes().to_vec()));
        store.write(txn.finish(None).unwrap()).unwrap();
    }

    #[test]
    fn an_operation_sees_its_own_writes_and_nobody_else_does() {
        for sealed in [false, true] {
            let storage = MemoryStorage::new();
            let store = store(&storage, sealed);
            seed(&store, &["a1", "a2", "a3", "b1"]);
            let before = storage.records();
            let mut txn = Txn::begin(store.clone());
            txn.put(key("a4"), b"new".to_vec());
            txn.delete(key("a1"));
            txn.clear(KeyRange::of_prefix(b"b"));
            txn.put(key("b2"), b"after".to_vec());
            assert_eq!(txn.read(&key("a1")).unwrap(), None);
            assert_eq!(txn.read(&key("b1")).unwrap(), None);
            assert_eq!(txn.read(&key("b2")).unwrap(), Some(&b"after"[..]));
            let found = txn.scan(&key("a"), None, 2).unwrap();
            assert_eq!(found.iter().map(|(key, _)| key.0.as_slice()).collect::<Vec<_>>(), [b"a2", b"a3"]);
            let found = txn.scan(&key("a"), Some(&key("a2")), 9).unwrap();
            assert_eq!(found.iter().map(|(key, _)| key.0.as_slice()).collect::<Vec<_>>(), [b"a3", b"a4"]);
            assert!(storage.records() == before);
            store.write(txn.finish(None).unwrap()).unwrap();
            let mut txn = Txn::begin(store);
            assert_eq!(txn.read(&key("b2")).unwrap(), Some(&b"after"[..]));
            assert_eq!(txn.read(&key("b1")).unwrap(), None);
        }
    }

    #[test]
    fn a_guard_refuses_what_moved_meanwhile() {
        let storage = MemoryStorage::new();
        let store = store(&storage, true);
        seed(&store, &["x"]);
        let mut late = Txn::begin(store.clone());
        late.guard(&key("x")).unwrap();
        late.guard(&key("absent")).unwrap();
        late.put(key("y"), vec![1]);
        assert!(late.is_settled().unwrap());
        seed(&store, &["absent"]);
        assert!(!late.is_settled().unwrap());
        let refused = store.write(late.finish(None).unwrap()).unwrap_err();
        assert!(refused.is(Code::Conflict));
    }

    #[test]
    fn staged_changes_can_be_kept_and_replayed() {
        let store = store(&MemoryStorage::new(), false);
        seed(&store, &["a1", "a2"]);
        let mut txn = Txn::begin(store);
        txn.clear(KeyRange::of_prefix(b"a"));
        txn.put(key("a2"), b"kept".to_vec());
        let staged = txn.take_staged();
        assert!(txn.is_idle());
        assert_eq!(txn.read(&key("a1")).unwrap(), Some(&b"a1"[..]));
        txn.replay(staged);
        assert_eq!(txn.read(&key("a1")).unwrap(), None);
        assert_eq!(txn.read(&key("a2")).unwrap(), Some(&b"kept"[..]));
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        use crate::base::limits::{MAX_KEY, MAX_VALUE};
        use crate::crypto::SEALED_OVERHEAD;
        for (sealed, longest) in [(false, MAX_VALUE), (true, MAX_VALUE - SEALED_OVERHEAD)] {
            let storage = MemoryStorage::new();
            let store = store(&storage, sealed);
            for (key, value, fits) in
                [(MAX_KEY, longest, true), (MAX_KEY + 1, 1, false), (1, longest + 1, false), (0, 0, true)]
            {
                let mut txn = Txn::begin(store.clone());
                txn.put(Key::of(&[&vec![b'k'; key]]), vec![7; value]);
                assert_eq!(txn.finish(None).err().map(|error| error.code()), (!fits).then_some(805));
            }
        }
    }

    #[test]
    fn large_values_are_cut_and_put_together() {
        let store = store(&MemoryStorage::new(), true);
        let value: Vec<u8> = (0..1_500_000u32).map(|byte| byte as u8).collect();
        let mut txn = Txn::begin(store.clone());
        txn.put_large(&key("p"), &value);
        store.write(txn.finish(None).unwrap()).unwrap();
        let mut txn = Txn::begin(store);
        let read = txn.read_large(&key("p")).unwrap().unwrap();
        assert!(read.as_slice() == value);
        assert_eq!(read.capacity(), value.len(), "the value was moved while it grew");
        txn.put(chunk_zero("p"), u64::MAX.to_be_bytes().to_vec());
        assert!(txn.read_large(&key("p")).unwrap_err().is(Code::StorageCorrupt));
        txn.put_large(&key("p"), b"short");
        assert_eq!(txn.read_large(&key("p")).unwrap().unwrap().as_slice(), b"short");
        txn.delete_large(&key("p"));
        assert!(txn.read_large(&key("p")).unwrap().is_none());
    }
}
