//! Environment variables and `--set` flags.

use crate::advice;
use crate::describe::{found, key_path, literal};
use crate::grammar::{begins_a_number, number_help};
use crate::merge::gather;
use crate::paths::{FLAG, Segment, blanks, flag_path, variable_path};
use crate::problem::Problem;
use crate::source::{Origin, SourceKind, Sources};
use crate::syntax::{self, DEPTH_LIMIT};
use crate::tree::{Entry, Node, Table, Value};

/// A layer of single settings.
pub(crate) enum Overrides {
    /// Names, `GFN__` included, and values.
    Variables(Vec<(String, String)>),
    /// `a.b=VALUE` each.
    Flags(Vec<String>),
}

/// One setting before its value is read.
struct Setting {
    source: usize,
    path: Vec<Segment>,
    /// Where the value starts in the text.
    value: usize,
}

impl Overrides {
    /// The layer as a tree, to be merged onto `base`; settings that cannot be read or placed become problems, as do those of keys
    /// that are `reserved` for files.
    pub(crate) fn layer(
        self,
        base: &Node,
        reserved: &[&str],
        sources: &mut Sources,
        problems: &mut Vec<Problem>,
    ) -> Node {
        let mut layer = Node::empty(Origin::whole(0));
        for (text, kind, name) in self.texts() {
            let source = sources.add(name, text, kind);
            match setting(source, reserved, sources)
                .and_then(|setting| placed(setting, base, &layer, sources, problems))
            {
                Ok(node) => gather(&mut layer, node, sources),
                Err(problem) => problems.push(problem),
            }
        }
        // The layer's root says nothing about where the experiment is written.
        layer.origin = base.origin.clone();
        layer
    }

    fn texts(self) -> Vec<(String, SourceKind, String)> {
        match self {
            Self::Variables(list) => list
                .into_iter()
                .map(|(name, value)| (format!("{name}={value}"), SourceKind::Variable, name))
                .collect(),
            Self::Flags(list) => list
                .into_iter()
                .map(|flag| format!("{FLAG}{flag}"))
                .map(|text| (text.clone(), SourceKind::Flag, text))
                .collect(),
        }
    }
}

/// Splits a source into path and value.
fn setting(source: usize, reserved: &[&str], sources: &Sources) -> Result<Setting, Problem> {
    let entry = sources.get(source).expect("the source was just added");
    let parts = match entry.kind {
        SourceKind::Variable => variable_path(&entry.text, entry.name.len()),
        _ => flag_path(&entry.text),
    };
    let (path, value) =
        parts.map_err(|(message, span)| Problem::new(message).at(&Origin::new(source, span)))?;
    if reserved.contains(&path[0].name.as_str()) {
        return Err(only_in_a_file(&path[0], source));
    }
    Ok(Setting { source, path, value })
}

fn only_in_a_file(key: &Segment, source: usize) -> Problem {
    let problem = Problem::new(format!("`{}` can be set in a file only", key.name))
        .at(&Origin::new(source, key.span.clone()));
    if key.name == "profile" {
        problem.help("choose a profile with `--profile NAME`")
    } else {
        problem
    }
}

/// Reads the value and builds the tables around it.
fn placed(
    setting: Setting,
    base: &Node,
    layer: &Node,
    sources: &Sources,
    problems: &mut Vec<Problem>,
) -> Result<Node, Problem> {
    if setting.path.len() >= DEPTH_LIMIT {
        return Err(
            Problem::new(format!("nested more than {DEPTH_LIMIT} levels deep"))
                .at(&Origin::new(setting.source, setting.path[0].span.clone())),
        );
    }
    let blocked = blocked(&setting, base, layer, sources);
    let value = value(&setting, sources, problems)?;
    if let Some(problem) = blocked {
        return Err(problem);
    }
    Ok(wrapped(value, setting))
}

/// The tables around a value; each stands at the key that names it.
fn wrapped(value: Node, setting: Setting) -> Node {
    let mut node = value;
    let mut within = false;
    for segment in setting.path.into_iter().rev() {
        let origin = Origin::new(setting.source, segment.span);
        if within {
            node.origin = origin.clone();
        }
        let mut table = Table::new();
        table.insert(
            segment.name,
            Entry {
                key_origin: origin.clone(),
                node,
            },
        );
        node = Node {
            value: Value::Table(table),
            origin,
        };
        within = true;
    }
    node
}

/// The problem of a path that leads through something other than a table, such as `seed.x` where `seed = 0`.
fn blocked(setting: &Setting, base: &Node, layer: &Node, sources: &Sources) -> Option<Problem> {
    let (mut below, mut beside) = (Some(base), Some(layer));
    let (_, inner) = setting.path.split_last()?;
    for (index, segment) in inner.iter().enumerate() {
        below = below.and_then(|node| node.get(&segment.name));
        beside = beside.and_then(|node| node.get(&segment.name));
        let there = beside.or(below)?;
        if there.table().is_none() {
            let names = |count: usize| {
                setting.path[..count]
                    .iter()
                    .fold(String::new(), |path, part| key_path(&path, &part.name))
            };
            let (whole, part) = (names(setting.path.len()), names(index + 1));
            let message = format!(
                "`{whole}` cannot be set: `{part}` is {}, not a table",
                found(&there.value)
            );
            return Some(
                Problem::new(message)
                    .at(&Origin::new(setting.source, segment.span.clone()))
                    .help(format!("`{part}` is set at {}", sources.place(&there.origin))),
            );
        }
    }
    None
}

fn value(setting: &Setting, sources: &Sources, problems: &mut Vec<Problem>) -> Result<Node, Problem> {
    let text = &sources
        .get(setting.source)
        .expect("the source was just added")
        .text;
    let start = setting.value + blanks(&text[setting.value..]);
    let written = text[start..].trim_end();
    let origin = Origin::new(setting.source, start..start + written.len());
    if written.is_empty() {
        let last = &setting.path.last().expect("a path has at least one key").span;
        return Err(Problem::new("a value is missing after the `=`")
            .at(&Origin::new(setting.source, last.clone()))
            .help("write an empty string as `\"\"`"));
    }
    let text_of = |origin| Node {
        value: Value::String(written.to_owned()),
        origin,
    };
    // No experiment has times of day, which some of these would be.
    if is_length_of_time(written) {
        return Ok(text_of(origin));
    }
    match syntax::value(written, setting.source, start, setting.path.len(), problems) {
        Ok(node) => Ok(node),
        Err(_) if is_word(written) => Ok(text_of(origin)),
        Err(reason) => Err(broken(text, setting, written, &reason).at(&origin)),
    }
}

/// A value that is neither TOML nor a word; where a text was probably meant, with the flag as it would be right.
fn broken(text: &str, setting: &Setting, written: &str, reason: &str) -> Problem {
    if written.starts_with(['[', '{', '"', '\'']) {
        return Problem::new(format!("`{}` is not a TOML value: {reason}", literal(written)));
    }
    let quoted = format!("\"{}\"", literal(written).replace('"', ""));
    let right = advice::setting(&text[..setting.value], &quoted);
    Problem::new(format!(
        "`{}` is neither a TOML value nor a plain word",
        literal(written)
    ))
    .help(if begins_a_number(written) {
        format!(
            "{}; a string needs two kinds of quotes: {right}",
            number_help(written)
        )
    } else {
        format!("a string with special characters needs two kinds of quotes: {right}")
    })
}

/// A length of time as batch systems write it: `8:00:00`, `1-12:00`.
fn is_length_of_time(text: &str) -> bool {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let is_number =
        |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = clock.split(':').count();
    is_number(days) && (2..=3).contains(&parts) && clock.split(':').all(is_number)
}

/// Whether a text counts as a string without quotes, which the shell would eat anyway.
fn is_word(text: &str) -> bool {
    let starts = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    starts
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_./:-".contains(letter))
}
