//! Several runs as tables: the means of each experiment, then each run.

use gfn_record::catalogue::{self, Metric};
use maud::{Markup, html};

use super::{Cell, Column, Context, Head, Table};
use crate::Run;
use crate::group::Group;
use crate::number::{duration, interval, whole};
use crate::statistics::mean_and_interval;
use crate::text::elided;
use gfn_runs::figures::shown;

/// So many quantities have room beside a name; of more, several tables are made.
const MAX_QUANTITIES: usize = 6;
/// The name of an experiment is shortened to so many letters.
const MAX_NAME: usize = 60;

/// A value of a run, where it has one.
type Value = Box<dyn Fn(&Run) -> Option<f64>>;

/// A column of the tables.
struct Quantity {
    name: String,
    value: Value,
    shown: Box<dyn Fn(f64) -> String>,
    /// Stands behind an interval: seconds, minutes and hours are not to be mixed there.
    unit: &'static str,
}

impl Quantity {
    fn new(
        name: &str,
        value: impl Fn(&Run) -> Option<f64> + 'static,
        shown: impl Fn(f64) -> String + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            value: Box::new(value),
            shown: Box::new(shown),
            unit: "",
        }
    }

    fn of_metric(metric: &'static Metric) -> Self {
        let value = |run: &Run| {
            run.last_measured()?
                .get(metric.name)
                .map(|value| metric.clamped(value))
        };
        Self::new(&metric.label_with_unit(), value, |value| {
            shown(Some(metric), value)
        })
    }
}

/// How far the runs are, the metrics that the catalogue compares, and how long it took.
fn quantities() -> Vec<Quantity> {
    let compared = catalogue::rows().iter().filter(|metric| metric.is_compared);
    let mut all = vec![Quantity::new("updates", |run| Some(run.updates() as f64), whole)];
    all.extend(compared.map(Quantity::of_metric));
    let seconds = |run: &Run| run.manifest.as_ref()?.training_seconds;
    all.push(Quantity {
        unit: "\u{a0}s",
        ..Quantity::new("training time", seconds, duration)
    });
    all
}

/// Tables of all runs, and above them of the means of experiments that have several.
pub(super) fn tables(context: &Context<'_>) -> Markup {
    let all = quantities();
    let is_known = |quantity: &&Quantity| context.runs().any(|run| (quantity.value)(run).is_some());
    let known: Vec<&Quantity> = all.iter().filter(is_known).collect();
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
            .map(|quantity| Head::new(quantity.name.clone(), Column::Numbers)),
    );
    let rows = context.groups.iter().flat_map(|group| {
        let names = group.run_names().into_iter();
        group.runs.iter().zip(names).map(move |(run, name)| {
            let mut cells: Vec<Cell> = Vec::new();
            cells.extend((!is_alone).then(|| name_of(group)));
            let name = name.replace("seed ", "seed\u{a0}");
            cells.push(Cell::shortened(name, run.folder.display().to_string()));
            cells.extend(has_state.then(|| Cell::text(run.state())));
            let values = quantities
                .iter()
                .map(|quantity| Cell::of((quantity.value)(run), &quantity.shown));
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
            .map(|quantity| Head::new(quantity.name.clone(), Column::Intervals)),
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

fn mean(group: &Group<'_>, quantity: &Quantity) -> Cell {
    let values = group.runs.iter().filter_map(|run| (quantity.value)(run));
    match mean_and_interval(values) {
        Some((mean, Some(half))) => {
            let shown = |mean| format!("{}{}", interval(mean, half), quantity.unit);
            Cell::of(Some(mean), shown)
        }
        Some((mean, None)) => Cell::of(Some(mean), &quantity.shown),
        None => Cell::of(None, &quantity.shown),
    }
}
