//! What a fresh process needs: peak memory above an idle one, time, and how long an app hears nothing from a long call.
//!
//! The program runs itself: once to leave a store behind, and then, on a copy of it, once for each measurement.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::compare::wanted;
use crate::ours::person::scratch;

/// A library whose processes are looked at.
pub trait Fresh {
    /// What the table calls it, storage included.
    fn name(&self) -> &'static str;
    /// Leaves in the folder what [`open_and_decrypt`](Fresh::open_and_decrypt) and [`join`](Fresh::join) need, for a fully
    /// populated group of `n`.
    fn prepare(&self, folder: &Path, n: u32);
    /// Opens the stored group, and decrypts the first message of a sender.
    fn open_and_decrypt(&self, folder: &Path);
    /// Joins the group by a Welcome, with the tree beside it; tells `heard` whenever the library reports how far it is.
    fn join(&self, folder: &Path, heard: Arc<Gaps>);
}

/// How long a caller hears nothing.
pub struct Gaps(Mutex<(Instant, Duration)>);

/// What a process is to do.
const TASKS: [&str; 3] = ["idle", "open and decrypt", "join"];

/// The columns of what is printed.
const HEADER: &str = "library,task,n,elapsed_ns,peak_kib,above_idle_kib,anonymous_above_idle_kib,longest_gap_ns";

/// What a process found out about itself.
#[derive(Clone, Copy)]
struct Finding {
    elapsed_ns: u64,
    peak_kib: u64,
    /// What it has in the end that is not its program or another file.
    anonymous_kib: u64,
    longest_gap_ns: u64,
}

/// The main function of a program that measures these libraries at these sizes, and prints one line of CSV for each task.
#[expect(clippy::print_stdout, reason = "this is what the program is for")]
pub fn main(libraries: &[&dyn Fresh], sizes: &[u32]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, task, folder, n] = arguments.as_slice() {
        let library = libraries.iter().find(|library| library.name() == name).unwrap();
        return child(*library, (task, Path::new(folder)), n.parse().unwrap());
    }
    println!("{HEADER}");
    for n in &wanted(sizes) {
        for library in libraries {
            measure(*library, *n).iter().for_each(|line| println!("{line}"));
        }
    }
}

impl Gaps {
    /// Listens from now on.
    pub fn begin() -> Arc<Self> {
        Arc::new(Gaps(Mutex::new((Instant::now(), Duration::ZERO))))
    }

    /// Something was heard.
    pub fn hear(&self) {
        let (last, longest) = &mut *self.0.lock().unwrap();
        *longest = last.elapsed().max(*longest);
        *last = Instant::now();
    }

    fn longest(&self) -> Duration {
        self.hear();
        self.0.lock().unwrap().1
    }
}

/// One line for each task but being idle.
fn measure(library: &dyn Fresh, n: u32) -> Vec<String> {
    let folder = tempfile::tempdir_in(scratch()).unwrap();
    let (left, copy) = (folder.path().join("left"), folder.path().join("copy"));
    fs::create_dir(&left).unwrap();
    run(library, ("prepare", &left), n);
    let [idle, open, join] = TASKS.map(|task| {
        duplicate(&left, &copy);
        run(library, (task, &copy), n)
    });
    [(TASKS[1], open), (TASKS[2], join)].map(|(task, found)| line((library.name(), task), n, (idle, found))).to_vec()
}

fn line((library, task): (&str, &str), n: u32, (idle, found): (Finding, Finding)) -> String {
    let above = found.peak_kib.saturating_sub(idle.peak_kib);
    let anonymous = found.anonymous_kib.saturating_sub(idle.anonymous_kib);
    let Finding { elapsed_ns, peak_kib, longest_gap_ns, .. } = found;
    format!("\"{library}\",{task},{n},{elapsed_ns},{peak_kib},{above},{anonymous},{longest_gap_ns}")
}

/// Runs this program for a task, and reads what it says.
fn run(library: &dyn Fresh, (task, folder): (&str, &Path), n: u32) -> Finding {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([library.name(), task]).arg(folder).arg(n.to_string()).output().unwrap();
    assert!(output.status.success(), "{task}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = said.split_whitespace().map(|number| number.parse().unwrap()).collect();
    Finding { elapsed_ns: numbers[0], peak_kib: numbers[1], anonymous_kib: numbers[2], longest_gap_ns: numbers[3] }
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn child(library: &dyn Fresh, (task, folder): (&str, &Path), n: u32) {
    let gaps = Gaps::begin();
    let start = Instant::now();
    match task {
        "prepare" => library.prepare(folder, n),
        "open and decrypt" => library.open_and_decrypt(folder),
        "join" => library.join(folder, gaps.clone()),
        _ => {}
    }
    let elapsed = start.elapsed();
    let [peak_kib, anonymous_kib] = ["VmHWM:", "RssAnon:"].map(memory);
    println!("{} {peak_kib} {anonymous_kib} {}", elapsed.as_nanos(), gaps.longest().as_nanos());
}

/// How much memory this process has or had, in KiB; Linux alone says.
fn memory(which: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    line.and_then(|line| line.split_whitespace().next()).map_or(0, |number| number.parse().unwrap())
}

fn duplicate(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
