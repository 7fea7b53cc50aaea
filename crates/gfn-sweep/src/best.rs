//! Settings by what came of them.

use std::collections::{BTreeMap, BTreeSet};

use gfn_record::folder::FolderError;
use gfn_record::sweep::Outcome;
use serde_json::Value;

use crate::board::Board;
use crate::plan::Plan;
use crate::results::{Standing, firsts};

/// Student's t for a confidence of 95 % on both sides, by degrees of freedom from 1 (any table of the distribution).
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// The same for many.
const NORMAL: f64 = 1.960;

/// A setting with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Its number.
    pub setting: u64,
    /// Its values, by path.
    pub values: BTreeMap<String, Value>,
    /// The objective, the mean over its seeds.
    pub objective: f64,
    /// Half the width of the mean's 95 % confidence interval, where there are several seeds.
    pub interval: Option<f64>,
    /// How many seeds.
    pub seeds: usize,
    /// After how many updates; none where its trials ran to their end.
    pub step: Option<u64>,
    /// The number of its first trial, or of that which has its experiment.
    pub first_trial: u64,
    /// Settings whose experiments are the same, which have no place of their own.
    pub same: Vec<u64>,
}

/// The settings of a sweep that have an objective, the best first; those whose trials ran further come before all others.
///
/// # Errors
/// Where the folder cannot be read.
pub fn ranked(board: &mut Board) -> Result<Vec<Ranked>, FolderError> {
    let standings = board.standings()?;
    let (plan, firsts) = (&board.plan, firsts(&standings));
    let same = |setting: u64| {
        let others = standings
            .iter()
            .map(|standing| standing.setting.setting)
            .zip(&firsts);
        let same = others.filter(|(other, first)| **first == setting && *other != setting);
        same.map(|(other, _)| other).collect()
    };
    let is_first = |standing: &&Standing| {
        let setting = standing.setting.setting;
        firsts.get(setting as usize).is_none_or(|first| *first == setting)
    };
    let mut ranked: Vec<Ranked> = standings
        .iter()
        .filter(is_first)
        .filter_map(|standing| of(plan, standing, same(standing.setting.setting)))
        .collect();
    let cost = |ranked: &Ranked| plan.objective.direction.cost(ranked.objective);
    ranked.sort_by(|a, b| {
        let further = b.step.unwrap_or(u64::MAX).cmp(&a.step.unwrap_or(u64::MAX));
        further
            .then(cost(a).total_cmp(&cost(b)))
            .then(a.setting.cmp(&b.setting))
    });
    Ok(ranked)
}

/// How many settings have a trial that failed for good, and so no place among the others.
///
/// # Errors
/// Where the folder cannot be read.
pub fn failed(board: &mut Board) -> Result<usize, FolderError> {
    let standings = board.standings()?;
    let firsts = firsts(&standings);
    let is_failed = |standing: &&Standing| {
        let furthest = standing.furthest(&board.plan);
        furthest.is_none() && standing.outcome(None) == Outcome::Failed
    };
    let first = |standing: &Standing| firsts.get(standing.setting.setting as usize).copied();
    let failed: BTreeSet<Option<u64>> = standings.iter().filter(is_failed).map(first).collect();
    Ok(failed.len())
}

fn of(plan: &Plan, standing: &Standing, same: Vec<u64>) -> Option<Ranked> {
    let step = standing.furthest(plan)?;
    let Outcome::Objective(objective) = standing.outcome(step) else {
        return None;
    };
    let objectives = standing.objectives(step);
    Some(Ranked {
        setting: standing.setting.setting,
        values: standing.setting.values.clone(),
        objective,
        interval: interval(&objectives),
        seeds: objectives.len(),
        step,
        first_trial: standing.first_trainer(),
        same,
    })
}

/// Half the width of the 95 % confidence interval of a mean.
fn interval(values: &[f64]) -> Option<f64> {
    let count = values.len();
    let freedom = count.checked_sub(2)?;
    let mean = values.iter().sum::<f64>() / count as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let error = (squares / (count - 1) as f64 / count as f64).sqrt();
    Some(STUDENT.get(freedom).unwrap_or(&NORMAL) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean() {
        assert_eq!(interval(&[1.0]), None);
        // scipy.stats.t.interval(0.95, 2, loc=2, scale=scipy.stats.sem([1, 2, 3])): 2 ± 2.4841
        let half = interval(&[1.0, 2.0, 3.0]).unwrap();
        assert!((half - 2.4841).abs() < 1e-3, "{half}");
        assert_eq!(interval(&[2.0, 2.0]), Some(0.0));
    }
}
