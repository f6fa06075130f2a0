//! Every relative link in the documents leads somewhere: to a file, and to a heading in it where the link names one.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// The documents; what is built or fetched is none of ours.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true if name.starts_with('.') || name == "target" => {}
            true => documents(&path, found),
            false if name.ends_with(".md") => found.push(path),
            false => {}
        }
    }
}

/// Where the links of a text lead, as `[words](target)` says it, but for those to other places of the Internet.
fn targets(text: &str) -> Vec<&str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(target, _)| target).filter(|target| !target.contains("://")).collect()
}

/// What a heading is called in links.
fn slug(heading: &str) -> String {
    let plain = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    plain.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
}

fn resolves(document: &Path, target: &str) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { document.to_owned() } else { document.parent().unwrap().join(file) };
    if heading.is_empty() {
        return path.exists();
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| line.starts_with('#') && slug(line) == heading)
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut found = Vec::new();
    documents(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    let (mut links, mut broken) = (0, Vec::new());
    for document in &found {
        let text = fs::read_to_string(document).unwrap();
        for target in targets(&text) {
            links += 1;
            if !resolves(document, target) {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(found.len() > 9 && links > 9, "too little was looked at: {} documents, {links} links", found.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
