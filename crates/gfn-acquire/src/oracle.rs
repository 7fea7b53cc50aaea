//! Asking the oracle: the reward of the file, which is too expensive to be asked often.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use gfn_core::{Objects, Reward, RewardError};
use gfn_files::seal::{line, read_line};
use gfn_record::folder::{FolderError, LARGE};
use gfn_registry::Assembled;
use gfn_runner::signals::Stop;

use crate::AcquireError;
use crate::folder::{Labeled, Proposal, if_there};

/// So many molecules for each core are labeled before it is told how far it is, and asked whether to stop: few, since each can take
/// half a minute, and enough that no core waits long for the last of them.
const CHUNK_PER_CORE: usize = 8;

/// Labels proposals, and tells how many more are done; none where a stop was asked for. Labels go into `kept` as they come, and
/// those that are there already are not asked for again.
pub(crate) fn label(
    parts: &Assembled,
    proposals: &[Proposal],
    kept: &Path,
    stop: &Stop,
    mut tell: impl FnMut(usize),
) -> Result<Option<Vec<Labeled>>, AcquireError> {
    let (mut kept, mut labeled) = PartialLabels::open(kept, proposals)?;
    tell(labeled.len());
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for chunk in proposals[labeled.len()..].chunks(CHUNK_PER_CORE * cores) {
        if stop.is_asked() {
            return Ok(None);
        }
        let rows = label_chunk(parts, chunk)?;
        kept.add(&rows)?;
        labeled.extend(rows);
        tell(chunk.len());
    }
    Ok(Some(labeled))
}

/// The file of labels that are not a whole table yet.
struct PartialLabels {
    path: PathBuf,
    file: File,
}

impl PartialLabels {
    /// Opens it, and reads the labels of the first proposals; what stands behind them, such as half a line, is gone then.
    fn open(path: &Path, proposals: &[Proposal]) -> Result<(Self, Vec<Labeled>), FolderError> {
        let failed = |error| FolderError::Io {
            path: path.to_path_buf(),
            error,
        };
        let bytes = if_there(path, gfn_files::read(path, LARGE))?.unwrap_or_default();
        let (mut rows, mut length) = (Vec::new(), 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let line_read = line
                .strip_suffix(b"\n")
                .and_then(|line| std::str::from_utf8(line).ok());
            let row = line_read.and_then(read_line::<Labeled>);
            match (row, proposals.get(rows.len())) {
                (Some(row), Some(proposal)) if row.smiles == proposal.smiles => rows.push(row),
                _ => break,
            }
            length += line.len();
        }
        let file = gfn_files::append(path).map_err(failed)?;
        file.set_len(length as u64).map_err(failed)?;
        let path = path.to_path_buf();
        Ok((Self { path, file }, rows))
    }

    fn add(&mut self, rows: &[Labeled]) -> Result<(), FolderError> {
        let lines: String = rows.iter().map(|row| line(row) + "\n").collect();
        self.file
            .write_all(lines.as_bytes())
            .map_err(|error| FolderError::Io {
                path: self.path.clone(),
                error,
            })
    }
}

fn label_chunk(parts: &Assembled, proposals: &[Proposal]) -> Result<Vec<Labeled>, AcquireError> {
    let environment = &*parts.environment;
    let len = environment.spec().state_len();
    let mut states = Vec::with_capacity(proposals.len() * len);
    for proposal in proposals {
        let numbers = proposal.state.split(' ').map(str::parse::<i32>);
        let state: Vec<i32> = numbers.collect::<Result<_, _>>().unwrap_or_default();
        if state.len() != len {
            let message = format!("a proposal has no state of {len} numbers; remove its round's folder");
            return Err(AcquireError::Plan(message));
        }
        states.extend(state);
    }
    let objects = Objects::new(environment, &states);
    let mut raw = vec![0.0; proposals.len()];
    let left_out = RewardError::left_out(parts.reward.raw_log_reward(&objects, &mut raw))?;
    let failures: HashMap<String, String> = parts
        .reward
        .incidents()
        .into_iter()
        .map(|incident| (incident.object, incident.reason))
        .collect();
    let label = |(index, proposal): (usize, &Proposal)| {
        let is_left_out = left_out.contains(&index);
        let told = failures
            .get(&proposal.smiles)
            .or_else(|| failures.get(&objects.describe(index)));
        let failure = told.cloned().or(is_left_out.then(|| "it has no reward".into()));
        Labeled {
            smiles: proposal.smiles.clone(),
            // A reward of 0 is a label too: a policy has to learn where the oracle fails.
            value: (!is_left_out).then(|| raw[index].exp()),
            failure,
        }
    };
    Ok(proposals.iter().enumerate().map(label).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposals(names: &[&str]) -> Vec<Proposal> {
        let proposal = |name: &&str| Proposal {
            smiles: (*name).into(),
            predicted: None,
            state: "1".into(),
        };
        names.iter().map(proposal).collect()
    }

    fn row(smiles: &str, value: f64) -> Labeled {
        Labeled {
            smiles: smiles.into(),
            value: Some(value),
            failure: None,
        }
    }

    #[test]
    fn labels_that_are_kept_are_those_of_the_first_proposals() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.jsonl");
        let (mut kept, rows) = PartialLabels::open(&path, &proposals(&["C", "N"])).unwrap();
        assert_eq!(rows, []);
        let values = [0.1 + 0.2, f64::MIN_POSITIVE];
        kept.add(&[row("C", values[0]), row("N", values[1])]).unwrap();
        drop(kept);
        // Killed within a line.
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, whole.clone() + "{\"smiles\":\"O\",\"va").unwrap();
        let (_, rows) = PartialLabels::open(&path, &proposals(&["C", "N", "O"])).unwrap();
        assert_eq!(rows, [row("C", values[0]), row("N", values[1])]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
        // Of other proposals.
        let (_, rows) = PartialLabels::open(&path, &proposals(&["C", "O", "N"])).unwrap();
        assert_eq!(rows, [row("C", values[0])]);
        let (_, rows) = PartialLabels::open(&path, &proposals(&["O"])).unwrap();
        assert_eq!(rows, []);
    }
}
