//! A sweep on a cluster: what of it is submitted, and what is known of it there.
//!
//! Where it is known before anything ran which trials there are, each has an element of an array to itself, so that the engine
//! deals them out; otherwise a few elements take one trial after another. Either way an element claims its trial like any other
//! process, so nothing goes wrong when an engine starts it twice, or somebody submits it twice: that costs time, not results.

mod abandoned;
mod checks;
mod manifest;
mod worker;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gfn_cluster::script::{self, Elements, Job, Submission};
use gfn_cluster::slurm::{Client, Queued};
use gfn_cluster::{ClusterError, Command, Slurm, template};
use gfn_config::Tree;
use gfn_record::folder::FolderError;
use gfn_record::sweep::names;
use gfn_registry::Experiment;
use gfn_registry::sweep::{Launcher as Kind, Sweep};

use crate::SweepError;
use crate::board::Board;
use crate::plan::Plan;

pub(crate) use checks::problems;
pub use manifest::{can_export, manifest};
pub use worker::requeue;

/// With more trials than this, elements take one after another: engines do not like more elements.
const MAX_ELEMENTS: u64 = 20_000;

/// Which engine, and how it is spoken with.
#[expect(clippy::large_enum_variant, reason = "there is one of them in a program")]
#[derive(Clone, Debug)]
pub enum Launcher {
    /// Slurm.
    Slurm(Slurm),
    /// Any other, by a command.
    Command(Command),
}

/// What was submitted.
#[derive(Clone, Debug, Default)]
pub struct Submitted {
    /// The number of each array, or what the command said.
    pub arrays: Vec<String>,
    /// Elements of all of them.
    pub elements: u64,
    /// Elements that were in the queue already.
    pub queued: u64,
}

impl Launcher {
    /// The one that a sweep names.
    pub fn of(sweep: &Sweep) -> Self {
        match (sweep.launcher, &sweep.command) {
            (Kind::Command, Some(command)) => Self::Command(command.clone()),
            _ => Self::Slurm(sweep.slurm.clone().unwrap_or_default()),
        }
    }

    /// The commands that the file adds, of which the user should know: here, and in each element.
    pub fn commands(&self) -> Vec<Added> {
        let (lines, key, place, words) = match self {
            Self::Slurm(slurm) => (
                &slurm.prelude,
                "container",
                "in each element, with gfn as its argument",
                &slurm.container,
            ),
            Self::Command(command) => (&command.prelude, "submit", "here, now", &command.submit),
        };
        let lines = lines.iter().map(|line| Added {
            key: "prelude",
            place: "in each element, as a line of shell",
            command: Words::Shell(line.clone()),
        });
        let program = (!words.is_empty()).then(|| Added {
            key,
            place,
            command: Words::Program(words.clone()),
        });
        lines.chain(program).collect()
    }
}

/// A command that a file adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The setting.
    pub key: &'static str,
    /// Where and when it runs.
    pub place: &'static str,
    /// The command.
    pub command: Words,
}

/// A command as a file gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// A line that a shell reads.
    Shell(String),
    /// A program and its arguments.
    Program(Vec<String>),
}

/// The plan of a sweep's folder with other settings of its cluster than it was made with.
///
/// # Errors
/// Where it is no sweep's folder, or a setting is wrong.
pub fn with(path: &Path, sets: &[String]) -> Result<Plan, SweepError> {
    let file = path.join(names::EXPERIMENT);
    if !file.is_file() {
        return Err(FolderError::NotASweep(path.into()).into());
    }
    let tree = Tree::load(&file, [], sets)?;
    Ok(Plan::read(Experiment::read(tree, path.to_path_buf())?, "")?)
}

/// A sweep as engines see it; `program` is what works at it.
///
/// # Errors
/// Where the folder is not there.
pub fn job(board: &Board, program: &Path) -> Result<Job, SweepError> {
    let path = board.folder.path();
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |error| FolderError::Io { path, error }
    };
    let folder = path.canonicalize().map_err(io(path))?;
    let text = |path: &PathBuf| {
        path.to_str()
            .map(str::to_string)
            .ok_or_else(|| ClusterError::Path(path.clone()))
    };
    let worker = vec![
        text(&program.to_path_buf())?,
        "sweep".into(),
        "worker".into(),
        text(&folder)?,
    ];
    let name = board.plan.base.top.name.clone();
    Ok(Job { name, folder, worker })
}

/// Submits what is left of a sweep and is not in the queue.
///
/// # Errors
/// Where the folder cannot be read, or the engine cannot be asked or refuses.
pub fn submit(board: &mut Board, launcher: &Launcher, program: &Path) -> Result<Submitted, SweepError> {
    let job = job(board, program)?;
    match launcher {
        Launcher::Slurm(settings) => to_slurm(board, settings, &job),
        Launcher::Command(settings) => to_command(board, settings, &job),
    }
}

fn to_slurm(board: &mut Board, settings: &Slurm, job: &Job) -> Result<Submitted, SweepError> {
    let client = client(settings);
    // An element that waits is not submitted twice; where Slurm does not say what waits, nothing is.
    let queued = client.queue(job)?;
    abandoned::free(board, &script::arrays(&job.folder), &queued)?;
    let chunks = left(board, &queued, settings.workers)?.chunks(client.most_elements());
    // The limit is one of each array, and meant for all of them.
    let at_once = settings.at_once.map(|limit| limit / chunks.len().max(1) as u64);
    let mut submitted = Submitted {
        queued: queued.len() as u64,
        ..Submitted::default()
    };
    for elements in chunks.into_iter().filter(|elements| elements.count() > 0) {
        let submission = Submission::create(job, elements)?;
        submission.write(&script::slurm(settings, job, &submission)?)?;
        let number = client.submit(job, &submission, at_once)?;
        submission.record(&number)?;
        submitted.arrays.push(number);
        submitted.elements += submission.elements.count();
    }
    Ok(submitted)
}

fn to_command(board: &mut Board, settings: &Command, job: &Job) -> Result<Submitted, SweepError> {
    let mut submitted = Submitted::default();
    let chunks = left(board, &[], settings.workers)?.chunks(settings.most);
    for elements in chunks.into_iter().filter(|elements| elements.count() > 0) {
        let submission = Submission::create(job, elements)?;
        submission.write(&script::generic(settings, job, &submission)?)?;
        submitted
            .arrays
            .push(template::submit(settings, job, &submission)?);
        submitted.elements += submission.elements.count();
    }
    Ok(submitted)
}

/// What the elements of a new submission are to do.
fn left(board: &Board, queued: &[Queued], workers: u64) -> Result<Elements, SweepError> {
    let all = board.all_settings()? * board.plan.seeds.len() as u64;
    let ended = board
        .folder
        .trials()?
        .into_iter()
        .filter(|view| view.result.is_some());
    let ended: BTreeSet<u64> = ended.map(|view| view.trial.trial).collect();
    if !is_known(&board.plan, all) {
        let open = all - ended.len() as u64;
        return Ok(Elements::Workers(
            workers.min(open).saturating_sub(queued.len() as u64),
        ));
    }
    let waiting: BTreeSet<u64> = queued.iter().filter_map(|queued| queued.trial).collect();
    let open = (0..all).filter(|trial| !ended.contains(trial) && !waiting.contains(trial));
    Ok(Elements::Trials(open.collect()))
}

/// Whether every trial is known before anything ran, and has an element to itself.
fn is_known(plan: &Plan, trials: u64) -> bool {
    !plan.method.needs_results() && plan.rungs().is_none() && trials <= MAX_ELEMENTS
}

/// What Slurm has of a sweep; none where it was not submitted there.
///
/// # Errors
/// Where Slurm cannot be asked.
pub fn queue(board: &Board, program: &Path) -> Result<Option<Vec<Queued>>, SweepError> {
    match Launcher::of(&board.plan.sweep) {
        Launcher::Slurm(settings) if is_submitted(board.folder.path()) => {
            Ok(Some(client(&settings).queue(&job(board, program)?)?))
        }
        _ => Ok(None),
    }
}

/// Cancels what Slurm has of a sweep; how many elements that were.
///
/// # Errors
/// Where Slurm cannot be asked.
pub fn cancel(board: &Board, program: &Path) -> Result<u64, SweepError> {
    let Some(queued) = queue(board, program)? else {
        return Ok(0);
    };
    let arrays: BTreeSet<String> = queued.iter().map(|queued| queued.array.clone()).collect();
    let Launcher::Slurm(settings) = Launcher::of(&board.plan.sweep) else {
        return Ok(0);
    };
    client(&settings).cancel(&arrays.into_iter().collect::<Vec<_>>())?;
    Ok(queued.len() as u64)
}

/// Whether anything of the sweep in a folder was ever submitted.
pub fn is_submitted(path: &Path) -> bool {
    path.join(script::PLACE).is_dir()
}

fn client(settings: &Slurm) -> Client {
    Client {
        limit: Duration::from_secs(settings.client_timeout),
    }
}
