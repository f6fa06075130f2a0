//! Every scenario prints what `examples/expected` says, which is the same in every language.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

fn compare(program: &str, name: &str) {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../expected/{name}.txt"));
    let expected = std::fs::read_to_string(file).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{name} prints something else");
}

#[test]
fn hello() {
    compare(env!("CARGO_BIN_EXE_hello"), "hello");
}

#[test]
fn add_remove() {
    compare(env!("CARGO_BIN_EXE_add_remove"), "add_remove");
}

#[test]
fn offline_join() {
    compare(env!("CARGO_BIN_EXE_offline_join"), "offline_join");
}

#[test]
fn two_process() {
    compare(env!("CARGO_BIN_EXE_two_process"), "two_process");
}

#[test]
fn crash() {
    compare(env!("CARGO_BIN_EXE_crash"), "crash");
}

#[test]
fn demo() {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).output().unwrap();
    let transcript = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && transcript.ends_with(" passed, 0 failed\n"), "{transcript}");
}
