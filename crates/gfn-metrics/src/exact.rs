//! A policy's exact distribution against the target.

use gfn_core::exact::{jensen_shannon, kullback_leibler, l1, total_variation};
use gfn_record::catalogue::names;
use gfn_record::event::Metrics;

use crate::{Context, Declaration, Metric, Solution, Subject};

/// Distances to the target, and the error of log Z.
pub const DECLARATION: Declaration = Declaration {
    name: "exact",
    rows: &[
        names::L1,
        names::TOTAL_VARIATION,
        names::JENSEN_SHANNON,
        names::KULLBACK_LEIBLER,
        names::LOG_Z_ERROR,
        names::MODES,
    ],
    absent: |_, context| unswept(context),
    build: |context| {
        let threshold = context.mode_threshold;
        context
            .is_swept
            .then(|| Box::new(Exact { threshold }) as Box<dyn Metric>)
    },
};

/// Why nothing is exact.
pub(crate) fn unswept(context: &Context<'_>) -> Option<&'static str> {
    (!context.is_swept)
        .then_some("the environment is not swept, so that nothing is known exactly of its policies")
}

struct Exact {
    threshold: Option<f64>,
}

impl Metric for Exact {
    fn measure(&self, subject: &Subject<'_>, metrics: &mut Metrics) {
        let Some(Solution {
            solved,
            probabilities,
        }) = subject.solution
        else {
            return;
        };
        let target = solved.target();
        metrics.set(names::L1, l1(probabilities, target));
        metrics.set(names::TOTAL_VARIATION, total_variation(probabilities, target));
        metrics.set(names::JENSEN_SHANNON, jensen_shannon(probabilities, target));
        // It is infinite where the policy misses an object.
        let divergence = kullback_leibler(target, probabilities);
        metrics.set_known(
            names::KULLBACK_LEIBLER,
            divergence.is_finite().then_some(divergence),
        );
        let error = subject.log_z.map(|log_z| log_z - solved.log_z());
        metrics.set_known(names::LOG_Z_ERROR, error);
        let modes = self
            .threshold
            .map(|threshold| solved.count_from(threshold) as f64);
        metrics.set_known(names::MODES, modes);
    }
}
