//! A sweep's folder: made once, and opened from then on by whoever works at it.

use std::fs;
use std::path::Path;

use gfn_config::Tree;
use gfn_core::Cancel;
use gfn_record::durable;
use gfn_record::folder::{FolderError, SMALL, sha256};
use gfn_record::manifest::DataFile;
use gfn_record::sweep::{Limits, SweepFolder, SweepManifest, names, publish};
use gfn_registry::Experiment;
use gfn_registry::sweep::SearchMethod;

use crate::board::Board;
use crate::plan::Plan;
use crate::{SweepError, snapshot};

/// Makes the folder of a planned sweep, or finds it made; whatever happens to the file from now on, the sweep stays what it is.
///
/// # Errors
/// Where another sweep lies there, or it cannot be written.
pub fn create(plan: &Plan, path: &Path) -> Result<Board, SweepError> {
    let text = snapshot::text(plan)?;
    // Another process may make the folder at the same moment: what it writes aside is nobody else's, and once there is something else,
    // its experiment is there.
    if holds_others(path) && !path.join(names::EXPERIMENT).exists() {
        return Err(SweepError::Occupied(path.to_path_buf()));
    }
    plan.begin_written_files()?;
    durable::publish_new(&path.join(names::EXPERIMENT), text.as_bytes())?;
    // By this folder the experiment is known as one that gfn wrote, whose files lie elsewhere.
    durable::make_folder(&path.join(names::TRIALS))?;
    let there = read(path)?;
    if comparable(&there) != comparable(&text) {
        return Err(SweepError::Another(path.to_path_buf()));
    }
    let opened = planned(path, &Cancel::default())?;
    let planned = Plan {
        file: plan.file.clone(),
        ..opened
    };
    let manifest = SweepManifest {
        experiment_sha256: Some(sha256(there.as_bytes())),
        ..planned.manifest()
    };
    publish(&path.join(names::SWEEP), &manifest)?;
    let board = open(path, false)?;
    for file in plan.base.data_files() {
        board.folder.pin(&DataFile::pin(&file)?)?;
    }
    limit(board, Some(plan.sweep.retries), Some(plan.sweep.max_failures))
}

/// Whether a folder holds anything but what grows aside before it is the experiment.
fn holds_others(path: &Path) -> bool {
    let aside = format!(".{}.", names::EXPERIMENT);
    let is_other = |entry: std::io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| !entry.file_name().to_string_lossy().starts_with(&aside))
    };
    fs::read_dir(path).is_ok_and(|mut entries| entries.any(is_other))
}

/// Sets other limits to failures, where they are others, from now on and for whoever works at the sweep later.
///
/// # Errors
/// Where they cannot be written.
pub fn limit(mut board: Board, retries: Option<u64>, max_failures: Option<u64>) -> Result<Board, SweepError> {
    let sweep = &mut board.plan.sweep;
    let limits = Limits {
        retries: retries.unwrap_or(sweep.retries),
        max_failures: max_failures.unwrap_or(sweep.max_failures),
    };
    if (limits.retries, limits.max_failures) != (sweep.retries, sweep.max_failures) {
        board.folder.limit(limits)?;
        (sweep.retries, sweep.max_failures) = (limits.retries, limits.max_failures);
    }
    Ok(board)
}

/// Opens the folder of a sweep.
///
/// # Errors
/// Where it is not one, or its experiment cannot be read.
pub fn open(path: &Path, takeover: bool) -> Result<Board, SweepError> {
    open_until(path, takeover, &Cancel::default())
}

/// The same; no plugin is waited for once a stop is asked for.
///
/// # Errors
/// Those of [`open`].
pub fn open_until(path: &Path, takeover: bool, cancel: &Cancel) -> Result<Board, SweepError> {
    let folder = SweepFolder::open(path)?;
    let manifest = folder.manifest()?;
    let text = read(path)?;
    if manifest
        .experiment_sha256
        .is_some_and(|known| known != sha256(text.as_bytes()))
    {
        let experiment = path.join(names::EXPERIMENT);
        return Err(FolderError::altered(&experiment, names::SWEEP, path).into());
    }
    let file = manifest.experiment;
    let mut plan = Plan {
        file,
        ..planned(path, cancel)?
    };
    if let Some(limits) = folder.limits()? {
        plan.sweep.retries = limits.retries;
        plan.sweep.max_failures = limits.max_failures;
    }
    Ok(Board::new(plan, folder, takeover))
}

/// The plan that a folder's own experiment makes; variables of the process count for nothing there.
fn planned(path: &Path, cancel: &Cancel) -> Result<Plan, SweepError> {
    let file = path.join(names::EXPERIMENT);
    let tree = Tree::load(&file, [], &[])?;
    let experiment = Experiment::read(tree, path.to_path_buf())?;
    Ok(Plan::read_until(experiment, "", cancel)?)
}

fn read(path: &Path) -> Result<String, FolderError> {
    let path = path.join(names::EXPERIMENT);
    gfn_files::read_text(&path, SMALL).map_err(|error| FolderError::Io { path, error })
}

/// A newer program goes on with the sweep of an older one, and another cluster with that of the first; how many failures are borne
/// may change.
fn comparable(text: &str) -> Option<toml::Table> {
    let mut table: toml::Table = text.parse().ok()?;
    table.remove("gfn");
    if let Some(sweep) = table.get_mut("sweep").and_then(toml::Value::as_table_mut) {
        for key in [
            "launcher",
            "slurm",
            "command",
            "kubernetes",
            "retries",
            "max_failures",
        ] {
            sweep.remove(key);
        }
    }
    Some(table)
}

/// Asks for further settings.
///
/// # Errors
/// Where a grid has no more, or it cannot be written.
pub fn extend(board: &Board, settings: u64) -> Result<(), SweepError> {
    if board.plan.sweep.method == SearchMethod::Grid {
        return Err(SweepError::Grid);
    }
    Ok(board.folder.extend(settings)?)
}

/// Cancels a sweep: whoever works at it saves and stops.
///
/// # Errors
/// Where it cannot be written.
pub fn cancel(folder: &SweepFolder) -> Result<(), FolderError> {
    publish(&folder.file(names::CANCELLED), &"by gfn sweep cancel").map(drop)
}

/// Lets a cancelled sweep go on.
///
/// # Errors
/// Where it cannot be written.
pub fn uncancel(folder: &SweepFolder) -> Result<(), FolderError> {
    durable::remove(&folder.file(names::CANCELLED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_process_writes_aside_is_nobody_elses() {
        let root = tempfile::tempdir().unwrap();
        assert!(!holds_others(root.path()) && !holds_others(&root.path().join("nowhere")));
        fs::write(root.path().join(".experiment.toml.0123456789abcdef"), "").unwrap();
        assert!(!holds_others(root.path()));
        fs::write(root.path().join("notes.txt"), "").unwrap();
        assert!(holds_others(root.path()));
    }
}
