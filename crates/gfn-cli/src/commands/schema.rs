//! `gfn schema`.

use std::path::Path;

use gfn_plugins::trust::LockFile;
use gfn_registry::json_schema::{TITLE, experiment_schema_with};
use serde_json::Value;

use super::print_json;
use crate::exit::Failure;
use crate::output;

/// A schema is far smaller.
const MAX_BYTES: usize = 64 << 20;

pub(crate) fn schema(out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) if path != Path::new("-") => write(path),
        _ => print_json(&text()?),
    }
}

/// Writes the schema to a file, over what was there: it is made from the program, and is only ever right as the program is.
pub(crate) fn write(path: &Path) -> Result<(), Failure> {
    output::write(path, text()?.as_bytes())
}

/// Refuses to replace a file, under a name that nobody typed, unless it is a schema of experiments.
pub(crate) fn may_replace(path: &Path) -> Result<(), Failure> {
    let is_schema = |bytes: &[u8]| {
        let found: Option<Value> = serde_json::from_slice(bytes).ok();
        found.is_some_and(|found| found["title"] == TITLE)
    };
    let words = ("a schema that gfn wrote", "move it away, or leave out `--schema`");
    output::may_replace(path, MAX_BYTES, is_schema, words).map_err(Failure::usage)
}

/// The schema; the parameters of the plugins that are pinned for this folder are in it.
fn text() -> Result<String, Failure> {
    let lock = LockFile::near(Path::new(".")).map_err(Failure::failed)?;
    let text = serde_json::to_string_pretty(&experiment_schema_with(&lock)).map_err(Failure::failed)?;
    Ok(text + "\n")
}
