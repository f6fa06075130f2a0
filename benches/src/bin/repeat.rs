//! `repeat OPERATION MEMBERS TIMES`: one operation again and again, for a profiler to look at:
//! `valgrind --tool=callgrind --toggle-collect='*repeat::measured*' target/profiling/repeat process 1000 20`.

#![allow(clippy::unwrap_used, clippy::panic)]

use conclave_benches::scene::{Person, Scene};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [operation, members, times] = arguments.as_slice() else { panic!("usage: repeat OPERATION MEMBERS TIMES") };
    let (scene, times) = (Scene::new(members.parse().unwrap()), times.parse().unwrap());
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
        measured(|| match operation.as_str() {
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
