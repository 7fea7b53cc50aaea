//! `gfn plugin check`.

use std::path::Path;

use gfn_plugins::Options;
use gfn_plugins::checker::{Objects, Samples, check as examine};

use super::options;
use crate::args::PluginArgs;
use crate::commands::print;
use crate::exit::Failure;

pub(crate) fn check(args: &PluginArgs, input: Option<&Path>, json: bool) -> Result<(), Failure> {
    let options = options(args)?;
    let samples = match input {
        Some(path) => {
            let objects = Objects::read(path).map_err(|error| Failure::usage(error.to_string()))?;
            Samples::default().with(kind_of(&options, &objects), objects)
        }
        None => Samples::default(),
    };
    let report = examine(&options, &samples);
    let text = match json {
        true => serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n",
        false => report.to_string(),
    };
    print(&text)?;
    match report.passed() {
        true => Ok(()),
        false => Err(Failure::different()),
    }
}

/// What the objects are: as `--objects` says, else molecules where they are texts, cells where they are states.
fn kind_of(options: &Options, objects: &Objects) -> String {
    let usual = match objects {
        Objects::Texts(_) => "molecule",
        Objects::States { .. } => "grid",
    };
    options.objects["kind"].as_str().unwrap_or(usual).to_string()
}
