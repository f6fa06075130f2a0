//! Long lists of unmerged leaves.

use super::bench::{Bench, Plan};

/// A wide tree whose root is keyed and in which all leaves but the first and the last are blank.
fn hollow(seed: u64, leaves: usize) -> Bench {
    let mut bench = Bench::new(seed);
    bench.commit(&Plan { adds: leaves - 1, ..Plan::default() });
    let removes = (1..leaves as u32 - 1).collect();
    bench.commit(&Plan { removes, committer: Some(0), ..Plan::default() });
    bench
}

fn unmerged_at_root(bench: &Bench) -> usize {
    bench.model.parents[&(bench.model.width() - 1)].unmerged_leaves.len()
}

#[test]
fn unmerged_leaves_outgrow_their_node_and_fill_several_chunks() {
    let mut bench = hollow(3, 4096);
    for adds in [32, 1, 1, 1000, 1, 1500] {
        bench.commit(&Plan { adds, ..Plan::default() });
        bench.compare_whole();
    }
    assert_eq!(unmerged_at_root(&bench), 2535);
    // A path below leaves the root's list longer than a chunk; one through the root clears it.
    bench.curious = true;
    bench.commit(&Plan { adds: 3, committer: Some(700), ..Plan::default() });
    bench.compare();
    assert_eq!(unmerged_at_root(&bench), 0);
}

#[test]
fn a_long_list_goes_with_its_node() {
    for committer in [None, Some(0)] {
        let mut bench = hollow(4, 4096);
        bench.commit(&Plan { adds: 1100, ..Plan::default() });
        bench.commit(&Plan { updates: vec![9], committer, ..Plan::default() });
        bench.compare_whole();
        bench.commit(&Plan { adds: 40, ..Plan::default() });
        bench.compare_whole();
        let removes = (1..4096).filter(|leaf| bench.model.leaves[*leaf as usize].is_some()).collect();
        bench.commit(&Plan { removes, ..Plan::default() });
        bench.compare();
        assert_eq!(bench.model.width(), 1);
    }
}

#[test]
fn a_short_list_that_outgrows_its_node_is_written_to_every_chunk() {
    let mut bench = Bench::new(6);
    bench.commit(&Plan { adds: 1100, ..Plan::default() });
    bench.commit(&Plan { removes: (1000..1050).collect(), committer: Some(0), ..Plan::default() });
    for adds in [30, 20] {
        bench.commit(&Plan { adds, ..Plan::default() });
        bench.compare_whole();
    }
    assert_eq!(unmerged_at_root(&bench), 50);
}
