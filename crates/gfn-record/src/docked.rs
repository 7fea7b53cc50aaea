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
    let mut writer = gfn_files::cell::csv().has_headers(false).from_writer(sink);
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
    fn names_of_others_neither_steer_nor_compute() {
        let row = Row {
            smiles: "C".into(),
            energy: None,
            score: None,
            reward: None,
            failure: Some("line\nbreak".into()),
            name: Some("\u{1b}[2Ja;=1+1".into()),
        };
        let mut bytes = Vec::new();
        write(&mut bytes, [&row]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.ends_with("\nC,,,,line\\u{a}break,\"\\u{1b}[2Ja;'=1+1\"\n"),
            "{text}"
        );
        let back: Vec<Row> = gfn_input::rows(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(back, [row]);
    }

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
