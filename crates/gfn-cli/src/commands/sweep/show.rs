//! What is shown of a sweep.

use std::collections::BTreeMap;
use std::path::Path;

use gfn_cluster::words::quoted;
use gfn_record::number::with_decimals;
use gfn_record::sweep::{State, SweepManifest, TrialView, names};
use gfn_sweep::best::{self, Ranked, ranked};
use gfn_sweep::board::Board;
use gfn_sweep::plan::Plan;
use gfn_sweep::{SweepError, audit as audited, open};
use gfn_text::counted;
use serde_json::{Value, json};

use super::super::{print, print_json};
use crate::exit::Failure;

/// Most settings that a plan lists.
const LISTED: u64 = 200;
const STATES: [State; 6] = [
    State::Finished,
    State::Failed,
    State::Running,
    State::Paused,
    State::Interrupted,
    State::Waiting,
];

/// `gfn sweep plan`.
pub(super) fn plan(plan: &Plan, json: bool) -> Result<(), Failure> {
    let manifest = plan.manifest();
    let points = (0..plan.settings).map_while(|number| plan.point(number));
    let repeated = plan.repeated(LISTED);
    if json {
        let settings: Vec<BTreeMap<String, Value>> = points.map(|point| plan.values(&point)).collect();
        return print_json(&pretty(
            &json!({ "sweep": manifest, "settings": settings, "same": repeated }),
        ));
    }
    let mut text = headline(&manifest, plan.settings);
    if let Some(rungs) = plan.rungs() {
        let mut steps: Vec<String> = rungs.iter().map(ToString::to_string).collect();
        let end = steps.pop().unwrap_or_default();
        text += &format!(
            "poor trials are stopped early: compared after {} updates of {end}\n",
            steps.join(", ")
        );
        text += &few_settings(plan, rungs.len());
    }
    text += &repeats(plan, &repeated);
    let is_any = repeated.iter().any(Option::is_some);
    let last: &[&str] = if is_any { &["the same as"] } else { &[] };
    let mut rows = vec![columns("setting", plan.names(), last)];
    for (number, (point, same)) in points.zip(&repeated).enumerate() {
        let same = same.map_or(String::new(), |same| format!("setting {same}"));
        let last: &[String] = if is_any { &[same] } else { &[] };
        rows.push(row(
            &number.to_string(),
            &plan.names(),
            &plan.values(&point),
            last,
        ));
    }
    match rows.len() {
        1 => {
            text += &format!(
                "\nsettings are chosen as results arrive, from\n{}",
                domains(&manifest)
            )
        }
        _ => text += &format!("\n{}", table(&rows)),
    }
    if plan.settings > LISTED && rows.len() > 1 {
        text += &format!("… and {} more\n", plan.settings - LISTED);
    }
    print(&text)
}

/// What is said of settings that come again: each experiment is trained once.
fn repeats(plan: &Plan, repeated: &[Option<u64>]) -> String {
    let again = match repeated.iter().flatten().count() {
        0 => String::new(),
        1 => "1 setting is the same as one before it, and is not trained again\n".into(),
        count => format!("{count} settings are the same as one before them, and are not trained again\n"),
    };
    let different = plan.most_different().map_or(String::new(), |most| {
        format!("at most {most} settings are different; one that comes again is not trained again\n")
    });
    again + &different
}

/// A warning, where even if all trials are good the part of them that goes on from each comparison is none before the end.
fn few_settings(plan: &Plan, rungs: usize) -> String {
    let reduction = plan.reduction().unwrap_or(1);
    let needed = reduction.saturating_pow(u32::try_from(rungs.saturating_sub(1)).unwrap_or(u32::MAX));
    match plan.settings < needed {
        true => format!(
            "warning: one in {reduction} goes on from each comparison, so with fewer than {needed} settings none may be trained to its end; try more, compare later (`min_steps`), or at fewer steps\n"
        ),
        false => String::new(),
    }
}

/// Says so where a sweep is over and no trial was trained to its end.
pub(super) fn whether_any_ended(sweep: &Path) -> Result<(), Failure> {
    let mut board = open(sweep, false)?;
    let best = ranked(&mut board).map_err(SweepError::from)?;
    if best.first().is_some_and(|best| best.step.is_some()) {
        let shown = quoted(&sweep.display().to_string());
        super::print_error(&format!(
            "all trials were stopped early, none was trained to its end: train the best by itself, or try more with `gfn sweep extend {shown} --trials N`\n"
        ));
    }
    Ok(())
}

/// "hypergrid-tb: grid, 6 settings × 2 seeds = 12 trials; exact.l1, less is better".
fn headline(manifest: &SweepManifest, settings: u64) -> String {
    let seeds = manifest.seeds.len() as u64;
    let trials = settings * seeds;
    let better = match manifest.direction {
        gfn_record::sweep::Direction::Minimize => "less",
        gfn_record::sweep::Direction::Maximize => "more",
    };
    let SweepManifest {
        name,
        method,
        objective,
        ..
    } = manifest;
    format!(
        "{name}: {method}, {} × {} = {}; {objective}, {better} is better\n",
        counted(settings, "setting"),
        counted(seeds, "seed"),
        counted(trials, "trial")
    )
}

fn domains(manifest: &SweepManifest) -> String {
    use gfn_record::sweep::Domain;
    let words = |domain: &Domain| match domain {
        Domain::Choice(values) => values.iter().map(value).collect::<Vec<_>>().join(", "),
        Domain::Float { low, high, log } => {
            format!("{low} to {high}{}", if *log { ", by its logarithm" } else { "" })
        }
        Domain::Integer { low, high, log, step } => {
            let log = if *log { ", by its logarithm" } else { "" };
            format!("whole numbers from {low} to {high} in steps of {step}{log}")
        }
    };
    let lines = manifest
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), words(&parameter.domain)));
    let lines: Vec<Vec<String>> = lines
        .map(|(name, words)| vec![format!("  {name}"), words])
        .collect();
    lines
        .iter()
        .map(|line| format!("{}  {}\n", line[0], line[1]))
        .collect()
}

/// `gfn sweep status`.
pub(super) fn status(sweep: &Path, audit: bool, json: bool) -> Result<(), Failure> {
    let mut board = open(sweep, false)?;
    let manifest = board.folder.manifest().map_err(SweepError::from)?;
    let trials = board.folder.trials().map_err(SweepError::from)?;
    let best = ranked(&mut board).map_err(SweepError::from)?;
    let found = audit.then(|| audited(&mut board)).transpose()?;
    let settings = board.all_settings().map_err(SweepError::from)?;
    let counts = counts(&trials, settings * manifest.seeds.len() as u64);
    let queue = super::cluster::queue(&board)?;
    let wrong = found
        .as_ref()
        .map(|found| found.wrong.clone())
        .unwrap_or_default();
    if json {
        let by_state: serde_json::Map<String, Value> = counts
            .iter()
            .map(|(state, count)| (state.name().to_string(), (*count).into()))
            .collect();
        let mut value = json!({
            "sweep": manifest,
            "settings": settings,
            "cancelled": board.folder.is_cancelled(),
            "counts": by_state,
            "trials": trials.iter().map(trial_json).collect::<Vec<_>>(),
        });
        if let Some((_, queue)) = queue {
            value["queue"] = queue;
        }
        if let Some(found) = &found {
            let wrong = &found.wrong;
            value["audit"] =
                json!({ "settings": found.settings, "promotions": found.promotions, "wrong": wrong });
        }
        print_json(&pretty(&value))?;
    } else {
        let mut text = headline(&manifest, settings);
        if board.folder.is_cancelled() {
            text += "cancelled\n";
        }
        let words: Vec<String> = counts
            .iter()
            .map(|(state, count)| format!("{count} {}", state.name()))
            .collect();
        text += &format!("{}\n", words.join(", "));
        text += &match trials.iter().filter(|view| view.same.is_some()).count() {
            0 => String::new(),
            1 => "1 trial is the same as another, and is not trained again\n".into(),
            count => format!("{count} trials are the same as others, and are not trained again\n"),
        };
        text += &lines_of(&trials);
        text += &queue.map_or_else(String::new, |(line, _)| line);
        if let Some(best) = best.first() {
            text += &format!(
                "best: setting {}, {} {}\n",
                best.setting,
                manifest.objective,
                figure(best)
            );
        }
        if let Some(found) = &found {
            let (settings, promotions, wrong) = (found.settings, found.promotions, found.wrong.len());
            text += &format!(
                "audit: repeated {} and {}; {wrong} disagree\n",
                counted(settings, "setting"),
                counted(promotions, "promotion")
            );
        }
        print(&text)?;
    }
    match wrong.as_slice() {
        [] => Ok(()),
        wrong => Err(Failure::failed(wrong.join("\n"))),
    }
}

/// How many trials stand how; those that nobody began are waiting.
fn counts(trials: &[TrialView], all: u64) -> Vec<(State, u64)> {
    let begun = trials.len() as u64;
    let count = |state: State| {
        let count = trials.iter().filter(|view| view.state == state).count() as u64;
        if state == State::Waiting {
            count + all.saturating_sub(begun)
        } else {
            count
        }
    };
    let counts = STATES.into_iter().map(|state| (state, count(state)));
    counts
        .filter(|(state, count)| *count > 0 || *state == State::Finished)
        .collect()
}

/// A line for each trial at work, and for each that failed.
fn lines_of(trials: &[TrialView]) -> String {
    let line = |view: &TrialView| {
        let number = view.trial.trial;
        match (view.state, &view.holder) {
            (State::Running, Some(holder)) => Some(format!("trial {number}: trained by {holder}\n")),
            (State::Failed, _) => {
                let error = view.result.as_ref().and_then(|result| result.error.clone());
                Some(format!("trial {number} failed: {}\n", error.unwrap_or_default()))
            }
            _ => None,
        }
    };
    let each_once = trials.iter().filter(|view| view.same.is_none());
    each_once.filter_map(line).collect()
}

fn trial_json(view: &TrialView) -> Value {
    json!({
        "trial": view.trial.trial,
        "setting": view.trial.setting,
        "same": view.same,
        "seed": view.trial.seed,
        "values": view.trial.values,
        "state": view.state,
        "objective": view.objective(),
        "rungs": view.rungs,
        "failures": view.failures,
        "error": view.result.as_ref().and_then(|result| result.error.as_ref()),
        "run": view.run,
    })
}

/// `gfn sweep best`.
pub(super) fn best(sweep: &Path, count: usize, json: bool) -> Result<(), Failure> {
    let mut board = open(sweep, false)?;
    let mut best = ranked(&mut board).map_err(SweepError::from)?;
    let failed = best::failed(&mut board).map_err(SweepError::from)?;
    let failed = match failed {
        0 => String::new(),
        1 => "1 setting is left out, since a trial of it failed\n".to_string(),
        count => format!("{count} settings are left out, since a trial of each failed\n"),
    };
    let is_any = !best.is_empty();
    best.truncate(count);
    if json {
        let rows: Vec<Value> = best.iter().map(|best| ranked_json(&board, best)).collect();
        return print_json(&pretty(&rows.into()));
    }
    let Some(first) = best.first() else {
        let none = if is_any {
            ""
        } else {
            "no setting has all of its trials yet\n"
        };
        return print(&format!("{none}{failed}"));
    };
    let is_early = best.iter().any(|best| best.step.is_some());
    let mut last = vec![board.plan.objective.name.as_str()];
    last.extend(is_early.then_some("updates"));
    let mut rows = vec![columns("setting", board.plan.names(), &last)];
    for best in &best {
        let step = best
            .step
            .map_or_else(|| "all".to_string(), |step| step.to_string());
        let mut cells = vec![figure(best)];
        cells.extend(is_early.then_some(step));
        rows.push(row(
            &best.setting.to_string(),
            &board.plan.names(),
            &best.values,
            &cells,
        ));
    }
    let text = format!(
        "{}{}{failed}\nthe best again: {}\n",
        table(&rows),
        best.iter().map(same).collect::<String>(),
        command(&board, first)
    );
    print(&text)
}

fn ranked_json(board: &Board, best: &Ranked) -> Value {
    json!({
        "setting": best.setting,
        "values": best.values,
        "objective": best.objective,
        "interval": best.interval,
        "seeds": best.seeds,
        "same": best.same,
        "updates": best.step,
        "spec": spec(board, best),
        "command": command(board, best),
    })
}

/// Which settings are the same as one that is listed.
fn same(best: &Ranked) -> String {
    let others: Vec<String> = best.same.iter().map(ToString::to_string).collect();
    match others.len() {
        0 => String::new(),
        1 => format!("setting {} is the same as setting {}\n", others[0], best.setting),
        _ => format!(
            "settings {} are the same as setting {}\n",
            others.join(", "),
            best.setting
        ),
    }
}

/// The experiment of the setting's first trial.
fn spec(board: &Board, best: &Ranked) -> String {
    let path = board.folder.trial_folder(best.first_trial).join(names::SPEC);
    path.display().to_string()
}

/// How a setting is run by itself.
fn command(board: &Board, best: &Ranked) -> String {
    format!("gfn run {}", quoted(&spec(board, best)))
}

/// A mean with its confidence interval.
fn figure(best: &Ranked) -> String {
    match best.interval {
        Some(interval) => format!(
            "{} ± {}",
            with_decimals(best.objective, 6),
            with_decimals(interval, 6)
        ),
        None => with_decimals(best.objective, 6),
    }
}

fn columns(first: &str, names: Vec<String>, last: &[&str]) -> Vec<String> {
    let last = last.iter().map(ToString::to_string);
    [first.to_string()].into_iter().chain(names).chain(last).collect()
}

fn row(first: &str, names: &[String], values: &BTreeMap<String, Value>, last: &[String]) -> Vec<String> {
    let values = names
        .iter()
        .map(|name| values.get(name).map_or_else(String::new, value));
    [first.to_string()]
        .into_iter()
        .chain(values)
        .chain(last.iter().cloned())
        .collect()
}

/// A value as a file writes it.
fn value(value: &Value) -> String {
    let toml: Option<toml::Value> = serde_json::from_value(value.clone()).ok();
    toml.map_or_else(|| value.to_string(), |value| value.to_string())
}

/// Columns, aligned to the right.
fn table(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ") + "\n"
    };
    rows.iter().map(line).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("records are plain data") + "\n"
}
