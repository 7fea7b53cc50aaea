//! A table of parameters by itself: a file without the keys of experiment files, and flags over it.

use std::path::Path;

use crate::layers::{display_name, read_text};
use crate::merge::merge;
use crate::overrides::Overrides;
use crate::problem::Problems;
use crate::read::to_toml;
use crate::source::{Origin, SourceKind, Sources};
use crate::syntax;
use crate::tree::Node;

/// Reads the parameters in a file, where there is one, with `--set` flags over them. Numbers keep their values or are refused, as
/// in experiment files.
///
/// # Errors
/// Every mistake found, with its place.
pub fn parameters(file: Option<&Path>, sets: &[String]) -> Result<toml::Table, Problems> {
    let (mut sources, mut problems) = (Sources::default(), Vec::new());
    let mut root = match file {
        None => Node::empty(Origin::whole(sources.add("--set", "", SourceKind::Default))),
        Some(path) => {
            let source = sources.add(display_name(path), "", SourceKind::File(path.to_owned()));
            match read_text(path) {
                Ok(text) => {
                    sources.set_text(source, text.clone());
                    syntax::document(&text, source, &mut problems)
                }
                Err(problem) => {
                    problems.push(problem.at(&Origin::whole(source)));
                    Node::empty(Origin::whole(source))
                }
            }
        }
    };
    let layer = Overrides::Flags(sets.to_vec()).layer(&root, &[], &mut sources, &mut problems);
    merge(&mut root, layer, &sources);
    if !problems.is_empty() {
        return Err(Problems::new(sources, problems));
    }
    match to_toml(&root) {
        toml::Value::Table(table) => Ok(table),
        _ => Ok(toml::Table::new()),
    }
}
