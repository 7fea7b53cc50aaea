//! One text to a tree.

use std::num::IntErrorKind;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::describe::literal;
use crate::grammar::{number_help, plain_words, syntax_problems};
use crate::node::{Entry, Node, Table, Value};
use crate::numeric::{NumberFault, float};
use crate::problem::{Problem, Quotes};
use crate::render::char_floor;
use crate::source::Origin;

/// Deepest nesting of tables and arrays; an experiment needs four levels, and recursion must end.
pub(crate) const DEPTH_LIMIT: usize = 32;

/// Parses a document into a table; what is wrong goes to `problems`.
pub(crate) fn document(text: &str, source: usize, problems: &mut Vec<Problem>) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        problems.extend(syntax_problems(text, source, &errors));
        return Node::empty(Origin::whole(source));
    }
    let mut reader = Reader {
        text,
        source,
        offset: 0,
        problems,
    };
    Node {
        value: Value::Table(reader.table(table.into_inner(), 1)),
        origin: Origin::whole(source),
    }
}

/// Parses one value that stands at `offset` of the source's text, or says why it is not a TOML value.
///
/// The reason is not a problem yet, because the caller takes a word without quotes for a text.
pub(crate) fn value(
    text: &str,
    source: usize,
    offset: usize,
    depth: usize,
    problems: &mut Vec<Problem>,
) -> Result<Node, String> {
    let (value, errors) = DeValue::parse_recoverable(text);
    match errors.first() {
        Some(error) => Err(plain_words(error.message())),
        None => Ok(Reader {
            text,
            source,
            offset,
            problems,
        }
        .node(value, depth)),
    }
}

struct Reader<'a> {
    text: &'a str,
    source: usize,
    offset: usize,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn origin(&self, span: Range<usize>) -> Origin {
        let span = widened(self.text, span);
        Origin::new(self.source, span.start + self.offset..span.end + self.offset)
    }

    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Table {
        let mut out = Table::new();
        for (key, value) in table {
            let key_origin = self.origin(key.span());
            let node = self.node(value, depth);
            out.insert(key.into_inner().into_owned(), Entry { key_origin, node });
        }
        out
    }

    fn node(&mut self, value: Spanned<DeValue<'_>>, depth: usize) -> Node {
        let origin = self.origin(value.span());
        let value = self.value(value.into_inner(), &origin, depth);
        Node { value, origin }
    }

    fn value(&mut self, value: DeValue<'_>, origin: &Origin, depth: usize) -> Value {
        match value {
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::String(value) => Value::String(value.into_owned()),
            DeValue::Integer(value) => self.integer(&value, origin),
            DeValue::Float(value) => self.float(&value, origin),
            DeValue::Datetime(_) => {
                self.refuse(origin, "dates and times are not allowed", "write it in quotes")
            }
            DeValue::Array(_) | DeValue::Table(_) if depth >= DEPTH_LIMIT => self.refuse(
                origin,
                &format!("nested more than {DEPTH_LIMIT} levels deep"),
                "write it flatter",
            ),
            DeValue::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.node(item, depth + 1)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table, depth + 1)),
        }
    }

    fn integer(&mut self, value: &DeInteger<'_>, origin: &Origin) -> Value {
        match i64::from_str_radix(value.as_str(), value.radix()) {
            Ok(value) => Value::Integer(value),
            Err(error) if *error.kind() == IntErrorKind::InvalidDigit => {
                self.no_number(value.as_str(), origin)
            }
            Err(_) => self.refuse(
                origin,
                &format!(
                    "the whole number `{}` is out of range",
                    literal(&value.to_string())
                ),
                &format!("whole numbers run from {} to {}", i64::MIN, i64::MAX),
            ),
        }
    }

    fn float(&mut self, value: &DeFloat<'_>, origin: &Origin) -> Value {
        match float(value.as_str()) {
            Ok(number) => Value::Float(number),
            Err(NumberFault::Form) => self.no_number(value.as_str(), origin),
            Err(fault) => {
                let help = match fault {
                    NumberFault::NotFinite | NumberFault::TooLarge => {
                        format!("{}; leave the key out for no limit", fault.help())
                    }
                    _ => fault.help().to_string(),
                };
                self.refuse(
                    origin,
                    &format!("`{}` {}", literal(value.as_str()), fault.words()),
                    &help,
                )
            }
        }
    }

    /// What the parser takes for a number by its first letters.
    fn no_number(&mut self, text: &str, origin: &Origin) -> Value {
        self.refuse(
            origin,
            &format!("`{}` is not a number", literal(text)),
            &number_help(text),
        )
    }

    /// Notes a problem; the value that stands in is never used, since a tree with problems is not handed out.
    fn refuse(&mut self, origin: &Origin, message: &str, help: &str) -> Value {
        let problem = Problem::new(message).at(origin).help(help);
        self.problems.push(problem.quotes(Quotes::CommandLine));
        Value::Boolean(false)
    }
}

/// An empty span, as the parser gives it for what is missing, takes in the next character of the line, so that it
/// is never mistaken for a whole source; all ends lie on characters.
pub(crate) fn widened(text: &str, span: Range<usize>) -> Range<usize> {
    let start = char_floor(text, span.start);
    let end = char_floor(text, span.end.max(start));
    if end > start {
        return start..end;
    }
    match text[start..].chars().next() {
        Some(next) => start..start + next.len_utf8(),
        None => char_floor(text, start.saturating_sub(1))..start,
    }
}
