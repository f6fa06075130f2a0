//! Rules of scanning: order, prefix, where it begins and where it stops.

use super::Rule;
use super::probe::{Probe, Verdict, demand};

pub(super) const RULES: [Rule; 4] = [
    Rule { name: "scan-order", check: scan_order },
    Rule { name: "scan-prefix", check: scan_prefix },
    Rule { name: "scan-after", check: scan_after },
    Rule { name: "scan-limit", check: scan_limit },
];

/// Keys ascend as unsigned bytes, a key before those that it begins, each with its own value.
fn scan_order(probe: &Probe) -> Verdict {
    let ascending: [&[u8]; 12] =
        [b"", b"\0", b"\0\0", b"\0\xff", b"A", b"Z\xff\xff", b"a", b"a\0", b"\x7f", b"\x80", b"\xff", b"\xff\x01"];
    probe.write(ascending.iter().rev().map(|tail| probe.put(tail, tail)).collect())?;
    let found = probe.scan(&probe.key(""), &[], u32::MAX)?;
    let in_order = found.iter().map(|record| probe.tail_of(&record.key)).eq(ascending);
    demand(in_order, "a scan did not return every key once, in the order of unsigned bytes, shorter before longer")?;
    demand(found.iter().map(|record| &record.value).eq(ascending), "a scan returned values of other records")
}

/// Exactly the keys that begin with the prefix, be its bytes what they may.
fn scan_prefix(probe: &Probe) -> Verdict {
    let tails: [&[u8]; 15] = [
        b"_",
        b"_x",
        b"%",
        b"%x",
        b"*x",
        b"?x",
        b"[a-z]",
        b"a",
        b"ax",
        b"A",
        b"Ax",
        b"a\xff\xfe",
        b"a\xff\xff",
        b"b",
        b"\xff\xff\xff",
    ];
    probe.write(tails.iter().map(|tail| probe.put(tail, "")).collect())?;
    let prefixes: [&[u8]; 13] =
        [b"", b"_", b"%", b"*", b"?", b"[a-z]", b"a", b"A", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"nothing"];
    for prefix in prefixes {
        let mut expected: Vec<&[u8]> = tails.into_iter().filter(|tail| tail.starts_with(prefix)).collect();
        expected.sort_unstable();
        let same = probe.tails(prefix)?.into_iter().eq(expected);
        demand(
            same,
            format_args!("a scan did not return exactly the keys with the prefix that ends with {prefix:02x?}"),
        )?;
    }
    Ok(())
}

/// A scan goes on strictly after the key it is given, which need not exist.
fn scan_after(probe: &Probe) -> Verdict {
    let tails: [&[u8]; 6] = [b"p", b"p\0", b"pa", b"pc", b"pc\xff", b"q"];
    probe.write(tails.iter().map(|tail| probe.put(tail, "")).collect())?;
    let afters: [&[u8]; 9] = [b"a", b"p", b"p\0", b"p\0\0", b"pa", b"pb", b"pc", b"pc\xff", b"q"];
    for after in afters {
        let expected = tails.into_iter().filter(|tail| tail.starts_with(b"p") && *tail > after);
        let found = probe.scan(&probe.key("p"), &probe.key(after), u32::MAX)?;
        let same = found.iter().map(|record| probe.tail_of(&record.key)).eq(expected);
        demand(
            same,
            format_args!("a scan after the key that ends with {after:02x?} did not return exactly the later ones"),
        )?;
    }
    Ok(())
}

/// As many records as the limit allows, no more, and no fewer while there are any.
fn scan_limit(probe: &Probe) -> Verdict {
    let present: Vec<[u8; 2]> = (0..700u16).map(u16::to_be_bytes).collect();
    probe.write(present.iter().map(|tail| probe.put(tail, [7; 500])).collect())?;
    for limit in [0, 1, 2, 255, 256, 699, 700, 701, u32::MAX] {
        let found = probe.scan(&probe.key(""), &[], limit)?;
        let expected = present.iter().take(limit as usize);
        let same = found.iter().map(|record| probe.tail_of(&record.key)).eq(expected);
        demand(same, format_args!("of 700 records a scan of {limit} returned {}, or not the first", found.len()))?;
    }
    let rest = probe.scan(&probe.key(""), &probe.key(698u16.to_be_bytes()), 5)?;
    demand(rest.len() == 1, "a scan from the last but one record did not return the last")
}
