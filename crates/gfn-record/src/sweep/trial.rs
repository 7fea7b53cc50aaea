//! How a trial stands, read off its files.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::folder::{numbers_in, read};
use super::{Failure, Rung, SweepFolder, Trial, TrialResult, names};
use crate::folder::FolderError;
use crate::lock::{self, Holder};

/// How a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing of it was trained yet.
    Waiting,
    /// A process trains it, or did when it was last heard of.
    Running,
    /// It was stopped on its way, and goes on when somebody takes it up.
    Interrupted,
    /// It waits at a rung to be found good enough to go on.
    Paused,
    /// It ended.
    Finished,
    /// It failed for good.
    Failed,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

/// A trial with all that its folder tells.
#[derive(Clone, Debug)]
pub struct TrialView {
    /// What it is.
    pub trial: Trial,
    /// The trial that has the same experiment and trains it; what follows is of that one.
    pub same: Option<u64>,
    /// How it stands.
    pub state: State,
    /// Its objectives at comparisons, in order.
    pub rungs: Vec<Rung>,
    /// The attempts that failed.
    pub failures: Vec<Failure>,
    /// How often it had failed for good and was given another chance.
    pub chances: u64,
    /// How it ended.
    pub result: Option<TrialResult>,
    /// Who trains it, or did last.
    pub holder: Option<Holder>,
    /// The folder of its run, which may not be there yet.
    pub run: PathBuf,
}

impl TrialView {
    /// The newest objective.
    pub fn objective(&self) -> Option<f64> {
        let last = self.rungs.last().map(|rung| rung.objective);
        match &self.result {
            Some(result) => result.objective,
            None => last,
        }
    }

    /// The objective after `step` updates, or at the end.
    pub fn objective_at(&self, step: Option<u64>) -> Option<f64> {
        match step {
            None => self.result.as_ref()?.objective,
            Some(step) => {
                let rung = self.rungs.iter().find(|rung| rung.step == step);
                rung.map(|rung| rung.objective)
            }
        }
    }

    fn of(
        folder: &Path,
        trial: Trial,
        sent_to: impl FnOnce() -> Result<Option<u64>, FolderError>,
    ) -> Result<Self, FolderError> {
        let rungs: Vec<Rung> = collected(folder, "rung-", |step| format!("rung-{step:06}.json"))?;
        let failures = collected(folder, "failure-", |attempt| format!("failure-{attempt}.json"))?;
        let chances = numbers_in(folder, "failed-", "")?.len() as u64;
        let result: Option<TrialResult> = read(&folder.join(names::RESULT))?;
        let (holder, is_alive) = match lock::last_holder(folder)? {
            Some((holder, is_alive)) => (Some(holder), is_alive),
            None => (None, false),
        };
        let run = folder.join(names::RUN);
        let state = match &result {
            Some(result) if result.error.is_some() => State::Failed,
            Some(_) => State::Finished,
            None if is_alive => State::Running,
            None if !run.is_dir() => State::Waiting,
            None => match rungs.last() {
                Some(last) if sent_to()?.is_none_or(|step| step <= last.step) => State::Paused,
                _ => State::Interrupted,
            },
        };
        Ok(Self {
            trial,
            same: None,
            state,
            rungs,
            failures,
            chances,
            result,
            holder,
            run,
        })
    }
}

fn collected<T: serde::de::DeserializeOwned>(
    folder: &Path,
    start: &str,
    name: impl Fn(u64) -> String,
) -> Result<Vec<T>, FolderError> {
    let numbers = numbers_in(folder, start, ".json")?;
    let found = numbers.into_iter().map(|number| read(&folder.join(name(number))));
    found.filter_map(Result::transpose).collect()
}

impl SweepFolder {
    /// One trial, if its folder was made.
    ///
    /// # Errors
    /// Where a file is damaged.
    pub fn trial(&self, number: u64) -> Result<Option<TrialView>, FolderError> {
        let folder = self.trial_folder(number);
        let Some(trial) = read::<Trial>(&folder.join(names::TRIAL))? else {
            return Ok(None);
        };
        let same = self.same(number)?;
        let folder = same.map_or(folder, |same| self.trial_folder(same));
        let setting = trial.setting;
        let view = TrialView::of(&folder, trial, || self.sent_to(setting))?;
        Ok(Some(TrialView { same, ..view }))
    }

    /// All trials whose folders were made, in order.
    ///
    /// # Errors
    /// Where a file is damaged.
    pub fn trials(&self) -> Result<Vec<TrialView>, FolderError> {
        let numbers = numbers_in(&self.file(names::TRIALS), "", "")?;
        let trials = numbers.into_iter().map(|number| self.trial(number));
        trials.filter_map(Result::transpose).collect()
    }
}
