//! `docs/validation.md`, made from the tests themselves. `CONCLAVE_WRITE_DOCS=1` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// The checklist, line by line. Its tests carry the name of the line.
const CHECKLIST: &[(&str, &str)] = &[
    ("F1", "tags are compared in constant time and by length"),
    ("F2", "no panic and no read past the end in a decoder made by hand"),
    ("F3", "lengths of vectors are minimally encoded"),
    ("F4", "nothing follows a message or a known payload; unknown types are ignored; no extension type twice"),
    ("F5", "no index overflows; a tree has a largest size; leaves and parents stand where they belong"),
    ("F6", "the last node of a ratchet tree is not blank; then it is extended"),
    ("F7", "protocol version, group id and epoch are those of the group"),
    ("F8", "who may send what in which wire format, and who has a membership tag"),
    ("F9", "the sender is a member of the very epoch"),
    ("F10", "the sender's leaf index comes before any derivation; skipped keys are bounded"),
    ("F11", "a message that fails uses up no key and destroys no state"),
    ("F12", "the signature does not cover the generation"),
    ("F13", "padding is zero; authenticated data is exact; our own messages are told apart"),
    ("F14", "handshakes of past epochs are refused"),
    ("L1", "the source of a leaf fits its place, and so does what its signature covers"),
    ("L2", "a new leaf has a new encryption key; leaf 0 may update"),
    ("L3", "keys are unique in the resulting tree; a freed key is free"),
    ("L4", "key packages: init key, suite, version, both signatures"),
    ("L5", "a leaf lists what it uses, and default types are not listed"),
    ("L6", "every member supports every credential type in use"),
    ("L7", "every member supports the group's extensions and required capabilities"),
    ("L8", "lifetimes; a credential may be replaced only by its successor"),
    ("T1", "every parent is covered by exactly one chain of parent hashes"),
    ("T2", "unmerged leaves: sorted, members, below the node, unmerged all the way"),
    ("T3", "the tree hash is that of the GroupInfo; keys of parents are unique"),
    ("T4", "the whole tree is verified at a join"),
    ("P1", "one Update or Remove for a leaf, none of the committer"),
    ("P2", "no client is added that is a member, nor twice"),
    ("P3", "a Remove names a member"),
    ("P4", "pre-shared keys: ids, nonces, uses, order"),
    ("P5", "one GroupContextExtensions; a ReInit alone, and the group is closed"),
    ("P6", "no ExternalInit in a member's commit"),
    ("P7", "external senders: who, and what"),
    ("P8", "types beyond the RFC's are supported by all who process the commit"),
    ("P9", "proposals of drafts are types like any other"),
    ("P10", "the order in which proposals are applied"),
    ("C1", "when a commit must have a path"),
    ("C2", "the path is as long as the filtered direct path; its keys are new and follow from its secrets"),
    ("C3", "what is sealed, signed and tagged under which group context"),
    ("C4", "the commit secret"),
    ("C5", "the confirmation tag comes before any change"),
    ("C6", "commits of others while one of ours waits"),
    ("C7", "a new signature key"),
    ("W1", "GroupInfo and Welcome: signer, tag, suite, leaf, path secret"),
    ("W2", "a key package is used once, in the batch that joins"),
    ("X1", "external commits"),
    ("S1", "secrets are never printed, and are gone from the store when their time is over"),
];

/// The files, in the order of the page.
const FILES: &[(&str, &str)] = &[
    ("Framing and decoding", include_str!("framing.rs")),
    ("Encrypted messages", include_str!("private.rs")),
    ("Leaf nodes and key packages", include_str!("leaf_node.rs")),
    ("Keys and capabilities of members", include_str!("support.rs")),
    ("The ratchet tree", include_str!("tree.rs")),
    ("Proposals", include_str!("proposals.rs")),
    ("Proposals of types beyond the RFC's", include_str!("custom.rs")),
    ("Pre-shared keys, and groups that follow from others", include_str!("psk.rs")),
    ("Commits", include_str!("commit.rs")),
    ("Paths of commits", include_str!("path.rs")),
    ("External commits and external senders", include_str!("external.rs")),
    ("Welcome and GroupInfo", include_str!("welcome.rs")),
    ("Secrets", include_str!("secrets.rs")),
];

/// One rule with its test.
struct Rule {
    line: String,
    text: String,
    section: String,
    test: String,
}

/// What stands above each test of a file.
fn rules(source: &str) -> Vec<Rule> {
    let (mut rules, mut comment) = (Vec::new(), String::new());
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("/// ") {
            comment = format!("{comment} {text}").trim().to_owned();
        } else if let Some(test) = line.strip_prefix("fn ").filter(|_| comment.starts_with("Rule ")) {
            rules.push(rule(&comment, test.split('(').next().unwrap()));
            comment.clear();
        } else if !line.starts_with("#[") {
            assert!(!comment.starts_with("Rule "), "a rule without a test: {comment}");
            comment.clear();
        }
    }
    let tests = source.matches("#[test]").count();
    assert_eq!(tests, rules.len(), "a test without a rule");
    rules
}

fn rule(comment: &str, test: &str) -> Rule {
    let (line, text) = comment.strip_prefix("Rule ").unwrap().split_once(": ").unwrap();
    let (text, section) = text.rsplit_once(" (").unwrap_or_else(|| panic!("{test} names no section"));
    let section = section.trim_end_matches('.').trim_end_matches(')');
    assert!(!section.is_empty() && !text.is_empty(), "{test}");
    Rule { line: line.to_owned(), text: text.to_owned(), section: section.to_owned(), test: test.to_owned() }
}

fn page() -> String {
    let mut page = String::from(
        "# What is checked\n\nEvery rule that a message, a Welcome or a tree from outside is held to, with the section of RFC 9420 and the test\n\
         that breaks the rule with real keys, sees the input refused, and finds the stored bytes as they were. This page is\n\
         generated from the tests in `tests/validation/`; a rule without a test is missing here.\n",
    );
    let mut covered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (heading, source) in FILES {
        write!(page, "\n## {heading}\n\n| Rule | Section | Test |\n|---|---|---|\n").unwrap();
        for Rule { line, text, section, test } in rules(source) {
            writeln!(page, "| {text} | {section} | `{test}` |").unwrap();
            line.split(", ").for_each(|line| covered.entry(line.to_owned()).or_default().push(test.clone()));
        }
    }
    page.push_str(
        "\n## The checklist, line by line\n\nThe mistakes that other libraries made, and the tests that show them not to be made here.\n\n\
         | Line | Tests |\n|---|---|\n",
    );
    for (line, what) in CHECKLIST {
        let tests = covered.remove(*line).unwrap_or_default();
        assert!(!tests.is_empty(), "no test for line {line} of the checklist: {what}");
        let tests: BTreeSet<String> = tests.into_iter().collect();
        let tests: Vec<String> = tests.into_iter().map(|test| format!("`{test}`")).collect();
        writeln!(page, "| {what} | {} |", tests.join(", ")).unwrap();
    }
    covered.remove("+");
    assert!(covered.is_empty(), "lines that the checklist does not have: {covered:?}");
    page
}

#[test]
fn the_page_is_what_the_tests_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation.md");
    if std::env::var_os("CONCLAVE_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/validation.md is out of date: run with CONCLAVE_WRITE_DOCS=1");
}
