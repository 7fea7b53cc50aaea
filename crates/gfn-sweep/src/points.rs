//! Points and results, between the search and the record.

use gfn_record::sweep::{self as record, Seen, Setting};
use gfn_search::{Coordinate, Observation, Outcome};

use crate::plan::Plan;
use crate::results::Standing;

/// A coordinate as it is recorded.
pub(crate) fn recorded(at: Coordinate) -> record::Coordinate {
    match at {
        Coordinate::Choice(index) => record::Coordinate::Choice(index),
        Coordinate::Float(number) => record::Coordinate::Float(number),
        Coordinate::Integer(number) => record::Coordinate::Integer(number),
    }
}

/// A coordinate as it was recorded.
pub(crate) fn coordinate(at: record::Coordinate) -> Coordinate {
    match at {
        record::Coordinate::Choice(index) => Coordinate::Choice(index),
        record::Coordinate::Float(number) => Coordinate::Float(number),
        record::Coordinate::Integer(number) => Coordinate::Integer(number),
    }
}

/// What was seen, for the search.
pub(crate) fn observations(plan: &Plan, standings: &[Standing], seen: &[Seen]) -> Vec<Observation> {
    let setting = |number: u64| standings.get(number as usize).map(|standing| &standing.setting);
    let seen = seen
        .iter()
        .filter_map(|seen| Some(observation(plan, setting(seen.setting)?, seen)));
    seen.collect()
}

/// What was seen of a setting, for the search.
pub(crate) fn observation(plan: &Plan, setting: &Setting, seen: &Seen) -> Observation {
    let outcome = match seen.outcome {
        record::Outcome::Objective(objective) => Outcome::Objective(plan.objective.direction.cost(objective)),
        record::Outcome::Failed => Outcome::Failed,
        record::Outcome::Running => Outcome::Running,
    };
    Observation {
        trial: setting.setting,
        point: setting.point.iter().map(|at| coordinate(*at)).collect(),
        outcome,
    }
}
