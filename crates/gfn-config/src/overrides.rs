//! Environment variables, `--unset` flags and `--set` flags.

use figment::Metadata;

use crate::advice;
use crate::describe::{found, key_path, literal};
use crate::grammar::{begins_a_number, number_help};
use crate::node::{Entry, Node, Table, Value};
use crate::paths::{FLAG, Segment, UNSET_FLAG, blanks, flag_path, unset_path, variable_path};
use crate::problem::Problem;
use crate::source::{Origin, SourceKind, Sources};
use crate::stack::{Layer, Stack};
use crate::syntax::{self, DEPTH_LIMIT};
use crate::unset;

/// A layer of single settings.
pub(crate) enum Overrides {
    /// Names, `GFN__` included, and values.
    Variables(Vec<(String, String)>),
    /// `a.b` each.
    Unsets(Vec<String>),
    /// `a.b=VALUE` each.
    Flags(Vec<String>),
}

/// One setting before its value is read.
struct Setting {
    source: usize,
    path: Vec<Segment>,
    /// Where the value starts in the text; none where the key is unset.
    value: Option<usize>,
}

impl Overrides {
    /// Flags as layers, the lower one first: keys that are unset may be set again.
    pub(crate) fn of_flags(flags: &[String]) -> [Self; 2] {
        let unset = |flag: &String| flag.strip_prefix(UNSET_FLAG).map(str::to_owned);
        let sets = flags.iter().filter(|flag| unset(flag).is_none()).cloned();
        [
            Self::Unsets(flags.iter().filter_map(unset).collect()),
            Self::Flags(sets.collect()),
        ]
    }

    /// Merges the settings over `stack`; those that cannot be read or placed become problems, as do those of keys that are
    /// `reserved` for files.
    pub(crate) fn over(
        self,
        stack: &mut Stack,
        reserved: &[&str],
        sources: &mut Sources,
        problems: &mut Vec<Problem>,
    ) {
        if self.is_empty() {
            return;
        }
        let metadata = Metadata::named(match self {
            Self::Variables(_) => "environment variables",
            Self::Unsets(_) | Self::Flags(_) => "flags",
        });
        let layer = self.layer(&stack.root(), reserved, sources, problems);
        stack.lay(Layer::new(metadata, layer), sources);
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Variables(list) => list.is_empty(),
            Self::Unsets(list) | Self::Flags(list) => list.is_empty(),
        }
    }

    /// The settings as a tree.
    fn layer(
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
                Ok(node) => gather(&mut layer, node),
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
            Self::Unsets(list) => flags(UNSET_FLAG, list),
            Self::Flags(list) => flags(FLAG, list),
        }
    }
}

/// The texts of flags as they are typed.
fn flags(flag: &str, list: Vec<String>) -> Vec<(String, SourceKind, String)> {
    list.into_iter()
        .map(|rest| format!("{flag}{rest}"))
        .map(|text| (text.clone(), SourceKind::Flag, text))
        .collect()
}

/// Adds a setting to a layer under construction: `kind` drops nothing, so the order of flags does not decide which survive.
fn gather(layer: &mut Node, addition: Node) {
    let Value::Table(above) = addition.value else {
        *layer = addition;
        return;
    };
    let Some(below) = layer.table_mut() else {
        layer.value = Value::Table(above);
        layer.origin = addition.origin;
        return;
    };
    for (key, entry) in above {
        match below.get_mut(&key) {
            Some(found) => {
                if found.node.table().is_none() || entry.node.table().is_none() {
                    found.key_origin = entry.key_origin;
                }
                gather(&mut found.node, entry.node);
            }
            None => {
                below.insert(key, entry);
            }
        }
    }
}

/// Splits a source into path and value.
fn setting(source: usize, reserved: &[&str], sources: &Sources) -> Result<Setting, Problem> {
    let entry = sources.get(source).expect("the source was just added");
    let parts = match entry.kind {
        SourceKind::Variable => variable_path(&entry.text, entry.name.len()),
        _ if entry.text.starts_with(UNSET_FLAG) => unset_path(&entry.text),
        _ => flag_path(&entry.text),
    };
    let (path, value) =
        parts.map_err(|(message, span)| Problem::new(message).at(&Origin::new(source, span)))?;
    if reserved.contains(&path[0].name.as_str()) {
        let place = Origin::new(source, path[0].span.clone());
        return Err(only_in_a_file(&path[0].name).at(&place));
    }
    Ok(Setting { source, path, value })
}

/// The error that a key speaks of a file.
pub(crate) fn only_in_a_file(key: &str) -> Problem {
    let problem = Problem::new(format!("`{key}` can be set in a file only"));
    if key == "profile" {
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
    let value = match setting.value {
        Some(start) => value(&setting, start, sources, problems)?,
        None => unset::node(key_of(&setting)),
    };
    if let Some(problem) = blocked {
        return Err(problem);
    }
    Ok(wrapped(value, setting))
}

/// The place of the last key.
fn key_of(setting: &Setting) -> Origin {
    let last = setting.path.last().expect("a path has at least one key");
    Origin::new(setting.source, last.span.clone())
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
            let verb = if setting.value.is_some() { "set" } else { "unset" };
            let message = format!(
                "`{whole}` cannot be {verb}: `{part}` is {}, not a table",
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

fn value(
    setting: &Setting,
    start: usize,
    sources: &Sources,
    problems: &mut Vec<Problem>,
) -> Result<Node, Problem> {
    let text = &sources
        .get(setting.source)
        .expect("the source was just added")
        .text;
    let before = &text[..start];
    let start = start + blanks(&text[start..]);
    let written = text[start..].trim_end();
    let origin = Origin::new(setting.source, start..start + written.len());
    if written.is_empty() {
        return Err(Problem::new("a value is missing after the `=`")
            .at(&key_of(setting))
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
        Err(reason) => Err(broken(before, written, &reason).at(&origin)),
    }
}

/// A value that is neither TOML nor a word; where a text was probably meant, with the flag as it would be right.
fn broken(before: &str, written: &str, reason: &str) -> Problem {
    if written.starts_with(['[', '{', '"', '\'']) {
        return Problem::new(format!("`{}` is not a TOML value: {reason}", literal(written)));
    }
    let quoted = format!("\"{}\"", literal(written).replace('"', ""));
    let right = advice::setting(before, &quoted);
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
