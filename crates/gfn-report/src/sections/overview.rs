//! How the runs stand, and what came of them.

use gfn_record::event::Measured;
use gfn_record::manifest::Status;
use maud::{Markup, html};

use super::{Context, Tile, runs, tiles};
use crate::Run;
use crate::figures::{Figure, Kind, figures};
use crate::number::{count, duration, figure, short_figure, signed, whole};
use crate::text::breakable;

/// So many runs tell at once what is out of the ordinary with them; those of the others unfold.
const MAX_OPEN: usize = 5;

pub(super) fn body(context: &Context<'_>) -> Markup {
    let told = |run: &&Run| !notices(run).is_empty();
    let with_notices: Vec<&Run> = context.runs().filter(told).collect();
    let (open, more) = with_notices.split_at(with_notices.len().min(MAX_OPEN));
    let is_named = context.only().is_none();
    html! {
        @for run in open { (drawn(run, is_named)) }
        @if !more.is_empty() {
            details {
                summary { "The same or other notices of " (more.len()) " more runs" }
                @for run in more { (drawn(run, is_named)) }
            }
        }
        @match context.only() {
            Some(run) => {
                (tiles(&highlights(run)))
                @if let Some(after) = run.last_measured() { (before_and_after(run, after)) }
            }
            None => (runs::tables(context)),
        }
    }
}

/// What is out of the ordinary.
fn notices(run: &Run) -> Vec<(&'static str, String)> {
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
    notices
        .extend((left_out > 0).then(|| ("", format!("{left_out} objects had no reward; see Experiment."))));
    notices.extend(
        run.faults
            .iter()
            .map(|fault| ("bad", format!("Not all of the folder can be read: {fault}"))),
    );
    notices.extend(run.warnings().map(|warning| ("bad", warning)));
    notices
}

fn drawn(run: &Run, is_named: bool) -> Markup {
    html! {
        @for (class, notice) in notices(run) {
            p.notice.(class) {
                @if is_named { strong { (breakable(&run.folder.display().to_string())) } " " }
                (breakable(&notice))
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
