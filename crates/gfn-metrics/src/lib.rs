//! Metrics: what is measured of a policy, and of what training found.
//!
//! A metric is a file with a type that implements [`Metric`], a [`Declaration`] in [`ALL`], and for each of its values a row in
//! [`gfn_record::catalogue`]. Nothing else needs to know of it: `metrics.jsonl`, TensorBoard, exports, tables, the report and sweeps
//! read the catalogue. What objects are compared by is a [`Distance`].

pub mod discovered;
pub mod distance;
pub mod exact;
pub mod inflow;
pub mod samples;
pub mod solved;
pub mod variety;
pub mod window;

use std::collections::BTreeMap;

use gfn_core::{Enumerable, Environment, ObjectKind, Reward, TrajectoryBatch};
use gfn_record::catalogue;
use gfn_record::event::{Metrics, Regression};
use gfn_record::samples::Sample;
use gfn_registry::Assembled;
use gfn_registry::settings::Evaluation;

pub use distance::Distance;
pub use solved::{Solution, Solved};

/// Every metric there is, in the order in which they are written.
pub const ALL: &[Declaration] = &[
    exact::DECLARATION,
    window::DECLARATION,
    discovered::DECLARATION,
    inflow::DECLARATION,
    samples::DECLARATION,
    variety::DECLARATION,
];

/// What an experiment offers to metrics.
pub struct Context<'a> {
    /// The environment.
    pub environment: &'a dyn Environment,
    /// The settings of the evaluation.
    pub evaluation: &'a Evaluation,
    /// The reward (before shaping) from which an object counts as a mode, if there is one.
    pub mode_threshold: Option<f64>,
    /// Whether the environment is swept, so that its target is known exactly.
    pub is_swept: bool,
}

impl<'a> Context<'a> {
    /// What an assembled experiment offers.
    pub fn of(parts: &'a Assembled, evaluation: &'a Evaluation) -> Self {
        let states = parts.environment.as_enumerable().map(Enumerable::state_count);
        Self {
            environment: &*parts.environment,
            evaluation,
            mode_threshold: evaluation
                .mode_threshold
                .or_else(|| parts.reward.mode_threshold()),
            is_swept: states.is_some_and(|states| states <= evaluation.exact_states),
        }
    }

    /// The objects that the environment makes.
    pub fn objects(&self) -> &ObjectKind {
        &self.environment.spec().objects
    }
}

/// A metric as it is declared.
pub struct Declaration {
    /// Its name in checkpoints.
    pub name: &'static str,
    /// The rows of the catalogue that it sets.
    pub rows: &'static [&'static str],
    /// Why an experiment will not have the metric of this name, where that is sure; completes "no run will have the metric: …".
    pub absent: fn(name: &str, context: &Context<'_>) -> Option<&'static str>,
    /// The metric with nothing remembered, where the experiment has it.
    pub build: fn(&Context<'_>) -> Option<Box<dyn Metric>>,
}

/// The objects of an update.
pub struct Visit<'a> {
    /// The environment.
    pub environment: &'a dyn Environment,
    /// The trajectories, with their shaped log-rewards.
    pub batch: &'a TrajectoryBatch,
    /// `[B]`: the rewards before shaping.
    pub rewards: &'a [f64],
    /// `[B]`: the log of what flowed into each finished object before the update; empty where the loss is not over flows.
    pub log_inflow: &'a [f64],
    /// The finished states, flat, at which the sampler stands, where that is not at those of the batch.
    pub standing: Option<&'a [i32]>,
    /// The exact target, where the environment was swept.
    pub solved: Option<&'a Solved>,
}

/// A policy that is measured.
pub struct Subject<'a> {
    /// Objects drawn from it.
    pub samples: &'a [Sample],
    /// The exact target and the policy's distribution, where the environment was swept.
    pub solution: Option<Solution<'a>>,
    /// What the model takes log Z to be, nats, if it has an estimate.
    pub log_z: Option<f64>,
}

/// Measures one thing, or a few that belong together, and remembers what it needs of training.
pub trait Metric {
    /// Sees the objects of an update.
    fn visit(&mut self, visit: &Visit<'_>) {
        let _ = visit;
    }

    /// Asks the environment about everything seen so far: later it may not answer. Called before every measurement and checkpoint.
    fn settle(&mut self, environment: &dyn Environment) {
        let _ = environment;
    }

    /// Sets the metrics of a policy.
    fn measure(&self, subject: &Subject<'_>, metrics: &mut Metrics);

    /// All that it remembers, as bytes that [`Metric::restore`] takes; empty where that is nothing.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Remembers what was saved by the same metric, in place of what it remembers now.
    ///
    /// # Errors
    /// A sentence, where it was saved with other settings that change what is remembered.
    fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
        let _ = saved;
        Ok(())
    }
}

/// The metrics of an experiment, with what they remember.
pub struct MetricSet {
    metrics: Vec<(&'static str, Box<dyn Metric>)>,
}

/// What metrics remember, by their names.
pub type Saved = BTreeMap<String, Vec<u8>>;

impl MetricSet {
    /// Those metrics of [`ALL`] that the experiment has.
    pub fn new(context: &Context<'_>) -> Self {
        Self::of(ALL, context)
    }

    /// Those of the declared metrics that the experiment has.
    pub fn of(all: &[Declaration], context: &Context<'_>) -> Self {
        let build = |declared: &Declaration| Some((declared.name, (declared.build)(context)?));
        Self {
            metrics: all.iter().filter_map(build).collect(),
        }
    }

    /// Shows the objects of an update to all of them.
    pub fn visit(&mut self, visit: &Visit<'_>) {
        self.metrics
            .iter_mut()
            .for_each(|(_, metric)| metric.visit(visit));
    }

    /// Lets all of them ask the environment about what they saw.
    pub fn settle(&mut self, environment: &dyn Environment) {
        self.metrics
            .iter_mut()
            .for_each(|(_, metric)| metric.settle(environment));
    }

    /// Sets the metrics of a policy.
    pub fn measure(&self, subject: &Subject<'_>, metrics: &mut Metrics) {
        self.metrics
            .iter()
            .for_each(|(_, metric)| metric.measure(subject, metrics));
    }

    /// What all of them remember. Nothing may be unsettled.
    pub fn save(&self) -> Saved {
        let of = |(name, metric): &(&'static str, Box<dyn Metric>)| (name.to_string(), metric.save());
        let saved = self.metrics.iter().map(of);
        saved.filter(|(_, bytes)| !bytes.is_empty()).collect()
    }

    /// Remembers what was saved.
    ///
    /// # Errors
    /// The sentence of the first metric that cannot.
    pub fn restore(&mut self, saved: &Saved) -> Result<(), String> {
        for (name, metric) in &mut self.metrics {
            if let Some(bytes) = saved.get(*name) {
                metric.restore(bytes)?;
            }
        }
        Ok(())
    }
}

/// Why no measurement of an experiment will have the metric of this name, where that is sure.
pub fn absent(name: &str, context: &Context<'_>) -> Option<&'static str> {
    let row = catalogue::find(name).map_or(name, |(_, metric)| metric.name);
    let declared = ALL.iter().find(|declared| declared.rows.contains(&row))?;
    (declared.absent)(name, context)
}

/// For metrics that every experiment has.
pub(crate) fn never(_: &str, _: &Context<'_>) -> Option<&'static str> {
    None
}

/// Sets the metrics of a line through points, if there is one: how many points, its slope, its correlation.
pub fn set_line(
    metrics: &mut Metrics,
    line: Option<Regression>,
    [objects, slope, correlation]: [&'static str; 3],
) {
    if let Some(line) = line {
        metrics.set(objects, line.objects as f64);
        metrics.set(slope, line.slope);
        metrics.set(correlation, line.correlation);
    }
}

/// A reward computed in another order may fall a rounding short of the threshold that it equals.
pub fn reaches(reward: f64, threshold: f64) -> bool {
    reward >= threshold * (1.0 - 1e-9)
}

/// The mean of the first `count` of some rewards, which are sorted; none where there are fewer.
pub(crate) fn mean_of_first(count: usize, mut rewards: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    (rewards.len() >= count).then(|| rewards.by_ref().take(count).sum::<f64>() / count as f64)
}

#[cfg(test)]
mod tests {
    use gfn_core::testkit::RandomDag;

    use super::*;

    /// Longest trajectory of all updates: a metric of its own, which is in no list but the test's.
    #[derive(Default)]
    struct Longest(usize);

    const LONGEST: Declaration = Declaration {
        name: "longest",
        rows: &["test.longest"],
        absent: never,
        build: |_| Some(Box::<Longest>::default()),
    };

    impl Metric for Longest {
        fn visit(&mut self, visit: &Visit<'_>) {
            let lengths = (0..visit.batch.len()).map(|index| visit.batch.steps_of(index).len());
            self.0 = lengths.fold(self.0, usize::max);
        }

        fn measure(&self, _: &Subject<'_>, metrics: &mut Metrics) {
            metrics.set("test.longest", self.0 as f64);
        }

        fn save(&self) -> Vec<u8> {
            self.0.to_le_bytes().to_vec()
        }

        fn restore(&mut self, saved: &[u8]) -> Result<(), String> {
            let bytes = saved.try_into().map_err(|_| "eight bytes".to_string())?;
            self.0 = usize::from_le_bytes(bytes);
            Ok(())
        }
    }

    #[test]
    fn a_metric_is_its_own_type_and_a_line_in_a_list() {
        let dag = RandomDag::new(0, 2, 2);
        let evaluation = Evaluation::default();
        let context = Context {
            environment: &dag,
            evaluation: &evaluation,
            mode_threshold: None,
            is_swept: false,
        };
        let mut batch = TrajectoryBatch::new(1);
        batch.push(&[0, 1, 3], &[0, 1], &[0, 0]);
        batch.push(&[0, 1], &[0], &[0]);
        let visit = Visit {
            environment: &dag,
            batch: &batch,
            rewards: &[1.0, 1.0],
            log_inflow: &[],
            standing: None,
            solved: None,
        };
        let mut before = MetricSet::of(&[LONGEST], &context);
        before.visit(&visit);
        let mut after = MetricSet::of(&[LONGEST], &context);
        after.restore(&before.save()).unwrap();
        let mut metrics = Metrics::default();
        let subject = Subject {
            samples: &[],
            solution: None,
            log_z: None,
        };
        after.measure(&subject, &mut metrics);
        assert_eq!(metrics.get("test.longest"), Some(2.0));
    }

    #[test]
    fn every_declared_row_is_in_the_catalogue_once() {
        let rows: Vec<&str> = ALL.iter().flat_map(|declared| declared.rows).copied().collect();
        for (index, row) in rows.iter().enumerate() {
            assert!(catalogue::find(row).is_some(), "{row}");
            assert!(!rows[..index].contains(row), "{row}");
        }
    }
}
