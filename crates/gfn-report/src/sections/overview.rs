//! How the runs stand, and what came of them.

use gfn_record::event::Measured;
use gfn_record::manifest::Status;
use maud::{Markup, html};

use super::{Cell, Context, Table, Tile, tiles};
use crate::Run;
use crate::figures::{Figure, Kind, figures};
use crate::group::Group;
use crate::number::{count, duration, figure, interval, short_figure, signed};
use crate::statistics::mean_and_interval;

pub(super) fn body(context: &Context<'_>) -> Markup {
    html! {
        @for run in context.runs() { (notices(run, context.only().is_none())) }
        @match context.only() {
            Some(run) => {
                (tiles(&highlights(run)))
                @if let Some(after) = run.last_measured() { (before_and_after(run, after)) }
            }
            None => (table_of_runs(context)),
        }
    }
}

/// What is out of the ordinary.
fn notices(run: &Run, is_named: bool) -> Markup {
    let manifest = run.manifest.as_ref();
    let failed = manifest.and_then(|manifest| manifest.error.as_deref());
    let mut notices: Vec<(&str, String)> = Vec::new();
    notices.extend(failed.map(|error| ("bad", format!("The run stopped: {error}"))));
    let progress = progress(run);
    notices.extend(match run.status() {
        Some(Status::Running) => Some((
            "",
            format!("The run was not finished when this page was made: {progress}."),
        )),
        Some(Status::Saved) => Some((
            "",
            format!("The run was stopped and saved, and can go on: {progress}."),
        )),
        _ => None,
    });
    let warnings = manifest
        .map(|manifest| &manifest.warnings[..])
        .unwrap_or_default();
    notices.extend(
        warnings
            .iter()
            .map(|warning| ("bad", format!("Warning: {warning}."))),
    );
    let left_out = run.quarantined.len();
    notices.extend((left_out > 0).then(|| {
        (
            "",
            format!("{left_out} objects had no reward; see The experiment."),
        )
    }));
    notices.extend(
        run.faults
            .iter()
            .map(|fault| ("bad", format!("Not all of the folder can be read: {fault}"))),
    );
    html! {
        @for (class, notice) in notices {
            p.notice.(class) {
                @if is_named { strong { (run.folder.display()) } " " }
                (notice)
            }
        }
    }
}

/// "120 of 300 updates".
fn progress(run: &Run) -> String {
    let taken = count(run.updates());
    match run.updates_wanted() {
        Some(wanted) => format!("{taken} of {} updates", count(wanted)),
        None => format!("{taken} updates"),
    }
}

/// The figures that matter most.
fn highlights(run: &Run) -> Vec<Tile> {
    let before = run
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.before.as_ref())
        .or(run.measured.first());
    let after = run.last_measured();
    let exact = after.and_then(|after| after.exact.as_ref());
    let untrained = |of: &dyn Fn(&Measured) -> Option<f64>| {
        before
            .filter(|before| after != Some(before))
            .and_then(of)
            .map(|value| format!("untrained {}", short_figure(value)))
    };
    let mut tiles = Vec::new();
    if let Some(exact) = exact {
        tiles.push(Tile::new(
            "Distance to the target (exact L1)",
            short_figure(exact.l1),
            untrained(&|before| Some(before.exact.as_ref()?.l1)),
        ));
        tiles.extend(exact.log_z_error.map(|error| {
            Tile::new(
                "Error of log Z (nats)",
                format!("{}{}", if error > 0.0 { "+" } else { "" }, short_figure(error)),
                run.true_log_z()
                    .map(|log_z| format!("log Z is {}", short_figure(log_z))),
            )
        }));
    }
    if let Some(after) = after {
        tiles.push(Tile::new(
            "Mean reward",
            short_figure(after.samples.mean_reward),
            untrained(&|before| Some(before.samples.mean_reward)),
        ));
        tiles.extend(after.modes_visited.map(|modes| {
            Tile::new(
                "Modes visited",
                count(modes),
                exact
                    .and_then(|exact| exact.modes)
                    .map(|all| format!("of {}", count(all))),
            )
        }));
    }
    tiles.push(Tile::new(
        "Updates",
        count(run.updates()),
        run.updates_wanted().map(|all| format!("of {}", count(all))),
    ));
    let manifest = run.manifest.as_ref();
    tiles.extend(
        manifest
            .and_then(|manifest| manifest.training_seconds)
            .map(|seconds| {
                Tile::new(
                    "Training time",
                    duration(seconds),
                    manifest.map(|manifest| format!("on {}", manifest.device)),
                )
            }),
    );
    tiles
}

fn before_and_after(run: &Run, after: &Measured) -> Markup {
    let before = run
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.before.as_ref())
        .or(run.measured.first());
    let before = before.filter(|before| before.step != after.step);
    let rows = figures(after).into_iter().map(|now| {
        let then = before.and_then(|before| figures(before).into_iter().find(|then| then.name == now.name));
        (now, then)
    });
    html! {
        details {
            summary { "All figures" }
            table {
                thead { tr {
                    th { "Figure" }
                    @if before.is_some() { th.number { "untrained" } }
                    th.number { "after " (count(after.step)) " updates" }
                    th { "What it is" }
                } }
                tbody { @for (now, then) in rows { tr {
                    th scope="row" { (now.name) }
                    @if before.is_some() { td.number { (then.as_ref().map_or("–".into(), Figure::shown)) } }
                    td.number { (now.shown()) }
                    td.about { (now.about) }
                } } }
            }
            (levels(after))
        }
    }
}

/// How many of the objects made in training reach each threshold.
fn levels(after: &Measured) -> Markup {
    let levels = after.found.as_ref().map_or(&[][..], |found| &found.levels);
    let shown = |value: Option<u64>| value.map_or("–".into(), count);
    html! {
        @if !levels.is_empty() {
            table {
                thead { tr {
                    th { "Found in training, reward from" }
                    th.number { "distinct objects" }
                    th.number { "modes" }
                    th.number { "scaffolds" }
                } }
                tbody { @for level in levels { tr {
                    th scope="row" { (figure(level.threshold)) }
                    td.number { (count(level.objects)) }
                    td.number { (shown(level.modes)) }
                    td.number { (shown(level.scaffolds)) }
                } } }
            }
            p.note {
                "A mode is less similar than the limit to every mode that was found before it; a scaffold is that of Bemis and \
                 Murcko."
            }
        }
    }
}

type Column = (&'static str, fn(&Run) -> Option<f64>, fn(f64) -> String);

const COLUMNS: [Column; 12] = [
    ("updates", |run| Some(run.updates() as f64), whole),
    (
        "exact L1",
        |run| Some(run.last_measured()?.exact.as_ref()?.l1),
        figure,
    ),
    (
        "Jensen–Shannon (nats)",
        |run| Some(run.last_measured()?.exact.as_ref()?.jensen_shannon),
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

fn whole(value: f64) -> String {
    if value.fract() == 0.0 && value >= 0.0 {
        count(value as u64)
    } else {
        figure(value)
    }
}

/// A row a run, and the mean of each experiment.
fn table_of_runs(context: &Context<'_>) -> Markup {
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|(_, value, _)| context.runs().any(|run| value(run).is_some()))
        .collect();
    let mut table = Table {
        heads: vec![("run", false), ("state", false)],
        rows: Vec::new(),
        last: Vec::new(),
    };
    table.heads.extend(columns.iter().map(|column| (column.0, true)));
    let is_alone = context.groups.len() == 1;
    for group in &context.groups {
        for (run, name) in group.runs.iter().zip(group.run_names()) {
            let name = if is_alone {
                name
            } else {
                format!("{}, {name}", group.name)
            };
            let mut cells = vec![Cell::text(name), Cell::text(state(run))];
            cells.extend(
                columns
                    .iter()
                    .map(|(_, value, shown)| Cell::of(value(run), shown)),
            );
            table.rows.push(cells);
        }
        if group.runs.len() > 1 {
            table.last.push(means(group, &columns, is_alone));
        }
    }
    html! {
        (table.draw())
        @if !table.last.is_empty() { p.note { "Means with 95 % confidence intervals (Student's t) over the runs of an experiment." } }
    }
}

fn means(group: &Group<'_>, columns: &[&Column], is_alone: bool) -> Vec<Cell> {
    let name = if is_alone {
        "mean".to_string()
    } else {
        format!("{}, mean", group.name)
    };
    let runs = format!("{} runs", group.runs.len());
    let mean = |(name, value, shown): &&Column| {
        let found = mean_and_interval(group.runs.iter().filter_map(|run| value(run)));
        // Seconds, minutes and hours are not to be mixed.
        let unit = if *name == "training time" { " s" } else { "" };
        Cell::text(match found {
            Some((mean, Some(half))) => format!("{}{unit}", interval(mean, half)),
            Some((mean, None)) => shown(mean),
            None => "–".into(),
        })
    };
    [Cell::text(name), Cell::text(runs)]
        .into_iter()
        .chain(columns.iter().map(mean))
        .collect()
}

/// How a run stands, in a word.
pub(crate) fn state(run: &Run) -> &'static str {
    match run.status() {
        Some(Status::Running) if run.is_written => "running",
        Some(Status::Running) => "not finished",
        Some(Status::Finished) => "finished",
        Some(Status::Failed) => "failed",
        Some(Status::Saved) => "stopped",
        None => "unknown",
    }
}

impl Figure {
    pub(crate) fn shown(&self) -> String {
        match self.kind {
            Kind::Count => whole(self.value),
            Kind::Number => figure(self.value),
            Kind::Share => crate::number::per_cent(self.value),
            Kind::Difference => signed(self.value),
        }
    }
}
