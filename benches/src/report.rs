//! What is written down: a CSV file as the rows are measured, and a table at the end.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use crate::ours::person::scratch;
use crate::rounds::Line;

/// The columns of the CSV file; times in nanoseconds.
const HEADER: &str =
    "contender,operation,n,rounds,median_ns,fastest_ns,floor_ns,ratio,reads,read_bytes,writes,written_bytes";

/// The report, open until it is [finished](Report::finish).
pub(crate) struct Report {
    file: File,
    lines: Vec<Line>,
}

impl Report {
    /// Begins the file: `CONCLAVE_BENCH_CSV`, or `operations.csv` in the folder of the benches.
    pub(crate) fn new() -> Self {
        let path = std::env::var_os("CONCLAVE_BENCH_CSV").map(PathBuf::from);
        let mut file = File::create(path.unwrap_or_else(|| scratch().join("operations.csv"))).unwrap();
        writeln!(file, "{HEADER}").unwrap();
        Report { file, lines: Vec::new() }
    }

    /// Adds a row, and says so on stderr.
    pub(crate) fn add(&mut self, row: Vec<Line>) {
        for line in row {
            writeln!(self.file, "{}", csv(&line)).unwrap();
            eprintln!("{}", in_words(&line));
            self.lines.push(line);
        }
    }

    /// Prints the table, in the order of operations.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub(crate) fn finish(mut self) -> Vec<Line> {
        self.lines.sort_by_key(|line| (line.operation as usize, line.n));
        println!("| Operation | n | | median | fastest | floor | median / floor | reads | read | writes | written |");
        println!("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        self.lines.iter().for_each(|line| println!("{}", in_words(line)));
        self.lines
    }
}

fn csv(line: &Line) -> String {
    let mut text = format!("\"{}\",{},{},{}", line.contender, line.operation.name(), line.n, line.rounds);
    let (median, ratio) = (line.median, line.ratio().map(|ratio| format!("{ratio:.3}")).unwrap_or_default());
    let (elapsed, fastest) = (median.elapsed.as_nanos(), line.fastest.as_nanos());
    write!(text, ",{elapsed},{fastest},{:.0},{ratio}", line.floor).unwrap();
    write!(text, ",{},{},{},{}", median.reads, median.read_bytes, median.writes, median.written_bytes).unwrap();
    text
}

fn in_words(line: &Line) -> String {
    let mut text = format!("| {} | {} | {} ", line.operation.name(), grouped(line.n), line.contender);
    let median = line.median;
    let times = [median.elapsed.as_nanos() as f64, line.fastest.as_nanos() as f64, line.floor];
    times.into_iter().for_each(|nanos| write!(text, "| {} ", time(nanos)).unwrap());
    let ratio = line.ratio().map_or_else(|| String::from("–"), |ratio| format!("{ratio:.2}"));
    let (read, written) = (bytes(median.read_bytes), bytes(median.written_bytes));
    write!(text, "| {ratio} | {} | {read} | {} | {written} |", median.reads, median.writes).unwrap();
    text
}

fn grouped(n: u32) -> String {
    match n {
        0..1000 => n.to_string(),
        _ => format!("{} {:03}", n / 1000, n % 1000),
    }
}

fn time(nanos: f64) -> String {
    match nanos {
        0.0 => String::from("–"),
        ..1e6 => format!("{:.1} µs", nanos / 1e3),
        ..1e9 => format!("{:.2} ms", nanos / 1e6),
        _ => format!("{:.2} s", nanos / 1e9),
    }
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}
