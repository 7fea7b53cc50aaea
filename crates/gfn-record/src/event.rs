//! The numbers of a run, as lines of `metrics.jsonl`. No times are among them, so that two runs of one file and seed
//! write the same bytes.

use serde::{Deserialize, Serialize};

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Training went on.
    Step(StepMetrics),
    /// The policy was measured.
    Measured(Measured),
}

/// One update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Updates taken, this one included.
    pub step: u64,
    /// Trajectories trained on so far.
    pub trajectories: u64,
    /// The loss of this batch, before the update.
    #[serde(with = "crate::number")]
    pub loss: f64,
    /// What the model takes log Z to be.
    #[serde(with = "crate::number")]
    pub log_z: f64,
    /// The mean reward of the batch, before shaping.
    #[serde(with = "crate::number")]
    pub mean_reward: f64,
    /// The best reward of the run so far, before shaping.
    #[serde(with = "crate::number")]
    pub best_reward: f64,
    /// The mean log-reward of the batch, shaped.
    #[serde(with = "crate::number")]
    pub mean_log_reward: f64,
    /// The mean number of steps of a trajectory.
    #[serde(with = "crate::number")]
    pub mean_length: f64,
    /// Distinct states that the network evaluated for the loss.
    pub states: u64,
    /// The norm of the gradient before clipping.
    #[serde(with = "crate::number")]
    pub gradient_norm: f64,
    /// Trajectories of this batch that were left out, because their objects have no reward.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub left_out: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a policy is like after `step` updates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Updates taken.
    pub step: u64,
    /// Trajectories trained on so far.
    pub trajectories: u64,
    /// Against the exact target, where the environment was swept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exact: Option<Exact>,
    /// Distinct objects visited in training whose reward reaches the mode threshold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modes_visited: Option<u64>,
    /// Of objects drawn from the policy.
    pub samples: SampleMetrics,
}

/// A policy's exact distribution of finished objects against the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exact {
    /// Σ |p − target|.
    #[serde(with = "crate::number")]
    pub l1: f64,
    /// Total variation, half of it.
    #[serde(with = "crate::number")]
    pub total_variation: f64,
    /// Jensen–Shannon divergence, nats.
    #[serde(with = "crate::number")]
    pub jensen_shannon: f64,
    /// Kullback–Leibler divergence of the policy from the target, nats; absent where the policy misses an object.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub kullback_leibler: Option<f64>,
    /// What the model takes log Z to be, less the truth; absent before the first update.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub log_z_error: Option<f64>,
    /// Distinct objects that count as modes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modes: Option<u64>,
    /// Σ |frequency − target| over the window of last visited objects.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub window_l1: Option<f64>,
    /// What `window_l1` would be expected to be if the window held perfect samples.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub window_floor: Option<f64>,
}

/// Objects drawn from a policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleMetrics {
    /// How many were drawn.
    pub count: u64,
    /// The mean reward, before shaping.
    #[serde(with = "crate::number")]
    pub mean_reward: f64,
    /// The best reward, before shaping.
    #[serde(with = "crate::number")]
    pub best_reward: f64,
    /// The share of distinct objects.
    #[serde(with = "crate::number")]
    pub unique: f64,
    /// The mean number of steps.
    #[serde(with = "crate::number")]
    pub mean_length: f64,
    /// Molecules only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub molecules: Option<MoleculeMetrics>,
}

/// Molecules drawn from a policy. Rewards are before shaping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MoleculeMetrics {
    /// The share whose SMILES is that of a valid molecule.
    #[serde(with = "crate::number")]
    pub valid: f64,
    /// The mean reward of the best 10 distinct molecules; absent where there are fewer.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub top_10: Option<f64>,
    /// Of the best 100.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub top_100: Option<f64>,
    /// Of the best 1,000.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub top_1000: Option<f64>,
    /// The mean over pairs of distinct molecules of their Tanimoto similarity (Morgan, radius 2, 2,048 bits).
    #[serde(with = "crate::number")]
    pub mean_similarity: f64,
    /// Modes: molecules whose reward reaches the threshold and whose similarity to every better mode stays below the limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modes: Option<u64>,
}
