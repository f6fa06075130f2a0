//! `repeat OPERATION MEMBERS TIMES`: one operation again and again, for a profiler to look at:
//! `valgrind --tool=callgrind --toggle-collect='*repeat::measured*' target/profiling/repeat process 1000 20`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use conclave::{CommitBuilder, GroupOptions, JoinOptions, KeyPackageOptions};
use conclave_benches::scene::{Person, Scene};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [operation, members, times] = arguments.as_slice() else { panic!("usage: repeat OPERATION MEMBERS TIMES") };
    let (members, times) = (members.parse().unwrap(), times.parse().unwrap());
    match operation.as_str() {
        "join" => join(members, times),
        "bulk-add" => bulk_add(members, times),
        other => on_a_scene(other, members, times),
    }
}

/// Joins a full group.
fn join(members: u32, times: u32) {
    let (scene, newcomer) = (Scene::new(members), Person::new("newcomer"));
    let options = KeyPackageOptions { last_resort: true, ..KeyPackageOptions::default() };
    let key_package = newcomer.client.create_key_packages(1, options).unwrap().remove(0).message;
    scene.hold_still(true);
    newcomer.storage.hold_still(true);
    let made = scene.commit(Some(&key_package), None);
    let (welcome, tree) = (made.welcome.unwrap(), made.tree);
    for _ in 0..times {
        let options = JoinOptions { tree: tree.clone(), ..JoinOptions::default() };
        measured(|| drop(newcomer.client.join(welcome.clone(), options).unwrap()));
    }
}

/// Adds everybody to a group of one.
fn bulk_add(members: u32, times: u32) {
    let creator = Person::new("creator");
    let group = creator.client.create_group(GroupOptions::default()).unwrap();
    creator.storage.hold_still(true);
    let packages: Vec<_> = (1..members).map(|number| Person::new(&format!("member {number}")).key_package()).collect();
    for _ in 0..times {
        let add = |draft: Arc<CommitBuilder>, package: &Vec<u8>| draft.add(package.clone()).unwrap();
        measured(|| drop(packages.iter().fold(group.clone().new_commit(), add).build().unwrap()));
    }
}

/// An operation in a full group.
fn on_a_scene(operation: &str, members: u32, times: u32) {
    let scene = Scene::new(members);
    let key_package = Person::new("newcomer").key_package();
    scene.hold_still(true);
    let commit = scene.commit(None, None).commit;
    let add = scene.commit(Some(&key_package), None).commit;
    let remove = scene.commit(None, Some(scene.bystander)).commit;
    scene.hold_still(false);
    scene.receive(&scene.encrypt());
    scene.hold_still(true);
    let message = scene.encrypt();
    for _ in 0..times {
        scene.sending.status().unwrap();
        scene.receiving.status().unwrap();
        measured(|| match operation {
            "process" => scene.receive(&commit),
            "process-add" => scene.receive(&add),
            "process-remove" => scene.receive(&remove),
            "update" => drop(scene.commit(None, None)),
            "remove" => drop(scene.commit(None, Some(scene.bystander))),
            "encrypt" => drop(scene.encrypt()),
            "decrypt" => scene.receive(&message),
            other => panic!("no such operation: {other}"),
        });
    }
}

#[inline(never)]
fn measured(act: impl FnOnce()) {
    act();
}
