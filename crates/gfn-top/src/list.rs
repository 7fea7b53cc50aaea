//! The list of runs.

use gfn_record::catalogue::names;
use gfn_runs::summary::{Summary, duration, figure, plain};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::widgets::{Row, Table, TableState};

use crate::board::Board;
use crate::follow::FollowedRun;

/// Draws a line a run; the chosen one is in sight.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, board: &Board) {
    let head = Row::new(["RUN", "STATE", "DONE", "LOSS", "REWARD", "L1", "LEFT"]).dim();
    let rows = board.runs.iter().map(|followed| Row::new(cells(followed)));
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(12),
        Constraint::Length(6),
        Constraint::Length(10),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(13),
    ];
    let table = Table::new(rows, widths)
        .header(head)
        .row_highlight_style(Style::new().reversed());
    let mut state = TableState::new().with_selected(board.chosen);
    frame.render_stateful_widget(table, area, &mut state);
}

fn cells(followed: &FollowedRun) -> [String; 7] {
    let run = &followed.run;
    let summary = Summary::of(run);
    let shown = |value: Option<f64>| value.map_or_else(|| "-".into(), figure);
    let last = run.steps.last();
    [
        plain(&run.folder.display().to_string()),
        summary.marked_state(),
        format!("{:.0} %", 100.0 * followed.share()),
        shown(last.and_then(|step| step.get(names::LOSS))),
        shown(last.and_then(|step| step.get(names::BATCH_MEAN_REWARD))),
        shown(summary.l1),
        followed.left().map_or_else(|| "-".into(), duration),
    ]
}
