//! What settings are compared by: a metric of a run's measurement.

use gfn_config::nearest;
use gfn_metrics::Context;
use gfn_record::catalogue::{self, Better, Metric, names};
use gfn_record::event::Metrics;
use gfn_record::sweep::Direction;
use gfn_registry::Assembled;
use gfn_registry::settings::Evaluation;

/// The metrics of measurements of which some values are better than others.
fn metrics() -> impl Iterator<Item = (&'static Metric, Direction)> {
    let direction = |metric: &'static Metric| match metric.better {
        Better::Lower | Better::NearZero => Some((metric, Direction::Minimize)),
        Better::Higher => Some((metric, Direction::Maximize)),
        Better::Neither => None,
    };
    let is_measured = |metric: &&Metric| !metric.name.starts_with("train.");
    catalogue::rows().iter().filter(is_measured).filter_map(direction)
}

/// The last part of a name.
fn end(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, end)| end)
}

/// What settings are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// The metric's name in the catalogue.
    pub name: String,
    /// Whether less or more of it is better.
    pub direction: Direction,
}

impl Objective {
    /// The metric of that name, whose last part will do where no other metric ends like it, the better way round; for an unknown
    /// one what may have been meant.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        // A member of a family has the family's row.
        let row = catalogue::find(name).map(|(_, metric)| metric.name);
        let found: Vec<Self> = metrics()
            .filter(|(metric, _)| row.map_or(end(metric.name) == name, |row| metric.name == row))
            .map(|(metric, direction)| Self {
                name: if row.is_some() {
                    name.into()
                } else {
                    metric.name.into()
                },
                direction,
            })
            .collect();
        if let [objective] = &found[..] {
            return Ok(objective.clone());
        }
        let list = |names: &[&str]| {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(", ")
        };
        if !found.is_empty() {
            let names: Vec<&str> = found.iter().map(|objective| objective.name.as_str()).collect();
            return Err(format!(
                "several metrics are called so: write one of {}",
                list(&names)
            ));
        }
        let known: Vec<&str> = metrics().map(|(metric, _)| metric.name).collect();
        let ends: Vec<&str> = known.iter().map(|name| end(name)).collect();
        let meant = nearest(name, &known).or_else(|| {
            let near = nearest(name, &ends)?;
            known.iter().find(|name| end(name) == near).copied()
        });
        Err(match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the metrics are {}", list(&known)),
        })
    }

    /// The metric taken where none is named.
    pub(crate) fn usual(parts: &Assembled, evaluation: &Evaluation) -> Self {
        let (name, direction) = match Context::of(parts, evaluation).is_swept {
            true => (names::L1, Direction::Minimize),
            false => (names::MEAN_REWARD, Direction::Maximize),
        };
        Self {
            name: name.into(),
            direction,
        }
    }

    /// Why an experiment's measurements will not have the metric, where that is sure.
    pub(crate) fn absent(&self, parts: &Assembled, evaluation: &Evaluation) -> Option<&'static str> {
        gfn_metrics::absent(&self.name, &Context::of(parts, evaluation))
    }

    /// The metric in a measurement; none where it is absent or not a number.
    pub(crate) fn of(&self, measured: &Metrics) -> Option<f64> {
        let value = measured.get(&self.name).filter(|value| value.is_finite())?;
        let metric = catalogue::find(&self.name).map(|(_, metric)| metric.better);
        Some(if metric == Some(Better::NearZero) {
            value.abs()
        } else {
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_catalogue_is_found_by_its_name() {
        for (metric, direction) in metrics() {
            let objective = Objective::named(metric.name).unwrap();
            assert_eq!(
                (objective.name.as_str(), objective.direction),
                (metric.name, direction)
            );
            let measured = Metrics::default().with(metric.name, -2.0);
            let expected = if metric.better == Better::NearZero {
                2.0
            } else {
                -2.0
            };
            assert_eq!(objective.of(&measured), Some(expected), "{}", metric.name);
            assert_eq!(objective.of(&Metrics::default()), None, "{}", metric.name);
        }
        assert_eq!(Objective::named("l1").unwrap().name, "exact.l1");
        assert_eq!(Objective::named("modes").unwrap().name, "samples.modes");
        assert_eq!(
            Objective::named("mean_reward").unwrap().name,
            "samples.mean_reward"
        );
        let family = Objective::named("found.modes_from_7.5").unwrap();
        assert_eq!(
            (family.name.as_str(), family.direction),
            ("found.modes_from_7.5", Direction::Maximize)
        );
    }

    #[test]
    fn what_is_no_number_is_no_objective() {
        let measured = Metrics::default().with(names::MEAN_REWARD, f64::NAN);
        assert_eq!(Objective::named("mean_reward").unwrap().of(&measured), None);
    }

    #[test]
    fn unknown_metrics_get_the_nearest_and_ambiguous_ones_all() {
        for (name, expected) in [
            ("exact.l2", "did you mean `exact.l1`?"),
            ("mean_rewrad", "did you mean `samples.mean_reward`?"),
            (
                "top_100",
                "several metrics are called so: write one of `found.top_100`, `samples.top_100`",
            ),
        ] {
            assert_eq!(Objective::named(name).unwrap_err(), expected);
        }
        assert!(
            Objective::named("zzzzz")
                .unwrap_err()
                .starts_with("the metrics are `exact.l1`")
        );
    }
}
