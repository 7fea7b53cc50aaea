//! `gfn diff`.

use std::path::Path;

use gfn_config::{Difference, Tree, differences};
use gfn_record::folder::names;
use gfn_registry::Experiment;
use serde_json::{Value, json};

use super::{print, print_json};
use crate::args::{DiffArgs, DiffFormat};
use crate::exit::Failure;

/// Where a value that is not there comes from.
const NOWHERE: &str = "-";

pub(crate) fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let found = compare(args).map_err(Failure::into_trouble)?;
    let printed = match args.format {
        DiffFormat::Text => print(&found.iter().map(OriginatedDifference::line).collect::<String>()),
        DiffFormat::Json => {
            let list: Vec<Value> = found.iter().map(OriginatedDifference::json).collect();
            print_json(&(serde_json::to_string_pretty(&list).expect("differences are plain data") + "\n"))
        }
    };
    printed.map_err(Failure::into_trouble)?;
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::different())
    }
}

fn compare(args: &DiffArgs) -> Result<Vec<OriginatedDifference>, Failure> {
    let a = read(&args.a, args.profile_a.as_deref())?;
    let b = read(&args.b, args.profile_b.as_deref())?;
    let told = |found| OriginatedDifference {
        origins: (
            origin(&a.tree, &found, &found.before),
            origin(&b.tree, &found, &found.after),
        ),
        found,
    };
    Ok(differences(&a.resolved()?, &b.resolved()?)
        .into_iter()
        .map(told)
        .collect())
}

/// An experiment file with variables over it, or what a run was made from.
fn read(path: &Path, profile: Option<&str>) -> Result<Experiment, Failure> {
    if !path.is_dir() {
        return Ok(Experiment::load_with(path, profile, &[])?);
    }
    let file = path.join(names::RESOLVED);
    if !file.exists() {
        return Err(Failure::usage(format!(
            "`{}` is not the folder of a run: it has no {}",
            path.display(),
            names::RESOLVED
        )));
    }
    let tree = Tree::load_with(&file, profile, [], &[])?;
    Ok(Experiment::read(tree, path.to_path_buf())?)
}

/// A table of another kind comes from where its kind was chosen.
fn origin(tree: &Tree, found: &Difference, value: &Option<toml::Value>) -> Option<String> {
    let mut path = found.path.clone();
    if value.as_ref()?.get("kind").is_some() {
        path.push("kind".to_owned());
    }
    Some(tree.origin_of(&path))
}

/// A difference, and where each side has its value from.
struct OriginatedDifference {
    found: Difference,
    origins: (Option<String>, Option<String>),
}

impl OriginatedDifference {
    fn line(&self) -> String {
        let words = |value: &Option<toml::Value>| match value {
            // A text of several lines would otherwise spread over as many.
            Some(toml::Value::String(text)) if text.contains(['\n', '\r']) => json!(text).to_string(),
            Some(value) => value.to_string(),
            None => "absent".to_owned(),
        };
        let place = |origin: &Option<String>| origin.clone().unwrap_or(NOWHERE.to_owned());
        let (before, after) = (words(&self.found.before), words(&self.found.after));
        let (a, b) = (place(&self.origins.0), place(&self.origins.1));
        format!("{}: {before} -> {after}  ({a} -> {b})\n", self.found.key())
    }

    fn json(&self) -> Value {
        json!({
            "key": self.found.key(),
            "a": self.found.before,
            "b": self.found.after,
            "a_origin": self.origins.0,
            "b_origin": self.origins.1,
        })
    }
}
