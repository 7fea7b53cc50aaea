//! A sweep's folder, read as far as it can be: what was tried, and what came of it.

mod files;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gfn_record::sweep::{Setting, State, SweepFolder, SweepManifest, TrialView};

use self::files::Files;
use crate::Run;
use crate::run::ReadError;
use crate::statistics::mean_and_interval;

/// A sweep as it stands.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Its folder.
    pub folder: PathBuf,
    /// What is searched, and how.
    pub manifest: SweepManifest,
    /// Settings asked for, those of extensions included.
    pub wanted: u64,
    /// Whether it was cancelled.
    pub is_cancelled: bool,
    /// What was tried, in order.
    pub tried: Vec<Tried>,
    /// What could not be read.
    pub faults: Vec<String>,
}

/// A setting and what came of it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What it is.
    pub setting: Setting,
    /// Its trials, one for each seed, as far as they were begun.
    pub trials: Vec<TrialView>,
    /// Trials of it that were begun and cannot be read.
    pub unreadable: usize,
    /// The best that is known of it: where its trials were compared last, or at their end.
    pub outcome: Option<Reached>,
    /// The setting before it whose experiments are the same, seed by seed: they were not trained again.
    pub same: Option<u64>,
}

/// What a setting was worth at some update.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// After how many updates; none at the end.
    pub step: Option<u64>,
    /// The objectives of its trials.
    pub objectives: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Half the width of its 95 % confidence interval, where there are several trials.
    pub half: Option<f64>,
}

impl Sweep {
    /// Whether a folder is that of a sweep.
    pub fn is_at(path: &Path) -> bool {
        SweepFolder::at(path).exists()
    }

    /// Reads a folder. Only the manifest must be there; a file that cannot be read hides no other.
    ///
    /// # Errors
    /// Where the folder is not a sweep's.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let folder = SweepFolder::open(path)?;
        let manifest = folder.manifest()?;
        let (rungs, seeds) = (rungs(&manifest), manifest.seeds.len());
        let Files {
            tried,
            extended_by,
            faults,
        } = Files::read(&folder, seeds);
        let mut tried: Vec<Tried> = tried
            .into_iter()
            .map(|tried| tried.compared(&rungs, seeds))
            .collect();
        mark_the_same(&mut tried);
        Ok(Self {
            folder: path.to_path_buf(),
            wanted: manifest.settings.saturating_add(extended_by),
            is_cancelled: folder.is_cancelled(),
            tried,
            manifest,
            faults,
        })
    }

    /// What was tried and came to something, each experiment once, the best first; what came further is before all else.
    pub fn ranked(&self) -> Vec<(&Tried, &Reached)> {
        let mut ranked: Vec<(&Tried, &Reached)> = self
            .tried
            .iter()
            .filter(|tried| tried.same.is_none())
            .filter_map(|tried| Some((tried, tried.outcome.as_ref()?)))
            .collect();
        let further = |reached: &Reached| reached.step.unwrap_or(u64::MAX);
        let direction = self.manifest.direction;
        ranked.sort_by(|(one, of_one), (two, of_two)| {
            let cost = direction
                .cost(of_one.mean)
                .total_cmp(&direction.cost(of_two.mean));
            further(of_two)
                .cmp(&further(of_one))
                .then(cost)
                .then(one.setting.setting.cmp(&two.setting.setting))
        });
        ranked
    }

    /// The runs of the best setting, as far as they can be read.
    pub fn best_runs(&self) -> Vec<Run> {
        let ranked = self.ranked();
        let views = ranked.first().map_or(&[][..], |(tried, _)| &tried.trials);
        views
            .iter()
            .filter_map(|view| Run::read(&view.run).ok())
            .collect()
    }

    /// Trials that stand so.
    pub fn count(&self, state: State) -> usize {
        self.trials().filter(|view| view.state == state).count()
    }

    /// How many trials are the same as others.
    pub fn repeated(&self) -> usize {
        self.trials().filter(|view| view.same.is_some()).count()
    }

    /// All trials that were begun.
    pub fn trials(&self) -> impl Iterator<Item = &TrialView> {
        self.tried.iter().flat_map(|tried| &tried.trials)
    }

    /// Trials asked for.
    pub fn trials_wanted(&self) -> u64 {
        self.wanted.saturating_mul(self.manifest.seeds.len() as u64)
    }

    /// The update at which settings can best be compared: the furthest that at least half of those came to of which anything is
    /// known.
    pub fn common_step(&self) -> Option<u64> {
        let rungs = rungs(&self.manifest);
        let known = self.tried.iter().filter(|tried| tried.outcome.is_some()).count();
        let enough = |step: Option<u64>| {
            let there = self.tried.iter().filter(|tried| self.at(tried, step).is_some());
            2 * there.count() >= known.max(1)
        };
        let steps = [None]
            .into_iter()
            .chain(rungs.iter().rev().map(|step| Some(*step)));
        steps.into_iter().find(|step| enough(*step)).flatten()
    }

    /// What a setting was worth after `step` updates; at the end where none is given.
    pub fn at(&self, tried: &Tried, step: Option<u64>) -> Option<Reached> {
        tried.at(step, self.manifest.seeds.len())
    }
}

/// Finds settings whose trials are all trained by those of one before.
fn mark_the_same(tried: &mut [Tried]) {
    let mut known: HashMap<Vec<u64>, u64> = HashMap::new();
    for tried in tried {
        let trainer = |view: &TrialView| view.same.unwrap_or(view.trial.trial);
        let trainers: Vec<u64> = tried.trials.iter().map(trainer).collect();
        let setting = tried.setting.setting;
        let first = *known.entry(trainers).or_insert(setting);
        tried.same = (first != setting && !tried.trials.is_empty()).then_some(first);
    }
}

/// The updates at which trials are compared before their end.
pub fn rungs(manifest: &SweepManifest) -> Vec<u64> {
    let mut rungs = manifest
        .early_stopping
        .as_ref()
        .map_or(Vec::new(), |stopping| stopping.rungs.clone());
    rungs.pop();
    rungs
}

impl Tried {
    /// The same with what is known of its worth.
    fn compared(mut self, rungs: &[u64], seeds: usize) -> Self {
        let steps = [None]
            .into_iter()
            .chain(rungs.iter().rev().map(|step| Some(*step)));
        self.outcome = steps.into_iter().find_map(|step| self.at(step, seeds));
        self
    }

    /// None unless all of its trials came so far.
    fn at(&self, step: Option<u64>, seeds: usize) -> Option<Reached> {
        let objectives = self.trials.iter().filter_map(|view| view.objective_at(step));
        let objectives: Vec<f64> = objectives.collect();
        let (mean, half) = mean_and_interval(objectives.iter().copied())?;
        (objectives.len() == seeds).then_some(Reached {
            step,
            objectives,
            mean,
            half,
        })
    }

    /// After how many updates its outcome was: those of all its trials where they ran to their end.
    pub fn updates(&self) -> Option<u64> {
        let whole = || {
            let results = self.trials.iter().filter_map(|view| view.result.as_ref());
            results.map(|result| result.steps).min()
        };
        self.outcome.as_ref()?.step.or_else(whole)
    }

    /// How it stands, in a word.
    pub fn state(&self) -> &'static str {
        let any = |state: State| self.trials.iter().any(|view| view.state == state);
        let all =
            |state: State| !self.trials.is_empty() && self.trials.iter().all(|view| view.state == state);
        match () {
            () if self.unreadable > 0 => "damaged",
            () if any(State::Failed) => "failed",
            () if all(State::Finished) => "finished",
            () if any(State::Running) => "running",
            () if all(State::Paused) => "paused",
            () if any(State::Interrupted) => "interrupted",
            () => "waiting",
        }
    }
}
