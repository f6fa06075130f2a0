//! Makes the C header of the room `src/capi/` into the build folder. `include/conclave.h` is a copy, kept so by a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a build that cannot go on stops")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What stands at the top of the header.
const PREAMBLE: &str = include_str!("src/capi/header.txt");

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

/// The files of the room, in the order in which a reader of the header wants them.
const FILES: [&str; 27] = [
    "version",
    "status",
    "bytes",
    "memory",
    "names",
    "proposal",
    "event",
    "effect",
    "batch",
    "context",
    "storage",
    "validator",
    "signer",
    "policy",
    "watching",
    "config",
    "client",
    "key_packages",
    "lookups",
    "joining",
    "group",
    "receive",
    "members",
    "commit",
    "pending_commit",
    "proposing",
    "successor",
];

/// And the rest of them.
const MORE_FILES: [&str; 5] = ["archive", "journal", "extensions", "outside", "looking"];

fn main() {
    let room = Path::new("src/capi");
    println!("cargo::rerun-if-changed={}", room.display());
    println!("cargo::rerun-if-changed=src/base/error.rs");
    let header = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("conclave.h");
    let files = FILES.iter().chain(&MORE_FILES);
    let builder = files.fold(cbindgen::Builder::new().with_config(config()), |builder, file| {
        builder.with_src(room.join(file).with_extension("rs"))
    });
    let mut text = Vec::new();
    builder.generate().expect("the header cannot be made").write(&mut text);
    let text = plain_outputs(&String::from_utf8(text).unwrap());
    let (declared, end) = text.rsplit_once("#ifdef __cplusplus").unwrap();
    fs::write(header, format!("{declared}{}\n\n#ifdef __cplusplus{end}", LENDING.trim())).unwrap();
}

fn config() -> cbindgen::Config {
    cbindgen::Config {
        language: cbindgen::Language::C,
        cpp_compat: true,
        header: Some(PREAMBLE.trim_end().to_owned()),
        include_guard: Some("CONCLAVE_H".to_owned()),
        no_includes: true,
        sys_includes: vec!["stdbool.h".to_owned(), "stddef.h".to_owned(), "stdint.h".to_owned(), "string.h".to_owned()],
        after_includes: Some(constants()),
        documentation_style: cbindgen::DocumentationStyle::C99,
        documentation_length: cbindgen::DocumentationLength::Full,
        line_length: 120,
        usize_is_size_t: true,
        sort_by: cbindgen::SortKey::None,
        ..cbindgen::Config::default()
    }
}

/// Spells the outputs as the pointers that they are: `Out<Owned<conclave_buf>> id` is `conclave_buf **id`.
fn plain_outputs(header: &str) -> String {
    let mut plain = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("Out<") {
        let (kind, left) = after.split_once("> ").unwrap();
        let object = kind.strip_prefix("Owned<").map(|kind| format!("{} **", kind.trim_end_matches('>')));
        let pointer = kind.strip_suffix('*').map(|kind| format!("{kind} **"));
        write!(plain, "{before}{}", object.or(pointer).unwrap_or_else(|| format!("{kind} *"))).unwrap();
        rest = left;
    }
    plain + rest
}

/// The version of the header, how options begin, and the codes of the table of errors.
fn constants() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION_{name}")).unwrap().parse::<u32>().unwrap();
    let (major, minor, patch) = (part("MAJOR"), part("MINOR"), part("PATCH"));
    let mut text = format!(
        "
/* The release that this header belongs to. */
#define CONCLAVE_VERSION_MAJOR {major}
#define CONCLAVE_VERSION_MINOR {minor}
#define CONCLAVE_VERSION_PATCH {patch}
#define CONCLAVE_VERSION_NUMBER {}

/* An options struct with its size and the defaults: `conclave_join_options options = CONCLAVE_INIT(conclave_join_options);` */
#ifdef __cplusplus
#define CONCLAVE_INIT(type) ([] {{ type initial = {{}}; initial.struct_size = sizeof(type); return initial; }}())
#else
#define CONCLAVE_INIT(type) {{ .struct_size = sizeof(type) }}
#endif

/* What a status can be, beside CONCLAVE_OK. `status / 100` is the category:
   1xx fix the call, 2xx drop the message, 3xx drop it and report its sender, 4xx fetch what is missing or rejoin,
   5xx finish the other thing first, 6xx run the call again, 7xx the app's own callback failed, 8xx agree on something
   else, 9xx report a fault of the library. conclave_error_info tells what to do about each. */
",
        major * 10_000 + minor * 100 + patch
    );
    for (number, name, summary) in codes(&fs::read_to_string("src/base/error.rs").unwrap()) {
        writeln!(text, "/* {summary} */\n#define CONCLAVE_{} {number}", shout(&name)).unwrap();
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
