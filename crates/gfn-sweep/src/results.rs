//! What came of settings, from what came of their trials.

use std::collections::HashMap;

use gfn_record::sweep::{Outcome, Promotion, Seen, Setting, TrialView};
use gfn_search::asha::{self, RungResult, Verdict};

use crate::plan::Plan;

/// How a setting stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What it is.
    pub setting: Setting,
    /// Its trials, one for each seed; none where nothing was made of one yet.
    pub trials: Vec<Option<TrialView>>,
    /// The update at which its trials are compared next; none where they run to their end.
    pub until: Option<u64>,
}

impl Standing {
    /// The number of its first trial.
    pub fn first_trial(&self) -> u64 {
        self.setting.setting * self.trials.len() as u64
    }

    /// The number of the trial that trains the experiment of its first.
    pub fn first_trainer(&self) -> u64 {
        let first = self.trials.first().and_then(Option::as_ref);
        first.and_then(|view| view.same).unwrap_or(self.first_trial())
    }

    /// Whether a trial is not where it is to go yet.
    pub fn is_open(&self, repeat: usize) -> bool {
        is_open(self.trials[repeat].as_ref(), self.until)
    }

    /// What is known of it after `step` updates, or at the end of its trials: the mean over its seeds.
    pub fn outcome(&self, step: Option<u64>) -> Outcome {
        let values = self.objectives(step);
        let failed = self.trials.iter().flatten().any(has_failed);
        if values.len() == self.trials.len() {
            return Outcome::Objective(values.iter().sum::<f64>() / values.len() as f64);
        }
        if failed { Outcome::Failed } else { Outcome::Running }
    }

    /// The objectives of its trials after `step` updates, or at their end, as far as they are there.
    pub fn objectives(&self, step: Option<u64>) -> Vec<f64> {
        let trials = self.trials.iter().flatten();
        trials.filter_map(|view| view.objective_at(step)).collect()
    }

    /// The furthest update at which all of its trials were measured; none within for their end.
    pub fn furthest(&self, plan: &Plan) -> Option<Option<u64>> {
        let mut steps = vec![None];
        let before_the_end = plan.rungs().unwrap_or_default();
        steps.extend(before_the_end.iter().rev().skip(1).map(|step| Some(*step)));
        steps
            .into_iter()
            .find(|step| matches!(self.outcome(*step), Outcome::Objective(_)))
    }
}

fn has_failed(view: &TrialView) -> bool {
    view.result.as_ref().is_some_and(|result| result.error.is_some())
}

/// For each setting the first one whose experiments are all the same as its own, seed by seed: itself where there is none before it.
pub fn firsts(standings: &[Standing]) -> Vec<u64> {
    let mut known: HashMap<Vec<u64>, u64> = HashMap::new();
    let first = |standing: &Standing| {
        let numbers = (standing.first_trial()..).zip(&standing.trials);
        let trainers =
            numbers.map(|(number, view)| view.as_ref().and_then(|view| view.same).unwrap_or(number));
        *known
            .entry(trainers.collect())
            .or_insert(standing.setting.setting)
    };
    standings.iter().map(first).collect()
}

/// Whether a trial is not where it is to go yet.
pub(crate) fn is_open(view: Option<&TrialView>, until: Option<u64>) -> bool {
    match (view, until) {
        (None, _) => true,
        (Some(view), _) if view.result.is_some() => false,
        (Some(view), Some(step)) => !view.rungs.iter().any(|rung| rung.step == step),
        (Some(_), None) => true,
    }
}

/// Trials that failed for good.
pub fn failures(standings: &[Standing]) -> u64 {
    let trials = standings
        .iter()
        .flat_map(|standing| standing.trials.iter().flatten());
    let each_once = trials.filter(|view| view.same.is_none());
    each_once.filter(|view| has_failed(view)).count() as u64
}

/// What the search is told of the settings so far. Where poor trials are stopped early, settings are compared at the last rung
/// that enough of them have reached for the search to go by: results after different numbers of updates are not alike. Those that
/// were stopped before it are left out there.
pub(crate) fn seen(plan: &Plan, standings: &[Standing]) -> Vec<Seen> {
    let step = common_step(plan, standings);
    let seen = standings.iter().filter_map(|standing| {
        let outcome = standing.outcome(step);
        let was_stopped =
            outcome == Outcome::Running && (0..standing.trials.len()).all(|repeat| !standing.is_open(repeat));
        (!was_stopped).then_some(Seen {
            setting: standing.setting.setting,
            step,
            outcome,
        })
    });
    seen.collect()
}

fn common_step(plan: &Plan, standings: &[Standing]) -> Option<u64> {
    let rungs = plan.rungs()?;
    // With fewer the search would go by no results at all, though there are some at an earlier rung.
    let enough = (plan.space.dimensions.len() + 2).max(plan.method.startup());
    let there = |step: Option<u64>| {
        let known = standings
            .iter()
            .filter(|standing| matches!(standing.outcome(step), Outcome::Objective(_)));
        known.count() >= enough
    };
    if there(None) {
        return None;
    }
    let before_the_end = rungs.iter().rev().skip(1);
    let furthest = before_the_end.clone().find(|step| there(Some(**step)));
    furthest.or(before_the_end.last()).copied()
}

/// The results at the rungs, as they are recorded.
fn at_rungs(rungs: &[u64], standings: &[Standing]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for standing in standings {
        for step in rungs.iter().filter(|step| Some(*step) != rungs.last()) {
            let is_here = standing.until == Some(*step);
            match standing.outcome(Some(*step)) {
                Outcome::Running => {}
                Outcome::Failed if !is_here => {}
                outcome => seen.push(Seen {
                    setting: standing.setting.setting,
                    step: Some(*step),
                    outcome,
                }),
            }
        }
    }
    seen
}

/// The settings that are good enough to go on and were not sent on yet.
pub(crate) fn promotions(plan: &Plan, standings: &[Standing]) -> Vec<Promotion> {
    let (Some(halving), Some(rungs)) = (plan.halving, plan.rungs()) else {
        return Vec::new();
    };
    let seen = at_rungs(&rungs, standings);
    let is_sent_on = |setting: u64, step: u64| {
        let until = standings
            .get(setting as usize)
            .map(|standing| standing.until.unwrap_or(u64::MAX));
        until.is_some_and(|until| until > step)
    };
    sent_on(plan, halving, &rungs, &seen)
        .into_iter()
        .filter(|(setting, from, _)| !is_sent_on(*setting, *from))
        .map(|(setting, from, to)| Promotion {
            setting,
            from,
            to,
            seen: seen.clone(),
        })
        .collect()
}

/// The settings that are good enough, by these results, to go on from an update to another.
pub(crate) fn sent_on(
    plan: &Plan,
    halving: asha::Settings,
    rungs: &[u64],
    seen: &[Seen],
) -> Vec<(u64, u64, u64)> {
    let result = |seen: &Seen| {
        let objective = match seen.outcome {
            Outcome::Objective(objective) => plan.objective.direction.cost(objective),
            Outcome::Failed | Outcome::Running => f64::INFINITY,
        };
        let rung = rungs.iter().position(|rung| Some(*rung) == seen.step)?;
        Some(RungResult {
            trial: seen.setting,
            rung,
            objective,
            promoted: false,
        })
    };
    let results: Vec<RungResult> = seen.iter().filter_map(result).collect();
    let decisions = asha::decide(halving, &results).into_iter();
    decisions
        .filter_map(|decision| match decision.verdict {
            Verdict::Promote { resource } => Some((decision.trial, rungs[decision.rung], resource)),
            Verdict::Hold | Verdict::Complete => None,
        })
        .collect()
}
