//! Keys that a layer unsets, so that their defaults apply again: `{ unset = true }` in a file, `--unset KEY` on the command line.

use crate::describe::key_path;
use crate::nearest::choice_help;
use crate::node::{Entry, Node, Table, Value};
use crate::problem::Problem;
use crate::source::Origin;

/// The key of the table that unsets.
pub(crate) const UNSET: &str = "unset";
/// The key of files that holds their profiles, whose keys are unset when one is chosen.
const PROFILE: &str = "profile";

/// A key that a layer unsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unset {
    /// The keys that lead to it, each with its place.
    pub path: Vec<(String, Origin)>,
}

impl Unset {
    /// The error that the part of the path with this index is none of the `known` keys.
    pub fn unknown(&self, index: usize, known: &[&str]) -> Option<Problem> {
        let (key, origin) = self.path.get(index)?;
        let above = self.path[..index]
            .iter()
            .fold(String::new(), |path, (key, _)| key_path(&path, key));
        let (noun, nouns) = match (index, self.path.len()) {
            (0, 1) => ("key", "sections and keys"),
            (0, _) => ("section", "sections and keys"),
            _ => ("key", "keys"),
        };
        let problem = Problem::new(format!("unknown {noun} `{}`", key_path(&above, key)));
        Some(problem.at(origin).help(choice_help(key, known, nouns)))
    }
}

/// Whether a value says that its key is unset.
pub(crate) fn is_unset(node: &Node) -> bool {
    let table = node.table().filter(|table| table.len() == 1);
    let value = table.and_then(|table| table.get(UNSET));
    value.is_some_and(|entry| entry.node.value == Value::Boolean(true))
}

/// The value that unsets its key.
pub(crate) fn node(origin: Origin) -> Node {
    let value = Node {
        value: Value::Boolean(true),
        origin: origin.clone(),
    };
    let entry = Entry {
        key_origin: origin.clone(),
        node: value,
    };
    Node {
        value: Value::Table(Table::from_iter([(UNSET.to_owned(), entry)])),
        origin,
    }
}

/// The keys that a layer unsets, those of its profiles left out.
pub(crate) fn of_layer(layer: &Node) -> Vec<Unset> {
    let (mut path, mut found) = (Vec::new(), Vec::new());
    gather(layer, &mut path, &mut found);
    found
}

fn gather(node: &Node, path: &mut Vec<(String, Origin)>, found: &mut Vec<Unset>) {
    for (key, entry) in node.table().into_iter().flatten() {
        if path.is_empty() && key == PROFILE {
            continue;
        }
        path.push((key.clone(), entry.key_origin.clone()));
        match is_unset(&entry.node) {
            true => found.push(Unset { path: path.clone() }),
            false => gather(&entry.node, path, found),
        }
        path.pop();
    }
}

/// The merged layers without the keys that are unset, and without tables that held nothing else.
pub(crate) fn without_unset(node: Node) -> Node {
    let Node { value, origin } = node;
    let value = match value {
        Value::Table(table) => Value::Table(table.into_iter().filter_map(set).collect()),
        value => value,
    };
    Node { value, origin }
}

fn set((key, entry): (String, Entry)) -> Option<(String, Entry)> {
    if is_unset(&entry.node) {
        return None;
    }
    let was_empty = entry.node.table().is_none_or(Table::is_empty);
    let node = without_unset(entry.node);
    let is_empty = node.table().is_some_and(Table::is_empty);
    (was_empty || !is_empty).then_some((key, Entry { node, ..entry }))
}
