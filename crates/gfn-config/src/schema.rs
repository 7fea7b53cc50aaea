//! A tree against the JSON schema of the struct it is to become: every mistake, each at its place.
//!
//! serde stops at the first mistake and knows no places in a merged tree; the schema that editors complete from holds
//! the same rules, so checking against it first finds all of them and keeps editor and program of one mind.

use serde_json::Value as Json;

use crate::describe::{bounds, expected, found, key_path, literal, number};
use crate::nearest::{choice_help, listed, nearest, ranked};
use crate::node::{Entry, Node, Table, Value};
use crate::problem::{Problem, Quotes, SHOWN_LIMIT};
use crate::shape::{Shape, shapes};

/// Checks a node against the schema `root`; keys in `ignore` belong to someone else.
pub(crate) fn check(root: &Json, node: &Node, path: &str, ignore: &[&str]) -> Vec<Problem> {
    let mut checker = Checker {
        root,
        problems: Vec::new(),
    };
    checker.value(
        root,
        &At {
            node,
            path: path.to_owned(),
            ignore,
        },
    );
    checker.problems
}

/// Every mistake in a node at `path` against a JSON Schema that was not made from a struct of this program.
pub fn check_against(schema: &Json, node: &Node, path: &str) -> Vec<Problem> {
    check(schema, node, path, &[])
}

/// The value under examination.
pub(crate) struct At<'a> {
    pub(crate) node: &'a Node,
    /// The full path of its key, as messages show it.
    pub(crate) path: String,
    /// Keys of this very table that are not examined.
    pub(crate) ignore: &'a [&'a str],
}

impl<'a> At<'a> {
    pub(crate) fn inside(node: &'a Node, path: String) -> Self {
        Self {
            node,
            path,
            ignore: &[],
        }
    }

    /// The path for a message: the root has no key of its own.
    fn name(&self) -> &str {
        if self.path.is_empty() {
            "the experiment"
        } else {
            &self.path
        }
    }

    pub(crate) fn problem(&self, message: String) -> Problem {
        Problem::new(format!("`{}`: {message}", self.name())).at(&self.node.origin)
    }
}

/// Walks tree and schema together.
pub(crate) struct Checker<'a> {
    pub(crate) root: &'a Json,
    pub(crate) problems: Vec<Problem>,
}

impl Checker<'_> {
    fn value(&mut self, schema: &Json, at: &At<'_>) {
        let shapes = shapes(schema, self.root);
        match shapes.as_slice() {
            [] => {}
            [shape] => self.shape(shape, at),
            several => self.alternatives(several, at),
        }
    }

    pub(crate) fn shape(&mut self, shape: &Shape, at: &At<'_>) {
        if !accepts(shape, &at.node.value) {
            return self.problems.push(wrong_type(std::slice::from_ref(shape), at));
        }
        match &at.node.value {
            Value::Integer(value) => self.integer(shape, *value, at),
            Value::Float(value) => self.number(shape, *value, at),
            Value::String(text) => self.string(shape, text, at),
            Value::Array(items) => self.array(shape, items, at),
            Value::Table(table) if shape.is_table() => self.table(shape, table, at),
            Value::Boolean(_) | Value::Table(_) => {}
        }
    }

    fn integer(&mut self, shape: &Shape, value: i64, at: &At<'_>) {
        let before = self.problems.len();
        self.number(shape, value as f64, at);
        let is_fraction = shape.types().contains(&"number") && !shape.types().contains(&"integer");
        if is_fraction && (value as f64) as i128 != i128::from(value) {
            let message = format!("`{value}` would lose its last digits, since this number has a fraction");
            let help = format!("write `{}`", number(value as f64));
            return self.problems.push(at.problem(message).help(help));
        }
        let Some((least, most)) = shape.format_range() else {
            return;
        };
        if self.problems.len() == before && !(least..=most).contains(&value) {
            let message = format!("expected a whole number from {least} to {most}, found `{value}`");
            self.problems.push(at.problem(message));
        }
    }

    fn number(&mut self, shape: &Shape, value: f64, at: &At<'_>) {
        let fits = |key: &str, test: fn(&f64, &f64) -> bool| {
            shape.bound(key).is_none_or(|bound| test(&value, &bound))
        };
        let inside = fits("minimum", f64::ge)
            && fits("maximum", f64::le)
            && fits("exclusiveMinimum", f64::gt)
            && fits("exclusiveMaximum", f64::lt);
        if !inside {
            let noun = if shape.types().contains(&"number") {
                "a number"
            } else {
                "a whole number"
            };
            let message = format!(
                "expected {noun}{}, found {}",
                bounds(shape),
                found(&at.node.value)
            );
            self.problems.push(at.problem(message));
        }
    }

    fn string(&mut self, shape: &Shape, text: &str, at: &At<'_>) {
        if let Some(constants) = shape.constants() {
            return self.constant(&constants, text, at);
        }
        let length = text.chars().count() as u64;
        self.count(
            shape.count("minLength"),
            shape.count("maxLength"),
            length,
            "character",
            at,
        );
    }

    pub(crate) fn constant(&mut self, allowed: &[&str], text: &str, at: &At<'_>) {
        if allowed.contains(&text) {
            return;
        }
        let problem = at.problem(format!("unknown value `{}`", literal(text)));
        let names = listed(&ranked(text, allowed));
        let help = match nearest(text, allowed) {
            Some(best) if allowed.len() > 1 => format!("did you mean `{best}`? the choices are {names}"),
            Some(best) => format!("did you mean `{best}`?"),
            None => format!("the choices are {names}"),
        };
        self.problems.push(problem.help(help));
    }

    fn array(&mut self, shape: &Shape, items: &[Node], at: &At<'_>) {
        self.count(
            shape.count("minItems"),
            shape.count("maxItems"),
            items.len() as u64,
            "item",
            at,
        );
        for (index, node) in items.iter().enumerate() {
            if let Some(schema) = shape.item(index) {
                self.value(schema, &At::inside(node, format!("{}[{index}]", at.path)));
            }
        }
    }

    fn count(&mut self, least: Option<u64>, most: Option<u64>, count: u64, noun: &str, at: &At<'_>) {
        let plural = |count: u64| {
            if count == 1 {
                noun.to_owned()
            } else {
                format!("{noun}s")
            }
        };
        let wanted = match (least, most) {
            (Some(least), Some(most)) if least == most => format!("{least} {}", plural(least)),
            (Some(least), Some(most)) => format!("{least} to {most} {}", plural(most)),
            (Some(least), None) => format!("at least {least} {}", plural(least)),
            (None, Some(most)) => format!("at most {most} {}", plural(most)),
            (None, None) => return,
        };
        if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
            self.problems
                .push(at.problem(format!("expected {wanted}, found {count}")));
        }
    }

    fn table(&mut self, shape: &Shape, table: &Table, at: &At<'_>) {
        let mut missing: Vec<&str> = shape.required();
        missing.retain(|name| !table.contains_key(*name) && !at.ignore.contains(name));
        for (key, entry) in table {
            if at.ignore.contains(&key.as_str()) {
                continue;
            }
            let schema = shape.property(key).or_else(|| shape.other_keys());
            match schema {
                Some(schema) => self.value(schema, &At::inside(&entry.node, key_path(&at.path, key))),
                None => self.unknown(shape, key, entry, &mut missing, at),
            }
        }
        let missing: Vec<Problem> = missing.iter().map(|name| self.missing(shape, name, at)).collect();
        self.problems.extend(missing);
    }

    /// An unknown key; where it is a misspelt required one, that one is not reported as missing as well.
    fn unknown(&mut self, shape: &Shape, key: &str, entry: &Entry, missing: &mut Vec<&str>, at: &At<'_>) {
        if self.problems.len() >= SHOWN_LIMIT {
            // To look for the name that was meant takes its time, and nobody will see it.
            let problem = Problem::new(format!("unknown key `{}`", key_path(&at.path, key)));
            return self.problems.push(problem.at(&entry.key_origin));
        }
        let mut known = at.ignore.to_vec();
        known.extend(shape.properties());
        let meant = nearest(key, &known);
        missing.retain(|name| Some(*name) != meant);
        self.problems.push(unknown_key(&at.path, key, entry, &known));
    }

    fn missing(&self, shape: &Shape, name: &str, at: &At<'_>) -> Problem {
        let schema = shape.property(name).cloned().unwrap_or(Json::Bool(true));
        Problem::new(format!("missing key `{}`", key_path(&at.path, name)))
            .at(&at.node.origin)
            .help(format!("it is {}", expected(&shapes(&schema, self.root))))
    }
}

pub(crate) fn accepts(shape: &Shape, value: &Value) -> bool {
    let types = shape.types();
    let any = |names: &[&str]| types.is_empty() || names.iter().any(|name| types.contains(name));
    match value {
        Value::Boolean(_) => any(&["boolean"]),
        Value::Integer(_) => any(&["integer", "number"]),
        Value::Float(_) => any(&["number"]),
        Value::String(_) => any(&["string"]),
        Value::Array(_) => any(&["array"]),
        Value::Table(_) => any(&["object"]),
    }
}

pub(crate) fn wrong_type(shapes: &[Shape], at: &At<'_>) -> Problem {
    let problem = at.problem(format!(
        "expected {}, found {}",
        expected(shapes),
        found(&at.node.value)
    ));
    let wants = |name: &str| shapes.iter().any(|shape| shape.types().contains(&name));
    match &at.node.value {
        Value::String(text) if wants("boolean") && truth(text).is_some() => {
            problem.help(format!("write `{}`", truth(text) == Some(true)))
        }
        Value::Integer(value @ 0..=1) if wants("boolean") => problem.help(format!("write `{}`", *value == 1)),
        Value::Array(items) if wants("object") && items.iter().all(|item| item.table().is_some()) => {
            problem.help(format!("write `[{}]`, in single brackets", at.path))
        }
        Value::Float(value) if wants("integer") && value.fract() == 0.0 && value.abs() < 1e15 => {
            problem.help(format!("write `{}`", number(*value)))
        }
        Value::String(text) if wants("boolean") && matches!(text.as_str(), "true" | "false") => {
            problem.help(format!("without quotes: `{text}`"))
        }
        Value::String(text) if wants("number") && text.parse::<f64>().is_ok_and(f64::is_finite) => {
            problem.help(format!("without quotes: `{text}`"))
        }
        Value::String(text) if wants("integer") && text.parse::<i64>().is_ok() => {
            problem.help(format!("without quotes: `{text}`"))
        }
        Value::Boolean(_) | Value::Integer(_) | Value::Float(_)
            if wants("string") && takes_any_text(shapes) =>
        {
            problem.quotes(Quotes::Everywhere)
        }
        _ => problem,
    }
}

/// Whether any text would do, rather than one of a few.
fn takes_any_text(shapes: &[Shape]) -> bool {
    let mut texts = shapes.iter().filter(|shape| shape.types().contains(&"string"));
    texts.any(|shape| shape.constants().is_none())
}

/// Other words for `true` and `false`.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" => Some(true),
        "no" | "off" => Some(false),
        _ => None,
    }
}

/// An unknown key of the table at `path`; a table of the experiment itself is a section.
pub(crate) fn unknown_key(path: &str, key: &str, entry: &Entry, known: &[&str]) -> Problem {
    let (noun, nouns) = match (path, entry.node.table()) {
        ("", Some(_)) => ("section", "sections and keys"),
        ("", None) => ("key", "sections and keys"),
        _ => ("key", "keys"),
    };
    Problem::new(format!("unknown {noun} `{}`", key_path(path, key)))
        .at(&entry.key_origin)
        .help(choice_help(key, known, nouns))
}
