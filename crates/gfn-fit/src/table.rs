//! What was measured: a table of molecules and values, read and checked row by row.

use std::collections::BTreeMap;
use std::path::Path;

use gfn_chem::{Composition, Molecule};
use gfn_input::{Rejected, Row};
use gfn_proxy::fitted::Features;

use crate::assay::Assay;
use crate::cells::{Cells, choices, places};
use crate::error::TableError;
use crate::filters::Filters;
use crate::reading::{Censored, Merge, Reading, Transform};
use crate::repeats::{Repeats, Values, repeats, warnings};
use crate::source::Source;

/// The most heavy atoms of a molecule: a batch has matrices of all pairs of atoms of its largest one, so that a polymer among the
/// molecules would fill the memory.
const MAX_ATOMS: usize = 500;

/// A molecule and what was measured of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its canonical SMILES without stereochemistry, which networks do not see.
    pub smiles: String,
    /// The value; several are merged.
    pub value: f64,
    /// What a network sees of it.
    pub features: Features,
}

/// A row that cannot be used.
pub type BadRow = Rejected;

/// Different molecules with a value each, in the order of their canonical SMILES.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What the values are: the column's name, or that of what it became.
    pub name: String,
    /// Their unit, where it is known.
    pub unit: Option<String>,
    /// The file's name.
    pub file: String,
    /// The sha256 of its content, where it was a file.
    pub sha256: Option<String>,
    /// How many rows there are.
    pub rows: usize,
    /// Rows of other values than those that are asked for.
    pub others: usize,
    /// Rows that hold a bound and no value, and are left out for that.
    pub censored: usize,
    /// Rows that are left out because they cannot be used.
    pub skipped: Vec<BadRow>,
    /// Rows that were merged.
    pub repeats: Option<Repeats>,
    /// How the table was read, where that is not the usual way: options of the command line.
    pub choices: Vec<String>,
    /// What the user should know before relying on the values.
    pub warnings: Vec<String>,
    /// The molecules.
    pub molecules: Vec<Measured>,
}

/// A row as it stands.
pub(crate) struct Raw {
    pub(crate) line: u64,
    pub(crate) read: Result<(String, f64), BadRow>,
}

/// The values of a molecule, each with its line.
struct MoleculeValues {
    features: Features,
    lines: Vec<u64>,
    values: Vec<f64>,
}

impl Table {
    /// Reads a file that holds a table of one quantity.
    ///
    /// # Errors
    /// [`TableError`], which names the line or the column, and what to say where it is not clear what is meant.
    pub fn read(path: &Path, reading: &Reading) -> Result<Self, TableError> {
        Self::of(&Source::open(path, None)?, reading)
    }

    /// The same of a file that is open.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn of(source: &Source, reading: &Reading) -> Result<Self, TableError> {
        if reading.transform != Transform::None && reading.merge == Merge::Geometric {
            return Err(TableError::Option {
                file: source.path.clone(),
                message: "`--merge geometric` of logarithms is none; their mean, `--merge mean`, is the geometric mean of the values"
                    .into(),
            });
        }
        let (place, mut findings) = places(source, reading)?;
        let filters = Filters::of(source, &reading.filters)?;
        let rows: Vec<&Row> = source.text.rows.iter().filter(|row| filters.take(row)).collect();
        let cells = Cells {
            source,
            place,
            assay: Assay::of(&source.text.names, place.1),
            decimal: reading.decimal,
        };
        let valued: Vec<&Row> = rows.iter().copied().filter(|row| cells.has_value(row)).collect();
        findings.extend(cells.assay.check(source, &filters, &valued));
        findings.extend(cells.check_bounds(&valued, reading.censored));
        if !findings.texts.is_empty() {
            findings
                .options
                .extend(cells.further_options(&rows, reading, &findings));
            return Err(TableError::Undeclared {
                file: source.path.clone(),
                findings: findings.texts,
                options: findings.options,
            });
        }
        let is_left_out = |row: &Row| reading.censored == Some(Censored::Drop) && cells.bound(row).is_some();
        let quantity = cells.quantity(&valued, reading)?;
        let read = rows.iter().filter(|row| !is_left_out(row));
        let raw: Vec<Raw> = read
            .map(|row| Raw {
                line: row.line,
                read: cells.read(row, &quantity),
            })
            .collect();
        let smiles = source.text.names[place.0].as_str();
        let table = Self::of_rows(&quantity.name, &source.name(), Some(smiles), raw, reading)?;
        let all = source.text.rows.len();
        Ok(Self {
            unit: quantity.unit,
            sha256: Some(source.sha256.clone()),
            rows: all,
            others: all - rows.len(),
            censored: rows.iter().filter(|row| is_left_out(row)).count(),
            choices: choices(source, reading),
            warnings: [quantity.warnings, table.warnings].concat(),
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
        let finite = |line: u64, value: f64| match value.is_finite() {
            true => Ok(value),
            false => Err(Rejected {
                line,
                column: None,
                value: value.to_string(),
                reason: format!("`{value}` is not a finite number"),
            }),
        };
        let rows = pairs.into_iter().zip(1..);
        let rows = rows.map(|((smiles, value), line)| Raw {
            line,
            read: finite(line, value).map(|value| (smiles, value)),
        });
        let reading = Reading {
            skip_bad,
            ..Reading::default()
        };
        let table = Self::of_rows(name, origin, None, rows.collect(), &reading)?;
        // Warnings are for people with tables.
        Ok(Self {
            warnings: Vec::new(),
            ..table
        })
    }

    fn of_rows(
        name: &str,
        file: &str,
        column: Option<&str>,
        rows: Vec<Raw>,
        reading: &Reading,
    ) -> Result<Self, TableError> {
        let (mut found, mut skipped) = (BTreeMap::<String, MoleculeValues>::new(), Vec::new());
        for (row, read) in rows.iter().zip(read_all(&rows, column)) {
            match read {
                Ok((key, features, value)) => {
                    let new = || MoleculeValues {
                        features,
                        lines: Vec::new(),
                        values: Vec::new(),
                    };
                    let found = found.entry(key).or_insert_with(new);
                    found.lines.push(row.line);
                    found.values.push(value);
                }
                Err(bad) => skipped.push(bad),
            }
        }
        if !skipped.is_empty() && !reading.skip_bad {
            return Err(TableError::BadRows {
                file: file.into(),
                rows: skipped,
                total: rows.len(),
            });
        }
        let repeats = repeats(found.values().map(|found| &found.values[..]));
        let all: Vec<Values<'_>> = found
            .iter()
            .map(|(smiles, found)| Values {
                smiles,
                lines: &found.lines,
                values: &found.values,
            })
            .collect();
        let warnings = match reading.merge {
            Merge::Geometric if all.iter().any(|all| all.values.iter().any(|value| *value <= 0.0)) => {
                return Err(TableError::Option {
                    file: file.into(),
                    message: "`--merge geometric` needs positive values; take `mean` or `median`".into(),
                });
            }
            merge => warnings(&all, reading.transform, merge),
        };
        let molecules = found.into_iter().map(|(smiles, found)| Measured {
            smiles,
            value: reading.merge.of(&found.values),
            features: found.features,
        });
        Ok(Self {
            name: name.into(),
            unit: None,
            file: file.into(),
            sha256: None,
            rows: rows.len(),
            others: 0,
            censored: 0,
            skipped,
            repeats,
            choices: Vec::new(),
            warnings,
            molecules: molecules.collect(),
        })
    }
}

pub(crate) type Read = Result<(String, Features, f64), BadRow>;

/// Reads rows on all processors. `column` is the name of the molecules' column.
pub(crate) fn read_all(rows: &[Raw], column: Option<&str>) -> Vec<Read> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = rows
            .chunks(rows.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.iter().map(|row| read(row, column)).collect::<Vec<Read>>()))
            .collect();
        let parts = workers.into_iter().map(|worker| match worker.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        parts.flatten().collect()
    })
}

fn read(row: &Raw, column: Option<&str>) -> Read {
    let (smiles, value) = row.read.clone()?;
    let seen = see(&smiles);
    let (key, features) = seen.map_err(|reason| Rejected {
        line: row.line,
        column: column.map(str::to_string),
        value: smiles,
        reason,
    })?;
    Ok((key, features, value))
}

/// The key of a molecule, and what a network sees of it.
fn see(smiles: &str) -> Result<(String, Features), String> {
    check_size(smiles)?;
    let features = Features::parse(smiles).map_err(|error| error.to_string())?;
    let key = flat(smiles).map_err(|error| error.to_string())?;
    Ok((key, features))
}

/// Whether a molecule is small enough. What is no SMILES passes, to be refused by who knows more about it.
fn check_size(smiles: &str) -> Result<(), String> {
    match Composition::of(smiles) {
        Ok(Composition { heavy_atoms, .. }) if heavy_atoms > MAX_ATOMS => Err(format!(
            "{heavy_atoms} heavy atoms; a proxy sees molecules of at most {MAX_ATOMS}"
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
    use crate::columns::Columns;

    fn read_text(text: &str, skip_bad: bool) -> Result<Table, TableError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        let reading = Reading {
            skip_bad,
            ..Reading::default()
        };
        Table::read(&path, &reading)
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
                "8 of the 9 rows of `table.csv` cannot be used:\n  line 3, column `smiles`: `C(` is not a SMILES"
            ),
            "{said}"
        );
        for part in [
            "line 4, column `y`: no value (`none`)",
            "line 5, column `y`: no value",
            "line 6, column `smiles`: `C[13CH3]` names an isotope",
            "line 7, column `smiles`: `[Na+].[Cl-]` is 2 molecules",
            "and 3 more (of all, 2 without a value, 1 without a molecule)",
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
        let expected = "line 3, column `smiles`: 20000 heavy atoms; a proxy sees molecules of at most 500";
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
        let columns = |value: &str| Reading {
            columns: Columns {
                smiles: Some("mol".into()),
                value: Some(value.into()),
            },
            ..Reading::default()
        };
        assert_eq!(
            Table::read(&path, &columns("energy")).unwrap().molecules[0].value,
            -1.5
        );
        let said = Table::read(&path, &columns("enery")).unwrap_err().to_string();
        assert!(said.contains("did you mean `energy`?"), "{said}");
        assert!(Table::read(Path::new("nowhere.csv"), &columns("y")).is_err());
    }
}
