//! The rewards, the variety and the length of objects drawn from a policy.

use gfn_record::catalogue::names;
use gfn_record::event::Metrics;
use gfn_record::samples::Sample;
use hashbrown::HashSet;

use crate::{Declaration, Metric, Subject, never};

/// Means over all samples.
pub const DECLARATION: Declaration = Declaration {
    name: "samples",
    rows: &[
        names::SAMPLES,
        names::MEAN_REWARD,
        names::BEST_REWARD,
        names::UNIQUE,
        names::MEAN_LENGTH,
    ],
    absent: never,
    build: |_| Some(Box::new(Samples)),
};

struct Samples;

impl Metric for Samples {
    fn measure(&self, subject: &Subject<'_>, metrics: &mut Metrics) {
        let samples = subject.samples;
        let count = samples.len().max(1) as f64;
        let distinct: HashSet<&str> = samples.iter().map(|sample| sample.object.as_str()).collect();
        let mean = |value: fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / count;
        let best = samples.iter().map(|sample| sample.reward).fold(0.0, f64::max);
        metrics.set(names::SAMPLES, samples.len() as f64);
        metrics.set(names::MEAN_REWARD, mean(|sample| sample.reward));
        metrics.set(names::BEST_REWARD, best);
        metrics.set(names::UNIQUE, distinct.len() as f64 / count);
        metrics.set(names::MEAN_LENGTH, mean(|sample| sample.steps as f64));
    }
}
