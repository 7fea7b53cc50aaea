//! `gfn plugin check`.

use std::path::Path;

use gfn_plugins::Options;
use gfn_plugins::checker::{Objects, Samples, check as examine};
use serde_json::{Value, json};

use super::options;
use crate::args::PluginArgs;
use crate::commands::print;
use crate::exit::Failure;

pub(crate) fn check(args: &PluginArgs, input: Option<&Path>, json: bool) -> Result<(), Failure> {
    let options = options(args)?;
    let samples = match input {
        Some(path) => {
            let objects = Objects::read(path).map_err(|error| Failure::usage(error.to_string()))?;
            Samples::default().with(told_of(&options, &objects), objects)
        }
        None => Samples::default(),
    };
    let report = examine(&options, &samples);
    let text = match json {
        true => serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n",
        false => format!("{report}\n"),
    };
    print(&text)?;
    match report.passed() {
        true => Ok(()),
        false => Err(Failure::different()),
    }
}

/// What is told of the objects: what `--objects` says, else that texts are molecules, and states cells.
fn told_of(options: &Options, objects: &Objects) -> Value {
    let usual = match objects {
        Objects::Texts(_) => "molecule",
        Objects::States { .. } => "grid",
    };
    match options.objects["kind"] {
        Value::Null => json!({ "kind": usual }),
        _ => options.objects.clone(),
    }
}
