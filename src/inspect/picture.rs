//! A ratchet tree drawn in text, the root at the top.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::names::CREDENTIAL_TYPES;
use super::value;
use crate::base::{Code, LeafIndex, Result};
use crate::tree::{Credential, Node, NodeIndex, TreeNodes, Width};

/// How many levels below the root are drawn.
const LEVELS: u32 = 6;

/// How many unmerged leaves of one node are named.
const NAMED: usize = 8;

/// How many bytes of a key stand for it.
const FINGERPRINT: usize = 8;

/// Draws the tree that fills `bytes`: the nodes of its upper levels, and how much there is below.
pub(super) fn draw(bytes: &[u8]) -> Result<String> {
    let picture = Picture::of(bytes)?;
    let root = picture.width.root();
    let members = picture.spot(root).members;
    let mut text = format!("ratchet tree (members: {members}, leaves: {})\n", picture.width.leaves());
    picture.write(root, ("", ""), &mut text);
    Ok(text)
}

/// The nodes that are drawn.
struct Picture {
    width: Width,
    /// The level below which nothing is drawn.
    lowest: u32,
    spots: BTreeMap<NodeIndex, Spot>,
}

/// A node that is drawn, with a summary of those below it.
#[derive(Debug, Clone, Default)]
struct Spot {
    /// What stands there; nothing if it is blank.
    words: Option<String>,
    /// How many leaves are taken, of those at or below it.
    members: u32,
    /// How many nodes below it are not blank.
    below: u32,
}

impl Picture {
    /// Reads the tree twice, so that only what is drawn has to be kept: first for its size, then for its nodes.
    fn of(bytes: &[u8]) -> Result<Self> {
        let nodes = TreeNodes::new(bytes)?.try_fold(0u32, |nodes, node| node.map(|_| nodes + 1))?;
        let width = Width::for_leaves(nodes / 2 + 1).ok_or(Code::BadTree)?;
        let lowest = width.root().level().saturating_sub(LEVELS);
        let mut picture = Picture { width, lowest, spots: BTreeMap::new() };
        for (index, node) in (0..).map(NodeIndex).zip(TreeNodes::new(bytes)?) {
            if let Some(node) = node? {
                picture.place(index, &node.node)?;
            }
        }
        Ok(picture)
    }

    fn place(&mut self, index: NodeIndex, node: &Node) -> Result<()> {
        if index.is_leaf() != matches!(node, Node::Leaf(_)) {
            return Err(Code::BadTree.with(format_args!("node {} is of the wrong type for its place", index.0)));
        }
        if index.level() >= self.lowest {
            self.spots.entry(index).or_default().words = Some(describe(index, node));
        }
        let member = u32::from(index.is_leaf());
        self.spots.entry(index).and_modify(|spot| spot.members += member);
        for above in self.width.direct_path(index).filter(|above| above.level() >= self.lowest) {
            let spot = self.spots.entry(above).or_default();
            spot.members += member;
            spot.below += 1;
        }
        Ok(())
    }

    fn spot(&self, index: NodeIndex) -> Spot {
        self.spots.get(&index).cloned().unwrap_or_default()
    }

    /// Writes a node and those below it. `first` stands before the node itself, `next` before what is below.
    fn write(&self, index: NodeIndex, (first, next): (&str, &str), text: &mut String) {
        let spot = self.spot(index);
        let words = spot.words.as_deref().unwrap_or("blank");
        // Writing to a string does not fail.
        let _written = writeln!(text, "{first}{} {words}{}", index.0, self.rest(index, &spot));
        let Some((left, right)) = index.children().filter(|_| index.level() > self.lowest && spot.below > 0) else {
            return;
        };
        self.write(left, (&format!("{next}|- "), &format!("{next}|  ")), text);
        self.write(right, (&format!("{next}`- "), &format!("{next}   ")), text);
    }

    /// What is to be said of the nodes below that are not drawn.
    fn rest(&self, index: NodeIndex, spot: &Spot) -> String {
        match index.is_leaf() {
            true => String::new(),
            false if spot.below == 0 => ", nothing below".to_owned(),
            false if index.level() > self.lowest => String::new(),
            false => format!(", below (members: {}, leaves: {})", spot.members, index.leaves().len()),
        }
    }
}

fn describe(index: NodeIndex, node: &Node) -> String {
    match node {
        Node::Leaf(leaf) => {
            let leaf_index = index.leaf().unwrap_or(LeafIndex(0)).0;
            format!("leaf {leaf_index}: {}", who(&leaf.peek().credential))
        }
        Node::Parent(parent) => {
            let key = &parent.encryption_key.0;
            let shown = key.get(..FINGERPRINT).unwrap_or(key);
            let digits = shown.iter().map(|byte| format!("{byte:02x}"));
            format!("parent {}{}", digits.collect::<String>(), unmerged(&parent.unmerged_leaves))
        }
    }
}

fn who(credential: &Credential) -> String {
    let name = CREDENTIAL_TYPES.name(credential.credential_type().0);
    match credential {
        Credential::Basic(identity) => format!("{}", value::words(identity)),
        Credential::X509(chain) => format!("{name}, {} certificates", chain.len()),
        Credential::Other(credential_type, content) => {
            format!("credential {:#06x} ({name}) {}", credential_type.0, value::words(content))
        }
    }
}

fn unmerged(leaves: &[LeafIndex]) -> String {
    let named: Vec<String> = leaves.iter().take(NAMED).map(|leaf| leaf.0.to_string()).collect();
    match leaves.len() {
        0 => String::new(),
        1..=NAMED => format!(", unmerged leaves {}", named.join(", ")),
        all => format!(", unmerged leaves {} ... ({all})", named.join(", ")),
    }
}
