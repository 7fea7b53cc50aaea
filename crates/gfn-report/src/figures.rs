//! What a measurement tells, figure by figure.

use gfn_record::event::{Exact, Found, Measured, MoleculeMetrics};

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

/// A name, how the figure is shown, its value where it was measured, and what it is.
type Known = (&'static str, Kind, fn(&Measured) -> Option<f64>, &'static str);

#[rustfmt::skip]
const KNOWN: [Known; 30] = [
    ("exact L1", Kind::Number, |of| Some(exact(of)?.l1), "sum over all objects of |learned − target|; 0 to 2"),
    ("total variation", Kind::Number, |of| Some(exact(of)?.total_variation), "half of it; 0 to 1"),
    ("Jensen–Shannon", Kind::Number, |of| Some(exact(of)?.jensen_shannon.max(0.0)), "divergence of learned and target, nats; 0 to 0.693"),
    ("Kullback–Leibler", Kind::Number, |of| Some(exact(of)?.kullback_leibler?.max(0.0)), "divergence of the learned from the target, nats"),
    ("error of log Z", Kind::Difference, |of| exact(of)?.log_z_error, "what the model takes log Z to be, less the truth; nats"),
    ("window L1", Kind::Number, |of| exact(of)?.window_l1, "the same distance, of the last objects visited in training"),
    ("window floor", Kind::Number, |of| exact(of)?.window_floor, "what perfect samples would be expected to have there"),
    ("modes", Kind::Count, |of| whole(exact(of)?.modes), "objects whose reward reaches the threshold"),
    ("modes visited", Kind::Count, |of| whole(of.modes_visited), "distinct objects met in training whose reward reaches the threshold"),
    ("found", Kind::Count, |of| whole(Some(found(of)?.objects)), "distinct objects made in training"),
    ("found: top 10 mean reward", Kind::Number, |of| found(of)?.top_10, "of the best 10 of them, before shaping"),
    ("found: top 100 mean reward", Kind::Number, |of| found(of)?.top_100, "of the best 100 of them"),
    ("found: top 1000 mean reward", Kind::Number, |of| found(of)?.top_1000, "of the best 1,000 of them"),
    ("found: similarity", Kind::Number, |of| found(of)?.top_similarity, "Tanimoto, mean over pairs of the best 1,000 of them; the lower, the more diverse"),
    ("log inflow on log R: slope", Kind::Number, |of| Some(of.inflow.as_ref()?.slope), "least squares over the last objects of training; 1 where flows are right"),
    ("log inflow on log R: r", Kind::Number, |of| Some(of.inflow.as_ref()?.correlation), "correlation over the same"),
    ("log p on log R: slope", Kind::Number, |of| Some(of.likelihood.as_ref()?.slope), "least squares over samples; 1 where the policy draws in proportion to the reward"),
    ("log p on log R: r", Kind::Number, |of| Some(of.likelihood.as_ref()?.correlation), "correlation over the same"),
    ("samples", Kind::Count, |of| whole(Some(of.samples.count)), "objects drawn from the policy for the figures below"),
    ("mean reward", Kind::Number, |of| Some(of.samples.mean_reward), "before shaping"),
    ("best reward", Kind::Number, |of| Some(of.samples.best_reward), "before shaping"),
    ("distinct", Kind::Share, |of| Some(of.samples.unique), "of the samples, those unlike all others"),
    ("mean length", Kind::Number, |of| Some(of.samples.mean_length), "steps of a trajectory"),
    ("valid", Kind::Share, |of| Some(molecules(of)?.valid), "of the samples, those that are valid molecules"),
    ("top 10 mean reward", Kind::Number, |of| molecules(of)?.top_10, "of the best 10 distinct molecules"),
    ("top 100 mean reward", Kind::Number, |of| molecules(of)?.top_100, "of the best 100 distinct molecules"),
    ("top 1000 mean reward", Kind::Number, |of| molecules(of)?.top_1000, "of the best 1,000 distinct molecules"),
    ("mean similarity", Kind::Number, |of| Some(molecules(of)?.mean_similarity), "Tanimoto, mean over pairs; the lower, the more diverse"),
    ("modes among samples", Kind::Count, |of| whole(molecules(of)?.modes), "good molecules, each unlike every better one"),
    ("updates", Kind::Count, |of| whole(Some(of.step)), "taken when this was measured"),
];

/// Every figure that a measurement has.
pub(crate) fn figures(measured: &Measured) -> Vec<Figure> {
    let figure = |&(name, kind, value, about): &Known| {
        let value = value(measured)?;
        Some(Figure {
            name,
            value,
            kind,
            about,
        })
    };
    KNOWN.iter().filter_map(figure).collect()
}

fn exact(measured: &Measured) -> Option<&Exact> {
    measured.exact.as_ref()
}

fn molecules(measured: &Measured) -> Option<&MoleculeMetrics> {
    measured.samples.molecules.as_ref()
}

fn found(measured: &Measured) -> Option<&Found> {
    measured.found.as_ref()
}

fn whole(count: Option<u64>) -> Option<f64> {
    count.map(|count| count as f64)
}

#[cfg(test)]
mod tests {
    use gfn_record::event::SampleMetrics;

    use super::*;

    #[test]
    fn what_was_not_measured_is_left_out_and_names_are_told_apart() {
        let bare = figures(&Measured::default());
        let absent = ["exact L1", "valid", "modes visited"];
        assert!(bare.iter().all(|figure| !absent.contains(&figure.name)));
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
        assert!(
            full.iter()
                .any(|figure| figure.name == "modes" && figure.value == 4.0)
        );
        for (index, figure) in full.iter().enumerate() {
            assert!(
                full[..index].iter().all(|other| other.name != figure.name),
                "{}",
                figure.name
            );
        }
    }
}
