//! `docked.csv`: molecules and the energies with which they dock.

use std::io::Write;

use serde::{Deserialize, Serialize};

/// A row of `docked.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The canonical SMILES.
    #[serde(with = "gfn_files::cell::text")]
    pub smiles: String,
    /// The energy of the best pose, in kcal/mol; absent where there is none.
    pub energy: Option<f64>,
    /// The score that it makes.
    pub score: Option<f64>,
    /// What the run's reward said of the molecule, before shaping.
    pub reward: Option<f64>,
    /// Why there is no energy.
    #[serde(with = "gfn_files::cell::option", default)]
    pub failure: Option<String>,
    /// What the file of molecules calls it.
    #[serde(with = "gfn_files::cell::option", default)]
    pub name: Option<String>,
}

/// Whether a file that begins with these bytes is such a table.
pub fn is_table(begin: &[u8]) -> bool {
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let cells: Vec<&str> = line.trim_end().split(',').collect();
    ["smiles", "energy", "score", "reward"]
        .iter()
        .all(|name| cells.contains(name))
}

/// Writes rows as CSV with a header.
///
/// # Errors
/// Where `sink` cannot be written.
pub fn write<'a>(sink: impl Write, rows: impl IntoIterator<Item = &'a Row>) -> std::io::Result<()> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(sink);
    writer.write_record(["smiles", "energy", "score", "reward", "failure", "name"])?;
    for row in rows {
        writer.serialize(row).map_err(std::io::Error::from)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_known_by_its_head() {
        let mut bytes = Vec::new();
        write(&mut bytes, []).unwrap();
        assert!(is_table(&bytes));
        for other in ["", "smiles,energy\n", "my notes\nsmiles,energy,score,reward\n"] {
            assert!(!is_table(other.as_bytes()), "{other}");
        }
    }
}
