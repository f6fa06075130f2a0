//! Random commits.

use super::Rng;
use super::bench::{Bench, Plan};
use super::model::Model;

/// A few distinct members, at most as many as can be spared.
fn pick(rng: &mut Rng, from: &mut Vec<u32>, most: usize) -> Vec<u32> {
    let count = rng.below(most + 1).min(from.len().saturating_sub(1));
    (0..count).map(|_| from.swap_remove(rng.below(from.len()))).collect()
}

fn random_plan(rng: &mut Rng, model: &Model, growing: bool) -> Plan {
    let mut members = model.members();
    let (adds, removes) = if growing { (5, 2) } else { (2, 5) };
    let updates = pick(rng, &mut members, 2);
    let removes = pick(rng, &mut members, removes);
    let adds = if rng.chance(60) { rng.below(adds + 1) } else { 0 };
    let committer = rng.chance(60).then(|| members[rng.below(members.len())]);
    Plan { updates, removes, adds, committer }
}

#[test]
fn random_commits_leave_the_tree_that_the_model_has() {
    for seed in 1..=12 {
        let mut bench = Bench::new(seed);
        bench.curious = true;
        for step in 0..70 {
            let growing = step % 40 < 24;
            let plan = random_plan(&mut bench.rng, &bench.model, growing);
            bench.commit(&plan);
            bench.compare();
        }
    }
}

#[test]
fn a_group_grows_and_shrinks_across_doublings() {
    let mut bench = Bench::new(77);
    for _ in 0..130 {
        let committer = bench.rng.chance(50).then_some(0);
        bench.commit(&Plan { adds: 1, committer, ..Plan::default() });
        bench.compare_whole();
    }
    assert_eq!(bench.model.width(), 256);
    while bench.model.members().len() > 1 {
        let mut members = bench.model.members();
        // The last ones leave first, with a few others in between.
        let gone =
            if bench.rng.chance(20) { members.remove(bench.rng.below(members.len())) } else { members.pop().unwrap() };
        let committer = bench.rng.chance(50).then(|| members[bench.rng.below(members.len())]);
        bench.commit(&Plan { removes: vec![gone], committer, ..Plan::default() });
        bench.compare_whole();
    }
    bench.compare();
}

#[test]
fn one_commit_shrinks_and_grows_again() {
    let mut bench = Bench::new(5);
    bench.commit(&Plan { adds: 69, ..Plan::default() });
    bench.compare();
    for (kept, adds) in [(3, 0), (1, 40), (9, 90), (20, 2)] {
        let members = bench.model.members();
        let removes = members[kept..].to_vec();
        bench.commit(&Plan { removes, adds, committer: Some(0), ..Plan::default() });
        bench.compare();
    }
}
