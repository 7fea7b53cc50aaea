//! The names under which other programs see a run's curves: `group/curve`, as TensorBoard groups them.

use crate::event::{Level, Measured, StepMetrics};

/// A name and its value.
pub type Tagged = (&'static str, f64);

/// What an update has, besides its number.
pub fn of_step(step: &StepMetrics) -> Vec<Tagged> {
    let mut values = vec![
        ("train/loss", step.loss),
        ("train/log_z", step.log_z),
        ("train/mean_reward", step.mean_reward),
        ("train/best_reward", step.best_reward),
        ("train/mean_log_reward", step.mean_log_reward),
        ("train/mean_length", step.mean_length),
        ("train/states", step.states as f64),
        ("train/gradient_norm", step.gradient_norm),
    ];
    // Most runs have no use for the curve.
    values.extend((step.left_out > 0).then_some(("train/left_out", step.left_out as f64)));
    // What is not estimated is not a number: a loss without flows knows of no log Z.
    values.retain(|(tag, value)| *tag != "train/log_z" || !value.is_nan());
    values
}

/// What a measurement has, besides the number of its update.
pub fn of_measured(measured: &Measured) -> Vec<Tagged> {
    let samples = &measured.samples;
    let mut values = Vec::new();
    if let Some(exact) = &measured.exact {
        values.extend([
            ("exact/l1", exact.l1),
            ("exact/total_variation", exact.total_variation),
            ("exact/jensen_shannon", exact.jensen_shannon),
        ]);
        let known = [
            ("exact/kullback_leibler", exact.kullback_leibler),
            ("exact/log_z_error", exact.log_z_error),
            ("exact/window_l1", exact.window_l1),
            ("exact/window_floor", exact.window_floor),
            ("exact/modes", exact.modes.map(|modes| modes as f64)),
        ];
        values.extend(known.into_iter().filter_map(present));
    }
    values.extend(
        measured
            .modes_visited
            .map(|modes| ("train/modes_visited", modes as f64)),
    );
    values.extend([
        ("samples/count", samples.count as f64),
        ("samples/mean_reward", samples.mean_reward),
        ("samples/best_reward", samples.best_reward),
        ("samples/unique", samples.unique),
        ("samples/mean_length", samples.mean_length),
    ]);
    if let Some(molecules) = &samples.molecules {
        values.push(("molecules/valid", molecules.valid));
        values.push(("molecules/mean_similarity", molecules.mean_similarity));
        let known = [
            ("molecules/top_10", molecules.top_10),
            ("molecules/top_100", molecules.top_100),
            ("molecules/top_1000", molecules.top_1000),
            ("molecules/modes", molecules.modes.map(|modes| modes as f64)),
        ];
        values.extend(known.into_iter().filter_map(present));
    }
    if let Some(found) = &measured.found {
        let known = [
            ("found/objects", Some(found.objects as f64)),
            ("found/top_10", found.top_10),
            ("found/top_100", found.top_100),
            ("found/top_1000", found.top_1000),
            ("found/top_similarity", found.top_similarity),
        ];
        values.extend(known.into_iter().filter_map(present));
    }
    if let Some(line) = &measured.inflow {
        values.push(("train/inflow_slope", line.slope));
        values.push(("train/inflow_correlation", line.correlation));
    }
    values
}

/// What a measurement has of the objects that reach each threshold, whose names have the threshold in them.
pub fn of_levels(measured: &Measured) -> Vec<(String, f64)> {
    let levels = measured.found.iter().flat_map(|found| &found.levels);
    let of_level = |level: &Level| {
        let counts = [
            ("objects", Some(level.objects)),
            ("modes", level.modes),
            ("scaffolds", level.scaffolds),
        ];
        let threshold = level.threshold;
        counts.map(move |(name, count)| Some((format!("found/{name}_from_{threshold}"), count? as f64)))
    };
    levels.flat_map(of_level).flatten().collect()
}

fn present((tag, value): (&'static str, Option<f64>)) -> Option<Tagged> {
    Some((tag, value?))
}
