//! One surface in all languages: `bindings/surface.toml` lists each method once, and everything that is exported is in it.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/header.rs"]
mod header;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const SURFACE: &str = include_str!("../bindings/surface.toml");
const HEADER: &str = include_str!("../include/conclave.h");
const HEADER_OF_CPP: &str = include_str!("../include/conclave.hpp");

struct Method {
    rust: String,
    c: String,
    camel: String,
}

/// The rows `{ rust = "…", c = "…", camel = "…" }`.
fn methods() -> Vec<Method> {
    let row = |line: &str| {
        let quoted: Vec<&str> = line.trim().strip_prefix("{ rust = ")?.split('"').collect();
        let [_, rust, _, c, _, camel, ..] = quoted.as_slice() else { panic!("not a row: {line}") };
        Some(Method { rust: (*rust).to_owned(), c: (*c).to_owned(), camel: (*camel).to_owned() })
    };
    SURFACE.lines().filter_map(row).collect()
}

fn only_in_c() -> impl Iterator<Item = &'static str> {
    SURFACE
        .lines()
        .skip_while(|line| *line != "[c_only]")
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
}

/// The functions of the header.
fn in_header() -> BTreeSet<String> {
    header::functions(HEADER).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn every_function_of_the_header_is_listed_and_there() {
    let mut listed: BTreeSet<String> = only_in_c().map(str::to_owned).collect();
    listed.extend(methods().into_iter().map(|method| method.c).filter(|c| !c.is_empty() && !c.contains('.')));
    assert_eq!(in_header(), listed);
}

#[test]
fn every_callback_of_the_header_is_listed_and_there() {
    let listed: BTreeSet<String> = methods().into_iter().map(|method| method.c).filter(|c| c.contains('.')).collect();
    assert_eq!(header::callbacks(HEADER), listed);
}

/// What the library exports for UniFFI, as the linker sees it.
fn exported() -> BTreeSet<String> {
    let bytes = fs::read(library()).unwrap();
    let names = bytes.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
    let exported = names.filter_map(|name| name.strip_prefix("uniffi_conclave_fn_"));
    let own = |name: &&str| ["func_", "method_", "constructor_"].iter().any(|kind| name.starts_with(kind));
    exported.filter(own).map(str::to_owned).collect()
}

/// The shared library, which cargo builds beside the tests.
fn library() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let name = format!("{}conclave{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let found = tests.ancestors().map(|folder| folder.join(&name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("no {name} beside {}", tests.display()))
}

#[test]
fn everything_that_uniffi_exports_is_listed_and_there() {
    let listed: BTreeSet<String> = methods().iter().map(symbol).collect();
    assert_eq!(exported(), listed);
}

/// What UniFFI calls a method.
fn symbol(method: &Method) -> String {
    match method.rust.split_once("::") {
        None => format!("func_{}", method.rust),
        Some((object, name)) => {
            let kind = if is_constructor(object, name) { "constructor" } else { "method" };
            format!("{kind}_{}_{name}", object.to_lowercase())
        }
    }
}

fn is_constructor(object: &str, name: &str) -> bool {
    name == "new" || (object == "ExternalProposer" && name == "at_place")
}

#[test]
fn names_differ_in_their_spelling_alone() {
    for Method { rust, camel, .. } in methods() {
        let spelled = match rust.split_once("::") {
            None => in_camels(&rust),
            Some((object, "new")) => object.to_owned(),
            Some((object, name)) => format!("{object}.{}", in_camels(name)),
        };
        assert_eq!(camel, spelled);
    }
}

fn in_camels(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| camel + &word[..1].to_uppercase() + &word[1..])
}

/// Whatever the header has is tried by the programs in tests/c.
#[test]
fn every_function_of_the_header_is_called_by_a_test_in_c() {
    let tests = sources("tests/c", "c");
    let missing: Vec<String> = in_header().into_iter().filter(|name| !tests.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "not called by any test in tests/c: {missing:?}");
}

/// The text of all files of a folder that end so.
fn sources(folder: &str, ending: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|found| found == ending));
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// What C++ does in another way.
const NOT_FROM_CPP: [&str; 1] = [
    // A class of the header's own, which an app can call and build upon.
    "conclave_accept_all",
];

#[test]
fn every_function_of_the_header_is_reached_from_cpp() {
    let code = HEADER_OF_CPP.lines().filter(|line| !line.trim_start().starts_with("//"));
    let used: BTreeSet<&str> = code.flat_map(|line| line.split(|letter| !in_name(letter))).collect();
    let missing: Vec<String> = in_header().into_iter().filter(|name| !used.contains(name.as_str())).collect();
    assert_eq!(missing, NOT_FROM_CPP);
}

fn in_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Whatever conclave.hpp has is tried by the programs in tests/cpp.
#[test]
fn every_method_of_the_header_for_cpp_is_called_by_a_test_in_cpp() {
    let tests = sources("tests/cpp", "cpp") + &sources("tests/cpp", "hpp");
    let called: BTreeSet<&str> = tests.split('(').filter_map(name_at_end).collect();
    let missing: Vec<&str> = methods_of_cpp().into_iter().filter(|name| !called.contains(name)).collect();
    assert!(missing.is_empty(), "not called by any test in tests/cpp: {missing:?}");
}

fn name_at_end(text: &str) -> Option<&str> {
    text.rsplit(|letter| !in_name(letter))
        .next()
        .filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// The names of the public methods of conclave.hpp, and of its functions.
fn methods_of_cpp() -> BTreeSet<&'static str> {
    let (mut names, mut public, mut detail) = (BTreeSet::new(), false, false);
    for line in HEADER_OF_CPP.lines() {
        match line {
            "namespace detail {" => detail = true,
            "} // namespace detail" => detail = false,
            "public:" => public = true,
            "private:" | "};" => public = false,
            _ => public |= line.starts_with("struct ") && line.ends_with('{'),
        }
        let member = line.strip_prefix("    ").filter(|_| public);
        if !detail {
            names.extend(member.or(line.strip_prefix("inline ")).and_then(declared));
        }
    }
    names
}

/// The name of the function that a line declares: one with a type before it.
fn declared(line: &str) -> Option<&str> {
    let before = line.split_once('(')?.0;
    let is_named = !line.starts_with([' ', '/']) && before.contains(' ') && !before.contains("operator");
    name_at_end(before).filter(|_| is_named)
}
