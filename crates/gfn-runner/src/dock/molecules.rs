//! Which molecules are docked.

use std::collections::HashSet;
use std::path::Path;

use gfn_chem::Molecule;
use gfn_files::regular::MIB;
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
        let smiles =
            canonical(&sample.object).map_err(|message| wrong(format!("line {}: {message}", index + 2)))?;
        let reward = Some(sample.reward);
        candidates.push(Candidate { smiles, reward });
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

/// The distinct molecules of a file with one SMILES a line; what stands behind it is its name, and not read.
///
/// # Errors
/// Where it cannot be read; the first line that is no molecule is named.
pub fn of_file(path: &Path) -> Result<Vec<Candidate>, DockError> {
    let wrong = |message: String| DockError::Molecules(format!("{}: {message}", path.display()));
    let text = gfn_files::read_text(path, FILE_LIMIT).map_err(|error| wrong(gfn_text::io_words(&error)))?;
    // Some editors begin a file with a mark of its encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut candidates = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(word) = line.split_whitespace().next() else {
            continue;
        };
        let smiles = canonical(word).map_err(|message| wrong(format!("line {}: {message}", index + 1)))?;
        candidates.push(Candidate { smiles, reward: None });
    }
    match candidates.is_empty() {
        true => Err(wrong(
            "it holds no molecules; one SMILES a line is expected".into(),
        )),
        false => Ok(distinct(candidates)),
    }
}

fn canonical(smiles: &str) -> Result<String, String> {
    let molecule = Molecule::parse(smiles).and_then(|molecule| molecule.canonical_smiles());
    molecule.map_err(|error| error.to_string())
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
        let smiles: Vec<&str> = found.iter().map(|candidate| candidate.smiles.as_str()).collect();
        assert_eq!(smiles, ["CCO", "c1ccccc1"]);
        // As other systems' editors write it.
        std::fs::write(&path, "\u{feff}OCC ethanol\r\n\r\nc1ccccc1\r\n").unwrap();
        assert_eq!(of_file(&path).unwrap(), found);
        std::fs::write(&path, "CCO\nC(\n").unwrap();
        let message = of_file(&path).unwrap_err().to_string();
        assert!(
            message.contains("m.smi: line 2: `C(` is not a SMILES"),
            "{message}"
        );
        std::fs::write(&path, "\n").unwrap();
        assert!(of_file(&path).unwrap_err().to_string().contains("no molecules"));
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
