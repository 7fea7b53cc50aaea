//! Runs as tables. Each row begins with the run that it is of: its folder, name and seed.

use gfn_record::event::Metrics;
use gfn_record::manifest::Manifest;
use gfn_runs::Run;
use gfn_runs::summary::Summary;

use crate::cell::Cell;
use crate::flat::flat;
use crate::table::{Row, Table};

/// What runs left, one table a kind of it; one without a row is left out.
///
/// `runs` has a row a run with its settings, `training` one a written update, `measurements` one a measurement, `samples` one an object
/// drawn, `distribution` and `likelihoods` one an object whose probability is known.
pub(crate) fn tables(runs: &[Run]) -> Vec<Table> {
    let all = [
        Table::of("runs", runs.iter().map(of_run)),
        of_each("training", runs, training),
        of_each("measurements", runs, measurements),
        of_each("samples", runs, samples),
        of_each("distribution", runs, distribution),
        of_each("likelihoods", runs, likelihoods),
    ];
    all.into_iter().filter(|table| table.rows() > 0).collect()
}

/// The rows of all runs, each behind the run that it is of.
fn of_each(name: &'static str, runs: &[Run], rows: fn(&Run) -> Vec<Row>) -> Table {
    let rows = runs.iter().flat_map(|run| {
        let whose = whose(run);
        rows(run)
            .into_iter()
            .map(move |row| whose.iter().cloned().chain(row).collect())
    });
    Table::of(name, rows)
}

fn whose(run: &Run) -> Row {
    let mut row = vec![text("run", run.folder.display()), text("name", run.name())];
    row.extend(run.seed().map(|seed| whole("seed", seed)));
    row
}

fn text(name: &str, value: impl ToString) -> (String, Cell) {
    (name.into(), Cell::Text(value.to_string()))
}

fn whole(name: &str, value: u64) -> (String, Cell) {
    (name.into(), Cell::whole(value))
}

fn number(name: &str, value: f64) -> (String, Cell) {
    (name.into(), Cell::Number(value))
}

/// How a run stands, what made it, and its settings as `setting.loss.kind` and so on.
fn of_run(run: &Run) -> Row {
    let mut row = whose(run);
    let summary = Summary::of(run);
    row.push(text("state", summary.state));
    row.push(whole("updates", summary.updates));
    row.extend(summary.error.as_ref().map(|error| text("error", error)));
    if let Some(manifest) = &run.manifest {
        row.push(whole("started", manifest.started));
        row.extend(manifest.seconds.map(|seconds| number("seconds", seconds)));
        row.extend(
            manifest
                .training_seconds
                .map(|seconds| number("training_seconds", seconds)),
        );
        row.extend(manifest.log_z.map(|log_z| number("true_log_z", log_z)));
        row.extend(made_with(manifest).map(|(name, value)| text(name, value)));
    }
    let settings = flat(&run.settings).into_iter();
    row.extend(settings.map(|(path, value)| (format!("setting.{path}"), Cell::of(value))));
    row
}

/// What a run was made with.
pub(crate) fn made_with(manifest: &Manifest) -> [(&'static str, &String); 5] {
    [
        ("gfn", &manifest.gfn),
        ("libtorch", &manifest.libtorch),
        ("device", &manifest.device),
        ("precision", &manifest.precision),
        ("processor", &manifest.processor),
    ]
}

fn training(run: &Run) -> Vec<Row> {
    run.steps.iter().map(of_metrics).collect()
}

fn measurements(run: &Run) -> Vec<Row> {
    run.measured.iter().map(of_metrics).collect()
}

fn of_metrics(metrics: &Metrics) -> Row {
    let at = [
        whole("step", metrics.step),
        whole("trajectories", metrics.trajectories),
    ];
    let values = metrics
        .tagged()
        .into_iter()
        .map(|(tag, value)| number(&tag, value));
    at.into_iter().chain(values).collect()
}

fn samples(run: &Run) -> Vec<Row> {
    let row = |sample: &gfn_record::samples::Sample| {
        let mut row = vec![
            text("object", &sample.object),
            number("reward", sample.reward),
            number("log_reward", sample.log_reward),
        ];
        row.extend(
            sample
                .log_probability
                .map(|value| number("log_probability", value)),
        );
        row.push(whole("steps", sample.steps as u64));
        row
    };
    run.samples.iter().map(row).collect()
}

fn distribution(run: &Run) -> Vec<Row> {
    let row = |row: &gfn_record::distribution::Row| {
        vec![
            text("object", &row.object),
            number("reward", row.reward),
            number("target", row.target),
            number("probability", row.probability),
        ]
    };
    run.distribution.iter().map(row).collect()
}

fn likelihoods(run: &Run) -> Vec<Row> {
    let row = |row: &gfn_record::likelihoods::Likelihood| {
        let mut cells = vec![
            text("object", &row.object),
            number("log_reward", row.log_reward),
            number("log_probability", row.log_probability),
        ];
        cells.extend(row.effective.map(|effective| number("effective", effective)));
        cells
    };
    run.likelihoods.iter().map(row).collect()
}
