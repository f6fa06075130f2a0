//! What the border costs: one message of 1 KiB encrypted from Rust, and the same from C, in turns in one run.

#![allow(unsafe_code, reason = "what is measured is a call from C")]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

use std::ffi::c_void;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conclave::{AcceptAll, Client, ClientConfig, Group, GroupOptions, Host, MemoryStorage};
use criterion::Criterion;

#[link(name = "border", kind = "static")]
unsafe extern "C" {
    fn border_group() -> *mut c_void;
    fn border_encrypt(group: *const c_void, plaintext: *const u8, length: usize) -> i32;
}

const PLAINTEXT: [u8; 1024] = [7; 1024];

/// Calls timed together: one alone is too short for the clock.
const CALLS: u32 = 20;

fn from_rust(group: &Group) {
    std::hint::black_box(group.encrypt(PLAINTEXT.to_vec(), vec![], vec![]).unwrap());
}

fn from_c(group: *const c_void) {
    // SAFETY: the group comes from `border_group` and is never freed; the plaintext outlives the call.
    let status = unsafe { border_encrypt(group, PLAINTEXT.as_ptr(), PLAINTEXT.len()) };
    assert_eq!(status, 0);
}

/// Times the first, with the second in between, so that whatever else the machine does meets both alike.
fn in_turns(count: u64, samples: &mut Vec<Duration>, timed: &dyn Fn(), other: &dyn Fn()) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..count {
        (0..CALLS).for_each(|_| other());
        let start = Instant::now();
        (0..CALLS).for_each(|_| timed());
        let elapsed = start.elapsed() / CALLS;
        samples.push(elapsed);
        sum += elapsed;
    }
    sum
}

fn median(samples: &mut [Duration]) -> f64 {
    samples.sort();
    samples[samples.len() / 2].as_nanos() as f64
}

fn main() {
    let host = Host::new(MemoryStorage::new(), Arc::new(AcceptAll));
    let client = Client::new(ClientConfig::basic("alice"), host).unwrap();
    let group = client.create_group(GroupOptions::default()).unwrap();
    // SAFETY: it takes nothing.
    let group_of_c = unsafe { border_group() };
    assert!(!group_of_c.is_null());
    let (rust, c) = (|| from_rust(&group), || from_c(group_of_c));
    let mut criterion = Criterion::default().without_plots().sample_size(50).measurement_time(Duration::from_secs(5));
    let (mut of_rust, mut of_c) = (Vec::new(), Vec::new());
    criterion.bench_function("encrypt 1 KiB from Rust", |bencher| {
        bencher.iter_custom(|count| in_turns(count, &mut of_rust, &rust, &c));
    });
    criterion.bench_function("encrypt 1 KiB from C", |bencher| {
        bencher.iter_custom(|count| in_turns(count, &mut of_c, &c, &rust));
    });
    let (rust, c) = (median(&mut of_rust), median(&mut of_c));
    println!(
        "\n| from Rust | from C | C / Rust |\n|--:|--:|--:|\n| {:.2} µs | {:.2} µs | {:.3} |",
        rust / 1e3,
        c / 1e3,
        c / rust
    );
    criterion.final_summary();
}
