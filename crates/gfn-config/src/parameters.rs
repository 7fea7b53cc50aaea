//! A table of parameters by itself: a file without the keys of experiment files, and flags over it.

use std::path::Path;

use figment::Metadata;

use crate::loader::{display_name, read_text};
use crate::node::Node;
use crate::overrides::Overrides;
use crate::problem::{Problem, Problems};
use crate::read::to_toml;
use crate::source::{Origin, SourceKind, Sources};
use crate::stack::{Layer, Stack};
use crate::syntax;
use crate::unset::{Unset, without_unset};

/// Reads the parameters in a file, where there is one, with flags over them, in the form of [`crate::Layers::flags`]. Numbers keep
/// their values or are refused, as in experiment files.
///
/// # Errors
/// Every mistake found, with its place.
pub fn parameters(file: Option<&Path>, flags: &[String]) -> Result<toml::Table, Problems> {
    let (mut sources, mut problems) = (Sources::default(), Vec::new());
    let root = match file {
        None => Node::empty(Origin::whole(sources.add("--set", "", SourceKind::Default))),
        Some(path) => read(path, &mut sources, &mut problems),
    };
    let mut stack = Stack::of(Layer::new(Metadata::named("parameters"), root.clone()));
    for overrides in Overrides::of_flags(flags) {
        overrides.over(&mut stack, &[], &mut sources, &mut problems);
    }
    problems.extend(stack.unsets().iter().filter_map(|unset| unknown(unset, &root)));
    if !problems.is_empty() {
        return Err(Problems::new(sources, problems));
    }
    match to_toml(&without_unset(stack.root())) {
        toml::Value::Table(table) => Ok(table),
        _ => Ok(toml::Table::new()),
    }
}

fn read(path: &Path, sources: &mut Sources, problems: &mut Vec<Problem>) -> Node {
    let source = sources.add(display_name(path), "", SourceKind::File(path.to_owned()));
    match read_text(path) {
        Ok(text) => {
            sources.set_text(source, text.clone());
            syntax::document(&text, source, problems)
        }
        Err(problem) => {
            problems.push(problem.at(&Origin::whole(source)));
            Node::empty(Origin::whole(source))
        }
    }
}

/// The error that a key to unset is not in the file.
fn unknown(unset: &Unset, file: &Node) -> Option<Problem> {
    let mut node = file;
    for (index, (key, _)) in unset.path.iter().enumerate() {
        let Some(inner) = node.get(key) else {
            let known: Vec<&str> = node
                .table()
                .into_iter()
                .flatten()
                .map(|(key, _)| key.as_str())
                .collect();
            return unset.unknown(index, &known);
        };
        node = inner;
    }
    None
}
