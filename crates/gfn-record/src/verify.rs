//! Whether the files of a run, a sweep or an acquisition are as they were written.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gfn_files::seal::{self, Seal};
use serde::Serialize;

use crate::checkpoint;
use crate::folder::{FolderError, RunFolder, SMALL, names};
use crate::hashed;
use crate::integrity::{Expected, Recorded};
use crate::ledger::{LEDGER, Ledger};
use crate::lock;
use crate::sweep::{self, SweepManifest, TrialResult};

/// The experiment of an acquisition, by which its folder is known.
const ACQUISITION: &str = "acquisition.toml";

/// How a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is as it was written.
    Ok,
    /// Its bytes are others.
    Changed,
    /// It is recorded, and is not there.
    Missing,
    /// Nothing is recorded of it.
    NotRecorded,
    /// The run reads it, and it is not there: it may be on another machine.
    InputMissing,
}

/// A file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Its path in the folder; that of an input as the run names it.
    pub path: String,
    /// How it stands.
    pub state: State,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What was found in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// What was checked.
    pub folder: PathBuf,
    /// `run`, `sweep`, `acquisition` or `proxy`.
    pub kind: &'static str,
    /// Its files.
    pub files: Vec<Checked>,
}

impl Findings {
    /// So many files stand so.
    pub fn count(&self, state: State) -> usize {
        self.files.iter().filter(|file| file.state == state).count()
    }

    /// Whether no file is changed or missing.
    pub fn is_whole(&self) -> bool {
        self.count(State::Changed) + self.count(State::Missing) == 0
    }

    /// Whether anything is recorded of any file.
    pub fn is_recorded(&self) -> bool {
        self.files.iter().any(|file| file.state != State::NotRecorded)
    }
}

/// Checks every file of a folder.
///
/// # Errors
/// Where it is neither a run's nor a sweep's nor an acquisition's.
pub fn folder(path: &Path) -> Result<Findings, FolderError> {
    let has = |name: &str| path.join(name).symlink_metadata().is_ok();
    let mut all = All::of(path);
    let kind = match () {
        () if has(sweep::names::SWEEP) => {
            all.sweep();
            "sweep"
        }
        () if has(ACQUISITION) => {
            all.acquisition();
            "acquisition"
        }
        () if has(names::RESOLVED) || has(names::MANIFEST) => {
            all.run("");
            "run"
        }
        () => return Err(FolderError::NotARun(path.to_path_buf())),
    };
    all.rest();
    let folder = path.to_path_buf();
    Ok(Findings {
        folder,
        kind,
        files: all.files,
    })
}

/// The files of a folder that were looked at.
struct All<'a> {
    root: &'a Path,
    files: Vec<Checked>,
    known: BTreeSet<String>,
}

impl<'a> All<'a> {
    fn of(root: &'a Path) -> Self {
        Self {
            root,
            files: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    fn add(&mut self, path: String, state: State, note: Option<&str>) {
        let note = note.map(str::to_string);
        self.known.insert(path.clone());
        self.files.push(Checked { path, state, note });
    }

    /// Adds a file of which it is known what it must be.
    fn recorded(
        &mut self,
        path: String,
        holds: impl FnOnce(fs::File) -> std::io::Result<bool>,
        note: Option<&str>,
    ) {
        match gfn_files::open(&self.root.join(&path)).and_then(holds) {
            Ok(true) => self.add(path, State::Ok, note),
            Ok(false) => self.add(path, State::Changed, None),
            Err(error) if error.kind() == ErrorKind::NotFound => self.add(path, State::Missing, None),
            Err(error) => self.add(path, State::Changed, Some(&gfn_text::io_words(&error))),
        }
    }

    /// Adds a file that proves itself, and returns its bytes where they can be read.
    fn sealed(&mut self, path: String, place: &str) -> Option<Vec<u8>> {
        let bytes = match gfn_files::read(&self.root.join(&path), SMALL) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.add(path, State::Missing, None);
                return None;
            }
            Err(error) => {
                self.add(path, State::Changed, Some(&gfn_text::io_words(&error)));
                return None;
            }
        };
        match seal::check(&bytes, place) {
            Seal::Whole => self.add(path, State::Ok, None),
            Seal::Broken => self.add(path, State::Changed, None),
            Seal::Absent if serde_json::from_slice::<serde_json::Value>(&bytes).is_err() => {
                self.add(path, State::Changed, Some("it is no JSON"));
            }
            Seal::Absent => self.add(path, State::NotRecorded, Some(EARLIER)),
        }
        Some(bytes)
    }

    /// Adds the files of the run in the folder `prefix`, which ends with a slash or is empty.
    fn run(&mut self, prefix: &str) {
        let path = self.root.join(prefix);
        let folder = RunFolder::at(&path);
        let manifest = format!("{prefix}{}", names::MANIFEST);
        let read = folder.read_manifest();
        match &read {
            Ok((_, Seal::Whole)) => self.add(manifest, State::Ok, None),
            Ok((_, Seal::Broken)) => self.add(manifest, State::Changed, None),
            Ok((_, Seal::Absent)) => self.add(manifest, State::NotRecorded, Some(EARLIER)),
            Err(FolderError::Io { error, .. }) if error.kind() == ErrorKind::NotFound => {
                // It comes before all but the experiment: a run may have been stopped in between.
                if path.join(names::METRICS).exists() {
                    self.add(manifest, State::Missing, None);
                }
            }
            Err(error) => self.add(manifest, State::Changed, Some(&error.to_string())),
        }
        let first = self.files.len();
        if let Ok((manifest, seal)) = &read {
            let expected = Expected::of(&folder, manifest);
            for name in expected.names() {
                let note = expected.is_partial(name).then_some(BEGINNING);
                self.recorded(format!("{prefix}{name}"), |file| expected.holds(name, file), note);
            }
            self.doubt(first, *seal);
        }
        for (name, damage) in checkpoint::wholes(&path).unwrap_or_default() {
            let path = format!("{prefix}{}/{name}", names::CHECKPOINTS);
            match damage {
                None => self.add(path, State::Ok, None),
                Some(damage) => self.add(path, State::Changed, Some(&damage)),
            }
        }
        let inputs = read.into_iter().flat_map(|(manifest, _)| manifest.data);
        for input in inputs.collect::<Vec<_>>() {
            let path = input.path.display().to_string();
            match Recorded::of_file(&input.path) {
                Ok(now) if now.sha256 == input.sha256 => self.add(path, State::Ok, Some(INPUT)),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.add(path, State::InputMissing, Some(INPUT));
                }
                _ => self.add(path, State::Changed, Some(INPUT)),
            }
        }
    }

    fn sweep(&mut self) {
        let bytes = self.sealed(sweep::names::SWEEP.into(), sweep::names::SWEEP);
        let manifest = bytes.and_then(|bytes| serde_json::from_slice::<SweepManifest>(&bytes).ok());
        let seal = self.seal_of(0, sweep::names::SWEEP);
        if let Some(sha256) = manifest.and_then(|manifest| manifest.experiment_sha256) {
            let first = self.files.len();
            let is_it = |file: fs::File| Ok(Recorded::of_reader(file)?.sha256 == sha256);
            self.recorded(sweep::names::EXPERIMENT.into(), is_it, None);
            self.doubt(first, seal);
        }
        let folders = [
            sweep::names::SETTINGS,
            sweep::names::EXTENSIONS,
            sweep::names::LIMITS,
            sweep::names::DATA,
            sweep::names::TRAINED,
        ];
        for path in folders.iter().flat_map(|folder| below(self.root, folder)) {
            if path.ends_with(".json") && !is_aside(&path) {
                self.sealed(path.clone(), &sweep::place_of(&self.root.join(&path)));
            }
        }
        let trials = self.root.join(sweep::names::TRIALS);
        for trial in entries(&trials)
            .into_iter()
            .filter(|trial| trials.join(trial).is_dir())
        {
            self.trial(&format!("{}/{trial}/", sweep::names::TRIALS));
        }
    }

    fn trial(&mut self, prefix: &str) {
        let start = self.files.len();
        let run = format!("{prefix}{}/", sweep::names::RUN);
        let own = below(self.root, prefix.trim_end_matches('/'));
        let own = own
            .into_iter()
            .filter(|path| !path.starts_with(&run) && !is_aside(path));
        let mut result = None;
        for path in own.filter(|path| path.ends_with(".json")).collect::<Vec<_>>() {
            let bytes = self.sealed(path.clone(), &sweep::place_of(&self.root.join(&path)));
            if path == format!("{prefix}{}", sweep::names::RESULT) {
                result = bytes.and_then(|bytes| serde_json::from_slice::<TrialResult>(&bytes).ok());
            }
        }
        if self.root.join(&run).join(names::RESOLVED).is_file() {
            self.run(&run);
        }
        let seal = self.seal_of(start, &format!("{prefix}{}", sweep::names::RESULT));
        let mut first = self.files.len();
        for (name, recorded) in result.into_iter().flat_map(|result| result.files) {
            let path = format!("{prefix}{name}");
            // What the run says of itself comes before what the trial says of the run.
            let known = self.files[start..].iter().position(|file| file.path == path);
            let known = known.map(|at| start + at);
            let is_ok = known.is_none_or(|at| self.files[at].state == State::Ok);
            if is_ok {
                if let Some(at) = known {
                    self.files.remove(at);
                    first -= 1;
                }
                match name == sweep::names::LOG {
                    true => self.recorded(path, |file| recorded.begins(file), Some(BEGINNING)),
                    false => self.recorded(path, |file| recorded.is_all_of(file), None),
                }
            }
        }
        self.doubt(first, seal);
    }

    /// What was found of a file that proves itself, among those from `start` on.
    fn seal_of(&self, start: usize, path: &str) -> Seal {
        let is_changed = |file: &Checked| file.path == path && file.state == State::Changed;
        match self.files[start..].iter().any(is_changed) {
            true => Seal::Broken,
            false => Seal::Whole,
        }
    }

    /// What a changed record says of other files proves nothing against them.
    fn doubt(&mut self, first: usize, seal: Seal) {
        let doubted = self.files.iter_mut().skip(first).filter(|_| seal == Seal::Broken);
        for file in doubted.filter(|file| matches!(file.state, State::Changed | State::Missing)) {
            file.state = State::NotRecorded;
            file.note = Some("the file that records it was changed".into());
        }
    }

    fn acquisition(&mut self) {
        self.sealed(LEDGER.into(), LEDGER);
        let ledger = Ledger::read(self.root).unwrap_or_default();
        for (name, known) in ledger.files() {
            let is_one = |file: fs::File| Ok(known.contains(&Recorded::of_reader(file)?));
            self.recorded(name.to_string(), is_one, None);
        }
        let rounds = self.root.join("rounds");
        for round in entries(&rounds) {
            if rounds.join(&round).join("run").join(names::RESOLVED).is_file() {
                self.run(&format!("rounds/{round}/run/"));
            }
        }
    }

    /// Adds what is there and was not looked at.
    fn rest(&mut self) {
        let all: BTreeSet<String> = below(self.root, "").into_iter().collect();
        for path in all.iter().filter(|path| all.contains(&format!("{path}.sha256"))) {
            if self.known.contains(path) {
                continue;
            }
            match hashed::is_whole(&self.root.join(path)) {
                Ok(Some(false)) => self.add(path.clone(), State::Changed, None),
                Ok(_) => self.add(path.clone(), State::Ok, None),
                Err(error) => self.add(path.clone(), State::Changed, Some(&error.to_string())),
            }
            self.known.insert(format!("{path}.sha256"));
        }
        for path in all {
            if !self.known.contains(&path) && !is_aside(&path) {
                let name = path.rsplit('/').next().unwrap_or_default();
                let note = match name {
                    names::REPORT => Some("a page, which `gfn report` makes again"),
                    _ => None,
                };
                self.add(path, State::NotRecorded, note);
            }
        }
    }
}

const EARLIER: &str = "written by an earlier version of gfn, without hashes";
const BEGINNING: &str = "as far as was recorded; what was appended since is not";
const INPUT: &str = "an input";

/// Whether a path is of what a process keeps for itself: locks, and files that are not whole yet.
fn is_aside(path: &str) -> bool {
    let is_hidden = |name: &str| name == lock::PLACE || name.starts_with('.');
    path.split('/').any(is_hidden)
}

/// The names in a folder, in order; none where it cannot be read.
fn entries(folder: &Path) -> Vec<String> {
    let mut names = lock::names_in(folder).unwrap_or_default();
    names.sort();
    names
}

/// The files below a folder of `root`, by their paths from `root`, in order. Links are not followed.
fn below(root: &Path, folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in entries(&root.join(folder)) {
        let path = match folder {
            "" => name,
            folder => format!("{folder}/{name}"),
        };
        match root.join(&path).symlink_metadata() {
            Ok(kind) if kind.is_dir() => found.extend(below(root, &path)),
            Ok(_) => found.push(path),
            Err(_) => {}
        }
    }
    found
}
