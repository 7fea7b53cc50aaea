//! Batch scripts, and the folder that each submission has in the sweep's.
//!
//! An element of an array looks up the number of its trial in a list beside the script, so that any selection of trials is an
//! array without gaps, for engines that know no others; and `exec` makes `gfn` the process that the engine sends its signals to.
//!
//! ```text
//! <sweep>/submissions/000003/batch.sh     the script
//!                            trials.txt   the trial of each element, a line each; empty where elements take what is next
//!                            job.txt      the number of the array, where Slurm gave one
//!                            logs/        what elements said
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::settings::{Command, Slurm, Wrong};
use crate::{ClusterError, words};

/// The folder of submissions in that of a sweep.
pub const PLACE: &str = "submissions";
const LIST: &str = "trials.txt";
const NUMBER: &str = "job.txt";

/// What the elements of an array do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elements {
    /// A trial each, by number.
    Trials(Vec<u64>),
    /// So many, each of which takes one trial after another.
    Workers(u64),
}

impl Elements {
    /// How many there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Trials(trials) => trials.len() as u64,
            Self::Workers(workers) => *workers,
        }
    }

    /// The same in arrays of at most so many.
    pub fn chunks(&self, most: u64) -> Vec<Self> {
        match self {
            Self::Trials(trials) => {
                let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
                trials
                    .chunks(most)
                    .map(|chunk| Self::Trials(chunk.to_vec()))
                    .collect()
            }
            Self::Workers(workers) => vec![Self::Workers((*workers).min(most.max(1)))],
        }
    }
}

/// A sweep, as batch systems see it.
#[derive(Clone, Debug)]
pub struct Job {
    /// What it is called.
    pub name: String,
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// The words of the command that takes the next trial; ` --trial N` is added for a certain one.
    pub worker: Vec<String>,
}

impl Job {
    /// What the names of its jobs begin with: its own name, and a mark of its folder, for there may be others of that name.
    pub fn prefix(&self) -> String {
        let digest = Sha256::digest(self.folder.as_os_str().as_encoded_bytes());
        let mark: String = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("gfn-{}-{mark}-", words::name(&self.name))
    }
}

/// A submission: one array.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its number, counted over all of the sweep.
    pub number: u64,
    /// Its folder.
    pub place: PathBuf,
    /// What its elements do.
    pub elements: Elements,
}

impl Submission {
    /// Makes the folder of a new submission, and the list in it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn create(job: &Job, elements: Elements) -> Result<Self, ClusterError> {
        let all = job.folder.join(PLACE);
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |error| ClusterError::Write { path, error }
        };
        fs::create_dir_all(&all).map_err(failed(&all))?;
        let mut number = newest(&all).map_or(0, |newest| newest + 1);
        let place = loop {
            let place = folder(&job.folder, number);
            match fs::create_dir(&place) {
                // Somebody else submits at the same time.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                made => break made.map(|()| place.clone()).map_err(failed(&place))?,
            }
        };
        let logs = place.join("logs");
        fs::create_dir(&logs).map_err(failed(&logs))?;
        let list = match &elements {
            Elements::Trials(trials) => trials.iter().map(|trial| format!("{trial}\n")).collect(),
            Elements::Workers(_) => String::new(),
        };
        fs::write(place.join(LIST), list).map_err(failed(&place.join(LIST)))?;
        Ok(Self {
            number,
            place,
            elements,
        })
    }

    /// The name of its job.
    pub fn name(&self, job: &Job) -> String {
        format!("{}{:06}", job.prefix(), self.number)
    }

    /// Where the script is.
    pub fn script(&self) -> PathBuf {
        self.place.join("batch.sh")
    }

    /// Records the number that its array was given.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn record(&self, number: &str) -> Result<(), ClusterError> {
        let path = self.place.join(NUMBER);
        fs::write(&path, format!("{number}\n")).map_err(|error| ClusterError::Write { path, error })
    }

    /// Writes the script.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, script: &str) -> Result<(), ClusterError> {
        let path = self.script();
        fs::write(&path, script).map_err(|error| ClusterError::Write { path, error })
    }
}

/// The numbers of all arrays that were submitted for a sweep.
pub fn arrays(sweep: &Path) -> Vec<String> {
    let entries = fs::read_dir(sweep.join(PLACE))
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    let numbers = entries.filter_map(|entry| fs::read_to_string(entry.path().join(NUMBER)).ok());
    numbers.map(|number| number.trim().to_string()).collect()
}

/// The trial of an element of a submission, counted from 0; none where elements take what is next, or it is not known.
pub fn trial_of(sweep: &Path, submission: u64, element: u64) -> Option<u64> {
    let list = fs::read_to_string(folder(sweep, submission).join(LIST)).ok()?;
    list.lines().nth(usize::try_from(element).ok()?)?.parse().ok()
}

fn folder(sweep: &Path, number: u64) -> PathBuf {
    sweep.join(PLACE).join(format!("{number:06}"))
}

fn newest(all: &Path) -> Option<u64> {
    let entries = fs::read_dir(all).ok()?.filter_map(Result::ok);
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .max()
}

/// The script of a submission to Slurm. `elements_at_once` limits this array.
///
/// # Errors
/// Where a setting or a path cannot stand in it.
pub fn slurm(settings: &Slurm, job: &Job, submission: &Submission) -> Result<String, ClusterError> {
    refuse(settings.wrong())?;
    let options = [
        ("partition", settings.partition.clone()),
        ("account", settings.account.clone()),
        ("qos", settings.qos.clone()),
        ("constraint", settings.constraint.clone()),
        ("time", settings.time.clone()),
        ("mem", settings.memory.clone()),
        ("cpus-per-task", settings.cpus.map(|cpus| cpus.to_string())),
        ("gres", gres(settings)),
        ("signal", Some(format!("B:USR2@{}", settings.warning))),
    ];
    let set = options
        .into_iter()
        .filter_map(|(name, value)| Some(format!("--{name}={}", value?)));
    let set = set.chain(["--requeue".into(), "--open-mode=append".into()]);
    let directives = set
        .chain(settings.options.iter().cloned())
        .map(|option| format!("#SBATCH {option}"));
    // A login shell knows the command `module`.
    let shell = if settings.modules.is_empty() {
        "#!/bin/bash"
    } else {
        "#!/bin/bash -l"
    };
    let modules = settings
        .modules
        .iter()
        .map(|module| format!("module load {}", words::quoted(module)));
    let mut lines = vec![shell.to_string(), note(job)?];
    lines.extend(directives);
    // A warning before `gfn` listens would end the shell, and with it the element.
    lines.push("trap '' USR1 USR2".into());
    lines.extend(modules);
    lines.extend(settings.prelude.iter().cloned());
    lines.extend(body(
        job,
        submission,
        &settings.container,
        "SLURM_ARRAY_TASK_ID",
        0,
    )?);
    Ok(lines.join("\n") + "\n")
}

/// The script of a submission to any other engine.
///
/// # Errors
/// Where a setting or a path cannot stand in it.
pub fn generic(settings: &Command, job: &Job, submission: &Submission) -> Result<String, ClusterError> {
    refuse(settings.wrong())?;
    let mut lines = vec!["#!/bin/bash".to_string(), note(job)?];
    lines.extend(settings.prelude.iter().cloned());
    lines.extend(body(job, submission, &[], &settings.index, settings.first)?);
    Ok(lines.join("\n") + "\n")
}

fn refuse(wrong: Vec<Wrong>) -> Result<(), ClusterError> {
    match wrong.into_iter().next() {
        None => Ok(()),
        Some(wrong) => Err(ClusterError::Setting(format!("{} {}", wrong.key, wrong.message))),
    }
}

fn note(job: &Job) -> Result<String, ClusterError> {
    let folder = words::quoted(words::path(&job.folder)?);
    Ok(format!(
        "# An element of this array does one trial of a sweep. What is left undone: gfn sweep resume {folder}"
    ))
}

fn gres(settings: &Slurm) -> Option<String> {
    let gpus = settings.gpus.map(|gpus| format!("gpu:{gpus}"));
    let all: Vec<String> = gpus.into_iter().chain(settings.gres.clone()).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// The lines that do the work.
fn body(
    job: &Job,
    submission: &Submission,
    container: &[String],
    index: &str,
    first: u64,
) -> Result<Vec<String>, ClusterError> {
    let run: Vec<String> = container.iter().chain(&job.worker).cloned().collect();
    let run = words::command(&run);
    if matches!(submission.elements, Elements::Workers(_)) {
        return Ok(vec![format!("exec {run}")]);
    }
    let path = submission.place.join(LIST);
    let list = words::quoted(words::path(&path)?);
    // Lines are counted from 1.
    let line = match first {
        0 => format!("$(({index} + 1))"),
        _ => format!("$(({index} - {}))", first - 1),
    };
    Ok(vec![
        format!("trial=$(sed -n \"{line}p\" {list})"),
        format!("[ -n \"$trial\" ] || {{ echo \"element ${index} has no trial in\" {list} >&2; exit 1; }}"),
        format!("exec {run} --trial \"$trial\""),
    ])
}
