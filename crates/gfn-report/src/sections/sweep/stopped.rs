//! Trials that did not run to their end, and why.

use gfn_record::sweep::{State, TrialView};
use maud::{Markup, html};

use crate::number::{count, figure};
use crate::sections::{Cell, Table};
use crate::sweep::{Sweep, Tried};

/// So many have a row.
const MOST: usize = 500;

pub(super) fn body(sweep: &Sweep) -> Option<Markup> {
    let mut rows = Vec::new();
    for tried in &sweep.tried {
        let others = tried
            .trials
            .iter()
            .filter(|view| view.state != State::Finished && view.same.is_none());
        rows.extend(others.filter_map(|view| row(sweep, tried, view)));
    }
    let all = rows.len();
    rows.truncate(MOST);
    let heads = [
        ("trial", true),
        ("setting", true),
        ("seed", true),
        ("state", false),
        ("updates", true),
        ("why", false),
    ];
    let table = Table::new(heads).with(rows.into_iter());
    (all > 0).then(|| {
        html! {
            (table.draw())
            @if all > MOST { p.note { "The first " (MOST) " of " (count(all as u64)) "." } }
        }
    })
}

fn row(sweep: &Sweep, tried: &Tried, view: &TrialView) -> Option<Vec<Cell>> {
    let why = why(sweep, view)?;
    let whole = |value: f64| count(value as u64);
    let steps = view.result.as_ref().map(|result| result.steps);
    let steps = steps.or(view.rungs.last().map(|rung| rung.step));
    let state = match view.state {
        State::Paused => "stopped early",
        state => state.name(),
    };
    Some(vec![
        Cell::of(Some(view.trial.trial as f64), whole),
        Cell::of(Some(tried.setting.setting as f64), whole),
        Cell::of(Some(view.trial.seed as f64), |seed| seed.to_string()),
        Cell::text(state),
        Cell::of(steps.map(|step| step as f64), whole),
        Cell::text(why),
    ])
}

/// None for what has simply not been done yet.
fn why(sweep: &Sweep, view: &TrialView) -> Option<String> {
    match view.state {
        State::Failed => {
            let error = view.result.as_ref().and_then(|result| result.error.clone());
            let error = error.or(view.failures.last().map(|failure| failure.error.clone()));
            let attempts = view.failures.len().max(1);
            Some(format!(
                "{} ({attempts} {})",
                error.unwrap_or_else(|| "no reason was recorded".into()),
                if attempts == 1 { "attempt" } else { "attempts" }
            ))
        }
        State::Paused => {
            let rung = view.rungs.last()?;
            let reached = sweep.trials().filter_map(|other| {
                let there = other.rungs.iter().find(|other| other.step == rung.step)?;
                Some(there.objective)
            });
            let cost = |value: f64| sweep.manifest.direction.cost(value);
            let (better, all) = reached.fold((0, 0), |(better, all), other| {
                (better + usize::from(cost(other) < cost(rung.objective)), all + 1)
            });
            Some(format!(
                "objective {} after {} updates, {better} of {} others were better",
                figure(rung.objective),
                count(rung.step),
                all - 1
            ))
        }
        State::Interrupted => Some("it was interrupted, and goes on when the sweep does".into()),
        _ => None,
    }
}
