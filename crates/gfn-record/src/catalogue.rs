//! The catalogue of metrics: what each is called, how it is shown, which way is better, what it means.
//!
//! Everything that shows a metric reads it from here: `metrics.jsonl`, TensorBoard, exports, `gfn top`, the table at the end of a run, the
//! report, and the objective of a sweep. A metric whose name is not in the catalogue is shown under that name.
//!
//! A name is `group.metric`. Names of a family end in a number behind [`Metric::name`] and an underscore, as in
//! `found.modes_from_7.5`, and share its row.

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of things.
    Count,
    /// A number.
    Number,
    /// A number that is never below zero; rounding may leave it there.
    Distance,
    /// A part of a whole, from 0 to 1.
    Share,
    /// A number whose sign is of interest.
    Difference,
}

/// Which values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Lower ones.
    Lower,
    /// Higher ones.
    Higher,
    /// Those near zero.
    NearZero,
    /// Neither: the value describes.
    Neither,
}

/// A row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// The name in `metrics.jsonl`.
    pub name: &'static str,
    /// The name in tables; of a family, what stands before the number.
    pub label: &'static str,
    /// The unit; empty for a number without one.
    pub unit: &'static str,
    /// How it is shown.
    pub kind: Kind,
    /// Which values are better.
    pub better: Better,
    /// What it is, as a fragment of a sentence.
    pub about: &'static str,
    /// Whether tables that compare runs have a column for it.
    pub is_compared: bool,
}

/// The metrics that other code reads by name.
pub mod names {
    #![allow(missing_docs, reason = "each is explained in the catalogue")]

    pub const LOSS: &str = "train.loss";
    pub const LOG_Z: &str = "train.log_z";
    pub const BATCH_MEAN_REWARD: &str = "train.mean_reward";
    pub const BATCH_BEST_REWARD: &str = "train.best_reward";
    pub const MEAN_LOG_REWARD: &str = "train.mean_log_reward";
    pub const BATCH_MEAN_LENGTH: &str = "train.mean_length";
    pub const STATES: &str = "train.states";
    pub const GRADIENT_NORM: &str = "train.gradient_norm";
    pub const LEFT_OUT: &str = "train.left_out";
    pub const LEARNING_RATE: &str = "train.learning_rate";
    pub const LOG_Z_LEARNING_RATE: &str = "train.log_z_learning_rate";

    pub const L1: &str = "exact.l1";
    pub const TOTAL_VARIATION: &str = "exact.total_variation";
    pub const JENSEN_SHANNON: &str = "exact.jensen_shannon";
    pub const KULLBACK_LEIBLER: &str = "exact.kullback_leibler";
    pub const LOG_Z_ERROR: &str = "exact.log_z_error";
    pub const WINDOW_L1: &str = "exact.window_l1";
    pub const WINDOW_FLOOR: &str = "exact.window_floor";
    pub const MODES: &str = "exact.modes";
    pub const MODES_VISITED: &str = "found.modes_visited";

    pub const FOUND: &str = "found.objects";
    pub const FOUND_TOP_10: &str = "found.top_10";
    pub const FOUND_TOP_100: &str = "found.top_100";
    pub const FOUND_TOP_1000: &str = "found.top_1000";
    pub const FOUND_SIMILARITY: &str = "found.top_similarity";
    pub const FOUND_OBJECTS_FROM: &str = "found.objects_from";
    pub const FOUND_MODES_FROM: &str = "found.modes_from";
    pub const FOUND_SCAFFOLDS_FROM: &str = "found.scaffolds_from";

    pub const INFLOW_OBJECTS: &str = "inflow.objects";
    pub const INFLOW_SLOPE: &str = "inflow.slope";
    pub const INFLOW_CORRELATION: &str = "inflow.correlation";
    pub const LIKELIHOOD_OBJECTS: &str = "likelihood.objects";
    pub const LIKELIHOOD_SLOPE: &str = "likelihood.slope";
    pub const LIKELIHOOD_CORRELATION: &str = "likelihood.correlation";

    pub const SAMPLES: &str = "samples.count";
    pub const MEAN_REWARD: &str = "samples.mean_reward";
    pub const BEST_REWARD: &str = "samples.best_reward";
    pub const UNIQUE: &str = "samples.unique";
    pub const MEAN_LENGTH: &str = "samples.mean_length";
    pub const VALID: &str = "samples.valid";
    pub const TOP_10: &str = "samples.top_10";
    pub const TOP_100: &str = "samples.top_100";
    pub const TOP_1000: &str = "samples.top_1000";
    pub const MEAN_SIMILARITY: &str = "samples.mean_similarity";
    pub const SAMPLE_MODES: &str = "samples.modes";
}

use Better::{Higher, Lower, NearZero, Neither};
use Kind::{Count, Difference, Distance, Number, Share};
use names as n;

#[rustfmt::skip]
const ROWS: &[Metric] = &[
    // Of an update.
    row(n::LOSS, "loss", "", Number, Lower, "of the batch, before the update"),
    row(n::LOG_Z, "log Z", "nats", Number, Neither, "what the model takes the log of the partition function to be"),
    row(n::BATCH_MEAN_REWARD, "mean reward of the batch", "", Number, Higher, "before shaping"),
    row(n::BATCH_BEST_REWARD, "best reward so far", "", Number, Higher, "of the run, before shaping"),
    row(n::MEAN_LOG_REWARD, "mean log-reward of the batch", "nats", Number, Higher, "shaped"),
    row(n::BATCH_MEAN_LENGTH, "mean length of the batch", "steps", Number, Neither, "of a trajectory"),
    row(n::STATES, "states evaluated", "", Count, Neither, "distinct states that the network evaluated for the loss"),
    row(n::GRADIENT_NORM, "gradient norm", "", Number, Neither, "before clipping"),
    row(n::LEFT_OUT, "trajectories left out", "", Count, Lower, "of the batch, because their objects have no reward"),
    row(n::LEARNING_RATE, "learning rate", "", Number, Neither, "of the network, at this update"),
    row(n::LOG_Z_LEARNING_RATE, "learning rate of log Z", "", Number, Neither, "at this update"),
    row("train.random_action_probability", "random actions", "", Number, Neither, "ε: the probability of a random action in place of the policy's"),
    row("train.temperature", "temperature", "", Number, Neither, "by which the sampler divides logits"),
    // Of a policy, against the exact target.
    row(n::L1, "exact L1", "", Distance, Lower, "sum over all objects of |learned − target|; 0 to 2").compared(),
    row(n::TOTAL_VARIATION, "total variation", "", Distance, Lower, "half of it; 0 to 1"),
    row(n::JENSEN_SHANNON, "Jensen–Shannon", "nats", Distance, Lower, "divergence of learned and target; 0 to 0.693").compared(),
    row(n::KULLBACK_LEIBLER, "Kullback–Leibler", "nats", Distance, Lower, "divergence of the learned from the target"),
    row(n::LOG_Z_ERROR, "log Z error", "nats", Difference, NearZero, "what the model takes log Z to be, less the truth").compared(),
    row(n::WINDOW_L1, "window L1", "", Distance, Lower, "the same distance, of the last objects visited in training"),
    row(n::WINDOW_FLOOR, "window floor", "", Distance, Neither, "what perfect samples would be expected to have there"),
    row(n::MODES, "modes", "", Count, Neither, "objects whose reward reaches the threshold"),
    // Of what training found.
    row(n::MODES_VISITED, "modes visited", "", Count, Higher, "distinct objects met in training whose reward reaches the threshold").compared(),
    row(n::FOUND, "found", "", Count, Higher, "distinct objects made in training"),
    row(n::FOUND_TOP_10, "found: top 10 mean reward", "", Number, Higher, "of the best 10 of them, before shaping").compared(),
    row(n::FOUND_TOP_100, "found: top 100 mean reward", "", Number, Higher, "of the best 100 of them").compared(),
    row(n::FOUND_TOP_1000, "found: top 1000 mean reward", "", Number, Higher, "of the best 1,000 of them").compared(),
    row(n::FOUND_SIMILARITY, "found: similarity", "", Number, Lower, "mean over pairs of the best 1,000 of them; the lower, the more diverse"),
    row(n::FOUND_OBJECTS_FROM, "found: objects from", "", Count, Higher, "distinct objects whose reward reaches the threshold"),
    row(n::FOUND_MODES_FROM, "found: modes from", "", Count, Higher, "of them, those less similar than the limit to every one counted before"),
    row(n::FOUND_SCAFFOLDS_FROM, "found: scaffolds from", "", Count, Higher, "distinct scaffolds among them, as Bemis and Murcko define them"),
    row(n::INFLOW_OBJECTS, "log inflow on log R: objects", "", Count, Neither, "the last objects of training, over which the line is fitted"),
    row(n::INFLOW_SLOPE, "log inflow on log R: slope", "", Number, Neither, "least squares over the last objects of training; 1 where flows are right"),
    row(n::INFLOW_CORRELATION, "log inflow on log R: r", "", Number, Higher, "correlation over the same"),
    row(n::LIKELIHOOD_OBJECTS, "log p on log R: objects", "", Count, Neither, "samples over which the line is fitted"),
    row(n::LIKELIHOOD_SLOPE, "log p on log R: slope", "", Number, Neither, "least squares over samples; 1 where the policy draws in proportion to the reward"),
    row(n::LIKELIHOOD_CORRELATION, "log p on log R: r", "", Number, Higher, "correlation over the same"),
    // Of objects drawn from the policy.
    row(n::SAMPLES, "samples", "", Count, Neither, "objects drawn from the policy for the metrics below"),
    row(n::MEAN_REWARD, "mean reward", "", Number, Higher, "before shaping").compared(),
    row(n::BEST_REWARD, "best reward", "", Number, Higher, "before shaping"),
    row(n::UNIQUE, "distinct", "", Share, Higher, "of the samples, those unlike all others"),
    row(n::MEAN_LENGTH, "mean length", "steps", Number, Higher, "of a trajectory"),
    row(n::VALID, "valid", "", Share, Higher, "of the samples, those that are valid molecules"),
    row(n::TOP_10, "top 10 mean reward", "", Number, Higher, "of the best 10 distinct samples"),
    row(n::TOP_100, "top 100 mean reward", "", Number, Higher, "of the best 100 distinct samples").compared(),
    row(n::TOP_1000, "top 1000 mean reward", "", Number, Higher, "of the best 1,000 distinct samples"),
    row(n::MEAN_SIMILARITY, "mean similarity", "", Number, Lower, "mean over pairs of distinct samples; the lower, the more diverse").compared(),
    row(n::SAMPLE_MODES, "modes among samples", "", Count, Higher, "good samples, each unlike every better one"),
];

const fn row(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    kind: Kind,
    better: Better,
    about: &'static str,
) -> Metric {
    Metric {
        name,
        label,
        unit,
        kind,
        better,
        about,
        is_compared: false,
    }
}

impl Metric {
    const fn compared(self) -> Self {
        Self {
            is_compared: true,
            ..self
        }
    }

    /// The label, with the unit if there is one.
    pub fn label_with_unit(&self) -> String {
        match self.unit {
            "" => self.label.into(),
            unit => format!("{} ({unit})", self.label),
        }
    }

    /// A value as the metric can have it: a distance below zero is a rounding.
    pub fn clamped(&self, value: f64) -> f64 {
        match self.kind {
            Distance => value.max(0.0),
            _ => value,
        }
    }
}

/// All rows, in the order in which tables show them.
pub fn rows() -> &'static [Metric] {
    ROWS
}

/// The row of a metric, and its place in the catalogue; none for a name that is not in it.
pub fn find(name: &str) -> Option<(usize, &'static Metric)> {
    let exact = ROWS.iter().position(|metric| metric.name == name);
    let place = exact.or_else(|| ROWS.iter().position(|metric| number(metric.name, name).is_some()));
    place.map(|place| (place, &ROWS[place]))
}

/// The label of a metric in tables.
pub fn label(name: &str) -> String {
    match find(name) {
        Some((_, metric)) => match number(metric.name, name) {
            Some(number) => format!("{} {number}", metric.label),
            None => metric.label.into(),
        },
        None => name.into(),
    }
}

/// The name of a member of a family.
pub fn member(family: &str, number: f64) -> String {
    format!("{family}_{number}")
}

/// The number of a member of a family; none for another name.
pub fn number(family: &str, name: &str) -> Option<f64> {
    name.strip_prefix(family)?.strip_prefix('_')?.parse().ok()
}

/// The name under which other programs group a metric: `group/metric`.
pub fn tag(name: &str) -> String {
    name.replacen('.', "/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_told_apart_and_every_row_says_what_it_is() {
        for (index, metric) in ROWS.iter().enumerate() {
            let rest = &ROWS[index + 1..];
            assert!(
                rest.iter()
                    .all(|other| other.name != metric.name && other.label != metric.label),
                "{}",
                metric.name
            );
            assert!(
                metric.name.contains('.') && !metric.about.is_empty() && !metric.about.ends_with('.'),
                "{}",
                metric.name
            );
        }
    }

    #[test]
    fn members_of_a_family_share_its_row() {
        let name = member(names::FOUND_MODES_FROM, 0.875);
        assert_eq!(name, "found.modes_from_0.875");
        assert_eq!(find(&name).unwrap().1.name, names::FOUND_MODES_FROM);
        assert_eq!(label(&name), "found: modes from 0.875");
        assert_eq!(number(names::FOUND_MODES_FROM, &name), Some(0.875));
        assert_eq!(tag(&name), "found/modes_from_0.875");
        assert_eq!(
            (find("found.top_9"), label("found.top_9")),
            (None, "found.top_9".into())
        );
        assert_eq!(
            find(names::FOUND_TOP_10).unwrap().1.label,
            "found: top 10 mean reward"
        );
    }
}
