//! `gfn export`: what runs left, for other programs.

use std::path::{Path, PathBuf};

use gfn_export::{ExportError, Target};
use gfn_record::folder::{FolderError, names};
use gfn_runner::finished::Damage;
use gfn_runs::Run;
use gfn_runs::summary::{find, plain};

use super::{print, print_error};
use crate::args::TargetArg;
use crate::exit::Failure;

pub(crate) fn export(paths: &[PathBuf], to: TargetArg, out: &Path, damage: Damage) -> Result<(), Failure> {
    let runs: Vec<Run> = runs_of(paths, damage)?;
    for run in &runs {
        tell_of_faults(run);
    }
    let files = gfn_export::export(&runs, to.target(), out).map_err(|error| match error {
        ExportError::Occupied { .. } => Failure::usage(error.to_string()),
        error => Failure::failed(error),
    })?;
    let mut text: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    if let (TargetArg::Mlflow | TargetArg::Wandb, Some(script)) = (to, files.last()) {
        let (script, package) = (script.display(), to.package());
        text += &format!("`python3 {script}` imports them with the {package} package of that Python\n");
    }
    print(&text)
}

/// Says what of a run is in no table because it cannot be read, and which files are missing that no table needs.
fn tell_of_faults(run: &Run) {
    let folder = plain(&run.folder.display().to_string());
    for fault in &run.faults {
        let fault = plain(fault);
        print_error(&format!(
            "warning: {folder}: cannot be read, and is left out: {fault}\n"
        ));
    }
    for name in run.missing_others() {
        let name = plain(name);
        print_error(&format!(
            "warning: {folder}: {name} is missing; `gfn verify {folder}` checks every file\n"
        ));
    }
}

/// The runs that were named, or lie below a folder that was.
fn runs_of(paths: &[PathBuf], damage: Damage) -> Result<Vec<Run>, Failure> {
    let mut runs = Vec::new();
    for path in paths {
        let folders = find(path);
        if folders.is_empty() {
            let message = format!("there is no run in `{}`; `gfn ls DIR` lists runs", path.display());
            return Err(Failure::failed(message));
        }
        for folder in folders {
            let run = Run::read(&folder).map_err(Failure::failed)?;
            for name in run.damaged() {
                let altered = FolderError::altered(&folder.join(name), names::MANIFEST, &folder);
                damage.heed(Err(altered)).map_err(Failure::failed)?;
            }
            runs.push(run);
        }
    }
    Ok(runs)
}

impl TargetArg {
    fn target(self) -> Target {
        match self {
            Self::Csv => Target::Csv,
            Self::Parquet => Target::Parquet,
            Self::Mlflow => Target::Mlflow,
            Self::Wandb => Target::Wandb,
        }
    }

    /// The package that the script calls.
    fn package(self) -> &'static str {
        match self {
            Self::Wandb => "wandb",
            _ => "mlflow",
        }
    }
}
