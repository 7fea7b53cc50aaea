//! A sweep's folder, as plain data: what is tried, what was decided from which results, and what came of each trial.
//!
//! A **setting** is one point of what is searched; a **trial** is a run of a setting with one seed, so a setting has as many
//! trials as the sweep repeats it. Every file here is written once and never changed: it is published whole under a name that
//! was free ([`crate::durable::publish_new`]), so that of several processes exactly one decides, whatever the file system.
//! What a trial is worth is read off its files; there is no state besides.
//!
//! ```text
//! sweep.json                        what is searched, and how
//! experiment.toml                   the experiment with `[sweep]`, as it was when the sweep began; `sweep.json` has its hash
//! settings/000004/setting.json      the values of a setting, and the results that the sampler had seen
//! settings/000004/to-000600.json    its trials go on to that update, and the results that this was decided from
//! extensions/000000.json            further settings, asked for later
//! limits/000000.json                other limits to failures, set later
//! data/<hash of the path>.json      a file that trials read, and its hash when the first of them did
//! trained/<hash of the spec>.json   the trial that trains an experiment
//! cancelled                         there while the sweep is cancelled
//! trials/000009/                    setting 4, repeat 1, where there are two repeats
//!     trial.json, spec.toml         what it is; the whole experiment, to be run again by itself
//!     run/                          an ordinary run's folder
//!     rung-000200.json              the objective after that update, where poor trials are stopped early
//!     failure-1.json                why the first attempt failed
//!     failed-1/                     the failures and the result of a trial that was then given another chance
//!     result.json                   how it ended
//!     log.txt                       what its processes said
//!     same.json                     there alone with trial.json: another trial has the same experiment, and all that comes of it
//! ```

mod folder;
mod trial;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::integrity::Records;

pub(crate) use folder::place_of;
pub use folder::{SweepFolder, publish, read};
pub use trial::{State, TrialView};

/// The names of a sweep's files and folders.
pub mod names {
    /// What is searched, and how.
    pub const SWEEP: &str = "sweep.json";
    /// The experiment with `[sweep]`, as it was when the sweep began.
    pub const EXPERIMENT: &str = "experiment.toml";
    /// The folder of settings.
    pub const SETTINGS: &str = "settings";
    /// A setting, in its folder.
    pub const SETTING: &str = "setting.json";
    /// The folder of further settings that were asked for later.
    pub const EXTENSIONS: &str = "extensions";
    /// The folder of limits that were set later.
    pub const LIMITS: &str = "limits";
    /// The folder of the hashes of files that trials read.
    pub const DATA: &str = "data";
    /// The folder that says which trial trains an experiment.
    pub const TRAINED: &str = "trained";
    /// Which trial has the experiment of this one.
    pub const SAME: &str = "same.json";
    /// There while the sweep is cancelled.
    pub const CANCELLED: &str = "cancelled";
    /// The folder of trials.
    pub const TRIALS: &str = "trials";
    /// What a trial is, in its folder.
    pub const TRIAL: &str = "trial.json";
    /// The experiment of a trial.
    pub const SPEC: &str = "spec.toml";
    /// The run's folder of a trial.
    pub const RUN: &str = "run";
    /// How a trial ended.
    pub const RESULT: &str = "result.json";
    /// What the processes of a trial said.
    pub const LOG: &str = "log.txt";
}

/// Whether less or more of the objective is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}

impl Direction {
    /// The objective as a number of which less is better.
    pub fn cost(self, objective: f64) -> f64 {
        match self {
            Self::Minimize => objective,
            Self::Maximize => -objective,
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimize => "minimize",
            Self::Maximize => "maximize",
        }
    }
}

/// `sweep.json`: what is searched, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepManifest {
    /// The version of this format.
    pub format: u32,
    /// The version of `gfn`.
    pub gfn: String,
    /// The experiment's name.
    pub name: String,
    /// The experiment file.
    pub experiment: String,
    /// The SHA-256 of [`names::EXPERIMENT`]; absent from older sweeps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub experiment_sha256: Option<String>,
    /// How settings are chosen: `grid`, `random`, `sobol`, `tpe`.
    pub method: String,
    /// The seed of the search.
    pub seed: u64,
    /// Settings, those of extensions left out.
    pub settings: u64,
    /// The seeds with which each setting is run: the trials of a setting, in order.
    pub seeds: Vec<u64>,
    /// What is compared: a figure of the last measurement.
    pub objective: String,
    /// Whether less or more of it is better.
    pub direction: Direction,
    /// What is tried.
    pub parameters: Vec<Parameter>,
    /// How poor trials are stopped early, if they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub early_stopping: Option<EarlyStopping>,
    /// Further attempts at a trial that failed.
    pub retries: u64,
    /// The sweep stops when more trials than this have failed.
    pub max_failures: u64,
}

/// One setting of the experiment that is searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its path: `optimizer.learning_rate`.
    pub name: String,
    /// What it is tried at.
    pub domain: Domain,
}

/// What a parameter is tried at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// One of a list.
    Choice(Vec<Value>),
    /// A number from a range.
    Float {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
        /// Whether its logarithm is spread evenly.
        log: bool,
    },
    /// A whole number from a range.
    Integer {
        /// The least.
        low: i64,
        /// The most.
        high: i64,
        /// Whether its logarithm is spread evenly.
        log: bool,
        /// From one to the next.
        step: u64,
    },
}

/// How poor trials are stopped early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    /// `asha`.
    pub kind: String,
    /// One in this many goes on to the next rung.
    pub reduction: u64,
    /// The updates after which trials are compared; the last is where they end.
    pub rungs: Vec<u64>,
}

/// A coordinate of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coordinate {
    /// Which of a list, from 0.
    Choice(usize),
    /// A number.
    Float(f64),
    /// A whole number.
    Integer(i64),
}

/// `setting.json`: one point of what is searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Its number, from 0.
    pub setting: u64,
    /// Its values, by path.
    pub values: BTreeMap<String, Value>,
    /// The same as the sampler chose it.
    pub point: Vec<Coordinate>,
    /// The results that the sampler had seen, where it looks at any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen: Option<Vec<Seen>>,
}

/// What was known of a setting when something was decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub setting: u64,
    /// After how many updates; where trials run to their end, those.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<u64>,
    /// What was known.
    pub outcome: Outcome,
}

/// What is known of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The objective, the mean over its seeds.
    Objective(f64),
    /// One of its trials failed for good.
    Failed,
    /// Not all of its trials are there yet.
    Running,
}

/// `to-<update>.json`: a setting was good enough to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// Which.
    pub setting: u64,
    /// After how many updates it was compared.
    pub from: u64,
    /// To which update it goes on.
    pub to: u64,
    /// What it was compared with.
    pub seen: Vec<Seen>,
}

/// `extensions/<n>.json`: further settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// How many.
    pub settings: u64,
}

/// `limits/<n>.json`: how many failures are borne from then on. The last file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Further attempts at a trial that failed.
    pub retries: u64,
    /// The sweep stops when more trials than this have failed.
    pub max_failures: u64,
}

/// `trial.json`: a setting with a seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number: that of the setting times the repeats, plus which repeat it is.
    pub trial: u64,
    /// Its setting.
    pub setting: u64,
    /// Which of the setting's trials, from 0.
    pub repeat: u64,
    /// Its seed.
    pub seed: u64,
    /// The values of its setting.
    pub values: BTreeMap<String, Value>,
}

/// `trained/<hash>.json` and `same.json`: the trial that trains an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trainer {
    /// Its number.
    pub trial: u64,
}

/// `rung-<update>.json`: how a trial stands at a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Updates taken.
    pub step: u64,
    /// The objective.
    pub objective: f64,
}

/// `failure-<n>.json`: an attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which attempt, from 1.
    pub attempt: u64,
    /// Why.
    pub error: String,
}

/// `result.json`: how a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// The objective; absent where it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub objective: Option<f64>,
    /// Why it failed for good.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Updates taken.
    pub steps: u64,
    /// Attempts that failed before.
    pub failures: u64,
    /// Files of the trial as they were when it ended, by their paths in its folder; empty in older sweeps.
    #[serde(skip_serializing_if = "Records::is_empty", default)]
    pub files: Records,
}
