//! How the runs stand, and what came of them.

use gfn_record::catalogue::{member, names, number};
use gfn_record::event::Metrics;
use gfn_record::manifest::Status;
use maud::{Markup, html};

use super::{Context, Tile, runs, tiles};
use crate::Run;
use crate::number::{count, duration, figure, short_figure};
use crate::text::breakable;
use gfn_runs::figures::{Figure, figures};

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
    let of = |name: &str| after.and_then(|after| after.get(name));
    let untrained = |name: &str| {
        let value = before.filter(|before| after != Some(before))?.get(name)?;
        Some(format!("untrained {}", short_figure(value)))
    };
    let mut tiles = Vec::new();
    tiles.extend(of(names::L1).map(|l1| {
        Tile::new(
            "Distance to the target (exact L1)",
            short_figure(l1),
            untrained(names::L1),
        )
    }));
    tiles.extend(of(names::LOG_Z_ERROR).map(|error| {
        Tile::new(
            "Error of log Z (nats)",
            format!("{}{}", if error > 0.0 { "+" } else { "" }, short_figure(error)),
            run.true_log_z()
                .map(|log_z| format!("log Z is {}", short_figure(log_z))),
        )
    }));
    tiles.extend(
        of(names::MEAN_REWARD)
            .map(|reward| Tile::new("Mean reward", short_figure(reward), untrained(names::MEAN_REWARD))),
    );
    tiles.extend(of(names::MODES_VISITED).map(|modes| {
        let all = of(names::MODES).map(|all| format!("of {}", count(all as u64)));
        Tile::new("Modes visited", count(modes as u64), all)
    }));
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

fn before_and_after(run: &Run, after: &Metrics) -> Markup {
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
                    th scope="row" { (now.label) }
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
fn levels(after: &Metrics) -> Markup {
    let of_family = |(name, _): (&str, f64)| number(names::FOUND_OBJECTS_FROM, name);
    let thresholds: Vec<f64> = after.iter().filter_map(of_family).collect();
    let shown = |family: &str, threshold: f64| {
        let value = after.get(&member(family, threshold));
        value.map_or("–".into(), |value| count(value as u64))
    };
    html! {
        @if !thresholds.is_empty() {
            table {
                thead { tr {
                    th { "Found in training, reward from" }
                    th.number { "distinct objects" }
                    th.number { "modes" }
                    th.number { "scaffolds" }
                } }
                tbody { @for &threshold in &thresholds { tr {
                    th scope="row" { (figure(threshold)) }
                    td.number { (shown(names::FOUND_OBJECTS_FROM, threshold)) }
                    td.number { (shown(names::FOUND_MODES_FROM, threshold)) }
                    td.number { (shown(names::FOUND_SCAFFOLDS_FROM, threshold)) }
                } } }
            }
            p.note {
                "A mode is less similar than the limit to every mode that was found before it; a scaffold is that of Bemis and \
                 Murcko."
            }
        }
    }
}
