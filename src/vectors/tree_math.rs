//! `tree-math.json`: the indices of the array-based tree (RFC 9420 Appendix C).

use serde_json::Value;

use super::NewStorage;
use super::field::{list, number};
use crate::tree::{NodeIndex, Width};

pub(super) fn run(entry: &Value, _: NewStorage<'_>) -> Result<(), String> {
    let width = Width::new(number(entry, "n_leaves")?).ok_or("n_leaves is no power of two")?;
    same("n_nodes", width.nodes(), number(entry, "n_nodes")?)?;
    same("root", width.root().0, number(entry, "root")?)?;
    let below_root = |node: &NodeIndex| *node != width.root();
    relation(entry, ("left", width), |node| Some(node.children()?.0))?;
    relation(entry, ("right", width), |node| Some(node.children()?.1))?;
    relation(entry, ("parent", width), |node| Some(node).filter(below_root).map(NodeIndex::parent))?;
    relation(entry, ("sibling", width), |node| Some(node).filter(below_root).map(NodeIndex::sibling))
}

/// Compares a relation between nodes with the list of its name, for every node of the tree.
fn relation(
    entry: &Value,
    (name, width): (&str, Width),
    find: impl Fn(NodeIndex) -> Option<NodeIndex>,
) -> Result<(), String> {
    let expected: Vec<Option<u64>> = list(entry, name)?.iter().map(Value::as_u64).collect();
    let found = (0..width.nodes()).map(|node| find(NodeIndex(node)).map(|node| u64::from(node.0)));
    same(name, found.collect(), expected)
}

fn same<T: PartialEq>(name: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{name} differs")) }
}
