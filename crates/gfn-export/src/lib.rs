//! What runs left, for other programs: tables as CSV or Parquet, and folders that a script beside the data brings into
//! MLflow or Weights & Biases.
//!
//! The formats in which those two keep runs are their own and change with their versions, so nothing here writes them: the script is
//! small, can be read, and calls the user's own package.

mod cell;
mod comma;
mod error;
mod flat;
mod parquet_file;
mod table;
mod tables;
mod tracking;

use std::path::{Path, PathBuf};

use gfn_report::Run;

pub use error::ExportError;

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

/// Writes runs into the folder `out`, made if it is not there, and returns its files. Files of the same names are replaced.
///
/// # Errors
/// Where a file cannot be read or written.
pub fn export(runs: &[Run], target: Target, out: &Path) -> Result<Vec<PathBuf>, ExportError> {
    std::fs::create_dir_all(out).map_err(ExportError::io(out))?;
    match target {
        Target::Csv => each_table(runs, out, "csv", comma::write),
        Target::Parquet => each_table(runs, out, "parquet", parquet_file::write),
        Target::Mlflow => tracking::write(runs, out, tracking::MLFLOW),
        Target::Wandb => tracking::write(runs, out, tracking::WANDB),
    }
}

fn each_table(
    runs: &[Run],
    out: &Path,
    ending: &str,
    write: fn(&table::Table, &Path) -> Result<(), ExportError>,
) -> Result<Vec<PathBuf>, ExportError> {
    let mut files = Vec::new();
    for table in tables::tables(runs) {
        let path = out.join(format!("{}.{ending}", table.name));
        write(&table, &path)?;
        files.push(path);
    }
    Ok(files)
}
