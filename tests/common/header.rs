//! What stands in a C header, as far as tests look into it.

#![allow(dead_code, reason = "each test looks at something else")]

use std::collections::BTreeSet;

/// The functions of a header, each with the comment above it.
pub(crate) fn functions(header: &str) -> Vec<(String, String)> {
    let (mut found, mut comment) = (Vec::new(), String::new());
    for line in header.lines() {
        match line.strip_prefix("//") {
            Some(text) => comment.push_str(&format!("{text}\n")),
            None => {
                let above = std::mem::take(&mut comment);
                found.extend(declared(line).map(|name| (name.to_owned(), above)));
            }
        }
    }
    found
}

/// The name of the function that a line declares.
fn declared(line: &str) -> Option<&str> {
    let (before, _) = line.split_once('(')?;
    let name = before.rsplit([' ', '*']).next()?;
    let outside = line.starts_with(|first: char| first.is_ascii_lowercase());
    let is_function = !line.starts_with("typedef") && !line.starts_with("static");
    (outside && is_function && name.starts_with("conclave_")).then_some(name)
}

/// The callbacks in the structs of a header, such as `conclave_storage.read`.
pub(crate) fn callbacks(header: &str) -> BTreeSet<String> {
    let (mut found, mut of) = (BTreeSet::new(), "");
    for line in header.lines() {
        if let Some(name) = line.strip_prefix("struct ") {
            of = name.trim_end_matches(" {");
        }
        let field = line.strip_prefix("  ").and_then(|line| line.split_once(" (*")?.1.split_once(")("));
        found.extend(field.map(|(name, _)| format!("{of}.{name}")));
    }
    found
}
