//! Where each value of an experiment comes from, in words, and as comments behind the values.

use toml::{Table, Value};

use crate::describe::bare_or_quoted;
use crate::profiles::profile_of;
use crate::render::visible;
use crate::tree::Tree;

/// Values longer than this do not push the column of comments out for all others.
const COLUMN_LIMIT: usize = 56;

impl Tree {
    /// Where the value of a key path was written: `file.toml:12`, `profile quick, file.toml:30`, `GFN__TRAINING__STEPS`,
    /// `--set training.steps=5`, or `default` where no layer says anything of it.
    ///
    /// A value that a layer gives in short, such as a number in place of a table, is where all of the table comes from.
    pub fn origin_of(&self, path: &[String]) -> String {
        let mut node = self.root();
        for key in path {
            if node.table().is_none() {
                break;
            }
            match node.get(key) {
                Some(inner) => node = inner,
                None => return "default".to_owned(),
            }
        }
        let line = visible(&self.sources().line(&node.origin));
        // The place of a table is its header, which several layers may have.
        let layer = self.layer_of(path).filter(|_| node.table().is_none());
        match layer.and_then(profile_of) {
            Some(profile) => format!("profile {}, {line}", visible(profile)),
            None => line,
        }
    }
}

/// A table that was made from a tree as TOML, with a comment behind each value that says where it comes from. Keys that the
/// tree cannot know of have their word in `known`.
pub fn with_origins(table: &Table, tree: &Tree, known: &[(&str, &str)]) -> String {
    let mut lines = Vec::new();
    gather(table, &mut Vec::new(), tree, known, &mut lines);
    let fitting = lines
        .iter()
        .filter(|line| line.origin.is_some())
        .filter_map(|line| line.width());
    let column = fitting.filter(|width| *width <= COLUMN_LIMIT).max().unwrap_or(0);
    lines.iter().map(|line| line.written(column)).collect()
}

/// A key with its value, a header, or a blank line.
struct Line {
    text: String,
    origin: Option<String>,
}

impl Line {
    fn plain(text: String) -> Self {
        Self { text, origin: None }
    }

    /// Characters; none for a text that spans several lines.
    fn width(&self) -> Option<usize> {
        (!self.text.contains('\n')).then(|| self.text.chars().count())
    }

    fn written(&self, column: usize) -> String {
        let padding = column.saturating_sub(self.width().unwrap_or(column));
        match &self.origin {
            None => format!("{}\n", self.text),
            Some(origin) => format!("{}{:padding$}  # {origin}\n", self.text, ""),
        }
    }
}

/// The lines of a table: its own values first, since a header ends them.
fn gather(table: &Table, path: &mut Vec<String>, tree: &Tree, known: &[(&str, &str)], lines: &mut Vec<Line>) {
    for (key, value) in table.iter().filter(|(_, value)| !value.is_table()) {
        path.push(key.clone());
        let word = known
            .iter()
            .find(|(name, _)| path.len() == 1 && *name == key.as_str());
        let origin = word.map_or_else(|| tree.origin_of(path), |(_, word)| (*word).to_owned());
        lines.push(Line {
            text: format!("{} = {value}", bare_or_quoted(key)),
            origin: Some(origin),
        });
        path.pop();
    }
    for (key, value) in table {
        let Value::Table(inner) = value else { continue };
        path.push(key.clone());
        if !lines.is_empty() {
            lines.push(Line::plain(String::new()));
        }
        let header: Vec<String> = path.iter().map(|key| bare_or_quoted(key)).collect();
        lines.push(Line::plain(format!("[{}]", header.join("."))));
        gather(inner, path, tree, known, lines);
        path.pop();
    }
}
