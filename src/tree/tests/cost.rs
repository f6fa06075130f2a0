//! How much of the store an operation touches.

use super::bench::{Bench, Plan};

#[test]
fn a_path_in_a_group_of_a_thousand_touches_one_path() {
    let mut bench = Bench::new(8);
    bench.commit(&Plan { adds: 999, committer: Some(0), ..Plan::default() });
    for committer in [0, 500, 999] {
        bench.stored.storage.take_touches();
        bench.commit(&Plan { committer: Some(committer), ..Plan::default() });
        let touches = bench.stored.storage.take_touches();
        // The leaf and ten parents; the directory's entries for ten path keys and the leaf's three, old ones unread; and
        // the census.
        assert!(touches.records_read <= 45, "{touches:?}");
        assert!(touches.reads <= 6, "{touches:?}");
        assert!(touches.ops <= 60, "{touches:?}");
    }
    bench.compare_whole();
}

#[test]
fn an_add_touches_one_path_and_a_removal_another() {
    let mut bench = Bench::new(9);
    bench.commit(&Plan { adds: 1000, ..Plan::default() });
    bench.stored.storage.take_touches();
    bench.commit(&Plan { adds: 1, ..Plan::default() });
    bench.commit(&Plan { removes: vec![400], ..Plan::default() });
    let touches = bench.stored.storage.take_touches();
    assert!(touches.records_read <= 60, "{touches:?}");
    assert!(touches.reads <= 14, "{touches:?}");
    bench.compare_whole();
}

#[test]
fn ten_thousand_members_come_in_one_commit_and_are_hashed_once() {
    let mut bench = Bench::new(10);
    bench.stored.storage.take_touches();
    bench.commit(&Plan { adds: 9_999, committer: Some(0), ..Plan::default() });
    let touches = bench.stored.storage.take_touches();
    assert!(touches.bytes_written < 9_999 * 600, "{touches:?}");
    bench.compare_whole();
}
