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
    Measured(Box<Measured>),
}

impl Event {
    /// Reads a line of `metrics.jsonl`. Numbers that are none are read in any of the forms that programs write: `"nan"`, as here, `null`,
    /// and the bare words `NaN` and `Infinity`.
    ///
    /// # Errors
    /// Where it is no such line.
    pub fn parse(line: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(line).or_else(|error| match crate::number::with_names_quoted(line) {
            Some(quoted) => serde_json::from_slice(&quoted),
            None => Err(error),
        })
    }
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
    /// All distinct objects made in training; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found: Option<Found>,
    /// How log-inflow goes with log-reward, over the last finished objects of training.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inflow: Option<Regression>,
    /// How the log of the policy's probability of an object goes with its log-reward, over the first samples; after the last
    /// update only, where the environment was not swept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub likelihood: Option<Regression>,
    /// Of objects drawn from the policy.
    pub samples: SampleMetrics,
}

/// Distinct objects made in training up to now. Rewards are before shaping; of an object that was made in several ways, the
/// best counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// How many there are.
    pub objects: u64,
    /// The mean reward of the best 10; absent where there are fewer.
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
    /// The mean over pairs of the best 1,000 (or as many as there are) of their Tanimoto similarity; molecules only.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        with = "crate::number::option"
    )]
    pub top_similarity: Option<f64>,
    /// Those that reach each of the thresholds asked for, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub levels: Vec<Level>,
}

/// Distinct objects that reach a reward.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The reward, before shaping.
    #[serde(with = "crate::number")]
    pub threshold: f64,
    /// How many there are.
    pub objects: u64,
    /// Those that were less similar than the limit to every one counted here before; molecules only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modes: Option<u64>,
    /// Distinct scaffolds among them; molecules only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scaffolds: Option<u64>,
}

/// A straight line through points, by least squares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// How many points.
    pub objects: u64,
    /// Its slope; 1 where one is proportional to the other.
    #[serde(with = "crate::number")]
    pub slope: f64,
    /// Pearson's correlation.
    #[serde(with = "crate::number")]
    pub correlation: f64,
}

impl Regression {
    /// Of y on x; none for fewer than two points, or where all x or all y are the same.
    pub fn of(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        let mean = |value: fn((f64, f64)) -> f64| points.clone().map(value).sum::<f64>() / count;
        let (x_mean, y_mean) = (mean(|point| point.0), mean(|point| point.1));
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in points {
            let (x, y) = (x - x_mean, y - y_mean);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        (xx > 0.0 && yy > 0.0).then(|| Self {
            objects: count as u64,
            slope: xy / xx,
            correlation: xy / (xx * yy).sqrt(),
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_numbers_that_are_none_are_read_in_every_form() {
        let line = |loss: &str| {
            format!(
                "{{\"event\":\"step\",\"step\":3,\"trajectories\":12,\"loss\":{loss},\"log_z\":0.5,\"mean_reward\":1.0,\
                 \"best_reward\":1.0,\"mean_log_reward\":0.0,\"mean_length\":2.0,\"states\":4,\"gradient_norm\":0.1}}"
            )
        };
        for (text, expected) in [
            ("\"nan\"", f64::NAN),
            ("NaN", f64::NAN),
            ("null", f64::NAN),
            ("\"inf\"", f64::INFINITY),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e-3", 1e-3),
        ] {
            let Event::Step(step) = Event::parse(line(text).as_bytes()).unwrap() else {
                panic!("{text}");
            };
            assert!(
                step.loss == expected || step.loss.is_nan() && expected.is_nan(),
                "{text}"
            );
        }
        for text in ["\"many\"", "", "[NaN]", "Nan"] {
            assert!(Event::parse(line(text).as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_through_points() {
        let of = |points: &[(f64, f64)]| Regression::of(points.iter().copied());
        let found = of(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        assert_eq!((found.objects, found.slope, found.correlation), (3, 2.0, 1.0));
        let found = of(&[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]).unwrap();
        assert_eq!((found.slope, found.correlation), (0.0, 0.0));
        for none in [
            &[][..],
            &[(1.0, 2.0)],
            &[(1.0, 2.0), (1.0, 3.0)],
            &[(1.0, 2.0), (2.0, 2.0)],
        ] {
            assert_eq!(of(none), None);
        }
    }
}
