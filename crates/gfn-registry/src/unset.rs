//! Keys that a layer unsets and that do not exist: they are mistyped.

use gfn_config::{FILE_KEYS, Problem, Tree, Unset};
use serde_json::Value as Json;

use crate::experiment::SECTIONS;
use crate::sections::{SectionSchema, sections};

/// The key that chooses a component.
const KIND: &str = "kind";

/// An error for each key that a layer unsets and that no experiment has. A key of a component that is not chosen exists.
pub(crate) fn mistakes(tree: &Tree) -> Vec<Problem> {
    if tree.unsets().is_empty() {
        return Vec::new();
    }
    let sections = sections();
    let mistake = |unset| mistake(unset, &sections);
    tree.unsets().iter().filter_map(mistake).collect()
}

fn mistake(unset: &Unset, sections: &[SectionSchema]) -> Option<Problem> {
    let mut path = unset.path.iter().map(|(key, _)| key.as_str()).enumerate();
    let (_, first) = path.next()?;
    let top = sections.iter().find(|section| section.name.is_empty());
    let section = sections.iter().find(|section| section.name == first);
    let mut schemas: Vec<&Json> = match section {
        Some(section) => own_and_components(section),
        None => {
            let of_top = top.map(own_and_components).unwrap_or_default();
            let keys = properties(&of_top, first);
            if keys.is_empty() {
                let known = [&SECTIONS[..], &FILE_KEYS, &names(&of_top)].concat();
                return unset.unknown(0, &known);
            }
            keys
        }
    };
    let has_kind = section.is_some_and(|section| !section.components.is_empty());
    for (index, key) in path {
        if index == 1 && has_kind && key == KIND {
            return None;
        }
        let inner = properties(&schemas, key);
        if inner.is_empty() {
            let mut known = names(&schemas);
            known.extend((index == 1 && has_kind).then_some(KIND));
            return unset
                .unknown(index, &known)
                .filter(|_| !schemas.iter().any(is_open));
        }
        schemas = inner;
    }
    None
}

/// The schemas of a section's keys.
fn own_and_components(section: &SectionSchema) -> Vec<&Json> {
    let components = section.components.iter().map(|component| &component.schema);
    section.own.iter().chain(components).collect()
}

/// The schemas of a key, in any of several tables.
fn properties<'a>(tables: &[&'a Json], key: &str) -> Vec<&'a Json> {
    let shapes = tables.iter().flat_map(|table| shapes(table));
    let found = shapes.filter_map(|shape| shape["properties"].get(key).or_else(|| others(shape)));
    found.collect()
}

/// The keys that any of several tables has.
fn names<'a>(tables: &[&'a Json]) -> Vec<&'a str> {
    let shapes = tables.iter().flat_map(|table| shapes(table));
    let keys = shapes.filter_map(|shape| shape["properties"].as_object());
    keys.flat_map(|keys| keys.keys().map(String::as_str)).collect()
}

/// The schema of the keys of a map.
fn others(shape: &Json) -> Option<&Json> {
    shape
        .get("additionalProperties")
        .filter(|schema| **schema != Json::Bool(false))
}

/// Whether a schema allows any value.
fn is_open(schema: &&Json) -> bool {
    let constraints = ["type", "properties", "const", "enum", "anyOf", "oneOf", "allOf"];
    let allows_any = |shape: &&Json| constraints.iter().all(|key| shape.get(key).is_none());
    shapes(schema).iter().any(allows_any)
}

/// A schema and its alternatives.
fn shapes(schema: &Json) -> Vec<&Json> {
    let mut found = vec![schema];
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        let inner = schema[alternatives].as_array().into_iter().flatten();
        found.extend(inner.flat_map(shapes));
    }
    found
}
