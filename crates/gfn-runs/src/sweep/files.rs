//! The files of a sweep, one by one: what cannot be read is told, and hides nothing else.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use gfn_record::folder::FolderError;
use gfn_record::sweep::{Setting, SweepFolder, TrialView, names};

use super::Tried;

/// What the folder tells besides the manifest.
pub(super) struct Files {
    /// Settings in order, each with its trials.
    pub(super) tried: Vec<Tried>,
    /// Settings that were asked for later.
    pub(super) extended_by: u64,
    /// What cannot be read.
    pub(super) faults: Vec<String>,
}

impl Files {
    /// Reads a folder with so many trials of each setting.
    pub(super) fn read(folder: &SweepFolder, seeds: usize) -> Self {
        let mut faults = Vec::new();
        let mut tried = BTreeMap::new();
        for number in numbers(&folder.file(names::SETTINGS), &mut faults) {
            if let Some(setting) = or_fault(folder.setting(number), &mut faults) {
                tried.insert(setting.setting, begun(setting));
            }
        }
        let mut unreadable = Vec::new();
        for number in numbers(&folder.file(names::TRIALS), &mut faults) {
            match folder.trial(number) {
                Ok(None) => {}
                Ok(Some(view)) => {
                    // Where the file of its setting cannot be read, a trial knows the values as well.
                    let of_trial = || begun(setting_of(&view));
                    let tried = tried.entry(view.trial.setting).or_insert_with(of_trial);
                    tried.trials.push(view);
                }
                Err(error) => {
                    tell(&error, &mut faults);
                    unreadable.extend(number.checked_div(seeds as u64));
                }
            }
        }
        for setting in unreadable {
            if let Some(tried) = tried.get_mut(&setting) {
                tried.unreadable += 1;
            }
        }
        let extended_by = folder.extended_by().map(Some);
        let extended_by = or_fault(extended_by, &mut faults).unwrap_or(0);
        Self {
            tried: tried.into_values().collect(),
            extended_by,
            faults,
        }
    }
}

/// A setting of which nothing more is known yet.
fn begun(setting: Setting) -> Tried {
    Tried {
        setting,
        trials: Vec::new(),
        unreadable: 0,
        outcome: None,
        same: None,
    }
}

/// The setting of a trial, as far as the trial tells it.
fn setting_of(view: &TrialView) -> Setting {
    Setting {
        setting: view.trial.setting,
        values: view.trial.values.clone(),
        point: Vec::new(),
        seen: None,
    }
}

fn or_fault<T>(found: Result<Option<T>, FolderError>, faults: &mut Vec<String>) -> Option<T> {
    found.unwrap_or_else(|error| {
        tell(&error, faults);
        None
    })
}

/// A file on which several trials depend is told once.
fn tell(error: &FolderError, faults: &mut Vec<String>) {
    let fault = error.to_string();
    if faults.last() != Some(&fault) {
        faults.push(fault);
    }
}

/// The numbers that entries of a folder have as names, in order; none where the folder is not there.
fn numbers(folder: &Path, faults: &mut Vec<String>) -> Vec<u64> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        entries => entries.map(Some).map_err(|error| FolderError::Io {
            path: folder.to_path_buf(),
            error,
        }),
    };
    let entries = or_fault(entries, faults).into_iter().flatten().flatten();
    let mut numbers: Vec<u64> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
