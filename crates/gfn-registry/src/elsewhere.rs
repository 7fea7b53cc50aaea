//! Keys that are written in one place and belong in another.

use std::cell::LazyCell;

use gfn_config::{FILE_KEYS, Node, Origin, Problem, Tree, Written};

use crate::catalogue::{Described, catalogue};

/// How the catalogue names what stands above the first table.
pub(crate) const TOP: &str = "";

/// Says of unknown keys of a section where they belong, where that is known exactly; their nearest names otherwise stay.
/// `kind` is the component that the section chooses; empty where it chooses none.
pub(crate) fn redirect(
    problems: Vec<Problem>,
    tree: &Tree,
    node: &Node,
    section: &str,
    kind: &str,
) -> Vec<Problem> {
    let Some(table) = node.table() else {
        return problems;
    };
    let all = LazyCell::new(catalogue);
    let help = |problem: &Problem| {
        // Of thousands of unknown keys, those that nobody will see have no help.
        problem
            .help
            .as_ref()
            .filter(|_| problem.message.starts_with("unknown"))?;
        let at_key = |key_origin: &Origin| problem.origin.as_ref() == Some(key_origin);
        let (key, _) = table.iter().find(|(_, entry)| at_key(&entry.key_origin))?;
        let is_file = problem
            .origin
            .as_ref()
            .is_none_or(|at| tree.written(at) == Written::File);
        belongs(key, section, kind, is_file, &all)
    };
    problems
        .into_iter()
        .map(|problem| match help(&problem) {
            Some(help) => problem.help(help),
            None => problem,
        })
        .collect()
}

/// "`epsilon` is a key of loss `flow-matching`", or of sections and components elsewhere.
fn belongs(key: &str, section: &str, kind: &str, is_file: bool, all: &[Described]) -> Option<String> {
    let has = |described: &&Described| described.parameters.iter().any(|parameter| parameter.name == key);
    let holders: Vec<&Described> = all.iter().filter(has).collect();
    let here: Vec<String> = holders
        .iter()
        .filter(|described| {
            described.section == section && !described.name.is_empty() && described.name != kind
        })
        .map(|described| format!("`{}`", described.name))
        .collect();
    if !here.is_empty() {
        let noun = section.replace('_', " ");
        return Some(format!("`{key}` is a key of {noun} {}", here.join(" and ")));
    }
    let mut sections: Vec<String> = holders
        .iter()
        .map(|described| match described.section {
            TOP if is_file => "at the top of the file, above the first section".to_owned(),
            TOP => format!("written `{key}`, without a section"),
            section if !is_file => format!("written `{section}.{key}`"),
            section => format!("under `[{section}]`, as `{section}.{key}`"),
        })
        .collect();
    sections.dedup();
    match sections.is_empty() {
        _ if FILE_KEYS.contains(&key) => Some(format!("`{key}` belongs at the top of the file")),
        true => joined_by_underscores(key, section, all),
        false if is_file => Some(format!("`{key}` belongs {}", sections.join(", or "))),
        false => Some(format!("it is {}", sections.join(", or "))),
    }
}

/// `training_steps` was to be `training.steps`, as where a variable has one underscore for two.
fn joined_by_underscores(key: &str, section: &str, all: &[Described]) -> Option<String> {
    let is = |section: &str, key: &str| {
        let mut holders = all.iter().filter(|described| described.section == section);
        holders.any(|described| described.parameters.iter().any(|parameter| parameter.name == key))
    };
    let parts = key.match_indices('_').map(|(at, _)| (&key[..at], &key[at + 1..]));
    let (meant, key) = parts
        .into_iter()
        .find(|(meant, key)| is(meant, key))
        .filter(|_| section == TOP)?;
    let variable = format!("GFN__{meant}__{key}").to_uppercase();
    Some(format!(
        "did you mean `{meant}.{key}`? as a variable it is `{variable}`, with two underscores for the dot"
    ))
}
