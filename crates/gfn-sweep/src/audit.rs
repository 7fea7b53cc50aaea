//! Whether every decision of a sweep follows from what it says it had seen, and whether that is what came of the trials.

use gfn_record::sweep::{Outcome, Seen};

use crate::board::Board;
use crate::results::{self, Standing};
use crate::{SweepError, points};

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// Settings whose choice was made again.
    pub settings: usize,
    /// Decisions to go on that were made again.
    pub promotions: usize,
    /// What does not agree.
    pub wrong: Vec<String>,
}

/// Makes every decision again.
///
/// # Errors
/// Where the folder cannot be read.
pub fn audit(board: &mut Board) -> Result<Finding, SweepError> {
    let standings = board.standings()?;
    let mut found = Finding::default();
    for standing in &standings {
        setting(board, &standings, standing, &mut found);
        for promotion in board.folder.promotions(standing.setting.setting)? {
            found.promotions += 1;
            let name = format!(
                "setting {}, sent on to update {}",
                promotion.setting, promotion.to
            );
            untrue(&name, &standings, &promotion.seen, &mut found.wrong);
            let decided = (promotion.setting, promotion.from, promotion.to);
            let again = match (board.plan.halving, board.plan.rungs()) {
                (Some(halving), Some(rungs)) => {
                    results::sent_on(&board.plan, halving, &rungs, &promotion.seen).contains(&decided)
                }
                _ => false,
            };
            if !again {
                found
                    .wrong
                    .push(format!("{name}: does not follow from what was seen"));
            }
        }
    }
    Ok(found)
}

fn setting(board: &Board, standings: &[Standing], standing: &Standing, found: &mut Finding) {
    let plan = &board.plan;
    let number = standing.setting.setting;
    let seen = standing.setting.seen.as_deref().unwrap_or_default();
    found.settings += 1;
    untrue(&format!("setting {number}"), standings, seen, &mut found.wrong);
    let observations = points::observations(plan, standings, seen);
    let again = plan
        .method
        .point(&plan.space, plan.sweep.seed, number, &observations);
    let again = again.map(|point| point.into_iter().map(points::recorded).collect::<Vec<_>>());
    if again.as_ref() != Some(&standing.setting.point) {
        found
            .wrong
            .push(format!("setting {number}: does not follow from what was seen"));
    }
}

/// An outcome in words.
fn words(outcome: Option<Outcome>) -> String {
    match outcome {
        Some(Outcome::Objective(objective)) => format!("the objective {objective}"),
        Some(Outcome::Failed) => "failed".to_string(),
        Some(Outcome::Running) => "unfinished".to_string(),
        None => "nothing".to_string(),
    }
}

/// Results that were seen and are not what came of the trials. What was not there yet when a decision was made proves nothing.
fn untrue(name: &str, standings: &[Standing], seen: &[Seen], wrong: &mut Vec<String>) {
    for seen in seen {
        let standing = standings.get(seen.setting as usize);
        let now = standing.map(|standing| standing.outcome(seen.step));
        // What had failed may have been given another chance since.
        let has_failed_before = standing.is_some_and(|standing| {
            let trials = &mut standing.trials.iter().flatten();
            seen.outcome == Outcome::Failed && trials.any(|view| view.chances > 0)
        });
        if seen.outcome != Outcome::Running && now != Some(seen.outcome) && !has_failed_before {
            wrong.push(format!(
                "{name}: setting {} was recorded as {}, and its trials say {}",
                seen.setting,
                words(Some(seen.outcome)),
                words(now)
            ));
        }
    }
}
