//! What a measurement tells, figure by figure.

use gfn_record::event::Measured;

/// How a figure is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number of things.
    Count,
    /// A number.
    Number,
    /// A part of a whole.
    Share,
    /// A number whose sign is of interest.
    Difference,
}

/// A figure of a policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) kind: Kind,
    /// What it is, with its unit.
    pub(crate) about: &'static str,
}

/// Every figure that a measurement has.
pub(crate) fn figures(measured: &Measured) -> Vec<Figure> {
    let mut figures = exact(measured);
    let samples = &measured.samples;
    let mut add = |name, kind, value: Option<f64>, about| {
        figures.extend(value.map(|value| Figure {
            name,
            value,
            kind,
            about,
        }));
    };
    let visited = measured.modes_visited.map(|modes| modes as f64);
    add(
        "modes visited",
        Kind::Count,
        visited,
        "distinct objects met in training whose reward reaches the threshold",
    );
    add(
        "samples",
        Kind::Count,
        Some(samples.count as f64),
        "objects drawn from the policy for the figures below",
    );
    add(
        "mean reward",
        Kind::Number,
        Some(samples.mean_reward),
        "before shaping",
    );
    add(
        "best reward",
        Kind::Number,
        Some(samples.best_reward),
        "before shaping",
    );
    add(
        "distinct",
        Kind::Share,
        Some(samples.unique),
        "of the samples, those unlike all others",
    );
    add(
        "mean length",
        Kind::Number,
        Some(samples.mean_length),
        "steps of a trajectory",
    );
    let Some(molecules) = &samples.molecules else {
        return figures;
    };
    add(
        "valid",
        Kind::Share,
        Some(molecules.valid),
        "of the samples, those that are valid molecules",
    );
    add(
        "top 10 mean reward",
        Kind::Number,
        molecules.top_10,
        "of the best 10 distinct molecules",
    );
    add(
        "top 100 mean reward",
        Kind::Number,
        molecules.top_100,
        "of the best 100 distinct molecules",
    );
    add(
        "top 1000 mean reward",
        Kind::Number,
        molecules.top_1000,
        "of the best 1,000 distinct molecules",
    );
    let similarity = Some(molecules.mean_similarity);
    add(
        "mean similarity",
        Kind::Number,
        similarity,
        "Tanimoto, Morgan fingerprints of radius 2; the lower, the more diverse",
    );
    let modes = molecules.modes.map(|modes| modes as f64);
    add(
        "modes among samples",
        Kind::Count,
        modes,
        "good molecules, each unlike every better one",
    );
    figures
}

/// Those against the exact target.
fn exact(measured: &Measured) -> Vec<Figure> {
    let mut figures = Vec::new();
    let Some(exact) = &measured.exact else {
        return figures;
    };
    let mut add = |name, kind, value: Option<f64>, about| {
        figures.extend(value.map(|value| Figure {
            name,
            value,
            kind,
            about,
        }));
    };
    add(
        "exact L1",
        Kind::Number,
        Some(exact.l1),
        "sum over all objects of |learned − target|; 0 to 2",
    );
    add(
        "total variation",
        Kind::Number,
        Some(exact.total_variation),
        "half of it; 0 to 1",
    );
    add(
        "Jensen–Shannon",
        Kind::Number,
        Some(exact.jensen_shannon),
        "divergence of learned and target, nats; 0 to 0.693",
    );
    add(
        "Kullback–Leibler",
        Kind::Number,
        exact.kullback_leibler,
        "divergence of the learned from the target, nats",
    );
    add(
        "error of log Z",
        Kind::Difference,
        exact.log_z_error,
        "what the model takes log Z to be, less the truth; nats",
    );
    add(
        "window L1",
        Kind::Number,
        exact.window_l1,
        "the same distance, of the last objects visited in training",
    );
    add(
        "window floor",
        Kind::Number,
        exact.window_floor,
        "what perfect samples would be expected to have there",
    );
    add(
        "modes",
        Kind::Count,
        exact.modes.map(|modes| modes as f64),
        "objects whose reward reaches the threshold",
    );
    figures
}

#[cfg(test)]
mod tests {
    use gfn_record::event::{Exact, MoleculeMetrics, SampleMetrics};

    use super::*;

    #[test]
    fn what_was_not_measured_is_left_out_and_names_are_told_apart() {
        let bare = figures(&Measured::default());
        assert!(
            bare.iter()
                .all(|figure| !["exact L1", "valid", "modes visited"].contains(&figure.name))
        );
        let full = figures(&Measured {
            exact: Some(Exact {
                modes: Some(4),
                ..Exact::default()
            }),
            samples: SampleMetrics {
                molecules: Some(MoleculeMetrics::default()),
                ..SampleMetrics::default()
            },
            ..Measured::default()
        });
        for (index, figure) in full.iter().enumerate() {
            assert!(
                full[..index].iter().all(|other| other.name != figure.name),
                "{}",
                figure.name
            );
        }
    }
}
