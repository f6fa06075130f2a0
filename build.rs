//! Makes the C header of the room `src/capi/` into the build folder. `include/conclave.h` is a copy, kept so by a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a build that cannot go on stops")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What stands at the top of the header.
const PREAMBLE: &str = include_str!("src/capi/header.txt");

/// The parts of the header, in the order in which a reader wants them: the file of the room that each is made of, and its title.
/// A struct that stands in another one by value comes before it.
const PARTS: [(&str, &str); 33] = [
    ("status", "Status"),
    ("version", "Version"),
    ("bytes", "Bytes"),
    ("memory", "Memory"),
    ("names", "Names"),
    ("context", "Context"),
    ("storage", "Storage"),
    ("batch", "Batch"),
    ("effect", "Effect"),
    ("validator", "Validator"),
    ("signer", "Signer"),
    ("policy", "Policy"),
    ("watching", "Watching"),
    ("config", "Configuration"),
    ("client", "Client"),
    ("key_packages", "Key packages"),
    ("psk", "Pre-shared keys"),
    ("lookups", "Lookups"),
    ("group", "Group"),
    ("members", "Members"),
    ("receive", "Receiving"),
    ("proposal", "Proposal"),
    ("event", "Event"),
    ("commit", "Commit"),
    ("pending_commit", "Pending commit"),
    ("proposing", "Proposing"),
    ("joining", "Joining"),
    ("successor", "Successor"),
    ("extensions", "Extensions"),
    ("outside", "Outside"),
    ("archive", "Archive"),
    ("journal", "Journal"),
    ("inspection", "Inspection"),
];

/// How options begin.
const INIT: &str = "
// An options struct with its size and the defaults: `conclave_join_options options = CONCLAVE_INIT(conclave_join_options);`
// Not for conclave_client_config, which has defaults that are not zero: conclave_client_config_init fills it.
#ifdef __cplusplus
#define CONCLAVE_INIT(type) ([] { type initial = {}; initial.struct_size = sizeof(type); return initial; }())
#else
#define CONCLAVE_INIT(type) { .struct_size = sizeof(type) }
#endif
";

/// What stands above the codes.
const CODES: &str = "
// What a status can be, beside CONCLAVE_OK. `status / 100` is the category:
// 1xx fix the call, 2xx drop the message, 3xx drop it and report its sender, 4xx fetch what is missing or rejoin,
// 5xx finish the other thing first, 6xx run the call again, 7xx the app's own callback failed, 8xx agree on something
// else, 9xx report a fault of the library. conclave_error_info tells what to do about each.

";

/// How what goes in is written down.
const LENDING: &str = "
// Lends a C string, without the zero byte at its end.
static inline conclave_bytes conclave_text(const char *text) {
  conclave_bytes bytes;
  bytes.data = (const uint8_t *)text;
  bytes.len = strlen(text);
  return bytes;
}

// Lends what is in a buffer.
static inline conclave_bytes conclave_buf_bytes(const conclave_buf *buf) {
  conclave_bytes bytes;
  bytes.data = buf->data;
  bytes.len = buf->len;
  return bytes;
}

// No bytes.
static inline conclave_bytes conclave_absent(void) {
  conclave_bytes bytes;
  bytes.data = NULL;
  bytes.len = 0;
  return bytes;
}
";

/// A file of the room.
struct File {
    name: String,
    path: PathBuf,
    source: String,
}

fn main() {
    let room = Path::new("src/capi");
    println!("cargo::rerun-if-changed={}", room.display());
    println!("cargo::rerun-if-changed=src/base/error.rs");
    let files = files(room);
    all_have_parts(&files);
    let header = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("conclave.h");
    fs::write(header, whole(&files)).unwrap();
}

fn files(room: &Path) -> Vec<File> {
    let paths = fs::read_dir(room).unwrap().map(|entry| entry.unwrap().path());
    let sources = paths.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let file = |path: PathBuf| File {
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        source: fs::read_to_string(&path).unwrap(),
        path,
    };
    sources.map(file).collect()
}

fn all_have_parts(files: &[File]) {
    for file in files.iter().filter(|file| !PARTS.iter().any(|(name, _)| *name == file.name)) {
        let items = items(&file.source);
        assert!(items.is_empty(), "{} has {items:?} for the header, and no part: see PARTS", file.path.display());
    }
}

/// The names that a file gives to the header.
fn items(source: &str) -> Vec<String> {
    let public = source.lines().filter(|line| line.starts_with("pub "));
    let named = public.filter_map(|line| {
        let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.find(|word| word.to_lowercase().starts_with("conclave_"))
    });
    named.map(str::to_owned).collect()
}

/// The header: first the names of all structs, so that the parts can stand in any order, then one part after the other.
fn whole(files: &[File]) -> String {
    let (mut contents, mut structs, mut parts) = (String::new(), String::new(), String::new());
    for (name, title) in PARTS {
        let file = files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no file for {name}"));
        let about = about(&file.source);
        let (sentence, _) = about.split_once(".\n").unwrap();
        writeln!(contents, " *     {title:<16}{}.", sentence.replace('\n', " ")).unwrap();
        let (before, after) = beside(name);
        let items = plain(&declared(file), &mut structs);
        let rule = "-".repeat(119 - title.len());
        write!(parts, "\n// ---- {title} {rule}\n// {}\n", about.trim_end().replace('\n', "\n// ")).unwrap();
        write!(parts, "{before}\n{}\n{after}", items.trim()).unwrap();
    }
    let preamble = PREAMBLE.replace(" * @CONTENTS@\n", &contents);
    let opening = "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n";
    format!(
        "{preamble}\n#ifndef CONCLAVE_H\n#define CONCLAVE_H\n\n{opening}
#ifdef __cplusplus\nextern \"C\" {{\n#endif\n
// The names of all structs.\n{structs}{INIT}{parts}
#ifdef __cplusplus\n}} // extern \"C\"\n#endif\n\n#endif // CONCLAVE_H\n"
    )
}

/// What a file says of itself: the first paragraph.
fn about(source: &str) -> String {
    let paragraph = source.lines().map_while(|line| line.strip_prefix("//! "));
    paragraph.map(|line| format!("{line}\n")).collect()
}

/// What stands in a part besides what its file declares.
fn beside(part: &str) -> (String, &'static str) {
    match part {
        "version" => (version(), ""),
        "status" => (codes_of(&fs::read_to_string("src/base/error.rs").unwrap()), ""),
        "bytes" => (String::new(), LENDING),
        _ => (String::new(), ""),
    }
}

/// What cbindgen makes of one file. Types of other files have their plain names there.
fn declared(file: &File) -> String {
    let items = items(&file.source);
    let config = config(items.clone());
    let mut text = Vec::new();
    let builder = cbindgen::Builder::new().with_config(config).with_src(&file.path);
    builder.generate().expect("the header cannot be made").write(&mut text);
    let text = String::from_utf8(text).unwrap();
    for item in items {
        assert!(text.contains(&item), "cbindgen left {item} of {} out", file.path.display());
    }
    text
}

fn config(items: Vec<String>) -> cbindgen::Config {
    cbindgen::Config {
        language: cbindgen::Language::C,
        no_includes: true,
        export: cbindgen::ExportConfig { include: items, ..cbindgen::ExportConfig::default() },
        documentation_style: cbindgen::DocumentationStyle::C99,
        documentation_length: cbindgen::DocumentationLength::Full,
        line_length: 120,
        usize_is_size_t: true,
        sort_by: cbindgen::SortKey::None,
        ..cbindgen::Config::default()
    }
}

/// Spells what cbindgen made as C has it once the names of all structs are known, and adds the struct names that it finds.
fn plain(declared: &str, structs: &mut String) -> String {
    let mut text = String::new();
    for line in declared.lines() {
        if let Some(name) = line.strip_prefix("typedef struct ").and_then(|line| line.split([' ', ';']).next()) {
            writeln!(structs, "typedef struct {name} {name};").unwrap();
        }
        writeln!(text, "{}", plain_line(line)).unwrap();
    }
    assert!(!text.contains("Out<") && !text.contains("Owned<"), "an output is left as it was: {text}");
    text
}

fn plain_line(line: &str) -> String {
    if let Some(after) = line.strip_prefix("typedef struct ") {
        // The definition of a struct, or the declaration of one that nobody sees into.
        return match after.split_once(' ') {
            Some((name, "{")) => format!("struct {name} {{"),
            Some((name, _)) => format!("struct {name};"),
            None => panic!("not a struct: {line}"),
        };
    }
    match line {
        _ if line.starts_with("} ") => "};".to_owned(),
        _ if line.starts_with("#define") && line.ends_with(" 4294967295") => format!("{line}u"),
        _ if line.trim_start().starts_with("//") => line.to_owned(),
        _ => plain_outputs(&line.replace("struct ", "")),
    }
}

/// Spells the outputs as the pointers that they are: `Out<Owned<conclave_buf>> id` is `conclave_buf **id`.
fn plain_outputs(line: &str) -> String {
    let Some((before, after)) = line.split_once("Out<") else { return line.to_owned() };
    let (kind, rest) = after.split_once("> ").unwrap_or_else(|| panic!("an output of another form: {line}"));
    let object = kind.strip_prefix("Owned<").map(|kind| format!("{} **", kind.trim_end_matches('>')));
    let pointer = kind.strip_suffix('*').map(|kind| format!("{kind} **"));
    let spelled = object.or(pointer).unwrap_or_else(|| format!("{kind} *"));
    format!("{before}{spelled}{}", plain_outputs(rest))
}

/// The release that the header belongs to.
fn version() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION_{name}")).unwrap().parse::<u32>().unwrap();
    let (major, minor, patch) = (part("MAJOR"), part("MINOR"), part("PATCH"));
    format!(
        "
// The release that this header belongs to.
#define CONCLAVE_VERSION_MAJOR {major}
#define CONCLAVE_VERSION_MINOR {minor}
#define CONCLAVE_VERSION_PATCH {patch}
#define CONCLAVE_VERSION_NUMBER {}
",
        major * 10_000 + minor * 100 + patch
    )
}

/// The codes of the table of errors.
fn codes_of(table: &str) -> String {
    let mut text = CODES.to_owned();
    for (number, name, summary) in codes(table) {
        writeln!(text, "// {summary}\n#define CONCLAVE_{} {number}", shout(&name)).unwrap();
    }
    text
}

/// The rows of the one table of errors: number, name and summary.
fn codes(source: &str) -> Vec<(u32, String, String)> {
    let rows = source.lines().filter_map(|line| {
        let (number, rest) = line.trim().split_once(' ')?;
        let (name, rest) = rest.split_once(": \"")?;
        let (summary, _) = rest.split_once('"')?;
        Some((number.parse().ok()?, name.to_owned(), summary.to_owned()))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 50, "the table of errors is not where it was");
    rows
}

/// `BadSignature` as `BAD_SIGNATURE`.
fn shout(name: &str) -> String {
    let mut shouted = String::new();
    for (place, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            shouted.push('_');
        }
        shouted.push(letter.to_ascii_uppercase());
    }
    shouted
}
