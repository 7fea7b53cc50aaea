//! What runs left, for other programs: tables as CSV or Parquet, and folders that a script beside the data brings into
//! MLflow or Weights & Biases.
//!
//! The formats in which those two keep runs are their own and change with their versions, so nothing here writes them: the script is
//! small, can be read, and calls the user's own package.

mod cell;
mod comma;
mod error;
mod flat;
mod folder;
mod parquet_file;
mod table;
mod tables;
mod tracking;

use std::path::{Path, PathBuf};

use gfn_runs::Run;

pub use error::ExportError;

use folder::Folder;

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// MLflow.
    Mlflow,
    /// Weights & Biases.
    Wandb,
}

/// Writes runs into the folder `out`, made if it is not there, and returns its files. Those of an earlier export are replaced.
///
/// # Errors
/// Where a file cannot be read or written, or one that is there is from no earlier export.
pub fn export(runs: &[Run], target: Target, out: &Path) -> Result<Vec<PathBuf>, ExportError> {
    let mut folder = Folder::open(out)?;
    let files = match target {
        Target::Csv => each_table(runs, &mut folder, "csv", comma::write),
        Target::Parquet => each_table(runs, &mut folder, "parquet", parquet_file::write),
        Target::Mlflow => tracking::write(runs, &mut folder, tracking::MLFLOW),
        Target::Wandb => tracking::write(runs, &mut folder, tracking::WANDB),
    }?;
    folder.publish()?;
    Ok(files)
}

fn each_table(
    runs: &[Run],
    folder: &mut Folder,
    ending: &str,
    write: fn(&table::Table, &Path) -> Result<(), ExportError>,
) -> Result<Vec<PathBuf>, ExportError> {
    let tables = tables::tables(runs);
    let names: Vec<String> = tables
        .iter()
        .map(|table| format!("{}.{ending}", table.name))
        .collect();
    folder.may_replace(names.iter().map(String::as_str))?;
    let each = tables.iter().zip(&names);
    each.map(|(table, name)| folder.write(name, |path| write(table, path)))
        .collect()
}
