//! Enums and other values that may take several shapes.

use crate::describe::{found, key_path};
use crate::nearest::listed;
use crate::node::{Table, Value};
use crate::problem::Problem;
use crate::schema::{At, Checker, accepts, wrong_type};
use crate::shape::Shape;

impl Checker<'_> {
    /// Several shapes: an enumeration, a table that its tag tells apart, or whichever fits.
    pub(crate) fn alternatives(&mut self, shapes: &[Shape], at: &At<'_>) {
        let accepting: Vec<&Shape> = shapes
            .iter()
            .filter(|shape| accepts(shape, &at.node.value))
            .collect();
        match &at.node.value {
            _ if accepting.is_empty() => self.problems.push(wrong_type(shapes, at)),
            Value::String(text) if accepting.iter().all(|shape| shape.constants().is_some()) => {
                let allowed: Vec<&str> = accepting
                    .iter()
                    .filter_map(|shape| shape.constants())
                    .flatten()
                    .collect();
                self.constant(&allowed, text, at);
            }
            Value::Table(table) => match tag(&accepting) {
                Some(tag) => self.tagged(&accepting, tag, table, at),
                None => self.best(&accepting, at),
            },
            _ => self.best(&accepting, at),
        }
    }

    /// The shape with the fewest problems, which is the one that was probably meant.
    fn best(&mut self, shapes: &[&Shape], at: &At<'_>) {
        let tried = shapes.iter().map(|shape| {
            let mut checker = Checker {
                root: self.root,
                problems: Vec::new(),
            };
            checker.shape(shape, at);
            checker.problems
        });
        self.problems
            .extend(tried.min_by_key(Vec::len).unwrap_or_default());
    }

    fn tagged(&mut self, shapes: &[&Shape], tag: &str, table: &Table, at: &At<'_>) {
        let allowed: Vec<&str> = shapes.iter().filter_map(|shape| choice(shape, tag)).collect();
        let Some(entry) = table.get(tag) else {
            let problem = Problem::new(format!("missing key `{}`", key_path(&at.path, tag)));
            let help = format!("the choices are {}", listed(&allowed));
            return self.problems.push(problem.at(&at.node.origin).help(help));
        };
        let inside = At::inside(&entry.node, key_path(&at.path, tag));
        let Some(name) = entry.node.as_str() else {
            let message = format!("expected a string, found {}", found(&entry.node.value));
            return self.problems.push(inside.problem(message));
        };
        match shapes.iter().find(|shape| choice(shape, tag) == Some(name)) {
            Some(shape) => self.shape(shape, at),
            None => self.constant(&allowed, name, &inside),
        }
    }
}

/// The key whose constant tells the shapes apart, as serde's `tag` makes it.
fn tag<'a>(shapes: &[&'a Shape]) -> Option<&'a str> {
    let is_tag =
        |shape: &Shape, name: &str| choice(shape, name).is_some() && shape.required().contains(&name);
    let first = shapes.first()?.required();
    first
        .into_iter()
        .find(|name| shapes.iter().all(|shape| is_tag(shape, name)))
}

/// The constant that a key must have.
fn choice<'a>(shape: &'a Shape, name: &str) -> Option<&'a str> {
    shape.property(name)?.get("const")?.as_str()
}
