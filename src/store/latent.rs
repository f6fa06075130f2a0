//! Records that a batch writes and nobody holds in memory: they follow from something smaller, such as an encoded tree, and are
//! made when the host draws them.

use std::sync::Arc;

use super::batch::WriteOp;
use super::key::Key;
use super::space::Store;
use crate::base::{Result, Wiped};

/// A record, as it is stored but for the seal.
pub(crate) type Made = (Key, Vec<u8>);

/// A set of records that are made on demand, the same ones each time. They hold nothing secret.
pub(crate) trait Latent: Send + Sync {
    /// The value under `key`, if it is one of these records.
    fn value(&self, key: &Key) -> Result<Option<Vec<u8>>>;

    /// Whether keys that begin with `prefix` may be among them.
    fn reaches(&self, prefix: &Key) -> bool;

    /// The records after the one under `after` in the order of keys (nothing: from the first on), `limit` of them or as many as
    /// there are.
    fn scan(&self, after: Option<&Key>, limit: usize) -> Result<Vec<Made>>;

    /// How many there are.
    fn count(&self) -> u64;

    /// The length of the longest value.
    fn longest(&self) -> usize;

    /// Hears how many the host has drawn.
    fn drawn(&self, count: u64);
}

/// Latent records on their way to the host.
pub(super) struct LatentOps {
    pub(super) latent: Arc<dyn Latent>,
    pub(super) store: Arc<Store>,
}

/// How far the host has drawn them.
#[derive(Default)]
pub(super) struct Drawn {
    last: Option<Key>,
    count: u64,
}

impl Drawn {
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

/// Most records made at a time, however many the host asks for.
const AT_ONCE: usize = 1024;

impl LatentOps {
    pub(super) fn all_drawn(&self, drawn: &Drawn) -> bool {
        drawn.count == self.latent.count()
    }

    /// The next puts: at most `most`, and no more than fit `space` unless it is the first.
    pub(super) fn draw(&self, drawn: &mut Drawn, (most, space): (usize, usize)) -> Result<Vec<WriteOp>> {
        let (mut ops, mut bytes) = (Vec::new(), 0);
        for (key, value) in self.latent.scan(drawn.last.as_ref(), most.min(AT_ONCE))? {
            let op = WriteOp::Put { value: self.store.seal(&key, Wiped::new(value))?, key: key.to_vec() };
            bytes += op.size();
            if bytes > space && !ops.is_empty() {
                break;
            }
            ops.push(op);
        }
        if let Some(WriteOp::Put { key, .. }) = ops.last() {
            drawn.last = Some(Key::of(&[key]));
        }
        drawn.count += ops.len() as u64;
        Ok(ops)
    }

    /// The bytes of all keys and values. Makes each record for it.
    pub(super) fn bytes(&self) -> Result<u64> {
        let (mut last, mut bytes) = (None, 0);
        loop {
            let made = self.latent.scan(last.as_ref(), AT_ONCE)?;
            let Some((key, _)) = made.last() else { return Ok(bytes) };
            last = Some(key.clone());
            let lengths = made.iter().map(|(key, value)| key.0.len() + self.store.sealed_length(value.len()));
            bytes += lengths.sum::<usize>() as u64;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;
    use std::ops::Bound;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::base::{Code, Secret};
    use crate::store::key::KeyRange;
    use crate::store::memory::MemoryStorage;
    use crate::store::txn::Txn;
    use crate::store::{BatchSize, WriteBatch};

    /// Records that are held after all.
    #[derive(Default)]
    struct Held {
        records: BTreeMap<Key, Vec<u8>>,
        told: AtomicU64,
        /// Where making them fails.
        broken_at: Option<Key>,
    }

    impl Latent for Held {
        fn value(&self, key: &Key) -> Result<Option<Vec<u8>>> {
            Ok(self.records.get(key).cloned())
        }

        fn reaches(&self, prefix: &Key) -> bool {
            prefix.0.starts_with(b"t") || prefix.0.is_empty()
        }

        fn scan(&self, after: Option<&Key>, limit: usize) -> Result<Vec<Made>> {
            let start = after.map_or(Bound::Unbounded, Bound::Excluded);
            let made = self.records.range((start, Bound::Unbounded)).take(limit);
            made.map(|(key, value)| match self.broken_at.as_ref() == Some(key) {
                true => Err(Code::Internal.into()),
                false => Ok((key.clone(), value.clone())),
            })
            .collect()
        }

        fn count(&self) -> u64 {
            self.records.len() as u64
        }

        fn longest(&self) -> usize {
            self.records.values().map(Vec::len).max().unwrap_or(0)
        }

        fn drawn(&self, count: u64) {
            self.told.store(count, Ordering::Relaxed);
        }
    }

    fn key(text: &str) -> Key {
        Key::of(&[text.as_bytes()])
    }

    fn held(count: u32, length: usize) -> Held {
        let records = (0..count).map(|number| (key(&format!("t{number:05}")), vec![number as u8; length]));
        Held { records: records.collect(), ..Held::default() }
    }

    fn store(storage: &Arc<MemoryStorage>, sealed: bool) -> Arc<Store> {
        let storage_key = sealed.then(|| Secret::copy_of(&[7; 32]));
        Store::open(storage.clone(), b"alice", storage_key.as_ref()).unwrap()
    }

    fn staged(store: &Arc<Store>, held: Held) -> (Txn, Arc<Held>) {
        let held = Arc::new(held);
        let mut txn = Txn::begin(store.clone());
        txn.clear(KeyRange::of_prefix(b"t"));
        txn.stage_latent(held.clone()).unwrap();
        (txn, held)
    }

    fn drawn(batch: &WriteBatch, most: u32) -> (Vec<WriteOp>, BatchSize) {
        let (mut ops, mut size) = (Vec::new(), BatchSize { ops: 0, bytes: 0 });
        loop {
            let chunk = batch.next_chunk(most);
            if chunk.is_empty() {
                return (ops, size);
            }
            assert!(chunk.len() <= most as usize);
            size.ops += chunk.len() as u64;
            size.bytes += chunk.iter().map(WriteOp::size).sum::<usize>() as u64;
            ops.extend(chunk);
        }
    }

    #[test]
    fn they_are_read_changed_and_written_as_any_other() {
        for sealed in [false, true] {
            let storage = MemoryStorage::new();
            let store = store(&storage, sealed);
            let (mut txn, held) = staged(&store, held(3000, 9));
            txn.put(key("s"), vec![1]);
            txn.delete(key("t00002"));
            txn.put(key("t00003"), vec![3]);
            txn.clear(KeyRange { from: key("t02990"), to: key("u") });
            txn.put(key("t02995"), vec![5]);
            let expected = |number: u32| match number {
                2 => None,
                3 => Some(vec![3]),
                2995 => Some(vec![5]),
                2990.. => None,
                _ => Some(vec![number as u8; 9]),
            };
            let check = |txn: &mut Txn| {
                for number in [0, 1, 2, 3, 1000, 2989, 2990, 2995, 2999, 3000] {
                    let found = txn.read(&key(&format!("t{number:05}"))).unwrap().map(<[u8]>::to_vec);
                    assert_eq!(found, expected(number), "{number}");
                }
                let found = txn.scan(&key("t"), Some(&key("t02980")), 100).unwrap();
                assert_eq!(found.len(), 10, "{sealed}");
                assert_eq!(txn.scan(&key("t"), None, usize::MAX).unwrap().len(), 2990);
            };
            check(&mut txn);
            store.write(txn.finish(None).unwrap()).unwrap();
            assert_eq!(held.told.load(Ordering::Relaxed), 3000);
            check(&mut Txn::begin(store));
        }
    }

    #[test]
    fn a_batch_is_complete_however_it_is_drawn() {
        for sealed in [false, true] {
            let store = store(&MemoryStorage::new(), sealed);
            let (mut txn, _) = staged(&store, held(2500, 900));
            txn.put(key("a"), vec![1]);
            txn.delete(key("t00001"));
            let batch = txn.finish(None).unwrap();
            batch.guards();
            let (ops, size) = drawn(&batch, u32::MAX);
            assert_eq!((ops.len(), size), (2503, batch.size()));
            assert!(matches!(ops.first(), Some(WriteOp::DeleteRange { .. })));
            assert!(matches!(ops.last(), Some(WriteOp::Delete { .. })));
            batch.next_chunk(7);
            batch.rewind();
            assert!(batch.next_chunk(1).len() == 1 && batch.next_chunk(900).len() == 900);
            batch.rewind();
            let (again, _) = drawn(&batch, 7);
            let keys = |ops: &[WriteOp]| {
                let keys = ops.iter().map(|op| match op {
                    WriteOp::Put { key, .. } | WriteOp::Delete { key } => key.clone(),
                    WriteOp::DeleteRange { from, .. } => from.clone(),
                });
                keys.collect::<Vec<_>>()
            };
            assert!(keys(&ops) == keys(&again));
            batch.require_taken().unwrap();
        }
    }

    #[test]
    fn several_sets_are_written() {
        let storage = MemoryStorage::new();
        let store = store(&storage, false);
        let (mut txn, _) = staged(&store, held(20, 9));
        let more = Held { records: [(key("u1"), vec![1]), (key("u2"), vec![2])].into(), ..Held::default() };
        txn.clear(KeyRange::of_prefix(b"u"));
        txn.stage_latent(Arc::new(more)).unwrap();
        assert!(!txn.is_idle());
        store.write(txn.finish(None).unwrap()).unwrap();
        assert_eq!(
            storage.records().iter().filter(|record| matches!(record.key.first(), Some(b't' | b'u'))).count(),
            22
        );
    }

    #[test]
    fn what_is_taken_out_is_not_written() {
        let store = store(&MemoryStorage::new(), false);
        let (mut txn, _) = staged(&store, held(3, 9));
        assert!(!txn.is_idle());
        txn.take_staged();
        assert!(txn.is_idle());
        assert_eq!(txn.read(&key("t00001")).unwrap(), None);
    }

    #[test]
    fn one_that_cannot_be_made_fails_the_write() {
        let storage = MemoryStorage::new();
        let store = store(&storage, false);
        let broken = Held { broken_at: Some(key("t02000")), ..held(3000, 9) };
        let (mut txn, _) = staged(&store, broken);
        txn.put(key("z"), vec![1]);
        assert!(store.write(txn.finish(None).unwrap()).unwrap_err().is(Code::Internal));
    }

    #[test]
    fn none_is_longer_than_a_store_must_keep() {
        use crate::base::limits::MAX_VALUE;
        use crate::crypto::SEALED_OVERHEAD;
        for (sealed, longest) in [(false, MAX_VALUE), (true, MAX_VALUE - SEALED_OVERHEAD)] {
            for (length, fits) in [(longest, true), (longest + 1, false)] {
                let (txn, _) = staged(&store(&MemoryStorage::new(), sealed), held(1, length));
                let code = txn.finish(None).err().map(|error| error.code());
                assert_eq!(code, (!fits).then_some(Code::LimitReached.number()));
            }
        }
    }
}
