//! `docked.csv`: molecules and the energies with which they dock.

use std::io::Write;

use serde::{Deserialize, Serialize};

/// A row of `docked.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The canonical SMILES.
    pub smiles: String,
    /// The energy of the best pose, in kcal/mol; absent where there is none.
    pub energy: Option<f64>,
    /// The score that it makes.
    pub score: Option<f64>,
    /// What the run's reward said of the molecule, before shaping.
    pub reward: Option<f64>,
    /// Why there is no energy.
    pub failure: Option<String>,
}

/// Writes rows as CSV with a header.
///
/// # Errors
/// Where `sink` cannot be written.
pub fn write<'a>(sink: impl Write, rows: impl IntoIterator<Item = &'a Row>) -> std::io::Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(sink);
    writer.write_record(["smiles", "energy", "score", "reward", "failure"])?;
    for row in rows {
        writer.serialize(row).map_err(std::io::Error::from)?;
    }
    writer.flush()
}
