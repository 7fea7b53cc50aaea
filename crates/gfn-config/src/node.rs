//! A value that knows its origin.

use crate::source::Origin;

/// A table in the order of its keys' first appearance.
pub type Table = toml::map::Map<String, Entry>;

/// One key of a table: where the key stands, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key itself is written; what an unknown key is underlined at.
    pub key_origin: Origin,
    /// The value.
    pub node: Node,
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it is written; for a table, its header.
    pub origin: Origin,
}

/// A TOML value; dates, NaN and infinities are refused when a text is read, so code after that need not think of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// A text.
    String(String),
    /// A list, possibly of mixed types.
    Array(Vec<Node>),
    /// Keys and values.
    Table(Table),
}

impl Node {
    /// An empty table, standing in for a section that is absent, so that its defaults and missing keys are found alike.
    pub fn empty(origin: Origin) -> Self {
        Self {
            value: Value::Table(Table::new()),
            origin,
        }
    }

    /// The table, where this is one.
    pub fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value {
            Some(table)
        } else {
            None
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Table> {
        if let Value::Table(table) = &mut self.value {
            Some(table)
        } else {
            None
        }
    }

    /// The text, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value {
            Some(text)
        } else {
            None
        }
    }

    /// The value of a key; `None` also where this is no table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key with its origin and its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.table()?.get(key)
    }

    /// The name and the place of the implementation that a section chooses with `kind`.
    pub fn kind(&self) -> Option<(&str, &Origin)> {
        let kind = self.get("kind")?;
        Some((kind.as_str()?, &kind.origin))
    }
}
