//! `gfn schema`.

use std::path::Path;

use gfn_registry::json_schema::experiment_schema;

use super::print;
use crate::exit::Failure;

pub(crate) fn schema(out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(path) if path != Path::new("-") => write(path),
        _ => print(&text()),
    }
}

/// Writes the schema to a file, over what was there: it is made from the program, and is only ever right as the program is.
pub(crate) fn write(path: &Path) -> Result<(), Failure> {
    std::fs::write(path, text())
        .map_err(|error| Failure::failed(format!("cannot write `{}`: {error}", path.display())))
}

fn text() -> String {
    let text = serde_json::to_string_pretty(&experiment_schema()).expect("a schema is plain data");
    text + "\n"
}
