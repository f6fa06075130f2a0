//! The rooms of `src/` stand in one order, and each imports only rooms above it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, in reading order. `vectors` and `testing` are for tests only and may look everywhere.
const ROOMS: &[&str] =
    &["base", "codec", "crypto", "store", "tree", "schedule", "message", "group", "client", "inspect", "capi"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => sources(&path, found),
            path if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            _ => {}
        }
    }
}

/// The library part of a file: what stands before its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let library = text.split("#[cfg(test)]\n#[allow").next().unwrap_or_default();
    let lines = library.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn room_of(path: &Path, root: &Path) -> Option<usize> {
    let first = path.strip_prefix(root).ok()?.components().next()?;
    let name = first.as_os_str().to_str()?;
    ROOMS.iter().position(|room| *room == name)
}

fn is_test_file(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("/tests/") || text.ends_with("_tests.rs") || text.ends_with("/sample.rs")
}

/// Names of rooms that a text imports as `crate::room`, also inside `use crate::{…}`.
fn imported(text: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> =
        ROOMS.iter().copied().filter(|room| text.contains(&format!("crate::{room}::"))).collect();
    for group in text.split("use crate::{").skip(1) {
        let body = group.split(';').next().unwrap_or_default();
        found.extend(ROOMS.iter().copied().filter(|room| body.contains(&format!("{room}::"))));
    }
    found
}

fn upward_edges(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    sources(root, &mut files);
    let mut edges = Vec::new();
    for path in files.iter().filter(|path| !is_test_file(path)) {
        let Some(room) = room_of(path, root) else { continue };
        for name in imported(&code(path)) {
            if ROOMS.iter().position(|other| *other == name).unwrap() > room {
                edges.push(format!("{} imports {name}", path.display()));
            }
        }
    }
    edges
}

#[test]
fn no_room_imports_one_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let edges = upward_edges(&root);
    assert!(edges.is_empty(), "upward edges:\n{}", edges.join("\n"));
}

#[test]
fn an_upward_edge_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("base")).unwrap();
    fs::write(folder.path().join("base/a.rs"), "use crate::{codec::Opaque, tree::Tree};\nuse crate::group::x;\n")
        .unwrap();
    let edges = upward_edges(folder.path());
    assert_eq!(edges.len(), 3, "{edges:?}");
}

/// Only `crypto` names the library that does the cryptography, and only `capi` may be unsafe.
#[test]
fn each_thing_has_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for path in files.iter().filter(|path| !is_test_file(path)) {
        let inside = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = code(path);
        assert!(inside.starts_with("crypto/") || !text.contains("aws_lc_rs"), "{inside} names aws_lc_rs");
        assert!(inside.starts_with("capi/") || !text.contains("unsafe {"), "{inside} has an unsafe block");
        let may_shift =
            ["tree/index.rs", "tree/unmerged.rs"].contains(&inside.as_str()) || !inside.starts_with("tree/");
        assert!(may_shift || !(text.contains(" << ") || text.contains(" >> ")), "{inside} shifts an index");
    }
}
