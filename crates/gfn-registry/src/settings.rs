//! The sections of an experiment file that choose no component, and the backward policies, which have no parameters.

use std::collections::BTreeMap;

pub use gfn_learn::determinism::Determinism;
pub use gfn_learn::precision::Precision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every parent is equally likely. Nothing is learned.
///
/// Formula: P_B(s|s′) = 1 / number of ways back from s′.
///
/// Reference: Malkin et al. 2022, "Trajectory balance: improved credit assignment in GFlowNets", arXiv 2201.13259.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UniformBackward {}

/// The backward policy is a further output of the forward policy's network: little is computed more.
///
/// Formula: P_B(s|s′) = softmax of the further logits over the legal ways back.
///
/// Reference: Malkin et al. 2022, "Trajectory balance: improved credit assignment in GFlowNets", arXiv 2201.13259.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TiedBackward {}

/// The backward policy is a network of its own, with the parameters of `[network]`.
///
/// Formula: P_B(s|s′) = softmax of that network's logits over the legal ways back.
///
/// Reference: Malkin et al. 2022, "Trajectory balance: improved credit assignment in GFlowNets", arXiv 2201.13259.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearnedBackward {}

/// A chosen backward policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackwardKind {
    /// See [`UniformBackward`].
    Uniform,
    /// See [`TiedBackward`].
    Tied,
    /// See [`LearnedBackward`].
    Learned,
}

/// The keys that say how the file itself is read. They are gone when its settings are: nothing but their help and their schema
/// is made from this.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FileKeys {
    /// A file, or several, whose settings hold wherever this one says nothing; of several, the later one wins. Paths start from
    /// the file that names them. `KEY = { unset = true }` takes a setting of theirs back, so that its default applies.
    #[schemars(example = "base.toml")]
    pub extends: Option<Files>,
    /// The least version of gfn that the file needs; an older program refuses it. A file that gfn writes names the program's own.
    #[schemars(extend("pattern" = r"^[0-9]+\.[0-9]+(\.[0-9]+)?$"), example = "0.1")]
    pub gfn: Option<String>,
    /// Variants of the experiment: the settings in `[profile.NAME]` and `[profile.NAME.SECTION]` are laid over the file by
    /// `--profile NAME`.
    #[schemars(extend("examples" = [{ "quick": { "training": { "steps": 100 } } }]))]
    pub profile: Option<BTreeMap<String, Profile>>,
}

/// A variant of the experiment. It may hold any setting.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Profile {
    /// The profile below this one, whose settings hold wherever this one says nothing.
    #[schemars(example = &"quick")]
    pub inherits: Option<String>,
}

/// One file or several.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Files {
    /// A path.
    One(String),
    /// Paths.
    Several(Vec<String>),
}

/// The keys above the first table of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Top {
    /// The name of the experiment, and of the folder of its runs: letters, digits, `.`, `_` and `-`.
    #[schemars(extend("pattern" = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"))]
    pub name: String,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "what this is for")]
    pub description: Option<String>,
    /// The seed of everything random.
    pub seed: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self {
            name: "experiment".into(),
            description: None,
            seed: 0,
        }
    }
}

/// How long to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Updates of the network.
    #[schemars(range(min = 1, max = 1_000_000_000_000_i64), extend("x-unit" = "updates"))]
    pub steps: u64,
    /// Trajectories drawn for each update.
    #[schemars(range(min = 1, max = 1_048_576), extend("x-unit" = "trajectories"))]
    pub batch_size: usize,
    /// A line of `metrics.jsonl`, and a point of every curve, is written every this many updates.
    #[schemars(range(min = 1), extend("x-unit" = "updates"))]
    pub log_every: u64,
    /// Curves for TensorBoard are written to the folder `tensorboard` of the run.
    pub tensorboard: bool,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            steps: 1000,
            batch_size: 16,
            log_every: 10,
            tensorboard: true,
        }
    }
}

/// When a run is saved, so that it can go on after it was stopped, at whatever instant. It does not change results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Checkpoint {
    /// Save when this many minutes have gone by since the last time; 0: not by the clock.
    #[schemars(extend("minimum" = 0, "maximum" = 100_000, "x-unit" = "minutes"))]
    pub every_minutes: f64,
    /// Save every this many updates; 0: not by their number.
    #[schemars(extend("x-unit" = "updates"))]
    pub every_steps: u64,
    /// The newest this many checkpoints are kept.
    #[schemars(range(min = 2, max = 1_000_000), extend("x-unit" = "checkpoints"))]
    pub keep: usize,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self {
            every_minutes: 5.0,
            every_steps: 0,
            keep: 2,
        }
    }
}

/// Where to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hardware {
    /// `auto` (a GPU where there is one), `cpu`, `cuda`, or `cuda:N`.
    #[schemars(extend("pattern" = "^(auto|cpu|cuda(:[0-9]+)?)$"))]
    pub device: String,
    /// Threads of matrix products. Results do not depend on it. More than one helps wide networks and large batches on
    /// idle cores; threads that share their cores with other work wait for one another and lose far more than they gain.
    #[schemars(range(min = 1, max = 1024), extend("x-unit" = "threads"))]
    pub threads: usize,
    /// Threads of rewards that can use them; 0: as many as the machine has cores. Results do not depend on it.
    #[schemars(range(min = 0, max = 1024), extend("x-unit" = "threads"))]
    pub reward_threads: usize,
    /// How the network's matrix products round. Weights and losses keep their precision always.
    pub precision: Precision,
    /// How far the bits of a run repeat; absent: `bitwise` on a CPU, `device` on a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = Determinism::Device)]
    pub determinism: Option<Determinism>,
}

impl Default for Hardware {
    fn default() -> Self {
        Self {
            device: "auto".into(),
            threads: 1,
            reward_threads: 0,
            precision: Precision::F32,
            determinism: None,
        }
    }
}

impl Hardware {
    /// The number of reward threads, that of the machine's cores where the file leaves it open.
    pub fn reward_thread_count(&self) -> usize {
        match self.reward_threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            threads => threads,
        }
    }
}

/// How the policy is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Evaluation {
    /// Measure every this many updates; 0: before the first and after the last only.
    #[schemars(extend("x-unit" = "updates"))]
    pub every: u64,
    /// Objects drawn from the policy at each measurement, and written to `samples.csv` at the end.
    #[schemars(range(min = 1, max = 10_000_000), extend("x-unit" = "objects"))]
    pub samples: usize,
    /// Sweep the environment for exact figures where it has at most this many states; 0: never.
    #[schemars(range(min = 0, max = 4_294_967_295_u64), extend("x-unit" = "states"))]
    pub exact_states: u64,
    /// The L1 distance between the target and the last this many finished objects of training is measured too, where
    /// the environment is swept; 0: not.
    #[schemars(extend("x-unit" = "objects"))]
    pub window: usize,
    /// The reward (before shaping) from which an object counts as a mode; absent: as the reward says, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "x-unit" = "reward"), example = 1.0)]
    pub mode_threshold: Option<f64>,
    /// Molecules whose Tanimoto similarity reaches this belong to one mode.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub mode_similarity: f64,
    /// What molecules are compared by.
    pub fingerprint: Fingerprint,
    /// Rewards (before shaping). For each, the distinct objects made in training that reach it are counted, and of molecules
    /// their modes (each less similar than `mode_similarity` to every mode found earlier) and their scaffolds (Bemis and Murcko).
    #[schemars(extend("items" = { "type": "number", "exclusiveMinimum": 0 }, "x-unit" = "reward"))]
    pub thresholds: Vec<f64>,
    /// How log-inflow goes with log-reward is told of the last this many finished objects of training, where the loss is
    /// over flows; 0: not.
    #[schemars(range(min = 0, max = 10_000_000), extend("x-unit" = "objects"))]
    pub flow_window: usize,
    /// Trajectories drawn backward from an object to estimate its probability, where it has too many ancestors for an exact one
    /// (`likelihoods.csv` tells of each estimate how many equal trajectories it is worth); 0: none is estimated.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-unit" = "trajectories"))]
    pub backward_samples: usize,
    /// Objects of each measurement that are scored a second time, past everything that is remembered, to see whether equal objects
    /// have equal rewards; 0: none. Absent: up to 8, as many as take a second; none where the reward docks, or says itself that it
    /// may not repeat. It does not change results.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000), extend("x-unit" = "objects"), example = 4)]
    pub rescored: Option<usize>,
}

/// What molecules are compared by, each in 2,048 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fingerprint {
    /// Morgan's, of radius 2: the surroundings of each atom.
    #[default]
    Morgan,
    /// RDKit's: all paths of one to seven bonds. Molecules look more alike by it.
    Path,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self {
            every: 0,
            samples: 1000,
            exact_states: 500_000,
            window: 0,
            mode_threshold: None,
            mode_similarity: 0.7,
            fingerprint: Fingerprint::Morgan,
            thresholds: Vec::new(),
            flow_window: 0,
            backward_samples: 64,
            rescored: None,
        }
    }
}
