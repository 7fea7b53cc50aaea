//! A run's folder, read as far as it can be.

use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

use gfn_files::seal::Seal;
use gfn_record::catalogue;
use gfn_record::distribution::{self, Row};
use gfn_record::event::{Event, Metrics};
use gfn_record::folder::{FolderError, LARGE, RunFolder, SMALL, names};
use gfn_record::integrity::Expected;
use gfn_record::likelihoods::{self, Likelihood};
use gfn_record::manifest::{Manifest, Status};
use gfn_record::samples::{self, Sample};
use serde::Deserialize;
use thiserror::Error;
use toml::{Table, Value};

/// Of each file, this many faults are told one by one.
const FAULTS_TOLD: usize = 3;

/// The files besides the experiment and the manifest that [`Run::read`] reads.
const READ: [&str; 6] = [
    names::ORIGINS,
    names::METRICS,
    names::SAMPLES,
    names::DISTRIBUTION,
    names::LIKELIHOODS,
    names::QUARANTINE,
];

const CHANGED: &str = "was changed after it was written";
const MISSING: &str = "is missing";

/// Why there is nothing to show.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ReadError(#[from] FolderError);

/// An object that had no reward.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Quarantined {
    /// The object.
    pub object: String,
    /// Why it had none.
    pub reason: String,
    /// Updates taken when it first happened.
    pub step: u64,
}

/// What a run has left so far.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether a process writes it now, as far as that can be known from this machine.
    pub is_written: bool,
    /// What made it and how it ended; absent where that cannot be read.
    pub manifest: Option<Manifest>,
    /// The experiment, every default filled in.
    pub resolved: String,
    /// The same as a table; empty where it cannot be read.
    pub settings: Table,
    /// The same with a comment behind each value that says where it comes from.
    pub origins: Option<String>,
    /// The updates that were written down.
    pub steps: Vec<Metrics>,
    /// The measurements.
    pub measured: Vec<Metrics>,
    /// Objects drawn from the trained policy.
    pub samples: Vec<Sample>,
    /// The policy's probability of each object, where the environment was swept.
    pub distribution: Vec<Row>,
    /// How probable some of the samples are, where the environment was not swept.
    pub likelihoods: Vec<Likelihood>,
    /// Objects that had no reward.
    pub quarantined: Vec<Quarantined>,
    /// What could not be read.
    pub faults: Vec<String>,
    /// Files that were read and are not as they were written.
    pub changed: Vec<String>,
    /// Files that are recorded and not there, whether or not they are read.
    pub missing: Vec<String>,
    /// What is recorded of its files.
    pub expected: Expected,
}

impl Run {
    /// Reads a folder. Only the experiment must be there; of damaged files, what is whole is kept.
    ///
    /// # Errors
    /// Where the folder is not a run's.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let folder = RunFolder::open(path)?;
        let mut run = Self::begun(&folder)?;
        run.read_tables(&folder);
        Ok(run)
    }

    /// The same without the objects, and without the curves where the manifest tells how they end: for a list of many runs.
    ///
    /// # Errors
    /// Where the folder is not a run's.
    pub fn glance(path: &Path) -> Result<Self, ReadError> {
        let folder = RunFolder::open(path)?;
        let mut run = Self::begun(&folder)?;
        if run.status() != Some(Status::Finished) {
            run.read_metrics(&folder);
        }
        Ok(run)
    }

    /// The experiment and the manifest alone.
    ///
    /// # Errors
    /// Where the folder is not a run's.
    pub fn head(path: &Path) -> Result<Self, ReadError> {
        Self::begun(&RunFolder::open(path)?)
    }

    /// Reads the objects that were drawn, which [`Run::head`] left out.
    pub fn read_samples(&mut self) {
        let Ok(folder) = RunFolder::open(&self.folder) else {
            return;
        };
        let mut faults = Faults::default();
        let content = self.content(&folder, names::SAMPLES, &mut faults);
        self.samples = rows(content, names::SAMPLES, samples::read, &mut faults);
        self.faults.extend(faults.told);
    }

    /// The bytes of a file, none where it is not there, as is marked already. One that is not as it was written is marked.
    fn content(&mut self, folder: &RunFolder, name: &'static str, faults: &mut Faults) -> Option<Vec<u8>> {
        match gfn_files::read(&folder.file(name), LARGE) {
            Ok(bytes) => {
                self.note(name, &bytes);
                Some(bytes)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                faults.of_file(name, vec![gfn_text::io_words(&error)]);
                None
            }
        }
    }

    /// Marks a file whose content is not what is recorded.
    pub fn note(&mut self, name: &str, content: &[u8]) {
        if !self.expected.holds(name, content).unwrap_or(true) {
            self.mark(name);
        }
    }

    fn mark(&mut self, name: &str) {
        if !self.changed.iter().any(|known| known == name) {
            self.changed.push(name.to_string());
        }
    }

    /// Marks what is recorded and is not there. While a process writes the folder, files come and go.
    fn note_missing(&mut self) {
        if !self.is_written {
            let missing = self.expected.names().filter(|name| self.is_gone(name));
            self.missing = missing.map(String::from).collect();
        }
    }

    fn is_gone(&self, name: &str) -> bool {
        let found = self.folder.join(name).symlink_metadata();
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Reads a file once more, and marks it where it is not what is recorded.
    pub fn check(&mut self, name: &str) {
        let opened = gfn_files::open(&self.folder.join(name));
        let holds = opened.and_then(|file| self.expected.holds(name, file));
        if holds.is_ok_and(|holds| !holds) {
            self.mark(name);
        }
    }

    /// The files that tables and pages are made of and that are not as they were written, or missing.
    pub fn damaged(&self) -> impl Iterator<Item = &str> {
        let missing = self.missing.iter().filter(|name| READ.contains(&name.as_str()));
        self.changed.iter().chain(missing).map(String::as_str)
    }

    /// The missing files that no table and no page is made of, such as the weights.
    pub fn missing_others(&self) -> impl Iterator<Item = &str> {
        let others = self.missing.iter().map(String::as_str);
        others.filter(|name| !READ.contains(name))
    }

    /// A sentence for each file that is not as it was written, or missing.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let changed = self.changed.iter().zip(std::iter::repeat(CHANGED));
        let missing = self.missing.iter().zip(std::iter::repeat(MISSING));
        let folder = self.folder.display().to_string();
        changed
            .chain(missing)
            .map(move |(name, what)| format!("{name} {what}; `gfn verify {folder}` checks every file"))
    }

    /// The experiment and the manifest.
    fn begun(folder: &RunFolder) -> Result<Self, ReadError> {
        let path = folder.file(names::RESOLVED);
        let resolved = gfn_files::read_text(&path, SMALL).map_err(|error| FolderError::Io { path, error })?;
        let mut run = Self {
            folder: folder.path().to_path_buf(),
            is_written: gfn_record::lock::is_written(folder.path()) == Some(true),
            resolved,
            origins: gfn_files::read_text(&folder.file(names::ORIGINS), SMALL).ok(),
            ..Self::default()
        };
        match run.resolved.parse() {
            Ok(settings) => run.settings = settings,
            Err(error) => run
                .faults
                .push(format!("{}: {}", names::RESOLVED, error.message())),
        }
        match folder.read_manifest() {
            Ok((manifest, seal)) => {
                if seal == Seal::Broken {
                    run.changed.push(names::MANIFEST.into());
                }
                run.expected = Expected::of(folder, &manifest);
                run.manifest = Some(manifest);
            }
            Err(error) => run.faults.push(error.to_string()),
        }
        run.note(names::RESOLVED, run.resolved.clone().as_bytes());
        if let Some(origins) = run.origins.clone() {
            run.note(names::ORIGINS, origins.as_bytes());
        }
        run.note_missing();
        Ok(run)
    }

    fn read_metrics(&mut self, folder: &RunFolder) {
        let mut faults = Faults::default();
        let content = self.content(folder, names::METRICS, &mut faults);
        for event in lines(content, names::METRICS, Event::parse, &mut faults) {
            match event {
                Event::Step(step) => self.steps.push(step),
                Event::Measured(measured) => self.measured.push(measured),
            }
        }
        self.faults.extend(faults.told);
    }

    fn read_tables(&mut self, folder: &RunFolder) {
        self.read_metrics(folder);
        let mut faults = Faults::default();
        let content = self.content(folder, names::SAMPLES, &mut faults);
        self.samples = rows(content, names::SAMPLES, samples::read, &mut faults);
        let content = self.content(folder, names::DISTRIBUTION, &mut faults);
        self.distribution = rows(content, names::DISTRIBUTION, distribution::read, &mut faults);
        let content = self.content(folder, names::LIKELIHOODS, &mut faults);
        self.likelihoods = rows(content, names::LIKELIHOODS, likelihoods::read, &mut faults);
        let content = self.content(folder, names::QUARANTINE, &mut faults);
        self.quarantined = lines(
            content,
            names::QUARANTINE,
            |line| serde_json::from_slice(line),
            &mut faults,
        );
        self.faults.extend(faults.told);
    }

    /// The experiment's name.
    pub fn name(&self) -> &str {
        let manifest = self.manifest.as_ref().map(|manifest| manifest.name.as_str());
        manifest
            .or(self.setting("", "name").and_then(Value::as_str))
            .unwrap_or("run")
    }

    /// The seed, where it is known.
    pub fn seed(&self) -> Option<u64> {
        let written = || self.setting("", "seed")?.as_integer()?.try_into().ok();
        self.manifest
            .as_ref()
            .map(|manifest| manifest.seed)
            .or_else(written)
    }

    /// Its state: `running`, `finished`, `stopped`, `failed`, `not finished`, or `unknown` where its manifest cannot be read.
    pub fn state(&self) -> &'static str {
        match self.status() {
            Some(Status::Running) if self.is_written => "running",
            Some(Status::Running) => "not finished",
            Some(Status::Finished) => "finished",
            Some(Status::Failed) => "failed",
            Some(Status::Saved) => "stopped",
            None => "unknown",
        }
    }

    /// How the run stands; absent where its manifest cannot be read.
    pub fn status(&self) -> Option<Status> {
        self.manifest.as_ref().map(|manifest| manifest.status)
    }

    /// Updates taken, as far as is known: the manifest is written at the end, metrics on the way.
    pub fn updates(&self) -> u64 {
        let manifest = self.manifest.as_ref().map_or(0, |manifest| manifest.steps);
        let written = self.steps.last().map_or(0, |step| step.step);
        manifest.max(written)
    }

    /// Updates asked for.
    pub fn updates_wanted(&self) -> Option<u64> {
        self.setting("training", "steps")?.as_integer()?.try_into().ok()
    }

    /// The newest measurement.
    pub fn last_measured(&self) -> Option<&Metrics> {
        let after = self
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.after.as_ref());
        after.or(self.measured.last())
    }

    /// The true log Z, where the environment was swept.
    pub fn true_log_z(&self) -> Option<f64> {
        self.manifest.as_ref()?.log_z
    }

    /// A setting; the section above the first one has no name.
    pub fn setting(&self, section: &str, key: &str) -> Option<&Value> {
        match section {
            "" => self.settings.get(key),
            section => self.settings.get(section)?.get(key),
        }
    }

    /// What a section chose.
    pub fn kind(&self, section: &str) -> Option<&str> {
        self.setting(section, "kind")?.as_str()
    }

    /// Whether its objects are molecules.
    pub fn has_molecules(&self) -> bool {
        self.last_measured()
            .is_some_and(|measured| measured.get(catalogue::names::VALID).is_some())
    }
}

/// What is wrong with files, each counted and only the first few told.
#[derive(Default)]
struct Faults {
    told: Vec<String>,
}

impl Faults {
    /// Tells of the faults of one file.
    fn of_file(&mut self, name: &str, faults: Vec<String>) {
        let more = faults.len().saturating_sub(FAULTS_TOLD);
        let told = faults
            .into_iter()
            .take(FAULTS_TOLD)
            .map(|fault| format!("{name}: {fault}"));
        self.told.extend(told);
        if more > 0 {
            self.told
                .push(format!("{name}: {more} more lines cannot be read"));
        }
    }
}

/// The lines of a JSONL file that can be read; a file that is not there has none.
fn lines<T>(
    content: Option<Vec<u8>>,
    name: &str,
    parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    faults: &mut Faults,
) -> Vec<T> {
    let content = content.unwrap_or_default();
    let content = content.strip_suffix(b"\n").unwrap_or(&content);
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    for (index, line) in lines.filter(|_| !content.is_empty()) {
        let parsed = parse(line).map_err(|error| gfn_files::json_words(&error));
        match parsed {
            Ok(value) => read.push(value),
            Err(error) => wrong.push(format!("line {}: {error}", index + 1)),
        }
    }
    faults.of_file(name, wrong);
    read
}

/// The rows of a CSV file that can be read; a file that is not there has none.
fn rows<T, I: Iterator<Item = Result<T, String>>>(
    content: Option<Vec<u8>>,
    name: &str,
    read: impl Fn(Cursor<Vec<u8>>) -> I,
    faults: &mut Faults,
) -> Vec<T> {
    let (mut whole, mut wrong) = (Vec::new(), Vec::new());
    for row in content.into_iter().flat_map(|content| read(Cursor::new(content))) {
        match row {
            Ok(row) => whole.push(row),
            Err(error) => wrong.push(error),
        }
    }
    faults.of_file(name, wrong);
    whole
}
