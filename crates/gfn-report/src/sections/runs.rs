//! Several runs as tables: the means of each experiment, then each run.

use maud::{Markup, html};

use super::overview::state;
use super::{Cell, Column, Context, Head, Table};
use crate::Run;
use crate::group::Group;
use crate::number::{duration, figure, interval, signed, whole};
use crate::statistics::mean_and_interval;
use crate::text::elided;

/// So many quantities have room beside a name; of more, several tables are made.
const MAX_QUANTITIES: usize = 6;
/// The name of an experiment is shortened to so many letters.
const MAX_NAME: usize = 60;

type Quantity = (&'static str, fn(&Run) -> Option<f64>, fn(f64) -> String);

const QUANTITIES: [Quantity; 12] = [
    ("updates", |run| Some(run.updates() as f64), whole),
    (
        "exact L1",
        |run| Some(run.last_measured()?.exact.as_ref()?.l1),
        figure,
    ),
    (
        "Jensen–Shannon (nats)",
        |run| Some(run.last_measured()?.exact.as_ref()?.jensen_shannon.max(0.0)),
        figure,
    ),
    (
        "error of log Z (nats)",
        |run| run.last_measured()?.exact.as_ref()?.log_z_error,
        signed,
    ),
    (
        "mean reward",
        |run| Some(run.last_measured()?.samples.mean_reward),
        figure,
    ),
    (
        "top 100 mean reward",
        |run| run.last_measured()?.samples.molecules.as_ref()?.top_100,
        figure,
    ),
    (
        "found: top 10",
        |run| run.last_measured()?.found.as_ref()?.top_10,
        figure,
    ),
    (
        "found: top 100",
        |run| run.last_measured()?.found.as_ref()?.top_100,
        figure,
    ),
    (
        "found: top 1000",
        |run| run.last_measured()?.found.as_ref()?.top_1000,
        figure,
    ),
    (
        "mean similarity",
        |run| Some(run.last_measured()?.samples.molecules.as_ref()?.mean_similarity),
        figure,
    ),
    (
        "modes visited",
        |run| run.last_measured()?.modes_visited.map(|modes| modes as f64),
        whole,
    ),
    (
        "training time",
        |run| run.manifest.as_ref()?.training_seconds,
        duration,
    ),
];

/// Tables of all runs, and above them of the means of experiments that have several.
pub(super) fn tables(context: &Context<'_>) -> Markup {
    let known: Vec<&Quantity> = QUANTITIES
        .iter()
        .filter(|(_, value, _)| context.runs().any(|run| value(run).is_some()))
        .collect();
    let parts = known.len().div_ceil(MAX_QUANTITIES).max(1);
    let in_each = known.len().div_ceil(parts).max(1);
    let has_means = context.groups.iter().any(|group| group.runs.len() > 1);
    html! {
        @if has_means {
            h3 { @if context.groups.len() > 1 { "Experiments" } @else { "Means" } }
            @for part in known.chunks(in_each) { (of_experiments(context, part).draw()) }
            p.note { "Means with 95 % confidence intervals (Student's t) over the runs of an experiment." }
            h3 { "Runs" }
        }
        @for (index, part) in known.chunks(in_each).enumerate() { (of_runs(context, part, index == 0).draw()) }
    }
}

/// A row a run; how it stands is told once.
fn of_runs(context: &Context<'_>, quantities: &[&Quantity], has_state: bool) -> Table {
    let is_alone = context.groups.len() == 1;
    let mut heads: Vec<Head> = Vec::new();
    heads.extend((!is_alone).then(|| Head::new("experiment", Column::Words)));
    heads.push(Head::new("run", Column::Words));
    heads.extend(has_state.then(|| Head::new("state", Column::Words)));
    heads.extend(
        quantities
            .iter()
            .map(|(name, ..)| Head::new(*name, Column::Numbers)),
    );
    let rows = context.groups.iter().flat_map(|group| {
        let names = group.run_names().into_iter();
        group.runs.iter().zip(names).map(move |(run, name)| {
            let mut cells: Vec<Cell> = Vec::new();
            cells.extend((!is_alone).then(|| name_of(group)));
            let name = name.replace("seed ", "seed\u{a0}");
            cells.push(Cell::shortened(name, run.folder.display().to_string()));
            cells.extend(has_state.then(|| Cell::text(state(run))));
            let values = quantities
                .iter()
                .map(|(_, value, shown)| Cell::of(value(run), shown));
            cells.extend(values);
            cells
        })
    });
    Table::new(heads).with(rows)
}

/// A row an experiment.
fn of_experiments(context: &Context<'_>, quantities: &[&Quantity]) -> Table {
    let is_alone = context.groups.len() == 1;
    let mut heads: Vec<Head> = Vec::new();
    heads.extend((!is_alone).then(|| Head::new("experiment", Column::Words)));
    heads.push(Head::new("runs", Column::Numbers));
    heads.extend(
        quantities
            .iter()
            .map(|(name, ..)| Head::new(*name, Column::Intervals)),
    );
    let row = |group: &Group<'_>| {
        let mut cells: Vec<Cell> = Vec::new();
        cells.extend((!is_alone).then(|| name_of(group)));
        cells.push(Cell::of(Some(group.runs.len() as f64), whole));
        cells.extend(quantities.iter().map(|quantity| mean(group, quantity)));
        cells
    };
    Table::new(heads).with(context.groups.iter().map(row))
}

fn name_of(group: &Group<'_>) -> Cell {
    Cell::shortened(elided(&group.name, MAX_NAME), group.name.clone())
}

fn mean(group: &Group<'_>, (name, value, shown): &Quantity) -> Cell {
    // Seconds, minutes and hours are not to be mixed.
    let unit = if *name == "training time" { "\u{a0}s" } else { "" };
    match mean_and_interval(group.runs.iter().filter_map(|run| value(run))) {
        Some((mean, Some(half))) => Cell::of(Some(mean), |mean| format!("{}{unit}", interval(mean, half))),
        Some((mean, None)) => Cell::of(Some(mean), shown),
        None => Cell::of(None, shown),
    }
}
