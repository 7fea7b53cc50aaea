//! A part of the tree to a typed parameter struct, and back.

use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::describe::key_path;
use crate::node::{Node, Value};
use crate::problem::Problem;
use crate::schema;

/// Reads a node into a struct, or finds everything that is wrong with it.
///
/// `path` is the node's full path (`loss`), for the messages; keys in `ignore` (`kind`) belong to the caller and are
/// not shown to the struct. The struct's JSON schema is checked first, since that finds all mistakes; what only the
/// struct's own `Deserialize` can refuse comes after, at the key where it stopped.
pub fn read<P: DeserializeOwned + JsonSchema>(
    node: &Node,
    path: &str,
    ignore: &[&str],
) -> Result<P, Vec<Problem>> {
    let root = SchemaGenerator::default().into_root_schema_for::<P>().to_value();
    let problems = schema::check(&root, node, path, ignore);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut value = to_toml(node);
    if let toml::Value::Table(table) = &mut value {
        ignore.iter().for_each(|key| {
            table.remove(*key);
        });
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| vec![refused(node, path, error.path(), error.inner().message())])
}

/// What a struct's own `Deserialize` refused.
fn refused(node: &Node, path: &str, inner: &Path, message: &str) -> Problem {
    let (mut node, mut path) = (node, path.to_owned());
    for segment in inner {
        let next = match segment {
            Segment::Map { key } | Segment::Enum { variant: key } => {
                node.get(key).map(|next| (next, key_path(&path, key)))
            }
            Segment::Seq { index } => item(node, *index).map(|next| (next, format!("{path}[{index}]"))),
            Segment::Unknown => None,
        };
        let Some(next) = next else { break };
        (node, path) = next;
    }
    let message = message.trim_end();
    let message = if path.is_empty() {
        message.to_owned()
    } else {
        format!("`{path}`: {message}")
    };
    Problem::new(message).at(&node.origin)
}

fn item(node: &Node, index: usize) -> Option<&Node> {
    if let Value::Array(items) = &node.value {
        items.get(index)
    } else {
        None
    }
}

/// The keys of a table that are none of `known`, for tables that are read by hand; a node that is no table has none.
pub fn unknown_keys(node: &Node, path: &str, known: &[&str]) -> Vec<Problem> {
    let entries = node.table().into_iter().flatten();
    let unknown = entries.filter(|(key, _)| !known.contains(&key.as_str()));
    unknown
        .map(|(key, entry)| schema::unknown_key(path, key, entry, known))
        .collect()
}

/// The plain value, without origins.
pub fn to_toml(node: &Node) -> toml::Value {
    match &node.value {
        Value::Boolean(value) => toml::Value::Boolean(*value),
        Value::Integer(value) => toml::Value::Integer(*value),
        Value::Float(value) => toml::Value::Float(*value),
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Array(items) => toml::Value::Array(items.iter().map(to_toml).collect()),
        Value::Table(table) => toml::Value::Table(
            table
                .iter()
                .map(|(key, entry)| (key.clone(), to_toml(&entry.node)))
                .collect(),
        ),
    }
}

/// The table that would be read back as these parameters, defaults included; `None` fields are left out.
///
/// Fails only for what TOML cannot hold, such as a whole number above `i64::MAX`.
pub fn to_table<P: Serialize>(parameters: &P) -> Result<toml::Table, toml::ser::Error> {
    toml::Table::try_from(parameters)
}
