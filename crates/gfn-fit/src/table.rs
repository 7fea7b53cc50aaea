//! What was measured: a table of molecules and values, read and checked row by row.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use gfn_chem::{Composition, Molecule};
use gfn_proxy::fitted::Features;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::columns::{Columns, choose};

/// So many bad rows are told of.
const TOLD: usize = 5;

/// The most heavy atoms of a molecule: a batch has matrices of all pairs of atoms of its largest one, so that a polymer among the
/// molecules would fill the memory.
const MOST_ATOMS: usize = 500;

/// A molecule and what was measured of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its canonical SMILES without stereochemistry, which networks do not see.
    pub smiles: String,
    /// The value; of several, their mean.
    pub value: f64,
    /// What a network sees of it.
    pub features: Features,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its line in the file, from 1; its number where there is no file.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// How far values of one molecule are from one another, where some were measured several times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// Rows beyond the first of their molecule.
    pub rows: usize,
    /// The standard deviation of a molecule's values about their mean.
    pub deviation: f64,
}

/// Different molecules with a value each, in the order of their canonical SMILES.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What the values are: the column's name.
    pub name: String,
    /// The file's name.
    pub file: String,
    /// The sha256 of its content, where it was a file.
    pub sha256: Option<String>,
    /// How many rows there are.
    pub rows: usize,
    /// Rows that are left out.
    pub skipped: Vec<BadRow>,
    /// Rows that were merged.
    pub repeats: Option<Repeats>,
    /// The molecules.
    pub molecules: Vec<Measured>,
}

/// Why a table cannot be used.
#[derive(Debug, Error)]
pub enum TableError {
    /// The file is not there, or not readable.
    #[error("the table `{file}` cannot be read: {}", gfn_text::io_words(source))]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file has no rows.
    #[error(
        "the table `{0}` is empty: expected a line with the columns' names, and a line for each molecule"
    )]
    Empty(PathBuf),
    /// A column is missing.
    #[error("the table `{file}` has no column `{wanted}`; it has {known}{hint}")]
    NoColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        wanted: String,
        /// The columns that are there.
        known: String,
        /// What to do.
        hint: String,
    },
    /// A name that is asked for stands in several columns.
    #[error("the table `{file}` has several columns called `{name}` ({places}): rename all of them but one")]
    SameName {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
        /// The columns, counted from 1.
        places: String,
    },
    /// It is not clear which column has the molecules.
    #[error(
        "the table `{file}` has several columns that could be the molecules: {known} ({places}); choose one with `--smiles`"
    )]
    WhichSmiles {
        /// The file.
        file: PathBuf,
        /// Those.
        known: String,
        /// Where they are, counted from 1.
        places: String,
    },
    /// One column is to hold both.
    #[error(
        "the column `{name}` of the table `{file}` cannot be both the molecules and the values; name two with `--smiles` and `--value`"
    )]
    SameColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        name: String,
    },
    /// It is not clear which column has the values.
    #[error(
        "the table `{file}` has several columns that could be the value: {known}; choose one with `--value`"
    )]
    WhichValue {
        /// The file.
        file: PathBuf,
        /// Those.
        known: String,
    },
    /// Some rows cannot be used.
    #[error("{}", bad_rows(.file, .rows, *.total))]
    BadRows {
        /// The file.
        file: String,
        /// Those, in the order of the file.
        rows: Vec<BadRow>,
        /// How many rows there are.
        total: usize,
    },
}

fn bad_rows(file: &str, rows: &[BadRow], total: usize) -> String {
    let mut text = format!("{} of the {total} rows of `{file}` cannot be used:", rows.len());
    for BadRow { line, reason } in rows.iter().take(TOLD) {
        let _ = write!(text, "\n  line {line}: {reason}");
    }
    if rows.len() > TOLD {
        let _ = write!(text, "\n  and {} more", rows.len() - TOLD);
    }
    text + "\nmend them, or remove them"
}

/// A row as it stands.
struct Raw {
    line: u64,
    smiles: String,
    value: Result<f64, String>,
}

impl Table {
    /// Reads a file of comma-separated values (tab-separated where its name ends in `.tsv`) with a line of names. Rows that
    /// cannot be used are left out with `skip_bad`.
    ///
    /// # Errors
    /// [`TableError`], which names the line or the column.
    pub fn read(path: &Path, columns: &Columns, skip_bad: bool) -> Result<Self, TableError> {
        let bytes = std::fs::read(path).map_err(|source| TableError::Read {
            file: path.into(),
            source,
        })?;
        let digest = Sha256::digest(&bytes);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_tabbed = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("tsv"));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(if is_tabbed { b'\t' } else { b',' })
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(&bytes[..]);
        let names = reader.byte_headers().cloned().unwrap_or_default();
        let names: Vec<String> = names
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        if names.iter().all(String::is_empty) {
            return Err(TableError::Empty(path.into()));
        }
        let (smiles, value) = choose(path, &names, columns)?;
        let rows: Vec<Raw> = reader
            .byte_records()
            .map(|record| raw(record, smiles, value, &names))
            .collect();
        if rows.is_empty() {
            return Err(TableError::Empty(path.into()));
        }
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let table = Self::of_rows(&names[value], &file, &rows, skip_bad)?;
        Ok(Self {
            sha256: Some(sha256),
            ..table
        })
    }

    /// A table of molecules and values of the quantity `name` that some program has at hand; `origin` tells where from.
    ///
    /// # Errors
    /// [`TableError::BadRows`] where one cannot be used and `skip_bad` is false.
    pub fn of_pairs(
        name: &str,
        origin: &str,
        pairs: impl IntoIterator<Item = (String, f64)>,
        skip_bad: bool,
    ) -> Result<Self, TableError> {
        let rows = pairs.into_iter().zip(1..);
        let rows: Vec<Raw> = rows
            .map(|((smiles, value), line)| Raw {
                line,
                smiles,
                value: finite(value, &value.to_string()),
            })
            .collect();
        Self::of_rows(name, origin, &rows, skip_bad)
    }

    fn of_rows(name: &str, file: &str, rows: &[Raw], skip_bad: bool) -> Result<Self, TableError> {
        let (mut found, mut skipped) = (BTreeMap::<String, (Features, Vec<f64>)>::new(), Vec::new());
        for (row, read) in rows.iter().zip(read_all(rows)) {
            match read {
                Ok((key, features, value)) => {
                    found
                        .entry(key)
                        .or_insert_with(|| (features, Vec::new()))
                        .1
                        .push(value);
                }
                Err(reason) => skipped.push(BadRow {
                    line: row.line,
                    reason,
                }),
            }
        }
        if !skipped.is_empty() && !skip_bad {
            return Err(TableError::BadRows {
                file: file.into(),
                rows: skipped,
                total: rows.len(),
            });
        }
        let repeats = repeats(found.values().map(|(_, values)| &values[..]));
        let molecules = found.into_iter().map(|(smiles, (features, values))| Measured {
            smiles,
            value: mean(&values),
            features,
        });
        Ok(Self {
            name: name.into(),
            file: file.into(),
            sha256: None,
            rows: rows.len(),
            skipped,
            repeats,
            molecules: molecules.collect(),
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn repeats<'a>(values: impl Iterator<Item = &'a [f64]>) -> Option<Repeats> {
    let (mut rows, mut squares) = (0, 0.0);
    for values in values {
        let mean = mean(values);
        rows += values.len() - 1;
        squares += values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    }
    (rows > 0).then(|| Repeats {
        rows,
        deviation: (squares / rows as f64).sqrt(),
    })
}

fn raw(record: csv::Result<csv::ByteRecord>, smiles: usize, value: usize, names: &[String]) -> Raw {
    let record = match record {
        Ok(record) => record,
        Err(error) => {
            return Raw {
                line: error.position().map_or(0, csv::Position::line),
                smiles: String::new(),
                value: Err(error.to_string()),
            };
        }
    };
    let cell = |place: usize| {
        record
            .get(place)
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
    };
    Raw {
        line: record.position().map_or(0, csv::Position::line),
        smiles: cell(smiles).unwrap_or_default(),
        value: number(cell(value).as_deref(), &names[value]),
    }
}

fn number(cell: Option<&str>, name: &str) -> Result<f64, String> {
    match cell {
        None | Some("") => Err(format!("no value in the column `{name}`")),
        Some(text) => match text.parse() {
            Ok(value) => finite(value, text),
            Err(_) => Err(format!("`{text}` is not a number")),
        },
    }
}

fn finite(value: f64, text: &str) -> Result<f64, String> {
    match value.is_finite() {
        true => Ok(value),
        false => Err(format!("`{text}` is not a finite number")),
    }
}

type Read = Result<(String, Features, f64), String>;

/// Reads rows on all processors.
fn read_all(rows: &[Raw]) -> Vec<Read> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = rows
            .chunks(rows.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.iter().map(read).collect::<Vec<Read>>()))
            .collect();
        let parts = workers.into_iter().map(|worker| match worker.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        parts.flatten().collect()
    })
}

fn read(row: &Raw) -> Read {
    let value = row.value.clone()?;
    if row.smiles.is_empty() {
        return Err("no molecule".into());
    }
    check_size(&row.smiles)?;
    let features = Features::parse(&row.smiles).map_err(|error| error.to_string())?;
    let key = flat(&row.smiles).map_err(|error| error.to_string())?;
    Ok((key, features, value))
}

/// Whether a molecule is small enough. What is no SMILES passes, to be refused by who knows more about it.
fn check_size(smiles: &str) -> Result<(), String> {
    match Composition::of(smiles) {
        Ok(Composition { heavy_atoms, .. }) if heavy_atoms > MOST_ATOMS => Err(format!(
            "{heavy_atoms} heavy atoms; a proxy sees molecules of at most {MOST_ATOMS}"
        )),
        _ => Ok(()),
    }
}

/// The canonical SMILES without stereochemistry: stereoisomers look alike to a network, and must not be on both sides of a split.
fn flat(smiles: &str) -> Result<String, gfn_chem::ChemError> {
    let unmarked = smiles.replace(['/', '\\', '@'], "");
    let molecule = Molecule::parse(&unmarked).or_else(|_| Molecule::parse(smiles))?;
    molecule.canonical_smiles()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, skip_bad: bool) -> Result<Table, TableError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        Table::read(&path, &Columns::default(), skip_bad)
    }

    fn message(text: &str) -> String {
        read_text(text, false).unwrap_err().to_string()
    }

    #[test]
    fn rows_of_one_molecule_are_merged() {
        let table = read_text("SMILES,pIC50\nOCC,1\nc1ccccc1,5\nCCO,2\nC(C)O,3\n", false).unwrap();
        let found: Vec<(&str, f64)> = table
            .molecules
            .iter()
            .map(|row| (row.smiles.as_str(), row.value))
            .collect();
        assert_eq!(found, [("CCO", 2.0), ("c1ccccc1", 5.0)]);
        assert_eq!((table.rows, table.name.as_str()), (4, "pIC50"));
        let repeats = table.repeats.unwrap();
        assert_eq!((repeats.rows, repeats.deviation), (2, 1.0));
    }

    #[test]
    fn stereoisomers_are_one_molecule_to_a_network() {
        let table = read_text(
            "smiles,y\nC[C@H](O)F,1\nC[C@@H](O)F,3\nF/C=C/F,1\nF/C=C\\F,2\n",
            false,
        )
        .unwrap();
        let found: Vec<&str> = table.molecules.iter().map(|row| row.smiles.as_str()).collect();
        assert_eq!(found, ["CC(O)F", "FC=CF"]);
    }

    #[test]
    fn bad_rows_are_named_by_their_line() {
        let text = "smiles,y\nCCO,1\nC(,2\nCC,none\nCN,\nC[13CH3],1\n[Na+].[Cl-],1\nC[Se]C,1\nCO,inf\n,3\n";
        let said = message(text);
        assert!(
            said.starts_with(
                "8 of the 9 rows of `table.csv` cannot be used:\n  line 3: `C(` is not a SMILES"
            ),
            "{said}"
        );
        for part in [
            "line 4: `none` is not a number",
            "line 5: no value in the column `y`",
            "line 6: `C[13CH3]` names an isotope",
            "line 7: `[Na+].[Cl-]` is 2 molecules",
            "and 3 more",
            "mend them, or remove them",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let left = read_text(text, true).unwrap();
        assert_eq!((left.molecules.len(), left.skipped.len()), (1, 8));
        assert_eq!(left.skipped[6].reason, "`inf` is not a finite number");
    }

    #[test]
    fn a_molecule_that_is_too_large_is_a_bad_row() {
        let chain = |atoms: usize| format!("{}[H]", "C".repeat(atoms));
        assert_eq!(check_size(&"C".repeat(500)), Ok(()));
        // A hydrogen is no heavy atom, and what is no SMILES is another's to refuse.
        assert_eq!(check_size(&chain(500)), Ok(()));
        assert_eq!(check_size("C("), Ok(()));
        let reason = "501 heavy atoms; a proxy sees molecules of at most 500";
        assert_eq!(check_size(&chain(501)), Err(reason.into()));

        let polymer = "CC(c1ccccc1)".repeat(2500);
        let text = format!("smiles,y\nCCO,1\n{polymer},2\n");
        let said = message(&text);
        let expected = "line 3: 20000 heavy atoms; a proxy sees molecules of at most 500";
        assert!(said.contains(expected), "{said}");
        let left = read_text(&text, true).unwrap();
        assert_eq!((left.molecules.len(), left.skipped.len()), (1, 1));
    }

    #[test]
    fn columns_are_found_or_asked_for() {
        assert!(message("smile,y\nC,1\n").contains("no column `smiles`; it has `smile`, `y`; name the"));
        assert!(message("smiles,y,z\nC,1,2\n").contains("could be the value: `y`, `z`; choose one"));
        assert!(message("smiles\nC\n").contains("has no column `value`"));
        assert!(message("").contains("is empty"));
        assert!(message("smiles,y\n").contains("is empty"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.tsv");
        std::fs::write(&path, "mol\tenergy\tother\nCC\t-1.5\tx\n").unwrap();
        let columns = |value: &str| Columns {
            smiles: Some("mol".into()),
            value: Some(value.into()),
        };
        assert_eq!(
            Table::read(&path, &columns("energy"), false).unwrap().molecules[0].value,
            -1.5
        );
        let said = Table::read(&path, &columns("enery"), false)
            .unwrap_err()
            .to_string();
        assert!(said.contains("did you mean `energy`?"), "{said}");
        assert!(Table::read(Path::new("nowhere.csv"), &columns("y"), false).is_err());
    }
}
