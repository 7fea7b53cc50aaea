//! One layer on another.

use crate::source::Sources;
use crate::tree::{Entry, Node, Table, Value};

/// Merges a higher layer into a lower one: tables by key, anything else is replaced.
///
/// A table whose `kind` changes is replaced whole: what tuned one loss means nothing to another, and would only come
/// back as unknown keys that the user never wrote in this file.
pub(crate) fn merge(lower: &mut Node, higher: Node, sources: &Sources) {
    overlay(lower, higher, sources, true);
}

/// Adds to a layer under construction: `kind` drops nothing, so the order of flags does not decide which survive.
pub(crate) fn gather(layer: &mut Node, addition: Node, sources: &Sources) {
    overlay(layer, addition, sources, false);
}

fn overlay(lower: &mut Node, higher: Node, sources: &Sources, kinds: bool) {
    match (&mut lower.value, higher.value) {
        (Value::Table(below), Value::Table(above)) if !(kinds && kind_changes(below, &above)) => {
            // A flag that reaches into a table does not become the place where the table's missing keys are shown.
            if sources.is_file(higher.origin.source) {
                lower.origin = higher.origin;
            }
            overlay_tables(below, above, sources, kinds);
        }
        (_, value) => {
            *lower = Node {
                value,
                origin: higher.origin,
            }
        }
    }
}

fn overlay_tables(below: &mut Table, above: Table, sources: &Sources, kinds: bool) {
    for (key, entry) in above {
        match below.get_mut(&key) {
            Some(found) => overlay_entry(found, entry, sources, kinds),
            None => {
                below.insert(key, entry);
            }
        }
    }
}

fn overlay_entry(found: &mut Entry, entry: Entry, sources: &Sources, kinds: bool) {
    let both_tables = found.node.table().is_some() && entry.node.table().is_some();
    if !both_tables || sources.is_file(entry.key_origin.source) {
        found.key_origin = entry.key_origin;
    }
    overlay(&mut found.node, entry.node, sources, kinds);
}

fn kind_changes(below: &Table, above: &Table) -> bool {
    match (below.get("kind"), above.get("kind")) {
        // A profile may be named `kind`.
        (Some(below), Some(above)) if below.node.table().is_none() => below.node.value != above.node.value,
        _ => false,
    }
}
