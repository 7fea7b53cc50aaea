//! `[sweep]`: what of an experiment is searched, and how. What the paths in it lead to is checked where the sweep is planned.

use std::borrow::Cow;

use gfn_cluster::{Command, Kubernetes, Slurm};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Many runs of the experiment, each with other settings: `gfn sweep`. A plain `gfn run` takes no notice of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sweep {
    /// How settings are chosen.
    pub method: SearchMethod,
    /// The seed of the search.
    pub seed: u64,
    /// Settings to try, each with `repeats` runs. A grid tries all that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000), extend("x-unit" = "settings"), example = 20)]
    pub trials: Option<u64>,
    /// Runs of each setting, with the experiment's seed and those after it. The objective of a setting is their mean.
    #[schemars(range(min = 1, max = 1000), extend("x-unit" = "runs"))]
    pub repeats: u64,
    /// What is compared: a figure of the last measurement, such as `exact.l1`, `samples.mean_reward`,
    /// `samples.molecules.top_100` or `modes_visited`. Absent: `exact.l1` where the environment is swept, else
    /// `samples.mean_reward`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "exact.l1")]
    pub objective: Option<String>,
    /// Whether less or more of the objective is better; absent: as the figure goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = SearchDirection::Minimize)]
    pub direction: Option<SearchDirection>,
    /// What is tried: the path of a setting, such as `optimizer.learning_rate`, and its values.
    pub parameters: Parameters,
    /// Stop poor runs early; absent: all run to their end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// What `gfn sweep submit` speaks with.
    pub launcher: Launcher,
    /// How the sweep runs under Slurm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slurm: Option<Slurm>,
    /// How the sweep is submitted to another batch system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// How the sweep runs on Kubernetes: see `gfn sweep export`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
    /// Further attempts at a run that failed.
    #[schemars(range(min = 0, max = 1000), extend("x-unit" = "attempts"))]
    pub retries: u64,
    /// The sweep stops when more runs than this have failed for good.
    #[schemars(extend("x-unit" = "runs"))]
    pub max_failures: u64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            method: SearchMethod::Grid,
            seed: 0,
            trials: None,
            repeats: 1,
            objective: None,
            direction: None,
            parameters: Parameters::default(),
            early_stopping: None,
            launcher: Launcher::Slurm,
            slurm: None,
            command: None,
            kubernetes: None,
            retries: 1,
            max_failures: 10,
        }
    }
}

/// How settings are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchMethod {
    /// Every combination of the values.
    Grid,
    /// At random.
    Random,
    /// Spread evenly: a scrambled Sobol sequence.
    Sobol,
    /// Near those that did well: a tree-structured Parzen estimator.
    Tpe,
}

impl SearchMethod {
    /// Its name in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Sobol => "sobol",
            Self::Tpe => "tpe",
        }
    }
}

/// What a sweep is submitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Launcher {
    /// Slurm, as `[sweep.slurm]` says.
    Slurm,
    /// Any batch system with job arrays, by the command in `[sweep.command]`.
    Command,
}

/// Whether less or more of the objective is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchDirection {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}

/// Poor runs are stopped early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStopping {
    /// How.
    pub kind: StoppingKind,
    /// One run in this many goes on from one comparison to the next.
    #[schemars(range(min = 2, max = 100))]
    pub reduction: u64,
    /// The first comparison is after this many updates, and each further one after `reduction` times as many; absent: so
    /// that there are three before the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("x-unit" = "updates"), example = 100)]
    pub min_steps: Option<u64>,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self {
            kind: StoppingKind::Asha,
            reduction: 3,
            min_steps: None,
        }
    }
}

/// How poor runs are stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoppingKind {
    /// Asynchronous successive halving (Li et al. 2020, arXiv 1810.05934): nobody waits for others to be compared.
    Asha,
}

/// A range of numbers to try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least and the most.
    #[schemars(extend("examples" = [[1e-4, 1e-2]]))]
    pub range: [f64; 2],
    /// Spread the logarithm evenly.
    #[serde(default)]
    pub log: bool,
    /// Whole numbers only.
    #[serde(default)]
    pub integer: bool,
    /// From one whole number to the next.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub step: u64,
}

fn one() -> u64 {
    1
}

/// What is tried, by path. A path is a key in quotes, or tables within tables; so which tables are ranges is seen by whoever
/// walks them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(pub toml::Table);

impl JsonSchema for Parameters {
    fn schema_name() -> Cow<'static, str> {
        "Parameters".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut range = Range::json_schema(generator);
        range.remove("required");
        range.insert("additionalProperties".into(), true.into());
        json_schema!({
            "type": "object",
            "additionalProperties": {
                "description": "The values to try, in brackets; or a range.",
                "x-accepts": "[…] | { range = […], … }",
                "anyOf": [{ "type": "array" }, range],
            },
        })
    }
}
