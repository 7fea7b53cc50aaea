//! Places of keys and values, merged beside figment, which knows layers and keys but no lines and no order.

use figment::value::{Dict, Empty, Num, Tag, Value as Merged};

use crate::node::{Entry, Node, Table, Value};
use crate::source::{Origin, Sources};
use crate::unset;

/// The place of a value, with the places of what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// Where the value is written; for a table, its header.
    pub(crate) origin: Origin,
    /// The places within.
    pub(crate) inner: Inner,
}

/// The places within a value.
#[derive(Clone, Debug)]
pub(crate) enum Inner {
    /// A value without parts.
    Leaf,
    /// The items of an array.
    Items(Vec<Span>),
    /// The keys of a table, in the order of their first appearance.
    Keys(Keys),
}

/// The keys of a table.
pub(crate) type Keys = toml::map::Map<String, KeySpan>;

/// The place of a key, with that of its value.
#[derive(Clone, Debug)]
pub(crate) struct KeySpan {
    pub(crate) key_origin: Origin,
    pub(crate) span: Span,
}

impl Span {
    /// A value without parts.
    pub(crate) fn leaf(origin: Origin) -> Self {
        Self {
            origin,
            inner: Inner::Leaf,
        }
    }

    /// A table without keys.
    pub(crate) fn table(origin: Origin) -> Self {
        Self {
            origin,
            inner: Inner::Keys(Keys::new()),
        }
    }

    /// The keys, where this is a table.
    pub(crate) fn keys_mut(&mut self) -> Option<&mut Keys> {
        match &mut self.inner {
            Inner::Keys(keys) => Some(keys),
            _ => None,
        }
    }

    /// Whether this is a table.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.inner, Inner::Keys(_))
    }

    /// Lays the places of a higher layer over these: tables by key, anything else is replaced. `replaced` marks tables that the
    /// layer replaces whole.
    pub(crate) fn cover(&mut self, above: Self, replaced: Option<&Merged>, sources: &Sources) {
        let is_replaced = matches!(replaced, Some(Merged::Empty(..)));
        match (&mut self.inner, above.inner) {
            (Inner::Keys(below), Inner::Keys(keys)) if !is_replaced => {
                // A flag that reaches into a table does not become the place where the table's missing keys are shown.
                if sources.is_file(above.origin.source) {
                    self.origin = above.origin;
                }
                for (key, entry) in keys {
                    let replaced = replaced.and_then(|marks| marks.as_dict()?.get(&key));
                    match below.get_mut(&key) {
                        Some(found) => found.cover(entry, replaced, sources),
                        None => {
                            below.insert(key, entry);
                        }
                    }
                }
            }
            (_, inner) => {
                *self = Self {
                    origin: above.origin,
                    inner,
                }
            }
        }
    }

    /// Lays a single setting over these places. Keys that are missing from a table are missing where the table is written, so
    /// the setting does not move it.
    pub(crate) fn cover_setting(
        &mut self,
        path: &[String],
        key_origin: &Origin,
        above: Self,
        mark: Option<&Merged>,
        sources: &Sources,
    ) {
        let Some((key, rest)) = path.split_first() else {
            let place = self.origin.clone();
            self.cover(above, mark, sources);
            if self.is_table() && !place.is_whole() {
                self.origin = place;
            }
            return;
        };
        let empty = || Self::table(key_origin.clone());
        if !self.is_table() {
            *self = empty();
        }
        let Some(keys) = self.keys_mut() else { return };
        let mut entry = keys.remove(key).unwrap_or_else(|| KeySpan {
            key_origin: key_origin.clone(),
            span: empty(),
        });
        if rest.is_empty() {
            entry.key_origin = key_origin.clone();
        }
        entry.span.cover_setting(rest, key_origin, above, mark, sources);
        keys.insert(key.clone(), entry);
    }

    /// The values with these places.
    pub(crate) fn node(&self, value: &Merged) -> Node {
        let value = match (value, &self.inner) {
            (Merged::Bool(_, value), _) => Value::Boolean(*value),
            (Merged::Num(_, number), _) => number_of(*number),
            (Merged::String(_, text), _) => Value::String(text.clone()),
            (Merged::Char(_, letter), _) => Value::String(letter.to_string()),
            (Merged::Array(_, items), Inner::Items(spans)) => Value::Array(
                items
                    .iter()
                    .zip(spans)
                    .map(|(item, span)| span.node(item))
                    .collect(),
            ),
            (Merged::Array(..), _) => Value::Array(Vec::new()),
            (Merged::Dict(_, dict), Inner::Keys(keys)) => Value::Table(table(dict, keys)),
            (Merged::Dict(..), _) => Value::Table(Table::new()),
            (Merged::Empty(..), _) => return unset::node(self.origin.clone()),
        };
        Node {
            value,
            origin: self.origin.clone(),
        }
    }
}

impl KeySpan {
    fn cover(&mut self, above: Self, replaced: Option<&Merged>, sources: &Sources) {
        let both_tables = self.span.is_table() && above.span.is_table();
        if !both_tables || sources.is_file(above.key_origin.source) {
            self.key_origin = above.key_origin;
        }
        self.span.cover(above.span, replaced, sources);
    }
}

fn table(dict: &Dict, keys: &Keys) -> Table {
    let entry = |(key, place): (&String, &KeySpan)| {
        let entry = Entry {
            key_origin: place.key_origin.clone(),
            node: place.span.node(dict.get(key)?),
        };
        Some((key.clone(), entry))
    };
    keys.iter().filter_map(entry).collect()
}

/// Layers hold no numbers of other types: see [`split`] and [`crate::provider`].
fn number_of(number: Num) -> Value {
    match number {
        Num::I64(value) => Value::Integer(value),
        other => Value::Float(other.to_f64().unwrap_or_default()),
    }
}

/// A value as figment merges it, and its places. A key that is unset becomes an empty value, which replaces those below it.
pub(crate) fn split(node: Node) -> (Merged, Span) {
    if unset::is_unset(&node) {
        return (Merged::Empty(Tag::Default, Empty::Unit), Span::leaf(node.origin));
    }
    let Value::Table(table) = node.value else {
        return split_item(node);
    };
    split_table(table, node.origin, split)
}

/// The same within an array, which is replaced whole: nothing is unset there.
fn split_item(node: Node) -> (Merged, Span) {
    let tag = Tag::Default;
    let (value, inner) = match node.value {
        Value::Boolean(value) => (Merged::Bool(tag, value), Inner::Leaf),
        Value::Integer(value) => (Merged::Num(tag, Num::I64(value)), Inner::Leaf),
        Value::Float(value) => (Merged::Num(tag, Num::F64(value)), Inner::Leaf),
        Value::String(text) => (Merged::String(tag, text), Inner::Leaf),
        Value::Array(items) => {
            let (items, spans) = items.into_iter().map(split_item).unzip();
            (Merged::Array(tag, items), Inner::Items(spans))
        }
        Value::Table(table) => return split_table(table, node.origin, split_item),
    };
    let origin = node.origin;
    (value, Span { origin, inner })
}

fn split_table(table: Table, origin: Origin, split: fn(Node) -> (Merged, Span)) -> (Merged, Span) {
    let (mut dict, mut keys) = (Dict::new(), Keys::new());
    for (key, Entry { key_origin, node }) in table {
        let (value, span) = split(node);
        dict.insert(key.clone(), value);
        keys.insert(key, KeySpan { key_origin, span });
    }
    let inner = Inner::Keys(keys);
    (Merged::Dict(Tag::Default, dict), Span { origin, inner })
}
