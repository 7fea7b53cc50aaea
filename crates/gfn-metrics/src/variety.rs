//! How good and how different the distinct samples are, where objects can be compared.

use gfn_record::catalogue::names;
use gfn_record::event::Metrics;
use hashbrown::HashMap;

use crate::distance::{self, Key, count_modes, mean_similarity};
use crate::{Context, Declaration, Distance, Metric, Subject, mean_of_first};

/// The best of the distinct samples, their similarity, and the modes among them.
pub const DECLARATION: Declaration = Declaration {
    name: "variety",
    rows: &[
        names::VALID,
        names::TOP_10,
        names::TOP_100,
        names::TOP_1000,
        names::MEAN_SIMILARITY,
        names::SAMPLE_MODES,
    ],
    absent: |name, context| {
        let has_no_modes = name == names::SAMPLE_MODES && context.mode_threshold.is_none();
        not_comparable(context).or(has_no_modes.then_some(NO_MODES))
    },
    build: |context| {
        let variety = Variety {
            distance: distance::of(context.objects(), context.evaluation)?,
            threshold: context.mode_threshold,
            limit: context.evaluation.mode_similarity,
        };
        Some(Box::new(variety))
    },
};

/// Why nothing counts as a mode.
pub(crate) const NO_MODES: &str =
    "nothing says from which reward an object is a mode: set `evaluation.mode_threshold`";

/// Why objects cannot be compared.
pub(crate) fn not_comparable(context: &Context<'_>) -> Option<&'static str> {
    let is_comparable = distance::of(context.objects(), context.evaluation).is_some();
    (!is_comparable).then_some("its objects cannot be compared with one another; molecules can")
}

struct Variety {
    distance: Box<dyn Distance>,
    threshold: Option<f64>,
    limit: f64,
}

impl Metric for Variety {
    fn measure(&self, subject: &Subject<'_>, metrics: &mut Metrics) {
        let mut seen: HashMap<&str, bool> = HashMap::new();
        let mut objects: Vec<(f64, Key)> = Vec::new();
        let mut valid = 0;
        for sample in subject.samples {
            if let Some(is_valid) = seen.get(sample.object.as_str()) {
                valid += usize::from(*is_valid);
                continue;
            }
            let key = self.distance.key(&sample.object);
            seen.insert(&sample.object, key.is_some());
            valid += usize::from(key.is_some());
            objects.extend(key.map(|key| (sample.reward, key)));
        }
        objects.sort_by(|one, two| two.0.total_cmp(&one.0));
        let top = |count| mean_of_first(count, objects.iter().map(|(reward, _)| *reward));
        metrics.set(names::VALID, valid as f64 / subject.samples.len().max(1) as f64);
        metrics.set_known(names::TOP_10, top(10));
        metrics.set_known(names::TOP_100, top(100));
        metrics.set_known(names::TOP_1000, top(1000));
        let keys: Vec<Key> = objects.iter().map(|(_, key)| key.clone()).collect();
        metrics.set(names::MEAN_SIMILARITY, mean_similarity(&*self.distance, &keys));
        let modes = |threshold| count_modes(&*self.distance, &objects, threshold, self.limit) as f64;
        metrics.set_known(names::SAMPLE_MODES, self.threshold.map(modes));
    }
}
