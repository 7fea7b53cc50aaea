//! `gfn schema`.

use std::path::Path;

use gfn_plugins::trust::LockFile;
use gfn_registry::json_schema::experiment_schema_with;

use super::print_json;
use crate::exit::Failure;

pub(crate) fn schema(out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) if path != Path::new("-") => write(path),
        _ => print_json(&text()?),
    }
}

/// Writes the schema to a file, over what was there: it is made from the program, and is only ever right as the program is.
pub(crate) fn write(path: &Path) -> Result<(), Failure> {
    std::fs::write(path, text()?).map_err(Failure::system(format!("write `{}`", path.display())))
}

/// The schema; the parameters of the plugins that are pinned for this folder are in it.
fn text() -> Result<String, Failure> {
    let lock = LockFile::near(Path::new(".")).map_err(Failure::failed)?;
    let text = serde_json::to_string_pretty(&experiment_schema_with(&lock)).map_err(Failure::failed)?;
    Ok(text + "\n")
}
