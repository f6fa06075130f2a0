//! Rules of single records: keys and values come back as they were given.

use super::Rule;
use super::probe::{Probe, Verdict, demand};
use crate::base::limits::{MAX_KEY, MAX_VALUE};

pub(super) const RULES: [Rule; 7] = [
    Rule { name: "absent-and-empty", check: absent_and_empty },
    Rule { name: "values-are-bytes", check: values_are_bytes },
    Rule { name: "keys-are-bytes", check: keys_are_bytes },
    Rule { name: "longest", check: longest },
    Rule { name: "read-order", check: read_order },
    Rule { name: "read-duplicates", check: read_duplicates },
    Rule { name: "read-many", check: read_many },
];

/// An absent record is nothing, an empty one is a value.
fn absent_and_empty(probe: &Probe) -> Verdict {
    demand(probe.value("a")?.is_none(), "a record that was never written was read")?;
    probe.write(vec![probe.put("a", "")])?;
    let empty = probe.value("a")?;
    demand(empty.is_some(), "a record with an empty value was read as absent")?;
    demand(empty.is_some_and(|value| value.is_empty()), "an empty value was read as another")?;
    demand(probe.tails("")?.len() == 1, "a scan does not find a record with an empty value")?;
    probe.write(vec![probe.delete("a")])?;
    demand(probe.value("a")?.is_none(), "a deleted record with an empty value was read")
}

/// Every byte is kept: zeros, bytes that are no text, and what looks like text or a number.
fn values_are_bytes(probe: &Probe) -> Verdict {
    let every: Vec<u8> = (0..=255).collect();
    let values: [&[u8]; 8] = [&every, b"\0", b"a\0b\0", b"\xff\xfe\xfd", b"\xc3", b" x ", b"12", b"1.50"];
    for value in values {
        probe.write(vec![probe.put("v", value)])?;
        let same = probe.value("v")?.as_deref() == Some(value);
        demand(same, format_args!("the value {value:02x?} was read as another"))?;
        let scanned = probe.scan(&probe.key("v"), &[], 1)?;
        let same = scanned.first().is_some_and(|record| record.value == value);
        demand(same, format_args!("the value {value:02x?} was scanned as another"))?;
    }
    Ok(())
}

/// Keys that text, numbers or padding would take for the same are different records.
fn keys_are_bytes(probe: &Probe) -> Verdict {
    let mut tails: [&[u8]; 16] = [
        b"k",
        b"K",
        b"k\0",
        b"k\0\0",
        b"k ",
        b"\xe2\x84\xaa",
        b"\xff",
        b"\xfe",
        b"\xff\xff",
        b"\xc3\xa9",
        b"e\xcc\x81",
        b"1",
        b"01",
        b"1.0",
        b"\0",
        b"\xed\xa0\x80",
    ];
    probe.write(tails.iter().map(|tail| probe.put(tail, tail)).collect())?;
    for tail in tails {
        let own = probe.value(tail)?.as_deref() == Some(tail);
        demand(own, format_args!("the record under a key that ends with {tail:02x?} was lost or taken for another"))?;
    }
    tails.sort_unstable();
    demand(probe.tails("")? == tails, "a scan finds other keys than were written")
}

/// Keys of 96 bytes that differ in the last one, and values of 64 KiB.
fn longest(probe: &Probe) -> Verdict {
    let room = MAX_KEY.saturating_sub(probe.key("").len());
    let tails = [0x00, 0x7f, 0xff].map(|last| [vec![b'k'; room - 1], vec![last]].concat());
    let values = [1u8, 2, 3].map(|first| (0..MAX_VALUE).map(|at| (at as u8).wrapping_mul(first)).collect::<Vec<u8>>());
    let pairs = || tails.iter().zip(&values);
    probe.write(pairs().map(|(tail, value)| probe.put(tail, value)).collect())?;
    for (tail, value) in pairs() {
        let same = probe.value(tail)?.as_ref() == Some(value);
        demand(same, "a value of 64 KiB under a key of 96 bytes was not read as it was written")?;
    }
    let scanned = probe.scan(&probe.key(""), &[], 9)?;
    let same = scanned.iter().map(|record| &record.value).eq(&values);
    demand(same, "values of 64 KiB under keys of 96 bytes were not scanned as they were written")
}

/// Values come in the order of the keys that were asked for, with a gap for each absent one.
fn read_order(probe: &Probe) -> Verdict {
    let tails: [&[u8]; 3] = [b"a", b"b", b"c"];
    probe.write(tails.iter().map(|tail| probe.put(tail, tail)).collect())?;
    let found = probe.read(probe.keys([b"c", b"x", b"a", b"", b"b"]))?;
    let expected = [Some(b"c".to_vec()), None, Some(b"a".to_vec()), None, Some(b"b".to_vec())];
    demand(found == expected, "values did not come in the order of the keys, with nothing for absent ones")?;
    demand(probe.read(vec![])?.is_empty(), "reading no keys returned values")
}

/// A key that is asked for twice is answered twice.
fn read_duplicates(probe: &Probe) -> Verdict {
    probe.write(vec![probe.put("a", "1")])?;
    let found = probe.read(probe.keys([b"a", b"x", b"a", b"x", b"a"]))?;
    let one = Some(b"1".to_vec());
    demand(
        found == [one.clone(), None, one.clone(), None, one],
        "a key asked for several times was not answered each time",
    )
}

/// One call may ask for more keys than a database takes parameters in one query.
fn read_many(probe: &Probe) -> Verdict {
    const MANY: u32 = 33_000;
    let every_thousandth = |number: &u32| number % 1000 == 999;
    let present = (0..MANY).filter(every_thousandth);
    probe.write(present.map(|number| probe.put(number.to_be_bytes(), number.to_be_bytes())).collect())?;
    let found = probe.read((0..MANY).map(|number| probe.key(number.to_be_bytes())).collect())?;
    demand(found.len() == MANY as usize, "a read of 33 000 keys returned another number of values")?;
    let expected = (0..MANY).map(|number| every_thousandth(&number).then(|| number.to_be_bytes().to_vec()));
    demand(expected.eq(found), "a read of 33 000 keys returned wrong values")
}
