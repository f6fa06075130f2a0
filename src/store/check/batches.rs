//! Rules of one batch: order, ranges, guards, all or nothing.

use super::Rule;
use super::probe::{Probe, Verdict, demand};
use crate::base::limits::MAX_VALUE;
use crate::store::batch::{Guard, WriteBatch};
use crate::store::storage::StorageError;

pub(super) const RULES: [Rule; 10] = [
    Rule { name: "overwrite", check: overwrite },
    Rule { name: "delete", check: delete },
    Rule { name: "delete-range", check: delete_range },
    Rule { name: "ops-in-order", check: ops_in_order },
    Rule { name: "large-batch", check: large_batch },
    Rule { name: "guard-by-value", check: guard_by_value },
    Rule { name: "guard-by-absence", check: guard_by_absence },
    Rule { name: "every-guard", check: every_guard },
    Rule { name: "guards-before-ops", check: guards_before_ops },
    Rule { name: "refused-leaves-nothing", check: refused_leaves_nothing },
];

/// A put replaces the whole value, be the new one longer or shorter.
fn overwrite(probe: &Probe) -> Verdict {
    for length in [10, 5000, 20, MAX_VALUE, 0, 1] {
        probe.write(vec![probe.put("a", vec![length as u8; length])])?;
        let whole = probe.value("a")? == Some(vec![length as u8; length]);
        demand(whole, format_args!("a record replaced by one of {length} bytes does not have those"))?;
    }
    demand(probe.tails("")?.len() == 1, "a record that was replaced is found twice")
}

/// A delete removes its record alone, and may name an absent one.
fn delete(probe: &Probe) -> Verdict {
    let tails: [&[u8]; 3] = [b"a", b"aa", b"b"];
    probe.write(tails.iter().map(|tail| probe.put(tail, "1")).collect())?;
    probe.write(vec![probe.delete("a"), probe.delete("absent"), probe.delete("a")])?;
    demand(probe.value("a")?.is_none(), "a deleted record was read")?;
    demand(probe.tails("")? == [&b"aa"[..], b"b"], "a delete did not remove its record and no other")
}

/// A range holds its first key and not its end; keys are compared as unsigned bytes.
fn delete_range(probe: &Probe) -> Verdict {
    let tails: [&[u8]; 9] = [b"a", b"b", b"b\0", b"bz", b"b\x80", b"b\xff\xff", b"c", b"c\0", b"d"];
    probe.write(tails.iter().map(|tail| probe.put(tail, "1")).collect())?;
    probe.write(vec![probe.clear("b", "b")])?;
    demand(probe.tails("")?.len() == 9, "deleting an empty range removed records")?;
    probe.write(vec![probe.clear("b\0", "c")])?;
    demand(
        probe.tails("")? == [&b"a"[..], b"b", b"c", b"c\0", b"d"],
        "a range did not lose all from its first key up to its end, exclusive",
    )?;
    demand(probe.value("bz")?.is_none(), "a record of a deleted range was read")?;
    probe.write(vec![probe.clear("x", "y"), probe.clear("aa", "cc")])?;
    demand(probe.tails("")? == [b"a", b"d"], "a range whose ends are absent was not deleted as far as they reach")
}

/// Later operations see what earlier ones of the same batch did.
fn ops_in_order(probe: &Probe) -> Verdict {
    probe.write(vec![probe.put("old", "1"), probe.put("gone", "1")])?;
    probe.write(vec![
        probe.put("a", "1"),
        probe.put("a", "2"),
        probe.put("b", "1"),
        probe.delete("b"),
        probe.delete("c"),
        probe.put("c", "3"),
        probe.put("gone", "2"),
        probe.clear("g", "p"),
        probe.put("old", "2"),
    ])?;
    demand(probe.value("a")? == Some(b"2".to_vec()), "of two puts of one key in a batch the first won")?;
    demand(probe.value("b")?.is_none(), "a record put and then deleted in one batch is there")?;
    demand(probe.value("c")? == Some(b"3".to_vec()), "a record deleted and then put in one batch is not there")?;
    demand(probe.value("gone")?.is_none(), "a record put and then cleared with its range in one batch is there")?;
    demand(
        probe.value("old")? == Some(b"2".to_vec()),
        "a record cleared with its range and then put in one batch is not there",
    )
}

/// A batch of many chunks is written to its end, also one that was pulled from before and rewound.
fn large_batch(probe: &Probe) -> Verdict {
    const MANY: u32 = 12_000;
    let value = |number: u32| vec![number as u8; number as usize % 800];
    let puts = (0..MANY).map(|number| probe.put(number.to_be_bytes(), value(number)));
    let batch = WriteBatch::new(vec![], probe.remember(puts.collect()), None);
    let first = batch.next_chunk(1000).len();
    batch.rewind();
    let again = batch.next_chunk(u32::MAX).len();
    demand(first == 1000 && again > 1000, "a batch was not cut into chunks as it should be")?;
    batch.rewind();
    probe.write_batch(batch)?;
    let found = probe.scan(&probe.key(""), &[], u32::MAX)?;
    demand(found.len() == MANY as usize, format_args!("of a batch of {MANY} puts {} are there", found.len()))?;
    let whole = found.into_iter().map(|record| record.value).eq((0..MANY).map(value));
    demand(whole, "records of a large batch have wrong values")?;
    probe.write((0..MANY).map(|number| probe.delete(number.to_be_bytes())).collect())?;
    demand(probe.tails("")?.is_empty(), "of a batch of many deletes not all were done")
}

/// Tries a batch under one guard, and demands that it was written or refused as it should be.
fn try_guard(probe: &Probe, guard: Guard, fits: bool) -> Verdict {
    let what = match &guard.expected {
        Some(value) => format!("a guard that expects {} bytes", value.len()),
        None => "a guard that expects no record".to_owned(),
    };
    match probe.write_if(vec![guard], vec![probe.put("marker", "1")]) {
        Ok(()) if fits => Ok(()),
        Err(StorageError::Conflict) if !fits => Ok(()),
        Ok(()) => demand(false, format_args!("{what} does not hold, and the batch was written")),
        Err(StorageError::Conflict) => demand(false, format_args!("{what} holds, and the batch was refused")),
        Err(error) => demand(false, format_args!("{what} ended in another error than Conflict: {error}")),
    }
}

/// A guard by value compares all of it.
fn guard_by_value(probe: &Probe) -> Verdict {
    let long = vec![7; MAX_VALUE];
    let mut other = long.clone();
    other.iter_mut().rev().take(1).for_each(|last| *last = 8);
    probe.write(vec![probe.put("a", "12"), probe.put("empty", ""), probe.put("long", &long)])?;
    for (tail, expected, fits) in [
        ("a", &b"12"[..], true),
        ("a", b"13", false),
        ("a", b"1", false),
        ("a", b"12\0", false),
        ("a", b"", false),
        ("empty", b"", true),
        ("empty", b"1", false),
        ("absent", b"", false),
        ("absent", b"1", false),
        ("long", &long, true),
        ("long", &other, false),
    ] {
        try_guard(probe, probe.guard(tail, Some(expected)), fits)?;
    }
    Ok(())
}

/// A guard by absence holds for an absent record alone; an empty one is there.
fn guard_by_absence(probe: &Probe) -> Verdict {
    probe.write(vec![probe.put("a", "1"), probe.put("empty", ""), probe.put("deleted", "1")])?;
    probe.write(vec![probe.delete("deleted")])?;
    for (tail, fits) in [("absent", true), ("deleted", true), ("a", false), ("empty", false)] {
        try_guard(probe, probe.guard(tail, None), fits)?;
    }
    Ok(())
}

/// One guard among many that does not hold refuses the batch, wherever it stands.
fn every_guard(probe: &Probe) -> Verdict {
    let tails: Vec<[u8; 1]> = (0..50u8).map(|number| [number]).collect();
    probe.write(tails.iter().map(|tail| probe.put(tail, tail)).collect())?;
    for wrong in [None, Some(0), Some(25), Some(49)] {
        let expected = |at: usize, tail: &[u8; 1]| if wrong == Some(at) { vec![0xff] } else { tail.to_vec() };
        let guards = tails.iter().enumerate().map(|(at, tail)| probe.guard(tail, Some(&expected(at, tail)))).collect();
        let outcome = probe.write_if(guards, vec![probe.put("marker", "1")]);
        let right = if wrong.is_none() { outcome.is_ok() } else { outcome == Err(StorageError::Conflict) };
        demand(right, format_args!("fifty guards, of which {wrong:?} does not hold, ended in {outcome:?}"))?;
    }
    Ok(())
}

/// Guards judge the store as it was before the batch's own operations.
fn guards_before_ops(probe: &Probe) -> Verdict {
    probe.write(vec![probe.put("a", "1")])?;
    let guards = vec![probe.guard("a", Some(b"1")), probe.guard("b", None)];
    let ops = vec![probe.put("a", "2"), probe.put("b", "2")];
    let outcome = probe.write_if(guards, ops);
    demand(outcome.is_ok(), format_args!("a batch that changes what its guards expect ended in {outcome:?}"))?;
    let own = vec![probe.guard("a", Some(b"3")), probe.guard("c", Some(b"3"))];
    let outcome = probe.write_if(own, vec![probe.put("a", "3"), probe.put("c", "3")]);
    demand(
        outcome == Err(StorageError::Conflict),
        "guards that only hold after the batch's own operations were accepted",
    )
}

/// A batch that is refused has done nothing.
fn refused_leaves_nothing(probe: &Probe) -> Verdict {
    probe.write(vec![probe.put("a", "1"), probe.put("b", "1"), probe.put("r1", "1")])?;
    let guards = vec![probe.guard("a", Some(b"1")), probe.guard("b", Some(b"2"))];
    let ops = vec![probe.put("a", "2"), probe.put("new", "1"), probe.delete("b"), probe.clear("r", "s")];
    let outcome = probe.write_if(guards, ops);
    demand(outcome == Err(StorageError::Conflict), format_args!("a guard that does not hold ended in {outcome:?}"))?;
    demand(probe.tails("")? == [&b"a"[..], b"b", b"r1"], "a refused batch put or deleted records")?;
    demand(probe.value("a")? == Some(b"1".to_vec()), "a refused batch replaced a record")?;
    probe.write(vec![probe.put("after", "1")])?;
    demand(
        probe.tails("")?.len() == 4,
        "after a refused batch the next one did not work, or brought the refused one along",
    )
}
