//! Which molecules are docked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use gfn_chem::{Molecule, with_name};
use gfn_files::regular::MIB;
use gfn_input::{Kind, Rejected};
use gfn_record::folder::{FolderError, names};
use gfn_record::samples;

use super::DockError;
use crate::RunError;
use crate::finished::{Checked, Damage};

/// The largest file of molecules: some million.
const FILE_LIMIT: u64 = 256 * MIB;

/// A molecule to dock.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its canonical SMILES.
    pub smiles: String,
    /// What the run's reward says of it, before shaping.
    pub reward: Option<f64>,
    /// What the file calls it.
    pub name: Option<String>,
    /// Whether it has unpaired electrons.
    pub is_radical: bool,
}

/// The lines of a file that are no molecules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLines {
    /// The file.
    pub path: PathBuf,
    /// How many lines it has that are not blank.
    pub total: usize,
    /// The bad ones, in order.
    pub lines: Vec<Rejected>,
    /// The file in which all of them are listed.
    pub listed: Option<PathBuf>,
}

/// Of bad lines, so many are shown.
const SHOWN: usize = 20;

impl std::fmt::Display for BadLines {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, bad) = (self.path.display(), self.lines.len());
        if let [Rejected { line, reason, .. }] = &self.lines[..] {
            return write!(formatter, "{path}: line {line}: {reason}");
        }
        write!(
            formatter,
            "{path}: {bad} of its {} lines are no molecules:",
            self.total
        )?;
        for Rejected { line, reason, .. } in self.lines.iter().take(SHOWN) {
            write!(formatter, "\n  line {line}: {reason}")?;
        }
        match (bad.checked_sub(SHOWN), &self.listed) {
            (None | Some(0), _) => Ok(()),
            (Some(more), Some(listed)) => {
                write!(
                    formatter,
                    "\n  and {more} more; {} lists all of them",
                    listed.display()
                )
            }
            (Some(more), None) => write!(formatter, "\n  and {more} more"),
        }
    }
}

/// The best distinct molecules among a run's samples, best first; of equal ones the first in the alphabet.
///
/// # Errors
/// Where the run has left no samples, or they are not molecules.
pub fn best_of_run(run: &Path, top: usize, damage: Damage) -> Result<Vec<Candidate>, DockError> {
    let (checked, _) = Checked::open(run, damage).map_err(RunError::from)?;
    let path = checked.folder().file(names::SAMPLES);
    let wrong = |message: String| DockError::Molecules(format!("{}: {message}", path.display()));
    let bytes = checked.read(names::SAMPLES).map_err(|error| match error {
        FolderError::Io { error, .. } => wrong(format!(
            "{}; a run writes its samples at its end",
            gfn_text::io_words(&error)
        )),
        error => error.into(),
    })?;
    let mut candidates = Vec::new();
    for (index, sample) in samples::read(&bytes[..]).enumerate() {
        let sample = sample.map_err(&wrong)?;
        let candidate = candidate(&sample.object, "")
            .map_err(|message| wrong(format!("line {}: {message}", index + 2)))?;
        candidates.push(Candidate {
            reward: Some(sample.reward),
            ..candidate
        });
    }
    candidates.sort_by(|one, two| {
        let (first, second) = (one.reward.unwrap_or(0.0), two.reward.unwrap_or(0.0));
        second.total_cmp(&first).then_with(|| one.smiles.cmp(&two.smiles))
    });
    let mut candidates = distinct(candidates);
    candidates.truncate(top);
    match candidates.is_empty() {
        true => Err(wrong("it holds no samples".into())),
        false => Ok(candidates),
    }
}

/// The molecules of a file with one SMILES a line, each with its name, which stands behind it. Equal ones stay: they may have
/// different names.
///
/// # Errors
/// Where it cannot be read, or lines are no molecules: all of them are told.
pub fn of_file(path: &Path) -> Result<Vec<Candidate>, DockError> {
    let wrong = |message: String| DockError::Molecules(format!("{}: {message}", path.display()));
    let bytes = gfn_files::read(path, FILE_LIMIT).map_err(|error| wrong(gfn_text::io_words(&error)))?;
    if let Some(kind) = Kind::of(&bytes) {
        return Err(wrong(format!("it is {kind}; one SMILES a line is expected")));
    }
    // Some editors begin a file with a mark of its encoding, and some end lines as old Macs did.
    let text = String::from_utf8_lossy(&bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    let (mut candidates, mut bad) = (Vec::new(), Vec::new());
    for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
        let (smiles, name) = with_name(line);
        match candidate(smiles, name) {
            Ok(candidate) => candidates.push(candidate),
            Err(reason) => bad.push(Rejected {
                line: number,
                column: None,
                value: line.into(),
                reason: reason + hint(number, line),
            }),
        }
    }
    match bad.is_empty() {
        true => Ok(candidates),
        false => Err(DockError::Lines(BadLines {
            path: path.into(),
            total: bad.len() + candidates.len(),
            lines: bad,
            listed: None,
        })),
    }
}

/// What a line may have been meant as.
fn hint(number: u64, line: &str) -> &'static str {
    let first = line.split_whitespace().next().unwrap_or_default();
    if number == 1 && first.to_lowercase().contains("smiles") {
        " (a line of names? remove it)"
    } else if first.contains([',', ';']) {
        " (a table? put a space or a tab between the SMILES and the name, and remove other columns)"
    } else {
        ""
    }
}

/// A molecule and its name, which may be empty.
fn candidate(smiles: &str, name: &str) -> Result<Candidate, String> {
    let molecule = Molecule::parse(smiles).map_err(|error| error.to_string())?;
    Ok(Candidate {
        smiles: molecule.canonical_smiles().map_err(|error| error.to_string())?,
        reward: None,
        name: (!name.is_empty()).then(|| name.to_owned()),
        is_radical: molecule.is_radical(),
    })
}

/// The first of each.
fn distinct(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    candidates.retain(|candidate| seen.insert(candidate.smiles.clone()));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_molecules_is_read_whole_or_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.smi");
        std::fs::write(&path, "OCC ethanol\n\nCCO\nc1ccccc1\tbenzene\n").unwrap();
        let found = of_file(&path).unwrap();
        let read: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|candidate| (candidate.smiles.as_str(), candidate.name.as_deref()))
            .collect();
        assert_eq!(
            read,
            [
                ("CCO", Some("ethanol")),
                ("CCO", None),
                ("c1ccccc1", Some("benzene"))
            ]
        );
        // As other systems' editors write it, with map numbers, hydrogens and an extension.
        let text = "\u{feff}[CH3:1]C[OH:4] |$_R1;;$| ethanol\r\n\r\nCCO |$;;$|\r\n[H]c1ccccc1 benzene\r\n";
        std::fs::write(&path, text).unwrap();
        assert_eq!(of_file(&path).unwrap(), found);
        std::fs::write(&path, "CCO\nC(\n").unwrap();
        let message = of_file(&path).unwrap_err().to_string();
        assert!(
            message.contains("m.smi: line 2: `C(` is not a SMILES"),
            "{message}"
        );
        // All that is wrong is told, each by its line.
        let text = "smiles name\nCCO\nC(\n\nc1cccn1 pyrrole\nCC,ethane\n";
        std::fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        let message = of_file(&path).unwrap_err().to_string();
        for part in [
            "4 of its 5 lines are no molecules:",
            "\n  line 1: `smiles` is not a SMILES",
            "(a line of names? remove it)",
            "\n  line 3: `C(` is not a SMILES: the parenthesis `(` at position 2 is not closed",
            "\n  line 5: `c1cccn1` is not a possible molecule",
            "\n  line 6: `CC,ethane` is not a SMILES: unexpected `,` at position 3 (a table?",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
        std::fs::write(&path, [0x1f, 0x8b, 8]).unwrap();
        assert!(
            of_file(&path)
                .unwrap_err()
                .to_string()
                .contains("compressed by gzip")
        );
        std::fs::write(&path, "\n").unwrap();
        assert!(
            of_file(&path)
                .unwrap_err()
                .to_string()
                .contains("one SMILES a line is expected")
        );
    }

    #[test]
    fn the_best_of_a_run_are_distinct_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(names::RESOLVED), "").unwrap();
        assert!(
            best_of_run(folder.path(), 2, Damage::Refuse(""))
                .unwrap_err()
                .to_string()
                .ends_with("a run writes its samples at its end")
        );
        let rows = "object,reward,log_reward,log_probability,steps\nCO,0.5,0,,1\nCCO,0.25,0,,1\nOC,0.5,0,,1\nCN,0.5,0,,1\n";
        std::fs::write(folder.path().join(names::SAMPLES), rows).unwrap();
        let found = best_of_run(folder.path(), 3, Damage::Refuse("")).unwrap();
        let found: Vec<(&str, Option<f64>)> = found
            .iter()
            .map(|candidate| (candidate.smiles.as_str(), candidate.reward))
            .collect();
        assert_eq!(found, [("CN", Some(0.5)), ("CO", Some(0.5)), ("CCO", Some(0.25))]);
        assert_eq!(
            best_of_run(folder.path(), 1, Damage::Refuse("")).unwrap().len(),
            1
        );
        std::fs::write(folder.path().join(names::SAMPLES), rows.replace("CCO", "3 4")).unwrap();
        let message = best_of_run(folder.path(), 3, Damage::Refuse(""))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("samples.csv: line 3: `3 4` is not a SMILES"),
            "{message}"
        );
    }
}
