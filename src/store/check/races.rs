//! Rules that only several threads can break.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Rule;
use super::probe::{Broken, Probe, Verdict, demand};
use crate::store::storage::StorageError;

pub(super) const RULES: [Rule; 4] = [
    Rule { name: "race-by-value", check: race_by_value },
    Rule { name: "race-by-absence", check: race_by_absence },
    Rule { name: "race-apart", check: race_apart },
    Rule { name: "readers-see-whole-batches", check: readers_see_whole_batches },
];

/// Wins that each of the two racers must gather.
const WINS: u32 = 60;

/// Tries for one win before the storage counts as stuck.
const TRIES: u32 = 10_000;

/// Batches that are written while others read.
const GENERATIONS: u32 = 150;

/// Runs both at once. The first breach counts.
fn both(one: impl FnOnce() -> Verdict + Send, other: impl FnOnce() -> Verdict + Send) -> Verdict {
    thread::scope(|scope| {
        let spawned = thread::Builder::new().spawn_scoped(scope, one);
        let here = other();
        let there = match spawned {
            Ok(thread) => thread.join().unwrap_or_else(|_| demand(false, "the storage panicked")),
            Err(error) => demand(false, format_args!("no thread could be started: {error}")),
        };
        here.and(there)
    })
}

/// Where racers wait for each other, so that they really run at the same time.
struct StartingLine {
    racers: u32,
    arrivals: AtomicU32,
    deserted: AtomicBool,
}

impl StartingLine {
    fn of(racers: u32) -> Self {
        StartingLine { racers, arrivals: AtomicU32::new(0), deserted: AtomicBool::new(false) }
    }

    /// Waits until all have come `round` times, one has left, or too much time has passed.
    fn meet(&self, round: u32) {
        self.arrivals.fetch_add(1, Ordering::AcqRel);
        let began = Instant::now();
        let waits =
            || self.arrivals.load(Ordering::Acquire) < self.racers * round && !self.deserted.load(Ordering::Acquire);
        while waits() && began.elapsed() < Duration::from_secs(1) {
            thread::yield_now();
        }
    }
}

/// Raises a flag when its owner is done, however it ends.
struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn number(value: Option<&[u8]>) -> Result<u32, Broken> {
    match value.map(<[u8; 4]>::try_from) {
        None => Ok(0),
        Some(Ok(bytes)) => Ok(u32::from_be_bytes(bytes)),
        Some(Err(_)) => Err(Broken::new("a counter was read as something else")),
    }
}

/// Two threads count up under guards: no increment is lost, none counts twice, and each is written whole.
fn race_by_value(probe: &Probe) -> Verdict {
    let line = StartingLine::of(2);
    both(|| gather_wins(probe, &line, 1), || gather_wins(probe, &line, 2))?;
    let total = number(probe.value("count")?.as_deref())?;
    demand(total == 2 * WINS, format_args!("two threads won {} increments, and the counter is at {total}", 2 * WINS))?;
    let wins = probe.tails("win")?.len();
    demand(wins == 2 * WINS as usize, format_args!("of {} batches won in a race {wins} are whole", 2 * WINS))
}

fn gather_wins(probe: &Probe, line: &StartingLine, racer: u8) -> Verdict {
    let _end = AtEnd(&line.deserted);
    for win in 0..WINS {
        line.meet(win + 1);
        let mut tries = 0..TRIES;
        while !increment(probe, [racer, win as u8])? {
            demand(tries.next().is_some(), "a thread never won a race")?;
        }
    }
    Ok(())
}

/// One try. The record of the win goes last, behind others, so that a batch cut short is seen.
fn increment(probe: &Probe, win: [u8; 2]) -> Result<bool, Broken> {
    let seen = probe.value("count")?;
    let next = number(seen.as_deref())? + 1;
    let mut ops = vec![probe.put("count", next.to_be_bytes())];
    ops.extend((0..20u8).map(|filler| probe.put([b'f', filler], [filler; 100])));
    ops.push(probe.put([&b"win"[..], &win].concat(), next.to_be_bytes()));
    match probe.write_if(vec![probe.guard("count", seen.as_deref())], ops) {
        Ok(()) => Ok(true),
        Err(StorageError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Two threads insert the same keys under guards of absence: each key is won by one of them.
fn race_by_absence(probe: &Probe) -> Verdict {
    let line = StartingLine::of(2);
    both(|| claim_all(probe, &line, 1), || claim_all(probe, &line, 2))?;
    for claim in 0..WINS {
        let owner = probe.value([b'c', claim as u8])?;
        let winners: Vec<Vec<u8>> = probe.tails([b'w', claim as u8])?;
        let one = winners.len() == 1
            && winners.first().and_then(|tail| tail.last()) == owner.as_deref().and_then(<[u8]>::last);
        demand(one, format_args!("{} threads inserted the same record, each under a guard of absence", winners.len()))?;
    }
    Ok(())
}

fn claim_all(probe: &Probe, line: &StartingLine, racer: u8) -> Verdict {
    let _end = AtEnd(&line.deserted);
    for claim in 0..WINS as u8 {
        line.meet(u32::from(claim) + 1);
        let ops = vec![probe.put([b'c', claim], [racer]), probe.put([b'w', claim, racer], "")];
        match probe.write_if(vec![probe.guard([b'c', claim], None)], ops) {
            Ok(()) | Err(StorageError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Two threads write at the same time what does not concern the other: a storage that has to run one of the transactions
/// again must begin it at its first operation.
fn race_apart(probe: &Probe) -> Verdict {
    let line = StartingLine::of(2);
    both(|| write_apart(probe, &line, 1), || write_apart(probe, &line, 2))?;
    let whole = probe.tails("")?.len();
    let expected = 2 * WINS as usize * SHARE as usize;
    demand(
        whole == expected,
        format_args!("two threads wrote {expected} records at the same time, and {whole} are there"),
    )
}

/// Operations of one batch that is written apart.
const SHARE: u8 = 24;

fn write_apart(probe: &Probe, line: &StartingLine, racer: u8) -> Verdict {
    let _end = AtEnd(&line.deserted);
    for win in 0..WINS as u8 {
        line.meet(u32::from(win) + 1);
        let attempt = || {
            let ops = (0..SHARE).map(|op| probe.put([racer, win, op], [op; 50])).collect();
            probe.write_if(vec![probe.guard([racer, win, 0], None)], ops)
        };
        // A database may refuse one of two transactions for no better reason than that there were two.
        let mut outcomes = (0..TRIES).map(|_| attempt()).skip_while(|outcome| *outcome == Err(StorageError::Conflict));
        outcomes.next().unwrap_or(Err(StorageError::Conflict))?;
    }
    Ok(())
}

/// While batches are written, others read and scan: every call succeeds, and none sees half of a batch.
fn readers_see_whole_batches(probe: &Probe) -> Verdict {
    let line = StartingLine::of(3);
    write_generation(probe, 0)?;
    let writing = || {
        let _end = AtEnd(&line.deserted);
        line.meet(1);
        (1..=GENERATIONS).try_for_each(|generation| write_generation(probe, generation))
    };
    both(writing, || both(|| keep_looking(probe, &line, read_members), || keep_looking(probe, &line, scan_members)))?;
    let last = number(read_members(probe)?.first().map(Vec::as_slice))?;
    demand(last == GENERATIONS, "the last batch written is not what is read")
}

/// Looks until the writer leaves. Each look must see one generation, and never an older one than was seen before.
fn keep_looking(probe: &Probe, line: &StartingLine, look: fn(&Probe) -> Result<Vec<Vec<u8>>, Broken>) -> Verdict {
    let mut newest = 0;
    line.meet(1);
    while !line.deserted.load(Ordering::Acquire) {
        newest = one_generation(&look(probe)?, newest)?;
    }
    Ok(())
}

fn members() -> impl Iterator<Item = [u8; 2]> {
    (0..24u8).map(|member| [b'm', member])
}

fn write_generation(probe: &Probe, generation: u32) -> Verdict {
    let puts = members().map(|member| probe.put(member, generation.to_be_bytes()));
    let ops = [probe.clear("m", "n")].into_iter().chain(puts).collect();
    probe.write(ops).map_err(Broken::from)
}

fn read_members(probe: &Probe) -> Result<Vec<Vec<u8>>, Broken> {
    let found = probe.read(members().map(|member| probe.key(member)).collect())?;
    Ok(found.into_iter().flatten().collect())
}

fn scan_members(probe: &Probe) -> Result<Vec<Vec<u8>>, Broken> {
    let found = probe.scan(&probe.key("m"), &[], u32::MAX)?;
    Ok(found.into_iter().map(|record| record.value).collect())
}

fn one_generation(values: &[Vec<u8>], newest: u32) -> Result<u32, Broken> {
    let first = values.first();
    let whole = values.len() == members().count() && values.iter().all(|value| Some(value) == first);
    demand(whole, "one call saw half of a batch that another thread was writing")?;
    let seen = number(first.map(Vec::as_slice))?;
    demand(seen >= newest, "a later call saw an older state")?;
    Ok(seen)
}
