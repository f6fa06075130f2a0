//! The command as its users meet it.
#![allow(clippy::unwrap_used)]

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

fn conclave(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may have ended before all of it was written.
    let written = child.stdin.take().unwrap().write_all(input.as_ref());
    assert!(written.is_ok() || written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe));
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

/// A Proposal that removes leaf 2.
const REMOVE: &str = "Proposal (6 bytes)\n  proposal_type: 0x0003 (remove)\n  remove.removed: 2\n";

#[test]
fn an_object_is_shown_in_whatever_form_it_comes() {
    let bytes = [0, 3, 0, 0, 0, 2];
    for input in [&bytes[..], b"0x0003 0000\n0002\n", b"000300000002", b"AAMAAAAC\n"] {
        let output = conclave(&["inspect", "-", "--as", "Proposal"], input);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), REMOVE);
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("welcome");
    std::fs::write(&file, [0, 1, 0, 3, 0, 1, 0, 0]).unwrap();
    let output = conclave(&["inspect", file.to_str().unwrap()], "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("MLSMessage (8 bytes)\n  version: 0x0001 (mls10)\n"), "{text}");
}

#[test]
fn a_tree_is_drawn() {
    let output = conclave(&["inspect", "-", "--as=tree"], "14 0101 00 00 0001 03 626f62 00 00 00 00 00 02 00 00 00");
    assert!(String::from_utf8(output.stderr).unwrap().contains("malformed (20"));
    let output = conclave(&["inspect", "-", "--as=tree"], "12 0101 00 00 0001 03 626f62 00 00 00 00 00 02 00 00");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "ratchet tree (members: 1, leaves: 1)\n0 leaf 0: \"bob\" (3 bytes)\n"
    );
}

#[test]
fn what_cannot_be_shown_is_answered_in_plain_words() {
    let answer = |arguments: &[&str], input: &str| {
        let output = conclave(arguments, input);
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(answer(&["inspect"], ""), "conclave: a FILE is missing, or - for standard input\n");
    assert_eq!(answer(&["inspect", "-"], " "), "conclave: there is nothing to inspect\n");
    assert_eq!(answer(&["inspect", "-"], "{}"), "conclave: this is text, but neither hex nor base64\n");
    assert!(answer(&["inspect", "/nowhere/at/all"], "").starts_with("conclave: /nowhere/at/all: "));
    assert!(answer(&["inspect", "-", "--as", "Secret"], "00").contains("`conclave help inspect` tells which kinds"));
    let cut = answer(&["inspect", "-", "--as", "proposal"], "0003 0000");
    assert_eq!(cut, "conclave: malformed (201): Proposal.remove.removed before byte 2: 4 bytes are wanted\n");
    let secrets = format!("20{}0000", "5e".repeat(32));
    let refused = answer(&["inspect", "-"], &secrets);
    assert!(refused.contains("(106)") && refused.contains("GroupSecrets") && !refused.contains("5e5e"), "{refused}");
}
