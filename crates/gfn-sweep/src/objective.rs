//! What settings are compared by: a figure of a run's measurement.

use gfn_config::nearest;
use gfn_core::{Enumerable, ObjectKind, Reward};
use gfn_record::event::Measured;
use gfn_record::sweep::Direction;
use gfn_registry::Assembled;
use gfn_registry::settings::Evaluation;

/// Every figure, by its path in a line of `metrics.jsonl`, and which way is better.
const FIGURES: [(&str, Direction); 17] = [
    ("exact.l1", Direction::Minimize),
    ("exact.total_variation", Direction::Minimize),
    ("exact.jensen_shannon", Direction::Minimize),
    ("exact.kullback_leibler", Direction::Minimize),
    (LOG_Z_ERROR, Direction::Minimize),
    ("exact.window_l1", Direction::Minimize),
    ("modes_visited", Direction::Maximize),
    ("samples.mean_reward", Direction::Maximize),
    ("samples.best_reward", Direction::Maximize),
    ("samples.unique", Direction::Maximize),
    ("samples.mean_length", Direction::Maximize),
    ("samples.molecules.valid", Direction::Maximize),
    ("samples.molecules.top_10", Direction::Maximize),
    ("samples.molecules.top_100", Direction::Maximize),
    ("samples.molecules.top_1000", Direction::Maximize),
    ("samples.molecules.mean_similarity", Direction::Minimize),
    ("samples.molecules.modes", Direction::Maximize),
];

/// The one figure that is better near 0 than below: its size counts.
const LOG_Z_ERROR: &str = "exact.log_z_error";

/// What settings are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// The figure.
    pub name: String,
    /// Whether less or more of it is better.
    pub direction: Direction,
}

impl Objective {
    /// The figure of that name, whose last part will do, the better way round; for an unknown one what may have been meant.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let is = |figure: &&(&str, Direction)| figure.0 == name || figure.0.rsplit('.').next() == Some(name);
        if let Some((name, direction)) = FIGURES.iter().find(is) {
            return Ok(Self {
                name: (*name).into(),
                direction: *direction,
            });
        }
        let mut known: Vec<&str> = FIGURES.iter().map(|figure| figure.0).collect();
        let ends = known.iter().filter_map(|name| name.rsplit('.').next());
        known.extend(ends.collect::<Vec<_>>());
        let meant = nearest(name, &known).and_then(|near| Self::named(near).ok());
        Err(match meant {
            Some(meant) => format!("did you mean `{}`?", meant.name),
            None => {
                let names: Vec<String> = FIGURES.iter().map(|figure| format!("`{}`", figure.0)).collect();
                format!("the figures are {}", names.join(", "))
            }
        })
    }

    /// The figure taken where none is named.
    pub(crate) fn usual(parts: &Assembled, evaluation: &Evaluation) -> Self {
        let (name, direction) = match is_swept(parts, evaluation) {
            true => FIGURES[0],
            false => FIGURES[7],
        };
        Self {
            name: name.into(),
            direction,
        }
    }

    /// Why an experiment's measurements will not have the figure, where that is sure.
    pub(crate) fn absent(&self, parts: &Assembled, evaluation: &Evaluation) -> Option<&'static str> {
        let has_modes = evaluation.mode_threshold.is_some() || parts.reward.mode_threshold().is_some();
        let end = self.name.rsplit('.').next().unwrap_or_default();
        if self.name.starts_with("exact.") && !is_swept(parts, evaluation) {
            return Some("the environment is not swept, so that nothing is known exactly of its policies");
        }
        if self.name.starts_with("samples.molecules.")
            && parts.environment.spec().objects != ObjectKind::Molecule
        {
            return Some("the environment builds no molecules");
        }
        if end == "window_l1" && evaluation.window == 0 {
            return Some("it is measured with `evaluation.window` only");
        }
        (end.starts_with("modes") && !has_modes)
            .then_some("nothing says from which reward an object is a mode: set `evaluation.mode_threshold`")
    }

    /// The figure in a measurement; none where it is absent or not a number.
    pub(crate) fn of(&self, measured: &Measured) -> Option<f64> {
        let json = serde_json::to_value(measured).ok()?;
        let value = json.pointer(&format!("/{}", self.name.replace('.', "/")))?;
        let value = value.as_f64().filter(|value| value.is_finite())?;
        Some(if self.name == LOG_Z_ERROR {
            value.abs()
        } else {
            value
        })
    }
}

fn is_swept(parts: &Assembled, evaluation: &Evaluation) -> bool {
    let states = parts.environment.as_enumerable().map(Enumerable::state_count);
    states.is_some_and(|states| states <= evaluation.exact_states)
}

#[cfg(test)]
mod tests {
    use gfn_record::event::{Exact, MoleculeMetrics, SampleMetrics};

    use super::*;

    /// Every figure that is listed is one of a measurement's.
    #[test]
    fn figures_are_found() {
        let number = Some(2.0);
        let measured = Measured {
            modes_visited: Some(2),
            exact: Some(Exact {
                l1: 2.0,
                total_variation: 2.0,
                jensen_shannon: 2.0,
                kullback_leibler: number,
                log_z_error: Some(-2.0),
                modes: Some(2),
                window_l1: number,
                window_floor: number,
            }),
            samples: SampleMetrics {
                count: 2,
                mean_reward: 2.0,
                best_reward: 2.0,
                unique: 2.0,
                mean_length: 2.0,
                molecules: Some(MoleculeMetrics {
                    valid: 2.0,
                    top_10: number,
                    top_100: number,
                    top_1000: number,
                    mean_similarity: 2.0,
                    modes: Some(2),
                }),
            },
            ..Measured::default()
        };
        for (name, direction) in FIGURES {
            let objective = Objective::named(name).unwrap();
            assert_eq!(
                (objective.of(&measured), objective.direction),
                (number, direction),
                "{name}"
            );
            assert_eq!(
                objective.of(&Measured::default()).is_some(),
                name.starts_with("samples.") && !name.contains("molecules")
            );
        }
        assert_eq!(Objective::named("l1").unwrap().name, "exact.l1");
        assert_eq!(Objective::named("modes").unwrap().name, "samples.molecules.modes");
    }

    #[test]
    fn what_is_no_number_is_no_objective() {
        let mut measured = Measured::default();
        measured.samples.mean_reward = f64::NAN;
        assert_eq!(Objective::named("mean_reward").unwrap().of(&measured), None);
    }

    #[test]
    fn unknown_figures_get_the_nearest() {
        assert_eq!(
            Objective::named("exact.l2").unwrap_err(),
            "did you mean `exact.l1`?"
        );
        assert_eq!(
            Objective::named("mean_rewrad").unwrap_err(),
            "did you mean `samples.mean_reward`?"
        );
        assert!(
            Objective::named("zzzzz")
                .unwrap_err()
                .starts_with("the figures are `exact.l1`")
        );
    }
}
