//! One look at runs, for what is no terminal: as lines of text, and as values.

use std::path::PathBuf;

use gfn_record::catalogue::names;
use gfn_record::event::Metrics;
use gfn_runs::Run;
use gfn_runs::summary::{Summary, best, count, figure, figures, in_columns, plain};

use crate::TopError;
use crate::board::Board;

/// So many of the best objects of a single run are told.
const MOST: usize = 12;

/// Runs and sweeps as they are now.
#[derive(Debug)]
pub struct Snapshot {
    board: Board,
}

impl Snapshot {
    /// Looks into some folders.
    ///
    /// # Errors
    /// Where there is no run.
    pub fn into(roots: &[PathBuf]) -> Result<Self, TopError> {
        Board::open(roots).map(|board| Self { board })
    }

    /// Each run, with the newest update that it wrote down.
    pub fn runs(&self) -> impl Iterator<Item = (Summary, Option<&Metrics>)> {
        let runs = self.board.runs.iter().map(|followed| &followed.run);
        runs.map(|run| (Summary::of(run), run.steps.last()))
    }

    /// A line a sweep and a line a run; of a single run its figures and best objects, too.
    pub fn text(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !self.board.sweeps.is_empty() {
            parts.push(self.board.sweeps.join("\n") + "\n");
        }
        let heads = ["RUN", "STATE", "DONE", "UPDATES", "LOSS", "REWARD", "L1"];
        let mut rows = vec![heads.map(String::from).to_vec()];
        rows.extend(self.board.runs.iter().map(|followed| {
            let done = format!("{:.0} %", 100.0 * followed.share());
            cells(&followed.run, done)
        }));
        if rows.len() > 1 {
            parts.push(in_columns(&rows));
        }
        if let [followed] = &self.board.runs[..] {
            parts.extend(details(&followed.run));
        }
        parts.join("\n")
    }
}

fn cells(run: &Run, done: String) -> Vec<String> {
    let summary = Summary::of(run);
    let shown = |value: Option<f64>| value.map_or_else(|| "-".into(), figure);
    let last = run.steps.last();
    vec![
        plain(&summary.folder.display().to_string()),
        summary.marked_state(),
        done,
        count(summary.updates),
        shown(last.and_then(|step| step.get(names::LOSS))),
        shown(last.and_then(|step| step.get(names::BATCH_MEAN_REWARD))),
        shown(summary.l1),
    ]
}

/// The newest measurement, and the best objects that were drawn.
fn details(run: &Run) -> Vec<String> {
    let measured = run.last_measured().map(figures).unwrap_or_default();
    let rows: Vec<Vec<String>> = measured
        .into_iter()
        .map(|(name, value)| vec![name, value])
        .collect();
    let objects = best(run, MOST).into_iter();
    let objects: Vec<Vec<String>> = objects
        .map(|(reward, object)| vec![figure(reward), plain(object)])
        .collect();
    let changed = run.warnings().map(|warning| vec![plain(&warning)]).collect();
    let parts = [
        ("CHANGED", changed),
        ("MEASURED LAST", rows),
        ("BEST OBJECTS", objects),
    ]
    .into_iter();
    let parts = parts.filter(|(_, rows)| !rows.is_empty());
    parts
        .map(|(title, rows)| format!("{title}\n{}", in_columns(&rows)))
        .collect()
}
