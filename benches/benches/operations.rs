//! The operations of a messenger at several sizes of the group, each beside its floor. The table is printed at the end.
//!
//! With `CONCLAVE_BENCH_QUICK=1`, few repetitions.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::{Duration, Instant};

use conclave::{GroupOptions, JoinOptions, KeyPackageOptions};
use conclave_benches::floor::Floor;
use conclave_benches::scene::{Person, Scene};
use criterion::Criterion;

/// One line of the table, in nanoseconds.
struct Line {
    operation: &'static str,
    size: u32,
    median: f64,
    fastest: f64,
    floor: f64,
}

struct Run {
    criterion: Criterion,
    floor: Floor,
    lines: Vec<Line>,
}

impl Run {
    /// Measures an act, which runs between an untimed preparation and nothing.
    fn line<T>(
        &mut self,
        (operation, size, floor): (&'static str, u32, f64),
        mut prepare: impl FnMut(),
        mut act: impl FnMut() -> T,
    ) {
        let mut samples: Vec<Duration> = Vec::new();
        let mut once = || {
            prepare();
            let start = Instant::now();
            let outcome = act();
            let elapsed = start.elapsed();
            drop(outcome);
            samples.push(elapsed);
            elapsed
        };
        let name = format!("{operation}, n = {size}");
        self.criterion.bench_function(&name, |bencher| bencher.iter_custom(|count| (0..count).map(|_| once()).sum()));
        samples.sort();
        let (Some(fastest), Some(median)) = (samples.first(), samples.get(samples.len() / 2)) else { return };
        let (fastest, median) = (fastest.as_nanos() as f64, median.as_nanos() as f64);
        self.lines.push(Line { operation, size, median, fastest, floor });
    }

    /// What does not depend on a group.
    fn alone(&mut self) {
        let person = Person::new("alone");
        person.storage.hold_still(true);
        let floor = self.floor.key_package();
        self.line(("key package", 1, floor), || (), || person.key_package());
        self.line(("create", 1, 0.0), || (), || person.client.create_group(GroupOptions::default()).unwrap());
    }

    fn at(&mut self, size: u32) {
        let n = f64::from(size);
        let scene = Scene::new(size);
        let newcomer = Person::new("newcomer");
        let options = KeyPackageOptions { last_resort: true, ..KeyPackageOptions::default() };
        let key_package = newcomer.client.create_key_packages(1, options).unwrap().remove(0).message;
        scene.hold_still(true);
        newcomer.storage.hold_still(true);
        self.bulk_add(size);
        self.join((&scene, &newcomer, &key_package), n);
        self.commits((&scene, &key_package), (size, n));
        self.messages(&scene, (size, n));
    }

    fn bulk_add(&mut self, size: u32) {
        let creator = Person::new("creator");
        let group = creator.client.create_group(GroupOptions::default()).unwrap();
        creator.storage.hold_still(true);
        let packages: Vec<_> = (1..size).map(|number| Person::new(&format!("member {number}")).key_package()).collect();
        let draft = || {
            let add =
                |draft: std::sync::Arc<conclave::CommitBuilder>, package: &Vec<u8>| draft.add(package.clone()).unwrap();
            packages.iter().fold(group.clone().new_commit(), add)
        };
        let tree = f64::from(size) * 170.0;
        let floor = self.floor.bulk_add(f64::from(size - 1), tree);
        self.line(("bulk add", size, floor), || (), || draft().build().unwrap());
    }

    fn join(&mut self, (scene, newcomer, key_package): (&Scene, &Person, &[u8]), n: f64) {
        let made = scene.commit(Some(key_package), None);
        let (welcome, tree) = (made.welcome.unwrap(), made.tree.unwrap());
        let floor = self.floor.join(n, 0.0);
        let options = || JoinOptions { tree: Some(tree.clone()), ..JoinOptions::default() };
        self.line(("join", n as u32, floor), || (), || newcomer.client.join(welcome.clone(), options()).unwrap());
    }

    fn commits(&mut self, (scene, key_package): (&Scene, &[u8]), (size, n): (u32, f64)) {
        let floor = &self.floor;
        let make = [
            ("self-update", "process a self-update", None, None, floor.self_update(n), floor.process_commit(n)),
            ("add one", "process an add", Some(key_package), None, floor.add_one(n), floor.process_add(n)),
            ("remove one", "process a remove", None, Some(scene.bystander), floor.remove(n), floor.process_commit(n)),
        ];
        for (making, processing, add, remove, making_floor, processing_floor) in make {
            let warm = || drop(scene.sending.status().unwrap());
            self.line((making, size, making_floor), warm, || scene.commit(add, remove));
            let commit = scene.commit(add, remove).commit;
            let warm = || drop(scene.receiving.status().unwrap());
            self.line((processing, size, processing_floor), warm, || scene.receive(&commit));
        }
    }

    fn messages(&mut self, scene: &Scene, (size, n): (u32, f64)) {
        let first = scene.encrypt();
        let (client, group_id) = (&scene.receiver.client, scene.receiving.id());
        let open = || client.open_group(group_id.clone()).unwrap().receive(first.clone(), vec![]).unwrap();
        self.line(("open, decrypt", size, self.floor.open_and_decrypt(n)), || (), open);
        scene.hold_still(false);
        let first = scene.encrypt();
        scene.receive(&first);
        scene.hold_still(true);
        let warm = || drop(scene.sending.status().unwrap());
        self.line(("encrypt 1 KiB", size, self.floor.encrypt()), warm, || scene.encrypt());
        let second = scene.encrypt();
        let warm = || drop(scene.receiving.status().unwrap());
        self.line(("decrypt 1 KiB", size, self.floor.decrypt()), warm, || scene.receive(&second));
    }

    fn table(&self) {
        println!("\n| Operation | n | median | fastest | floor | fastest / floor |\n|---|--:|--:|--:|--:|--:|");
        for Line { operation, size, median, fastest, floor } in &self.lines {
            let ratio = if *floor > 0.0 { format!("{:.2}", fastest / floor) } else { String::from("–") };
            let [median, fastest, floor] = [*median, *fastest, *floor].map(time);
            println!("| {operation} | {size} | {median} | {fastest} | {floor} | {ratio} |");
        }
    }
}

fn time(nanos: f64) -> String {
    match nanos {
        0.0 => String::from("–"),
        nanos if nanos < 1e6 => format!("{:.1} µs", nanos / 1e3),
        nanos => format!("{:.2} ms", nanos / 1e6),
    }
}

fn main() {
    let quick = std::env::var_os("CONCLAVE_BENCH_QUICK").is_some();
    let (warm_up, measurement) = if quick { (50, 300) } else { (300, 3000) };
    let criterion = Criterion::default()
        .without_plots()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(warm_up))
        .measurement_time(Duration::from_millis(measurement));
    let mut run = Run { criterion, floor: Floor::measure(), lines: Vec::new() };
    run.alone();
    [10, 1_000, 10_000].into_iter().for_each(|size| run.at(size));
    run.table();
    run.criterion.final_summary();
}
