//! `conclave inspect`: MLS objects in words.

mod encoding;

use std::fs::File;
use std::io::{self, Read};

use conclave::{ObjectKind, inspect, inspect_as, inspect_tree};

use crate::arguments::Arguments;
use crate::{Outcome, tell};

pub(crate) const SUMMARY: &str = "Show what is in an MLS message or another MLS object.";

pub(crate) const USAGE: &str = "\
conclave inspect FILE [--as KIND | --as tree]

  FILE       where the object is; - for standard input. It can be hex digits (an 0x in front is skipped), base64 (either
             alphabet), or the bytes themselves. What consists of hex digits and white space is hex, what else fits base64
             is base64, and anything else is taken as it is
  --as KIND  what it is: MLSMessage, PublicMessage, PrivateMessage, Welcome, GroupInfo, KeyPackage, GroupContext, LeafNode,
             RatchetTree, Commit, Proposal, UpdatePath, PreSharedKeyID, Capabilities or Extensions. Without it, an
             MLSMessage, or else the first other kind that it is in full, of which there can be several
  --as tree  draw the ratchet tree that it is, or that a GroupInfo has inside

Nothing is checked but the form. A GroupSecrets holds secrets, and is refused.";

/// The kinds, by the names that RFC 9420 has for them.
const KINDS: [(&str, ObjectKind); 15] = [
    ("MLSMessage", ObjectKind::MlsMessage),
    ("PublicMessage", ObjectKind::PublicMessage),
    ("PrivateMessage", ObjectKind::PrivateMessage),
    ("Welcome", ObjectKind::Welcome),
    ("GroupInfo", ObjectKind::GroupInfo),
    ("KeyPackage", ObjectKind::KeyPackage),
    ("GroupContext", ObjectKind::GroupContext),
    ("LeafNode", ObjectKind::LeafNode),
    ("RatchetTree", ObjectKind::RatchetTree),
    ("Commit", ObjectKind::Commit),
    ("Proposal", ObjectKind::Proposal),
    ("UpdatePath", ObjectKind::UpdatePath),
    ("PreSharedKeyID", ObjectKind::PreSharedKeyId),
    ("Capabilities", ObjectKind::Capabilities),
    ("Extensions", ObjectKind::Extensions),
];

/// Most bytes read: more than the hex digits of a tree of a million members.
const LONGEST: u64 = 1 << 30;

pub(crate) fn run(mut arguments: Arguments) -> Outcome {
    let view = View::asked(arguments.option("--as")?.as_deref())?;
    let file = arguments.word().ok_or("a FILE is missing, or - for standard input")?;
    arguments.finish()?;
    let bytes = encoding::decode(read(&file)?)?;
    tell(view.of(bytes)?.trim_end())
}

/// What there is to be shown.
enum View {
    Guessed,
    Tree,
    Known(ObjectKind),
}

impl View {
    /// The view that the option names.
    fn asked(name: Option<&str>) -> Result<Self, String> {
        let Some(name) = name else { return Ok(View::Guessed) };
        if name.eq_ignore_ascii_case("tree") {
            return Ok(View::Tree);
        }
        let found = KINDS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        let unknown = || format!("--as {name}: `conclave help inspect` tells which kinds there are");
        found.map(|(_, kind)| View::Known(*kind)).ok_or_else(unknown)
    }

    fn of(self, bytes: Vec<u8>) -> conclave::Result<String> {
        match self {
            View::Guessed => inspect(bytes),
            View::Tree => inspect_tree(bytes),
            View::Known(kind) => inspect_as(kind, bytes),
        }
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes),
        _ => File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)),
    };
    match read {
        Err(error) => Err(format!("{file}: {error}")),
        Ok(_) if bytes.len() as u64 > LONGEST => Err(format!("{file} is longer than {LONGEST} bytes")),
        Ok(_) => Ok(bytes),
    }
}
