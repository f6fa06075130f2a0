//! The kit, tried on a storage that is sound, and on one for every way in which a storage can be broken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::{RULES, check_storage};
use crate::base::Code;
use crate::store::batch::{Guard, WriteBatch, WriteOp};
use crate::store::memory::MemoryStorage;
use crate::store::storage::{Storage, StorageError, StoredRecord};

/// One way to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    // Reading.
    AbsentAsEmpty,
    EmptyAsAbsent,
    ValuesAsText,
    ValuesEndAtZero,
    ValuesTrimmed,
    ShortValues,
    ReadSorted,
    ReadSkipsAbsent,
    ReadOnce,
    ReadFewParameters,
    ReadTorn,
    ReadFailsWhileWriting,
    ReadStale,
    // Keys, everywhere.
    KeysFolded,
    KeysEndAtZero,
    KeysTrimmed,
    KeysAsText,
    ShortKeys,
    // Scanning.
    ScanSigned,
    ScanShortestFirst,
    ScanDescending,
    ScanAsPattern,
    ScanFoldsPrefix,
    ScanEndsAtCarry,
    ScanIgnoresPrefix,
    ScanWithAfter,
    ScanIgnoresAfter,
    ScanNeedsAfter,
    ScanUnlimited,
    ScanZeroIsAll,
    ScanPages,
    ScanOneShort,
    ScanSkipsEmpty,
    ScanWithoutValues,
    ScanTorn,
    // Writing.
    PutKeepsFirst,
    PutOnlyGrows,
    DeleteIgnored,
    DeletePrefix,
    DeleteNeedsRecord,
    RangeInclusive,
    RangeSkipsFirst,
    RangeIgnored,
    RangeNeedsEnds,
    RangeSigned,
    DeletesLast,
    DeletesFirst,
    RangesLast,
    OneChunk,
    NeverRewinds,
    RewindsEachChunk,
    // Guards.
    GuardsIgnored,
    AbsenceIgnored,
    ValueGuardIsPresence,
    GuardComparesLength,
    GuardComparesStart,
    GuardAbsentIsEmpty,
    GuardEmptyIsAbsent,
    FirstGuardOnly,
    LastGuardOnly,
    GuardsAfterOps,
    RefusedKeepsOps,
    RefusedKeepsDeletes,
    RefusedComesAlong,
    RefusedAsFailure,
    GuardsOutside,
    AbsenceOutside,
    NoRewindWhenRaced,
    LastWriterWins,
    FailsWhenRaced,
    // The whole.
    LeavesTraces,
}

/// Every fault, and the rule that must find it.
const FAULTS: &[(Fault, &str)] = &[
    (Fault::AbsentAsEmpty, "absent-and-empty"),
    (Fault::EmptyAsAbsent, "absent-and-empty"),
    (Fault::ScanSkipsEmpty, "absent-and-empty"),
    (Fault::ValuesAsText, "values-are-bytes"),
    (Fault::ValuesEndAtZero, "values-are-bytes"),
    (Fault::ValuesTrimmed, "values-are-bytes"),
    (Fault::ScanWithoutValues, "values-are-bytes"),
    (Fault::KeysFolded, "keys-are-bytes"),
    (Fault::KeysEndAtZero, "keys-are-bytes"),
    (Fault::KeysTrimmed, "keys-are-bytes"),
    (Fault::KeysAsText, "keys-are-bytes"),
    (Fault::ShortKeys, "longest"),
    (Fault::ShortValues, "longest"),
    (Fault::ReadSorted, "read-order"),
    (Fault::ReadSkipsAbsent, "read-order"),
    (Fault::ReadOnce, "read-duplicates"),
    (Fault::ReadFewParameters, "read-many"),
    (Fault::ScanSigned, "scan-order"),
    (Fault::ScanShortestFirst, "scan-order"),
    (Fault::ScanDescending, "scan-order"),
    (Fault::ScanAsPattern, "scan-prefix"),
    (Fault::ScanFoldsPrefix, "scan-prefix"),
    (Fault::ScanEndsAtCarry, "scan-prefix"),
    (Fault::ScanIgnoresPrefix, "scan-prefix"),
    (Fault::ScanWithAfter, "scan-after"),
    (Fault::ScanIgnoresAfter, "scan-after"),
    (Fault::ScanNeedsAfter, "scan-after"),
    (Fault::ScanUnlimited, "scan-limit"),
    (Fault::ScanZeroIsAll, "scan-limit"),
    (Fault::ScanPages, "scan-limit"),
    (Fault::ScanOneShort, "scan-limit"),
    (Fault::PutKeepsFirst, "overwrite"),
    (Fault::PutOnlyGrows, "overwrite"),
    (Fault::DeleteIgnored, "delete"),
    (Fault::DeletePrefix, "delete"),
    (Fault::DeleteNeedsRecord, "delete"),
    (Fault::RangeInclusive, "delete-range"),
    (Fault::RangeSkipsFirst, "delete-range"),
    (Fault::RangeIgnored, "delete-range"),
    (Fault::RangeNeedsEnds, "delete-range"),
    (Fault::RangeSigned, "delete-range"),
    (Fault::DeletesLast, "ops-in-order"),
    (Fault::DeletesFirst, "ops-in-order"),
    (Fault::RangesLast, "ops-in-order"),
    (Fault::OneChunk, "large-batch"),
    (Fault::NeverRewinds, "large-batch"),
    (Fault::RewindsEachChunk, "large-batch"),
    (Fault::GuardsIgnored, "guard-by-value"),
    (Fault::ValueGuardIsPresence, "guard-by-value"),
    (Fault::GuardComparesLength, "guard-by-value"),
    (Fault::GuardComparesStart, "guard-by-value"),
    (Fault::GuardAbsentIsEmpty, "guard-by-value"),
    (Fault::RefusedAsFailure, "guard-by-value"),
    (Fault::AbsenceIgnored, "guard-by-absence"),
    (Fault::GuardEmptyIsAbsent, "guard-by-absence"),
    (Fault::FirstGuardOnly, "every-guard"),
    (Fault::LastGuardOnly, "every-guard"),
    (Fault::GuardsAfterOps, "guards-before-ops"),
    (Fault::RefusedKeepsOps, "refused-leaves-nothing"),
    (Fault::RefusedKeepsDeletes, "refused-leaves-nothing"),
    (Fault::RefusedComesAlong, "refused-leaves-nothing"),
    (Fault::GuardsOutside, "race-by-value"),
    (Fault::NoRewindWhenRaced, "race-apart"),
    (Fault::LastWriterWins, "race-by-value"),
    (Fault::FailsWhenRaced, "race-by-value"),
    (Fault::AbsenceOutside, "race-by-absence"),
    (Fault::ReadTorn, "readers-see-whole-batches"),
    (Fault::ReadFailsWhileWriting, "readers-see-whole-batches"),
    (Fault::ReadStale, "readers-see-whole-batches"),
    (Fault::ScanTorn, "readers-see-whole-batches"),
    (Fault::LeavesTraces, "leaves-nothing"),
];

/// A storage in memory that breaks one rule.
struct Faulty {
    fault: Fault,
    sound: Arc<MemoryStorage>,
    writing: Mutex<()>,
    kept: Mutex<Vec<WriteOp>>,
    old: Mutex<(u32, Option<Arc<MemoryStorage>>)>,
}

impl Faulty {
    fn new(fault: Fault) -> Arc<Self> {
        let (sound, kept) = (MemoryStorage::new(), Mutex::default());
        Arc::new(Faulty { fault, sound, writing: Mutex::new(()), kept, old: Mutex::default() })
    }

    fn value(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.sound.read(vec![key.to_vec()]).unwrap().remove(0)
    }

    fn key(&self, key: Vec<u8>) -> Vec<u8> {
        // The kit's own prefix must survive whatever is done to keys.
        let (prefix, tail) = key.split_at(key.len().min(9));
        let tail = match self.fault {
            Fault::KeysFolded => tail.to_ascii_lowercase(),
            Fault::KeysEndAtZero => until_zero(tail),
            Fault::KeysTrimmed => tail.trim_ascii_end().to_vec(),
            Fault::KeysAsText => String::from_utf8_lossy(tail).into_owned().into_bytes(),
            Fault::ShortKeys => tail[..tail.len().min(64)].to_vec(),
            _ => tail.to_vec(),
        };
        [prefix, &tail].concat()
    }

    fn returned(&self, value: Vec<u8>) -> Vec<u8> {
        match self.fault {
            Fault::ValuesAsText => String::from_utf8_lossy(&value).into_owned().into_bytes(),
            Fault::ValuesEndAtZero => until_zero(&value),
            Fault::ValuesTrimmed => value.trim_ascii().to_vec(),
            Fault::ShortValues => value[..value.len().min(65_535)].to_vec(),
            _ => value,
        }
    }

    fn holds(&self, guard: &Guard) -> bool {
        let found = self.value(&guard.key);
        let expected = guard.expected.clone();
        match self.fault {
            Fault::GuardsIgnored => true,
            Fault::AbsenceIgnored => expected.is_none() || found == expected,
            Fault::ValueGuardIsPresence => found.is_some() == expected.is_some(),
            Fault::GuardComparesLength => found.map(|value| value.len()) == expected.map(|value| value.len()),
            Fault::GuardComparesStart => start(found) == start(expected),
            Fault::GuardAbsentIsEmpty if expected.is_some() => {
                found.unwrap_or_default() == expected.unwrap_or_default()
            }
            Fault::GuardEmptyIsAbsent => found.filter(|value| !value.is_empty()) == expected,
            _ => found == expected,
        }
    }

    fn pull(&self, batch: &WriteBatch) -> Vec<WriteOp> {
        let mut ops = Vec::new();
        match self.fault {
            Fault::OneChunk => return batch.next_chunk(1024),
            Fault::NeverRewinds => {
                let first = batch.next_chunk(5000);
                if first.len() < 5000 {
                    return first;
                }
            }
            _ => {}
        }
        loop {
            let chunk = batch.next_chunk(1000);
            if chunk.is_empty() {
                return ops;
            }
            if self.fault == Fault::RewindsEachChunk && ops.len() == 3000 {
                return ops;
            }
            ops.extend(chunk);
        }
    }

    /// The operations as a broken storage would apply them.
    fn distort(&self, ops: Vec<WriteOp>) -> Vec<WriteOp> {
        let is_delete = |op: &WriteOp| matches!(op, WriteOp::Delete { .. });
        let is_range = |op: &WriteOp| matches!(op, WriteOp::DeleteRange { .. });
        let mut ops: Vec<WriteOp> = ops.into_iter().map(|op| self.with_keys(op)).collect();
        match self.fault {
            Fault::DeletesLast => ops.sort_by_key(is_delete),
            Fault::DeletesFirst => ops.sort_by_key(|op| !is_delete(op)),
            Fault::RangesLast => ops.sort_by_key(is_range),
            Fault::DeleteIgnored => ops.retain(|op| !is_delete(op)),
            Fault::RangeIgnored => ops.retain(|op| !is_range(op)),
            _ => {}
        }
        let looks = [Fault::PutKeepsFirst, Fault::DeletePrefix, Fault::RangeNeedsEnds, Fault::RangeSigned];
        let records = if looks.contains(&self.fault) { self.sound.records() } else { vec![] };
        let mut present: BTreeSet<Vec<u8>> = records.into_iter().map(|record| record.key).collect();
        ops.into_iter().flat_map(|op| self.distort_one(op, &mut present)).collect()
    }

    fn with_keys(&self, op: WriteOp) -> WriteOp {
        match op {
            WriteOp::Put { key, value } => WriteOp::Put { key: self.key(key), value },
            WriteOp::Delete { key } => WriteOp::Delete { key: self.key(key) },
            range => range,
        }
    }

    fn distort_one(&self, op: WriteOp, present: &mut BTreeSet<Vec<u8>>) -> Vec<WriteOp> {
        let all = |chosen: Vec<Vec<u8>>| chosen.into_iter().map(|key| WriteOp::Delete { key }).collect();
        match (&op, self.fault) {
            (WriteOp::Put { key, .. }, Fault::PutKeepsFirst) if !present.insert(key.clone()) => vec![],
            (WriteOp::Put { key, value }, Fault::PutOnlyGrows) => {
                let old = self.value(key).unwrap_or_default();
                let rest = old.get(value.len()..).unwrap_or_default();
                vec![WriteOp::Put { key: key.clone(), value: [value, rest].concat() }]
            }
            (WriteOp::Delete { key }, Fault::DeletePrefix) => {
                all(present.iter().filter(|found| found.starts_with(key)).cloned().collect())
            }
            (WriteOp::Delete { key }, Fault::LeavesTraces) if key[8] == 3 => vec![],
            (WriteOp::DeleteRange { from, to }, Fault::RangeInclusive) => {
                vec![op.clone(), WriteOp::Delete { key: to.clone() }, WriteOp::Delete { key: from.clone() }]
            }
            (WriteOp::DeleteRange { from, to }, Fault::RangeSkipsFirst) => {
                let from = [&from[..], &[0]].concat();
                vec![WriteOp::DeleteRange { to: to.clone().max(from.clone()), from }]
            }
            (WriteOp::DeleteRange { from, to }, Fault::RangeNeedsEnds)
                if !present.contains(from) || !present.contains(to) =>
            {
                vec![]
            }
            (WriteOp::DeleteRange { from, to }, Fault::RangeSigned) => {
                let inside = |key: &&Vec<u8>| signed(key) >= signed(from) && signed(key) < signed(to);
                all(present.iter().filter(inside).cloned().collect())
            }
            _ => vec![op],
        }
    }

    fn apply(&self, ops: Vec<WriteOp>) -> Result<(), StorageError> {
        self.sound.write(Arc::new(WriteBatch::new(vec![], ops, None)))
    }

    fn refuse(&self, ops: Vec<WriteOp>) -> Result<(), StorageError> {
        let is_put = |op: &WriteOp| matches!(op, WriteOp::Put { .. });
        match self.fault {
            Fault::RefusedKeepsOps => self.apply(ops.into_iter().filter(is_put).collect())?,
            Fault::RefusedKeepsDeletes => self.apply(ops.into_iter().filter(|op| !is_put(op)).collect())?,
            Fault::RefusedComesAlong => self.kept.lock().extend(ops),
            Fault::RefusedAsFailure => return Err(failure("refused")),
            _ => {}
        }
        Err(StorageError::Conflict)
    }

    fn write_alone(&self, batch: &WriteBatch) -> Result<(), StorageError> {
        let mut guards = batch.guards();
        guards.iter_mut().for_each(|guard| guard.key = self.key(std::mem::take(&mut guard.key)));
        let checked = match self.fault {
            Fault::FirstGuardOnly => &guards[..guards.len().min(1)],
            Fault::LastGuardOnly => &guards[guards.len().saturating_sub(1)..],
            _ => &guards[..],
        };
        let pulled = self.pull(batch);
        let absent = |op: &WriteOp| matches!(op, WriteOp::Delete { key } if self.value(key).is_none());
        if self.fault == Fault::DeleteNeedsRecord && pulled.len() == 3 && pulled.iter().any(absent) {
            return Err(failure("no such record"));
        }
        let ops = self.distort(pulled);
        if self.fault == Fault::GuardsAfterOps {
            self.apply(ops)?;
            return if guards.iter().all(|guard| self.holds(guard)) { Ok(()) } else { Err(StorageError::Conflict) };
        }
        if !checked.iter().all(|guard| self.holds(guard)) {
            return self.refuse(ops);
        }
        let mut ops: Vec<WriteOp> = self.kept.lock().drain(..).chain(ops).collect();
        if matches!(self.fault, Fault::ReadTorn | Fault::ScanTorn) {
            let last = ops.split_off(ops.len() / 2);
            self.apply(ops)?;
            thread::sleep(Duration::from_micros(200));
            return self.apply(last);
        }
        self.apply(ops)
    }
}

impl Storage for Faulty {
    fn read(&self, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let mut keys: Vec<Vec<u8>> = keys.into_iter().map(|key| self.key(key)).collect();
        match self.fault {
            Fault::ReadSorted => keys.sort(),
            Fault::ReadFewParameters if keys.len() > 32_766 => return Err(failure("too many parameters")),
            Fault::ReadFailsWhileWriting if keys.len() > 9 && self.writing.is_locked() => return Err(failure("busy")),
            Fault::ReadStale => {
                let mut old = self.old.lock();
                old.0 += 1;
                if old.0.is_multiple_of(2)
                    && keys.len() == 24
                    && let Some(old) = &old.1
                {
                    return old.read(keys);
                }
            }
            _ => {}
        }
        let still = (self.fault == Fault::ScanTorn).then(|| self.writing.lock());
        let mut values = self.sound.read(keys.clone())?;
        drop(still);
        let mut met = BTreeSet::new();
        for (key, value) in keys.into_iter().zip(&mut values) {
            *value = value.take().map(|value| self.returned(value));
            match self.fault {
                Fault::AbsentAsEmpty => *value = Some(value.take().unwrap_or_default()),
                Fault::EmptyAsAbsent => *value = value.take().filter(|value| !value.is_empty()),
                Fault::ReadOnce if !met.insert(key) => *value = None,
                _ => {}
            }
        }
        if self.fault == Fault::ReadSkipsAbsent && values.len() == 5 {
            values.retain(Option::is_some);
        }
        Ok(values)
    }

    fn scan(&self, prefix: Vec<u8>, after: Vec<u8>, limit: u32) -> Result<Vec<StoredRecord>, StorageError> {
        let _still = (self.fault == Fault::ReadTorn).then(|| self.writing.lock());
        let within = |key: &[u8]| match self.fault {
            Fault::ScanAsPattern => matches_pattern(&prefix, key),
            Fault::ScanFoldsPrefix => key.to_ascii_lowercase().starts_with(&prefix.to_ascii_lowercase()),
            Fault::ScanEndsAtCarry => {
                let last = prefix.len() - 1;
                key.starts_with(&prefix) && prefix[last] != 0xff
            }
            Fault::ScanIgnoresPrefix => key.starts_with(&prefix[..9]) && key >= &prefix[..],
            _ => key.starts_with(&prefix),
        };
        let later = |key: &[u8]| match self.fault {
            Fault::ScanWithAfter => key >= &after[..],
            Fault::ScanIgnoresAfter => true,
            Fault::ScanNeedsAfter if !after.is_empty() => self.value(&after).is_some() && key > &after[..],
            _ => key > &after[..],
        };
        let mut found = self.sound.records();
        match self.fault {
            Fault::ScanSigned => found.sort_by_key(|record| signed(&record.key)),
            Fault::ScanShortestFirst => found.sort_by_key(|record| (record.key.len(), record.key.clone())),
            Fault::ScanDescending => found.reverse(),
            Fault::ScanSkipsEmpty => found.retain(|record| !record.value.is_empty()),
            Fault::ScanWithoutValues => found.iter_mut().for_each(|record| record.value.clear()),
            _ => {}
        }
        let limit = match self.fault {
            Fault::ScanUnlimited => u32::MAX,
            Fault::ScanZeroIsAll if limit == 0 => u32::MAX,
            Fault::ScanPages => limit.min(500),
            Fault::ScanOneShort if limit > 255 => limit.saturating_sub(if limit == u32::MAX { 0 } else { 1 }),
            _ => limit,
        };
        found.retain(|record| within(&record.key) && later(&record.key));
        found.truncate(limit as usize);
        found.iter_mut().for_each(|record| record.value = self.returned(std::mem::take(&mut record.value)));
        Ok(found)
    }

    fn write(&self, batch: Arc<WriteBatch>) -> Result<(), StorageError> {
        let linger = || thread::sleep(Duration::from_micros(200));
        let guards = batch.guards();
        let fits = || guards.iter().all(|guard| self.holds(guard));
        match self.fault {
            Fault::GuardsOutside | Fault::AbsenceOutside
                if guards.iter().all(|guard| (self.fault == Fault::AbsenceOutside) == guard.expected.is_none()) =>
            {
                if !fits() {
                    return Err(StorageError::Conflict);
                }
                linger();
                return self.apply(self.pull(&batch));
            }
            Fault::NoRewindWhenRaced if self.writing.is_locked() => drop(batch.next_chunk(4)),
            Fault::LastWriterWins if !guards.is_empty() && self.writing.is_locked() => {
                linger();
                return self.apply(self.pull(&batch));
            }
            Fault::FailsWhenRaced if self.writing.is_locked() => return Err(failure("busy")),
            _ => {}
        }
        let _alone = self.writing.lock();
        let raced = matches!(
            self.fault,
            Fault::FailsWhenRaced | Fault::LastWriterWins | Fault::ReadFailsWhileWriting | Fault::NoRewindWhenRaced
        );
        if raced {
            linger();
        }
        if self.fault == Fault::ReadStale {
            self.old.lock().1 = Some(self.sound.duplicate());
        }
        self.write_alone(&batch)
    }
}

fn failure(detail: &str) -> StorageError {
    StorageError::Unavailable { detail: detail.to_owned() }
}

fn until_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|byte| *byte != 0).collect()
}

fn start(value: Option<Vec<u8>>) -> Option<Vec<u8>> {
    value.map(|value| value.into_iter().take(1024).collect())
}

fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|byte| *byte as i8).collect()
}

/// As `LIKE 'prefix%'` would, as far as it matters.
fn matches_pattern(prefix: &[u8], key: &[u8]) -> bool {
    let wild = |at: usize| at >= 9 && prefix[at] == b'_';
    key.len() >= prefix.len() && (0..prefix.len()).all(|at| wild(at) || prefix[at] == key[at])
}

#[test]
fn a_sound_storage_passes_and_keeps_only_what_it_had() {
    let storage = MemoryStorage::new();
    let own = WriteOp::Put { key: b"own".to_vec(), value: b"1".to_vec() };
    storage.write(Arc::new(WriteBatch::new(vec![], vec![own], None))).unwrap();
    let before = storage.records();
    assert_eq!(check_storage(storage.clone()).unwrap(), []);
    assert!(storage.records() == before);
    assert_eq!(check_storage(Faulty::new(Fault::None)).unwrap(), []);
}

#[test]
fn every_fault_is_found_by_the_rule_it_breaks() {
    for (fault, rule) in FAULTS {
        // A race is a matter of luck on a machine that does other things.
        let found = |_| check_storage(Faulty::new(*fault)).unwrap().iter().any(|finding| finding.rule == *rule);
        assert!((0..3).any(found), "{fault:?} is not found by {rule}");
    }
}

#[test]
fn every_rule_has_found_a_fault() {
    let rules = RULES.into_iter().flatten().map(|rule| rule.name).chain(["leaves-nothing"]);
    for name in rules {
        assert!(FAULTS.iter().any(|(_, rule)| *rule == name), "no fault breaks {name}");
    }
}

#[test]
fn a_storage_that_does_not_answer_is_an_error() {
    struct Dead;
    impl Storage for Dead {
        fn read(&self, _: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
            Err(failure("gone"))
        }

        fn scan(&self, _: Vec<u8>, _: Vec<u8>, _: u32) -> Result<Vec<StoredRecord>, StorageError> {
            Err(failure("gone"))
        }

        fn write(&self, _: Arc<WriteBatch>) -> Result<(), StorageError> {
            Err(failure("gone"))
        }
    }
    assert!(check_storage(Arc::new(Dead)).unwrap_err().is(Code::StorageFailed));
}
