//! `gfn plugin check`.

use std::path::Path;

use gfn_plugins::checker::{Samples, check as examine};

use super::{options, run};
use crate::args::PluginArgs;
use crate::commands::print;
use crate::exit::Failure;

pub(crate) fn check(args: &PluginArgs, input: Option<&Path>, json: bool) -> Result<(), Failure> {
    let options = options(args)?;
    let samples = match input {
        Some(path) => Samples::from_objects(&run::read(path)?).map_err(Failure::usage)?,
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
