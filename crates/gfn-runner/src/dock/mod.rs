//! Docks molecules outside of training: the best of a run, or those of a file.
//!
//! Every energy goes at once into a file beside the table, from which the same command goes on; the table is written whole.

mod molecules;
mod table;

pub use molecules::{BadLines, Candidate, best_of_run, of_file};
pub use table::{Row, Table};

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gfn_docking::{Docker, Request};
pub use gfn_docking::{DockingError, Receptor};
use gfn_input::rejected_csv;
use gfn_record::folder::{FolderError, names};
use gfn_record::hashed;
use gfn_registry::Experiment;
use gfn_rewards::docking::Params;
use thiserror::Error;

use crate::RunError;
use crate::finished::{Checked, Damage};
use crate::signals::{Answer, Stop};
use crate::work::Work;

/// Why nothing was docked.
#[derive(Debug, Error)]
pub enum DockError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(Box<RunError>),
    /// There are no molecules, or one cannot be read.
    #[error("{0}")]
    Molecules(String),
    /// Lines of the file are no molecules.
    #[error("{0}")]
    Lines(BadLines),
    /// The receptor cannot be used.
    #[error("{0}")]
    Receptor(String),
    /// Docking failed.
    #[error(transparent)]
    Docking(#[from] DockingError),
    /// A file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl DockError {
    /// Whether a stop that was asked for is the reason.
    pub fn is_a_stop(&self) -> bool {
        matches!(self, Self::Docking(DockingError::Stopped))
    }
}

impl From<RunError> for DockError {
    fn from(error: RunError) -> Self {
        Self::Run(Box::new(error))
    }
}

/// How a run docks, where it was trained on the reward `docking`.
///
/// # Errors
/// Where the folder is not a run's.
pub fn settings_of(run: &Path, damage: Damage) -> Result<Option<Params>, DockError> {
    let (checked, _) = Checked::open(run, damage).map_err(RunError::from)?;
    checked.read(names::RESOLVED)?;
    let experiment =
        Experiment::load(&checked.folder().file(names::RESOLVED), &[]).map_err(RunError::from)?;
    Ok(experiment.reward.parameters().cloned())
}

/// How to dock, besides the parameters.
#[derive(Clone, Debug)]
pub struct Options {
    /// The receptor.
    pub receptor: Receptor,
    /// The table to write.
    pub out: PathBuf,
    /// The folder for poses.
    pub poses: Option<PathBuf>,
    /// Show no progress.
    pub quiet: bool,
    /// Asked all the time.
    pub stop: Stop,
}

/// Docks candidates and writes their table; where it was stopped, the table of those that are done.
///
/// # Errors
/// [`DockError`]; energies found until then are kept.
pub fn dock(candidates: Vec<Candidate>, params: &Params, options: &Options) -> Result<Table, DockError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let mut settings = params.settings(threads);
    settings
        .cache
        .get_or_insert_with(|| options.out.with_extension("energies.jsonl"));
    let stop = || options.stop.is_asked();
    let docker = Docker::new(settings, options.receptor.clone(), &stop)?;
    options.stop.begins(Answer::Save(
        "what is docked is kept; the same command goes on".into(),
    ));
    if let Some(folder) = &options.poses {
        gfn_record::durable::make_folder(folder)?;
    }
    let (requests, places) = requests(&candidates, options);
    let work = (!options.quiet).then(|| Mutex::new(Work::new("docking", requests.len() as u64)));
    let one_more = |_: usize, _: &_| {
        if let Some(work) = &work {
            work.lock().expect("nothing panics while it holds it").did(1);
        }
    };
    let outcomes = docker.dock(&requests, &stop, &one_more);
    drop(work);
    let outcomes = outcomes?;
    copy_poses(&requests, &places, options);
    let outcomes = places.iter().map(|place| outcomes[*place].clone()).collect();
    let table = Table::new(candidates, outcomes, params);
    hashed::write(&options.out, &table.to_csv())?;
    // The table says what happened to each; that it happened to all is no accident.
    match docker.doubt().filter(|_| table.left == 0) {
        Some(error) => Err(error.into()),
        None => Ok(table),
    }
}

/// A request for each distinct molecule, and of each candidate its place among them.
fn requests(candidates: &[Candidate], options: &Options) -> (Vec<Request>, Vec<usize>) {
    let mut requests: Vec<Request> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let places = candidates.iter().enumerate().map(|(index, candidate)| {
        *known.entry(&candidate.smiles).or_insert_with(|| {
            requests.push(Request {
                smiles: candidate.smiles.clone(),
                pose: pose(options, index),
                again: false,
            });
            requests.len() - 1
        })
    });
    let places = places.collect();
    (requests, places)
}

/// Gives each row of an equal molecule the pose too.
fn copy_poses(requests: &[Request], places: &[usize], options: &Options) {
    for (index, place) in places.iter().enumerate() {
        if let (Some(from), Some(to)) = (&requests[*place].pose, pose(options, index))
            && *from != to
            && from.is_file()
        {
            // The first row has it in any case.
            let _ = std::fs::copy(from, to);
        }
    }
}

/// Writes all bad lines of a file of molecules as a table, and says where unless it cannot be written.
pub fn list(mut bad: BadLines, out: &Path) -> BadLines {
    let bytes = rejected_csv(&bad.lines);
    let written = gfn_record::durable::write(&out.with_extension("part"), out, &bytes);
    bad.listed = written.is_ok().then(|| out.to_path_buf());
    bad
}

/// Where the pose of a row goes.
fn pose(options: &Options, index: usize) -> Option<PathBuf> {
    options.poses.as_ref().map(|folder| folder.join(pose_name(index)))
}

/// The file of a pose, by the molecule's place in the table.
fn pose_name(index: usize) -> String {
    format!("{:04}.pdbqt", index + 1)
}
