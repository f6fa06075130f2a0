//! The command as its users meet it.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn conclave(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn complaint(arguments: &[&str]) -> String {
    let output = conclave(arguments, "");
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn help_names_the_commands_and_tells_about_each() {
    for arguments in [&[][..], &["help"], &["--help"]] {
        let output = conclave(arguments, "");
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("chat") && text.contains("RFC 9420"), "{text}");
    }
    let usage = |arguments: &[&str]| String::from_utf8(conclave(arguments, "").stdout).unwrap();
    assert!(usage(&["help", "chat"]).starts_with("conclave chat --name NAME"));
    assert_eq!(usage(&["chat", "--help"]), usage(&["help", "chat"]));
}

#[test]
fn mistakes_are_answered_in_plain_words() {
    assert_eq!(complaint(&["cat"]), "conclave: there is no command \"cat\"; `conclave help` tells which there are\n");
    assert_eq!(complaint(&["chat", "--dir", "x"]), "conclave: --name is missing\n");
    assert_eq!(complaint(&["chat", "--name", "--dir", "x"]), "conclave: --name needs a value behind it\n");
    assert!(complaint(&["chat", "--name", "a", "--dir", "x", "--storage-key", "00"]).contains("these are 1 bytes"));
    assert!(complaint(&["chat", "--name", "../a", "--dir", "/nowhere"]).contains("not a name"));
}

#[test]
fn a_chat_of_one_goes_on_under_its_storage_key() {
    let directory = tempfile::tempdir().unwrap();
    let room = directory.path().to_str().unwrap();
    let key = "07".repeat(32);
    let arguments = ["chat", "--name", "alice", "--dir", room, "--storage-key", &key];
    let first = String::from_utf8(conclave(&arguments, "/create\n/members\n/quit\n").stdout).unwrap();
    assert!(first.contains("* you made the group\nmembers: alice\n"), "{first}");
    let second = String::from_utf8(conclave(&arguments, "/create\n/nonsense\n").stdout).unwrap();
    assert!(second.contains("! you are in a group already\n"), "{second}");
    assert!(second.contains("! /nonsense is not understood; /help tells more\n"), "{second}");
}
