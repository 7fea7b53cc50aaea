//! The experiment with its sweep as one file that means the same wherever it lies: what was written in any layer, with paths
//! made absolute. Defaults are left out, since some depend on settings that the sweep changes.

use gfn_config::{Problems, VERSION, to_toml};
use toml::{Table, Value};

use crate::plan::Plan;
use crate::space::{SearchedSetting, Tried};

/// The text of the file.
///
/// # Errors
/// Where a trial's experiment cannot be made.
pub(crate) fn text(plan: &Plan) -> Result<String, Problems> {
    let Value::Table(mut root) = to_toml(plan.base.tree.root()) else {
        unreachable!("the root of a tree is a table")
    };
    take_paths(&mut root, &plan.base.resolved()?);
    let parameters = parameters(plan)?;
    if let Some(Value::Table(sweep)) = root.get_mut("sweep") {
        sweep.insert("parameters".into(), parameters.into());
    }
    let mut whole = Table::new();
    whole.insert("gfn".into(), VERSION.into());
    whole.extend(values_first(root));
    Ok(toml::to_string(&whole).expect("an experiment is a table of plain values"))
}

/// The parameters, each under its whole path, with the paths in their values made absolute.
fn parameters(plan: &Plan) -> Result<Table, Problems> {
    let first: Vec<_> = plan
        .parameters
        .iter()
        .filter_map(|searched| searched.corners().first().copied())
        .collect();
    let mut table = Table::new();
    for (dimension, searched) in plan.parameters.iter().enumerate() {
        let value = match &searched.tried {
            Tried::Range(_, node) => to_toml(node),
            Tried::Values(values) => {
                let mut list = Vec::new();
                for (corner, node) in searched.corners().into_iter().zip(values) {
                    let mut point = first.clone();
                    point[dimension] = corner;
                    let resolved = plan.trial(&point, plan.seeds[0])?.table;
                    list.push(with_paths(to_toml(node), searched, &resolved));
                }
                list.into()
            }
        };
        table.insert(searched.name(), value);
    }
    Ok(table)
}

/// A value that is tried, with what the resolved experiment makes of its paths.
fn with_paths(mut value: Value, searched: &SearchedSetting, resolved: &Table) -> Value {
    let mut found = resolved.get(&searched.path[0]);
    for key in &searched.path[1..] {
        found = found.and_then(|value| value.get(key));
    }
    match (&mut value, found) {
        (Value::Table(written), Some(Value::Table(resolved))) => take_paths(written, resolved),
        (written, Some(resolved)) if is_path(resolved) => *written = resolved.clone(),
        _ => {}
    }
    value
}

/// Replaces paths by what they were resolved to, and adds those that are understood, such as the folder of a command.
fn take_paths(written: &mut Table, resolved: &Table) {
    for (key, value) in resolved {
        match (written.get_mut(key), value) {
            (Some(Value::Table(written)), Value::Table(resolved)) => take_paths(written, resolved),
            (_, value) if is_path(value) => {
                written.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
}

fn is_path(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('/'),
        Value::Array(items) => items.iter().any(is_path),
        _ => false,
    }
}

/// A table with its tables last, as a file has them.
fn values_first(table: Table) -> Table {
    let (tables, values): (Vec<_>, Vec<_>) = table.into_iter().partition(|(_, value)| value.is_table());
    values.into_iter().chain(tables).collect()
}
